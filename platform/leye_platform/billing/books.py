"""The books as an outsider checks them: by our own check, in Beancount's format, as CSV."""

import csv
import io
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from leye_platform.assignments.models import Response
from leye_platform.billing.models import Invoice, InvoiceItem, InvoiceLine, LedgerEntry, Posting
from leye_platform.billing.rules import MICROS_A_MINOR, EntryKind, amount_in_micros, amount_in_minor
from leye_platform.delivery.models import Lot, LotItem
from leye_platform.delivery.rules import LotItemState, LotState
from leye_platform.projects.models import Item, MicroTask
from leye_platform.projects.rules import ItemState
from leye_platform.review.models import Review
from leye_platform.web.formats import local

CHUNK = 1000  # entries read at once


def check_books(session: Session) -> list[str]:
    """Every way in which the books do not hold, in sentences; empty when they do."""
    return [
        *_unbalanced(session),
        *_acceptances(session),
        *_invoices(session),
        *_sales(session),
        *_earnings(session),
        *_amounts_earned(session),
    ]


def _unbalanced(session: Session) -> Iterator[str]:
    sums = (
        select(Posting.entry_id, func.sum(Posting.amount_micros))
        .group_by(Posting.entry_id)
        .having(func.sum(Posting.amount_micros) != 0)
    )
    for entry_id, total in session.execute(sums):
        yield f"entry {entry_id} is out of balance by {total} micros"
    if off := session.scalar(select(func.sum(Posting.amount_micros))):
        yield f"all postings together are out of balance by {off} micros"
    orphans = session.scalar(
        select(func.count())
        .select_from(Posting)
        .where(~select(LedgerEntry.id).where(LedgerEntry.id == Posting.entry_id).exists())
    )
    if orphans:
        yield f"{orphans} postings belong to no entry"


def _standing_acceptances() -> Select[*tuple[object, ...]]:
    reversal = aliased(LedgerEntry)
    return select(LedgerEntry.item_id).where(
        LedgerEntry.kind == EntryKind.ACCEPTANCE,
        ~select(reversal.id).where(reversal.reverses_id == LedgerEntry.id).exists(),
    )


def _count(session: Session, *conditions: ColumnElement[bool], of: type[Item] = Item) -> int:
    return session.scalar(select(func.count()).select_from(of).where(*conditions)) or 0


def _acceptances(session: Session) -> Iterator[str]:
    standing = _standing_acceptances()
    unposted = _count(session, Item.state == ItemState.ACCEPTED, Item.id.not_in(standing))
    if unposted:
        yield f"{unposted} accepted items have no acceptance entry"
    unaccepted = _count(session, Item.state != ItemState.ACCEPTED, Item.id.in_(standing))
    if unaccepted:
        yield f"{unaccepted} items have an acceptance entry but are not accepted"
    twice = session.execute(
        standing.with_only_columns(LedgerEntry.item_id).group_by(LedgerEntry.item_id).having(func.count() > 1)
    ).all()
    if twice:
        yield f"{len(twice)} items have two acceptance entries that stand"


def _invoices(session: Session) -> Iterator[str]:
    included = (
        select(LotItem.item_id)
        .join(Lot, Lot.id == LotItem.lot_id)
        .where(LotItem.state == LotItemState.INCLUDED, Lot.state == LotState.INVOICED)
    )
    billed = select(InvoiceItem.item_id)
    missing = _count(session, Item.id.in_(included), Item.id.not_in(billed))
    if missing:
        yield f"{missing} items of invoiced lots stand on no invoice"
    extra = _count(session, Item.id.in_(billed), Item.id.not_in(included))
    if extra:
        yield f"{extra} items stand on an invoice without being in an invoiced lot"
    totals = dict(session.execute(select(Invoice.id, Invoice.total_minor)).all())
    owed = _booked(session, LedgerEntry.invoice_id, "Assets:Receivable:")
    for invoice_id, total in totals.items():
        if owed.get(invoice_id, 0) != total * MICROS_A_MINOR:
            yield f"invoice {invoice_id}: the books do not say that its total is owed"
    quantities = _billed_quantities(session)
    for line in session.scalars(select(InvoiceLine)):
        totals[line.invoice_id] -= line.amount_minor
        if amount_in_minor(line.quantity, line.unit_price) != line.amount_minor:
            yield f"invoice line {line.invoice_id}/{line.line}: quantity x price is not its amount"
        if quantities[line.invoice_id, line.line] != line.quantity:
            yield f"invoice line {line.invoice_id}/{line.line}: its items do not add up to its quantity"
    yield from (f"invoice {number}: lines differ from the total by {off}" for number, off in totals.items() if off)


def _sales(session: Session) -> Iterator[str]:
    """What each lot's acceptances posted is what its invoice line bills, to the micro; the rest is still unbilled."""
    unbilled = "Assets:Unbilled:"
    sold = _booked(session, LedgerEntry.lot_id, unbilled)
    billed: dict[UUID, int] = defaultdict(int)
    for line in session.scalars(select(InvoiceLine)):
        billed[line.lot_id] += amount_in_micros(line.quantity, line.unit_price)
    for lot_id, micros in billed.items():
        if off := micros - sold.get(lot_id, 0):
            yield f"lot {lot_id}: what is invoiced differs from what was accepted by {off} micros"
    left = session.scalar(select(func.sum(Posting.amount_micros)).where(Posting.account.startswith(unbilled))) or 0
    waiting = sum(micros for lot_id, micros in sold.items() if lot_id not in billed)
    if left != waiting:
        yield f"accounts of unbilled sales are off by {left - waiting} micros"


