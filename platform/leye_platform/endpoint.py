"""How a route runs: one thread, one unit of work, a named permission, and nothing decided here.

`@endpoint(Permission.WORK)` turns `def claim(work: Work, body: ClaimIn)` into a route function: it
finds the actor, checks the permission and the CSRF token, opens a reading session for GET and a
writing one otherwise, commits when the handler returns and rolls back when it raises or answers 4xx/5xx.
Where PostgreSQL undoes it for the sake of another (a deadlock), or breaks off before the commit, it is done again.
"""

import inspect
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial, wraps
from typing import Annotated, Any, TypeVar, cast, get_type_hints
from uuid import UUID

from fastapi import Form, Request
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse, Response

from leye_platform.accounts.errors import PasswordMustChange, TokenNotValid
from leye_platform.accounts.identify import find_actor, token_of
from leye_platform.accounts.tokens import is_token
from leye_platform.actor import Actor
from leye_platform.database import is_away
from leye_platform.errors import N_, Forbidden, Unauthenticated, Unavailable
from leye_platform.installation import Installation
from leye_platform.permissions import Permission
from leye_platform.web.pages import page, translator_for

READING = frozenset({"GET", "HEAD", "OPTIONS"})
OPEN_BEFORE_CHANGE = frozenset({"/me/password", "/sign-out", "/api/v1/me", "/api/v1/sessions/current"})
"""What is open to somebody whose password was given by another, until they choose their own."""
MOST_ATTEMPTS = 4
GAVE_WAY = frozenset({"40P01", "40001"})
"""PostgreSQL's words for a deadlock and for a transaction that could not be put in order with others."""
PAUSE_SECONDS = 0.2
"""Before a unit of work is done again because the database was away; longer each time."""
Handler = TypeVar("Handler", bound=Callable[..., Any])


class StalePage(Forbidden):
    """The form's CSRF token is not this session's."""

    sentence = N_("这一页放得太久，或者你在别的窗口重新登录过。请刷新页面，再提交一次；填写的内容可以先复制下来。")


class SignInEndedHere(Unauthenticated):
    """A page that needs a sign-in was opened without one."""


