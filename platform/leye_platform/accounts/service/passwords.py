"""A person's password: set, changed by its owner, reset by somebody who may."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from leye_platform import audit
from leye_platform.accounts.errors import PasswordNotYours, PersonMissing
from leye_platform.accounts.models import Credential, Membership, Person
from leye_platform.accounts.rules import PersonState, Role, may_reset
from leye_platform.accounts.service.sign_ins import end_all_sessions
from leye_platform.actor import Actor
from leye_platform.notices.events import password_was_reset
from leye_platform.teams.models import Team, TeamMember


def set_password(
    session: Session,
    person_id: UUID,
    password_hash: str,
    now: datetime,
    *,
    must_change: bool = False,
    keep_session: UUID | None = None,
) -> None:
    """Put a password in place of the old one; ends the person's sign-ins but `keep_session`, and the throttle."""
    credential = session.get(Credential, person_id, with_for_update=True)
    if credential is None:
        credential = Credential(person_id=person_id)
        session.add(credential)
    credential.password_hash = password_hash
    credential.must_change = must_change
    credential.failed_attempts = 0
    credential.throttled_until = None
    credential.changed_at = now
    end_all_sessions(session, person_id, now, but=keep_session)


def change_own_password(session: Session, actor: Actor, password_hash: str, now: datetime) -> None:
    """The owner's new password; they stay signed in here, and nowhere else."""
    set_password(session, actor.person_id, password_hash, now, keep_session=actor.session_id)
    audit.record(session, at=now, person_id=actor.person_id, action="password.change", subject_id=actor.person_id)


def person_to_reset(session: Session, actor: Actor, person_id: UUID) -> Person:
    """The person whose password the actor may reset.

    Raises PersonMissing (for a leader, everybody outside the own team), PasswordNotYours.
    """
    person = session.get(Person, person_id)
    if person is None or person.state is not PersonState.ACTIVE:
        raise PersonMissing
    roles = frozenset(session.scalars(select(Membership.role).where(Membership.person_id == person_id)))
    leads = _leads(session, actor.person_id, person_id)
    if may_reset(actor.roles, roles, leads_target=leads):
        return person
    oversees = actor.roles & {Role.ADMIN, Role.COORDINATOR}
    raise PasswordNotYours if oversees or leads else PersonMissing


def reset_password(session: Session, actor: Actor, person_id: UUID, password_hash: str, now: datetime) -> Person:
    """Give a person a password that they must change at once; their sign-ins end.

    Raises what person_to_reset raises.
    """
    person = person_to_reset(session, actor, person_id)
    set_password(session, person.id, password_hash, now, must_change=True)
    audit.record(session, at=now, person_id=actor.person_id, action="password.reset", subject_id=person.id)
    password_was_reset(session, person.id, now)
    return person


def _leads(session: Session, leader_id: UUID, person_id: UUID) -> bool:
    query = (
        select(TeamMember.person_id)
        .join(Team, Team.id == TeamMember.team_id)
        .where(TeamMember.person_id == person_id, Team.leader_id == leader_id)
    )
    return session.scalar(query) is not None
