"""How long content stays, legal holds, and asking for erasure."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, exists, select, update
from sqlalchemy.orm import Session

from leye_platform.actor import Actor
from leye_platform.assignments.models import Slot
from leye_platform.assignments.rules import SlotState
from leye_platform.audit import record
from leye_platform.delivery.models import Lot
from leye_platform.exports.models import ExportFile
from leye_platform.exports.rules import EXPORT_MOVES, ExportState
from leye_platform.notices.events import data_will_go
from leye_platform.outbox import JobName, ask_for
from leye_platform.projects.models import Addition, Batch, Project
from leye_platform.projects.rules import BATCH_MOVES, DATA_MOVES, BatchState, DataState
from leye_platform.projects.withdrawal import pay_what_was_done, whole_batch
from leye_platform.retention.errors import (
    DataErased,
    DataGoing,
    NameNotTyped,
    ReasonNeeded,
    RetentionOutOfRange,
)
from leye_platform.retention.models import Erasure
from leye_platform.retention.rules import (
    LONGEST_RETENTION,
    UNTIL_ASKED,
    ErasureRule,
    announced_for,
    days_kept,
    due_at,
)
from leye_platform.retention.settled import check_settled, standing_of
from leye_platform.review.models import Review
from leye_platform.review.rules import ReviewState
from leye_platform.states import check_move
from leye_platform.uploads.models import UploadSession
from leye_platform.uploads.rules import UploadState
from leye_platform.uploads.service import end

LONGEST_REASON = 500


def check_kept(batch: Batch) -> None:
    """Whether the batch has its content. Raises DataGoing, DataErased."""
    if batch.data_state is DataState.ERASED:
        raise DataErased
    if batch.data_state is DataState.ERASING:
        raise DataGoing


def check_days(days: int | None) -> None:
    """Raises RetentionOutOfRange."""
    if days is not None and not 1 <= days <= LONGEST_RETENTION:
        raise RetentionOutOfRange(most=LONGEST_RETENTION)


def set_project_retention(session: Session, actor: Actor, project: Project, days: int | None, now: datetime) -> None:
    """For how many days after it is settled a batch keeps its content; None: until somebody asks.

    Of batches that follow their project, an announced date falls away and is announced anew. Raises
    RetentionOutOfRange.
    """
    check_days(days)
    if project.retention_days == days:
        return
    project.retention_days = days
    record(
        session, at=now, person_id=actor.person_id, action="project.retention", subject_id=project.id, days=days or 0
    )
    follow = (Batch.project_id == project.id, Batch.retention_days.is_(None), Batch.data_state == DataState.KEPT)
    session.execute(update(Batch).where(*follow).values(erase_at=None))
    session.expire_all()


def set_batch_retention(
    session: Session, actor: Actor, batch: Batch, days: int | None, now: datetime, *, as_project: bool = False
) -> None:
    """The batch's own period, over its project's; None: until somebody asks. as_project: it has none of its own.

    An announced date falls away; a shorter period is announced anew, so that nothing goes without notice. The caller
    has locked the batch. Raises RetentionOutOfRange, DataGoing, DataErased.
    """
    check_kept(batch)
    check_days(None if as_project else days)
    wanted = None if as_project else days or UNTIL_ASKED
    if batch.retention_days == wanted:
        return
    batch.retention_days, batch.erase_at = wanted, None
    told = {"as_project": True} if as_project else {"days": wanted}
    record(session, at=now, person_id=actor.person_id, action="batch.retention", subject_id=batch.id, **told)


def hold(session: Session, actor: Actor, batch: Batch, reason: str, now: datetime) -> None:
    """The content must stay, whatever dates or people say. The caller has locked the batch.

    Raises ReasonNeeded, DataGoing, DataErased.
    """
    check_kept(batch)
    reason = " ".join(reason.split())
    if not 0 < len(reason) <= LONGEST_REASON:
        raise ReasonNeeded
    if batch.legal_hold == reason:
        return
    batch.legal_hold, batch.erase_at = reason, None
    record(session, at=now, person_id=actor.person_id, action="batch.hold", subject_id=batch.id, reason=reason)


def lift_hold(session: Session, actor: Actor, batch: Batch, now: datetime) -> None:
    """The content need not stay any more. Again: nothing more happens."""
    if batch.legal_hold is not None:
        batch.legal_hold = None
        record(session, at=now, person_id=actor.person_id, action="batch.hold_lift", subject_id=batch.id)


def announce_due(session: Session, batch: Batch, project: Project, now: datetime) -> bool:
    """Fix the date on which the batch's content goes, and tell it, where it is near; whether it was.

    The caller has locked the batch.
    """
    days = days_kept(batch.retention_days, project.retention_days)
    due = due_at(standing_of(session, batch), days)
    moment = announced_for(due, now) if due else None
    if moment is None or batch.erase_at is not None:
        return False
    batch.erase_at = moment
    record(session, at=now, person_id=None, action="batch.retention_notice", subject_id=batch.id, days=days)
    data_will_go(session, batch, project, moment, now)
    return True


def ask_for_erasure(session: Session, actor: Actor, batch: Batch, typed: str, now: datetime) -> Erasure:
    """Somebody asks for it, by typing the batch's name. The caller has locked the batch.

    Raises the kinds of ErasureRefused, NameNotTyped.
    """
    check_settled(session, batch)
    if typed.strip() != batch.name:
        raise NameNotTyped(name=batch.name)
    return begin_erasure(session, batch, ErasureRule.ASKED, now, asked_by=actor.person_id)


def begin_erasure(
    session: Session, batch: Batch, rule: ErasureRule, now: datetime, *, asked_by: UUID | None = None
) -> Erasure:
    """From now on nobody reads or changes the content, and a job removes it. The caller has looked that it may go."""
    project = session.get_one(Project, batch.project_id)
    if batch.state is BatchState.OPEN:  # everything of it is finished
        batch.state = check_move(BATCH_MOVES, batch.state, BatchState.CLOSED)
        batch.closed_at = now
        session.flush()
        pay_what_was_done(session, whole_batch(batch.id), now)
    batch.data_state = check_move(DATA_MOVES, batch.data_state, DataState.ERASING)
    erasure = Erasure(
        batch_id=batch.id,
        organisation_id=project.organisation_id,
        rule=rule,
        retention_days=days_kept(batch.retention_days, project.retention_days),
        facts={},
        asked_at=now,
        asked_by=asked_by,
    )
    session.add(erasure)
    session.flush()
    erasure.job_id = ask_for(session, JobName.ERASE_BATCH, {"erasure_id": str(erasure.id)}, now)
    _withdraw_work(session, batch.id)
    _withdraw_exports(session, batch)
    _end_uploads(session, batch.id, now)
    record(
        session, at=now, person_id=asked_by, action="erasure.ask", subject_id=batch.id, rule=rule.value, name=batch.name
    )
    session.flush()
    return erasure


def _withdraw_work(session: Session, batch_id: UUID) -> None:
    """Of a batch that ended unfinished, slots and reviews may still wait: nobody is to be shown what goes."""
    here = {"synchronize_session": False}
    session.execute(
        update(Slot).where(Slot.batch_id == batch_id, Slot.state == SlotState.OPEN).values(state=SlotState.WITHDRAWN),
        execution_options=here,
    )
    session.execute(
        update(Review)
        .where(Review.batch_id == batch_id, Review.state.in_((ReviewState.OPEN, ReviewState.HELD)))
        .values(state=ReviewState.WITHDRAWN),
        execution_options=here,
    )


def _withdraw_exports(session: Session, batch: Batch) -> None:
    """Files that hold, or will hold, what goes; one that is being written finds its state when it is done."""
    for file in session.scalars(select(ExportFile).where(*holding(batch)).with_for_update()):
        file.state = check_move(EXPORT_MOVES, file.state, ExportState.ERASED)


def _end_uploads(session: Session, batch_id: UUID, now: datetime) -> None:
    """Files that are still on their way take nothing more; the daily sweep throws away what has come of them."""
    additions = select(Addition.id).where(Addition.batch_id == batch_id)
    mine = (UploadSession.subject_id == batch_id) | UploadSession.subject_id.in_(additions)
    for upload in session.scalars(select(UploadSession).where(mine, UploadSession.state == UploadState.OPEN)).all():
        end(session, None, upload, UploadState.ABORTED, now)


def holding(batch: Batch) -> tuple[ColumnElement[bool], ...]:
    """Which of a project's export files hold something of a batch, those aside that are erased."""
    inside = exists().where(
        Lot.batch_id == batch.id, Lot.sequence > ExportFile.after_lot, Lot.delivered_at <= ExportFile.asked_at
    )
    return ExportFile.project_id == batch.project_id, ExportFile.state != ExportState.ERASED, inside
