"""Where decided items stand while they serve as gold: one open slot each, in the gold lane of an open batch."""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from leye_platform.assignments.core_tables import OPEN
from leye_platform.assignments.models import Reservation, Slot
from leye_platform.assignments.rules import GOLD_ROUND, SLOT_MOVES, Lane, SlotState
from leye_platform.assignments.slots import WantedAnswer, add_slots
from leye_platform.gold.models import RenewedGold
from leye_platform.ids import new_id
from leye_platform.projects.models import Batch, Item, MicroTask
from leye_platform.projects.rules import BatchState
from leye_platform.states import check_move

RANDOM_BITS = 62
"""What is random of an id; what stands before it tells when it was made (ids.py)."""


@dataclass(frozen=True)
class Lanes:
    """The batches of a project that may hold gold: those that are open, and of these the ones open to everybody, the
    one that was opened last before the others: it will stay open longest."""

    open: frozenset[UUID]
    to_all: Sequence[UUID]

    def batch_for(self, home: UUID) -> UUID | None:
        """The batch in whose lane an item is to stand: its own while that is open."""
        return home if home in self.open else next(iter(self.to_all), None)


def lanes_of(session: Session, project_id: UUID, now: datetime) -> Lanes:
    """The batches as they are now. What is kept for a team is told apart by its term alone, not by its quota."""
    found = session.execute(
        select(Batch.id)
        .where(Batch.project_id == project_id, Batch.state == BatchState.OPEN)
        .order_by(Batch.opened_at.desc(), Batch.number.desc())
    )
    batches = [batch_id for (batch_id,) in found]
    kept = set(
        session.scalars(
            select(Reservation.batch_id).where(
                Reservation.batch_id.in_(batches), Reservation.ended_at.is_(None), Reservation.until > now
            )
        )
    )
    return Lanes(frozenset(batches), [batch_id for batch_id in batches if batch_id not in kept])


def give_places(session: Session, new: Sequence[RenewedGold], lanes: Lanes) -> None:
    """Add items that come into use, and give each its place. The caller has looked that there is one."""
    wanted = []
    for gold in new:
        batch_id = lanes.batch_for(gold.batch_id)
        assert batch_id is not None  # noqa: S101 -- the caller looked
        shown_as = None if batch_id == gold.batch_id else _made_like_one_of(session, batch_id)
        wanted.append(WantedAnswer(batch_id, gold.item_id, gold.microtask_id, Lane.GOLD, GOLD_ROUND, shown_as=shown_as))
    session.add_all(new)
    session.flush()
    add_slots(session, wanted)


def move_on(session: Session, microtask_ids: Collection[UUID], lanes: Lanes) -> None:
    """Give items in use that stand in no open batch any more their place in one, where there is one."""
    if not microtask_ids:
        return
    in_use = (RenewedGold.microtask_id.in_(microtask_ids), RenewedGold.retired_at.is_(None))
    rows = session.scalars(select(RenewedGold).where(*in_use).with_for_update()).all()
    standing = session.scalars(
        select(Slot.microtask_id).where(*_open(microtask_ids), Slot.batch_id.in_(lanes.open))
    ).all()
    moving = [row for row in rows if row.microtask_id not in standing and lanes.batch_for(row.batch_id)]
    take_out_of_lanes(session, [row.microtask_id for row in moving])
    give_places(session, moving, lanes)


def take_out_of_lanes(session: Session, microtask_ids: Collection[UUID]) -> None:
    """Hand these out no more. Who has one in hand may still answer, and is paid."""
    for slot in session.scalars(select(Slot).where(*_open(microtask_ids)).with_for_update()).all():
        slot.state = check_move(SLOT_MOVES, slot.state, SlotState.WITHDRAWN)
    session.flush()


def _open(microtask_ids: Collection[UUID]) -> tuple[ColumnElement[bool], ...]:
    return Slot.microtask_id.in_(microtask_ids), Slot.round == GOLD_ROUND, Slot.state == OPEN


def _made_like_one_of(session: Session, batch_id: UUID) -> UUID:
    """An id that nobody has, made when one of the batch's own tasks was, as far as can be seen; which one is drawn.

    Ids of a file's tasks follow each other without a gap, so any moment between them is one of theirs.
    """
    rows = session.scalar(select(func.max(Item.row)).where(Item.batch_id == batch_id)) or 0
    drawn = select(MicroTask.id).join(Item, Item.id == MicroTask.item_id).where(Item.batch_id == batch_id)
    here = drawn.where(Item.row >= secrets.randbelow(rows + 1)).order_by(Item.row, MicroTask.part).limit(1)
    like = session.scalar(here) or new_id()
    return UUID(int=like.int >> RANDOM_BITS << RANDOM_BITS | secrets.randbits(RANDOM_BITS))
