"""Turning a locked slot into an assignment, and moving the claimant's cursors past what was looked at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import cast
from uuid import UUID

from sqlalchemy import bindparam, case, select, update
from sqlalchemy.orm import Session

from leye_platform.assignments.core_tables import (
    LEASED,
    assignments,
    cursors,
    dialect_of,
    guide_readings,
    insert_into,
    items,
    micro_tasks,
    one_of,
    slots,
)
from leye_platform.assignments.lanes import Claimant, LaneKey, LaneState, TakenSlot
from leye_platform.assignments.rules import AssignmentState, Lane, SlotState, lease_length
from leye_platform.assignments.slots import ADD, WantedAnswer, settle_slot
from leye_platform.guides.errors import GuideNotConfirmed
from leye_platform.guides.models import ReadingHow
from leye_platform.ids import new_id
from leye_platform.prepared import Prepared, Step, write_together
from leye_platform.projects.rules import ItemState

BEFORE_WORK = frozenset({ItemState.WAITING, ItemState.REWORK})
HOLD_SLOT = Prepared(update(slots).where(slots.c.id == bindparam("slot")).values(state=SlotState.HELD))
TO_WORK = {
    table.name: Prepared(
        update(table)
        .where(table.c.id == bindparam("subject"), one_of(table.c.state, BEFORE_WORK))
        .values(state=ItemState.WORKING)
    )
    for table in (micro_tasks, items)
}
OWN_LEASE = Prepared(
    select(assignments.c.id)
    .where(assignments.c.person_id == bindparam("person"), assignments.c.state == LEASED)
    .order_by(assignments.c.place)
    .limit(1)
)


@cache
def add_assignment(dialect: str) -> Prepared:
    """Add an assignment and give its id; nothing where the person has one of the round, or another lease."""
    return Prepared(insert_into(dialect, assignments).on_conflict_do_nothing().returning(assignments.c.id))


@cache
def _add_reading(dialect: str) -> Prepared:
    return Prepared(insert_into(dialect, guide_readings).on_conflict_do_nothing())


@cache
def _put_cursors(dialect: str) -> Prepared:
    adding = insert_into(dialect, cursors)
    ahead = case((adding.excluded.position > cursors.c.position, adding.excluded.position), else_=cursors.c.position)
    return Prepared(
        adding.on_conflict_do_update(
            index_elements=[cursors.c.person_id, cursors.c.batch_id, cursors.c.lane],
            set_={
                "position": ahead,
                "swept": adding.excluded.swept,
                "taken": cursors.c.taken + adding.excluded.taken,
            },
        )
    )


@dataclass(frozen=True, slots=True)
class Claimed:
    """An assignment under a lease; `new` is False where the person already held it."""

    assignment_id: UUID
    new: bool


def hold(session: Session, who: Claimant, taken: TakenSlot, *, by_switch: bool, place: int = 1) -> Claimed | None:
    """Hold a locked slot for the claimant, in one of the places that they may hold tasks in.

    Where their other request was faster, the unique index lets only one through and that lease is given.
    None where neither can be: the slot stays open. Raises GuideNotConfirmed where the project's guide has changed
    since the claimant's last task of it.
    """
    if taken.guide_known not in {None, taken.guide_version}:
        page = f"/guides/{taken.project_id}/changes"
        raise GuideNotConfirmed(project=str(taken.project_id), version=taken.guide_version, page=page)
    slot_id = _slot_of_its_own(session, taken) if taken.lane is Lane.GOLD else taken.slot_id
    row = {
        "id": new_id(),
        "slot_id": slot_id,
        "microtask_id": taken.microtask_id,
        "item_id": taken.item_id,
        "batch_id": taken.batch_id,
        "project_id": taken.project_id,
        "person_id": who.person_id,
        "guide_id": taken.guide_id,
        "round": taken.round,
        "state": AssignmentState.LEASED,
        "leased_at": who.now,
        "lease_expires_at": who.now + lease_length(taken.lease_minutes, by_switch=by_switch),
        "active_ms": 0,
        "proposal_shown": taken.proposal_due,
        "place": place,
    }
    stored = add_assignment(dialect_of(session)).scalar(session, row)
    if stored is None:
        if taken.lane is Lane.GOLD:
            settle_slot(session, slot_id, SlotState.RETURNED)
        lease = OWN_LEASE.scalar(session, {"person": who.person_id})
        return None if lease is None else Claimed(lease, new=False)
    if taken.lane is not Lane.GOLD:  # a gold item never shows the partner that somebody works on it
        write_together(session, [(HOLD_SLOT, {"slot": slot_id}), *_begin_work(taken)])
    if taken.guide_known is None:
        _begin_reading(session, who, taken)
    return Claimed(stored, new=True)


def _begin_reading(session: Session, who: Claimant, taken: TakenSlot) -> None:
    """The first task of a project comes with its guide: that version is the one the claimant knows."""
    reading = {
        "person_id": who.person_id,
        "project_id": taken.project_id,
        "version": taken.guide_version,
        "guide_id": taken.guide_id,
        "how": ReadingHow.BEGUN,
        "at": who.now,
    }
    _add_reading(dialect_of(session)).run(session, reading)


def _slot_of_its_own(session: Session, taken: TakenSlot) -> UUID:
    """The stock of gold stays open for the next person; this answer has a slot of its own."""
    where = (taken.batch_id, taken.item_id, taken.microtask_id, Lane.GOLD, taken.round)
    row = WantedAnswer(*where, SlotState.HELD, shown_as=taken.shown_as).row()
    ADD.run(session, row)
    return cast(UUID, row["id"])


def _begin_work(taken: TakenSlot) -> list[Step]:
    return [
        (TO_WORK[table.name], {"subject": subject})
        for table, state, subject in (
            (micro_tasks, taken.microtask_state, taken.microtask_id),
            (items, taken.item_state, taken.item_id),
        )
        if state in BEFORE_WORK
    ]


def move_cursors(
    session: Session,
    who: Claimant,
    lanes: Sequence[LaneState],
    taken: Sequence[TakenSlot] = (),
    swept: Mapping[LaneKey, int] = MappingProxyType({}),
) -> None:
    """One statement for all lanes: behind the slots taken, behind lanes without a suitable one, and the sweep's.

    What was found by the sweep lies behind the cursor already and moves nothing; it is counted all the same.
    """
    rows = []
    for lane in lanes:
        own = [slot for slot in taken if (slot.batch_id, slot.lane) == lane.key]
        position, behind = max(lane.cursor, *(slot.position for slot in own), 0), swept.get(lane.key, lane.swept)
        if lane.found is None and lane.last is not None:
            position = max(position, lane.last)
        counted = sum(slot.round == 1 for slot in own) if lane.lane is not Lane.GOLD else 0
        if (position, behind, counted) != (lane.cursor, lane.swept, 0):
            row = {"person_id": who.person_id, "batch_id": lane.batch_id, "lane": lane.lane}
            rows.append(row | {"position": position, "swept": behind, "taken": counted})
    if rows:
        _put_cursors(dialect_of(session)).run_each(session, rows)


UNCOUNT = Prepared(
    update(cursors)
    .where(
        cursors.c.person_id == bindparam("person"),
        cursors.c.batch_id == bindparam("batch"),
        cursors.c.lane == bindparam("in_lane"),
        cursors.c.taken > 0,
    )
    .values(taken=cursors.c.taken - 1)
)


def uncount(person_id: UUID, batch_id: UUID, lane: Lane, round_: int) -> list[Step]:
    """What takes a task given back out of what its holder has taken of the batch."""
    if lane is Lane.GOLD or round_ != 1:
        return []
    return [(UNCOUNT, {"person": person_id, "batch": batch_id, "in_lane": lane})]
