"""An answer that nobody was asked for: a firm's own member answers a task of its own projects without a lease.

It fills a slot that waits; where none does, it comes on top.
"""

from datetime import datetime
from typing import cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from leye_platform.assignments.core_tables import (
    ANSWERED_OR_HELD,
    OPEN,
    assignments,
    dialect_of,
    guide_versions,
    is_split,
    items,
    micro_tasks,
    slots,
)
from leye_platform.assignments.errors import ItemInParts
from leye_platform.assignments.holding import HOLD_SLOT, TO_WORK, add_assignment
from leye_platform.assignments.rules import AssignmentState, Lane, SlotState
from leye_platform.assignments.slots import ADD, WantedAnswer, settle_slot
from leye_platform.ids import new_id
from leye_platform.prepared import Prepared

TASK = Prepared(
    select(
        micro_tasks.c.id,
        micro_tasks.c.item_id,
        micro_tasks.c.batch_id,
        micro_tasks.c.project_id,
        micro_tasks.c.round,
        micro_tasks.c.gold_labels.is_not(None),
        select(guide_versions.c.id)
        .where(guide_versions.c.project_id == micro_tasks.c.project_id)
        .order_by(guide_versions.c.version.desc())
        .limit(1)
        .scalar_subquery(),
    ).where(micro_tasks.c.item_id == bindparam("item"), ~is_split(bindparam("item", type_=sa.Uuid)))
)
STANDING = Prepared(
    select(assignments.c.id).where(
        assignments.c.microtask_id == bindparam("microtask"),
        assignments.c.person_id == bindparam("person"),
        assignments.c.round == bindparam("in_round"),
        assignments.c.state.in_(ANSWERED_OR_HELD),
    )
)
WAITING_SLOT = Prepared(
    select(slots.c.id)
    .where(
        slots.c.microtask_id == bindparam("microtask"),
        slots.c.round == bindparam("in_round"),
        slots.c.state == OPEN,
        slots.c.lane != Lane.GOLD,
    )
    .order_by(slots.c.position)
    .limit(1)
    .with_for_update(skip_locked=True)
)


def take_unasked(session: Session, person_id: UUID, item_id: UUID, now: datetime) -> UUID:
    """An assignment of the person on the item, to be submitted in the same unit of work.

    It stands as expired, so that it takes nothing from a lease that the person holds elsewhere; `Submission.unasked`
    says that it is not late all the same. Where the same person's other request was faster, it is that one's.
    The assignment comes before its micro-task's lock, as wherever an answer is submitted. Raises ItemInParts.
    """
    task = TASK.first(session, {"item": item_id})
    if task is None:
        raise ItemInParts
    task_id, _, batch_id, project_id, in_round, gold, guide_id = task
    waiting = WAITING_SLOT.scalar(session, {"microtask": task_id, "in_round": in_round})
    slot_id = waiting
    if slot_id is None:
        lane = Lane.GOLD if gold else Lane.NORMAL
        row = WantedAnswer(batch_id, item_id, task_id, lane, in_round, state=SlotState.HELD).row()
        ADD.run(session, row)
        slot_id = row["id"]
    assignment_id = add_assignment(dialect_of(session)).scalar(
        session,
        {
            "id": new_id(),
            "slot_id": slot_id,
            "microtask_id": task_id,
            "item_id": item_id,
            "batch_id": batch_id,
            "project_id": project_id,
            "person_id": person_id,
            "guide_id": guide_id,
            "round": in_round,
            "state": AssignmentState.EXPIRED,
            "leased_at": now,
            "lease_expires_at": now,
            "active_ms": 0,
            "proposal_shown": False,
            "place": 1,
        },
    )
    if assignment_id is None:
        if waiting is None:
            settle_slot(session, slot_id, SlotState.RETURNED)
        standing = {"microtask": task_id, "person": person_id, "in_round": in_round}
        return cast(UUID, STANDING.scalar(session, standing))
    if waiting is not None:
        HOLD_SLOT.run(session, {"slot": slot_id})
    if not gold:  # the stock of gold stays as it is for the next person
        for table, subject in ((micro_tasks, task_id), (items, item_id)):
            TO_WORK[table.name].run(session, {"subject": subject})
    return cast(UUID, assignment_id)
