"""Who did what to which thing, kept for good. Written in the same transaction as the deed."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, Session, mapped_column

from leye_platform.database import Base
from leye_platform.ids import new_id


class AuditRecord(Base):
    """One deed. `action` reads `lot.accept`; `person_id` is empty for the command line and for jobs."""

    __tablename__ = "audit_log"
    __table_args__ = (Index("ix_audit_log_subject_id_at", "subject_id", "at"), Index("ix_audit_log_at", "at"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    at: Mapped[datetime]
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"))
    action: Mapped[str] = mapped_column(String(60))
    subject_id: Mapped[UUID | None]
    detail: Mapped[dict[str, Any]]


def record(
    session: Session,
    *,
    at: datetime,
    person_id: UUID | None,
    action: str,
    subject_id: UUID | None = None,
    **detail: Any,
) -> None:
    """Add an audit record to the session's transaction. `detail` never holds answers or sealed facts."""
    session.add(AuditRecord(at=at, person_id=person_id, action=action, subject_id=subject_id, detail=detail))
