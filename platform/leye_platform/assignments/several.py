"""Claiming several tasks at once, each under a lease of its own, all of one project.

Asked again, what the person holds is given back and only filled up: a repeated request, or two at once, hold no more
than one would. Gold items stand among them where they would have come one by one. No more is taken of what is nearly
done than a fair part (rules.py:may_take).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, func, literal_column, select
from sqlalchemy.orm import Session

from leye_platform.assignments.claim import (
    LAZY_EXPIRY,
    RENEW,
    Nothing,
    gold_for,
    in_its_run,
    take_reserved,
    what_waits,
    why_nothing,
)
from leye_platform.assignments.core_tables import LEASED, OPEN, assignments, projects, slots
from leye_platform.assignments.expiry import expire_leases
from leye_platform.assignments.holding import hold, move_cursors
from leye_platform.assignments.lanes import Claimant, LaneKey, LaneState, TakenSlot, look_over, take
from leye_platform.assignments.leases import release
from leye_platform.assignments.preferences import answers_by_switch
from leye_platform.assignments.rules import LARGEST_PART, MOST_HELD, Lane, lease_length, may_take
from leye_platform.assignments.runs import begin_run, in_order
from leye_platform.assignments.sharing import Run
from leye_platform.assignments.sweep import sweep
from leye_platform.guides.errors import GuideNotConfirmed
from leye_platform.matching.sealing import KeyRing
from leye_platform.prepared import Prepared


class HeldNow(NamedTuple):
    """One live lease of the person's own."""

    id: UUID
    project_id: UUID
    place: int
    lease_minutes: int


@dataclass(frozen=True, slots=True)
class Several:
    """What the person holds now, in the order in which it was handed out. new: how many of them just now."""

    assignment_ids: Sequence[UUID]
    new: int


HELD_NOW = Prepared(
    select(assignments.c.id, assignments.c.project_id, assignments.c.place, projects.c.lease_minutes)
    .join(projects, projects.c.id == assignments.c.project_id)
    .where(assignments.c.person_id == bindparam("person"), assignments.c.state == LEASED)
    .order_by(assignments.c.id)
)


@cache
def _left() -> Prepared:
    """How many slots of a lane are open, counted no further than it matters."""
    counted = (
        select(literal_column("1"))
        .select_from(slots)
        .where(slots.c.state == OPEN, slots.c.batch_id == bindparam("batch"), slots.c.lane == bindparam("lane"))
        .order_by(slots.c.position)  # has PostgreSQL take the index
        .limit(MOST_HELD * LARGEST_PART)
        .subquery("counted")
    )
    return Prepared(select(func.count()).select_from(counted))


def claim_several(session: Session, who: Claimant, key_ring: KeyRing, count: int) -> Several | Nothing:
    """Fill up what the person holds to `count` tasks; why there is none where they hold nothing.

    Raises GuideNotConfirmed where they hold nothing and the project's guide has changed.
    """
    waiting = what_waits(session, who)
    by_switch = answers_by_switch(key_ring, who.person_id, waiting.key_id, waiting.ciphertext)
    held = held_now(session, who.person_id)
    for one in held:
        until = who.now + lease_length(one.lease_minutes, by_switch=by_switch)
        RENEW.run(session, {"assignment": one.id, "until": until})
    filling = _Filling(session, who, count, held, key_ring=key_ring, by_switch=by_switch)
    if waiting.reserved is not None and len(held) < min(count, MOST_HELD):
        filling.hold_reserved(waiting.reserved)
    nothing = filling.fill(waiting.run)
    if nothing is not None and nothing.lease_ends_at is not None and nothing.lease_ends_at <= who.now:
        expire_leases(session, who.now, at_most=LAZY_EXPIRY)
        nothing = filling.fill(waiting.run)
    if nothing is not None:
        # The person's other request may have been faster: then what it got is theirs.
        faster = [one.id for one in held_now(session, who.person_id)]
        return Several(faster, 0) if faster else nothing
    return Several([one.id for one in held] + filling.new, len(filling.new))


def held_now(session: Session, person_id: UUID) -> list[HeldNow]:
    """The person's live leases, in the order in which they were handed out."""
    return [HeldNow(*row) for row in HELD_NOW.all(session, {"person": person_id})]


def release_all(session: Session, who: Claimant) -> list[UUID]:
    """Give back every task that the person holds, in one project where they name it; which they were."""
    held = [one for one in held_now(session, who.person_id) if who.project_id in {None, one.project_id}]
    for one in held:
        release(session, who.person_id, one.id, who.now)
    return [one.id for one in held]


