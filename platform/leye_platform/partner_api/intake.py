"""Tasks as clients of Label Studio import them: good ones come in, bad ones are named, none is lost."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

import orjson
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from leye_platform.actor import Actor
from leye_platform.partner_api.files import Unreadable
from leye_platform.partner_api.standing_batch import last_row, standing_batch
from leye_platform.projects.ingest.answered_rows import (
    BroughtByRow,
    lock_record,
    look_at_answers,
    settle_answers,
    taken_apart,
)
from leye_platform.projects.ingest.chunks import Reading, look_at, sort_out
from leye_platform.projects.ingest.insertion import insert_items
from leye_platform.projects.ingest.proposals import with_refusals
from leye_platform.projects.ingest.rows import Row
from leye_platform.projects.models import Batch, Project, RefusedRow
from leye_platform.projects.rules import BatchState, Pipeline
from leye_platform.projects.task_type import task_type
from leye_platform.review.decide import ask_for_lot_when_finished

CHUNK = 1000
MOST_NAMED = 100
"""So many refused rows are named in the answer; the batch's error report has them all."""


@dataclass
class Taken:
    """What became of an import. `numbers`: the tasks' integers, in order. `refused`: (index from 0, why)."""

    tasks: int = 0
    annotations: int = 0
    predictions: int = 0
    known: int = 0
    numbers: list[int] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)


def take_tasks(
    session: Session,
    actor: Actor,
    project: Project,
    tasks: Iterable[object],
    now: datetime,
    *,
    numbers: bool = False,
) -> Taken:
    """Put tasks into the project's standing batch. numbers: whether the new tasks' integers are wanted."""
    # Answers that come along are counted for the importer, whose submit counts before it locks the batch: so here too.
    lock_record(session, actor.person_id, project.id)
    batch = standing_batch(session, actor, project, now)
    taken = Taken()
    rows = enumerate(tasks)
    while part := list(islice(rows, CHUNK)):
        reading = Reading(
            batch_id=batch.id,
            project_id=project.id,
            kind=task_type(project.task_type, project.label_config),
            pipeline=Pipeline.model_validate(project.pipeline),
            sources=(),
            after=_rows_so_far(session, batch),
            importer=actor.person_id,
        )
        _take_part(session, actor, batch, reading, part=part, taken=taken, now=now, numbers=numbers)
    if batch.state is BatchState.OPEN:
        ask_for_lot_when_finished(session, batch.id, now)
    return taken


def _rows_so_far(session: Session, batch: Batch) -> int:
    refused = session.scalar(
        select(RefusedRow.row).where(RefusedRow.batch_id == batch.id).order_by(RefusedRow.row.desc()).limit(1)
    )
    return max(last_row(session, batch.id), refused or 0)


def _take_part(
    session: Session,
    actor: Actor,
    batch: Batch,
    reading: Reading,
    *,
    part: Sequence[tuple[int, object]],
    taken: Taken,
    now: datetime,
    numbers: bool,
) -> None:
    brought: BroughtByRow = {}
    rows = [taken_apart(_row(place + 1, task), brought) for place, (_, task) in enumerate(part)]
    chunk = sort_out(session, reading, look_at(reading, rows))
    answered = look_at_answers(reading, chunk, brought)
    settled = settle_answers(session, actor.person_id, reading, chunk, answered=answered, now=now)
    found = insert_items(session, batch.id, reading.project_id, chunk.items, now)
    if chunk.refused:
        session.execute(insert(RefusedRow), chunk.refused)
    settled.store(session)
    batch.rows_in += len(chunk.items)
    batch.rows_refused += len(chunk.refused)
    batch.proposals_in += chunk.proposals
    batch.proposals_refused = with_refusals(batch.proposals_refused, chunk.proposals_refused)
    taken.tasks += len(chunk.items)
    taken.known += chunk.known
    taken.predictions += chunk.proposals
    taken.annotations += sum(len(answers) for answers in answered.values())
    first = part[0][0]
    taken.refused += sorted((first + row["row"] - reading.after - 1, row["problem"]) for row in chunk.refused)
    if numbers:
        taken.numbers += found


def _row(number: int, task: object) -> Row:
    """A task as a row of the batch."""
    if isinstance(task, Unreadable):
        return Row(number, 0, task.original, problem=task.problem)
    return Row(number, 0, orjson.dumps(task).decode(), content=task)
