"""Drafts save themselves: the last one to arrive stands, and it is gone once the response is there."""

from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, delete
from sqlalchemy.orm import Session

from leye_platform.assignments.active_time import count_active_time
from leye_platform.assignments.core_tables import dialect_of, drafts, insert_into
from leye_platform.assignments.errors import AlreadyAnswered, AlreadyDecided
from leye_platform.assignments.expiry import STILL_ASKED
from leye_platform.assignments.own import OwnAssignment, load_own
from leye_platform.assignments.rules import AssignmentState
from leye_platform.prepared import Prepared

DROP = Prepared(delete(drafts).where(drafts.c.assignment_id == bindparam("assignment")))


@cache
def _put(dialect: str) -> Prepared:
    adding = insert_into(dialect, drafts)
    return Prepared(
        adding.on_conflict_do_update(
            index_elements=[drafts.c.assignment_id],
            set_={"result": adding.excluded.result, "saved_at": adding.excluded.saved_at},
        )
    )


def put_draft(session: Session, assignment_id: UUID, result: list[Any], now: datetime) -> None:
    """Keep `result` as the assignment's draft."""
    _put(dialect_of(session)).run(session, {"assignment_id": assignment_id, "result": result, "saved_at": now})


def drop_draft(session: Session, assignment_id: UUID) -> None:
    """Forget the draft."""
    DROP.run(session, {"assignment": assignment_id})


def save_draft(
    session: Session,
    person_id: UUID,
    assignment_id: UUID,
    result: list[Any],
    now: datetime,
    *,
    active_ms: int | None = None,
) -> OwnAssignment:
    """Save the answer so far. After expiry too, while nothing has been decided.

    Raises AssignmentMissing, AlreadyAnswered, AlreadyDecided.
    """
    own = load_own(session, assignment_id, person_id)
    if own.state is AssignmentState.SUBMITTED:
        raise AlreadyAnswered
    if own.state is AssignmentState.EXPIRED and own.microtask_state not in STILL_ASKED:
        raise AlreadyDecided
    put_draft(session, assignment_id, result, now)
    count_active_time(session, own, active_ms, now)
    return own
