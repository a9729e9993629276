"""The session's cookie: no script reads it, and it goes to our own site only."""

from starlette.responses import Response

from leye_platform.accounts.service.sign_ins import STAY, SignedIn
from leye_platform.accounts.tokens import SESSION_COOKIE
from leye_platform.settings import Settings


def set_session_cookie(response: Response, settings: Settings, signed_in: SignedIn, *, stay: bool) -> None:
    """Give the browser its session; it outlives the browser only where the person said so."""
    response.set_cookie(
        SESSION_COOKIE,
        signed_in.token,
        max_age=int(STAY.total_seconds()) if stay else None,
        httponly=True,
        secure=settings.base_url.startswith("https:"),
        samesite="lax",
    )


def drop_session_cookie(response: Response) -> None:
    """Let the browser forget its session."""
    response.delete_cookie(SESSION_COOKIE, httponly=True, samesite="lax")
