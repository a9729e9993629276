"""The job that reads an upload: chunk by chunk, each chunk one transaction with its checkpoint.

Killed at any moment and run again, it ends with exactly the same items: the checkpoint says how many rows are
in, and the rows before it are passed over.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.orm import Session

from leye_platform.holdings.contents import ContentKeeper, hashes_in, note_uses
from leye_platform.holdings.quotas import firm_of_batch
from leye_platform.installation import Installation
from leye_platform.outbox import Checkpoint
from leye_platform.projects.buckets import bucket_of
from leye_platform.projects.ingest.answered_rows import (
    BroughtByRow,
    lock_record,
    look_at_answers,
    settle_answers,
    taken_apart,
)
from leye_platform.projects.ingest.bucket_files import bucket_sources
from leye_platform.projects.ingest.chunks import Chunk, Looked, Reading, look_at, sort_out
from leye_platform.projects.ingest.formats import FilePlan, plan_file, read_rows
from leye_platform.projects.ingest.insertion import insert_items
from leye_platform.projects.ingest.packed_text import unpacked
from leye_platform.projects.ingest.picture_rows import with_pictures
from leye_platform.projects.ingest.refusals import FileRefused
from leye_platform.projects.ingest.rows import Row
from leye_platform.projects.ingest.source import Source
from leye_platform.projects.ingest.uploads import AddedUpload, FirstUpload, Upload
from leye_platform.projects.models import Batch, Project, RefusedRow
from leye_platform.projects.rules import Pipeline
from leye_platform.projects.splitting import Splitting
from leye_platform.projects.task_type import task_type
from leye_storage import open_object

if TYPE_CHECKING:
    from leye_storage.partner_bucket import PartnerBucket

CHUNK = 1000  # rows in one transaction, which holds SQLite's only writer for some 40 ms
PICTURES = 20
"""Rows in one transaction where each brings a picture, which takes a good part of a second to look through."""


def run_ingest(installation: Installation, job_id: UUID, batch_id: UUID) -> None:
    """Read a batch's files into items; the batch ends ready, or failed with a sentence."""
    _run(installation, job_id, FirstUpload(batch_id))


def run_addition(installation: Installation, job_id: UUID, addition_id: UUID) -> None:
    """Read a further file into the items of its batch; the addition ends read, or failed with a sentence."""
    _run(installation, job_id, AddedUpload(addition_id))


def _run(installation: Installation, job_id: UUID, upload: Upload) -> None:
    prepared = prepare(installation, upload)
    if prepared is None:
        return
    reading, bucket = prepared
    try:
        reading, plans = planned(installation, reading, bucket)
    except FileRefused as refused:
        with installation.database.write() as session:
            upload.fail(session, str(refused), installation.clock.now())
        return
    with installation.database.read() as session:
        checkpoint = session.get(Checkpoint, job_id)
        done = 0 if checkpoint is None else int(checkpoint.data["rows"])
    rows = islice(all_rows(reading.sources, plans), done, None)
    keeper = keeper_for(installation, reading.batch_id)
    try:
        while chunk := list(islice(rows, PICTURES if reading.pictures else CHUNK)):
            chunk = [
                with_pictures(installation.objects, reading.pictures, row, reading.tiled, keeper=keeper)
                for row in chunk
            ]
            if not _take(installation, job_id, upload, reading, done, chunk):
                return
            done += len(chunk)
    except FileRefused as refused:  # a bucket that has changed, or refuses, since it was looked through
        with installation.database.write() as session:
            upload.stop(session, str(refused), installation.clock.now())
        return
    with installation.database.write() as session:
        upload.finish(session, installation.clock.now())


def keeper_for(installation: Installation, batch_id: UUID) -> ContentKeeper:
    """Keeps a batch's pictures, and counts them for its firm."""
    with installation.database.read() as session:
        firm = firm_of_batch(session, batch_id, installation.settings.partner_storage)
    return ContentKeeper(installation.database, installation.clock, batch_id, firm)


