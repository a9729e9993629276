"""Tables of reviews and decisions."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Double, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from leye_platform.database import Base
from leye_platform.ids import new_id
from leye_platform.review.rules import DecisionMethod, FlagOutcome, ReviewCause, ReviewState, Verdict
from leye_quality.flags import FlagKind

_UNSETTLED = text("state IN ('open', 'held')")
_NOT_LOOKED_AT = text("settled_at IS NULL")


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
    """The settled answer of a micro-task. A new one never replaces an old row: it has the next version.

    fell_at: when it ceased to stand because an answer that it rested on was corrected (review/reweigh.py).
    """

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
    fell_at: Mapped[datetime | None]


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


class PersonFlag(Base):
    """Somebody's answers in a project that a human should look at, with the figures that say so. Settled once.

    See `leye_quality.flags.Flag` for kind and figures; shares are 0 to 1. One open row for each person, project and
    kind; each refit renews it, or takes it back. first_answers: how many answers it rested on when it was first found.
    shown: it has lasted. through: the newest answer (its running number) that it rests on: once a human has settled
    it, what came until then flags its author no more.
    """

    __tablename__ = "person_flags"
    __table_args__ = (
        Index(
            "uq_person_flags_open",
            "project_id",
            "person_id",
            "kind",
            unique=True,
            postgresql_where=_NOT_LOOKED_AT,
            sqlite_where=_NOT_LOOKED_AT,
        ),
        Index("ix_person_flags_project_id", "project_id"),
        Index("ix_person_flags_person_id", "person_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"))
    project_id: Mapped[UUID] = mapped_column(ForeignKey("projects.id"))
    kind: Mapped[FlagKind]
    first_answers: Mapped[int]
    answers: Mapped[int]
    agreed: Mapped[float] = mapped_column(Double)
    held_against: Mapped[float] = mapped_column(Double)
    through: Mapped[int] = mapped_column(BigInteger)
    shown: Mapped[bool]
    found_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"))
    outcome: Mapped[FlagOutcome | None]
    words: Mapped[str] = mapped_column(Text, default="")
