"""Teams: made in a base, given a leader, joined and left by people of that base."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from leye_platform import audit
from leye_platform.accounts.errors import PersonMissing
from leye_platform.accounts.models import Membership, Organisation, Person
from leye_platform.accounts.rules import OrganisationKind, PersonState, Role
from leye_platform.actor import Actor
from leye_platform.permissions import Permission
from leye_platform.teams.errors import (
    NotALeader,
    NotOfThisBase,
    TeamMissing,
    TeamNameNeeded,
    TeamNameTaken,
    TeamNeedsABase,
)
from leye_platform.teams.models import Team, TeamMember

LONGEST_NAME = 120
MEMBERS = frozenset({Role.ANNOTATOR, Role.LEADER})


def team_for(session: Session, actor: Actor, team_id: UUID, *, lock: bool = False) -> Team:
    """A team that the actor leads, or any team for who manages them.

    Raises TeamMissing.
    """
    query = select(Team).where(Team.id == team_id)
    team = session.scalar(query.with_for_update() if lock else query)
    if team is None or not (actor.may(Permission.MANAGE_TEAMS) or team.leader_id == actor.person_id):
        raise TeamMissing
    return team


def create_team(session: Session, organisation_id: UUID | None, name: str, by: UUID, now: datetime) -> Team:
    """A team without people yet, in a base or at the operator.

    Raises TeamNameNeeded, TeamNeedsABase, TeamNameTaken.
    """
    name = name.strip()
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise TeamNameNeeded
    organisation = session.get(Organisation, organisation_id) if organisation_id else None
    if organisation is None or organisation.kind is OrganisationKind.PARTNER:
        raise TeamNeedsABase
    team = Team(organisation_id=organisation.id, name=name, created_at=now)
    try:
        with session.begin_nested():
            session.add(team)
    except IntegrityError:
        raise TeamNameTaken(organisation=organisation.name, name=name) from None
    audit.record(session, at=now, person_id=by, action="team.create", subject_id=team.id, name=name)
    return team


def name_leader(session: Session, actor: Actor, team_id: UUID, leader_id: UUID | None, now: datetime) -> Team:
    """Give a team to a leader of its base, or to nobody.

    Raises TeamMissing, PersonMissing, NotALeader.
    """
    team = team_for(session, actor, team_id, lock=True)
    if leader_id is not None:
        person = _active(session, leader_id)
        if not _holds(session, person, team, {Role.LEADER}):
            raise NotALeader(name=person.name, organisation=_home_of(session, team))
    team.leader_id = leader_id
    audit.record(session, at=now, person_id=actor.person_id, action="team.leader", subject_id=leader_id, team=team.name)
    return team


def join_team(session: Session, actor: Actor, team_id: UUID, person_id: UUID, now: datetime) -> str | None:
    """Put a person of the team's base into it; the name of the team that they leave for it, or None.

    Raises TeamMissing, PersonMissing, NotOfThisBase.
    """
    team = team_for(session, actor, team_id)
    person = _active(session, person_id, lock=True)
    if not _holds(session, person, team, MEMBERS):
        raise NotOfThisBase(name=person.name, organisation=_home_of(session, team))
    member = session.get(TeamMember, person.id)
    if member is None:
        session.add(TeamMember(person_id=person.id, team_id=team.id, joined_at=now))
        left = None
    elif member.team_id == team.id:
        return None
    else:
        left = session.get_one(Team, member.team_id).name
        member.team_id, member.joined_at = team.id, now
    audit.record(session, at=now, person_id=actor.person_id, action="team.join", subject_id=person.id, team=team.name)
    return left


def leave_team(session: Session, person_id: UUID, by: UUID, now: datetime) -> None:
    """Take a person out of the team they are in, if any.

    Raises PersonMissing.
    """
    person = _active(session, person_id, lock=True)
    member = session.get(TeamMember, person.id)
    if member is None:
        return
    team = session.get_one(Team, member.team_id)
    session.delete(member)
    audit.record(session, at=now, person_id=by, action="team.leave", subject_id=person.id, team=team.name)


def _active(session: Session, person_id: UUID, *, lock: bool = False) -> Person:
    query = select(Person).where(Person.id == person_id, Person.state == PersonState.ACTIVE)
    person = session.scalar(query.with_for_update() if lock else query)
    if person is None:
        raise PersonMissing
    return person


def _holds(session: Session, person: Person, team: Team, roles: Collection[Role]) -> bool:
    query = select(Membership.id).where(
        Membership.person_id == person.id,
        Membership.organisation_id == team.organisation_id,
        Membership.role.in_(roles),
    )
    return session.scalar(query.limit(1)) is not None


def _home_of(session: Session, team: Team) -> str:
    return session.get_one(Organisation, team.organisation_id).name
