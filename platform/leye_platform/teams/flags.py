"""Whose answers a human is asked to look at: kept by each refit, shown to who leads the person, settled by them.

A flag withholds nothing and stops nobody: no other part of the platform reads it. Whoever it was about reads what came
of it on their own page, with the figures.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session, aliased

from leye_platform.accounts.models import Person
from leye_platform.accounts.rules import PersonState
from leye_platform.actor import Actor
from leye_platform.assignments.models import Response
from leye_platform.audit import record
from leye_platform.errors import N_
from leye_platform.projects.models import Project
from leye_platform.review.errors import FlagMissing, FlagSettled, OutcomeMissing
from leye_platform.review.models import PersonFlag
from leye_platform.review.rules import FlagOutcome
from leye_platform.teams.help_requests import within_reach
from leye_platform.teams.models import TeamMember
from leye_quality.flags import Flag, FlagKind, lasted

SHOWN = 50
LONGEST_WORDS = 300
OUTCOME_WORDS: dict[FlagOutcome, str] = {
    FlagOutcome.PRACTISE: N_("谈过了，先练一练"),
    FlagOutcome.TALKED: N_("谈过了，不用练"),
    FlagOutcome.FINE: N_("看过了，没有问题"),
}
"""What came of a look, in words: on the leader's buttons, on the person's own page and in the audit list."""


class FlagShown(NamedTuple):
    """An open flag as who leads the person sees it. The figures as in `leye_quality.flags.Flag`."""

    id: UUID
    person_id: UUID
    name: str
    staff_number: str | None
    project: str
    kind: FlagKind
    answers: int
    agreed: float
    held_against: float


class LookedAt(NamedTuple):
    """What came of a flag, as the person reads it. `by` is who looked."""

    project: str
    kind: FlagKind
    answers: int
    agreed: float
    held_against: float
    outcome: FlagOutcome | None
    words: str
    by: str
    settled_at: datetime | None


def looked_through(session: Session, project_id: UUID) -> dict[UUID, int]:
    """Up to which answer (running number) of each person somebody has looked already."""
    query = select(PersonFlag.person_id, func.max(PersonFlag.through)).where(
        PersonFlag.project_id == project_id, PersonFlag.settled_at.is_not(None)
    )
    return {row[0]: row[1] for row in session.execute(query.group_by(PersonFlag.person_id))}


@dataclass(frozen=True)
class FoundFlags:
    """What a refit has found, which read answers up to the one numbered `through`, of everybody it has looked at.

    people: who has answers. looked: what `looked_through` said before it.
    """

    flags: Mapping[UUID, Sequence[Flag]]
    people: frozenset[Hashable]
    through: int
    looked: Mapping[UUID, int]


NOTHING_FOUND = FoundFlags({}, frozenset(), 0, {})
"""Of a project without answers."""


def keep_flags(session: Session, project_id: UUID, found: FoundFlags, now: datetime) -> None:
    """Make the open flags of everybody whom a refit has looked at those that it has found.

    One that is not found any more goes: what nobody has looked at is a computation's word, and that is taken back.
    """
    still = select(PersonFlag).where(PersonFlag.project_id == project_id, PersonFlag.settled_at.is_(None))
    kept = {(flag.person_id, flag.kind): flag for flag in session.scalars(still.with_for_update())}
    looked = looked_through(session, project_id)
    wanted = {
        (person, flag.kind): flag
        for person, flags in found.flags.items()
        for flag in flags
        if looked.get(person) == found.looked.get(person)  # else somebody has looked meanwhile: the next refit says
    }
    for (person, kind), row in kept.items():
        if (person in found.flags or person not in found.people) and (person, kind) not in wanted:
            session.delete(row)
    for (person, kind), flag in wanted.items():
        row = kept.get((person, kind)) or PersonFlag(
            person_id=person,
            project_id=project_id,
            kind=kind,
            found_at=now,
            first_answers=flag.given,
            shown=False,
        )
        session.add(row)
        row.answers, row.agreed, row.held_against = flag.answers, flag.agreed, flag.held_against
        row.through = found.through
        row.shown = row.shown or lasted(row.first_answers, flag.given)


def flags_in_reach(session: Session, actor: Actor, team_id: UUID | None = None) -> Sequence[FlagShown]:
    """The open flags that have lasted, of people in the actor's reach, the oldest first; of one team where it is
    named."""
    query = (
        select(
            PersonFlag.id,
            PersonFlag.person_id,
            Person.name,
            Person.staff_number,
            Project.title,
            PersonFlag.kind,
            PersonFlag.answers,
            PersonFlag.agreed,
            PersonFlag.held_against,
        )
        .join(Person, Person.id == PersonFlag.person_id)
        .join(Project, Project.id == PersonFlag.project_id)
        .where(_waiting(actor))
        .order_by(PersonFlag.found_at, PersonFlag.id)
        .limit(SHOWN)
    )
    if team_id is not None:
        query = query.where(PersonFlag.person_id.in_(select(TeamMember.person_id).where(TeamMember.team_id == team_id)))
    return [FlagShown(*row) for row in session.execute(query)]


def how_many_flagged(session: Session, actor: Actor) -> int:
    """How many people in the actor's reach have answers that wait for a look."""
    query = select(func.count(PersonFlag.person_id.distinct())).join(Person, Person.id == PersonFlag.person_id)
    return session.scalar(query.where(_waiting(actor))) or 0


