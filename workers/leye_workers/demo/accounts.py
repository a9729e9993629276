"""The demo's accounts, made as `leye user add` makes them. What is there already stays as it is."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from leye_platform.accounts.errors import RoleHeldAlready
from leye_platform.accounts.models import Membership, Organisation, Person
from leye_platform.accounts.rules import PARTNER_ROLES, Role
from leye_platform.accounts.service.people import add_user
from leye_platform.installation import Installation
from leye_platform.teams.models import Team, TeamMember
from leye_platform.teams.service import create_team, join_team, name_leader
from leye_workers.batch_import import first_admin
from leye_workers.demo.people import BASE, PARTNER, Account, SimulatedAnnotator

AT_A_BASE = frozenset({Role.ANNOTATOR, Role.LEADER})
TEAM = "演示一组"


def make_accounts(installation: Installation, office: Sequence[Account], crowd: Sequence[SimulatedAnnotator]) -> None:
    """Everybody with their role and password, each in a unit of work of its own; then the leader's team."""
    for account in [*office, *(person.account for person in crowd)]:
        try:
            with installation.database.write() as session:
                _add(session, account, installation)
        except RoleHeldAlready:
            continue
    with installation.database.write() as session:
        _form_team(session, [person.account.email for person in crowd], installation)


def _add(session: Session, account: Account, installation: Installation) -> None:
    role = Role(account.role)
    firm = PARTNER if role in PARTNER_ROLES else BASE if role in AT_A_BASE else None
    add_user(session, account.email, role, firm, account.password, installation.clock.now(), name=account.name)


def _form_team(session: Session, emails: Sequence[str], installation: Installation) -> None:
    """The leader and the crowd as one team of the base; who is in a team already stays there."""
    now, admin = installation.clock.now(), first_admin(session)
    base = session.scalars(select(Organisation).where(Organisation.name == BASE)).one()
    team = session.scalar(select(Team).where(Team.organisation_id == base.id, Team.name == TEAM))
    if team is None:
        team = create_team(session, base.id, TEAM, admin.person_id, now)
        leader = select(Membership.person_id).where(
            Membership.organisation_id == base.id, Membership.role == Role.LEADER
        )
        name_leader(session, admin, team.id, session.scalars(leader.limit(1)).one(), now)
    in_none = ~select(TeamMember.person_id).where(TeamMember.person_id == Person.id).exists()
    for person_id in session.scalars(select(Person.id).where(Person.email.in_(emails), in_none)).all():
        join_team(session, admin, team.id, person_id, now)
