"""Tables of reviews and decisions."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from leye_platform.database import Base
from leye_platform.ids import new_id
from leye_platform.review.rules import DecisionMethod, ReviewCause, ReviewState, Verdict

_UNSETTLED = text("state IN ('open', 'held')")


class Review(Base):
    """A micro-task that a reviewer has to settle, and how it was settled. `chosen` names the response accepted.

    One that was put back keeps the name of who had it: they have seen the answers, so they never give one.
    """

    __tablename__ = "reviews"
    __table_args__ = (
        # At most one unsettled review of a micro-task.
        Index(
            "uq_reviews_unsettled",
            "microtask_id",
            unique=True,
            postgresql_where=_UNSETTLED,
            sqlite_where=_UNSETTLED,
        ),
        # The reviewer's queue, oldest first.
        Index("ix_reviews_state_opened_at", "state", "opened_at"),
        # "Has this person a function on this item", asked by the claim.
        Index("ix_reviews_item_id_reviewer_id", "item_id", "reviewer_id"),
        Index("ix_reviews_reviewer_id_settled_at", "reviewer_id", "settled_at"),
        # A quality report counts a batch's verdicts at each request.
        Index("ix_reviews_batch_id_state_verdict", "batch_id", "state", "verdict"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    microtask_id: Mapped[UUID] = mapped_column(ForeignKey("micro_tasks.id"), index=True)
    item_id: Mapped[UUID] = mapped_column(ForeignKey("items.id"))
    batch_id: Mapped[UUID] = mapped_column(ForeignKey("batches.id"))
    project_id: Mapped[UUID] = mapped_column(ForeignKey("projects.id"))
    round: Mapped[int]
    cause: Mapped[ReviewCause]
    state: Mapped[ReviewState] = mapped_column(default=ReviewState.OPEN)
    reviewer_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"))
    held_until: Mapped[datetime | None]
    verdict: Mapped[Verdict | None]
    chosen: Mapped[UUID | None] = mapped_column(ForeignKey("responses.id"))
    reason: Mapped[str | None] = mapped_column(String(40))
    comment: Mapped[str | None] = mapped_column(String(1000))
    result: Mapped[list[Any] | None]
    pay_micros: Mapped[int] = mapped_column(BigInteger, default=0)
    opened_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]


class Decision(Base):
    """The settled answer of a micro-task. A new one never replaces an old row: it has the next version."""

    __tablename__ = "decisions"
    __table_args__ = (
        UniqueConstraint("microtask_id", "version"),
        Index("ix_decisions_item_id", "item_id"),
        Index("ix_decisions_batch_id_decided_at", "batch_id", "decided_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    microtask_id: Mapped[UUID] = mapped_column(ForeignKey("micro_tasks.id"))
    item_id: Mapped[UUID] = mapped_column(ForeignKey("items.id"))
    batch_id: Mapped[UUID] = mapped_column(ForeignKey("batches.id"))
    version: Mapped[int]
    round: Mapped[int]
    method: Mapped[DecisionMethod]
    result: Mapped[list[Any]]
    labels: Mapped[list[Any]]
    confidence: Mapped[float]
    guide_id: Mapped[UUID] = mapped_column(ForeignKey("guide_versions.id"))
    review_id: Mapped[UUID | None] = mapped_column(ForeignKey("reviews.id"))
    decided_at: Mapped[datetime]


class ItemDecision(Base):
    """The annotation of an item that was cut into parts, joined from their decisions once all of them have one.

    A new one never replaces an old row: it has the next version. An item of one part has none of its own.
    """

    __tablename__ = "item_decisions"

    item_id: Mapped[UUID] = mapped_column(ForeignKey("items.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    result: Mapped[list[Any]]
    confidence: Mapped[float]
    guide_id: Mapped[UUID] = mapped_column(ForeignKey("guide_versions.id"))
    decided_at: Mapped[datetime]
