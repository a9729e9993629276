"""The figures of a run, read from what the platform stored and held against the truth that it never saw."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leye_platform.accounts.models import Person
from leye_platform.assignments.models import Response
from leye_platform.billing.models import InvoiceItem
from leye_platform.delivery.models import Lot, LotItem
from leye_platform.delivery.rules import LotItemState
from leye_platform.projects.models import Item, MicroTask
from leye_platform.review.models import Review
from leye_platform.review.rules import ReviewState
from leye_workers.demo.kinds import DemoKind

ENOUGH_ANSWERS = 10


@dataclass(frozen=True)
class BatchFigures:
    """What became of a batch. Gold items count in `answers`, `gold_answers` and the annotators' accuracy only."""

    items: int
    microtasks: int
    answers: int
    gold_answers: int
    answers_if_fixed_overlap: int
    accuracy: float
    best_annotator_accuracy: float
    reviewed: int
    accepted: int
    earned_micros: int


def figures_of(session: Session, batch_id: UUID, kind: DemoKind) -> BatchFigures:
    """The figures of one batch."""
    own = Item.batch_id == batch_id, Item.gold_result.is_(None)
    tasks, most = session.execute(
        select(func.count(), func.coalesce(func.sum(MicroTask.overlap_limit), 0)).where(
            MicroTask.batch_id == batch_id, MicroTask.gold_labels.is_(None)
        )
    ).one()
    answers, gold, earned = session.execute(
        select(
            func.count(),
            func.count().filter(Response.gold.is_(True)),
            func.coalesce(func.sum(Response.pay_micros), 0),
        ).where(Response.batch_id == batch_id)
    ).one()
    reviewed, review_pay = session.execute(
        select(func.count(), func.coalesce(func.sum(Review.pay_micros), 0)).where(
            Review.batch_id == batch_id, Review.state == ReviewState.SETTLED
        )
    ).one()
    accepted = select(func.count()).select_from(InvoiceItem).join(Item, Item.id == InvoiceItem.item_id).where(*own)
    return BatchFigures(
        items=session.scalar(select(func.count()).select_from(Item).where(*own)) or 0,
        microtasks=tasks,
        answers=answers,
        gold_answers=gold,
        answers_if_fixed_overlap=int(most),
        accuracy=_accuracy_of_decisions(session, batch_id, kind),
        best_annotator_accuracy=_best_accuracy(session, batch_id, kind),
        reviewed=reviewed,
        accepted=session.scalar(accepted) or 0,
        earned_micros=int(earned) + int(review_pay),
    )


def _accuracy_of_decisions(session: Session, batch_id: UUID, kind: DemoKind) -> float:
    """The share of delivered items whose decision is the truth."""
    rows = session.execute(
        select(Item.data, LotItem.result)
        .join(LotItem, LotItem.item_id == Item.id)
        .join(Lot, Lot.id == LotItem.lot_id)
        .where(Lot.batch_id == batch_id, LotItem.state == LotItemState.INCLUDED)
    ).all()
    right = sum(_is_right(kind, data, result) for data, result in rows)
    return right / len(rows) if rows else 0.0


def _best_accuracy(session: Session, batch_id: UUID, kind: DemoKind) -> float:
    """The accuracy of the best annotator on what they answered. Who answered little may be lucky, and is not compared
    where anybody answered enough."""
    given: Counter[UUID] = Counter()
    right: Counter[UUID] = Counter()
    for person_id, result, data in session.execute(
        select(Response.person_id, Response.result, Item.data)
        .join(Item, Item.id == Response.item_id)
        .where(Response.batch_id == batch_id)
    ):
        given[person_id] += 1
        right[person_id] += _is_right(kind, data, result)
    enough = [person_id for person_id, count in given.items() if count >= ENOUGH_ANSWERS] or list(given)
    return max((right[person_id] / given[person_id] for person_id in enough), default=0.0)


def _is_right(kind: DemoKind, data: dict[str, Any], result: list[Any]) -> bool:
    key = kind.key_of(data)
    return key is not None and kind.right(key, result)


def stored_responses(session: Session, batch_ids: list[UUID]) -> Iterator[dict[str, str | None]]:
    """Every stored response of some batches, in their order: `response_id`, `assignment_id`, `annotator`."""
    rows = session.execute(
        select(Response.id, Response.assignment_id, Person.email)
        .join(Person, Person.id == Response.person_id)
        .where(Response.batch_id.in_(batch_ids))
        .order_by(Response.number)
    )
    for response_id, assignment_id, email in rows:
        yield {"response_id": str(response_id), "assignment_id": str(assignment_id), "annotator": email}
