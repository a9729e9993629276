"""Locks that end with the process that holds them, so that after a crash nobody waits for a dead one.

PostgreSQL: a session's advisory lock, for runners on any number of machines (keep-alives notice a
machine that is gone within half a minute). SQLite, where all processes share a machine: a locked file.
"""

import fcntl
import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from leye_platform.installation import Installation

POLL_SECONDS = 0.02
KEEP_ALIVE = ("tcp_keepalives_idle = 15", "tcp_keepalives_interval = 5", "tcp_keepalives_count = 3")


class Locks(Protocol):
    """Named locks, each held by one thread of one process at a time."""

    def hold(self, name: str, patience: float = 0.0) -> AbstractContextManager[bool]:
        """Hold the lock for a block; yields False where another still holds it after `patience` seconds."""


def locks_for(installation: Installation) -> Locks:
    """The locks that reach as far as the installation's database does."""
    if installation.database.is_sqlite:
        return FileLocks(installation.settings.data_dir / "run" / "locks")
    return AdvisoryLocks(installation.database.engine)


class FileLocks:
    """Locked files in a folder; a file is there only while its lock is held."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextmanager
    def hold(self, name: str, patience: float = 0.0) -> Iterator[bool]:
        self.folder.mkdir(parents=True, exist_ok=True)
        path, deadline = self.folder / f"{name}.lock", time.monotonic() + patience
        while (descriptor := _lock_file(path)) is None and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        if descriptor is None:
            yield False
            return
        try:
            yield True
        finally:
            path.unlink(missing_ok=True)
            os.close(descriptor)


def _lock_file(path: Path) -> int | None:
    """The descriptor of the locked file, None where another holds it."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(descriptor).st_ino == path.stat().st_ino:
                return descriptor
        except BlockingIOError:
            os.close(descriptor)
            return None
        except FileNotFoundError:
            pass
        # Its holder removed the file between our open and our lock: what we locked is no longer there.
        os.close(descriptor)


class AdvisoryLocks:
    """PostgreSQL's advisory locks, each on a connection of its own."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @contextmanager
    def hold(self, name: str, patience: float = 0.0) -> Iterator[bool]:
        number = int.from_bytes(hashlib.sha256(f"leye:{name}".encode()).digest()[:8], "big", signed=True)
        deadline = time.monotonic() + patience
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for setting in KEEP_ALIVE:
                connection.execute(text(f"SET {setting}"))
            while not (held := _try_number(connection, number)) and time.monotonic() < deadline:
                time.sleep(POLL_SECONDS)
            try:
                yield held
            finally:
                if held:
                    _unlock(connection, number)


def _try_number(connection: Connection, number: int) -> bool:
    return bool(connection.scalar(text("SELECT pg_try_advisory_lock(:number)"), {"number": number}))


def _unlock(connection: Connection, number: int) -> None:
    try:
        connection.execute(text("SELECT pg_advisory_unlock(:number)"), {"number": number})
    except DBAPIError:
        connection.invalidate()  # the server has let go of it with the connection
