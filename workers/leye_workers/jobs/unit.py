"""The last unit of work of a job: what it writes and the mark that it is done are one transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from leye_platform.installation import Installation
from leye_platform.outbox import OutboxRow


@contextmanager
def last_unit(installation: Installation, job_id: UUID) -> Iterator[Session]:
    """A writing session that marks the job done when its block ends without an error."""
    with installation.database.write() as session:
        yield session
        mark_done(session, job_id, installation.clock.now())


def mark_done(session: Session, job_id: UUID, now: datetime) -> None:
    """Mark a job done, once; in the session's transaction."""
    done = update(OutboxRow).where(OutboxRow.id == job_id, OutboxRow.done_at.is_(None)).values(done_at=now)
    session.execute(done)
