"""Invoices for partners; the month, invoices, pay and the books for finance."""

from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from leye_platform.billing.account_names import ACCOUNT_WORDS, account_names
from leye_platform.billing.books import check_books
from leye_platform.billing.documents import UNIT_WORDS, document_of
from leye_platform.billing.months import Month
from leye_platform.billing.queries import (
    book_figures,
    first_month,
    invoice_for,
    invoices_in_reach,
    invoices_page,
    invoices_total,
    late_lots,
    ledger_page,
    owed_by_person,
)
from leye_platform.billing.rules import EntryKind
from leye_platform.endpoint import Work, endpoint
from leye_platform.errors import N_
from leye_platform.permissions import Permission
from leye_platform.web import formats

router = APIRouter(include_in_schema=False)

KIND_WORDS: dict[EntryKind, str] = {
    EntryKind.EARNING_PENDING: N_("答案提交，待确认"),
    EntryKind.EARNING_PAYABLE: N_("确认，待发放"),
    EntryKind.ACCEPTANCE: N_("条目验收"),
    EntryKind.INVOICE: N_("开账单"),
    EntryKind.REVERSAL: N_("冲回"),
}


@router.get("/partner/invoices")
@endpoint(Permission.VIEW_INVOICE)
def partner_invoices(work: Work, before: int | None = None) -> Response:
    """The firm's invoices."""
    return _invoices(work, "billing/partner_invoices.html", before)


@router.get("/partner/invoices/{invoice_id}")
@endpoint(Permission.VIEW_INVOICE)
def partner_invoice(work: Work, invoice_id: UUID) -> Response:
    """One invoice, to read, print and download."""
    return _invoice(work, invoice_id, lots="/partner/lots/", back=("/partner/invoices", N_("账单")))


@router.get("/billing")
@endpoint(Permission.FINANCE)
def home(work: Work, month: str = "") -> Response:
    """What wants looking at, and a month in figures: the present one, or an earlier one by its name (yyyy-mm)."""
    present = Month.of(work.now)
    shown = min(Month.named(month), present) if month else present
    first = first_month(work.session) or present
    return work.page(
        "billing/home.html",
        month=shown,
        is_present=shown == present,
        earlier=shown.previous if first < shown else None,
        later=shown.next if shown < present else None,
        figures=book_figures(work.session, shown),
        late=late_lots(work.session, work.now),
        invoices=invoices_in_reach(work.session, work.actor, limit=5),
    )


@router.get("/billing/invoices")
@endpoint(Permission.VIEW_INVOICE)
def all_invoices(work: Work, before: int | None = None) -> Response:
    """Every partner's invoices; a partner's people see their own firm's."""
    return _invoices(work, "billing/invoices.html", before)


def _invoices(work: Work, template: str, before: int | None) -> Response:
    shown = invoices_page(work.session, work.actor, before)
    count, total = invoices_total(work.session, work.actor)
    return work.page(
        template, invoices=shown.invoices, older=shown.older, before=before, invoices_in_all=count, total_minor=total
    )


@router.get("/billing/invoices/{invoice_id}")
@endpoint(Permission.VIEW_INVOICE)
def one_invoice(work: Work, invoice_id: UUID) -> Response:
    """One invoice."""
    return _invoice(work, invoice_id, lots="/lots/", back=("/billing/invoices", N_("账单")))


def _invoice(work: Work, invoice_id: UUID, *, lots: str, back: tuple[str, str]) -> Response:
    document = document_of(work.session, invoice_for(work.session, work.actor, invoice_id))
    return work.page("billing/invoice.html", document=document, unit_words=UNIT_WORDS, lots=lots, back=back)


@router.get("/billing/pay")
@endpoint(Permission.FINANCE)
def pay(work: Work) -> Response:
    """What each person is owed, all with as many places as the most exact of them needs."""
    people = owed_by_person(work.session)
    amounts = [amount for person in people for amount in (person.pending, person.payable)]
    return work.page("billing/pay.html", people=people, places=formats.places_of(amounts))


@router.get("/billing/ledger")
@endpoint(Permission.FINANCE)
def ledger(work: Work, page: int = 1, *, check: bool = False) -> Response:
    """The entries with their postings, newest first; with `check`, whether the books hold (it reads all of them)."""
    shown = ledger_page(work.session, page)
    return work.page(
        "billing/ledger.html",
        shown=shown,
        names=account_names(work.session, {line.account for _entry, lines in shown.entries for line in lines}),
        account_words=ACCOUNT_WORDS,
        kind_words=KIND_WORDS,
        checked=check,
        problems=check_books(work.session) if check else [],
    )
