"""Finding the next slot: one statement over the lanes of open batches, one that takes the slot.

An annotator's cursor in a lane stands behind every slot they have been offered or can never have, so
each slot is looked at once by each person, and a claim costs the same at a thousand and at a million.
What the cursor passed for the moment only (another's lock, a lower position that was committed later)
is found again by the sweep.

Indexes: `ix_slots_open` walks a lane; `ix_assignments_person_id_item_id` and
`ix_reviews_item_id_reviewer_id` answer "has this person a part in this item".
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import ColumnElement, FromClause, and_, bindparam, exists, func, or_, select
from sqlalchemy.orm import Session

from leye_platform.assignments.core_tables import (
    ANSWERED_OR_HELD,
    OPEN,
    RELEASED,
    assignments,
    batches,
    cursors,
    guide_readings,
    guide_versions,
    is_split,
    items,
    memberships,
    micro_tasks,
    pay_rates,
    price_cards,
    projects,
    reviews,
    slots,
    work_records,
)
from leye_platform.assignments.known_truth import IN_GOLD_ROUND, serves_still
from leye_platform.assignments.reserved import not_kept_for_others
from leye_platform.assignments.rules import Lane, SlotState
from leye_platform.assignments.slots import settle_slot
from leye_platform.prepared import Prepared
from leye_platform.projects.rules import PaidWork

STALE_AT_ONCE = 5
"""So many items that serve as gold no more one claim puts aside; the job (gold/renew.py) takes the rest."""


@dataclass(frozen=True, slots=True)
class Claimant:
    """Who asks for a task, when, and in which project where they chose one.

    whole: they take items of one part only, as clients of Label Studio do, who know of nothing else.
    in_run: they did not name the project; it is that of the run they are in.
    """

    person_id: UUID
    now: datetime
    project_id: UUID | None = None
    whole: bool = False
    in_run: bool = False

    @property
    def reach(self) -> "Reach":
        """Which of the statements over the lanes is theirs."""
        if self.project_id is None:
            return Reach.ANY
        return Reach.IN_RUN if self.in_run else Reach.NAMED

    def bound(self, **more: Any) -> dict[str, Any]:
        """The parameters of this module's statements."""
        mine: dict[str, Any] = {"person": self.person_id, "now": self.now}
        if self.project_id is not None:
            mine["project"] = self.project_id
        return mine | more


class Reach(Enum):
    """Whose lanes are looked over: all projects', one that was asked for by its name, or that of the person's run."""

    ANY = auto()
    NAMED = auto()
    IN_RUN = auto()


LaneKey = tuple[UUID, Lane]


class LaneState(NamedTuple):
    """A lane of an open batch as one claimant sees it.

    found: the first suitable slot beyond the cursor. last: the last open slot there is. answers: how many
    the claimant has given in the project. gold_factor: of their `WorkRecord`. weight to task_type: what the
    project's share follows from, where the claimant has not named one.
    """

    batch_id: UUID
    lane: Lane
    project_id: UUID
    pipeline: dict[str, Any]
    cursor: int
    swept: int
    found: int | None
    last: int | None
    answers: int
    gold_factor: float | None = None
    weight: int = 0
    priority: int = 0
    deadline: datetime | None = None
    task_type: str = ""

    @property
    def key(self) -> LaneKey:
        return self.batch_id, self.lane


class TakenSlot(NamedTuple):
    """A slot locked for the claimant, with what holding it needs.

    guide_version: the guide in force. guide_known: the version that the claimant works under; None before their
    first task of the project. proposal_due: the claimant is to begin from the micro-task's proposal. serves_still: of
    a decided item in the gold lane, whether its decision still stands; of all others true. shown_as: of the slot.
    """

    slot_id: UUID
    position: int
    batch_id: UUID
    lane: Lane
    round: int
    microtask_id: UUID
    item_id: UUID
    project_id: UUID
    microtask_state: str
    item_state: str
    lease_minutes: int
    guide_id: UUID
    guide_version: int
    guide_known: int | None
    proposal_due: bool
    shown_as: UUID | None
    serves_still: bool


