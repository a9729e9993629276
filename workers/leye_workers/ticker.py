"""What time itself brings about: leases and holds run out, silence accepts, lots fall due, old rows go."""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from leye_platform.assignments.expiry import expire_leases, open_to_all
from leye_platform.delivery.service import accept_by_silence, ask_for_due_lots
from leye_platform.gold.renew import ask_for_gold
from leye_platform.holdings.sweep import ask_for_sweep
from leye_platform.installation import Installation
from leye_platform.notices.service import ask_for_waiting_mail
from leye_platform.outbox import Checkpoint, OutboxRow
from leye_platform.retention.due import announce_dates, erase_what_is_due
from leye_platform.review.service import release_expired

DONE_ROWS_KEPT = timedelta(days=30)
AT_ONCE = 500  # rows removed in one unit of work
MOST_ROUNDS = 100
"""A step that always finds more to do gives way to the others after this many units of work."""

log = structlog.get_logger()
Step = Callable[[Session, datetime], object]


def prune_outbox(session: Session, now: datetime) -> int:
    """Remove rows that were done long ago, at most AT_ONCE of them; how many."""
    old = session.scalars(select(OutboxRow.id).where(OutboxRow.done_at < now - DONE_ROWS_KEPT).limit(AT_ONCE)).all()
    if old:
        session.execute(delete(Checkpoint).where(Checkpoint.job_id.in_(old)))
        session.execute(delete(OutboxRow).where(OutboxRow.id.in_(old)))
    return len(old)


STEPS: tuple[Step, ...] = (
    expire_leases,
    open_to_all,
    release_expired,
    accept_by_silence,
    ask_for_due_lots,
    ask_for_waiting_mail,
    ask_for_sweep,
    ask_for_gold,
    announce_dates,
    erase_what_is_due,
    prune_outbox,
)


def tick(installation: Installation, steps: tuple[Step, ...] = STEPS) -> None:
    """Take every step until it finds nothing more to do; one that fails does not stop the others."""
    for step in steps:
        try:
            _take(installation, step)
        except Exception:
            log.exception("a step of the ticker has failed", step=step.__name__)


def _take(installation: Installation, step: Step) -> None:
    for _ in range(MOST_ROUNDS):
        with installation.database.write() as session:
            found = step(session, installation.clock.now())
        if not found or not isinstance(found, int):
            return
