"""The end of a micro-task's round: its decision, or the review that is to bring one.

Called inside the submit's transaction (weigh.py) and by a reviewer's verdict. The caller holds the
micro-task's row lock.
"""

from datetime import datetime
from functools import cache
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import ScalarSelect, bindparam, func, insert, select, update
from sqlalchemy.orm import Session

from leye_platform.assignments.core_tables import (
    batches,
    decisions,
    dialect_of,
    insert_into,
    items,
    micro_tasks,
    reviews,
)
from leye_platform.assignments.slots import withdraw_open, withdrawal
from leye_platform.billing.ledger import make_task_payable
from leye_platform.ids import new_id
from leye_platform.outbox import JobName, ask_for
from leye_platform.prepared import Prepared, Step, write_together
from leye_platform.projects.models import MicroTask
from leye_platform.projects.rules import FINISHED_ITEMS, ITEM_MOVES, ItemState, item_state_of
from leye_platform.review.join import join_parts
from leye_platform.review.rules import DecisionMethod, ReviewCause, ReviewState
from leye_platform.states import check_move
from leye_task_templates.consensus import Labels

NEAR_THE_END = 64
UNFINISHED_ITEMS = frozenset(ItemState) - FINISHED_ITEMS


class TaskAtHand(Protocol):
    """A micro-task with its row locked: the ORM's own, or the facts that the hot path has read."""

    @property
    def id(self) -> UUID: ...
    @property
    def item_id(self) -> UUID: ...
    @property
    def batch_id(self) -> UUID: ...
    @property
    def project_id(self) -> UUID: ...
    @property
    def round(self) -> int: ...
    @property
    def state(self) -> ItemState: ...


SET_STATE = {
    table.name: Prepared(update(table).where(table.c.id == bindparam("subject")).values(state=bindparam("reached")))
    for table in (micro_tasks, items)
}
LOCK_ITEM = Prepared(select(items.c.state).where(items.c.id == bindparam("item")).with_for_update(key_share=True))
PART_STATES = Prepared(select(micro_tasks.c.state).where(micro_tasks.c.item_id == bindparam("item")))
NEXT_VERSION = (
    select(func.coalesce(func.max(decisions.c.version), 0) + 1)
    .where(decisions.c.microtask_id == bindparam("microtask"))
    .scalar_subquery()
)
ADD_DECISION = Prepared(insert(decisions).values(version=NEXT_VERSION))


def _up_to_64_in(state: ItemState) -> ScalarSelect[int]:
    waiting = (
        select(items.c.id)
        .where(
            items.c.batch_id == bindparam("batch"),
            items.c.state == state,
            items.c.gold_result.is_(None),  # a gold item never gets a decision
        )
        .order_by(items.c.number)  # has PostgreSQL take the index, where half a large table would do as well at first
        .limit(NEAR_THE_END)
        .subquery()
    )
    return select(func.count()).select_from(waiting).scalar_subquery()


# One state at a time: for `state IN (…)` SQLite's planner prefers to walk the whole table.
UNFINISHED = Prepared(select(*(_up_to_64_in(state) for state in sorted(UNFINISHED_ITEMS))))
WAITING = Prepared(select(_up_to_64_in(ItemState.WAITING)))
LOCK_BATCH = Prepared(select(batches.c.id).where(batches.c.id == bindparam("batch")).with_for_update(key_share=True))


def record_decision(
    session: Session,
    *,
    microtask: TaskAtHand,
    method: DecisionMethod,
    labels: Labels,
    result: list[Any],
    confidence: float,
    guide_id: UUID,
    review_id: UUID | None,
    now: datetime,
) -> None:
    """Settle a micro-task: the decision's next version, the states, the pay, and the lot when the batch is finished.

    The caller holds the micro-task's row lock. Raises MoveNotAllowed where the state does not lead to decided.
    """
    row = {
        "id": new_id(),
        "microtask_id": microtask.id,
        "item_id": microtask.item_id,
        "batch_id": microtask.batch_id,
        "microtask": microtask.id,
        "round": microtask.round,
        "method": method,
        "result": result,
        "labels": labels,
        "confidence": confidence,
        "guide_id": guide_id,
        "review_id": review_id,
        "decided_at": now,
    }
    steps: list[Step] = [(ADD_DECISION, row)]
    settled = microtask.state is ItemState.DECIDED
    if not settled:
        steps += [
            _reached(micro_tasks.name, microtask.id, microtask.state, ItemState.DECIDED),
            withdrawal(microtask.id, microtask.round),
        ]
    write_together(session, steps)
    make_task_payable(session, microtask.id, now)
    only_part = getattr(microtask, "only_part", False)
    if not settled and _item_is_decided(session, microtask.item_id, now, only_part=only_part):
        ask_for_lot_when_finished(session, microtask.batch_id, now)
    elif settled and not only_part and LOCK_ITEM.scalar(session, {"item": microtask.item_id}) is ItemState.DECIDED:
        join_parts(session, microtask.item_id, now)
    if isinstance(microtask, MicroTask):
        session.refresh(microtask)