def _waiting(actor: Actor) -> ColumnElement[bool]:
    """Open flags that have lasted, of people in the actor's reach who are here still."""
    return and_(
        PersonFlag.settled_at.is_(None),
        PersonFlag.shown,
        Person.state == PersonState.ACTIVE,
        within_reach(actor, PersonFlag.person_id),
    )


def settle_flag(
    session: Session, actor: Actor, flag_id: UUID, outcome: FlagOutcome | None, *, words: str, now: datetime
) -> None:
    """Say what came of a look. Nothing else follows from it; what the person had answered by now flags them no more.
    The same person saying the same again changes nothing.

    Raises FlagMissing (for a leader, everybody outside their teams), FlagSettled, OutcomeMissing.
    """
    flag = session.scalar(
        select(PersonFlag).where(PersonFlag.id == flag_id, within_reach(actor, PersonFlag.person_id)).with_for_update()
    )
    if flag is None:
        raise FlagMissing
    if flag.settled_at is not None and (flag.settled_by, flag.outcome) == (actor.person_id, outcome):
        return
    if flag.settled_at is not None:
        raise FlagSettled(name=session.get_one(Person, flag.person_id).name)
    if outcome is None:
        raise OutcomeMissing
    flag.settled_at, flag.settled_by, flag.outcome = now, actor.person_id, outcome
    flag.words = words.strip()[:LONGEST_WORDS]
    newest = select(func.max(Response.number)).where(Response.project_id == flag.project_id)
    flag.through = max(flag.through, session.scalar(newest) or 0)
    record(
        session,
        at=now,
        person_id=actor.person_id,
        action="flag.settle",
        subject_id=flag.person_id,
        outcome=outcome.value,
    )


def looks_at(session: Session, person_id: UUID) -> Sequence[LookedAt]:
    """What came of every look at the person's answers, the newest first."""
    by = aliased(Person)
    query = (
        select(
            Project.title,
            PersonFlag.kind,
            PersonFlag.answers,
            PersonFlag.agreed,
            PersonFlag.held_against,
            PersonFlag.outcome,
            PersonFlag.words,
            by.name,
            PersonFlag.settled_at,
        )
        .join(Project, Project.id == PersonFlag.project_id)
        .join(by, by.id == PersonFlag.settled_by)
        .where(PersonFlag.person_id == person_id, PersonFlag.settled_at.is_not(None))
        .order_by(PersonFlag.settled_at.desc())
        .limit(SHOWN)
    )
    return [LookedAt(*row) for row in session.execute(query)]
