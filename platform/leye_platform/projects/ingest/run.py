"""The job that reads an upload: chunk by chunk, each chunk one transaction with its checkpoint.

Killed at any moment and run again, it ends with exactly the same items: the checkpoint says how many rows are
in, and the rows before it are passed over.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from leye_platform.assignments.rules import Lane
from leye_platform.assignments.slots import WantedAnswer, add_slots
from leye_platform.ids import new_id
from leye_platform.installation import Installation
from leye_platform.notices.events import batch_was_read
from leye_platform.outbox import Checkpoint
from leye_platform.projects.ingest import refusals
from leye_platform.projects.ingest.formats import FilePlan, Source, plan_file, read_rows
from leye_platform.projects.ingest.picture_rows import as_sent, with_pictures
from leye_platform.projects.ingest.proposals import ProposalRefused, propose, with_refusals
from leye_platform.projects.ingest.refusals import FileRefused
from leye_platform.projects.ingest.rows import PlainRow, Row, RowRefused, plain_row, storable
from leye_platform.projects.models import Batch, Item, MicroTask, Project, RefusedRow
from leye_platform.projects.rules import BATCH_MOVES, BatchState, ItemState, Pipeline
from leye_platform.projects.task_type import TaskType, task_type
from leye_platform.states import check_move
from leye_storage import open_object
from leye_task_templates.template import ResultProblemCode, ResultRefused

CHUNK = 500  # rows in one transaction
PICTURES = 20
"""Rows in one transaction where each brings a picture, which takes a good part of a second to look through."""


@dataclass(frozen=True)
class _Reading:
    """What a run needs to know about its batch."""

    batch_id: UUID
    project_id: UUID
    kind: TaskType
    pipeline: Pipeline
    sources: tuple[Source, ...]

    @property
    def pictures(self) -> tuple[str, ...]:
        """The variables that are pictures."""
        return tuple(image.variable for image in self.kind.config.images)


@dataclass
class _Chunk:
    """What becomes of some rows.

    proposals: how many items have one. proposals_refused: why others have none, and their rows.
    """

    items: list[dict[str, Any]] = field(default_factory=list)
    tasks: list[dict[str, Any]] = field(default_factory=list)
    slots: list[WantedAnswer] = field(default_factory=list)
    refused: list[dict[str, Any]] = field(default_factory=list)
    proposals: int = 0
    proposals_refused: list[tuple[str, int]] = field(default_factory=list)


def run_ingest(installation: Installation, job_id: UUID, batch_id: UUID) -> None:
    """Read a batch's files into items; the batch ends ready, or failed with a sentence."""
    reading = _prepare(installation, batch_id)
    if reading is None:
        return
    try:
        picture = next(iter(reading.pictures), "")
        plans = [plan_file(source, reading.kind.config.variables, picture) for source in reading.sources]
    except FileRefused as refused:
        _fail(installation, batch_id, str(refused))
        return
    with installation.database.read() as session:
        checkpoint = session.get(Checkpoint, job_id)
        done = 0 if checkpoint is None else int(checkpoint.data["rows"])
    rows = islice(_all_rows(reading.sources, plans), done, None)
    while chunk := list(islice(rows, PICTURES if picture else CHUNK)):
        chunk = [with_pictures(installation.objects, reading.pictures, row) for row in chunk]
        if not _take(installation, job_id, reading, done, chunk):
            return
        done += len(chunk)
    _finish(installation, batch_id)


def _prepare(installation: Installation, batch_id: UUID) -> _Reading | None:
    """None where the batch is not being read (any more)."""
    with installation.database.read() as session:
        batch = session.get(Batch, batch_id)
        if batch is None or batch.state is not BatchState.INGESTING or batch.source_key is None:
            return None
        project = session.get_one(Project, batch.project_id)
        names = (batch.source_name or "").split("\n")
        keys = list(installation.objects.keys(batch.source_key + "/"))
        sources = tuple(_source(installation, key, names[n] if n < len(names) else key) for n, key in enumerate(keys))
        return _Reading(
            batch_id=batch_id,
            project_id=project.id,
            kind=task_type(project.task_type, project.label_config),
            pipeline=Pipeline.model_validate(project.pipeline),
            sources=sources,
        )