@dataclass(slots=True)
class Work:
    """One request being worked on. Handlers of `session=False` open their own sessions."""

    request: Request
    installation: Installation
    now: datetime
    actor_or_none: Actor | None = None
    session_or_none: Session | None = None
    keep: bool = field(default=False)

    @property
    def session(self) -> Session:
        assert self.session_or_none is not None, "this endpoint opens its own sessions"  # noqa: S101
        return self.session_or_none

    @property
    def actor(self) -> Actor:
        if self.actor_or_none is None:
            raise Unauthenticated
        return self.actor_or_none

    @property
    def person_id(self) -> UUID:
        return self.actor.person_id

    def page(self, template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
        """A page from `web/templates/`, in the reader's language and display settings."""
        return page(self.request, self.actor_or_none, self.now, template, status=status, **context)

    def gettext(self, text: str) -> str:
        """A marked text in the reader's language."""
        return translator_for(self.request).gettext(text)

    def keep_despite_refusal(self) -> None:
        """Commit although the answer is 4xx: what was written is about the refusal itself."""
        self.keep = True


class _RollBack(Exception):
    """Carries an answer out of the unit of work without committing it."""

    def __init__(self, answer: Response) -> None:
        self.answer = answer


def _gave_way(error: DBAPIError) -> bool:
    """Whether the database undid this unit of work for the sake of another, so that it may simply be done again."""
    return getattr(error.orig, "sqlstate", None) in GAVE_WAY


class _Unit:
    """One attempt at a request in one unit of work."""

    def __init__(self, request: Request, permission: Permission, csrf_field: str, *, writing: bool) -> None:
        self.work, self.permission, self.csrf_field, self.writing = _work_for(request), permission, csrf_field, writing
        self.committing = False

    def run(self, handler: Callable[..., Any]) -> Any:
        """The handler's answer, committed; of a refusal, rolled back."""
        work, database = self.work, self.work.installation.database
        try:
            with database.write() if self.writing else database.read() as opened:
                work.session_or_none = opened
                _admit(work, opened, self.permission, self.csrf_field)
                answer = handler(work=work)
                if isinstance(answer, Response) and answer.status_code >= 400 and not work.keep:
                    raise _RollBack(answer)
                self.committing = self.writing
                return answer
        except _RollBack as rolled_back:
            return rolled_back.answer

    def give_up_or_go_on(self, error: DBAPIError, attempt: int) -> None:
        """Return where it may simply be done again. A commit whose answer was lost may have taken place: that is told.

        Raises Unavailable, and the error itself.
        """
        if is_away(error):
            if self.committing or attempt == MOST_ATTEMPTS:
                raise Unavailable from error
            time.sleep(PAUSE_SECONDS * attempt)
        elif attempt == MOST_ATTEMPTS or not _gave_way(error):
            raise error


def _without_session(request: Request, permission: Permission, csrf_field: str, handler: Callable[..., Any]) -> Any:
    work = _work_for(request)
    try:
        with work.installation.database.read() as reading:
            _admit(work, reading, permission, csrf_field)
        return handler(work=work)
    except DBAPIError as error:
        if is_away(error):
            raise Unavailable from error
        raise


def endpoint(
    permission: Permission, *, form: bool = False, session: bool = True, writes: bool | None = None
) -> Callable[[Handler], Handler]:
    """Make a handler a route function. See the module's text.

    form: the body is an HTML form, whose field `csrf` is checked. session: False where the handler
    opens its own units of work (slow work must not hold SQLite's only writer). writes: overrides
    what the method implies.
    """

    def decorate(handler: Handler) -> Handler:
        signature = inspect.signature(handler)
        hints = get_type_hints(handler, include_extras=True)
        parameters = [p.replace(annotation=hints[name]) for name, p in signature.parameters.items() if name != "work"]
        extra = [inspect.Parameter("request", inspect.Parameter.KEYWORD_ONLY, annotation=Request)]
        if form:
            annotation = Annotated[str, Form(alias="csrf")]
            extra.append(
                inspect.Parameter("csrf_field", inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default="")
            )

        @wraps(handler)
        def run(*args: Any, request: Request, csrf_field: str = "", **kwargs: Any) -> Any:
            if not session:
                return _without_session(request, permission, csrf_field, partial(handler, *args, **kwargs))
            writing = request.method not in READING if writes is None else writes
            for attempt in range(1, MOST_ATTEMPTS + 1):
                unit = _Unit(request, permission, csrf_field, writing=writing)
                try:
                    return unit.run(partial(handler, *args, **kwargs))
                except DBAPIError as error:
                    unit.give_up_or_go_on(error, attempt)
            raise AssertionError("the last attempt answers or raises")

        keyword_only = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in parameters]
        told = signature.replace(
            parameters=keyword_only + extra, return_annotation=hints.get("return", signature.empty)
        )
        setattr(run, "__signature__", told)  # noqa: B010 -- how FastAPI is told the parameters
        setattr(run, "permission", permission)  # noqa: B010 -- read by the test that walks all routes
        return cast(Handler, run)

    return decorate


def _work_for(request: Request) -> Work:
    installation: Installation = request.app.state.installation
    work = Work(request=request, installation=installation, now=installation.clock.now())
    request.state.work = work  # the error pages show who was signed in
    return work


def _admit(work: Work, session: Session, permission: Permission, csrf_field: str) -> None:
    """Find the actor, check the CSRF token of a cookie's request, check the permission."""
    actor = find_actor(session, work.request, work.now)
    work.actor_or_none = actor
    if actor is not None:
        work.request.state.actor_number = actor.number
    if permission is Permission.PUBLIC:
        return
    if actor is None:
        raise TokenNotValid if token_of(work.request) else SignInEndedHere
    if actor.csrf_token is not None and work.request.method not in READING:
        given = work.request.headers.get("x-csrf-token") or csrf_field
        if not is_token(given, actor.csrf_token):
            raise StalePage
    if actor.must_change_password and work.request.url.path not in OPEN_BEFORE_CHANGE:
        raise PasswordMustChange
    if not actor.may(permission):
        raise Forbidden
