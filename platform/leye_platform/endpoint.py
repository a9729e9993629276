"""How a route runs: one thread, one unit of work, a named permission, and nothing decided here.

`@endpoint(Permission.WORK)` turns `def claim(work: Work, body: ClaimIn)` into a route function: it
finds the actor, checks the permission and the CSRF token, opens a reading session for GET and a
writing one otherwise, commits when the handler returns and rolls back when it raises or answers 4xx/5xx.
Where PostgreSQL undoes it for the sake of another (a deadlock), it is done again.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import wraps
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
from leye_platform.errors import N_, Forbidden, Unauthenticated
from leye_platform.installation import Installation
from leye_platform.permissions import Permission
from leye_platform.web.pages import page, translator_for

READING = frozenset({"GET", "HEAD", "OPTIONS"})
OPEN_BEFORE_CHANGE = frozenset({"/me/password", "/sign-out", "/api/v1/me", "/api/v1/sessions/current"})
"""What is open to somebody whose password was given by another, until they choose their own."""
MOST_ATTEMPTS = 4
GAVE_WAY = frozenset({"40P01", "40001"})
"""PostgreSQL's words for a deadlock and for a transaction that could not be put in order with others."""
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
                work = _work_for(request)
                with work.installation.database.read() as reading:
                    _admit(work, reading, permission, csrf_field)
                return handler(*args, work=work, **kwargs)
            writing = request.method not in READING if writes is None else writes
            for attempt in range(1, MOST_ATTEMPTS + 1):
                work = _work_for(request)
                database = work.installation.database
                try:
                    with database.write() if writing else database.read() as opened:
                        work.session_or_none = opened
                        _admit(work, opened, permission, csrf_field)
                        answer = handler(*args, work=work, **kwargs)
                        if isinstance(answer, Response) and answer.status_code >= 400 and not work.keep:
                            raise _RollBack(answer)
                        return answer
                except _RollBack as rolled_back:
                    return rolled_back.answer
                except DBAPIError as error:
                    if attempt == MOST_ATTEMPTS or not _gave_way(error):
                        raise
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
