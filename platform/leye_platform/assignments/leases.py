"""What the holder of a lease may do besides answering: a sign of life, giving it back, passing it on."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from leye_platform.assignments.active_time import count_active_time
from leye_platform.assignments.core_tables import assignments, sealed_records
from leye_platform.assignments.errors import AlreadyAnswered, NoMoreTime, SkipReasonMissing
from leye_platform.assignments.expiry import STILL_ASKED
from leye_platform.assignments.holding import uncount
from leye_platform.assignments.own import OwnAssignment, load_own
from leye_platform.assignments.preferences import answers_by_switch
from leye_platform.assignments.rules import (
    ASSIGNMENT_MOVES,
    AssignmentState,
    Lane,
    SkipReason,
    SlotState,
    goes_to_review,
    lease_length,
)
from leye_platform.assignments.slots import WantedAnswer, add_slots, settle_slot
from leye_platform.matching.models import SealedKind
from leye_platform.matching.sealing import KeyRing
from leye_platform.prepared import Prepared
from leye_platform.projects.models import MicroTask
from leye_platform.projects.rules import storable_text
from leye_platform.review.decide import open_review
from leye_platform.review.rules import ReviewCause
from leye_platform.states import check_move

SEALED = Prepared(
    select(sealed_records.c.key_id, sealed_records.c.ciphertext).where(
        sealed_records.c.kind == SealedKind.PREFERENCES, sealed_records.c.subject_id == bindparam("person")
    )
)
RENEW = Prepared(
    update(assignments).where(assignments.c.id == bindparam("assignment")).values(lease_expires_at=bindparam("until"))
)
END = Prepared(
    update(assignments)
    .where(assignments.c.id == bindparam("assignment"))
    .values(
        state=bindparam("ended_as"),
        ended_at=bindparam("now"),
        skip_reason=bindparam("why"),
        skip_comment=bindparam("words"),
    )
)


@dataclass(frozen=True, slots=True)
class Lease:
    """How an assignment stands after a sign of life. An expired one may still be answered."""

    state: AssignmentState
    lease_expires_at: datetime


def heartbeat(
    session: Session,
    person_id: UUID,
    assignment_id: UUID,
    key_ring: KeyRing,
    now: datetime,
    *,
    active_ms: int | None = None,
) -> Lease:
    """Renew a lease that still runs; a lease that has ended is told as it is, and not revived.

    Raises AssignmentMissing.
    """
    own = load_own(session, assignment_id, person_id)
    if own.state is not AssignmentState.LEASED:
        return Lease(own.state, own.lease_expires_at)
    sealed = SEALED.first(session, {"person": person_id})
    by_switch = sealed is not None and answers_by_switch(key_ring, person_id, *sealed)
    until = max(own.lease_expires_at, now + lease_length(own.lease_minutes, by_switch=by_switch))
    RENEW.run(session, {"assignment": own.id, "until": until})
    count_active_time(session, own, active_ms, now)
    return Lease(own.state, until)


def release(session: Session, person_id: UUID, assignment_id: UUID, now: datetime) -> OwnAssignment:
    """Give a task back; asked again, nothing changes. The draft stays.

    Raises AssignmentMissing, AlreadyAnswered, NoMoreTime.
    """
    own = load_own(session, assignment_id, person_id)
    if own.state is AssignmentState.RELEASED:
        return own
    _end(session, own, AssignmentState.RELEASED, now)
    _ask_somebody_else(session, own)
    return own


def skip(
    session: Session,
    person_id: UUID,
    assignment_id: UUID,
    reason: SkipReason | None,
    *,
    now: datetime,
    comment: str = "",
) -> OwnAssignment:
    """Pass a task on, for a reason that chooses its way. It costs the skipper nothing; asked again, nothing changes.

    Raises AssignmentMissing, AlreadyAnswered, NoMoreTime, SkipReasonMissing.
    """
    own = load_own(session, assignment_id, person_id)
    if own.state is AssignmentState.SKIPPED:
        return own
    if reason is None:
        raise SkipReasonMissing
    _end(session, own, AssignmentState.SKIPPED, now, reason=reason, comment=storable_text(comment).strip() or None)
    still_asked = own.microtask_state in STILL_ASKED and own.round == own.microtask_round
    if goes_to_review(reason) and own.lane is not Lane.GOLD and still_asked:
        open_review(session, session.get_one(MicroTask, own.microtask_id), ReviewCause.SKIPPED, now)
    else:
        _ask_somebody_else(session, own)
    return own


def _end(
    session: Session,
    own: OwnAssignment,
    state: AssignmentState,
    now: datetime,
    *,
    reason: SkipReason | None = None,
    comment: str | None = None,
) -> None:
    if own.state is AssignmentState.SUBMITTED:
        raise AlreadyAnswered
    if own.state is AssignmentState.EXPIRED:
        raise NoMoreTime
    check_move(ASSIGNMENT_MOVES, own.state, state)
    END.run(session, {"assignment": own.id, "ended_as": state, "now": now, "why": reason, "words": comment})
    settle_slot(session, own.slot_id, SlotState.RETURNED)
    for statement, values in uncount(own.person_id, own.batch_id, own.lane, own.round):
        statement.run(session, values)


def _ask_somebody_else(session: Session, own: OwnAssignment) -> None:
    """A new slot at the end of the lane, while the round still wants the answer. Gold is asked from its stock."""
    if own.lane is Lane.GOLD or own.microtask_state not in STILL_ASKED or own.round != own.microtask_round:
        return
    add_slots(session, [WantedAnswer(own.batch_id, own.item_id, own.microtask_id, own.lane, own.round)])
