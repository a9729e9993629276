"""Single items that a partner takes back from a batch, named as the partner names them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from leye_platform.actor import Actor
from leye_platform.audit import record
from leye_platform.projects.errors import BatchBeingRead, TooManyNames
from leye_platform.projects.models import Batch, Item, MicroTask
from leye_platform.projects.rules import BatchState
from leye_platform.projects.withdrawal import (
    PART,
    WITHDRAWABLE,
    pay_what_was_done,
    some_items,
    withdraw_unfinished,
)

MOST_NAMES = 10_000
ROW_SIGN = "#"
NOT_READ = frozenset({BatchState.UPLOADING, BatchState.INGESTING})


@dataclass(frozen=True)
class ItemNames:
    """Items of a batch by external id, or by their row in the upload (from 1, the table's head not counted)."""

    external_ids: Sequence[str] = ()
    rows: Sequence[int] = ()

    @classmethod
    def typed(cls, text: str) -> "ItemNames":
        """From lines of text: an external id each, or `#12` for row 12 where the upload had no ids."""
        lines = list(dict.fromkeys(line for line in map(str.strip, text.splitlines()) if line))
        rows = [line for line in lines if line.startswith(ROW_SIGN) and line[1:].isascii() and line[1:].isdigit()]
        return cls([line for line in lines if line not in set(rows)], [int(row[1:]) for row in rows])


@dataclass
class Sorted:
    """The items that can be withdrawn; and the names of those that cannot, because they are `kept` or `unknown`.

    kept: it has a result already, was withdrawn before, or is a gold item.
    """

    items: list[UUID] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


def sort_out(session: Session, batch: Batch, names: ItemNames) -> Sorted:
    """Which of the named items can be withdrawn now.

    Raises BatchBeingRead (a name that is not there may yet come), TooManyNames.
    """
    if batch.state in NOT_READ:
        raise BatchBeingRead
    if len(names.external_ids) + len(names.rows) > MOST_NAMES:
        raise TooManyNames(limit=MOST_NAMES)
    found = Sorted()
    for external_id, item in _looked_up(session, batch.id, Item.external_id, names.external_ids):
        _sort(found, external_id, item)
    for row, item in _looked_up(session, batch.id, Item.row, names.rows):
        _sort(found, f"{ROW_SIGN}{row}", item)
    found.items = list(dict.fromkeys(found.items))
    return found


def _looked_up(
    session: Session, batch_id: UUID, column: InstrumentedAttribute[Any], names: Iterable[Any]
) -> Iterator[tuple[Any, Item | None]]:
    """Each name once, with its item as it is in the database now."""
    for part in _parts(list(dict.fromkeys(names))):
        query = select(Item).where(Item.batch_id == batch_id, column.in_(part))
        fresh = session.scalars(query.execution_options(populate_existing=True))
        there = {getattr(item, column.key): item for item in fresh}
        yield from ((name, there.get(name)) for name in part)


def _parts(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (values[start : start + PART] for start in range(0, len(values), PART))


def _sort(found: Sorted, name: str, item: Item | None) -> None:
    if item is None:
        found.unknown.append(name)
    elif item.state in WITHDRAWABLE and item.gold_result is None:
        found.items.append(item.id)
    else:
        found.kept.append(name)


def withdraw_items(session: Session, actor: Actor, batch: Batch, names: ItemNames, now: datetime) -> Sorted:
    """Take items back: the answers to them are paid, nobody is asked for more, the partner isn't billed for them.

    Again: nothing more happens. Raises BatchBeingRead, TooManyNames.
    """
    for part in _parts(sort_out(session, batch, names).items):
        # An answer that is being given at this moment comes before or after all this, never in between.
        locked = select(MicroTask.id).where(MicroTask.item_id.in_(part)).order_by(MicroTask.id)
        session.execute(locked.with_for_update())
    found = sort_out(session, batch, names)
    for part in _parts(found.items):
        pay_what_was_done(session, some_items(part), now)
        withdraw_unfinished(session, some_items(part))
    if found.items:
        record(
            session,
            at=now,
            person_id=actor.person_id,
            action="batch.withdraw_items",
            subject_id=batch.id,
            items=len(found.items),
        )
    return found
