"""Named errors become answers here: problem details (RFC 9457) for the API, one page for people."""

import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from leye_platform.accounts.errors import PasswordMustChange
from leye_platform.errors import (
    MEDIA_TYPE,
    FieldsRefused,
    LeyeError,
    NotFound,
    TooManyAttempts,
    Unauthenticated,
)
from leye_platform.web.label_studio_problem import label_studio_problem, speaks_label_studio
from leye_platform.web.pages import is_page, page, translator_for

log = structlog.get_logger(__name__)


def install_error_pages(app: FastAPI) -> None:
    """Register the handlers."""
    app.add_exception_handler(LeyeError, _named)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_middleware(LastResort)


class LastResort:
    """ASGI middleware: what nobody foresaw becomes an answer too.

    It stands inside the others, so that this answer has its security headers and its line in the access log;
    Starlette's own place for such handlers is outside all of them.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def note_begin(message: Message) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, note_begin)
        except Exception as error:
            if scope["type"] != "http" or begun:
                raise
            await _unforeseen(Request(scope, receive), error)(scope, receive, send)


def problem(status: int, code: str, title: str, **more: Any) -> JSONResponse:
    """Problem details, RFC 9457."""
    body = {"type": f"/problems/{code}", "title": title, "status": status} | more
    return JSONResponse(body, status_code=status, media_type=MEDIA_TYPE)


async def _named(request: Request, error: Exception) -> Response:
    assert isinstance(error, LeyeError)  # noqa: S101 -- registered for this class
    gettext = translator_for(request).gettext
    sentence = gettext(error.sentence).format(**error.arguments)
    headers = {"Retry-After": str(error.arguments["seconds"])} if isinstance(error, TooManyAttempts) else {}
    if speaks_label_studio(request):
        answer: Response = label_studio_problem(error.status, sentence, _members(error, gettext).get("errors"))
    elif not is_page(request):
        answer = problem(error.status, error.code, sentence, **_members(error, gettext))
    elif isinstance(error, Unauthenticated) and request.method == "GET":
        answer = RedirectResponse(f"/?next={quote(_address(request))}", status_code=303)
    elif isinstance(error, PasswordMustChange) and request.method == "GET":
        answer = RedirectResponse("/me/password", status_code=303)
    else:
        answer = _page(request, error.status, sentence)
    answer.headers.update(headers)
    return answer


def _members(error: LeyeError, gettext: Callable[[str], str]) -> dict[str, Any]:
    """What the problem details of this error hold beside its sentence."""
    if isinstance(error, FieldsRefused):
        return {"errors": {name: gettext(words) for name, words in error.problems.items()}}
    return {name: error.arguments[name] for name in error.members}


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 -- registered for this class
    if error.status_code == 404:
        return await _named(request, NotFound())
    if is_page(request):
        return _page(
            request,
            error.status_code,
            translator_for(request).gettext("这个地址不能这样打开。请从网页上的链接和按钮进来。"),
        )
    if speaks_label_studio(request):
        return label_studio_problem(error.status_code, str(error.detail))
    return problem(error.status_code, "http", error.detail)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 -- registered for this class
    details = {".".join(str(part) for part in e["loc"]): e["msg"] for e in error.errors()}
    sentence = translator_for(request).gettext("填写的内容不全，或者格式不对。请检查后再提交。")
    if is_page(request):
        return _page(request, 422, sentence)
    if speaks_label_studio(request):
        return label_studio_problem(422, sentence, details)
    return problem(422, "invalid-request", sentence, errors=details)


def _unforeseen(request: Request, error: Exception) -> Response:
    reference = secrets.token_hex(4).upper()
    log.error("unforeseen error", reference=reference, path=request.url.path, exc_info=error)
    sentence = translator_for(request).gettext("是我们这边出了问题，不是你操作错了。已经提交的答案都存好了。")
    if is_page(request):
        return _page(request, 500, sentence, reference=reference)
    if speaks_label_studio(request):
        return label_studio_problem(500, sentence, {"reference": reference})
    return problem(500, "unforeseen", sentence, reference=reference)


def _address(request: Request) -> str:
    """The path and query that were asked for."""
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def _page(request: Request, status: int, sentence: str, reference: str | None = None) -> Response:
    work = getattr(request.state, "work", None)
    actor = work.actor_or_none if work else None
    now = work.now if work else request.app.state.installation.clock.now()
    posted = request.method not in {"GET", "HEAD"}
    passing = status >= 500 or status == 429
    again = _address(request) if passing and not posted else ""
    context = {"sentence": sentence, "reference": reference, "again": again, "posted": posted}
    return page(request, actor, now, "error.html", status=status, **context)
