"""People and organisations as the administrator's pages list them; reading only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from leye_platform.accounts.models import Membership, Organisation, Person
from leye_platform.accounts.rules import OrganisationKind, PersonState, Role
from leye_platform.projects.models import Project

PEOPLE_A_PAGE = 50


class OrganisationListed(NamedTuple):
    """An organisation with how many people hold a role there, and how many projects it gives."""

    id: UUID
    number: int
    name: str
    kind: OrganisationKind
    created_at: datetime
    people: int
    projects: int


@dataclass(frozen=True)
class PersonListed:
    """A person in the list, with their roles and where each is held."""

    person: Person
    roles: Sequence[tuple[Role, str]]


@dataclass(frozen=True)
class PeoplePage:
    """One page of people, by name. number counts from 1."""

    number: int
    pages: int
    total: int
    people: Sequence[PersonListed]


def matches(search: str) -> ColumnElement[bool]:
    """People whose name, or a name that they sign in by, holds what was typed."""
    fields = (Person.name, Person.staff_number, Person.phone, Person.email)
    return or_(*(field.icontains(search, autoescape=True) for field in fields))


def people_page(session: Session, search: str, state: PersonState, number: int) -> PeoplePage:
    """People in a state, by name. Three queries whatever the size."""
    wanted = [Person.state == state]
    if search:
        wanted.append(matches(search))
    total = session.scalar(select(func.count()).select_from(Person).where(*wanted)) or 0
    pages = max(1, -(-total // PEOPLE_A_PAGE))
    number = min(max(number, 1), pages)
    query = select(Person).where(*wanted).order_by(Person.name_key, Person.number)
    found = session.scalars(query.offset((number - 1) * PEOPLE_A_PAGE).limit(PEOPLE_A_PAGE)).all()
    roles: dict[UUID, list[tuple[Role, str]]] = {person.id: [] for person in found}
    held = (
        select(Membership.person_id, Membership.role, Organisation.name)
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .where(Membership.person_id.in_(roles))
        .order_by(Membership.id)
    )
    for person_id, role, organisation in session.execute(held):
        roles[person_id].append((role, organisation))
    return PeoplePage(number, pages, total, [PersonListed(person, roles[person.id]) for person in found])


def organisations(session: Session) -> list[OrganisationListed]:
    """Every organisation: the operator, the bases, the partners; each kind in the order they came. One query."""
    people = select(func.count(func.distinct(Membership.person_id))).where(
        Membership.organisation_id == Organisation.id
    )
    projects = select(func.count()).select_from(Project).where(Project.organisation_id == Organisation.id)
    query = select(
        Organisation.id,
        Organisation.number,
        Organisation.name,
        Organisation.kind,
        Organisation.created_at,
        people.correlate(Organisation).scalar_subquery(),
        projects.correlate(Organisation).scalar_subquery(),
    )
    found = [OrganisationListed(*row) for row in session.execute(query.order_by(Organisation.number))]
    kinds = [OrganisationKind.OPERATOR, OrganisationKind.BASE, OrganisationKind.PARTNER]
    return sorted(found, key=lambda organisation: kinds.index(organisation.kind))
