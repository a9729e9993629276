"""Items with their micro-tasks and first slots, put into a batch in blocks.

The rows go to the driver in its own form, past SQLAlchemy: converting them one by one costs more than the database
does. PostgreSQL takes them by COPY.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple, cast
from uuid import UUID

import orjson
from sqlalchemy import Table
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from leye_platform.assignments.core_tables import dialect_of, items, micro_tasks, slots
from leye_platform.assignments.rules import Lane, SlotState
from leye_platform.columns import take_numbers
from leye_platform.ids import new_hex_ids
from leye_platform.projects.rules import ItemState

if TYPE_CHECKING:
    import psycopg


class NewPart(NamedTuple):
    """What becomes a micro-task. gold_labels: its known answer; proposal: what a model says of it.

    id: for whoever refers to it at once; made here where none is given. posterior: what answers that came along with
    it come to.
    """

    content: dict[str, Any]
    gold_labels: list[Any] | None = None
    proposal: dict[str, Any] | None = None
    id: UUID | None = None
    posterior: list[Any] | None = None


class NewItem(NamedTuple):
    """An item that was checked. `row`: its number in the batch, `data`: what the partner sent and gets back.

    overlap: how many answers each part asks for at first, one slot each; overlap_limit: at most. An item with a
    `gold_result` is gold: it is stock, with one slot of the gold lane for each part, whatever the overlap says.
    Where answers came along, `state` says how far they bring it, and `open_slots` how many are still asked for.
    """

    id: UUID
    row: int
    data: dict[str, Any]
    parts: Sequence[NewPart]
    overlap: int
    overlap_limit: int
    external_id: str | None = None
    gold_result: list[Any] | None = None
    source_key: str | None = None
    state: ItemState = ItemState.WAITING
    open_slots: int | None = None


_ITEM = (
    "id",
    "number",
    "batch_id",
    "project_id",
    "external_id",
    "row",
    "data",
    "source_key",
    "gold_result",
    "state",
    "created_at",
)
_TASK = (
    "id",
    "item_id",
    "batch_id",
    "project_id",
    "step",
    "part",
    "content",
    "state",
    "round",
    "overlap_wanted",
    "overlap_limit",
    "gold_labels",
    "proposal",
    "posterior",
)
_SLOT = (
    "id",
    "position",
    "batch_id",
    "item_id",
    "microtask_id",
    "lane",
    "round",
    "state",
)
WRITTEN: dict[str, frozenset[str]] = {
    "items": frozenset(_ITEM),
    "micro_tasks": frozenset(_TASK),
    "slots": frozenset(_SLOT),
}
"""The columns that are written here; all others are left empty."""


def insert_items(
    session: Session, batch_id: UUID, project_id: UUID, rows: Sequence[NewItem], now: datetime
) -> list[int]:
    """Put checked items into a batch, in this order; the items' running numbers, likewise.

    Whoever calls it holds the batch, has checked that external ids and rows are new to it, and counts what came in
    (a row or an id that is there already raises IntegrityError).
    """
    if not rows:
        return []
    session.flush()  # what is filled in below may refer to rows that still wait in the session
    numbers = take_numbers(session, "items", "number", len(rows))
    batch, project, created = batch_id.hex, project_id.hex, _moment(session, now)
    item_ids = [row.id.hex for row in rows]
    parts = [
        (row, item_id, n, part)
        for row, item_id in zip(rows, item_ids, strict=True)
        for n, part in enumerate(row.parts, start=1)
    ]
    task_ids = [
        made if part.id is None else part.id.hex
        for (_, _, _, part), made in zip(parts, new_hex_ids(len(parts)), strict=True)
    ]
    _fill(
        session,
        items,
        _ITEM,
        [
            (
                item_id,
                number,
                batch,
                project,
                row.external_id,
                row.row,
                _json(row.data),
                row.source_key,
                _json(row.gold_result),
                row.state.value,
                created,
            )
            for row, item_id, number in zip(rows, item_ids, numbers, strict=True)
        ],
    )
    _fill(
        session,
        micro_tasks,
        _TASK,
        [
            (
                task_id,
                item_id,
                batch,
                project,
                1,
                n,
                _json(part.content),
                row.state.value,
                1,
                _overlap(row),
                row.overlap_limit if row.gold_result is None else 1,
                _json(part.gold_labels),
                _json(part.proposal),
                _json(part.posterior),
            )
            for (row, item_id, n, part), task_id in zip(parts, task_ids, strict=True)
        ],
    )
    wanted = [
        (item_id, task_id, Lane.NORMAL.value if row.gold_result is None else Lane.GOLD.value)
        for (row, item_id, _, _), task_id in zip(parts, task_ids, strict=True)
        for _ in range(_open_slots(row))
    ]
    positions, open_ = take_numbers(session, "slots", "position", len(wanted)), SlotState.OPEN.value
    _fill(
        session,
        slots,
        _SLOT,
        [
            (slot_id, position, batch, item_id, task_id, lane, 1, open_)
            for (item_id, task_id, lane), slot_id, position in zip(
                wanted, new_hex_ids(len(wanted)), positions, strict=True
            )
        ],
    )
    return numbers


def _overlap(row: NewItem) -> int:
    return row.overlap if row.gold_result is None else 1


def _open_slots(row: NewItem) -> int:
    return _overlap(row) if row.open_slots is None else row.open_slots


def _json(value: object) -> str | None:
    return None if value is None else orjson.dumps(value).decode()


def _moment(session: Session, now: datetime) -> Any:
    """A moment as the driver wants it in `items.created_at`."""
    dialect = session.get_bind().dialect
    bound = items.c.created_at.type.dialect_impl(dialect).bind_processor(dialect)
    return now if bound is None else bound(now)


def _fill(session: Session, table: Table, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
    rows = list(rows)
    if not rows:
        return
    names = ", ".join(columns)
    connection = session.connection()
    if dialect_of(session) == "sqlite":
        marks = ", ".join("?" * len(columns))
        statement = f"INSERT INTO {table.name} ({names}) VALUES ({marks})"  # noqa: S608 -- literals
        connection.exec_driver_sql(statement, rows)
        return
    statement = f"COPY {table.name} ({names}) FROM STDIN"
    driver = cast("psycopg.Connection[Any]", connection.connection.driver_connection)
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    except connection.dialect.loaded_dbapi.Error as error:  # as SQLAlchemy tells it of every other statement
        dbapi = connection.dialect.loaded_dbapi
        raise DBAPIError.instance(statement, None, error, dbapi.Error, dialect=connection.dialect) from error
