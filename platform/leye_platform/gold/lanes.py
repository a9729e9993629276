"""Where decided items stand while they serve as gold: one open slot each, in the gold lane of an open batch."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from leye_platform.assignments.core_tables import OPEN
from leye_platform.assignments.models import Reservation, Slot
from leye_platform.assignments.rules import GOLD_ROUND, SLOT_MOVES, Lane, SlotState
from leye_platform.assignments.slots import WantedAnswer, add_slots
from leye_platform.gold.models import RenewedGold
from leye_platform.projects.models import Batch, MicroTask
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


def put_into_lane(session: Session, gold: RenewedGold, lanes: Lanes) -> None:
    """Give an item in use its place in an open batch; nothing where it has one. The caller has locked its row."""
    batch_id = lanes.batch_for(gold.batch_id)
    standing = session.scalars(_open_slots(gold.microtask_id)).all()
    if batch_id is None or any(slot.batch_id in lanes.open for slot in standing):
        return
    take_out_of_lanes(session, gold.microtask_id)
    gold.shown_as = None if batch_id == gold.batch_id else _id_like_those_of(session, batch_id)
    session.flush()
    add_slots(session, [WantedAnswer(batch_id, gold.item_id, gold.microtask_id, Lane.GOLD, GOLD_ROUND)])


def take_out_of_lanes(session: Session, microtask_id: UUID) -> None:
    """Hand it out no more. Who has it in hand may still answer, and is paid."""
    for slot in session.scalars(_open_slots(microtask_id).with_for_update()).all():
        slot.state = check_move(SLOT_MOVES, slot.state, SlotState.WITHDRAWN)
    session.flush()


def _open_slots(microtask_id: UUID) -> Select[Slot]:
    return select(Slot).where(Slot.microtask_id == microtask_id, Slot.round == GOLD_ROUND, Slot.state == OPEN)


def _id_like_those_of(session: Session, batch_id: UUID) -> UUID | None:
    like = session.scalar(select(MicroTask.id).where(MicroTask.batch_id == batch_id).limit(1))
    return None if like is None else UUID(int=like.int >> RANDOM_BITS << RANDOM_BITS | secrets.randbits(RANDOM_BITS))
