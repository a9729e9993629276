"""The table of decided items that serve, or served, as gold."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from leye_platform.database import Base
from leye_platform.gold.rules import Retired

_IN_USE = text("retired_at IS NULL")


class RenewedGold(Base):
    """A micro-task whose decision is sure enough to hold answers against. Once retired it never comes back.

    Its stock is an open slot of round `GOLD_ROUND` in the gold lane of an open batch: its own, or another.
    """

    __tablename__ = "renewed_gold"
    __table_args__ = (
        # What a project has in use, and what became of the rest.
        Index("ix_renewed_gold_in_use_project_id", "project_id", postgresql_where=_IN_USE, sqlite_where=_IN_USE),
        Index("ix_renewed_gold_project_id_retired_for", "project_id", "retired_for"),
    )

    microtask_id: Mapped[UUID] = mapped_column(ForeignKey("micro_tasks.id"), primary_key=True)
    item_id: Mapped[UUID] = mapped_column(ForeignKey("items.id"))
    batch_id: Mapped[UUID] = mapped_column(ForeignKey("batches.id"))
    project_id: Mapped[UUID] = mapped_column(ForeignKey("projects.id"))
    decision_id: Mapped[UUID] = mapped_column(ForeignKey("decisions.id"))
    renewed_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]
    retired_for: Mapped[Retired | None]
