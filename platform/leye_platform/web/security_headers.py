"""Headers that every answer carries: a strict content policy with a nonce, and no guessing of types."""

import secrets

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'self'; script-src 'self' 'nonce-{nonce}'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'{bucket}; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


class SecurityHeaders:
    """ASGI middleware. The nonce stands in `request.state.nonce` for the page's inline scripts.

    bucket: the origin that takes parts of uploads straight from browsers, where there is one.
    """

    def __init__(self, app: ASGIApp, bucket: str = "") -> None:
        self.app, self.bucket = app, f" {bucket}" if bucket else ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        nonce = secrets.token_urlsafe(16)
        scope.setdefault("state", {})["nonce"] = nonce

        async def add_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("x-content-type-options", "nosniff")
                # A module or a style sheet is no document: what its page may do, the page's own headers say.
                if not headers.get("content-type", "").startswith(("text/javascript", "text/css")):
                    headers.setdefault("content-security-policy", POLICY.format(nonce=nonce, bucket=self.bucket))
                    headers.setdefault("referrer-policy", "same-origin")
                    headers.setdefault("permissions-policy", "camera=(), microphone=(), geolocation=()")
                if not scope["path"].startswith("/static/"):
                    headers.setdefault("cache-control", "no-store")
            await send(message)

        await self.app(scope, receive, add_headers)
