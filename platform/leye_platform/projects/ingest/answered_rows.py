"""Rows that bring answers along: taken apart, looked at with their items, and turned into rows of their own."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from leye_platform.assignments.core_tables import work_records
from leye_platform.guides.publish import newest_version
from leye_platform.projects.ingest import refusals
from leye_platform.projects.ingest.brought_along import (
    Brought,
    Checked,
    Rows,
    Settling,
    annotations_of,
    authors,
    checked,
    gold_of,
)
from leye_platform.projects.ingest.chunks import Chunk, Reading
from leye_platform.projects.ingest.rows import GOLD_ANSWER, Row, RowRefused, storable

BroughtByRow = dict[int, Sequence[Brought]]


def taken_apart(row: Row, brought: BroughtByRow) -> Row:
    """A row without the answers of its task, which go to `brought`; an answer marked as gold becomes the row's own.

    Only tasks of Label Studio (`{"data": …, "annotations": […]}`) bring any: in other rows it is a name like others.
    """
    task = row.content
    if not isinstance(task, dict) or "annotations" not in task or not isinstance(task.get("data"), dict):
        return row
    try:
        answers = annotations_of(task)
    except RowRefused as refused:
        return row._replace(problem=str(refused))
    if answers:
        brought[row.number] = answers
    gold = gold_of(task)
    return row if gold is None else row._replace(content=task | {GOLD_ANSWER: gold})


def look_at_answers(reading: Reading, chunk: Chunk, brought: BroughtByRow) -> dict[UUID, list[Checked]]:
    """The answers of the chunk's items, by item; an item with a bad one is refused whole."""
    if not brought:
        return {}
    found: dict[UUID, list[Checked]] = {}
    bad: set[UUID] = set()
    for item in chunk.items:
        answers = brought.get(item.row - reading.after)
        if not answers or item.gold_result is not None:
            continue
        try:
            if len(item.parts) > 1:
                raise RowRefused(refusals.ANSWERS_TO_PARTS)
            found[item.id] = checked(reading.kind, item.parts[0].content, answers)
        except RowRefused as refused:
            bad.add(item.id)
            chunk.proposals -= item.parts[0].proposal is not None
            chunk.refused.append(
                {
                    "batch_id": reading.batch_id,
                    "row": item.row,
                    "external_id": item.external_id,
                    "problem": str(refused),
                    "original": storable(orjson.dumps(item.data).decode()),
                }
            )
    chunk.items[:] = [item for item in chunk.items if item.id not in bad]
    return found


def lock_record(session: Session, person_id: UUID, project_id: UUID) -> None:
    """Hold what counts the importer's answers before the batch is locked, as a submit of theirs does: one order."""
    record = work_records.c.person_id == person_id, work_records.c.project_id == project_id
    session.execute(select(work_records.c.person_id).where(*record).with_for_update())


def settle_answers(
    session: Session,
    importer: UUID,
    reading: Reading,
    chunk: Chunk,
    *,
    answered: Mapping[UUID, Sequence[Checked]],
    now: datetime,
) -> Rows:
    """The rows of the answers that came along, to be stored after the items; these take their states."""
    if not answered:
        return Rows()
    guide = newest_version(session, reading.project_id)
    assert guide is not None  # noqa: S101 -- no project is without one
    keys = {answer.key for answers in answered.values() for answer in answers}
    people = authors(session, reading.project_id, importer, keys, now)
    return Settling(reading, guide.id, people, now).settle(chunk, answered)
