"""The site on a real port, in a thread of the test process, over an installation."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import uvicorn

from leye_platform.app import create_app
from leye_platform.installation import Installation
from support.servers import free_port


@contextmanager
def live_site(installation: Installation) -> Iterator[str]:
    """Serve until the block ends; yields the base URL."""
    port = free_port()
    base_url = f"http://127.0.0.1:{port}"
    settings = installation.settings.model_copy(update={"base_url": base_url})
    app = create_app(replace(installation, settings=settings))
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        if not thread.is_alive():
            raise RuntimeError("the site did not start")
        time.sleep(0.02)
    try:
        yield base_url
    finally:
        server.should_exit = True
        thread.join(10)
