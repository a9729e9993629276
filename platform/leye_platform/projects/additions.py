"""Further files for a batch that was read: each joins the batch's items while annotators go on working."""

from collections.abc import Sequence
from datetime import datetime
from typing import IO
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leye_platform.actor import Actor
from leye_platform.audit import record
from leye_platform.errors import TooLarge
from leye_platform.ids import new_id
from leye_platform.outbox import JobName, OutboxRow, ask_for, retry
from leye_platform.projects.errors import AdditionMissing, AdditionUnderway, AdditionWithoutFile
from leye_platform.projects.models import Addition, Batch, Item, RefusedRow
from leye_platform.projects.rules import ADDITION_MOVES, AdditionState, check_appendable, one_line
from leye_platform.settings import Settings
from leye_platform.states import check_move
from leye_storage import ObjectStore


def addition_folder(addition_id: UUID) -> str:
    """Where an addition's files lie: not among the batch's own, which are read by their folder."""
    return f"additions/{addition_id}"


def addition_file(addition_id: UUID, number: int = 1) -> str:
    """Where an addition's file lies, by its place among the addition's files."""
    return f"{addition_folder(addition_id)}/{number:04}"


def store_addition(objects: ObjectStore, addition_id: UUID, number: int, stream: IO[bytes], limit: int) -> None:
    """Keep one file of an addition. Raises ObjectTooLarge."""
    objects.put(addition_file(addition_id, number), stream, content_type="application/octet-stream", limit=limit)


def check_addition_size(objects: ObjectStore, addition_id: UUID, settings: Settings) -> None:
    """Refuse a file that went straight to a store which does not count what it is sent. Raises TooLarge."""
    if any(objects.stat(key).size > settings.upload_limit for key in objects.keys(f"{addition_folder(addition_id)}/")):
        raise TooLarge(limit_mb=settings.upload_limit_mb)


def addition_for(session: Session, batch: Batch, addition_id: UUID) -> Addition:
    """An addition of this batch, which the caller has found within the actor's reach.

    Raises AdditionMissing.
    """
    addition = session.get(Addition, addition_id)
    if addition is None or addition.batch_id != batch.id:
        raise AdditionMissing
    return addition


def create_addition(
    session: Session,
    actor: Actor,
    batch: Batch,
    file_names: Sequence[str],
    now: datetime,
    *,
    addition_id: UUID | None = None,
) -> Addition:
    """An addition that waits for its files. The caller has locked the batch: it counts its additions.

    Raises the kinds of AdditionRefused.
    """
    check_appendable(batch.state)
    last = session.scalar(select(func.max(Addition.number)).where(Addition.batch_id == batch.id))
    addition = Addition(
        id=addition_id or new_id(),
        batch_id=batch.id,
        number=(last or 0) + 1,
        source_name="\n".join(one_line(name)[:100] for name in file_names)[:300],
        created_at=now,
        created_by=actor.person_id,
    )
    session.add(addition)
    session.flush()
    _record(session, actor, addition, "batch.append", now)
    return addition


def ask_for_addition(
    session: Session, actor: Actor, addition: Addition, objects: ObjectStore, now: datetime
) -> Addition:
    """Have an addition's files read. Again while they are being read, or afterwards: nothing more happens.

    Where the reading has failed for good (the store was away too long), the same job goes on from its checkpoint.
    The caller has locked the batch. Raises the kinds of AdditionRefused, AdditionUnderway, AdditionWithoutFile.
    """
    if addition.state is AdditionState.READING:
        job = session.get(OutboxRow, addition.job_id) if addition.job_id else None
        if job is not None and job.failed_at is not None:
            retry(session, job.id)
            _record(session, actor, addition, "batch.append_ingest_again", now)
        return addition
    if addition.state is not AdditionState.UPLOADING:
        return addition
    batch = session.get_one(Batch, addition.batch_id)
    check_appendable(batch.state)
    if underway(session, batch.id):
        raise AdditionUnderway
    if next(iter(objects.keys(f"{addition_folder(addition.id)}/")), None) is None:
        raise AdditionWithoutFile
    addition.state = check_move(ADDITION_MOVES, addition.state, AdditionState.READING)
    addition.row_before = addition.row_until = _last_row(session, batch.id)
    addition.job_id = ask_for(session, JobName.INGEST_ADDITION, {"addition_id": str(addition.id)}, now)
    _record(session, actor, addition, "batch.append_ingest", now)
    return addition


def underway(session: Session, batch_id: UUID) -> bool:
    """Whether an addition of the batch is being read: the next one has to wait."""
    reading = select(Addition.id).where(Addition.batch_id == batch_id, Addition.state == AdditionState.READING)
    return session.scalar(reading) is not None


def _last_row(session: Session, batch_id: UUID) -> int:
    """The highest row number that the batch has given out. Rows that it knew already have numbers too."""
    highest = (
        select(func.max(Item.row)).where(Item.batch_id == batch_id),
        select(func.max(RefusedRow.row)).where(RefusedRow.batch_id == batch_id),
        select(func.max(Addition.row_until)).where(Addition.batch_id == batch_id),
    )
    return max(session.scalar(query) or 0 for query in highest)


def _record(session: Session, actor: Actor, addition: Addition, action: str, now: datetime) -> None:
    record(
        session,
        at=now,
        person_id=actor.person_id,
        action=action,
        subject_id=addition.batch_id,
        addition=addition.number,
    )
