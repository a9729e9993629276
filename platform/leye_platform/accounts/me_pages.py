"""My account: roles, password, sign-ins, API tokens."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse, Response

from leye_platform.accounts.devices import device_words
from leye_platform.accounts.errors import PasswordNotNew, PasswordRefused, TokenNameNeeded
from leye_platform.accounts.models import Person
from leye_platform.accounts.passwords import hash_password
from leye_platform.accounts.queries import sessions_of, standings_of, tokens_of
from leye_platform.accounts.rules import check_password, home_of
from leye_platform.accounts.service.api_tokens import new_api_token, revoke_token
from leye_platform.accounts.service.passwords import change_own_password
from leye_platform.accounts.service.people import load_person
from leye_platform.accounts.service.sign_ins import end_all_sessions, end_session
from leye_platform.accounts.sign_in import is_present_password, may_try_password
from leye_platform.endpoint import Work, endpoint
from leye_platform.errors import N_, LeyeError
from leye_platform.permissions import Permission
from leye_platform.teams.flags import OUTCOME_WORDS, looks_at
from leye_platform.web.pages import sentence_for

router = APIRouter(prefix="/me", include_in_schema=False)

DIFFERENT = N_("两次输入的新密码不一样。请再输一次。")


@router.get("")
@endpoint(Permission.OWN_ACCOUNT)
def my_account(work: Work, done: str = "") -> Response:
    """My account."""
    return _page(work, done=done)


def _page(work: Work, *, done: str = "", token: str = "", problem: LeyeError | None = None) -> Response:
    problems = {"name": sentence_for(work.request, problem)} if problem else {}
    sessions = sessions_of(work.session, work.person_id, work.now)
    return work.page(
        "me/account.html",
        status=problem.status if problem else 200,
        person=load_person(work.session, work.person_id),
        standings=standings_of(work.session, work.person_id),
        sessions=[(seen, device_words(seen.device, work.gettext)) for seen in sessions],
        tokens=tokens_of(work.session, work.person_id),
        looks=looks_at(work.session, work.person_id),
        outcome_words=OUTCOME_WORDS,
        done=done,
        token=token,
        problems=problems,
    )


@router.get("/password")
@endpoint(Permission.OWN_ACCOUNT)
def password_page(work: Work) -> Response:
    """Choose a new password."""
    return _password_page(work, load_person(work.session, work.person_id), {})


@router.post("/password")
@endpoint(Permission.OWN_ACCOUNT, form=True, session=False)
def change_password(
    work: Work,
    current: Annotated[str, Form()] = "",
    new: Annotated[str, Form()] = "",
    again: Annotated[str, Form()] = "",
) -> Response:
    """Change the password: the present one, and the new one twice. Other sign-ins end."""
    database = work.installation.database
    with database.read() as session:
        person = load_person(session, work.person_id)
    problems = _password_problems(work, person, current, new)
    if new != again:
        problems["again"] = work.gettext(DIFFERENT)
    if problems:
        return _password_page(work, person, problems)
    new_hash = hash_password(new)
    with database.write() as session:
        change_own_password(session, work.actor, new_hash, work.now)
    changed_home = home_of(work.actor.roles) if work.actor.must_change_password else "/me?done=password"
    return RedirectResponse(changed_home, status_code=303)


def _password_problems(work: Work, person: Person, current: str, new: str) -> dict[str, str]:
    """What stands against a new password, by field."""
    database = work.installation.database
    problems = {}
    if not _given(work):
        try:
            may_try_password(database, person.id, current, work.now)
        except LeyeError as wrong:
            problems["current"] = sentence_for(work.request, wrong)
    try:
        check_password(new, person.sign_in_names)
        if "current" not in problems and is_present_password(database, person.id, new):
            raise PasswordNotNew
    except PasswordRefused as refused:
        problems["new"] = sentence_for(work.request, refused)
    return problems


def _password_page(work: Work, person: Person, problems: dict[str, str]) -> Response:
    return work.page(
        "me/password.html",
        status=422 if problems else 200,
        problems=problems,
        account=next(iter(person.sign_in_names), ""),
        given=_given(work),
    )


def _given(work: Work) -> bool:
    """Whether the person has just signed in with a password that somebody else gave: it is not asked again.

    A session of somebody who must change was opened by that password: a reset ends all the others.
    """
    return work.actor.must_change_password and work.actor.session_id is not None


@router.post("/sessions/end")
@endpoint(Permission.OWN_ACCOUNT, form=True)
def end_others(work: Work) -> Response:
    """Sign out everywhere but here."""
    end_all_sessions(work.session, work.person_id, work.now, but=work.actor.session_id)
    return RedirectResponse("/me?done=sessions", status_code=303)


@router.post("/sessions/{session_id}/end")
@endpoint(Permission.OWN_ACCOUNT, form=True)
def end_one(work: Work, session_id: UUID) -> Response:
    """Sign out on one of my devices."""
    end_session(work.session, work.person_id, session_id, work.now)
    return RedirectResponse("/me?done=sessions", status_code=303)


@router.post("/tokens")
@endpoint(Permission.OWN_ACCOUNT, form=True)
def new_token(work: Work, name: Annotated[str, Form()] = "") -> Response:
    """Make an API token, and show it this once."""
    try:
        token = new_api_token(work.session, work.person_id, name, work.now)
    except TokenNameNeeded as problem:
        return _page(work, problem=problem)
    return _page(work, token=token)


@router.post("/tokens/{token_id}/revoke")
@endpoint(Permission.OWN_ACCOUNT, form=True)
def revoke(work: Work, token_id: UUID) -> Response:
    """Revoke one of my tokens."""
    revoke_token(work.session, work.person_id, token_id, work.now)
    return RedirectResponse("/me?done=token", status_code=303)
