"""What a batch's own page shows beside its progress: how it was decided, what stands still."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leye_platform.delivery.models import Lot, LotItem
from leye_platform.delivery.rules import LotItemState, LotState
from leye_platform.outbox import JobName, OutboxRow
from leye_platform.projects.models import Batch, Item, MicroTask
from leye_platform.projects.rules import ItemState
from leye_platform.review.models import Decision, Review
from leye_platform.review.rules import UNSETTLED, DecisionMethod

LATEST = 1000
"""So many decisions are looked at for the figures of quality, whatever the size of the batch."""
A_MOMENT = timedelta(minutes=10)
"""A lot that was asked for longer ago is offered to be cut by hand again: something is in its way."""


@dataclass(frozen=True)
class Quality:
    """The latest decisions: how many, how sure on average (0 to 1), and by which method."""

    decisions: int
    confidence: float
    by_method: dict[DecisionMethod, int]


def quality_of(session: Session, batch_id: UUID) -> Quality | None:
    """None before the first decision."""
    rows = session.execute(
        select(Decision.method, Decision.confidence)
        .where(Decision.batch_id == batch_id, Decision.fell_at.is_(None))
        .order_by(Decision.decided_at.desc())
        .limit(LATEST)
    ).all()
    if not rows:
        return None
    methods = Counter(method for method, _ in rows)
    return Quality(len(rows), sum(confidence for _, confidence in rows) / len(rows), dict(methods))


@dataclass(frozen=True)
class StandingStill:
    """What waits in a batch. `reading_broke`: its file is not read on until somebody asks for it."""

    reviews: int
    oldest_review: datetime | None
    undelivered: int
    reading_broke: bool


def standing_still(session: Session, batch: Batch, now: datetime) -> StandingStill:
    """Five queries."""
    reviews, oldest = session.execute(
        select(func.count(), func.min(Review.opened_at)).where(Review.state.in_(UNSETTLED), Review.batch_id == batch.id)
    ).one()
    decided = select(func.count()).where(
        Item.batch_id == batch.id, Item.state == ItemState.DECIDED, Item.gold_result.is_(None)
    )
    undelivered = in_no_lot(session, {batch.id: session.scalar(decided) or 0}, now)[batch.id]
    broke = session.scalar(
        select(func.count()).where(OutboxRow.id == batch.ingest_job, OutboxRow.failed_at.is_not(None))
    )
    return StandingStill(reviews, oldest, undelivered, bool(broke))


def being_delivered(session: Session, ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many decided items of each batch a lot holds already.

    From the side of the lots, which are few while they are assembled: asked of each decided item, it takes longest.
    """
    query = (
        select(Lot.batch_id, func.count())
        .join(LotItem, LotItem.lot_id == Lot.id)
        .join(Item, Item.id == LotItem.item_id)
        .where(
            Lot.batch_id.in_(ids),
            Lot.state == LotState.ASSEMBLING,
            LotItem.state == LotItemState.INCLUDED,
            Item.state == ItemState.DECIDED,
        )
    )
    return dict(session.execute(query.group_by(Lot.batch_id)).all())


def in_no_lot(session: Session, decided: Mapping[UUID, int], now: datetime) -> dict[UUID, int]:
    """How many of each batch's decided items want somebody to deliver them: no lot holds them, and none is under way.

    decided: the number of decided items by batch. Two queries.
    """
    held, asked = being_delivered(session, list(decided)), _lots_under_way(session, now)
    return {batch_id: 0 if batch_id in asked else count - held.get(batch_id, 0) for batch_id, count in decided.items()}


def _lots_under_way(session: Session, now: datetime) -> set[UUID]:
    """The batches whose lot a job is about to put together: after the last decision that takes a moment."""
    query = select(OutboxRow.arguments).where(
        OutboxRow.job == JobName.ASSEMBLE_LOT,
        OutboxRow.done_at.is_(None),
        OutboxRow.failed_at.is_(None),
        OutboxRow.created_at > now - A_MOMENT,
    )
    return {UUID(arguments["batch_id"]) for arguments in session.scalars(query)}


def count_tasks(session: Session, batch: Batch) -> int:
    """How many micro-tasks the items of a batch have; gold items and withdrawn ones aside."""
    here = MicroTask.batch_id == batch.id, MicroTask.gold_labels.is_(None), Item.state != ItemState.WITHDRAWN
    counted = select(func.count()).select_from(MicroTask).join(Item, Item.id == MicroTask.item_id)
    return session.scalar(counted.where(*here)) or 0
