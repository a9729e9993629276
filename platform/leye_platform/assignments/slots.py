"""Slots join the queue at its end; a returned one is replaced by a new one, never put back."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from leye_platform.assignments.core_tables import OPEN, slots
from leye_platform.assignments.rules import Lane, SlotState
from leye_platform.ids import new_id
from leye_platform.prepared import Prepared, Step


@dataclass(frozen=True, slots=True)
class WantedAnswer:
    """One answer asked for, to become a slot. `reserved_for` has it first, until `reserved_until`.

    shown_as: of the `Slot`.
    """

    batch_id: UUID
    item_id: UUID
    microtask_id: UUID
    lane: Lane
    round: int
    state: SlotState = SlotState.OPEN
    reserved_for: UUID | None = None
    reserved_until: datetime | None = None
    shown_as: UUID | None = None

    def row(self) -> dict[str, Any]:
        """The slot's columns, with an id of its own."""
        return {name: getattr(self, name) for name in self.__slots__} | {"id": new_id()}


ADD = Prepared(insert(slots))
SETTLE = Prepared(update(slots).where(slots.c.id == bindparam("slot")).values(state=bindparam("settled")))
# A slot that someone is claiming at this moment is left to them: their answer comes on top.
WITHDRAW = Prepared(
    update(slots)
    .where(
        slots.c.id.in_(
            select(slots.c.id)
            .where(
                slots.c.microtask_id == bindparam("microtask"),
                slots.c.round == bindparam("in_round"),
                slots.c.state == OPEN,
                slots.c.lane != Lane.GOLD,
            )
            .order_by(slots.c.position.desc())
            .limit(bindparam("at_most"))
            .with_for_update(skip_locked=True)
        )
    )
    .values(state=SlotState.WITHDRAWN)
)


def add_slots(session: Session, wanted: Iterable[WantedAnswer]) -> None:
    """Put answers asked for at the end of their lanes, in this order."""
    ADD.run_each(session, [answer.row() for answer in wanted])


def settle_slot(session: Session, slot_id: UUID, state: SlotState) -> None:
    """Give a held slot its end: answered or returned."""
    SETTLE.run(session, {"slot": slot_id, "settled": state})


def withdrawal(microtask_id: UUID, in_round: int, *, at_most: int = 1000) -> Step:
    """What withdraws open slots of a micro-task's round, the newest first."""
    return WITHDRAW, {"microtask": microtask_id, "in_round": in_round, "at_most": at_most}


def withdraw_open(session: Session, microtask_id: UUID, in_round: int, *, at_most: int = 1000) -> int:
    """Withdraw open slots of a micro-task's round, the newest first; how many."""
    statement, values = withdrawal(microtask_id, in_round, at_most=at_most)
    return statement.run(session, values)