def _source(installation: Installation, key: str, name: str) -> Source:
    objects = installation.objects
    return Source(name, objects.stat(key).size, lambda: objects.read(key), lambda: open_object(objects, key))


def _all_rows(sources: Sequence[Source], plans: Sequence[FilePlan]) -> Iterator[Row]:
    """The rows of all files, numbered and measured on from file to file."""
    before = bytes_before = 0
    for source, plan in zip(sources, plans, strict=True):
        number = 0
        for row in read_rows(source, plan):
            number = row.number
            yield Row(before + number, bytes_before + row.end, row.original, row.content, row.problem)
        before += number
        bytes_before += source.size


def _take(installation: Installation, job_id: UUID, reading: _Reading, done: int, rows: Sequence[Row]) -> bool:
    """Store one chunk; False where another run has come first, or the batch was cancelled."""
    now = installation.clock.now()
    with installation.database.write() as session:
        batch = session.get_one(Batch, reading.batch_id, with_for_update=True)
        checkpoint = session.get(Checkpoint, job_id)
        if batch.state is not BatchState.INGESTING or (checkpoint.data["rows"] if checkpoint else 0) != done:
            return False
        chunk = _sort_out(session, reading, rows)
        for item in chunk.items:
            item["created_at"] = now
        for model, values in ((Item, chunk.items), (MicroTask, chunk.tasks), (RefusedRow, chunk.refused)):
            if values:
                session.execute(insert(model), values)
        add_slots(session, chunk.slots)
        batch.rows_in += len(chunk.items)
        batch.rows_refused += len(chunk.refused)
        batch.proposals_in += chunk.proposals
        batch.proposals_refused = with_refusals(batch.proposals_refused, chunk.proposals_refused)
        data = {"rows": done + len(rows), "bytes": rows[-1].end, "of": sum(s.size for s in reading.sources)}
        if checkpoint is None:
            session.add(Checkpoint(job_id=job_id, data=data, saved_at=now))
        else:
            checkpoint.data, checkpoint.saved_at = data, now
    return True


def _sort_out(session: Session, reading: _Reading, rows: Sequence[Row]) -> _Chunk:
    chunk = _Chunk()
    plain: list[tuple[Row, PlainRow]] = []
    for row in rows:
        if row.problem is not None:
            chunk.refused.append(_refusal(reading, row, row.problem, None))
            continue
        try:
            found = plain_row(row.content, reading.kind.config.variables)
        except RowRefused as refused:
            chunk.refused.append(_refusal(reading, row, str(refused), None))
            continue
        if problems := reading.kind.template.validate_row(reading.kind.config, found.data):
            sentence = "；".join(str(problem) for problem in problems)
            chunk.refused.append(_refusal(reading, row, sentence, found.external_id))
            continue
        plain.append((row, found))
    seen = _rows_by_external_id(session, reading.batch_id, [p.external_id for _, p in plain if p.external_id])
    for row, found in plain:
        _add(reading, chunk, row, found, seen)
    return chunk


def _rows_by_external_id(session: Session, batch_id: UUID, ids: Sequence[str]) -> dict[str, int]:
    if not ids:
        return {}
    query = select(Item.external_id, Item.row).where(Item.batch_id == batch_id, Item.external_id.in_(ids))
    return {external_id: row for external_id, row in session.execute(query) if external_id is not None}


def _add(reading: _Reading, chunk: _Chunk, row: Row, found: PlainRow, seen: dict[str, int]) -> None:
    if found.external_id is not None:
        if (first := seen.get(found.external_id)) is not None:
            sentence = refusals.ID_TWICE.format(external_id=found.external_id, row=first)
            chunk.refused.append(_refusal(reading, row, sentence, found.external_id))
            return
        seen[found.external_id] = row.number
    contents = reading.kind.template.split(reading.kind.config, found.data)
    try:
        gold = _gold(reading, found, contents)
    except ResultRefused as refused:
        seen.pop(found.external_id or "", None)
        chunk.refused.append(_refusal(reading, row, _gold_problem(refused, found), found.external_id))
        return
    item_id = new_id()
    chunk.items.append(
        {
            "id": item_id,
            "batch_id": reading.batch_id,
            "project_id": reading.project_id,
            "external_id": found.external_id,
            "row": row.number,
            "data": as_sent(found.data, reading.pictures),
            "gold_result": None if gold is None else reading.kind.template.merge(gold),
            "state": ItemState.WAITING,
        }
    )
    proposals = None if gold is not None else _proposals(reading, chunk, row, found, contents)
    for n, content in enumerate(contents):
        _add_task(
            reading,
            chunk,
            item_id,
            n + 1,
            content=content,
            gold=None if gold is None else gold[n],
            proposal=None if proposals is None else proposals[n],
        )


