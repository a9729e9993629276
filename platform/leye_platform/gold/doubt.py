"""What follows where most people answer a decided item otherwise than it was decided."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, func, select, update
from sqlalchemy.orm import Session

from leye_platform.assignments.models import WorkRecord
from leye_platform.delivery.models import LotItem
from leye_platform.delivery.rules import LotItemState
from leye_platform.projects.models import Item, MicroTask
from leye_platform.projects.rules import ItemState
from leye_platform.review.decide import open_review
from leye_platform.review.rules import ReviewCause


def doubt(session: Session, microtask: MicroTask, wrong: Collection[UUID], now: datetime) -> bool:
    """Count nobody's answer as wrong any more, and put the item before a reviewer; whether it could be.

    What lies in a lot stands: there the coordinator sees it on the project's page of gold. wrong: whose answers were
    counted as wrong. The caller holds the micro-task's row lock.
    """
    for person_id in sorted(wrong):  # as wherever several records are written: in the order of people
        session.execute(
            update(WorkRecord)
            .where(WorkRecord.person_id == person_id, WorkRecord.project_id == microtask.project_id)
            .where(WorkRecord.gold_right < WorkRecord.gold_answers)
            .values(gold_right=WorkRecord.gold_right + 1),
            execution_options={"synchronize_session": False},
        )
    item = session.get_one(Item, microtask.item_id, with_for_update={"key_share": True})
    if {microtask.state, item.state} != {ItemState.DECIDED} or _in_lot(session, item.id):
        return False
    open_review(session, microtask, ReviewCause.GOLD_DOUBTED, now)
    return True


def _in_lot(session: Session, item_id: UUID) -> bool:
    included = exists().where(LotItem.item_id == item_id, LotItem.state == LotItemState.INCLUDED)
    return bool(session.scalar(select(func.count()).where(included)))
