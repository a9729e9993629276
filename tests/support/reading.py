"""A client that reads pages as people do: a no-break space is a space, so a test names a sentence as it is said."""

from typing import Any

import httpx
from starlette.testclient import TestClient

NBSP = "\u00a0"


class Reader(TestClient):
    """The client with ordinary spaces in its pages; tests/web/test_typography.py sees to the others."""

    def __init__(self, app: Any, **more: Any) -> None:
        super().__init__(app, **more)
        self.event_hooks = {"response": [_read]}


def _read(response: httpx.Response) -> None:
    if response.headers.get("content-type", "").startswith("text/html"):
        response.read()
        response._content = response.content.replace(NBSP.encode(), b" ").replace(b"&nbsp;", b" ")
