"""People, as the administrator keeps them: added with a role, given others, marked as left, back again."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from leye_platform.accounts.directory import organisations, people_page
from leye_platform.accounts.errors import OrganisationDoesNotFit, OrganisationMissing, RoleHeldAlready, SignInNameTaken
from leye_platform.accounts.passwords import hash_password, new_password
from leye_platform.accounts.queries import standings_of
from leye_platform.accounts.rules import PersonState, Role, search_of
from leye_platform.accounts.service.new_account import (
    ORGANISATION,
    ROLE,
    load_organisation,
    open_account,
    read_new_account,
)
from leye_platform.accounts.service.people import add_role, load_person, remove_role, set_state
from leye_platform.accounts.temporary_password import give_temporary_password
from leye_platform.endpoint import Work, endpoint
from leye_platform.errors import N_, FieldsRefused
from leye_platform.permissions import Permission
from leye_platform.web.pages import sentence_for

router = APIRouter(prefix="/admin/people", include_in_schema=False)

Field = Annotated[str, Form()]
DOES_NOT_FIT = N_("这类单位没有这个角色：企业的角色选合作企业，标注员和组长选基地或乐业，其余的选乐业。")
EMPTY = dict.fromkeys(("name", "staff_number", "phone", "email", "role", "organisation"), "")


@router.get("")
@endpoint(Permission.MANAGE_PEOPLE)
def people(work: Work, q: str = "", state: PersonState = PersonState.ACTIVE, page: int = 1) -> Response:
    """Everybody, to be found by name or number."""
    q = search_of(q)
    return work.page("accounts/people.html", shown=people_page(work.session, q, state, page), search=q, state=state)


@router.get("/new")
@endpoint(Permission.MANAGE_PEOPLE)
def new_person_page(work: Work) -> Response:
    """The form for a new account."""
    return _form(work, work.session, EMPTY, {})


@router.post("")
@endpoint(Permission.MANAGE_PEOPLE, form=True, session=False)
def add(
    work: Work,
    *,
    name: Field = "",
    staff_number: Field = "",
    phone: Field = "",
    email: Field = "",
    role: Field = "",
    organisation: Field = "",
) -> Response:
    """Open an account, and show its temporary password this once."""
    form = dict(zip(EMPTY, (name, staff_number, phone, email, role, organisation), strict=True))
    database = work.installation.database
    password = new_password()
    problems = {}
    try:
        new = read_new_account(form)
        password_hash = hash_password(password)
        with database.write() as session:
            person_id = open_account(session, new, password_hash, work.person_id, work.now).id
    except FieldsRefused as refused:
        problems = {field: work.gettext(sentence) for field, sentence in refused.problems.items()}
    except SignInNameTaken as taken:
        problems = {_first_name_given(form): sentence_for(work.request, taken)}
    except (OrganisationDoesNotFit, OrganisationMissing):
        problems = {"organisation": work.gettext(DOES_NOT_FIT)}
    with database.read() as session:
        if problems:
            return _form(work, session, form, problems)
        return _person(work, session, person_id, password=password)


def _first_name_given(form: dict[str, str]) -> str:
    return next(name for name in ("staff_number", "phone", "email") if form[name].strip())


def _form(work: Work, session: Session, form: dict[str, str], problems: dict[str, str]) -> Response:
    return work.page(
        "accounts/new_person.html",
        status=422 if problems else 200,
        form=form,
        roles=list(Role),
        organisations=organisations(session),
        problems=problems,
    )


@router.get("/{person_id}")
@endpoint(Permission.MANAGE_PEOPLE)
def person_page(work: Work, person_id: UUID, done: str = "") -> Response:
    """One person: who they are, their roles, whether they are with us."""
    return _person(work, work.session, person_id, done=done)


def _person(work: Work, session: Session, person_id: UUID, *, status: int = 200, **more: Any) -> Response:
    told = {"done": "", "password": "", "problems": {}, "role": "", "organisation": ""} | more
    person = load_person(session, person_id)
    return work.page(
        "accounts/person.html",
        status=status,
        person=person,
        standings=standings_of(session, person_id),
        roles=list(Role),
        organisations=organisations(session),
        own=person_id == work.person_id,
        **told,
    )


@router.post("/{person_id}/roles")
@endpoint(Permission.MANAGE_PEOPLE, form=True)
def give_role(
    work: Work,
    person_id: UUID,
    role: Annotated[Role | None, Form()] = None,
    organisation: Annotated[UUID | None, Form()] = None,
) -> Response:
    """One more role."""
    person = load_person(work.session, person_id, lock=True)
    problems = {}
    if role is None:
        problems["role"] = work.gettext(ROLE)
    if organisation is None:
        problems["organisation"] = work.gettext(ORGANISATION)
    if role is not None and organisation is not None:
        try:
            found = load_organisation(work.session, organisation)
            add_role(work.session, person, role, found, work.now, by=work.person_id)
        except RoleHeldAlready as held:
            problems["role"] = sentence_for(work.request, held)
        except OrganisationDoesNotFit:
            problems["organisation"] = work.gettext(DOES_NOT_FIT)
    if problems:
        chosen = {"role": role or "", "organisation": organisation or ""}
        return _person(work, work.session, person_id, status=422, problems=problems, **chosen)
    return RedirectResponse(f"/admin/people/{person_id}?done=role", status_code=303)


@router.post("/{person_id}/roles/{membership_id}/remove")
@endpoint(Permission.MANAGE_PEOPLE, form=True)
def take_role(work: Work, person_id: UUID, membership_id: UUID) -> Response:
    """End a role; the last one stays."""
    remove_role(work.session, person_id, membership_id, work.person_id, work.now)
    return RedirectResponse(f"/admin/people/{person_id}?done=role", status_code=303)


@router.post("/{person_id}/state")
@endpoint(Permission.MANAGE_PEOPLE, form=True)
def change_state(work: Work, person_id: UUID, state: Annotated[PersonState, Form()]) -> Response:
    """Mark the person as left, or as back."""
    set_state(work.session, person_id, state, work.person_id, work.now)
    return RedirectResponse(f"/admin/people/{person_id}?done={state.value}", status_code=303)


@router.post("/{person_id}/password")
@endpoint(Permission.MANAGE_PEOPLE, form=True, session=False)
def reset(work: Work, person_id: UUID) -> Response:
    """Give the person a new password, and show it this once."""
    database = work.installation.database
    password = give_temporary_password(database, work.actor, person_id, work.now)
    with database.read() as session:
        return _person(work, session, person_id, password=password)
