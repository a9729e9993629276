"""How much gold there is in a project that people at work in it have not seen. Read only, without a walk over items.

Indexes: `ix_slots_open` finds the stock, `ix_responses_project_id_number` the newest answers, and
`uq_assignments_microtask_id_person_id_round` who knows an item.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from leye_platform.assignments.core_tables import ANSWERED_OR_HELD, OPEN, slots
from leye_platform.assignments.known_truth import serves_still
from leye_platform.assignments.models import Assignment, Response, Slot, WorkRecord
from leye_platform.assignments.rules import Lane
from leye_platform.gold.models import RenewedGold
from leye_platform.gold.rules import ACTIVE, PACE, Retired, days_left, vouches
from leye_platform.projects.models import Batch, Item
from leye_platform.projects.rules import BatchState, DataState
from leye_platform.review.models import Decision, Review
from leye_platform.review.rules import ReviewCause

SHOWN = 20
MOST_COUNTED = 1_000
"""Of more gold than that the newest is counted: a lane is walked from its beginning, so that is what is unseen."""
NEWEST = 5_000
"""So many of a project's newest answers tell who is at work in it, and how fast gold goes."""


@dataclass(frozen=True)
class Stock:
    """The gold items that a project's open batches hold, by micro-task; and of everybody at work in it how many of
    them they have not had, and how many they answer a day. in_use: how many are decided items."""

    tasks: frozenset[UUID]
    in_use: int
    unseen: Mapping[UUID, int]
    a_day: Mapping[UUID, float]

    @property
    def least_unseen(self) -> int:
        """For whom fewest wait; all there is where nobody is at work."""
        return min(self.unseen.values(), default=len(self.tasks))

    @property
    def days(self) -> float | None:
        """In how many days somebody has seen all, at the pace of the last week; None while nobody answers gold."""
        return days_left(self.unseen, self.a_day)


def stock_of(session: Session, project_id: UUID, now: datetime, *, without: Collection[UUID] = ()) -> Stock:
    """What there is now, in a constant number of queries; aside are decided items that serve no more, and `without`."""
    open_batches = select(Batch.id).where(Batch.project_id == project_id, Batch.state == BatchState.OPEN)
    waiting = (
        select(Slot.microtask_id)
        .where(Slot.batch_id.in_(open_batches), Slot.lane == Lane.GOLD, Slot.state == OPEN)
        .where(serves_still(slots.c.round, slots.c.microtask_id))
        .order_by(Slot.position.desc())
        .limit(MOST_COUNTED)
    )
    tasks = frozenset(session.scalars(waiting)) - set(without)
    in_use = select(func.count()).where(RenewedGold.project_id == project_id, RenewedGold.retired_at.is_(None))
    active, a_day = _at_work(session, project_id, now)
    known = Counter(person for people in known_by(session, tasks, active).values() for person in people)
    unseen = {person: len(tasks) - known[person] for person in active}
    return Stock(tasks, session.scalar(in_use) or 0, unseen, a_day)


def _at_work(session: Session, project_id: UUID, now: datetime) -> tuple[set[UUID], dict[UUID, float]]:
    """Who has answered in the project lately, and how many gold items a day."""
    newest = (
        select(Response.person_id, Response.gold, Response.submitted_at)
        .where(Response.project_id == project_id)
        .order_by(Response.number.desc())
        .limit(NEWEST)
        .subquery()
    )
    rows = session.execute(
        select(
            newest.c.person_id,
            func.count().filter(newest.c.gold.is_(True), newest.c.submitted_at > now - PACE),
        )
        .where(newest.c.submitted_at > now - ACTIVE)
        .group_by(newest.c.person_id)
    ).all()
    return {person for person, _ in rows}, {person: gold / PACE.days for person, gold in rows if gold}


def known_by(
    session: Session, tasks: Collection[UUID], people: Collection[UUID] | None = None
) -> dict[UUID, set[UUID]]:
    """By micro-task, which people have had it in any round, or have reviewed it: it tells nothing of them."""
    had = select(Assignment.microtask_id, Assignment.person_id).where(
        Assignment.microtask_id.in_(tasks), Assignment.state.in_(ANSWERED_OR_HELD)
    )
    reviewed = select(Review.microtask_id, Review.reviewer_id).where(
        Review.microtask_id.in_(tasks), Review.reviewer_id.is_not(None)
    )
    found: dict[UUID, set[UUID]] = defaultdict(set)
    for query in (had, reviewed):
        for task, person in session.execute(query):
            if person is not None and (people is None or person in people):
                found[task].add(person)
    return found


def vouchers(session: Session, project_id: UUID) -> set[UUID]:
    """Whose word counts on an item that no reviewer has settled: people known by gold of their own in the project."""
    records = select(WorkRecord.person_id, WorkRecord.gold_answers, WorkRecord.gold_right)
    of_project = records.where(WorkRecord.project_id == project_id, WorkRecord.gold_answers > 0)
    return {person for person, answers, right in session.execute(of_project) if vouches(answers, right)}


def retired_counts(session: Session, project_id: UUID) -> dict[Retired, int]:
    """Why decided items of a project serve as gold no more."""
    query = (
        select(RenewedGold.retired_for, func.count())
        .where(RenewedGold.project_id == project_id, RenewedGold.retired_for.is_not(None))
        .group_by(RenewedGold.retired_for)
    )
    return {reason: count for reason, count in session.execute(query) if reason is not None}


@dataclass(frozen=True)
class Doubted:
    """A decided item that most people answered otherwise, and that stands as it was decided: it had been delivered."""

    batch_id: UUID
    batch: str
    item: str


def doubted_items(session: Session, project_id: UUID) -> list[Doubted]:
    """Those whose decision nobody has looked at since, the newest first."""
    with_reviewer = exists().where(
        Review.microtask_id == RenewedGold.microtask_id, Review.cause == ReviewCause.GOLD_DOUBTED
    )
    decided_anew = exists().where(
        Decision.microtask_id == RenewedGold.microtask_id, Decision.decided_at > RenewedGold.retired_at
    )
    rows = session.execute(
        select(Batch.id, Batch.name, Item.external_id, Item.number)
        .select_from(RenewedGold)
        .join(Item, Item.id == RenewedGold.item_id)
        .join(Batch, Batch.id == RenewedGold.batch_id)
        .where(
            RenewedGold.project_id == project_id,
            RenewedGold.retired_for == Retired.DOUBTED,
            Batch.data_state == DataState.KEPT,
            ~with_reviewer,
            ~decided_anew,
        )
        .order_by(RenewedGold.retired_at.desc())
        .limit(SHOWN)
    )
    return [Doubted(batch_id, batch, external or str(number)) for batch_id, batch, external, number in rows]
