"""An account from a form: who, with which role, where; the password is a temporary one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from leye_platform.accounts.errors import OrganisationMissing
from leye_platform.accounts.models import Organisation, Person
from leye_platform.accounts.rules import Role, email_of, phone_of, staff_number_of
from leye_platform.accounts.service.passwords import set_password
from leye_platform.accounts.service.people import NewPerson, add_person, add_role
from leye_platform.errors import N_, FieldsRefused

LONGEST_NAME = 120
NAME = N_("请写姓名或称呼，最多 120 个字。")
EMAIL = N_("这不是邮箱地址。请写成 name@example.org 这样，或者不填。")
PHONE = N_("这不是手机号。请只写数字，或者不填。")
STAFF_NUMBER = N_("工号最多 32 个字符。请改短，或者不填。")
SOME_NAME = N_("工号、手机号、邮箱至少填一个，登录时要用。")
ROLE = N_("请选一个角色。")
ORGANISATION = N_("请选一个单位。")


@dataclass(frozen=True)
class NewAccount:
    """What a form says, once it holds together."""

    person: NewPerson
    role: Role
    organisation_id: UUID


def read_new_account(form: Mapping[str, str]) -> NewAccount:
    """The account that a form describes: name, staff_number, phone, email, role, organisation.

    Raises FieldsRefused, with a sentence for each field that wants a change.
    """
    typed = {name: value.strip() for name, value in form.items()}
    staff_number = staff_number_of(typed["staff_number"])
    phone, email = phone_of(typed["phone"]), email_of(typed["email"])
    problems = {}
    if not 0 < len(typed["name"]) <= LONGEST_NAME or not typed["name"].isprintable():
        problems["name"] = NAME
    for field, value, sentence in (
        ("staff_number", staff_number, STAFF_NUMBER),
        ("phone", phone, PHONE),
        ("email", email, EMAIL),
    ):
        if typed[field] and value is None:
            problems[field] = sentence
    if not (typed["staff_number"] or typed["phone"] or typed["email"]):
        problems["staff_number"] = SOME_NAME
    role = typed["role"] if typed["role"] in set(Role) else None
    organisation_id = _uuid(typed["organisation"])
    if role is None:
        problems["role"] = ROLE
    if organisation_id is None:
        problems["organisation"] = ORGANISATION
    if problems or role is None or organisation_id is None:
        raise FieldsRefused(problems)
    return NewAccount(NewPerson(typed["name"], email, phone, staff_number), Role(role), organisation_id)


def open_account(session: Session, new: NewAccount, password_hash: str, by: UUID, now: datetime) -> Person:
    """A person with a role and a password that they must change at their first sign-in.

    Raises SignInNameTaken, OrganisationMissing, OrganisationDoesNotFit.
    """
    organisation = load_organisation(session, new.organisation_id)
    person = add_person(session, new.person, now, by=by)
    add_role(session, person, new.role, organisation, now, by=by)
    set_password(session, person.id, password_hash, now, must_change=True)
    return person


def load_organisation(session: Session, organisation_id: UUID) -> Organisation:
    """Raises OrganisationMissing."""
    organisation = session.get(Organisation, organisation_id)
    if organisation is None:
        raise OrganisationMissing(name=organisation_id)
    return organisation


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
