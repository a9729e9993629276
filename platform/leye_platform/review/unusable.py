"""A reviewer has called a micro-task unusable: what becomes of its item."""

from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from leye_platform.assignments.slots import withdraw_open
from leye_platform.projects.models import Item, MicroTask
from leye_platform.projects.rules import ITEM_MOVES, ItemState
from leye_platform.projects.withdrawal import pay_what_was_done, some_items, withdraw_unfinished
from leye_platform.review.decide import ask_for_lot_when_finished, open_review
from leye_platform.review.models import Review
from leye_platform.review.rules import UNSETTLED_STATES, ReviewCause
from leye_platform.states import check_move


def declare_unusable(session: Session, review: Review, microtask: MicroTask, now: datetime) -> None:
    """The item cannot be used, where it is one part. Of several, the part comes to review once more: whether the item
    can be delivered with something in its place, or not at all, is a decision of its own.

    The caller holds the micro-task's row lock.
    """
    session.flush()
    cut = session.scalar(select(exists().where(MicroTask.item_id == microtask.item_id, MicroTask.part > 1)))
    if cut and review.cause is not ReviewCause.PART_UNUSABLE:
        open_review(session, microtask, ReviewCause.PART_UNUSABLE, now)
        return
    if cut:
        _lock_other_parts(session, microtask)
    item = session.get_one(Item, microtask.item_id, with_for_update=True)
    microtask.state = check_move(ITEM_MOVES, microtask.state, ItemState.UNUSABLE)
    item.state = check_move(ITEM_MOVES, item.state, ItemState.UNUSABLE)
    session.flush()
    withdraw_open(session, microtask.id, microtask.round)
    if cut:
        pay_what_was_done(session, some_items([item.id]), now)
        withdraw_unfinished(session, some_items([item.id]))
    ask_for_lot_when_finished(session, microtask.batch_id, now)


def _lock_other_parts(session: Session, microtask: MicroTask) -> None:
    """Answers and reviews of other parts come before or after, never in between: in the order in which they lock."""
    others = Review.item_id == microtask.item_id, Review.state.in_(UNSETTLED_STATES)
    session.execute(select(Review.id).where(*others).order_by(Review.id).with_for_update(key_share=True))
    tasks = select(MicroTask.id).where(MicroTask.item_id == microtask.item_id).order_by(MicroTask.id)
    session.execute(tasks.with_for_update(key_share=True))
