"""Signing in and out in a browser."""

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse, Response

from leye_platform.accounts.devices import device_of
from leye_platform.accounts.errors import SignInRefused, SignInThrottled
from leye_platform.accounts.rules import home_of, safe_next
from leye_platform.accounts.service.sign_ins import SignedIn, end_session
from leye_platform.accounts.session_cookie import drop_session_cookie, set_session_cookie
from leye_platform.accounts.sign_in import sign_in
from leye_platform.endpoint import StalePage, Work, endpoint
from leye_platform.errors import N_
from leye_platform.matching.display_cookie import display_from, keep_display
from leye_platform.matching.service import read_preferences
from leye_platform.permissions import Permission
from leye_platform.web.display import COOKIE as DISPLAY_COOKIE
from leye_platform.web.pages import sentence_for

router = APIRouter(include_in_schema=False)

NAME_MISSING = N_("请填工号、手机号或邮箱。")
PASSWORD_MISSING = N_("请填密码。")


@router.get("/")
@endpoint(Permission.PUBLIC)
def front(work: Work, next: str = "") -> Response:
    """The sign-in page; whoever is signed in goes to the home of their role."""
    if work.actor_or_none is not None:
        return RedirectResponse(safe_next(next) or home_of(work.actor.roles), status_code=303)
    return _sign_in_page(work, {}, name="", next=safe_next(next) or "", stay=False)


@router.post("/sign-in")
@endpoint(Permission.PUBLIC, form=True, session=False)
def post_sign_in(
    work: Work,
    name: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "",
    stay: Annotated[bool, Form()] = False,
) -> Response:
    """Sign in, and go on to where the person wanted to go."""
    if work.request.headers.get("sec-fetch-site") == "cross-site":
        raise StalePage  # somebody else's page must not sign a person in as somebody else
    problems = {}
    status = 422
    if not name.strip():
        problems["name"] = work.gettext(NAME_MISSING)
    if not password:
        problems["password"] = work.gettext(PASSWORD_MISSING)
    if not problems:
        try:
            device = device_of(work.request.headers.get("user-agent", ""))
            opened = sign_in(work.installation.database, name, password, work.now, stay=stay, device=device)
            return _signed_in(work, opened, safe_next(next), stay=stay)
        except SignInRefused as refused:
            problems["password"] = sentence_for(work.request, refused)
        except SignInThrottled as throttled:
            problems["password"] = sentence_for(work.request, throttled)
            status = throttled.status
    return _sign_in_page(work, problems, status=status, name=name[:254], next=safe_next(next) or "", stay=stay)


def _sign_in_page(work: Work, problems: dict[str, str], *, status: int = 200, **kept: str | bool) -> Response:
    """The page, with what was typed and what is wrong with it."""
    contact = work.installation.settings.help_contact
    return work.page("accounts/sign_in.html", status=status, problems=problems, contact=contact, **kept)


def _signed_in(work: Work, opened: SignedIn, wanted: str | None, *, stay: bool) -> Response:
    home = "/me/password" if opened.must_change_password else wanted or home_of(opened.roles)
    answer = RedirectResponse(home, status_code=303)
    settings = work.installation.settings
    set_session_cookie(answer, settings, opened, stay=stay)
    if DISPLAY_COOKIE not in work.request.cookies:  # a device that was never set up shows pages as the person likes
        with work.installation.database.read() as session:
            preferences = read_preferences(session, work.installation.key_ring, opened.person_id)
        if preferences.model_fields_set:
            keep_display(answer, display_from(preferences), secure=settings.base_url.startswith("https:"))
    return answer


@router.post("/sign-out")
@endpoint(Permission.OWN_ACCOUNT, form=True)
def post_sign_out(work: Work) -> Response:
    """Sign out here."""
    if work.actor.session_id is not None:
        end_session(work.session, work.person_id, work.actor.session_id, work.now)
    answer = RedirectResponse("/", status_code=303)
    drop_session_cookie(answer)
    return answer
