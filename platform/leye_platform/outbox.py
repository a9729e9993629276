"""Background work is asked for by a row in the caller's own transaction; the relay hands it on after commit."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from leye_platform.database import Base
from leye_platform.errors import N_, Conflict
from leye_platform.ids import new_id


class JobNotFailed(Conflict):
    """Only what has failed for good is tried again by hand."""

    sentence = N_("这个任务没有停在失败上，可能有人已经重试了。请刷新页面，再看一次。")


_PENDING = text("done_at IS NULL AND failed_at IS NULL")


class JobName(StrEnum):
    """Every background job. Handlers are registered by the top package, which checks that none is missing."""

    INGEST_BATCH = "ingest_batch"
    INGEST_ADDITION = "ingest_addition"
    READ_ON = "read_on"
    REFIT_SKILLS = "refit_skills"
    ASSEMBLE_LOT = "assemble_lot"
    DELIVER_LOT = "deliver_lot"
    COUNT_LOT = "count_lot"
    ISSUE_INVOICE = "issue_invoice"
    SEND_MAIL = "send_mail"
    WRITE_EXPORT = "write_export"
    SEND_WEBHOOK = "send_webhook"
    SWEEP_STORE = "sweep_store"
    ERASE_BATCH = "erase_batch"
    RENEW_GOLD = "renew_gold"


class OutboxRow(Base):
    """A job asked for. Its id is the job's id; it stays here until the job's handler marks it done."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_pending", "created_at", postgresql_where=_PENDING, sqlite_where=_PENDING),
        # At most one job of a kind waits for the same subject.
        Index(
            "uq_outbox_waiting",
            "subject",
            unique=True,
            postgresql_where=text("sent_at IS NULL AND done_at IS NULL AND subject IS NOT NULL"),
            sqlite_where=text("sent_at IS NULL AND done_at IS NULL AND subject IS NOT NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    job: Mapped[JobName]
    arguments: Mapped[dict[str, Any]]
    subject: Mapped[str | None] = mapped_column(String(120))
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str | None] = mapped_column(Text)


class Checkpoint(Base):
    """How far a job has come; written in the same transaction as the work it tells of."""

    __tablename__ = "checkpoints"

    job_id: Mapped[UUID] = mapped_column(ForeignKey("outbox.id"), primary_key=True)
    data: Mapped[dict[str, Any]]
    saved_at: Mapped[datetime]


def ask_for(
    session: Session, job: JobName, arguments: dict[str, Any], now: datetime, *, once_for: object = None
) -> UUID | None:
    """Ask for a job, in the session's transaction. Ids in `arguments` are given as strings.

    With `once_for`, nothing is added while a job of this kind still waits for that subject: it will
    see this transaction's work too. Returns the job's id, or None where one was waiting.
    """
    subject = None if once_for is None else f"{job.value}:{once_for}"
    row = OutboxRow(job=job, arguments=arguments, subject=subject, created_at=now)
    if subject is None:
        session.add(row)
        session.flush()
        return row.id
    return _add_unless_waiting(session, row)


def retry(session: Session, job_id: UUID) -> OutboxRow:
    """Let a job that has failed for good be tried again, with all its attempts. The relay finds it within seconds.

    Raises JobNotFailed, also where somebody else was quicker.
    """
    row = session.scalar(select(OutboxRow).where(OutboxRow.id == job_id).with_for_update())
    if row is None or row.failed_at is None:
        raise JobNotFailed
    row.failed_at, row.problem, row.attempts = None, None, 0
    return row


def _add_unless_waiting(session: Session, row: OutboxRow) -> UUID | None:
    from sqlalchemy.dialects import postgresql, sqlite  # noqa: PLC0415 -- only this call needs dialects

    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    row.id = new_id()
    values = {"id": row.id, "job": row.job, "arguments": row.arguments, "subject": row.subject}
    statement = (
        insert(OutboxRow)
        .values(**values, created_at=row.created_at, attempts=0)
        .on_conflict_do_nothing()
        .returning(OutboxRow.id)
    )
    return session.execute(statement).scalar()