def planned(
    installation: Installation, reading: Reading, bucket: "PartnerBucket | None"
) -> tuple[Reading, list[FilePlan]]:
    """The reading with its files looked through. Raises FileRefused."""
    picture = next(iter(reading.pictures), "")
    sources: Sequence[Source] = reading.sources
    if bucket is not None:
        sources = bucket_sources(installation.objects, reading.batch_id, bucket, pictures=bool(picture))
    if not picture:
        sources = [unpacked(source) for source in sources]
    plans = [plan_file(source, reading.kind.config.variables, picture) for source in sources]
    return replace(reading, sources=tuple(sources)), plans


def prepare(installation: Installation, upload: Upload) -> "tuple[Reading, PartnerBucket | None] | None":
    """With the partner's bucket where the files lie there; None where the upload is not being read (any more)."""
    with installation.database.read() as session:
        files = upload.files(session)
        if files is None:
            return None
        project = session.get_one(Project, session.get_one(Batch, files.batch_id).project_id)
        bucket = bucket_of(session, installation, files.batch_id) if files.own else None
        keys, names = list(installation.objects.keys(files.folder + "/")), files.names
        reading = Reading(
            batch_id=files.batch_id,
            project_id=project.id,
            kind=task_type(project.task_type, project.label_config),
            pipeline=Pipeline.model_validate(project.pipeline),
            sources=tuple(
                _source(installation, key, names[n] if n < len(names) else key) for n, key in enumerate(keys)
            ),
            after=files.after,
            rule=Splitting.model_validate(project.splitting).rule,
            importer=files.uploaded_by,
        )
        return reading, bucket


def _source(installation: Installation, key: str, name: str) -> Source:
    objects = installation.objects
    return Source(name, objects.stat(key).size, lambda: objects.read(key), lambda: open_object(objects, key))


def all_rows(sources: Sequence[Source], plans: Sequence[FilePlan]) -> Iterator[Row]:
    """The rows of all files, numbered and measured on from file to file."""
    if len(sources) == 1:
        yield from read_rows(sources[0], plans[0])
        return
    before = bytes_before = 0
    for source, plan in zip(sources, plans, strict=True):
        number = 0
        for row in read_rows(source, plan):
            number = row.number
            yield Row(before + number, bytes_before + row.end, row.original, row.content, row.problem)
        before += number
        bytes_before += source.size


def _take(  # noqa: PLR0917 -- what one chunk needs, none of it derived from another
    installation: Installation, job_id: UUID, upload: Upload, reading: Reading, done: int, rows: Sequence[Row]
) -> bool:
    """Store one chunk; False where another run has come first, or the upload is not being read any more."""
    brought: BroughtByRow = {}
    looked, now = look_at(reading, [taken_apart(row, brought) for row in rows]), installation.clock.now()
    with installation.database.write() as session:
        if brought:
            lock_record(session, reading.importer, reading.project_id)
        if not upload.hold(session, now):
            return False
        checkpoint = session.get(Checkpoint, job_id)
        if (checkpoint.data["rows"] if checkpoint else 0) != done:
            return False
        upload.count(session, store_chunk(session, reading, looked, brought, now), rows[-1].number)
        data = {"rows": done + len(rows), "bytes": rows[-1].end, "of": sum(s.size for s in reading.sources)}
        if checkpoint is None:
            session.add(Checkpoint(job_id=job_id, data=data, saved_at=now))
        else:
            checkpoint.data, checkpoint.saved_at = data, now
    return True


def store_chunk(session: Session, reading: Reading, looked: Looked, brought: BroughtByRow, now: datetime) -> Chunk:
    """Put rows that were looked at into the batch: items, answers that they bring along, refusals."""
    chunk = sort_out(session, reading, looked)
    answered = look_at_answers(reading, chunk, brought)
    settled = settle_answers(session, reading.importer, reading, chunk, answered=answered, now=now)
    insert_items(session, reading.batch_id, reading.project_id, chunk.items, now)
    if reading.pictures:
        note_uses(session, reading.batch_id, hashes_in([part.content for item in chunk.items for part in item.parts]))
    if chunk.refused:
        session.execute(insert(RefusedRow), chunk.refused)
    settled.store(session)
    return chunk
