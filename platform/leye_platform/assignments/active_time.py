"""Measured active time: what the page reports in all, counted by its differences and never above the clock's."""

from datetime import datetime

from sqlalchemy import bindparam, insert, update
from sqlalchemy.orm import Session

from leye_platform.assignments.core_tables import active_time_events, assignments
from leye_platform.assignments.own import OwnAssignment
from leye_platform.assignments.rules import ActiveTime
from leye_platform.ids import new_id
from leye_platform.prepared import Prepared, Step, write_together

ADD = Prepared(insert(active_time_events))
COUNT = Prepared(
    update(assignments).where(assignments.c.id == bindparam("assignment")).values(active_ms=bindparam("counted"))
)


def new_active_time(own: OwnAssignment, reported_ms: int | None, now: datetime) -> tuple[int, list[Step]]:
    """The assignment's new total, and the event that stores what is new of `reported_ms` (milliseconds in all)."""
    since = own.last_active_at or own.leased_at
    if own.answered_meanwhile is not None:  # of several held at once, one is worked on at a time
        since = max(since, own.answered_meanwhile)
    added = ActiveTime(reported_ms, own.active_ms, since).to_add(now)
    event = {"id": new_id(), "assignment_id": own.id, "milliseconds": added, "recorded_at": now}
    return own.active_ms + added, [(ADD, event)] if added else []


def count_active_time(session: Session, own: OwnAssignment, reported_ms: int | None, now: datetime) -> None:
    """Store the event, and write the total to the assignment."""
    total, events = new_active_time(own, reported_ms, now)
    if total != own.active_ms:
        write_together(session, [*events, (COUNT, {"assignment": own.id, "counted": total})])
