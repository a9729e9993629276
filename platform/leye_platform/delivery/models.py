"""Tables of lots."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from leye_platform.columns import next_number
from leye_platform.database import Base
from leye_platform.delivery.rules import LotItemState, LotState
from leye_platform.ids import new_id

_INCLUDED = text("state = 'included'")


class Lot(Base):
    """Decided items delivered, accepted and invoiced together.

    `files` maps a format to its object key. `class_names` is the project's map by which they were written.
    `content_version` grows whenever items leave it.
    """

    __tablename__ = "lots"
    __table_args__ = (UniqueConstraint("project_id", "sequence"), Index("ix_lots_batch_id", "batch_id"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[int] = mapped_column(BigInteger, unique=True, default=next_number("lots", "number"))
    project_id: Mapped[UUID] = mapped_column(ForeignKey("projects.id"))
    batch_id: Mapped[UUID] = mapped_column(ForeignKey("batches.id"))
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), index=True)
    sequence: Mapped[int]
    state: Mapped[LotState] = mapped_column(default=LotState.ASSEMBLING)
    files: Mapped[dict[str, Any]]
    class_names: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]
    accept_by: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"))
    reason: Mapped[str | None] = mapped_column(String(1000))
    content_version: Mapped[int] = mapped_column(default=0)


class LotItem(Base):
    """An item in a lot, with the annotation as delivered. An item stands in at most one lot at a time."""

    __tablename__ = "lot_items"
    __table_args__ = (
        Index(
            "uq_lot_items_included",
            "item_id",
            unique=True,
            postgresql_where=_INCLUDED,
            sqlite_where=_INCLUDED,
        ),
    )

    lot_id: Mapped[UUID] = mapped_column(ForeignKey("lots.id"), primary_key=True)
    item_id: Mapped[UUID] = mapped_column(ForeignKey("items.id"), primary_key=True)
    state: Mapped[LotItemState] = mapped_column(default=LotItemState.INCLUDED)
    quantity: Mapped[Decimal]
    result: Mapped[list[Any]]
    confidence: Mapped[float]
    guide_version: Mapped[int]
    reason: Mapped[str | None] = mapped_column(String(1000))
    sent_back_at: Mapped[datetime | None]


class LotQuality(Base):
    """What a quality report counts in a lot, kept from when it was counted (quality_kept.py), and what it rests on.

    content_version: the lot's at that time. basis: which task type, label config and way of counting. answers_to,
    answers_after: answers of the lot with a number above `answers_to` were so many. figures: a `Part`, as JSON.
    items, reviewed, confidence_sum: those of them that short lists show.
    """

    __tablename__ = "lot_quality"

    lot_id: Mapped[UUID] = mapped_column(ForeignKey("lots.id"), primary_key=True)
    content_version: Mapped[int]
    basis: Mapped[str] = mapped_column(String(64))
    answers_to: Mapped[int] = mapped_column(BigInteger)
    answers_after: Mapped[int]
    items: Mapped[int]
    reviewed: Mapped[int]
    confidence_sum: Mapped[float]
    figures: Mapped[dict[str, Any]]


class BatchChecks(Base):
    """Of a batch's answers that the draw gave to reviewers, how many stood; kept since `settled` reviews had ended."""

    __tablename__ = "batch_checks"

    batch_id: Mapped[UUID] = mapped_column(ForeignKey("batches.id"), primary_key=True)
    settled: Mapped[int]
    basis: Mapped[str] = mapped_column(String(64))
    checked: Mapped[int]
    found_right: Mapped[int]
