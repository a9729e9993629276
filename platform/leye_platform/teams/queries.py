"""What the pages of teams show; reading only. Nothing here compares how fast people are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, func, literal, select
from sqlalchemy.orm import Session, aliased

from leye_platform.accounts.directory import matches
from leye_platform.accounts.models import Credential, Membership, Organisation, Person
from leye_platform.accounts.rules import OrganisationKind, PersonState, Role, may_reset, name_key
from leye_platform.actor import Actor
from leye_platform.assignments.models import Assignment, Response
from leye_platform.assignments.rules import AssignmentState
from leye_platform.permissions import Permission
from leye_platform.projects.models import Project
from leye_platform.teams.models import Team, TeamMember

PEOPLE_A_PAGE = 50
ROLES_OF_CROWD = (Role.ANNOTATOR, Role.LEADER, Role.REVIEWER)


class TeamListed(NamedTuple):
    """A team in the list: how many people it has, and how many of them hold a task at this moment."""

    id: UUID
    name: str
    organisation_name: str
    leader_name: str | None
    members: int
    working: int


class TeamSeen(NamedTuple):
    """One team's head."""

    id: UUID
    name: str
    organisation_id: UUID
    organisation_name: str
    leader_id: UUID | None
    leader_name: str | None


class MemberSeen(NamedTuple):
    """Somebody of a team. `project` is what they hold a task of."""

    id: UUID
    name: str
    staff_number: str | None
    must_change: bool
    project: str | None
    leased_at: datetime | None
    answered_at: datetime | None


class PersonFound(NamedTuple):
    """Somebody of the crowd, with the team they are in."""

    id: UUID
    name: str
    staff_number: str | None
    team_name: str | None
    leader_name: str | None
    leads: str | None


class Choice(NamedTuple):
    """Something to choose by name: a base, a leader, a team."""

    id: UUID
    name: str


def teams_in_reach(session: Session, actor: Actor) -> list[TeamListed]:
    """The teams that the actor leads; all of them for who manages teams. One query."""
    leader = aliased(Person)
    people = (
        select(func.count(Person.id.distinct()))
        .select_from(TeamMember)
        .join(Person, Person.id == TeamMember.person_id)
        .where(TeamMember.team_id == Team.id, Person.state == PersonState.ACTIVE)
    )
    holding = people.join(
        Assignment, (Assignment.person_id == Person.id) & (Assignment.state == AssignmentState.LEASED)
    )
    query = (
        select(
            Team.id,
            Team.name,
            Organisation.name,
            leader.name,
            people.correlate(Team).scalar_subquery(),
            holding.correlate(Team).scalar_subquery(),
        )
        .join(Organisation, Organisation.id == Team.organisation_id)
        .outerjoin(leader, leader.id == Team.leader_id)
        .order_by(Organisation.number, Team.name)
    )
    if not actor.may(Permission.MANAGE_TEAMS):
        query = query.where(Team.leader_id == actor.person_id)
    return [TeamListed(*row) for row in session.execute(query)]


def see_team(session: Session, team_id: UUID) -> TeamSeen:
    """A team's head; the team is there."""
    query = (
        select(Team.id, Team.name, Organisation.id, Organisation.name, Team.leader_id, Person.name)
        .join(Organisation, Organisation.id == Team.organisation_id)
        .outerjoin(Person, Person.id == Team.leader_id)
        .where(Team.id == team_id)
    )
    return TeamSeen(*session.execute(query).one())


def members_of(session: Session, team_id: UUID) -> list[MemberSeen]:
    """The people of a team who have not left: by staff number, and by name who has none. One query."""
    query = _at_work().join(TeamMember, TeamMember.person_id == Person.id).where(TeamMember.team_id == team_id)
    members = [MemberSeen(*row) for row in session.execute(query.order_by(Person.number))]
    return sorted(members, key=lambda one: (one.staff_number is None, one.staff_number or "", name_key(one.name)))


def at_work(session: Session, person_id: UUID) -> MemberSeen:
    """One active person, as the list of a team shows them."""
    return MemberSeen(*session.execute(_at_work().where(Person.id == person_id)).one())


def _at_work() -> Select[*tuple[Any, ...]]:
    """People with what they hold and when they last answered: a look into an index for each of them."""
    held = aliased(Assignment)
    first = (  # of several that somebody holds, the one that comes next
        select(held.id)
        .where(held.person_id == Person.id, held.state == AssignmentState.LEASED)
        .order_by(held.place)
        .limit(1)
        .correlate(Person)
        .scalar_subquery()
    )
    answered = select(func.max(Response.submitted_at)).where(Response.person_id == Person.id).correlate(Person)
    seen = (Person.id, Person.name, Person.staff_number, func.coalesce(Credential.must_change, False))
    return (
        select(*seen, Project.title, Assignment.leased_at, answered.scalar_subquery())
        .select_from(Person)
        .outerjoin(Credential, Credential.person_id == Person.id)
        .outerjoin(Assignment, Assignment.id == first)
        .outerjoin(Project, Project.id == Assignment.project_id)
        .where(Person.state == PersonState.ACTIVE)
    )


