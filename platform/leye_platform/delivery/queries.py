"""What the pages and the API show of lots: counts, amounts, a random sample. Read only."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leye_platform.accounts.models import Organisation
from leye_platform.billing.models import InvoiceLine
from leye_platform.billing.rules import amount_in_minor
from leye_platform.delivery.models import Lot, LotItem
from leye_platform.delivery.rules import LotItemState, LotState
from leye_platform.projects.models import Batch, Item, MicroTask, PriceCard, Project
from leye_platform.projects.pictures.links import PictureLinks
from leye_platform.projects.rules import DataState, rate_that_binds
from leye_platform.projects.splitting import whole_content
from leye_platform.projects.task_type import TaskType, task_type

SAMPLE = 20


@dataclass(frozen=True)
class LotView:
    """A lot with what its page and the API show. unit_price and amount_minor are None while there is no price."""

    lot: Lot
    batch: Batch
    project: Project
    organisation: str
    included: int
    sent_back: int
    quantity: Decimal
    unit_price: Decimal | None
    invoice_id: UUID | None

    @property
    def name(self) -> str:
        return f"L-{self.lot.sequence:02}"

    @property
    def amount_minor(self) -> int | None:
        """What the partner pays for what is in the lot now, in minor units."""
        return None if self.unit_price is None else amount_in_minor(self.quantity, self.unit_price)


@dataclass(frozen=True)
class LotItemView:
    """One item of a lot as a partner inspects it: the text, the label, how sure we are, and its picture by links."""

    item_id: UUID
    row: int
    external_id: str | None
    texts: tuple[str, ...]
    label: str
    confidence: float
    reason: str | None
    view: dict[str, Any] | None
    """What the annotator saw, with links, where it is a picture and the text says nothing."""
    result: list[dict[str, Any]]


def view_lot(session: Session, lot: Lot) -> LotView:
    """One lot with its figures."""
    return view_lots(session, [lot])[0]


def lots_of_batch(session: Session, batch_id: UUID, *, delivered_only: bool) -> list[LotView]:
    """A batch's lots, the newest first. delivered_only: leave out what is still being put together."""
    query = select(Lot).where(Lot.batch_id == batch_id).order_by(Lot.sequence.desc())
    if delivered_only:
        query = query.where(Lot.delivered_at.is_not(None))
    return view_lots(session, session.scalars(query).all())


def next_to_settle(session: Session, batch_id: UUID) -> Lot | None:
    """The batch's lot that waits for the partner's answer; of several, the one whose time ends first."""
    query = select(Lot).where(Lot.batch_id == batch_id, Lot.state == LotState.DELIVERED)
    return session.scalars(query.order_by(Lot.accept_by, Lot.sequence).limit(1)).first()


def view_lots(session: Session, lots: Sequence[Lot]) -> list[LotView]:
    """Lots with their figures, in a constant number of queries."""
    if not lots:
        return []
    ids = [lot.id for lot in lots]
    about = {
        lot_id: (batch, project, name)
        for lot_id, batch, project, name in session.execute(
            select(Lot.id, Batch, Project, Organisation.name)
            .join(Batch, Batch.id == Lot.batch_id)
            .join(Project, Project.id == Lot.project_id)
            .join(Organisation, Organisation.id == Lot.organisation_id)
            .where(Lot.id.in_(ids))
        )
    }
    contents = _contents(session, ids)
    cards: dict[UUID, list[PriceCard]] = defaultdict(list)
    for card in session.scalars(select(PriceCard).where(PriceCard.project_id.in_({lot.project_id for lot in lots}))):
        cards[card.project_id].append(card)
    invoices = dict(
        session.execute(select(InvoiceLine.lot_id, InvoiceLine.invoice_id).where(InvoiceLine.lot_id.in_(ids))).all()
    )
    shown = []
    for lot in lots:
        batch, project, name = about[lot.id]
        price = rate_that_binds(cards[lot.project_id], batch.opened_at or batch.created_at)
        shown.append(
            LotView(
                lot=lot,
                batch=batch,
                project=project,
                organisation=name,
                included=contents[lot.id].included,
                sent_back=contents[lot.id].sent_back,
                quantity=contents[lot.id].quantity,
                unit_price=price.unit_price if price else None,
                invoice_id=invoices.get(lot.id),
            )
        )
    return shown


