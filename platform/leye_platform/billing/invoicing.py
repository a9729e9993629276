"""Accepted lots become invoices: a line for each lot, price and unit; amounts rounded once a line.

The price is the one in force when the batch was opened: both sides knew it then, and a later price card never
changes work already under way.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from leye_platform.accounts.models import Organisation
from leye_platform.billing.errors import NoPrice
from leye_platform.billing.ledger import Entry, post
from leye_platform.billing.models import Invoice, InvoiceItem, InvoiceLine
from leye_platform.billing.rules import (
    ROUNDING,
    EntryKind,
    amount_in_micros,
    amount_in_minor,
    receivable,
    rounding_in_micros,
    unbilled,
)
from leye_platform.delivery.models import Lot, LotItem
from leye_platform.delivery.rules import LOT_MOVES, LotItemState, LotState
from leye_platform.ids import new_id
from leye_platform.notices.events import invoice_was_issued
from leye_platform.projects.models import Batch, PriceCard, Project
from leye_platform.projects.rules import rate_that_binds
from leye_platform.states import check_move


@dataclass(frozen=True)
class BillableLot:
    """An accepted lot with what its line needs."""

    lot: Lot
    batch: Batch
    project: Project
    unit_price: Decimal
    items: Sequence[LotItem]

    @property
    def quantity(self) -> Decimal:
        return sum((item.quantity for item in self.items), Decimal(0))


def price_of(session: Session, project_id: UUID, batch: Batch) -> Decimal:
    """The unit price that binds a batch: a project of the Label Studio face may be opened before it has one.

    Raises NoPrice.
    """
    cards = session.scalars(select(PriceCard).where(PriceCard.project_id == project_id)).all()
    card = rate_that_binds(cards, batch.opened_at or batch.created_at)
    if card is None:
        raise NoPrice
    return card.unit_price


def issue_invoices(session: Session, organisation_id: UUID, now: datetime) -> list[Invoice]:
    """Invoice all accepted lots of a partner: one invoice a currency. Nothing accepted: nothing issued.

    The partner's row is locked, so that two runs at once bill a lot once; not its key, which others refer to.
    """
    partner = session.get_one(Organisation, organisation_id, with_for_update={"key_share": True})
    by_currency: dict[str, list[BillableLot]] = defaultdict(list)
    for billable in _accepted_lots(session, organisation_id):
        by_currency[billable.project.currency].append(billable)
    return [_issue(session, partner, currency, lots, now) for currency, lots in sorted(by_currency.items())]


def _accepted_lots(session: Session, organisation_id: UUID) -> Iterable[BillableLot]:
    rows = session.execute(
        select(Lot, Batch, Project)
        .join(Batch, Batch.id == Lot.batch_id)
        .join(Project, Project.id == Lot.project_id)
        .where(Lot.organisation_id == organisation_id, Lot.state == LotState.ACCEPTED)
        .order_by(Lot.number)
    ).all()
    for lot, batch, project in rows:
        items = session.scalars(
            select(LotItem).where(LotItem.lot_id == lot.id, LotItem.state == LotItemState.INCLUDED)
        ).all()
        yield BillableLot(lot, batch, project, price_of(session, project.id, batch), items)


def _issue(
    session: Session, partner: Organisation, currency: str, lots: Sequence[BillableLot], now: datetime
) -> Invoice:
    minor = [amount_in_minor(billable.quantity, billable.unit_price) for billable in lots]
    invoice = Invoice(id=new_id(), organisation_id=partner.id, currency=currency, total_minor=sum(minor), issued_at=now)
    session.add(invoice)
    session.flush()
    for line, (billable, amount) in enumerate(zip(lots, minor, strict=True), start=1):
        session.add(
            InvoiceLine(
                invoice_id=invoice.id,
                line=line,
                lot_id=billable.lot.id,
                description=f"{billable.project.title}，{billable.batch.name}，L-{billable.lot.sequence:02}",
                quantity=billable.quantity,
                unit=billable.project.unit,
                unit_price=billable.unit_price,
                amount_minor=amount,
            )
        )
        session.add_all(
            InvoiceItem(item_id=item.item_id, invoice_id=invoice.id, line=line, quantity=item.quantity)
            for item in billable.items
        )
        billable.lot.state = check_move(LOT_MOVES, billable.lot.state, LotState.INVOICED)
    exact = sum(amount_in_micros(billable.quantity, billable.unit_price) for billable in lots)
    _post_invoice(session, partner, invoice, exact, now)
    invoice_was_issued(session, invoice, now)
    return invoice


def _post_invoice(session: Session, partner: Organisation, invoice: Invoice, exact_micros: int, now: datetime) -> None:
    """What was unbilled is now receivable; what rounding added or dropped is shown apart."""
    rounding = rounding_in_micros(exact_micros, invoice.total_minor)
    amounts = {receivable(partner.number): exact_micros + rounding, unbilled(partner.number): -exact_micros}
    if rounding:
        amounts[ROUNDING] = -rounding
    entry = Entry(
        kind=EntryKind.INVOICE,
        key=f"invoice:{invoice.id}",
        description=f"invoice {invoice.number}",
        currency=invoice.currency,
        amounts=amounts,
        about={"invoice_id": invoice.id},
    )
    post(session, entry, now)
