"""What the pages and the API show of how long content stays and how it went. Read only."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leye_platform.actor import Actor
from leye_platform.holdings.models import Content, ContentUse, FirmFile
from leye_platform.outbox import OutboxRow
from leye_platform.permissions import Permission
from leye_platform.projects.models import Addition, Batch, Project
from leye_platform.projects.rules import DataState
from leye_platform.retention.errors import ErasureMissing, ErasureRefused
from leye_platform.retention.models import ErasedObject, Erasure
from leye_platform.retention.rules import Fate, Standing, days_kept, due_at, obstacles
from leye_platform.retention.settled import refusal, standing_of
from leye_platform.retention.words import KIND_WORDS, ROW_WORDS, RULE_WORDS, STAY_WORDS
from leye_platform.web.formats import local
from leye_platform.web.pages import words_in
from leye_platform.web.rendering import render


@dataclass(frozen=True)
class DataView:
    """A batch's content and its future. days: None where it stays until asked. due: when it may go by its date, where
    nothing is open; erase_at: when that was announced for. refused: what keeps it, the first thing. bytes: what lies in
    the store for it, contents that others share among them.
    """

    batch: Batch
    days: int | None
    own_days: bool
    due: datetime | None
    erase_at: datetime | None
    settled_at: datetime | None
    refused: ErasureRefused | None
    bytes: int
    erasure: Erasure | None
    broke: bool
    done: int
    objects: int

    @property
    def paper(self) -> Mapping[str, Any]:
        """The certificate's content; empty before there is one."""
        if self.erasure is None or self.erasure.certificate is None:
            return {}
        told: dict[str, Any] = orjson.loads(self.erasure.certificate)
        return told


def data_of(session: Session, batch: Batch, project: Project) -> DataView:
    """A batch's content and its future, in a constant number of queries."""
    erasure = session.scalar(select(Erasure).where(Erasure.batch_id == batch.id))
    days = days_kept(batch.retention_days, project.retention_days)
    standing: Standing | None = standing_of(session, batch) if batch.data_state is DataState.KEPT else None
    found = obstacles(standing) if standing else []
    done, listed = _objects(session, erasure) if erasure else (0, 0)
    job = session.get(OutboxRow, erasure.job_id) if erasure and erasure.job_id else None
    return DataView(
        batch=batch,
        days=days,
        own_days=batch.retention_days is not None,
        due=due_at(standing, days) if standing else None,
        erase_at=batch.erase_at,
        settled_at=standing.settled_at if standing and not found else None,
        refused=refusal(found[0], standing, batch) if standing and found else None,
        bytes=bytes_of(session, batch.id),
        erasure=erasure,
        broke=job is not None and job.failed_at is not None,
        done=done,
        objects=listed,
    )


def _objects(session: Session, erasure: Erasure) -> tuple[int, int]:
    counted = select(ErasedObject.fate, func.count()).where(ErasedObject.erasure_id == erasure.id)
    by_fate: dict[Fate, int] = dict(session.execute(counted.group_by(ErasedObject.fate)).all())
    return sum(count for fate, count in by_fate.items() if fate is not Fate.LISTED), sum(by_fate.values())


def bytes_of(session: Session, batch_id: UUID) -> int:
    """Bytes in the store for a batch: its files, and the contents that it shows."""
    additions = select(Addition.id).where(Addition.batch_id == batch_id)
    mine = (FirmFile.subject_id == batch_id) | FirmFile.subject_id.in_(additions)
    files = select(func.coalesce(func.sum(FirmFile.bytes), 0)).where(mine)
    contents = (
        select(func.coalesce(func.sum(Content.bytes), 0))
        .join(ContentUse, ContentUse.sha256 == Content.sha256)
        .where(ContentUse.batch_id == batch_id)
    )
    return int(session.scalar(files) or 0) + int(session.scalar(contents) or 0)


def certified(session: Session, actor: Actor, erasure_id: UUID) -> Erasure:
    """A finished erasure within the actor's reach.

    Raises ErasureMissing.
    """
    erasure, scope = session.get(Erasure, erasure_id), actor.partner_scope(Permission.VIEW_BATCH)
    if erasure is None or (scope is not None and erasure.organisation_id not in scope):
        raise ErasureMissing
    if erasure.certificate is None:
        raise ErasureMissing
    return erasure


def in_full(moment: datetime) -> str:
    """A moment as a document has it: to the second, with its offset from UTC."""
    return local(moment).strftime("%Y-%m-%d %H:%M:%S %z")


def render_certificate_html(erasure: Erasure, language: str = "zh") -> str:
    """One self-contained printable page: no style sheet, script or picture from elsewhere."""
    context = {
        "_": words_in(language),
        "lang": "zh-CN" if language == "zh" else "en",
        "erasure": erasure,
        "in_full": in_full,
        "paper": orjson.loads(erasure.certificate or "{}"),
        "rule_words": RULE_WORDS,
        "kind_words": KIND_WORDS,
        "row_words": ROW_WORDS,
        "stay_words": STAY_WORDS,
    }
    return render("retention/certificate_document.html", context)
