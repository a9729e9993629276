"""Somebody of every role for the benchmarks of pages, each with an API token: passwords are slow on purpose."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from leye_platform.accounts.models import Organisation
from leye_platform.accounts.rules import OrganisationKind, Role, kinds_for
from leye_platform.accounts.service.api_tokens import new_api_token
from leye_platform.accounts.service.people import NewPerson, add_person, add_role
from leye_platform.installation import Installation


def tokens_by_role(installation: Installation) -> dict[Role, str]:
    """A new person for each role, in an organisation that is there already."""
    now = installation.clock.now()
    tokens = {}
    with installation.database.write() as session:
        for role in Role:
            person = add_person(session, NewPerson(f"Somebody, {role.value}"), now)
            add_role(session, person, role, _place(session, role), now)
            tokens[role] = new_api_token(session, person.id, "bench", now)
    return tokens


def _place(session: Session, role: Role) -> Organisation:
    wanted = OrganisationKind.OPERATOR if OrganisationKind.OPERATOR in kinds_for(role) else OrganisationKind.PARTNER
    return session.scalars(select(Organisation).where(Organisation.kind == wanted).limit(1)).one()
