"""What time brings about: dates are announced, and what has come to its date goes."""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leye_platform.projects.models import Batch, Project
from leye_platform.projects.rules import BatchState, DataState
from leye_platform.retention.errors import ErasureRefused
from leye_platform.retention.rules import NOTICE, ErasureRule
from leye_platform.retention.service import announce_due, begin_erasure
from leye_platform.retention.settled import check_settled

AT_ONCE = 50  # batches looked at in one unit of work
_ENDED = (BatchState.OPEN, BatchState.CLOSED, BatchState.CANCELLED, BatchState.FAILED)


def announce_dates(session: Session, now: datetime) -> int:
    """Announce the dates that have come near; of how many batches.

    At most AT_ONCE are looked at, the longest created first; the others come with the next step of the ticker.
    """
    period = func.coalesce(Batch.retention_days, Project.retention_days, 0)
    waiting = (
        select(Batch.id, Batch.created_at, period)
        .join(Project, Project.id == Batch.project_id)
        .where(
            Batch.data_state == DataState.KEPT,
            Batch.erase_at.is_(None),
            Batch.legal_hold.is_(None),
            Batch.state.in_(_ENDED),
            period > 0,
        )
        .order_by(Batch.created_at)
    )
    told = 0
    for batch_id, created_at, days in session.execute(waiting).all():
        if created_at + timedelta(days=days) - NOTICE > now:
            continue
        batch = session.get_one(Batch, batch_id, with_for_update={"key_share": True}, populate_existing=True)
        told += announce_due(session, batch, session.get_one(Project, batch.project_id), now)
        if told == AT_ONCE:
            break
    return told


def erase_what_is_due(session: Session, now: datetime) -> int:
    """Begin to erase what has come to its announced date; how many batches.

    Where something has come up meanwhile (work, a lot sent back, a hold), the date falls away and is announced anew.
    """
    due = select(Batch.id).where(Batch.erase_at <= now, Batch.data_state == DataState.KEPT)
    found = session.scalars(due.order_by(Batch.erase_at).limit(AT_ONCE)).all()
    for batch_id in found:
        batch = session.get_one(Batch, batch_id, with_for_update=True, populate_existing=True)
        if batch.erase_at is None or batch.data_state is not DataState.KEPT:
            continue
        batch.erase_at = None
        try:
            check_settled(session, batch)
        except ErasureRefused:
            continue
        begin_erasure(session, batch, ErasureRule.RETENTION, now)
    return len(found)