def resettable(session: Session, actor: Actor, team: TeamSeen) -> frozenset[UUID]:
    """Whose password the actor may reset, of a team's people. One query."""
    roles: dict[UUID, set[Role]] = {}
    query = select(Membership.person_id, Membership.role).join(TeamMember, TeamMember.person_id == Membership.person_id)
    for person_id, role in session.execute(query.where(TeamMember.team_id == team.id)):
        roles.setdefault(person_id, set()).add(role)
    leads = team.leader_id == actor.person_id
    return frozenset(person_id for person_id, held in roles.items() if may_reset(actor.roles, held, leads_target=leads))


def bases(session: Session) -> list[Choice]:
    """Where a team can be."""
    query = select(Organisation.id, Organisation.name).where(Organisation.kind != OrganisationKind.PARTNER)
    return [Choice(*row) for row in session.execute(query.order_by(Organisation.number))]


def leaders_in(session: Session, organisation_id: UUID) -> list[Choice]:
    """Who can lead a team of this base."""
    query = (
        select(Person.id, Person.name)
        .join(Membership, Membership.person_id == Person.id)
        .where(
            Membership.organisation_id == organisation_id,
            Membership.role == Role.LEADER,
            Person.state == PersonState.ACTIVE,
        )
        .order_by(Person.name_key, Person.number)
    )
    return [Choice(*row) for row in session.execute(query)]


def teams_for(session: Session, person_id: UUID) -> list[Choice]:
    """The teams that a person can be in: those of the bases where they annotate or lead."""
    theirs = select(Membership.organisation_id).where(
        Membership.person_id == person_id, Membership.role.in_((Role.ANNOTATOR, Role.LEADER))
    )
    query = select(Team.id, Team.name).where(Team.organisation_id.in_(theirs)).order_by(Team.name, Team.id)
    return [Choice(*row) for row in session.execute(query)]


def team_of(session: Session, person_id: UUID) -> Choice | None:
    """The team that a person is in."""
    query = select(Team.id, Team.name).join(TeamMember, TeamMember.team_id == Team.id)
    row = session.execute(query.where(TeamMember.person_id == person_id)).one_or_none()
    return Choice(*row) if row else None


@dataclass(frozen=True)
class CrowdPage:
    """One page of the crowd. number counts from 1."""

    number: int
    pages: int
    total: int
    people: Sequence[PersonFound]


def _size_of_crowd(crowd: ColumnElement[bool]) -> Select[int]:
    """How many people the crowd is, counted along an index: each by the first of their roles, less who has left."""
    size: ColumnElement[int] = literal(0)
    other = aliased(Membership)
    for number, role in enumerate(ROLES_OF_CROWD):
        counted_before = exists().where(
            other.person_id == Membership.person_id, other.role.in_(ROLES_OF_CROWD[:number])
        )
        people = select(Membership.person_id).where(Membership.role == role)
        people = (people.where(~counted_before) if number else people).group_by(Membership.person_id)
        size = size + select(func.count()).select_from(people.subquery()).scalar_subquery()
    gone = select(func.count()).select_from(Person).where(Person.state == PersonState.LEFT, crowd)
    return select(size - gone.scalar_subquery())


def crowd_page(session: Session, search: str, number: int) -> CrowdPage:
    """Annotators, leaders and reviewers who have not left, by staff number. Two queries whatever the size."""
    leader = aliased(Person)
    crowd = exists().where(Membership.person_id == Person.id, Membership.role.in_(ROLES_OF_CROWD))
    wanted: list[ColumnElement[bool]] = [Person.state == PersonState.ACTIVE, crowd]
    if search:
        wanted.append(matches(search))
    found = select(func.count()).select_from(Person).where(*wanted)
    total = session.scalar(found if search else _size_of_crowd(crowd)) or 0
    pages = max(1, -(-total // PEOPLE_A_PAGE))
    number = min(max(number, 1), pages)
    own = aliased(Team)
    led = select(func.min(own.name)).where(own.leader_id == Person.id).scalar_subquery()
    query = (
        select(Person.id, Person.name, Person.staff_number, Team.name, leader.name, led)
        .outerjoin(TeamMember, TeamMember.person_id == Person.id)
        .outerjoin(Team, Team.id == TeamMember.team_id)
        .outerjoin(leader, leader.id == Team.leader_id)
        .where(*wanted)
        .order_by(Person.staff_number, Person.number)
        .offset((number - 1) * PEOPLE_A_PAGE)
        .limit(PEOPLE_A_PAGE)
    )
    return CrowdPage(number, pages, total, [PersonFound(*row) for row in session.execute(query)])
