"""The route of a part: its body is taken to a file while it comes, and never more of it than the largest part."""

from collections.abc import Callable, Coroutine
from tempfile import SpooledTemporaryFile
from typing import IO, Any, cast

from fastapi import Request
from fastapi.responses import Response
from fastapi.routing import APIRoute

from leye_platform.uploads.rules import SMALLEST_PART, part_size_of

SPOOLED = 1 << 20  # bytes held in memory; what is more waits on the disk


class PartRoute(APIRoute):
    """Use as `route_class`: the handler finds the body by `body_of`. Other methods' bodies are left alone."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def spooled(request: Request) -> Response:
            if request.method != "PUT":
                return await handle(request)
            most = max(SMALLEST_PART, part_size_of(request.app.state.installation.settings.upload_limit))
            with SpooledTemporaryFile(SPOOLED) as file:
                left = most + 1
                async for chunk in request.stream():
                    # The rest goes by unkept: a client shows no answer to a body that it could not finish sending.
                    file.write(chunk[:left])
                    left -= min(left, len(chunk))
                file.seek(0)
                request.state.part_body = file
                return await handle(request)

        return spooled


def body_of(request: Request) -> IO[bytes]:
    """The part's content, at its beginning."""
    return cast(IO[bytes], request.state.part_body)