def suits(slot: FromClause, whole: bool = False) -> ColumnElement[bool]:
    """The claimant may have this slot: not kept for another, and not answered by them in this round.

    Whoever has reviewed anything of its item has another function on it; other parts of it they may answer. A decided
    item is gold to nobody who has answered it in any round, nor work to whom it was gold. whole: as of a `Claimant`;
    they get no decided items, for their clients show how far a task is.
    """
    person = bindparam("person", type_=sa.Uuid)
    had_before = exists().where(
        assignments.c.person_id == person,
        assignments.c.item_id == slot.c.item_id,
        assignments.c.microtask_id == slot.c.microtask_id,
        or_(
            assignments.c.round == slot.c.round,
            slot.c.round == IN_GOLD_ROUND,
            assignments.c.round == IN_GOLD_ROUND,
        ),
        assignments.c.state != RELEASED,
    )
    reviewed = exists().where(reviews.c.item_id == slot.c.item_id, reviews.c.reviewer_id == person)
    return and_(
        or_(
            slot.c.reserved_for.is_(None),
            slot.c.reserved_for == person,
            slot.c.reserved_until <= bindparam("now", type_=slots.c.reserved_until.type),
        ),
        ~had_before,
        ~reviewed,
        and_(~is_split(slot.c.item_id), slot.c.round != IN_GOLD_ROUND) if whole else sa.true(),
    )


def _open_to_claimant(reach: Reach) -> ColumnElement[bool]:
    """Without price and pay only the firm's own members label, as projects of the Label Studio face begin.

    They ask for the project by its name; to somebody who asks for any task, unpaid work is never given.
    """
    now = bindparam("now", type_=price_cards.c.valid_from.type)
    priced = exists().where(price_cards.c.project_id == projects.c.id, price_cards.c.valid_from <= now)
    paying = exists().where(
        pay_rates.c.project_id == projects.c.id,
        pay_rates.c.work == PaidWork.ANNOTATE,
        pay_rates.c.valid_from <= now,
    )
    member = exists().where(
        memberships.c.person_id == bindparam("person", type_=sa.Uuid),
        memberships.c.organisation_id == projects.c.organisation_id,
    )
    return or_(and_(priced, paying), member) if reach is Reach.NAMED else and_(priced, paying)


@cache
def _look_over(reach: Reach, whole: bool) -> Prepared:
    """Every lane of every open batch: urgent ones first, then by the batch's priority and age."""
    names = sa.union_all(
        *(
            select(sa.literal_column(f"'{lane.value}'").label("lane"), sa.literal_column(str(rank)).label("rank"))
            for rank, lane in enumerate((Lane.URGENT, Lane.NORMAL, Lane.GOLD))
        )
    ).subquery("lane_names")
    slot = slots.alias("s")
    cursor = cursors.alias("c")
    in_lane = (slot.c.state == OPEN) & (slot.c.batch_id == batches.c.id) & (slot.c.lane == names.c.lane)
    reached = func.coalesce(cursor.c.position, 0)
    found = (
        select(slot.c.position)
        .where(in_lane, slot.c.position > reached, suits(slot, whole))
        .order_by(slot.c.position)
        .limit(1)
        .correlate(batches, names, cursor)
    )
    last = select(slot.c.position).where(in_lane).order_by(slot.c.position.desc()).limit(1).correlate(batches, names)
    person = bindparam("person", type_=sa.Uuid)
    in_project = reach is not Reach.ANY
    share = (projects.c.weight, batches.c.priority, batches.c.deadline, projects.c.task_type)
    return Prepared(
        select(
            batches.c.id.label("batch_id"),
            sa.type_coerce(names.c.lane, slots.c.lane.type).label("lane"),
            batches.c.project_id,
            projects.c.pipeline,
            reached.label("cursor"),
            func.coalesce(cursor.c.swept, 0).label("swept"),
            found.scalar_subquery().label("found"),
            last.scalar_subquery().label("last"),
            func.coalesce(work_records.c.answers, 0).label("answers"),
            work_records.c.gold_factor,
            *(() if in_project else share),
        )
        .select_from(batches)
        .join(projects, projects.c.id == batches.c.project_id)
        .join(names, sa.true())
        .outerjoin(
            cursor,
            (cursor.c.person_id == person) & (cursor.c.batch_id == batches.c.id) & (cursor.c.lane == names.c.lane),
        )
        .outerjoin(
            work_records, (work_records.c.person_id == person) & (work_records.c.project_id == batches.c.project_id)
        )
        .where(
            batches.c.state == OPEN,
            batches.c.project_id == bindparam("project") if in_project else sa.true(),
            _open_to_claimant(reach),
            not_kept_for_others(),
        )
        .order_by(names.c.rank, batches.c.priority.desc(), batches.c.created_at, batches.c.id)
    )


