"""Batches from upload to close; who reaches which."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import IO
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leye_platform.actor import Actor
from leye_platform.audit import record
from leye_platform.errors import N_, MoveNotAllowed, TooLarge
from leye_platform.ids import new_id
from leye_platform.outbox import JobName, OutboxRow, ask_for, retry
from leye_platform.permissions import Permission
from leye_platform.projects.errors import BatchMissing, BatchWithoutFile, ProjectMissing, ProjectNotComplete
from leye_platform.projects.kept_forecast import keep_forecast
from leye_platform.projects.models import Batch, BatchBucket, GuideVersion, PayRate, PriceCard, Project
from leye_platform.projects.rules import (
    BATCH_MOVES,
    BatchPurpose,
    BatchState,
    DataState,
    PaidWork,
    one_line,
    rate_on,
)
from leye_platform.projects.splitting import Splitting
from leye_platform.projects.withdrawal import pay_what_was_done, whole_batch, withdraw_unfinished
from leye_platform.settings import Settings
from leye_platform.states import check_move
from leye_storage import ObjectStore

UPLOAD_TIME = timedelta(hours=24)


def project_for(session: Session, actor: Actor, project_id: UUID, permission: Permission) -> Project:
    """A project within the actor's reach.

    Raises ProjectMissing.
    """
    project = session.get(Project, project_id)
    scope = actor.partner_scope(permission)
    if project is None or (scope is not None and project.organisation_id not in scope):
        raise ProjectMissing
    return project


def show_proposals(session: Session, actor: Actor, project: Project, shown: bool, now: datetime) -> None:
    """Whether annotators begin from what a partner's model has proposed, for tasks that are claimed from now on."""
    if project.show_proposals == shown:
        return
    project.show_proposals = shown
    record(session, at=now, person_id=actor.person_id, action="project.proposals", subject_id=project.id, shown=shown)


def set_splitting(session: Session, actor: Actor, project: Project, splitting: Splitting, now: datetime) -> None:
    """What is cut into parts, of items that come in from now on."""
    stored = splitting.stored()
    if project.splitting == stored:
        return
    project.splitting = stored
    record(session, at=now, person_id=actor.person_id, action="project.splitting", subject_id=project.id, **stored)


def batch_for(
    session: Session, actor: Actor, batch_id: UUID, permission: Permission, *, lock: bool = False, busy: bool = False
) -> Batch:
    """A batch within the actor's reach.

    lock: no answer or slot that names the batch comes in between; `busy`: they may, and don't wait. Raises
    BatchMissing.
    """
    locked = {"key_share": True} if busy else lock or None
    batch = session.get(Batch, batch_id, with_for_update=locked)
    if batch is None:
        raise BatchMissing
    scope = actor.partner_scope(permission)
    project = session.get_one(Project, batch.project_id)
    if scope is not None and project.organisation_id not in scope:
        raise BatchMissing
    return batch


def create_batch(
    session: Session,
    actor: Actor,
    project: Project,
    name: str,
    *,
    purpose: BatchPurpose,
    file_names: Sequence[str],
    now: datetime,
    deadline: datetime | None = None,
    batch_id: UUID | None = None,
) -> Batch:
    """A batch that waits for its files. They lie under `source_key`, numbered in their order."""
    batch_id = batch_id or new_id()
    batch = Batch(
        id=batch_id,
        project_id=project.id,
        name=(one_line(name) or one_line(file_names[0]))[:200],
        purpose=purpose,
        source_key=source_key(batch_id),
        source_name="\n".join(one_line(name)[:100] for name in file_names)[:300],
        deadline=deadline,
        created_at=now,
        created_by=actor.person_id,
    )
    session.add(batch)
    session.flush()
    record(session, at=now, person_id=actor.person_id, action="batch.create", subject_id=batch.id)
    return batch


def source_key(batch_id: UUID) -> str:
    """The folder of the object store in which a batch's files lie."""
    return f"uploads/{batch_id}"


def upload_key(batch_id: UUID, number: int = 1) -> str:
    """Where a batch's file lies, by its place among the batch's files."""
    return f"{source_key(batch_id)}/{number:04}"


def store_upload(objects: ObjectStore, batch_id: UUID, number: int, stream: IO[bytes], limit: int) -> None:
    """Keep one file of a batch. Raises ObjectTooLarge."""
    objects.put(upload_key(batch_id, number), stream, content_type="application/octet-stream", limit=limit)


