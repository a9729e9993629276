"""An invoice as partners get it: its lines and items as CSV, and the whole on one printable page."""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from leye_platform.accounts.models import Organisation
from leye_platform.billing.models import Invoice, InvoiceItem, InvoiceLine
from leye_platform.errors import N_
from leye_platform.projects.models import Item
from leye_platform.web import formats
from leye_platform.web.pages import words_in
from leye_platform.web.rendering import render

LINES_HEADER = ("line", "lot", "description", "quantity", "unit", "unit_price", "amount_minor", "currency")
ITEMS_HEADER = ("line", "item_id", "external_id", "quantity")
UNIT_WORDS = {"item": N_("条"), "object": N_("个"), "character": N_("字"), "second": N_("秒")}
CHUNK = 1000


@dataclass(frozen=True)
class InvoiceDocument:
    """An invoice with its partner's name and its lines in order."""

    invoice: Invoice
    partner: str
    lines: tuple[InvoiceLine, ...]

    @property
    def name(self) -> str:
        """What the invoice is called on paper."""
        return f"Z-{self.invoice.number:06}"


@dataclass(frozen=True)
class BilledItem:
    """One accepted item and the line that it stands on."""

    line: int
    item_id: UUID
    external_id: str | None
    quantity: Decimal


def document_of(session: Session, invoice: Invoice) -> InvoiceDocument:
    """An invoice with all that its document shows."""
    lines = session.scalars(
        select(InvoiceLine).where(InvoiceLine.invoice_id == invoice.id).order_by(InvoiceLine.line)
    ).all()
    return InvoiceDocument(invoice, session.get_one(Organisation, invoice.organisation_id).name, tuple(lines))


def billed_items(session: Session, invoice_id: UUID) -> Iterator[BilledItem]:
    """The items of an invoice by line and number, read in parts."""
    last = (0, -1)
    while True:
        rows = session.execute(
            select(InvoiceItem.line, Item.number, Item.id, Item.external_id, InvoiceItem.quantity)
            .join(Item, Item.id == InvoiceItem.item_id)
            .where(
                InvoiceItem.invoice_id == invoice_id,
                (InvoiceItem.line > last[0]) | ((InvoiceItem.line == last[0]) & (Item.number > last[1])),
            )
            .order_by(InvoiceItem.line, Item.number)
            .limit(CHUNK)
        ).all()
        yield from (BilledItem(line, item_id, external, quantity) for line, _n, item_id, external, quantity in rows)
        if len(rows) < CHUNK:
            return
        last = (rows[-1][0], rows[-1][1])


def write_lines(document: InvoiceDocument) -> Iterator[str]:
    """The lines as CSV: unit_price exact in the currency unit, amount_minor an integer; `lot` is the lot's id."""
    yield _row(LINES_HEADER)
    for line in document.lines:
        yield _row(
            (
                line.line,
                line.lot_id,
                line.description,
                format(line.quantity, "f"),
                line.unit,
                format(line.unit_price, "f"),
                line.amount_minor,
                document.invoice.currency,
            )
        )


def write_items(items: Iterable[BilledItem]) -> Iterator[str]:
    """Each accepted item once, as CSV."""
    yield _row(ITEMS_HEADER)
    for item in items:
        yield _row((item.line, item.item_id, item.external_id or "", format(item.quantity, "f")))


def _row(cells: Iterable[object]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(cells)
    return buffer.getvalue()


def render_invoice_html(document: InvoiceDocument, language: str = "zh") -> str:
    """One self-contained printable page: no style sheet, script or picture from elsewhere."""
    words = words_in(language)
    context: dict[str, Any] = {
        "_": words,
        "lang": "zh-CN" if language == "zh" else "en",
        "document": document,
        "unit_words": UNIT_WORDS,
        "date": formats.date(language),
        "billed": formats.billed(language),
    }
    return render("billing/invoice_document.html", context)
