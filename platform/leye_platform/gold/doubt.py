"""What follows where most people answer decided items otherwise than they were decided."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import case, select, update
from sqlalchemy.orm import Session

from leye_platform.assignments.models import WorkRecord
from leye_platform.delivery.models import LotItem
from leye_platform.delivery.rules import LotItemState
from leye_platform.projects.models import Batch, Item, MicroTask
from leye_platform.projects.rules import BatchState, ItemState
from leye_platform.review.decide import open_review
from leye_platform.review.rules import ReviewCause


def doubt(
    session: Session, project_id: UUID, doubts: Sequence[tuple[MicroTask, Collection[UUID]]], now: datetime
) -> None:
    """Count nobody's answer as wrong any more, and put the items before a reviewer, as far as that can be.

    What lies in a lot stands, and so does what nobody could review, because its batch is not open: there the
    coordinator sees it on the project's page of gold. doubts: micro-tasks, and whose answers were counted as wrong. The
    caller holds the micro-tasks' row locks. Then the items are locked, then people's records, each in their order, as a
    submit takes them: task before record.
    """
    wanted = sorted({microtask.item_id for microtask, _ in doubts})
    locked = select(Item).where(Item.id.in_(wanted)).order_by(Item.id).with_for_update(key_share=True)
    items = {item.id: item for item in session.scalars(locked, execution_options={"populate_existing": True})}
    _count_as_right(session, project_id, Counter(person for _, wrong in doubts for person in wrong))
    delivered = set(
        session.scalars(
            select(LotItem.item_id).where(LotItem.item_id.in_(wanted), LotItem.state == LotItemState.INCLUDED)
        )
    )
    batches = {microtask.batch_id for microtask, _ in doubts}
    open_batches = set(session.scalars(select(Batch.id).where(Batch.id.in_(batches), Batch.state == BatchState.OPEN)))
    for microtask, _ in doubts:
        decided = {microtask.state, items[microtask.item_id].state} == {ItemState.DECIDED}
        if decided and microtask.item_id not in delivered and microtask.batch_id in open_batches:
            open_review(session, microtask, ReviewCause.GOLD_DOUBTED, now)


def _count_as_right(session: Session, project_id: UUID, wrong: Mapping[UUID, int]) -> None:
    more = WorkRecord.gold_right
    for person_id, count in sorted(wrong.items()):  # as wherever several records are written: in the order of people
        righted = case((more + count < WorkRecord.gold_answers, more + count), else_=WorkRecord.gold_answers)
        session.execute(
            update(WorkRecord)
            .where(WorkRecord.person_id == person_id, WorkRecord.project_id == project_id)
            .values(gold_right=righted),
            execution_options={"synchronize_session": False},
        )
