"""People: added with a role and a password, given further roles, marked as left."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from leye_platform import audit
from leye_platform.accounts.errors import (
    EmailRefused,
    LastRole,
    NotToYourself,
    PersonMissing,
    RoleHeldAlready,
    RoleUnknown,
    SignInNameTaken,
)
from leye_platform.accounts.models import Membership, Organisation, Person
from leye_platform.accounts.passwords import hash_password, new_password
from leye_platform.accounts.rules import PersonState, Role, check_password, email_of
from leye_platform.accounts.service.organisations import check_fits, organisation_for
from leye_platform.accounts.service.passwords import set_password
from leye_platform.accounts.service.sign_ins import end_all_sessions


@dataclass(frozen=True, slots=True)
class NewPerson:
    """Who is to be added. The names for signing in are in the form that the rules give them."""

    name: str
    email: str | None = None
    phone: str | None = None
    staff_number: str | None = None


def add_user(  # noqa: PLR0917 -- the command's words, in their order
    session: Session,
    email: str,
    role: str,
    organisation_name: str | None,
    password: str | None,
    now: datetime,
    *,
    name: str | None = None,
    staff_number: str | None = None,
) -> tuple[Person, str]:
    """A person with a role and a password, as `leye user add` makes them; (person, password).

    Without a password one is made. A person who is there already gets the further role, and the
    password only where one is given; else "" comes back. Hashes inside the session: for command lines.
    Raises EmailRefused, RoleUnknown, PasswordRefused, RoleHeldAlready, and what organisation_for raises.
    """
    address = email_of(email)
    if address is None:
        raise EmailRefused(email=email)
    wanted = role_named(role)
    if password is not None:
        check_password(password, [address])
    organisation = organisation_for(session, wanted, organisation_name, now)
    person = session.scalar(select(Person).where(Person.email == address))
    if person is None:
        password = password or new_password()
        person = add_person(
            session, NewPerson(name or address.partition("@")[0], address, staff_number=staff_number), now
        )
    add_role(session, person, wanted, organisation, now)
    if password is not None:
        set_password(session, person.id, hash_password(password), now)
    return person, password or ""


def set_user_password(session: Session, email: str, password: str | None, now: datetime) -> str:
    """A person's new password from the command line, made where none is given; their sign-ins end.

    Raises PersonMissing, PasswordRefused.
    """
    person = session.scalar(select(Person).where(Person.email == email_of(email)))
    if person is None:
        raise PersonMissing
    if password is not None:
        check_password(password, person.sign_in_names)
    password = password or new_password()
    set_password(session, person.id, hash_password(password), now)
    audit.record(session, at=now, person_id=None, action="password.set", subject_id=person.id)
    return password


def role_named(text: str) -> Role:
    """Raises RoleUnknown, which lists the roles there are."""
    try:
        return Role(text)
    except ValueError:
        raise RoleUnknown(role=text, roles=", ".join(role.value for role in Role)) from None


def add_person(session: Session, new: NewPerson, now: datetime, *, by: UUID | None = None) -> Person:
    """A person without a role yet.

    Raises SignInNameTaken, also where somebody takes the name at this same moment.
    """
    person = Person(name=new.name, email=new.email, phone=new.phone, staff_number=new.staff_number, created_at=now)
    try:
        with session.begin_nested():
            session.add(person)
    except IntegrityError:
        raise SignInNameTaken from None
    audit.record(session, at=now, person_id=by, action="person.add", subject_id=person.id)
    return person


def add_role(
    session: Session, person: Person, role: Role, organisation: Organisation, now: datetime, *, by: UUID | None = None
) -> None:
    """One more membership.

    Raises OrganisationDoesNotFit, RoleHeldAlready.
    """
    check_fits(organisation, role)
    membership = Membership(person_id=person.id, organisation_id=organisation.id, role=role, created_at=now)
    try:
        with session.begin_nested():
            session.add(membership)
    except IntegrityError:
        raise RoleHeldAlready(name=person.name, organisation=organisation.name) from None
    detail = {"role": role.value, "organisation": organisation.name}
    audit.record(session, at=now, person_id=by, action="role.add", subject_id=person.id, **detail)


def remove_role(session: Session, person_id: UUID, membership_id: UUID, by: UUID, now: datetime) -> None:
    """End a membership; a person keeps at least one.

    Raises PersonMissing, LastRole, NotToYourself (an admin's own admin role).
    """
    person = load_person(session, person_id, lock=True)
    memberships = list(session.scalars(select(Membership).where(Membership.person_id == person.id)))
    found = next((membership for membership in memberships if membership.id == membership_id), None)
    if found is None:
        raise PersonMissing
    if len(memberships) == 1:
        raise LastRole
    if person.id == by and found.role is Role.ADMIN:
        raise NotToYourself
    session.delete(found)
    audit.record(session, at=now, person_id=by, action="role.remove", subject_id=person.id, role=found.role.value)


def set_state(session: Session, person_id: UUID, state: PersonState, by: UUID, now: datetime) -> Person:
    """Mark a person as left (which ends their sign-ins) or as active again.

    Raises PersonMissing, NotToYourself.
    """
    person = load_person(session, person_id, lock=True)
    if person.id == by:
        raise NotToYourself
    person.state = state
    if state is PersonState.LEFT:
        end_all_sessions(session, person.id, now)
    audit.record(session, at=now, person_id=by, action=f"person.{state.value}", subject_id=person.id)
    return person


def load_person(session: Session, person_id: UUID, *, lock: bool = False) -> Person:
    """Raises PersonMissing."""
    query = select(Person).where(Person.id == person_id)
    person = session.scalar(query.with_for_update() if lock else query)
    if person is None:
        raise PersonMissing
    return person
