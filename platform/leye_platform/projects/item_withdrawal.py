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
from leye_platform.projects.rules import LONGEST_EXTERNAL_ID, BatchState, storable_text
from leye_platform.projects.withdrawal import (
    PART,
    WITHDRAWABLE,
    pay_what_was_done,
    some_items,
    withdraw_unfinished,
)
from leye_platform.review.models import Review
from leye_platform.review.rules import UNSETTLED

MOST_NAMES = 10_000
ROW_SIGN = "#"
LAST_ROW = 2**31 - 1
NOT_READ = frozenset({BatchState.UPLOADING, BatchState.INGESTING})


@dataclass(frozen=True)
class ItemNames:
    """Items of a batch by external id, or by their row in the batch (from 1, the table's head not counted).

    typed: an id like `#12` that no item has means row 12, for uploads without ids.
    """

    external_ids: Sequence[str] = ()
    rows: Sequence[int] = ()
    typed: bool = False

    @classmethod
    def from_lines(cls, text: str) -> "ItemNames":
        """A name on each line, as somebody types them."""
        return cls(list(dict.fromkeys(line for line in map(str.strip, text.splitlines()) if line)), typed=True)


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
    found, rows = Sorted(), list(names.rows)
    sound = [name for name in names.external_ids if _can_be_an_id(name)]
    found.unknown += [
        storable_text(name)[:LONGEST_EXTERNAL_ID] for name in names.external_ids if not _can_be_an_id(name)
    ]
    for external_id, item in _looked_up(session, batch.id, Item.external_id, sound):
        if item is None and names.typed and (row := _row_typed(external_id)) is not None:
            rows.append(row)
        else:
            _sort(found, external_id, item)
    found.unknown += [f"{ROW_SIGN}{row}" for row in rows if not 0 < row <= LAST_ROW]
    for row, item in _looked_up(session, batch.id, Item.row, [row for row in rows if 0 < row <= LAST_ROW]):
        _sort(found, f"{ROW_SIGN}{row}", item)
    found.items = list(dict.fromkeys(found.items))
    return found


def _can_be_an_id(name: str) -> bool:
    return len(name) <= LONGEST_EXTERNAL_ID and name == storable_text(name)


def _row_typed(line: str) -> int | None:
    """12 for `#12`; None for anything else."""
    digits = line.removeprefix(ROW_SIGN)
    return int(digits) if line != digits and digits.isascii() and digits.isdigit() and len(digits) < 11 else None


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
        # An answer or a review that is being given at this moment comes before or after all this, never in between.
        # Reviews before micro-tasks, as whoever settles one takes them; keys stay free for what names them.
        reviews = select(Review.id).where(Review.item_id.in_(part), Review.state.in_(UNSETTLED)).order_by(Review.id)
        session.execute(reviews.with_for_update(key_share=True))
        tasks = select(MicroTask.id).where(MicroTask.item_id.in_(part)).order_by(MicroTask.id)
        session.execute(tasks.with_for_update(key_share=True))
    # The batch last, as a submit does that finds its batch finished.
    session.refresh(batch, with_for_update={"key_share": True})
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
