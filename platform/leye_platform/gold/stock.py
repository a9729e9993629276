"""How much gold there is in a project that people at work in it have not seen. Read only, without a walk over items.

Indexes: `ix_slots_open` finds the stock, `ix_responses_project_id_number` the newest answers,
`ix_assignments_person_id_item_id` and `ix_reviews_item_id_reviewer_id` who knows an item.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, SQLColumnExpression, Subquery, and_, exists, func, or_, select, true
from sqlalchemy.orm import Session

from leye_platform.accounts.models import Person
from leye_platform.assignments.core_tables import OPEN, RELEASED, reservations, slots
from leye_platform.assignments.known_truth import serves_still
from leye_platform.assignments.models import Assignment, Cursor, Response, Slot
from leye_platform.assignments.reserved import stands
from leye_platform.assignments.rules import GOLD_ROUND, Lane
from leye_platform.gold.models import RenewedGold
from leye_platform.gold.rules import ACTIVE, PACE, Retired, days_left
from leye_platform.projects.models import Batch, Item, MicroTask
from leye_platform.projects.rules import BatchState, DataState
from leye_platform.review.models import Decision, Review
from leye_platform.review.rules import ReviewCause
from leye_platform.teams.models import TeamMember

SHOWN = 20
MOST_COUNTED = 1_000
"""Of more gold than that the newest is counted: a lane is walked from its beginning, so that is what is unseen."""
NEWEST = 5_000
"""So many of a project's newest answers tell who is at work in it, and how fast gold goes."""


@dataclass(frozen=True)
class Stock:
    """The gold items that a project's open batches hold, by micro-task; and of everybody at work in it how many of
    them they can still be given, and how many they answer a day. in_use: how many are decided items."""

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
        select(Slot.batch_id, Slot.position, Slot.round, Slot.microtask_id, Slot.item_id)
        .where(Slot.batch_id.in_(open_batches), Slot.lane == Lane.GOLD, Slot.state == OPEN)
        .where(serves_still(slots.c.round, slots.c.microtask_id), Slot.microtask_id.not_in(without))
        .order_by(Slot.position.desc())
        .limit(MOST_COUNTED)
    )
    tasks = frozenset(row.microtask_id for row in session.execute(waiting))
    in_use = select(func.count()).where(RenewedGold.project_id == project_id, RenewedGold.retired_at.is_(None))
    active, a_day = _at_work(session, project_id, now)
    unseen = _unseen(session, project_id, waiting.subquery("waiting"), active, now)
    return Stock(tasks, session.scalar(in_use) or 0, unseen, a_day)


def _unseen(
    session: Session, project_id: UUID, waiting: Subquery, people: Collection[UUID], now: datetime
) -> dict[UUID, int]:
    """By person, how many of the waiting slots a claim of theirs can still give them (assignments/lanes.py:suits).

    Those beyond their cursor, in batches that are not kept for others, of items that they have not had or reviewed.
    """
    unseen = dict.fromkeys(people, 0)
    closed_to = _kept_for_others(session, project_id, now)
    had = _had(waiting.c.item_id, waiting.c.microtask_id).where(
        or_(Assignment.round == waiting.c.round, waiting.c.round == GOLD_ROUND)
    )
    reviewed = _reviewed(waiting.c.item_id)
    own_cursor = and_(Cursor.person_id == Person.id, Cursor.batch_id == waiting.c.batch_id, Cursor.lane == Lane.GOLD)
    counted = (
        select(Person.id, waiting.c.batch_id, func.count())
        .select_from(Person)
        .join(waiting, true())
        .outerjoin(Cursor, own_cursor)
        .where(Person.id.in_(people), waiting.c.position > func.coalesce(Cursor.position, 0))
        .where(had.scalar_subquery().is_(None), reviewed.scalar_subquery().is_(None))
        .group_by(Person.id, waiting.c.batch_id)
    )
    for person_id, batch_id, count in session.execute(counted):
        if all(person_id in team for kept, team in closed_to if kept in {None, batch_id}):
            unseen[person_id] += count
    return unseen


def _kept_for_others(session: Session, project_id: UUID, now: datetime) -> list[tuple[UUID | None, set[UUID]]]:
    """What of a project is kept for teams now: the batch, None for all of them, and the team's people."""
    kept = session.execute(
        select(reservations.c.batch_id, reservations.c.team_id).where(
            reservations.c.project_id == project_id, stands()
        ),
        {"now": now},
    ).all()
    if not kept:
        return []
    people: dict[UUID, set[UUID]] = defaultdict(set)
    of_teams = select(TeamMember.team_id, TeamMember.person_id).where(TeamMember.team_id.in_({row[1] for row in kept}))
    for team_id, person_id in session.execute(of_teams):
        people[team_id].add(person_id)
    return [(batch_id, people[team_id]) for batch_id, team_id in kept]


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


def known_by(session: Session, tasks: Collection[UUID], people: Collection[UUID]) -> dict[UUID, set[UUID]]:
    """By micro-task, which of these people have had it in any round, or have reviewed it: it tells nothing of them."""
    had, reviewed = _had(MicroTask.item_id, MicroTask.id).scalar_subquery(), _reviewed(MicroTask.item_id)
    knows = or_(had.is_not(None), reviewed.scalar_subquery().is_not(None))
    pairs = select(MicroTask.id, Person.id).select_from(MicroTask).join(Person, Person.id.in_(people))
    found: dict[UUID, set[UUID]] = defaultdict(set)
    for task, person in session.execute(pairs.where(MicroTask.id.in_(tasks), knows)):
        found[task].add(person)
    return found


# Not EXISTS: PostgreSQL would look at all assignments once, for the sake of a few pairs of a person and a task.
def _had(item_id: SQLColumnExpression[UUID], microtask_id: SQLColumnExpression[UUID]) -> Select[UUID]:
    """An assignment of the person beside, on this task, that they did not give back."""
    return (
        select(Assignment.id)
        .where(
            Assignment.person_id == Person.id,
            Assignment.item_id == item_id,
            Assignment.microtask_id == microtask_id,
            Assignment.state != RELEASED,
        )
        .limit(1)
    )


def _reviewed(item_id: SQLColumnExpression[UUID]) -> Select[UUID]:
    """A review of the item by the person beside."""
    return select(Review.id).where(Review.item_id == item_id, Review.reviewer_id == Person.id).limit(1)


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
    """A decided item that most people answered otherwise, and that stands as it was decided: it had been delivered, or
    its batch was not open."""

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