def look_over(session: Session, who: Claimant) -> list[LaneState]:
    """The lanes of the open batches that the claimant may work on, in the order in which a project's are served."""
    return [LaneState(*row) for row in _look_over(who.reach, who.whole).all(session, who.bound())]


def _proposal_due() -> ColumnElement[bool]:
    """A proposal is shown to one annotator of a micro-task; who is asked beside or after them answers without.

    Of two who claim at the same instant both may see it; weigh.py lets copies speak once all the same.
    """
    # Not EXISTS: PostgreSQL would look at all assignments once, as if for every slot of the lane, and not for one.
    seen = (
        select(assignments.c.id)
        .where(
            assignments.c.microtask_id == slots.c.microtask_id,
            assignments.c.state.in_(ANSWERED_OR_HELD),
            assignments.c.proposal_shown,
        )
        .limit(1)
        .scalar_subquery()
    )
    return and_(
        projects.c.show_proposals,
        micro_tasks.c.proposal.is_not(None),
        micro_tasks.c.gold_labels.is_(None),
        slots.c.round == 1,
        seen.is_(None),
    )


@cache
def _take(whole: bool) -> Prepared:
    newest_guide, newest_version = (
        select(column)
        .where(guide_versions.c.project_id == projects.c.id)
        .order_by(guide_versions.c.version.desc())
        .limit(1)
        .scalar_subquery()
        for column in (guide_versions.c.id, guide_versions.c.version)
    )
    known_version = (
        select(guide_readings.c.version)
        .where(
            guide_readings.c.person_id == bindparam("person", type_=sa.Uuid),
            guide_readings.c.project_id == projects.c.id,
        )
        .order_by(guide_readings.c.version.desc())
        .limit(1)
        .scalar_subquery()
    )
    return Prepared(
        select(
            slots.c.id,
            slots.c.position,
            slots.c.batch_id,
            slots.c.lane,
            slots.c.round,
            slots.c.microtask_id,
            slots.c.item_id,
            micro_tasks.c.project_id,
            micro_tasks.c.state,
            items.c.state,
            projects.c.lease_minutes,
            newest_guide,
            newest_version,
            known_version,
            _proposal_due(),
            slots.c.shown_as,
            serves_still(slots.c.round, slots.c.microtask_id),
        )
        .join(micro_tasks, micro_tasks.c.id == slots.c.microtask_id)
        .join(items, items.c.id == slots.c.item_id)
        .join(projects, projects.c.id == micro_tasks.c.project_id)
        .where(
            slots.c.state == OPEN,
            slots.c.batch_id == bindparam("batch"),
            slots.c.lane == bindparam("lane"),
            slots.c.position >= bindparam("found"),
            suits(slots, whole),
        )
        .order_by(slots.c.position)
        .limit(1)
        .with_for_update(of=slots, skip_locked=True)
    )


def take(session: Session, who: Claimant, batch_id: UUID, lane: Lane, found: int) -> TakenSlot | None:
    """Lock the first suitable slot from position `found` on; None where others hold all of them just now.

    A decided item that serves as gold no more is withdrawn, and the next one tried: a new guide ends many at once.
    """
    for _ in range(STALE_AT_ONCE):
        row = _take(who.whole).first(session, who.bound(batch=batch_id, lane=lane, found=found))
        if row is None:
            return None
        taken = TakenSlot(*row)
        if taken.serves_still:
            return taken
        settle_slot(session, taken.slot_id, SlotState.WITHDRAWN)
    return None