def _gold(reading: _Reading, found: PlainRow, contents: Sequence[dict[str, Any]]) -> list[list[dict[str, Any]]] | None:
    """The known answer of each part; None where the row is no gold item."""
    if found.gold_answer is None:
        return None
    kind = reading.kind
    return [kind.template.gold_result(kind.config, content, found.gold_answer) for content in contents]


def _proposals(
    reading: _Reading, chunk: _Chunk, row: Row, found: PlainRow, contents: Sequence[dict[str, Any]]
) -> list[dict[str, Any]] | None:
    """What a model proposes for each part; counted either way. Never asked of a gold item, whose answer is known."""
    try:
        proposals = propose(reading.kind, contents, found.predictions)
    except ProposalRefused as refused:
        chunk.proposals_refused.append((refused.code, row.number))
        return None
    chunk.proposals += proposals is not None
    return proposals


def _gold_problem(refused: ResultRefused, found: PlainRow) -> str:
    names = found.gold_answer or []
    if refused.code is ResultProblemCode.ONE_ONLY:
        return refusals.GOLD_ONE.format(count=len(names))
    if refused.code is ResultProblemCode.UNKNOWN_CHOICE and all(isinstance(name, str) for name in names):
        return refusals.GOLD_UNKNOWN.format(answer="|".join(names))
    return refusals.GOLD_REFUSED.format(problem=refused)


def _add_task(
    reading: _Reading,
    chunk: _Chunk,
    item_id: UUID,
    part: int,
    *,
    content: dict[str, Any],
    gold: list[dict[str, Any]] | None,
    proposal: dict[str, Any] | None,
) -> None:
    """A micro-task with the slots it begins with; a gold one has a single slot in its own lane, as stock."""
    task_id = new_id()
    template, config = reading.kind.template, reading.kind.config
    wanted = 1 if gold is not None else reading.pipeline.overlap_start()
    chunk.tasks.append(
        {
            "id": task_id,
            "item_id": item_id,
            "batch_id": reading.batch_id,
            "project_id": reading.project_id,
            "step": 1,
            "part": part,
            "content": content,
            "state": ItemState.WAITING,
            "round": 1,
            "overlap_wanted": wanted,
            "overlap_limit": 1 if gold is not None else reading.pipeline.overlap_limit(),
            "gold_labels": None if gold is None else template.labels_of(config, gold),
            "proposal": proposal,
        }
    )
    lane = Lane.NORMAL if gold is None else Lane.GOLD
    chunk.slots += [WantedAnswer(reading.batch_id, item_id, task_id, lane, 1) for _ in range(wanted)]


def _refusal(reading: _Reading, row: Row, sentence: str, external_id: str | None) -> dict[str, Any]:
    return {
        "batch_id": reading.batch_id,
        "row": row.number,
        "external_id": external_id,
        "problem": storable(sentence),
        "original": storable(row.original),
    }


def _fail(installation: Installation, batch_id: UUID, sentence: str) -> None:
    with installation.database.write() as session:
        batch = session.get_one(Batch, batch_id, with_for_update=True)
        if batch.state is BatchState.INGESTING:
            batch.state = check_move(BATCH_MOVES, batch.state, BatchState.FAILED)
            batch.problem = storable(sentence)
            batch_was_read(session, batch, installation.clock.now())


def _finish(installation: Installation, batch_id: UUID) -> None:
    with installation.database.write() as session:
        batch = session.get_one(Batch, batch_id, with_for_update=True)
        if batch.state is not BatchState.INGESTING:
            return
        if batch.rows_in == 0:
            batch.state = check_move(BATCH_MOVES, batch.state, BatchState.FAILED)
            batch.problem = str(refusals.NoRowTaken(rows=batch.rows_refused))
        else:
            batch.state = check_move(BATCH_MOVES, batch.state, BatchState.READY)
        batch_was_read(session, batch, installation.clock.now())
