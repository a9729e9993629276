"""One web process: the site over an installation, served by uvicorn."""

import gc
import socket

import uvicorn
from starlette.types import ASGIApp

from leye_platform.app import create_app
from leye_platform.settings import Settings
from leye_workers.compose import opened

GRACE_SECONDS = 5


def serve_web(settings: Settings, listening: socket.socket, *, migrated: bool) -> None:
    """Serve on a listening socket until SIGTERM or SIGINT; requests under way may end."""
    with opened(settings, migrated=migrated) as installation:
        server = _server(create_app(installation))
        # What is loaded by now stays until the end. Looking through it for garbage would stop every request
        # for a fifth of a second, each time that enough new objects have outlived a few collections.
        gc.collect()
        gc.freeze()
        server.run(sockets=[listening])


def _server(app: ASGIApp) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            app,
            log_config=None,  # ours stands
            access_log=False,  # the site writes its own
            server_header=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    )
