"""Clients of Label Studio write its paths with a slash at the end or without one; both are the same here."""

from starlette.types import ASGIApp, Receive, Scope, Send

FACE, OWN = "/api/", "/api/v1/"


class WithoutTrailingSlash:
    """ASGI middleware: takes the slash off the paths of the face."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if path.endswith("/") and path.startswith(FACE) and not path.startswith(OWN) and scope["type"] == "http":
            scope = {**scope, "path": path.rstrip("/")}
        await self.app(scope, receive, send)
