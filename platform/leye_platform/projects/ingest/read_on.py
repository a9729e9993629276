"""Rows for which there was no room, read again: from the files that they came in, and nothing else of these.

Killed at any moment and run again, it ends the same: a row is wanted as long as it stands among the refused.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from leye_platform.actor import Actor
from leye_platform.audit import record
from leye_platform.installation import Installation
from leye_platform.outbox import JobName, OutboxRow, ask_for, retry
from leye_platform.projects.addition_queries import span_of
from leye_platform.projects.errors import NothingWaitsForRoom
from leye_platform.projects.ingest.answered_rows import BroughtByRow, lock_record, taken_apart
from leye_platform.projects.ingest.chunks import Reading, look_at
from leye_platform.projects.ingest.picture_rows import with_pictures
from leye_platform.projects.ingest.refusals import FileRefused
from leye_platform.projects.ingest.rows import Row
from leye_platform.projects.ingest.run import CHUNK, PICTURES, all_rows, keeper_for, planned, prepare, store_chunk
from leye_platform.projects.ingest.uploads import RowsForRoom, can_read_on, waits_for_room
from leye_platform.projects.models import Addition, Batch, RefusedRow


def ask_to_read_on(session: Session, actor: Actor, batch: Batch, now: datetime) -> Batch:
    """Have the rows read that had no room. Again while they are being read: nothing more happens.

    The caller has locked the batch. Raises NothingWaitsForRoom.
    """
    job = session.get(OutboxRow, batch.read_on_job) if batch.read_on_job else None
    if job is not None and job.failed_at is not None:
        retry(session, job.id)
        return batch
    if job is not None and job.done_at is None:
        return batch
    if not can_read_on(batch) or not waits_for_room(session, batch.id):
        raise NothingWaitsForRoom
    batch.read_on_job = ask_for(session, JobName.READ_ON, {"batch_id": str(batch.id)}, now)
    record(session, at=now, person_id=actor.person_id, action="batch.read_on", subject_id=batch.id)
    return batch


def run_read_on(installation: Installation, batch_id: UUID) -> None:
    """Read them from the batch's own files and from each addition."""
    with installation.database.read() as session:
        additions = session.scalars(
            select(Addition.id).where(Addition.batch_id == batch_id).order_by(Addition.number)
        ).all()
    for upload in (RowsForRoom(batch_id), *(RowsForRoom(batch_id, one) for one in additions)):
        with installation.database.read() as session:
            wanted = _wanted(session, upload)
        if wanted:
            _read(installation, upload, wanted)


def _wanted(session: Session, upload: RowsForRoom) -> set[int]:
    """The numbers of the rows, as their files count them."""
    addition = session.get(Addition, upload.addition_id) if upload.addition_id else None
    span = span_of(session, upload.batch_id, addition)
    rows = select(RefusedRow.row - span.after).where(*span.rows(upload.batch_id), RefusedRow.for_room)
    return set(session.scalars(rows))


def _read(installation: Installation, upload: RowsForRoom, wanted: set[int]) -> None:
    prepared = prepare(installation, upload)
    if prepared is None:
        return
    try:
        reading, plans = planned(installation, *prepared)
        keeper = keeper_for(installation, upload.batch_id)
        rows = (row for row in all_rows(reading.sources, plans) if row.number in wanted)
        while chunk := list(islice(rows, PICTURES if reading.pictures else CHUNK)):
            looked = [
                with_pictures(installation.objects, reading.pictures, row, reading.tiled, keeper=keeper)
                for row in chunk
            ]
            if not _take(installation, upload, reading, looked):
                return
    except FileRefused:  # a bucket that has changed, or refuses, since: the rows wait on
        return


def _take(installation: Installation, upload: RowsForRoom, reading: Reading, rows: Sequence[Row]) -> bool:
    """Store one chunk in the place of its refusals; False where another run has come first, or nothing may come in."""
    brought: BroughtByRow = {}
    looked, now = look_at(reading, [taken_apart(row, brought) for row in rows]), installation.clock.now()
    numbers = [reading.after + row.number for row in rows]
    with installation.database.write() as session:
        if brought:
            lock_record(session, reading.importer, reading.project_id)
        if not upload.hold(session, now):
            return False
        waiting = RefusedRow.batch_id == reading.batch_id, RefusedRow.row.in_(numbers), RefusedRow.for_room
        if session.scalar(select(func.count()).where(*waiting)) != len(rows):
            return False
        session.execute(delete(RefusedRow).where(*waiting))
        upload.count(session, store_chunk(session, reading, looked, brought, now), rows[-1].number)
    return True
