"""Claiming: the next suitable micro-task under a lease, or the reason why there is none.

The order: the person's own live lease (a double click or a crash never holds two), rework kept for
them, a gold item when its time has come, then the lanes. Races are closed by the database: the slot is
locked (PostgreSQL) or the writer is alone (SQLite); one lease a person and one answer a person, micro-task
and round are unique indexes.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from leye_platform.assignments.core_tables import (
    LEASED,
    OPEN,
    assignments,
    batches,
    projects,
    sealed_records,
    slots,
)
from leye_platform.assignments.expiry import expire_leases
from leye_platform.assignments.holding import Claimed, hold, move_cursors
from leye_platform.assignments.lanes import Claimant, LaneState, look_over, suits, take
from leye_platform.assignments.preferences import answers_by_switch
from leye_platform.assignments.rules import (
    RETRY_AFTER,
    Lane,
    NoTask,
    gold_due,
    lease_length,
    no_task_reason,
)
from leye_platform.assignments.sweep import sweep
from leye_platform.matching.models import SealedKind
from leye_platform.matching.sealing import KeyRing
from leye_platform.prepared import Prepared
from leye_platform.projects.rules import Pipeline

LAZY_EXPIRY = 50


@dataclass(frozen=True, slots=True)
class Nothing:
    """No task just now: why, when to ask again (seconds), and when a lease ends at the latest."""

    reason: NoTask
    retry_after: int
    lease_ends_at: datetime | None = None


class Waiting(NamedTuple):
    """What already waits for the claimant: a lease they hold, rework kept for them, their sealed preferences."""

    held: UUID | None
    held_minutes: int | None
    reserved: UUID | None
    key_id: str | None
    ciphertext: bytes | None


@cache
def _waiting(in_project: bool, whole: bool) -> Prepared:
    person = bindparam("person", type_=sa.Uuid)
    held = select(assignments.c.id).where(assignments.c.person_id == person, assignments.c.state == LEASED).limit(1)
    minutes = (
        select(projects.c.lease_minutes)
        .join(assignments, assignments.c.project_id == projects.c.id)
        .where(assignments.c.person_id == person, assignments.c.state == LEASED)
        .limit(1)
    )
    reserved = (
        select(slots.c.id)
        .join(batches, batches.c.id == slots.c.batch_id)
        .where(
            slots.c.state == OPEN,
            slots.c.reserved_for == person,
            batches.c.state == OPEN,
            suits(slots, whole),
            batches.c.project_id == bindparam("project") if in_project else sa.true(),
        )
        .order_by(slots.c.position)
        .limit(1)
    )
    mine = (sealed_records.c.kind == SealedKind.PREFERENCES) & (sealed_records.c.subject_id == person)
    return Prepared(
        select(
            held.scalar_subquery(),
            minutes.scalar_subquery(),
            reserved.scalar_subquery(),
            select(sealed_records.c.key_id).where(mine).scalar_subquery(),
            select(sealed_records.c.ciphertext).where(mine).scalar_subquery(),
        )
    )


RESERVED_SLOT = Prepared(
    select(slots.c.batch_id, slots.c.lane, slots.c.position).where(slots.c.id == bindparam("slot"))
)
RENEW = Prepared(
    update(assignments)
    .where(assignments.c.id == bindparam("assignment"), assignments.c.state == LEASED)
    .values(lease_expires_at=bindparam("until"))
)


@cache
def _next_lease_end(in_project: bool) -> Prepared:
    return Prepared(
        select(assignments.c.lease_expires_at)
        .join(batches, batches.c.id == assignments.c.batch_id)
        .where(
            assignments.c.state == LEASED,
            batches.c.state == OPEN,
            batches.c.project_id == bindparam("project") if in_project else sa.true(),
        )
        .order_by(assignments.c.lease_expires_at)
        .limit(1)
    )


def claim(session: Session, who: Claimant, key_ring: KeyRing) -> Claimed | Nothing:
    """The person's next assignment, or why there is none."""
    waiting = Waiting(*_waiting(who.project_id is not None, who.whole).one(session, who.bound()))
    by_switch = answers_by_switch(key_ring, who.person_id, waiting.key_id, waiting.ciphertext)
    if waiting.held is not None:
        return _give_back(session, who, waiting, by_switch)
    if waiting.reserved is not None:
        batch_id, lane, position = RESERVED_SLOT.one(session, {"slot": waiting.reserved})
        taken = take(session, who, batch_id, lane, position)
        # The cursor stays: what lies before a slot kept for one person was not looked at.
        if taken is not None and (claimed := hold(session, who, taken, by_switch=by_switch)):
            return claimed
    found = _from_lanes(session, who, by_switch)
    if isinstance(found, Claimed) or found.lease_ends_at is None or found.lease_ends_at > who.now:
        return found
    # Nothing to hand out, yet somebody's time has run out and the job has not come by: settle that first.
    expire_leases(session, who.now, at_most=LAZY_EXPIRY)
    return _from_lanes(session, who, by_switch)


def _give_back(session: Session, who: Claimant, waiting: Waiting, by_switch: bool) -> Claimed:
    assert waiting.held is not None  # noqa: S101 -- the caller looked
    until = who.now + lease_length(waiting.held_minutes or 0, by_switch=by_switch)
    RENEW.run(session, {"assignment": waiting.held, "until": until})
    return Claimed(waiting.held, new=False)


def _from_lanes(session: Session, who: Claimant, by_switch: bool) -> Claimed | Nothing:
    lanes = look_over(session, who)
    hits = [lane for lane in lanes if lane.found is not None and lane.lane is not Lane.GOLD]
    for hit in hits:
        gold = _gold_for(who, hit, lanes)
        for lane in (gold, hit) if gold else (hit,):
            assert lane.found is not None  # noqa: S101 -- that is what makes it a hit
            taken = take(session, who, lane.batch_id, lane.lane, lane.found)
            if taken is None:
                continue
            claimed = hold(session, who, taken, by_switch=by_switch)
            if claimed is not None:
                move_cursors(session, who, lanes, taken if claimed.new else None, {})
                return claimed
    return _behind_the_cursors(session, who, lanes, by_switch, locked=bool(hits))


def _gold_for(who: Claimant, hit: LaneState, lanes: list[LaneState]) -> LaneState | None:
    """The lane of gold items to take from instead of `hit`, when a gold item is due in its project."""
    share = Pipeline.model_validate(hit.pipeline).gold_share
    if not gold_due(who.person_id, hit.project_id, answers=hit.answers, gold_share=share):
        return None
    stock = (lane for lane in lanes if lane.lane is Lane.GOLD and lane.project_id == hit.project_id)
    return next((lane for lane in stock if lane.found is not None), None)


def _behind_the_cursors(
    session: Session, who: Claimant, lanes: list[LaneState], by_switch: bool, *, locked: bool
) -> Claimed | Nothing:
    swept = sweep(session, who, lanes)
    claimed = hold(session, who, swept.taken, by_switch=by_switch) if swept.taken else None
    move_cursors(session, who, lanes, None, swept.moved)
    if claimed is not None:
        return claimed
    ends_at = _next_lease_end(who.project_id is not None).scalar(session, who.bound())
    reason = no_task_reason(
        open_batches=bool(lanes),
        leftovers=any(lane.last is not None for lane in lanes if lane.lane is not Lane.GOLD),
        held_by_others=ends_at is not None,
        looked_everywhere=swept.complete and not locked,
    )
    return Nothing(reason, RETRY_AFTER[reason], ends_at)
