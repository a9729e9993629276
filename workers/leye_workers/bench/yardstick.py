"""The least that a claim and an answer over HTTP can cost here: two plain endpoints with one committed row each.

Same server, same framework, same way of writing to SQLite as the site; no rule, no permission, no money.
Run as `python -m leye_workers.bench.yardstick FOLDER`; it prints its URL.
"""

import sqlite3
import sys
import threading
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from pydantic import BaseModel
from starlette.responses import JSONResponse

from leye_workers.site import listen, local_url


class Body(BaseModel):
    """An answer, as large as those of the site."""

    result: list[dict[str, Any]]
    active_ms: int


def bare_app(path: Path) -> FastAPI:
    """An application with POST /claim and POST /response."""
    app = FastAPI(openapi_url=None)
    connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT)")
    writer = threading.Lock()

    def note(text: str) -> int:
        with writer:
            connection.execute("BEGIN IMMEDIATE")
            row = connection.execute("INSERT INTO notes (text) VALUES (?) RETURNING id", (text,)).fetchone()
            connection.execute("COMMIT")
        return int(row[0])

    @app.post("/claim")
    def claim(request: Request) -> JSONResponse:
        return JSONResponse({"id": note(request.headers.get("authorization", ""))}, status_code=201)

    @app.post("/response")
    def response(body: Body) -> JSONResponse:
        return JSONResponse({"id": note(str(body.result))}, status_code=201)

    return app


def main(folder: Path) -> None:
    """Serve on a free port until SIGTERM."""
    with listen("127.0.0.1", 0) as listening:
        print(local_url("127.0.0.1", listening), flush=True)
        config = uvicorn.Config(bare_app(folder / "notes.sqlite3"), log_config=None, access_log=False)
        uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
