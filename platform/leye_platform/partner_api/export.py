"""A project's tasks as Label Studio exports them as JSON, streamed: responses as annotations, the decision predicted.

What the database keeps as JSON goes out as it lies there, without being read: that is what makes it quick.
"""

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import Select, String, cast, func, select, type_coerce
from sqlalchemy.orm import Session

from leye_platform.assignments.core_tables import batches, decisions, is_split, items, micro_tasks, people, responses
from leye_platform.partner_api.annotations import KEPT
from leye_platform.partner_api.bodies import at
from leye_platform.partner_api.pictures import with_plain_pictures
from leye_platform.partner_api.tasks import DECIDED_BY, DONE, no_longer_kept
from leye_platform.projects.rules import ItemState
from leye_platform.retention.errors import DataErased
from leye_platform.review.join import joined_of

CHUNK = 500
_PARTS = micro_tasks.alias()
_ANSWERED = (
    select(responses.c.id)
    .join(_PARTS, _PARTS.c.id == responses.c.microtask_id)
    .where(_PARTS.c.item_id == items.c.id, responses.c.gold.is_(False))
    .limit(1)
    .correlate(items)
    .scalar_subquery()
    .is_not(None)
)
"""Whether a task has an answer to show, so that the others are not read. Not EXISTS: of that PostgreSQL makes a hash of
all answers, anew for each chunk."""


class _Task(NamedTuple):
    id: UUID
    number: int
    data: str
    row: int
    external_id: str | None
    state: ItemState
    created_at: Any
    gold: str | None
    overlap: int


def export_tasks(
    session: Session, project_id: UUID, project: int, *, unanswered: bool, pictures: bool
) -> Iterator[bytes]:
    """One JSON array of tasks. unanswered: tasks without an answer too. pictures: the data name some."""
    opening = b"["
    last = -1
    tasks = _tasks(session, project_id)
    gone = no_longer_kept(session, [project_id])
    if gone:
        tasks = tasks.where(items.c.batch_id.not_in(gone))
    if not unanswered:
        tasks = tasks.where(_ANSWERED | items.c.gold_result.is_not(None))
    while True:
        rows = [_Task(*row) for row in session.execute(tasks.where(items.c.number > last))]
        if not rows:
            break
        annotations, decided = _annotations(session, project_id, project, rows), _decisions(session, rows)
        parts = []
        for row in rows:
            given = annotations.get(row.number, [])
            shown = _with_plain_pictures(row) if pictures else row
            parts += [opening, _task(shown, project, given, decided.get(row.id))]
            opening = b","
        yield b"".join(parts)
        if len(rows) < CHUNK:
            break
        last = rows[-1].number
    yield b"[]" if opening == b"[" else b"]"


def check_some_kept(session: Session, project_id: UUID) -> None:
    """Raises DataErased where the project had tasks, and the content of all of them was erased."""
    kept = select(batches.c.id).where(batches.c.project_id == project_id, batches.c.data_state == KEPT).limit(1)
    if session.execute(kept).first() is None and no_longer_kept(session, [project_id]):
        raise DataErased


def _with_plain_pictures(row: _Task) -> _Task:
    return row._replace(data=orjson.dumps(with_plain_pictures(orjson.loads(row.data))).decode())


def _raw(session: Session, column: Any) -> Any:
    """A JSON column as the text that it is."""
    if session.get_bind().dialect.name == "sqlite":
        return type_coerce(column, String)
    return cast(column, String)


def _length(session: Session, column: Any) -> Any:
    """How many there are in a JSON column that is an array."""
    if session.get_bind().dialect.name == "sqlite":
        return func.json_array_length(column)
    return func.jsonb_array_length(column)


def _tasks(session: Session, project_id: UUID) -> Select[*tuple[Any, ...]]:
    return (
        select(
            items.c.id,
            items.c.number,
            _raw(session, items.c.data),
            items.c.row,
            items.c.external_id,
            items.c.state,
            items.c.created_at,
            _raw(session, items.c.gold_result),
            micro_tasks.c.overlap_wanted,
        )
        .join(
            micro_tasks, (micro_tasks.c.item_id == items.c.id) & (micro_tasks.c.step == 1) & (micro_tasks.c.part == 1)
        )
        .where(items.c.project_id == project_id, items.c.state != ItemState.WITHDRAWN)
        .order_by(items.c.number)
        .limit(CHUNK)
    )


