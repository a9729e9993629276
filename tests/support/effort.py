"""How much the database does for a piece of work, counted instead of timed, so that two sizes can be compared."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import event, text
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from leye_platform.database import Database

READ = text("SELECT coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0)), 0) FROM pg_stat_xact_user_tables")


@dataclass
class Effort:
    """SQLite: steps of its virtual machine, in hundreds. PostgreSQL: rows read from tables."""

    units: int = 0


@contextmanager
def effort_of(database: Database) -> Iterator[Effort]:
    """Count what is done by units of work inside the block."""
    effort = Effort()
    counting = _sqlite(database, effort) if database.is_sqlite else _postgresql(database, effort)
    with counting:
        yield effort


@contextmanager
def _sqlite(database: Database, effort: Effort) -> Iterator[None]:
    def count() -> int:
        effort.units += 1
        return 0

    def begin(connection: Connection) -> None:
        connection.connection.driver_connection.set_progress_handler(count, 100)  # type: ignore[union-attr]  # sqlite3's

    def end(connection: Connection) -> None:
        connection.connection.driver_connection.set_progress_handler(None, 100)  # type: ignore[union-attr]  # sqlite3's

    event.listen(database.engine, "begin", begin)
    event.listen(database.engine, "commit", end)
    try:
        yield
    finally:
        event.remove(database.engine, "begin", begin)
        event.remove(database.engine, "commit", end)


@contextmanager
def _postgresql(database: Database, effort: Effort) -> Iterator[None]:
    # The view also holds what earlier transactions of the connection have not handed in yet: differences count.
    # A table of some dozen rows is rightly read from end to end; what its indexes serve is what will count.
    def began(_session: Session, _transaction: Any, connection: Connection) -> None:
        connection.execute(text("SET LOCAL enable_seqscan = off"))
        effort.units -= int(connection.execute(READ).scalar_one())

    def ends(session: Session) -> None:
        session.flush()
        effort.units += int(session.connection().execute(READ).scalar_one())

    event.listen(Session, "after_begin", began)
    event.listen(Session, "before_commit", ends)
    try:
        yield
    finally:
        event.remove(Session, "after_begin", began)
        event.remove(Session, "before_commit", ends)


def steady(values: list[Any]) -> float:
    """The median: one cycle in some is a due review or a cache that fills."""
    return float(sorted(values)[len(values) // 2])
