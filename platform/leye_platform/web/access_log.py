"""One JSON line for each request: when, who (by number), what, how it ended, how long it took."""

import os
import time
from datetime import UTC, datetime
from pathlib import Path

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class AccessLog:
    """ASGI middleware. Lines are appended whole (O_APPEND), so several processes may share the file."""

    def __init__(self, app: ASGIApp, path: Path) -> None:
        self.app = app
        path.parent.mkdir(parents=True, exist_ok=True)
        self.descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started, status = time.perf_counter(), 0

        async def note_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, note_status)
        finally:
            self._write(scope, status, time.perf_counter() - started)

    def _write(self, scope: Scope, status: int, seconds: float) -> None:
        agent = dict(scope["headers"]).get(b"user-agent", b"").decode("latin-1")
        line = {
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "method": scope["method"],
            "path": scope["path"],
            "status": status,
            "ms": round(1000 * seconds, 2),
            "person": scope.get("state", {}).get("actor_number"),
            "client": (scope.get("client") or ("", 0))[0],
            "agent": agent[:120],
        }
        os.write(self.descriptor, orjson.dumps(line) + b"\n")
