"""Claiming: the next suitable micro-task under a lease, or the reason why there is none.

The order: the person's own live lease (a double click or a crash never holds two), rework kept for
them, a gold item when its time has come, then the lanes: of the project they name, else of the run they are in, else
of the project that is drawn for them (sharing.py). Races are closed by the database: the slot is locked (PostgreSQL)
or the writer is alone (SQLite); one lease a person and place, and one answer a person, micro-task and round are unique
indexes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
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
from leye_platform.assignments.lanes import Claimant, LaneState, TakenSlot, look_over, suits, take
from leye_platform.assignments.preferences import answers_by_switch
from leye_platform.assignments.reserved import kept_until
from leye_platform.assignments.rules import (
    RETRY_AFTER,
    Lane,
    NoTask,
    gold_due,
    lease_length,
    no_task_reason,
    own_gold_share,
)
from leye_platform.assignments.runs import RUN_COLUMNS, begin_run, in_order, one_row_with_run, run_from
from leye_platform.assignments.sharing import Run
from leye_platform.assignments.sweep import sweep
from leye_platform.matching.models import SealedKind
from leye_platform.matching.sealing import KeyRing
from leye_platform.prepared import Prepared
from leye_platform.projects.rules import Pipeline

LAZY_EXPIRY = 50


@dataclass(frozen=True, slots=True)
class Nothing:
    """No task just now: why, when to ask again (seconds), and when a lease ends at the latest.

    kept_until: when the first batch that is kept for other teams is opened to all.
    """

    reason: NoTask
    retry_after: int
    lease_ends_at: datetime | None = None
    kept_until: datetime | None = None


class Hands(NamedTuple):
    """What a claim is handled with: the key that gold is drawn by, and whether the claimant answers by one switch."""

    key_ring: KeyRing
    by_switch: bool


class Waiting(NamedTuple):
    """What already waits for the claimant: a lease they hold, rework kept for them; and their sealed preferences and
    the run they are in."""

    held: UUID | None
    held_minutes: int | None
    reserved: UUID | None
    key_id: str | None
    ciphertext: bytes | None
    run: Run | None


@cache
def _waiting(in_project: bool, whole: bool) -> Prepared:
    person = bindparam("person", type_=sa.Uuid)
    first = (assignments.c.person_id == person) & (assignments.c.state == LEASED)
    held = select(assignments.c.id).where(first).order_by(assignments.c.place).limit(1)
    minutes = (
        select(projects.c.lease_minutes)
        .join(assignments, assignments.c.project_id == projects.c.id)
        .where(first)
        .order_by(assignments.c.place)
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
            *RUN_COLUMNS,
        ).select_from(one_row_with_run())
    )


def what_waits(session: Session, who: Claimant) -> Waiting:
    """What a claim looks at before any lane, in one statement."""
    held, minutes, reserved, key_id, ciphertext, *run = _waiting(who.project_id is not None, who.whole).one(
        session, who.bound()
    )
    return Waiting(held, minutes, reserved, key_id, ciphertext, run_from(run))


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
    waiting = what_waits(session, who)
    by_switch = answers_by_switch(key_ring, who.person_id, waiting.key_id, waiting.ciphertext)
    if waiting.held is not None:
        return _give_back(session, who, waiting, by_switch)
    if waiting.reserved is not None:
        taken = take_reserved(session, who, waiting.reserved)
        # The cursor stays: what lies before a slot kept for one person was not looked at.
        if taken is not None and (claimed := hold(session, who, taken, by_switch=by_switch)):
            return claimed
    hands = Hands(key_ring, by_switch)
    found = _shared_out(session, who, waiting.run, hands)
    if isinstance(found, Claimed) or found.lease_ends_at is None or found.lease_ends_at > who.now:
        return found
    # Nothing to hand out, yet somebody's time has run out and the job has not come by: settle that first.
    expire_leases(session, who.now, at_most=LAZY_EXPIRY)
    return _shared_out(session, who, waiting.run, hands)


def take_reserved(session: Session, who: Claimant, slot_id: UUID) -> TakenSlot | None:
    """Lock rework that is kept for the claimant."""
    batch_id, lane, position = RESERVED_SLOT.one(session, {"slot": slot_id})
    return take(session, who, batch_id, lane, position)


def _give_back(session: Session, who: Claimant, waiting: Waiting, by_switch: bool) -> Claimed:
    assert waiting.held is not None  # noqa: S101 -- the caller looked
    until = who.now + lease_length(waiting.held_minutes or 0, by_switch=by_switch)
    RENEW.run(session, {"assignment": waiting.held, "until": until})
    return Claimed(waiting.held, new=False)


def in_its_run(who: Claimant, run: Run | None) -> Claimant | None:
    """The claimant as one who goes on in the project of their run; None where they name one, or the run has ended."""
    if who.project_id is not None or run is None or run.is_over(who.now):
        return None
    return replace(who, project_id=run.project_id, in_run=True)


def _shared_out(session: Session, who: Claimant, run: Run | None, hands: Hands) -> Claimed | Nothing:
    """From the project named, or from that of the run; where there is nothing in it, from all of them."""
    going_on = in_its_run(who, run)
    if going_on is not None:
        found = _from_lanes(session, going_on, run, hands)
        if isinstance(found, Claimed):
            return found
    return _from_lanes(session, who, run, hands)


def _from_lanes(session: Session, who: Claimant, run: Run | None, hands: Hands) -> Claimed | Nothing:
    lanes = look_over(session, who)
    if who.project_id is None:
        lanes = in_order(lanes, who, run)
    hits = [lane for lane in lanes if lane.found is not None and lane.lane is not Lane.GOLD]
    for hit in hits:
        gold = gold_for(who, hit, lanes, ahead=0, key_ring=hands.key_ring)
        for lane in (gold, hit) if gold else (hit,):
            assert lane.found is not None  # noqa: S101 -- that is what makes it a hit
            taken = take(session, who, lane.batch_id, lane.lane, lane.found)
            if taken is None:
                continue
            claimed = hold(session, who, taken, by_switch=hands.by_switch)
            if claimed is not None:
                move_cursors(session, who, lanes, [taken] if claimed.new else [])
                if claimed.new:
                    begin_run(session, who, run, hit)
                return claimed
    return _behind_the_cursors(session, who, lanes, run, by_switch=hands.by_switch, locked=bool(hits))


def gold_for(
    who: Claimant, hit: LaneState, lanes: Sequence[LaneState], *, ahead: int, key_ring: KeyRing
) -> LaneState | None:
    """The lane of gold items to take from instead of `hit`, when a gold item is due in its project.

    ahead: how many tasks of the project the claimant holds already. The draw takes a key: who knows their number, the
    project's and this code cannot reckon where gold comes. Asked again for the same place it is the same.
    """
    answers = hit.answers + ahead
    share = own_gold_share(Pipeline.model_validate(hit.pipeline).gold_share, answers=answers, factor=hit.gold_factor)
    draw = key_ring.draw("gold", who.person_id, hit.project_id, answers)
    if not gold_due(draw, answers=answers, share=share):
        return None
    stock = (lane for lane in lanes if lane.lane is Lane.GOLD and lane.project_id == hit.project_id)
    return next((lane for lane in stock if lane.found is not None), None)


def _behind_the_cursors(
    session: Session, who: Claimant, lanes: Sequence[LaneState], run: Run | None, *, by_switch: bool, locked: bool
) -> Claimed | Nothing:
    swept = sweep(session, who, lanes)
    claimed = hold(session, who, swept.taken, by_switch=by_switch) if swept.taken else None
    new = swept.taken is not None and claimed is not None and claimed.new
    move_cursors(session, who, lanes, [swept.taken] if swept.taken is not None and new else [], swept.moved)
    if claimed is not None:
        if swept.taken is not None and new:
            key = (swept.taken.batch_id, swept.taken.lane)
            begin_run(session, who, run, next(lane for lane in lanes if lane.key == key))
        return claimed
    return why_nothing(session, who, lanes, looked_everywhere=swept.complete and not locked)


def why_nothing(session: Session, who: Claimant, lanes: Sequence[LaneState], *, looked_everywhere: bool) -> Nothing:
    """The reason to give where no lane had anything."""
    ends_at = _next_lease_end(who.project_id is not None).scalar(session, who.bound())
    kept = kept_until(session, who.person_id, who.now, who.project_id)
    reason = no_task_reason(
        open_batches=bool(lanes),
        leftovers=any(lane.last is not None for lane in lanes if lane.lane is not Lane.GOLD),
        held_by_others=ends_at is not None,
        looked_everywhere=looked_everywhere,
        kept_for_others=kept is not None,
    )
    return Nothing(reason, RETRY_AFTER[reason], ends_at, kept)
