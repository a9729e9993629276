"""What the API of billing gives. Amounts: minor units on invoices, micros in earnings; rates exact, as text."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from leye_platform.billing.documents import InvoiceDocument
from leye_platform.billing.earnings import Balance, MonthOfWork
from leye_platform.billing.models import Invoice


class InvoiceOut(BaseModel):
    """An invoice in a list."""

    id: UUID
    number: int
    organisation: str
    issued_at: datetime
    total_minor: int
    currency: str

    @classmethod
    def of(cls, invoice: Invoice, organisation: str) -> "InvoiceOut":
        return cls(
            id=invoice.id,
            number=invoice.number,
            organisation=organisation,
            issued_at=invoice.issued_at,
            total_minor=invoice.total_minor,
            currency=invoice.currency,
        )


class InvoiceLineOut(BaseModel):
    """amount_minor = quantity x unit_price x 100, rounded half-even once."""

    line: int
    lot: UUID
    description: str
    quantity: str
    unit: str
    unit_price: str
    amount_minor: int


class InvoiceWithLines(InvoiceOut):
    """One invoice whole."""

    lines: list[InvoiceLineOut]

    @classmethod
    def whole(cls, document: InvoiceDocument) -> "InvoiceWithLines":
        head = InvoiceOut.of(document.invoice, document.partner)
        lines = [
            InvoiceLineOut(
                line=line.line,
                lot=line.lot_id,
                description=line.description,
                quantity=format(line.quantity, "f"),
                unit=line.unit,
                unit_price=format(line.unit_price, "f"),
                amount_minor=line.amount_minor,
            )
            for line in document.lines
        ]
        return cls(**head.model_dump(), lines=lines)


class MonthOut(BaseModel):
    """`month` is yyyy-mm in the operator's zone."""

    month: str
    answers: int
    reviews: int
    pending_micros: int
    payable_micros: int


class EarningsOut(BaseModel):
    """What is owed to the caller: pending until decided, then payable."""

    pending_micros: int
    payable_micros: int
    currency: str
    months: list[MonthOut]

    @classmethod
    def of(cls, balance: Balance, months: list[MonthOfWork]) -> "EarningsOut":
        return cls(
            pending_micros=balance.pending,
            payable_micros=balance.payable,
            currency="CNY",
            months=[
                MonthOut(
                    month=month.name,
                    answers=month.sums.answers,
                    reviews=month.sums.reviews,
                    pending_micros=month.sums.pending,
                    payable_micros=month.sums.payable,
                )
                for month in months
            ],
        )
