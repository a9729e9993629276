"""What is open about a batch, read from its rows. Read only."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from leye_platform.assignments.models import Assignment
from leye_platform.assignments.rules import GOLD_ROUND, AssignmentState
from leye_platform.audit import AuditRecord
from leye_platform.billing.models import Invoice, InvoiceLine
from leye_platform.delivery.models import Lot, LotItem
from leye_platform.delivery.rules import LotItemState, LotState
from leye_platform.projects.models import Addition, Batch, Item
from leye_platform.projects.rules import FINISHED_ITEMS, AdditionState, DataState, ItemState
from leye_platform.retention import errors
from leye_platform.retention.rules import Obstacle, Standing, obstacles

ENDINGS = ("batch.create", "batch.ingest", "batch.closed", "batch.cancelled", "batch.withdraw_items")
"""Deeds after which a batch's period begins anew."""


def standing_of(session: Session, batch: Batch) -> Standing:
    """A batch's facts, in a constant number of queries."""
    items = _items_by_state(session, batch.id)
    lots: dict[LotState, int] = dict(
        session.execute(select(Lot.state, func.count()).where(Lot.batch_id == batch.id).group_by(Lot.state)).all()
    )
    reading = select(Addition.id).where(Addition.batch_id == batch.id, Addition.state == AdditionState.READING)
    return Standing(
        state=batch.state,
        kept=batch.data_state is DataState.KEPT,
        held=batch.legal_hold is not None,
        reading=session.scalar(reading.limit(1)) is not None,
        unfinished=sum(count for state, count in items.items() if state not in FINISHED_ITEMS),
        in_hand=_in_hand(session, batch.id),
        decided=_undelivered(session, batch.id) if items.get(ItemState.DECIDED) else 0,
        unsettled_lots=lots.get(LotState.ASSEMBLING, 0) + lots.get(LotState.DELIVERED, 0),
        unbilled_lots=lots.get(LotState.ACCEPTED, 0),
        settled_at=_settled_at(session, batch),
    )


def check_settled(session: Session, batch: Batch) -> Standing:
    """Raises the kinds of ErasureRefused: the first thing that keeps the content."""
    standing = standing_of(session, batch)
    for obstacle in obstacles(standing):
        raise refusal(obstacle, standing, batch)
    return standing


def refusal(obstacle: Obstacle, standing: Standing, batch: Batch) -> errors.ErasureRefused:
    """The situation that an obstacle is, with its figures."""
    named: dict[Obstacle, Callable[[], errors.ErasureRefused]] = {
        Obstacle.GOING: errors.ErasureUnderway,
        Obstacle.HELD: lambda: errors.DataHeld(reason=batch.legal_hold or ""),
        Obstacle.COMING: errors.FileStillComing,
        Obstacle.WORK: lambda: errors.WorkStillOpen(count=standing.unfinished),
        Obstacle.IN_HAND: lambda: errors.TasksInHand(count=standing.in_hand),
        Obstacle.UNDELIVERED: lambda: errors.LotUndelivered(count=standing.decided),
        Obstacle.UNSETTLED: lambda: errors.LotUnsettled(count=standing.unsettled_lots),
        Obstacle.UNBILLED: lambda: errors.BillOpen(count=standing.unbilled_lots),
    }
    return named[obstacle]()


def _items_by_state(session: Session, batch_id: UUID) -> dict[ItemState, int]:
    counted = select(Item.state, func.count()).where(Item.batch_id == batch_id, Item.gold_result.is_(None))
    return dict(session.execute(counted.group_by(Item.state)).all())


def _in_hand(session: Session, batch_id: UUID) -> int:
    """Without decided items that serve as gold: a delivered item is nobody's work to a partner. The job that erases
    waits for whoever has one in hand."""
    held = select(func.count()).select_from(Assignment).where(Assignment.state == AssignmentState.LEASED)
    return session.scalar(held.where(Assignment.batch_id == batch_id, Assignment.round != GOLD_ROUND)) or 0


def _undelivered(session: Session, batch_id: UUID) -> int:
    in_lot = exists().where(LotItem.item_id == Item.id, LotItem.state == LotItemState.INCLUDED)
    decided = (Item.batch_id == batch_id, Item.state == ItemState.DECIDED, Item.gold_result.is_(None))
    return session.scalar(select(func.count()).select_from(Item).where(*decided, ~in_lot)) or 0


def _settled_at(session: Session, batch: Batch) -> datetime:
    """The last thing that happened: a lot was settled or billed, or the batch was ended."""
    lots = select(func.max(Lot.settled_at)).where(Lot.batch_id == batch.id)
    billed = (
        select(func.max(Invoice.issued_at))
        .join(InvoiceLine, InvoiceLine.invoice_id == Invoice.id)
        .join(Lot, Lot.id == InvoiceLine.lot_id)
        .where(Lot.batch_id == batch.id)
    )
    ended = select(func.max(AuditRecord.at)).where(AuditRecord.subject_id == batch.id, AuditRecord.action.in_(ENDINGS))
    moments = [batch.created_at, batch.closed_at, *(session.scalar(query) for query in (lots, billed, ended))]
    return max(moment for moment in moments if moment is not None)
