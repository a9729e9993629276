"""Leases that have run out: the answer is asked for again, and the late one stays welcome."""

from datetime import datetime

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from leye_platform.assignments.core_tables import LEASED, OPEN, assignments, micro_tasks, slots
from leye_platform.assignments.holding import uncount
from leye_platform.assignments.rules import AssignmentState, Lane, SlotState
from leye_platform.assignments.slots import SETTLE, WantedAnswer, add_slots
from leye_platform.projects.rules import ItemState

STILL_ASKED = frozenset({ItemState.WAITING, ItemState.WORKING, ItemState.REWORK})

RUN_OUT = (
    select(
        assignments.c.id,
        assignments.c.slot_id,
        assignments.c.person_id,
        slots.c.lane,
        slots.c.batch_id,
        slots.c.item_id,
        slots.c.microtask_id,
        slots.c.round,
        micro_tasks.c.state,
        micro_tasks.c.round.label("current_round"),
    )
    .join(slots, slots.c.id == assignments.c.slot_id)
    .join(micro_tasks, micro_tasks.c.id == assignments.c.microtask_id)
    .where(assignments.c.state == LEASED, assignments.c.lease_expires_at <= bindparam("now"))
    .order_by(assignments.c.lease_expires_at)
    .limit(bindparam("at_most"))
    # The micro-task too: a decision taken at this moment must not leave an open slot behind.
    .with_for_update(of=(assignments, micro_tasks), skip_locked=True, key_share=True)
)
EXPIRE = (
    update(assignments)
    .where(assignments.c.id == bindparam("assignment"))
    .values(state=AssignmentState.EXPIRED, ended_at=bindparam("now"))
)
NO_LONGER_RESERVED = (
    select(slots)
    .join(micro_tasks, micro_tasks.c.id == slots.c.microtask_id)
    .where(slots.c.state == OPEN, slots.c.reserved_for.is_not(None), slots.c.reserved_until <= bindparam("now"))
    .limit(bindparam("at_most"))
    .with_for_update(of=(slots, micro_tasks), skip_locked=True, key_share=True)
)


def expire_leases(session: Session, now: datetime, at_most: int = 200) -> int:
    """Settle at most `at_most` leases that have run out; how many there were.

    Each slot is returned and, while the micro-task still asks for answers, replaced by one at the end.
    """
    rows = session.execute(RUN_OUT, {"now": now, "at_most": at_most}).all()
    if not rows:
        return 0
    session.execute(EXPIRE, [{"assignment": row.id, "now": now} for row in rows])
    SETTLE.run_each(session, [{"slot": row.slot_id, "settled": SlotState.RETURNED} for row in rows])
    for row in sorted(rows, key=lambda row: (row.person_id, row.batch_id, row.lane)):  # two at once, in one order
        for statement, values in uncount(row.person_id, row.batch_id, row.lane, row.round):
            statement.run(session, values)
    add_slots(
        session,
        (
            WantedAnswer(row.batch_id, row.item_id, row.microtask_id, row.lane, row.round)
            for row in rows
            if row.lane is not Lane.GOLD and row.state in STILL_ASKED and row.round == row.current_round
        ),
    )
    return len(rows)


def open_to_all(session: Session, now: datetime, at_most: int = 200) -> int:
    """Rework that its author has not taken in time goes to the end of the lane, for everybody; how many.

    The others' cursors stand behind the reserved slot already: only a new one is seen by all.
    """
    rows = session.execute(NO_LONGER_RESERVED, {"now": now, "at_most": at_most}).all()
    if not rows:
        return 0
    SETTLE.run_each(session, [{"slot": row.id, "settled": SlotState.RETURNED} for row in rows])
    add_slots(session, (WantedAnswer(row.batch_id, row.item_id, row.microtask_id, row.lane, row.round) for row in rows))
    return len(rows)
