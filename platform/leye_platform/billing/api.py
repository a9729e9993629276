"""Invoices, the books and one's own earnings for scripts."""

from collections.abc import Iterator
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response, StreamingResponse

from leye_platform.billing.books import export_beancount
from leye_platform.billing.documents import billed_items, document_of, render_invoice_html, write_items, write_lines
from leye_platform.billing.earnings import balance_of, months_of
from leye_platform.billing.queries import invoice_for, invoices_in_reach
from leye_platform.billing.schemas import EarningsOut, InvoiceOut, InvoiceWithLines
from leye_platform.endpoint import Work, endpoint
from leye_platform.permissions import Permission
from leye_platform.web.display import display_of
from leye_platform.web.openapi import file_of

router = APIRouter(prefix="/api/v1", tags=["billing"])

CSV = "text/csv; charset=utf-8"


def attachment(name: str) -> dict[str, str]:
    """The header that has a browser keep the answer as a file."""
    return {"Content-Disposition": f'attachment; filename="{name}"'}


@router.get("/invoices", response_model=list[InvoiceOut])
@endpoint(Permission.VIEW_INVOICE)
def list_invoices(work: Work) -> list[InvoiceOut]:
    """The newest invoices: a partner's own, finance all."""
    return [InvoiceOut.of(invoice, name) for invoice, name in invoices_in_reach(work.session, work.actor)]


# The paths with an ending come first: `{invoice_id}` alone would take the ending for a part of the id.
@router.get("/invoices/{invoice_id}.csv", **file_of("text/csv"))
@endpoint(Permission.VIEW_INVOICE)
def invoice_csv(work: Work, invoice_id: UUID) -> Response:
    """The lines: line,lot,description,quantity,unit,unit_price,amount_minor,currency."""
    document = document_of(work.session, invoice_for(work.session, work.actor, invoice_id))
    return Response("".join(write_lines(document)), media_type=CSV, headers=attachment(f"{document.name}.csv"))


@router.get("/invoices/{invoice_id}.html", **file_of("text/html"))
@endpoint(Permission.VIEW_INVOICE)
def invoice_html(work: Work, invoice_id: UUID) -> Response:
    """The invoice as one printable page, in the caller's language."""
    document = document_of(work.session, invoice_for(work.session, work.actor, invoice_id))
    html = render_invoice_html(document, display_of(work.request).language)
    return Response(html, media_type="text/html; charset=utf-8", headers=attachment(f"{document.name}.html"))


@router.get("/invoices/{invoice_id}/items.csv", **file_of("text/csv"))
@endpoint(Permission.VIEW_INVOICE)
def invoice_items_csv(work: Work, invoice_id: UUID) -> Response:
    """Each accepted item once: line,item_id,external_id,quantity."""
    document = document_of(work.session, invoice_for(work.session, work.actor, invoice_id))
    database = work.installation.database

    def stream() -> Iterator[str]:
        # The answer outlives the request's own session.
        with database.read() as session:
            yield from write_items(billed_items(session, invoice_id))

    return StreamingResponse(stream(), media_type=CSV, headers=attachment(f"{document.name}-items.csv"))


@router.get("/invoices/{invoice_id}", response_model=InvoiceWithLines)
@endpoint(Permission.VIEW_INVOICE)
def read_invoice(work: Work, invoice_id: UUID) -> InvoiceWithLines:
    """One invoice with its lines."""
    return InvoiceWithLines.whole(document_of(work.session, invoice_for(work.session, work.actor, invoice_id)))


@router.get("/ledger.beancount", **file_of("text/plain"))
@endpoint(Permission.FINANCE)
def ledger(work: Work) -> Response:
    """The books as Beancount reads them."""
    database = work.installation.database

    def stream() -> Iterator[str]:
        # The answer outlives the request's own session.
        with database.read() as session:
            yield from export_beancount(session)

    return StreamingResponse(stream(), media_type="text/plain; charset=utf-8", headers=attachment("ledger.beancount"))


@router.get("/me/earnings", response_model=EarningsOut)
@endpoint(Permission.OWN_EARNINGS)
def my_earnings(work: Work) -> EarningsOut:
    """What is owed to the caller, and by month what was done for it."""
    balance = balance_of(work.session, work.actor.number)
    return EarningsOut.of(balance, months_of(work.session, work.person_id, work.now))
