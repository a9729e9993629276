"""What the administrator's pages show; reading only."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Integer, String, cast, func, null, select, tuple_, union_all
from sqlalchemy.orm import Session

from leye_platform.accounts.models import Organisation, Person
from leye_platform.accounts.rules import PersonState
from leye_platform.audit import AuditRecord
from leye_platform.delivery.models import Lot
from leye_platform.guides.models import GuideQuestion
from leye_platform.outbox import JobName, OutboxRow
from leye_platform.projects.models import Batch, Project
from leye_platform.projects.rules import BatchState
from leye_platform.review.models import Review

LEAST_FREE_BYTES = 1 << 30
"""Below this, uploads and backups soon have no room. `leye doctor` says the same."""
FAILED_SHOWN = 50
RECORDS_A_PAGE = 50


class Counts(NamedTuple):
    """How much there is."""

    people: int
    organisations: int
    projects: int
    open_batches: int


class WaitingJobs(NamedTuple):
    """Jobs asked for and not done; `since` is when the oldest was asked for that is not between two tries."""

    jobs: int
    since: datetime | None


class FailedJob(NamedTuple):
    """A job that has failed for good."""

    id: UUID
    job: JobName
    failed_at: datetime | None
    attempts: int
    problem: str | None


class Deed(NamedTuple):
    """A record of the audit log. `subject`: what the deed was about by name, the wider first ("project", "batch",
    "L-01"); empty where that has none.
    """

    id: UUID
    at: datetime
    who: str | None
    action: str
    subject: tuple[str, ...]
    detail: dict[str, Any]


@dataclass(frozen=True)
class Disk:
    """Room where the data folder lies, in bytes."""

    free: int
    total: int

    @property
    def is_low(self) -> bool:
        return self.free < LEAST_FREE_BYTES


@dataclass(frozen=True)
class DeedsPage:
    """Records, the newest first; `older` is where the next page begins, or None at the end."""

    deeds: Sequence[Deed]
    older: UUID | None


def disk_of(folder: Path) -> Disk:
    """The room that is left beside the data."""
    usage = shutil.disk_usage(folder)
    return Disk(usage.free, usage.total)


def counts(session: Session) -> Counts:
    """One query."""
    people = select(func.count()).select_from(Person).where(Person.state == PersonState.ACTIVE)
    batches = select(func.count()).select_from(Batch).where(Batch.state == BatchState.OPEN)
    all_of = [select(func.count()).select_from(table) for table in (Organisation, Project)]
    return Counts(*session.execute(select(*(query.scalar_subquery() for query in (people, *all_of, batches)))).one())


def waiting_jobs(session: Session) -> WaitingJobs:
    """From the index of what is pending."""
    query = select(func.count(), func.min(OutboxRow.created_at).filter(OutboxRow.problem.is_(None)))
    return WaitingJobs(*session.execute(query.where(OutboxRow.done_at.is_(None), OutboxRow.failed_at.is_(None))).one())


def failed_jobs(session: Session) -> list[FailedJob]:
    """The latest jobs that have failed for good."""
    columns = (OutboxRow.id, OutboxRow.job, OutboxRow.failed_at, OutboxRow.attempts, OutboxRow.problem)
    query = select(*columns).where(OutboxRow.failed_at.is_not(None)).order_by(OutboxRow.failed_at.desc())
    return [FailedJob(*row) for row in session.execute(query.limit(FAILED_SHOWN))]


def deeds(
    session: Session, *, about: UUID | None = None, before: UUID | None = None, limit: int = RECORDS_A_PAGE
) -> DeedsPage:
    """Records of the audit log; `about` one thing, older than the record `before`. Walks the log's own index."""
    query = (
        select(AuditRecord, Person.name)
        .outerjoin(Person, Person.id == AuditRecord.person_id)
        .order_by(AuditRecord.at.desc(), AuditRecord.id.desc())
        .limit(limit + 1)
    )
    if about is not None:
        query = query.where(AuditRecord.subject_id == about)
    start = session.get(AuditRecord, before) if before else None
    if start is not None:
        query = query.where(tuple_(AuditRecord.at, AuditRecord.id) < (start.at, start.id))
    rows = session.execute(query).all()
    shown = rows[:limit]
    names = _names(session, {row.subject_id for row, _who in shown if row.subject_id})
    found = [
        Deed(row.id, row.at, who, row.action, names.get(row.subject_id, ()) if row.subject_id else (), row.detail)
        for row, who in shown
    ]
    return DeedsPage(found, found[-1].id if len(rows) > limit else None)


def _names(session: Session, ids: set[UUID]) -> dict[UUID, tuple[str, ...]]:
    """What those things are called, whichever table they stand in. One query, by primary keys."""
    nothing, no_number = cast(null(), String), cast(null(), Integer)
    in_batch = (Project.title, Batch.name)
    queries = (
        select(Person.id, Person.name, nothing, no_number),
        select(Project.id, Project.title, nothing, no_number),
        select(Batch.id, *in_batch, no_number).join(Project, Project.id == Batch.project_id),
        select(Lot.id, *in_batch, Lot.sequence)
        .join(Batch, Batch.id == Lot.batch_id)
        .join(Project, Project.id == Batch.project_id),
        select(Review.id, *in_batch, no_number)
        .join(Batch, Batch.id == Review.batch_id)
        .join(Project, Project.id == Batch.project_id),
        select(GuideQuestion.id, Project.title, nothing, no_number).join(
            Project, Project.id == GuideQuestion.project_id
        ),
    )
    wanted = [query.where(query.selected_columns[0].in_(ids)) for query in queries]
    return {
        found: tuple(part for part in (first, second, None if lot is None else f"L-{lot:02}") if part is not None)
        for found, first, second, lot in session.execute(union_all(*wanted))
    }
