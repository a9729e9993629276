"""The table of files of labels that somebody asked for."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from leye_platform.database import Base
from leye_platform.exports.rules import ExportState
from leye_platform.ids import new_id


class ExportFile(Base):
    """One file: what the partner held at `asked_at` of the lots numbered after `after_lot`, in one format.

    `class_names` is the map by which it is written, as it was when it was asked for. `items` so far, of `items_total`;
    `report` (exports/losses.py:Losses) when it is ready. `job_id` is the outbox row that writes
    it, which goes 30 days after it is done.
    """

    __tablename__ = "export_files"
    __table_args__ = (
        # A project's page lists them from the newest.
        Index("ix_export_files_project_id_asked_at", "project_id", "asked_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    project_id: Mapped[UUID] = mapped_column(ForeignKey("projects.id"))
    format: Mapped[str] = mapped_column(String(40))
    original_names: Mapped[bool] = mapped_column(default=False)
    class_names: Mapped[dict[str, Any]] = mapped_column(default=dict)
    after_lot: Mapped[int] = mapped_column(default=0)
    state: Mapped[ExportState] = mapped_column(default=ExportState.WAITING)
    items: Mapped[int] = mapped_column(default=0)
    items_total: Mapped[int | None]
    size: Mapped[int | None] = mapped_column(BigInteger)
    sha256: Mapped[str | None] = mapped_column(String(64))
    key: Mapped[str | None] = mapped_column(String(300))
    report: Mapped[dict[str, Any] | None]
    job_id: Mapped[UUID | None]
    asked_at: Mapped[datetime]
    asked_by: Mapped[UUID] = mapped_column(ForeignKey("people.id"))
    ready_at: Mapped[datetime | None]
