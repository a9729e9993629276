"""An answer that nobody was asked for: a firm's own member answers a task of its own projects without a lease.

It fills a slot that waits; where none does, it comes on top.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, insert, select
from sqlalchemy.orm import Session

from leye_platform.assignments.core_tables import (
    OPEN,
    assignments,
    guide_versions,
    items,
    micro_tasks,
    slots,
)
from leye_platform.assignments.holding import HOLD_SLOT, TO_WORK
from leye_platform.assignments.rules import AssignmentState, Lane, SlotState
from leye_platform.assignments.slots import ADD, WantedAnswer
from leye_platform.ids import new_id
from leye_platform.prepared import Prepared

TASK = Prepared(
    select(
        micro_tasks.c.id,
        micro_tasks.c.item_id,
        micro_tasks.c.batch_id,
        micro_tasks.c.project_id,
        micro_tasks.c.round,
        select(guide_versions.c.id)
        .where(guide_versions.c.project_id == micro_tasks.c.project_id)
        .order_by(guide_versions.c.version.desc())
        .limit(1)
        .scalar_subquery(),
    )
    .where(micro_tasks.c.item_id == bindparam("item"), micro_tasks.c.part == 1)
    .with_for_update(of=micro_tasks, key_share=True)
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
    says that it is not late all the same.
    """
    task_id, _, batch_id, project_id, in_round, guide_id = TASK.one(session, {"item": item_id})
    slot_id = WAITING_SLOT.scalar(session, {"microtask": task_id, "in_round": in_round})
    if slot_id is None:
        row = WantedAnswer(batch_id, item_id, task_id, Lane.NORMAL, in_round, state=SlotState.HELD).row()
        ADD.run(session, row)
        slot_id = row["id"]
    else:
        HOLD_SLOT.run(session, {"slot": slot_id})
    for table, subject in ((micro_tasks, task_id), (items, item_id)):
        TO_WORK[table.name].run(session, {"subject": subject})
    assignment_id = new_id()
    session.execute(
        insert(assignments),
        {
            "id": assignment_id,
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
        },
    )
    return assignment_id