@dataclass
class _Contents:
    included: int = 0
    sent_back: int = 0
    quantity: Decimal = Decimal(0)


def _contents(session: Session, ids: Sequence[UUID]) -> dict[UUID, _Contents]:
    """How many items stand in each lot, and their quantity; grouped, not summed in SQL: see ExactDecimal."""
    contents = {lot_id: _Contents() for lot_id in ids}
    for lot_id, state, quantity, count in session.execute(
        select(LotItem.lot_id, LotItem.state, LotItem.quantity, func.count())
        .where(LotItem.lot_id.in_(ids))
        .group_by(LotItem.lot_id, LotItem.state, LotItem.quantity)
    ):
        if state is LotItemState.INCLUDED:
            contents[lot_id].included += count
            contents[lot_id].quantity += quantity * count
        else:
            contents[lot_id].sent_back += count
    return contents


def sample_of(session: Session, shown: LotView, links: PictureLinks, size: int = SAMPLE) -> list[LotItemView]:
    """Items of the lot drawn at random, each time anew, in the order of the partner's file."""
    drawn = (
        select(LotItem.item_id)
        .where(LotItem.lot_id == shown.lot.id, LotItem.state == LotItemState.INCLUDED)
        .order_by(func.random())
        .limit(size)
    )
    return _items(session, shown, session.scalars(drawn).all(), links)


def chosen_of(session: Session, shown: LotView, links: PictureLinks, item_ids: Sequence[UUID]) -> list[LotItemView]:
    """The same items again, for a form that is shown with an error."""
    return _items(session, shown, item_ids, links)


def sent_back_of(session: Session, shown: LotView, links: PictureLinks, limit: int = 50) -> list[LotItemView]:
    """The items that the partner sent back, with the reason."""
    left = (
        select(LotItem.item_id)
        .where(LotItem.lot_id == shown.lot.id, LotItem.state == LotItemState.SENT_BACK)
        .order_by(LotItem.item_id)
        .limit(limit)
    )
    return _items(session, shown, session.scalars(left).all(), links)


def _items(session: Session, shown: LotView, item_ids: Sequence[UUID], links: PictureLinks) -> list[LotItemView]:
    if not item_ids or shown.batch.data_state is not DataState.KEPT:
        return []
    kind = task_type(shown.project.task_type, shown.project.label_config)
    rows = session.execute(
        select(Item, LotItem)
        .join(LotItem, LotItem.item_id == Item.id)
        .where(LotItem.lot_id == shown.lot.id, Item.id.in_(item_ids))
        .order_by(Item.row)
    )
    views = _views(session, kind, item_ids, links) if kind.config.images else {}
    return [
        LotItemView(
            item_id=item.id,
            row=item.row,
            external_id=item.external_id,
            texts=_texts(item.data, list(kind.config.variables)),
            label=kind.template.describe(kind.config, included.result),
            confidence=included.confidence,
            reason=included.reason,
            view=views.get(item.id),
            result=included.result,
        )
        for item, included in rows
    ]


def _views(
    session: Session, kind: TaskType, item_ids: Sequence[UUID], links: PictureLinks
) -> dict[UUID, dict[str, Any]]:
    """What annotators see of each item: its row keeps the pictures' names, its first task what is known of them."""
    first = select(MicroTask.item_id, MicroTask.content).where(
        MicroTask.item_id.in_(item_ids), MicroTask.step == 1, MicroTask.part == 1
    )
    return {
        item_id: links.linked(kind.template.view(kind.config, whole_content(kind, {}, [content])))
        for item_id, content in session.execute(first)
    }


def _texts(data: dict[str, Any], variables: Sequence[str]) -> tuple[str, ...]:
    return tuple(str(data[name]) for name in variables if name in data)
