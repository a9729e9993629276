"""What the API takes and gives of keeping and erasing."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from leye_platform.projects.rules import DataState
from leye_platform.retention.queries import DataView
from leye_platform.retention.rules import ErasureRule, ErasureStep


class RetentionIn(BaseModel):
    """days: after all of it is settled; null: until somebody asks. as_project: a batch has no period of its own."""

    model_config = ConfigDict(extra="forbid")

    days: int | None = Field(default=None, ge=1, le=3650)
    as_project: bool = False


class ProjectRetentionIn(BaseModel):
    """days: after all of a batch is settled; null: until somebody asks."""

    model_config = ConfigDict(extra="forbid")

    days: int | None = Field(default=None, ge=1, le=3650)


class ErasureIn(BaseModel):
    """name: the batch's name, typed out: what says that this batch is meant."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=200)


class HoldIn(BaseModel):
    """reason: why the content must stay."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(max_length=500)


class ErasureOut(BaseModel):
    """How far an erasure is. objects_done of objects: what is settled in the store so far."""

    id: UUID
    number: int
    rule: ErasureRule
    step: ErasureStep
    failed: bool
    objects: int
    objects_done: int
    asked_at: datetime
    finished_at: datetime | None
    sha256: str | None


class DataOut(BaseModel):
    """A batch's content and its future. days: null where it stays until asked; erase_at: what was announced.

    refused: why it may not be erased now, as a problem's code and sentence; null where it may. bytes: in the store.
    """

    batch_id: UUID
    state: DataState
    days: int | None
    own_days: bool
    due: datetime | None
    erase_at: datetime | None
    legal_hold: str | None
    refused: str | None
    refused_sentence: str | None
    bytes: int
    erasure: ErasureOut | None

    @classmethod
    def of(cls, view: DataView, sentence: str | None) -> "DataOut":
        """As the API shows it. sentence: of what keeps it, in the caller's language."""
        batch, erasure = view.batch, view.erasure
        return cls(
            batch_id=batch.id,
            state=batch.data_state,
            days=view.days,
            own_days=view.own_days,
            due=view.due,
            erase_at=view.erase_at,
            legal_hold=batch.legal_hold,
            refused=view.refused.code if view.refused else None,
            refused_sentence=sentence,
            bytes=view.bytes,
            erasure=None
            if erasure is None
            else ErasureOut(
                id=erasure.id,
                number=erasure.number,
                rule=erasure.rule,
                step=erasure.step,
                failed=view.broke,
                objects=view.objects,
                objects_done=view.done,
                asked_at=erasure.asked_at,
                finished_at=erasure.finished_at,
                sha256=erasure.sha256,
            ),
        )


class CertificateOut(BaseModel):
    """text: the certificate byte for byte; its SHA-256 in UTF-8 is `sha256`. certificate: the same, read as JSON."""

    sha256: str
    text: str
    certificate: dict[str, Any]
