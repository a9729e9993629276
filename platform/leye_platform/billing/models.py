"""Tables of the ledger and of invoices.

The database itself keeps the books honest (triggers in the migrations): postings come first, the
entry last; inserting the entry checks that its postings sum to zero and closes it; nothing is ever
updated or deleted; an item has at most one acceptance entry that is not reversed.
"""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from leye_platform.billing.rules import EntryKind
from leye_platform.columns import next_number
from leye_platform.database import Base
from leye_platform.ids import new_id

_ACCEPTANCE = text("kind = 'acceptance'")


class LedgerEntry(Base):
    """One event of the books. `acceptance_sequence` is 1 + the item's reversed acceptances."""

    __tablename__ = "ledger_entries"
    __table_args__ = (
        Index(
            "uq_ledger_entries_acceptance",
            "item_id",
            "acceptance_sequence",
            unique=True,
            postgresql_where=_ACCEPTANCE,
            sqlite_where=_ACCEPTANCE,
        ),
        Index("ix_ledger_entries_response_id", "response_id"),
        Index("ix_ledger_entries_kind_occurred_at", "kind", "occurred_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[EntryKind]
    idempotency_key: Mapped[str] = mapped_column(String(200), unique=True)
    occurred_at: Mapped[datetime]
    currency: Mapped[str] = mapped_column(String(3))
    description: Mapped[str] = mapped_column(String(300))
    project_id: Mapped[UUID | None] = mapped_column(ForeignKey("projects.id"))
    item_id: Mapped[UUID | None] = mapped_column(ForeignKey("items.id"))
    response_id: Mapped[UUID | None] = mapped_column(ForeignKey("responses.id"))
    review_id: Mapped[UUID | None] = mapped_column(ForeignKey("reviews.id"))
    lot_id: Mapped[UUID | None] = mapped_column(ForeignKey("lots.id"), index=True)
    invoice_id: Mapped[UUID | None] = mapped_column(ForeignKey("invoices.id"))
    reverses_id: Mapped[UUID | None] = mapped_column(ForeignKey("ledger_entries.id"), unique=True)
    acceptance_sequence: Mapped[int | None]


class Posting(Base):
    """An amount in micros on one account; positive is debit. The entry it belongs to is inserted after it."""

    __tablename__ = "postings"
    __table_args__ = (Index("ix_postings_account_entry_id", "account", "entry_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    entry_id: Mapped[UUID] = mapped_column(
        ForeignKey("ledger_entries.id", deferrable=True, initially="DEFERRED"), index=True
    )
    account: Mapped[str] = mapped_column(String(120))
    amount_micros: Mapped[int] = mapped_column(BigInteger)


class Invoice(Base):
    """What a partner owes for accepted lots. Amounts in minor units (fen), rounded once per line."""

    __tablename__ = "invoices"
    __table_args__ = (
        Index("ix_invoices_organisation_id_issued_at", "organisation_id", "issued_at"),
        # A firm's list, from the newest.
        Index("ix_invoices_organisation_id_number", "organisation_id", "number"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[int] = mapped_column(BigInteger, unique=True, default=next_number("invoices", "number"))
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    currency: Mapped[str] = mapped_column(String(3))
    total_minor: Mapped[int] = mapped_column(BigInteger)
    issued_at: Mapped[datetime]


class InvoiceLine(Base):
    """A line for each lot, price and unit."""

    __tablename__ = "invoice_lines"
    __table_args__ = (UniqueConstraint("lot_id", "unit", "unit_price"),)

    invoice_id: Mapped[UUID] = mapped_column(ForeignKey("invoices.id"), primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    lot_id: Mapped[UUID] = mapped_column(ForeignKey("lots.id"))
    description: Mapped[str] = mapped_column(String(300))
    quantity: Mapped[Decimal]
    unit: Mapped[str] = mapped_column(String(16))
    unit_price: Mapped[Decimal]
    amount_minor: Mapped[int] = mapped_column(BigInteger)


class InvoiceItem(Base):
    """Each accepted item once: the line it is billed on."""

    __tablename__ = "invoice_items"
    __table_args__ = (Index("ix_invoice_items_invoice_id_line", "invoice_id", "line"),)

    item_id: Mapped[UUID] = mapped_column(ForeignKey("items.id"), primary_key=True)
    invoice_id: Mapped[UUID] = mapped_column(ForeignKey("invoices.id"))
    line: Mapped[int]
    quantity: Mapped[Decimal]