def check_size(objects: ObjectStore, batch: Batch, settings: Settings) -> None:
    """Refuse a file that went straight to a store which does not count what it is sent. Raises TooLarge."""
    if any(objects.stat(key).size > settings.upload_limit for key in objects.keys(f"{batch.source_key}/")):
        raise TooLarge(limit_mb=settings.upload_limit_mb)


def ask_for_ingest(session: Session, actor: Actor, batch: Batch, objects: ObjectStore, now: datetime) -> Batch:
    """Have the batch's files read. Again while they are being read: nothing more happens.

    Where the reading has failed for good (the store was away too long), the same job goes on from its checkpoint.
    Raises BatchWithoutFile, MoveNotAllowed.
    """
    if batch.state is BatchState.INGESTING:
        job = session.get(OutboxRow, batch.ingest_job) if batch.ingest_job else None
        if job is not None and job.failed_at is not None:
            retry(session, job.id)
            record(session, at=now, person_id=actor.person_id, action="batch.ingest_again", subject_id=batch.id)
        return batch
    if session.get(BatchBucket, batch.id) is None and next(iter(objects.keys(f"{batch.source_key}/")), None) is None:
        raise BatchWithoutFile
    batch.state = check_move(BATCH_MOVES, batch.state, BatchState.INGESTING)
    batch.ingest_job = ask_for(session, JobName.INGEST_BATCH, {"batch_id": str(batch.id)}, now)
    record(session, at=now, person_id=actor.person_id, action="batch.ingest", subject_id=batch.id)
    return batch


def open_batch(session: Session, actor: Actor, batch: Batch, now: datetime) -> Batch:
    """Let annotators work on it, and keep what it is foretold to take. Again: nothing more happens.

    Raises ProjectNotComplete, MoveNotAllowed.
    """
    if batch.state is BatchState.OPEN:
        return batch
    opened = check_move(BATCH_MOVES, batch.state, BatchState.OPEN)
    if batch.data_state is not DataState.KEPT:
        raise MoveNotAllowed(current=batch.data_state.value, wanted=BatchState.OPEN.value)
    missing = missing_for_open(session, batch, now)
    if missing:
        raise ProjectNotComplete(missing="、".join(missing))
    keep_forecast(session, batch, now)
    batch.state = opened
    batch.opened_at = batch.opened_at or now
    record(session, at=now, person_id=actor.person_id, action="batch.open", subject_id=batch.id)
    return batch


def missing_for_open(session: Session, batch: Batch, now: datetime) -> list[str]:
    """What a batch lacks before annotators can work on it, as marked words; empty where nothing."""
    prices = session.scalars(select(PriceCard).where(PriceCard.project_id == batch.project_id)).all()
    pays = session.scalars(
        select(PayRate).where(PayRate.project_id == batch.project_id, PayRate.work == PaidWork.ANNOTATE)
    ).all()
    guides = session.scalar(
        select(func.count()).select_from(GuideVersion).where(GuideVersion.project_id == batch.project_id)
    )
    found = (
        (rate_on(prices, now) is not None, N_("单价")),
        (rate_on(pays, now) is not None, N_("计酬标准")),
        (bool(guides), N_("标注规范")),
        (batch.rows_in > 0, N_("条目")),
    )
    return [word for there, word in found if not there]


def move_batch(session: Session, actor: Actor, batch: Batch, wanted: BatchState, now: datetime) -> Batch:
    """Pause, go on, close or cancel. Again: nothing more happens.

    Closing and cancelling pay the answers that still wait for a decision; cancelling takes back what is not
    decided. Raises MoveNotAllowed.
    """
    if batch.state is wanted:
        return batch
    batch.state = check_move(BATCH_MOVES, batch.state, wanted)
    if wanted is BatchState.CLOSED:
        batch.closed_at = now
    record(session, at=now, person_id=actor.person_id, action=f"batch.{wanted.value}", subject_id=batch.id)
    session.flush()
    if wanted in {BatchState.CLOSED, BatchState.CANCELLED}:
        pay_what_was_done(session, whole_batch(batch.id), now)
    if wanted is BatchState.CANCELLED:
        withdraw_unfinished(session, whole_batch(batch.id))
    return batch
