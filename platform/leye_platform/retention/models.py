"""Tables of what was erased, and of the objects that went with it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from leye_platform.columns import next_number
from leye_platform.database import Base
from leye_platform.ids import new_id
from leye_platform.retention.rules import ErasureRule, ErasureStep, Fate, ObjectKind


class Erasure(Base):
    """A batch's content goes, or is gone. step, done_row: how far the job has come; done_row counts the batch's rows.

    asked_by: None where a date fell due. facts: what is counted on the way. certificate: the text, byte for byte, whose
    SHA-256 stands in `sha256` and in the audit log; previous: that of the certificate before it.
    """

    __tablename__ = "erasures"
    __table_args__ = (UniqueConstraint("batch_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[int] = mapped_column(BigInteger, unique=True, default=next_number("erasures", "number"))
    batch_id: Mapped[UUID] = mapped_column(ForeignKey("batches.id"))
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), index=True)
    rule: Mapped[ErasureRule]
    retention_days: Mapped[int | None]
    step: Mapped[ErasureStep] = mapped_column(default=ErasureStep.LISTING)
    done_row: Mapped[int] = mapped_column(default=0)
    facts: Mapped[dict[str, Any]]
    job_id: Mapped[UUID | None]
    asked_at: Mapped[datetime]
    asked_by: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"))
    finished_at: Mapped[datetime | None]
    certificate: Mapped[str | None] = mapped_column(Text)
    sha256: Mapped[str | None] = mapped_column(String(64))
    previous: Mapped[str | None] = mapped_column(String(64))


class ErasedObject(Base):
    """An object of the store that an erasure is about; of a content, all its objects are one row under its folder.

    sha256: of the bytes as they were stored; of a content, of the original. bytes: of all of them. fate: what became of
    it. Written before the object goes, so that a run cut short knows what it was about.
    """

    __tablename__ = "erased_objects"

    erasure_id: Mapped[UUID] = mapped_column(ForeignKey("erasures.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(300), primary_key=True)
    kind: Mapped[ObjectKind]
    sha256: Mapped[str | None] = mapped_column(String(64))
    bytes: Mapped[int] = mapped_column(BigInteger)
    fate: Mapped[Fate] = mapped_column(default=Fate.LISTED)