@dataclass(slots=True)
class _Filling:
    """The places of one person while they are filled."""

    session: Session
    who: Claimant
    count: int
    held: Sequence[HeldNow]
    key_ring: KeyRing = field(kw_only=True)
    by_switch: bool = field(kw_only=True)
    new: list[UUID] = field(default_factory=list)

    @property
    def holds(self) -> int:
        return len(self.held) + len(self.new)

    def hold(self, taken: TakenSlot) -> bool:
        """Hold one more, in the first free place; whether it could be held."""
        used = {one.place for one in self.held}
        free = [place for place in range(1, MOST_HELD + 1) if place not in used][len(self.new)]
        claimed = hold(self.session, self.who, taken, by_switch=self.by_switch, place=free)
        if claimed is None or not claimed.new:
            return False
        self.new.append(claimed.assignment_id)
        return True

    def hold_reserved(self, slot_id: UUID) -> None:
        """Rework that is kept for the person comes first."""
        taken = take_reserved(self.session, self.who, slot_id)
        if taken is not None:
            self.hold(taken)

    def fill(self, run: Run | None) -> Nothing | None:
        """Take what is missing, of one project; why there is none, where the person holds nothing afterwards."""
        if self.holds >= min(self.count, MOST_HELD):
            return None
        going_on = in_its_run(self.who, run)
        if going_on is not None and self._from_lanes(going_on, run) is None:
            return None
        return self._from_lanes(self.who, run)

    def _from_lanes(self, who: Claimant, run: Run | None) -> Nothing | None:
        lanes = look_over(self.session, who)
        if who.project_id is None:
            lanes = in_order(lanes, who, run)
        taken, locked = self._take(who, lanes, run)
        if taken or self.holds:
            move_cursors(self.session, who, lanes, taken)
            return None
        swept = sweep(self.session, who, lanes)
        if swept.taken is not None and self.hold(swept.taken):
            move_cursors(self.session, who, lanes, [swept.taken], swept.moved)
            return None
        move_cursors(self.session, who, lanes, swept=swept.moved)
        return why_nothing(self.session, who, lanes, looked_everywhere=swept.complete and not locked)

    def _take(self, who: Claimant, lanes: Sequence[LaneState], run: Run | None) -> tuple[list[TakenSlot], bool]:
        """Slots of the first project that gives any, and whether others held some locked."""
        hits = [lane for lane in lanes if lane.found is not None and lane.lane is not Lane.GOLD]
        for project_id in dict.fromkeys(hit.project_id for hit in hits):
            own = [lane for lane in lanes if lane.project_id == project_id]
            taken = self._take_of(who, own)
            if taken:
                begin_run(self.session, who, run, own[0])
                return taken, False
        return [], bool(hits)

    def _take_of(self, who: Claimant, lanes: Sequence[LaneState]) -> list[TakenSlot]:
        """Slots of one project's lanes, a gold item where its turn has come."""
        queues = [lane for lane in lanes if lane.found is not None and lane.lane is not Lane.GOLD]
        left = sum(_left().scalar(self.session, {"batch": lane.batch_id, "lane": lane.lane}) for lane in queues)
        missing = may_take(self.count, held=self.holds, left=left)
        ahead = sum(one.project_id == queues[0].project_id for one in self.held)
        at: dict[LaneKey, LaneState] = {lane.key: lane for lane in lanes}
        taken: list[TakenSlot] = []
        try:
            while len(taken) < missing:
                one = self._one(who, at, ahead + len(taken))
                if one is None:
                    break
                taken.append(one)
        except GuideNotConfirmed:
            if not self.holds:
                raise
        return taken

    def _one(self, who: Claimant, at: dict[LaneKey, LaneState], ahead: int) -> TakenSlot | None:
        """The next slot, held; `at` is where each lane goes on."""
        for hit in [lane for lane in at.values() if lane.found is not None and lane.lane is not Lane.GOLD]:
            gold = gold_for(who, hit, list(at.values()), ahead=ahead, key_ring=self.key_ring)
            for lane in (gold, hit) if gold else (hit,):
                assert lane.found is not None  # noqa: S101 -- that is what makes it a hit
                taken = take(self.session, who, lane.batch_id, lane.lane, lane.found)
                at[lane.key] = lane._replace(found=None if taken is None else taken.position + 1)
                if taken is not None and self.hold(taken):
                    return taken
        return None