def _reached(table: str, subject: UUID, current: ItemState, wanted: ItemState) -> Step:
    check_move(ITEM_MOVES, current, wanted)
    return SET_STATE[table], {"subject": subject, "reached": wanted}


def _reach(session: Session, table: str, subject: UUID, current: ItemState, wanted: ItemState) -> None:
    write_together(session, [_reached(table, subject, current, wanted)])


def _item_is_decided(session: Session, item_id: UUID, now: datetime, *, only_part: bool) -> bool:
    """Whether this was the item's last open part; its row lock keeps two last parts from missing each other."""
    state = LOCK_ITEM.scalar(session, {"item": item_id})
    parts = [ItemState.DECIDED] if only_part else [row[0] for row in PART_STATES.all(session, {"item": item_id})]
    reached = item_state_of(parts)
    if reached is not state:
        _reach(session, items.name, item_id, state, reached)
    if reached is ItemState.DECIDED and len(parts) > 1:
        join_parts(session, item_id, now)
    return reached is ItemState.DECIDED


def ask_for_lot_when_finished(session: Session, batch_id: UUID, now: datetime) -> None:
    """Ask for the batch's lot once no item of it waits for anything.

    Near the end deciders go one by one (the batch's row lock), so that of two last ones one sees both.
    """
    batch = {"batch": batch_id}
    if WAITING.scalar(session, batch) >= NEAR_THE_END or sum(UNFINISHED.one(session, batch)) >= NEAR_THE_END:
        return
    LOCK_BATCH.run(session, batch)
    if sum(UNFINISHED.one(session, batch)) == 0:
        ask_for(session, JobName.ASSEMBLE_LOT, {"batch_id": str(batch_id)}, now, once_for=batch_id)


def put_back_to_work(session: Session, microtask: TaskAtHand, now: datetime) -> None:
    """Nothing settles a micro-task any more: it waits for answers, and so does its item. Raises MoveNotAllowed."""
    _reach(session, micro_tasks.name, microtask.id, microtask.state, ItemState.WORKING)
    _item_is_decided(session, microtask.item_id, now, only_part=False)


@cache
def _add_review(dialect: str) -> Prepared:
    return Prepared(insert_into(dialect, reviews).on_conflict_do_nothing())


def open_review(session: Session, microtask: TaskAtHand, cause: ReviewCause, now: datetime) -> None:
    """Hand a micro-task to the reviewers; nothing where it is with them already.

    Open slots are withdrawn: the reviewer decides now. Raises MoveNotAllowed.
    """
    row = {
        "id": new_id(),
        "microtask_id": microtask.id,
        "item_id": microtask.item_id,
        "batch_id": microtask.batch_id,
        "project_id": microtask.project_id,
        "round": microtask.round,
        "cause": cause,
        "state": ReviewState.OPEN,
        "pay_micros": 0,
        "opened_at": now,
    }
    _add_review(dialect_of(session)).run(session, row)
    if microtask.state is not ItemState.REVIEW:
        _reach(session, micro_tasks.name, microtask.id, microtask.state, ItemState.REVIEW)
        withdraw_open(session, microtask.id, microtask.round)
    state = LOCK_ITEM.scalar(session, {"item": microtask.item_id})
    if state is not ItemState.REVIEW:
        _reach(session, items.name, microtask.item_id, state, ItemState.REVIEW)
    if isinstance(microtask, MicroTask):
        session.refresh(microtask)
