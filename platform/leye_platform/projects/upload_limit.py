"""Routes that take a file: a body far beyond the limit goes by unstored and is refused with a sentence."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive

from leye_platform.errors import TooLarge

FORM_AROUND = 1_000_000
"""What the form's other fields may take. A file just above the limit still comes with them, and they are kept."""


class BodyTooLong(Exception):
    """More bytes came than the form and the largest file take together."""


class UploadRoute(APIRoute):
    """Use as `route_class`. The limit is the setting `upload_limit_mb`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def limited(request: Request) -> Response:
            settings = request.app.state.installation.settings
            body = _CountedBody(request.receive, settings.upload_limit + FORM_AROUND)
            try:
                return await handle(Request(request.scope, body.receive))
            except HTTPException:
                if body.too_long:
                    raise TooLarge(limit_mb=settings.upload_limit_mb) from None
                raise

        return limited


class _CountedBody:
    """The bytes of a body as they come, until there are too many."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive, self._left = receive, limit
        self.too_long = False

    async def receive(self) -> Message:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            self.too_long = True
            # Read to its end: a browser shows no answer to a body that it could not finish sending.
            while message.get("more_body"):
                message = await self._receive()
            raise BodyTooLong
        return message
