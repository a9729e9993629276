"""What the pages of accounts show; reading only."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from leye_platform.accounts.models import ApiToken, Membership, Organisation, Person, SignInSession
from leye_platform.accounts.rules import OrganisationKind, Role
from leye_platform.teams.models import Team, TeamMember


class StandingSeen(NamedTuple):
    """A role and where it is held."""

    membership_id: UUID
    role: Role
    organisation_number: int
    organisation_name: str
    organisation_kind: OrganisationKind


class SessionSeen(NamedTuple):
    """A sign-in that still runs."""

    id: UUID
    device: str
    created_at: datetime
    expires_at: datetime


class TokenSeen(NamedTuple):
    """An API token that is not revoked."""

    id: UUID
    name: str
    created_at: datetime


def standings_of(session: Session, person_id: UUID) -> list[StandingSeen]:
    """A person's roles, the oldest first."""
    query = (
        select(Membership.id, Membership.role, Organisation.number, Organisation.name, Organisation.kind)
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .where(Membership.person_id == person_id)
        .order_by(Membership.id)
    )
    return [StandingSeen(*row) for row in session.execute(query)]


def sessions_of(session: Session, person_id: UUID, now: datetime) -> list[SessionSeen]:
    """The sign-ins of a person that still run, the newest first."""
    query = (
        select(SignInSession.id, SignInSession.device, SignInSession.created_at, SignInSession.expires_at)
        .where(SignInSession.person_id == person_id, SignInSession.ended_at.is_(None), SignInSession.expires_at > now)
        .order_by(SignInSession.id.desc())
        .limit(100)
    )
    return [SessionSeen(*row) for row in session.execute(query)]


def tokens_of(session: Session, person_id: UUID) -> list[TokenSeen]:
    """The tokens of a person that still work, the newest first."""
    query = (
        select(ApiToken.id, ApiToken.name, ApiToken.created_at)
        .where(ApiToken.person_id == person_id, ApiToken.revoked_at.is_(None))
        .order_by(ApiToken.created_at.desc(), ApiToken.id.desc())
        .limit(100)
    )
    return [TokenSeen(*row) for row in session.execute(query)]


def leader_name_of(session: Session, person_id: UUID) -> str | None:
    """The name of the leader of a person's team."""
    query = (
        select(Person.name)
        .join(Team, Team.leader_id == Person.id)
        .join(TeamMember, TeamMember.team_id == Team.id)
        .where(TeamMember.person_id == person_id)
    )
    return session.scalar(query)