def _annotations(session: Session, project_id: UUID, project: int, rows: list[_Task]) -> dict[int, list[bytes]]:
    """The answers to each task, by its number."""
    regions = func.coalesce(responses.c.as_sent, responses.c.result)
    query = (
        select(
            responses.c.number,
            _raw(session, regions),
            _length(session, regions),
            responses.c.active_ms,
            responses.c.submitted_at,
            func.coalesce(responses.c.corrected_at, responses.c.submitted_at),
            people.c.number,
            items.c.number,
        )
        .select_from(items)
        .join(micro_tasks, micro_tasks.c.item_id == items.c.id)
        .join(responses, responses.c.microtask_id == micro_tasks.c.id)
        .join(people, people.c.id == responses.c.person_id)
        .where(
            items.c.project_id == project_id,
            items.c.number.between(rows[0].number, rows[-1].number),
            responses.c.gold.is_(False),
            ~is_split(items.c.id),
        )
        .order_by(items.c.number, responses.c.number)
    )
    by_task = groupby(session.execute(query), key=itemgetter(-1))
    return {task: [_annotation(row, project) for row in group] for task, group in by_task}


def _annotation(row: Any, project: int) -> bytes:
    number, result, regions, active_ms, given, changed, author, task = row
    return (
        f'{{"id":{number},"completed_by":{author},"result":{result},"was_cancelled":false,"ground_truth":false,'
        f'"created_at":"{at(given)}","updated_at":"{at(changed)}","draft_created_at":null,'
        f'"lead_time":{active_ms / 1000},"prediction":{{}},"result_count":{regions},"unique_id":null,'
        f'"import_id":null,"last_action":null,"bulk_created":false,"task":{task},"project":{project},'
        f'"updated_by":{author},"parent_prediction":null,"parent_annotation":null,"last_created_by":null}}'
    ).encode()


def _decisions(session: Session, rows: list[_Task]) -> dict[UUID, tuple[str, float, Any]]:
    wanted = [row.id for row in rows if row.state in DONE]
    if not wanted:
        return {}
    query = (
        select(decisions.c.item_id, _raw(session, decisions.c.result), decisions.c.confidence, decisions.c.decided_at)
        .where(decisions.c.item_id.in_(wanted))
        .order_by(decisions.c.version)
    )
    found = {row[0]: (row[1], row[2], row[3]) for row in session.execute(query)}
    for item_id, joined in joined_of(session, wanted).items():
        found[item_id] = orjson.dumps(joined.result).decode(), joined.confidence, joined.decided_at
    return found


def _task(row: _Task, project: int, annotations: list[bytes], decided: tuple[str, float, Any] | None) -> bytes:
    if row.gold is not None:
        annotations = [
            f'{{"id":0,"result":{row.gold},"ground_truth":true,"was_cancelled":false,"task":{row.number}}}'.encode()
        ]
    predictions = ""
    if decided is not None:
        result, confidence, moment = decided
        predictions = (
            f'{{"id":{row.number * 2 + 1},"model_version":"{DECIDED_BY}","score":{round(confidence, 6)},'
            f'"result":{result},"task":{row.number},"project":{project},"created_at":"{at(moment)}"}}'
        )
    meta = b"{}" if row.external_id is None else orjson.dumps({"external_id": row.external_id})
    when = at(row.created_at)
    return b"".join(
        (
            f'{{"id":{row.number},"annotations":['.encode(),
            b",".join(annotations),
            f'],"file_upload":null,"drafts":[],"predictions":[{predictions}],"data":{row.data},"meta":'.encode(),
            meta,
            f',"created_at":"{when}","updated_at":"{when}","inner_id":{row.row},'
            f'"total_annotations":{len(annotations)},"cancelled_annotations":0,'
            f'"total_predictions":{int(decided is not None)},"allow_skip":true,'
            f'"comment_count":0,"unresolved_comment_count":0,'
            f'"last_comment_updated_at":null,"project":{project},"updated_by":null,"comment_authors":[]}}'.encode(),
        )
    )
