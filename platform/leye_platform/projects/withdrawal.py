"""Work that ends before it is finished: what was done is paid, and nobody is asked for the rest."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from leye_platform.assignments.models import Response, Slot
from leye_platform.assignments.rules import SlotState
from leye_platform.billing.ledger import make_payable
from leye_platform.projects.models import Item, MicroTask
from leye_platform.projects.rules import FINISHED_ITEMS, ITEM_MOVES, ItemState
from leye_platform.review.models import Review
from leye_platform.review.rules import ReviewState

PART = 1000  # answers in one statement: databases limit its parameters
WITHDRAWABLE = frozenset(state for state, moves in ITEM_MOVES.items() if ItemState.WITHDRAWN in moves)


def pay_what_was_done(session: Session, batch_id: UUID, now: datetime) -> None:
    """The answers of a batch that still wait for a decision become payable. Again: nothing more happens."""
    undecided = exists().where(MicroTask.id == Response.microtask_id, MicroTask.state.not_in(FINISHED_ITEMS))
    last = 0
    while True:
        part = session.execute(
            select(Response.number, Response.id)
            .where(Response.batch_id == batch_id, Response.number > last, undecided)
            .order_by(Response.number)
            .limit(PART)
        ).all()
        make_payable(session, response_ids=[response_id for _, response_id in part], now=now)
        if len(part) < PART:
            return
        last = part[-1].number


def withdraw_unfinished(session: Session, batch_id: UUID) -> None:
    """Take back what is not decided: its items, micro-tasks, open slots and reviews. Leases may still be answered.

    Call after `pay_what_was_done`, which looks for the undecided.
    """
    here = {"synchronize_session": False}
    for model in (MicroTask, Item):
        session.execute(
            update(model)
            .where(model.batch_id == batch_id, model.state.in_(WITHDRAWABLE))
            .values(state=ItemState.WITHDRAWN),
            execution_options=here,
        )
    session.execute(
        update(Slot).where(Slot.batch_id == batch_id, Slot.state == SlotState.OPEN).values(state=SlotState.WITHDRAWN),
        execution_options=here,
    )
    session.execute(
        update(Review)
        .where(Review.batch_id == batch_id, Review.state.in_((ReviewState.OPEN, ReviewState.HELD)))
        .values(state=ReviewState.WITHDRAWN),
        execution_options=here,
    )
    session.expire_all()