def _booked(session: Session, subject: InstrumentedAttribute[UUID | None], account: str) -> dict[UUID, int]:
    """The micros that entries about each subject (lot, invoice) posted to a group of accounts."""
    rows = session.execute(
        select(subject, func.sum(Posting.amount_micros))
        .join(Posting, Posting.entry_id == LedgerEntry.id)
        .where(subject.is_not(None), Posting.account.startswith(account))
        .group_by(subject)
    )
    return {found: int(total) for found, total in rows if found is not None}


def _billed_quantities(session: Session) -> dict[tuple[UUID, int], Decimal]:
    """What each line's items add up to; grouped, not summed in SQL: see ExactDecimal."""
    totals: dict[tuple[UUID, int], Decimal] = defaultdict(Decimal)
    rows = session.execute(
        select(InvoiceItem.invoice_id, InvoiceItem.line, InvoiceItem.quantity, func.count()).group_by(
            InvoiceItem.invoice_id, InvoiceItem.line, InvoiceItem.quantity
        )
    )
    for invoice_id, line, quantity, count in rows:
        totals[invoice_id, line] += quantity * count
    return totals


def _earnings(session: Session) -> Iterator[str]:
    def entered(kind: EntryKind) -> ColumnElement[bool]:
        return select(LedgerEntry.id).where(LedgerEntry.response_id == Response.id, LedgerEntry.kind == kind).exists()

    unpaid = session.scalar(
        select(func.count()).select_from(Response).where(Response.pay_micros > 0, ~entered(EntryKind.EARNING_PENDING))
    )
    if unpaid:
        yield f"{unpaid} answers earned nothing"
    held_back = session.scalar(
        select(func.count())
        .select_from(Response)
        .join(MicroTask, MicroTask.id == Response.microtask_id)
        .where(
            Response.pay_micros > 0,
            MicroTask.state.in_((ItemState.DECIDED, ItemState.UNUSABLE)),
            ~entered(EntryKind.EARNING_PAYABLE),
        )
    )
    if held_back:
        yield f"{held_back} answers are decided but their pay is still pending"


def _amounts_earned(session: Session) -> Iterator[str]:
    """What entries say that an answer or a review earned is what it was promised."""
    kinds = (EntryKind.EARNING_PENDING, EntryKind.EARNING_PAYABLE)
    credited = (Posting.amount_micros < 0, LedgerEntry.kind.in_(kinds))
    for paid, subject, name in (
        (Response, LedgerEntry.response_id, "answers"),
        (Review, LedgerEntry.review_id, "reviews"),
    ):
        off = session.scalar(
            select(func.count())
            .select_from(Posting)
            .join(LedgerEntry, LedgerEntry.id == Posting.entry_id)
            .join(paid, paid.id == subject)
            .where(*credited, Posting.amount_micros != -paid.pay_micros)
        )
        if off:
            yield f"{off} entries on {name} differ from the pay that was promised"
    unpaid = session.scalar(
        select(func.count())
        .select_from(Review)
        .where(Review.pay_micros > 0, ~select(LedgerEntry.id).where(LedgerEntry.review_id == Review.id).exists())
    )
    if unpaid:
        yield f"{unpaid} reviews earned nothing"


def _entries(session: Session) -> Iterator[tuple[LedgerEntry, list[Posting]]]:
    """All entries with their postings, oldest first, a chunk at a time."""
    last = None
    while True:
        query = select(LedgerEntry).order_by(LedgerEntry.id).limit(CHUNK)
        chunk = session.scalars(query if last is None else query.where(LedgerEntry.id > last)).all()
        if not chunk:
            return
        found: dict[object, list[Posting]] = {entry.id: [] for entry in chunk}
        for posting in session.scalars(select(Posting).where(Posting.entry_id.in_(found)).order_by(Posting.id)):
            found[posting.entry_id].append(posting)
        yield from ((entry, found[entry.id]) for entry in chunk)
        last = chunk[-1].id
        session.expunge_all()


def _amount(micros: int) -> str:
    return f"{Decimal(micros) / 1_000_000:.6f}"


def export_beancount(session: Session) -> Iterator[str]:
    """The books as Beancount reads them (beancount.github.io/docs), line by line; days are the operator's."""
    first = session.scalar(select(func.min(LedgerEntry.occurred_at)))
    yield 'option "title" "Leye"\n'
    yield 'option "operating_currency" "CNY"\n\n'
    if first is None:
        return
    day = local(first).date().isoformat()
    accounts = session.scalars(select(Posting.account).distinct().order_by(Posting.account)).all()
    yield from (f"{day} open {account}\n" for account in accounts)
    for entry, lines in _entries(session):
        yield f'\n{local(entry.occurred_at).date().isoformat()} * "{entry.kind.value}" "{_quoted(entry.description)}"\n'
        yield f'  entry: "{entry.id}"\n  key: "{_quoted(entry.idempotency_key)}"\n'
        yield from (f"  {line.account}  {_amount(line.amount_micros)} {entry.currency}\n" for line in lines)


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")


def export_csv(session: Session) -> Iterator[str]:
    """One row a posting: entry, occurred_at, kind, key, account, amount_micros, currency."""
    yield _row("entry", "occurred_at", "kind", "key", "account", "amount_micros", "currency")
    for entry, lines in _entries(session):
        for line in lines:
            yield _row(
                str(entry.id),
                entry.occurred_at.isoformat(),
                entry.kind.value,
                entry.idempotency_key,
                line.account,
                str(line.amount_micros),
                entry.currency,
            )


def _row(*cells: str) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(cells)
    return buffer.getvalue()
