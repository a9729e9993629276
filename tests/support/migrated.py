"""Empty databases with today's schema: migrated once, then copied or emptied; migrating each time took longest."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from leye_platform.database import Database
from leye_platform.migrate import migrate
from leye_platform.tables import METADATA
from support.servers import ServersInUse

MANY_ROWS = 2_000
"""A database that held more is thrown away: what the planner learnt of it must not reach another test."""

SCHEMA = """
SELECT (SELECT version_num FROM alembic_version), (SELECT count(*) FROM pg_attribute), (SELECT count(*) FROM pg_index),
    (SELECT count(*) FROM pg_constraint),
    (SELECT string_agg(tgname || tgenabled::text, ',' ORDER BY tgname, tgrelid) FROM pg_trigger)
"""
RESTART = "SELECT setval(quote_ident(sequencename), start_value, false) FROM pg_sequences WHERE schemaname = 'public'"


@cache
def migrated_file() -> bytes:
    """A SQLite file's content."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "leye.sqlite3"
        database = Database(f"sqlite:///{path}")
        migrate(database)
        with database.engine.connect() as connection:
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        database.close()
        return path.read_bytes()


class EmptyFile:
    """A SQLite database at one place, its file written anew for each test: the engine keeps what it has compiled."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "leye.sqlite3"
        self.database = Database(f"sqlite:///{self.path}")
        event.listen(self.database.engine, "connect", _need_not_outlive_the_machine)

    @contextmanager
    def empty(self) -> Iterator[Database]:
        """The database, migrated and empty."""
        for path in self.path.parent.iterdir():
            path.unlink()
        self.path.write_bytes(migrated_file())
        yield self.database
        assert not self.database._writer.locked(), "a thread of this test still writes"  # type: ignore[union-attr]
        self.database.close()


class EmptyDatabases:
    """PostgreSQL databases, one test after another in the same one as long as it can be emptied."""

    def __init__(self, servers: ServersInUse, until_the_end: ExitStack) -> None:
        self.servers, self.until_the_end = servers, until_the_end
        self.database: Database | None = None
        self.schema: object = None

    @contextmanager
    def empty(self) -> Iterator[Database]:
        """A migrated, empty database."""
        database = self.database or self._new()
        self.database = None  # not given again where the test leaves by an error of ours
        yield database
        database.close()
        if self._emptied(database.url.render_as_string(hide_password=False)):
            self.database = database

    def _new(self) -> Database:
        url = self.until_the_end.enter_context(self.servers.fresh_database())
        database = Database(url)
        migrate(database)
        database.close()
        with _connected(url) as connection:
            self.schema = connection.exec_driver_sql(SCHEMA).one()
        return database

    def _emptied(self, url: str) -> bool:
        """Empty it; False where a test has changed its schema or left much."""
        with _connected(url) as connection:
            if connection.exec_driver_sql(SCHEMA).one() != self.schema:
                return False
            # Nothing fires and nothing is checked: books may not be deleted from by anybody else.
            connection.exec_driver_sql("SET session_replication_role = replica")
            any_row = ", ".join(f"EXISTS (SELECT FROM {name})" for name in METADATA.tables)
            holds = connection.exec_driver_sql(f"SELECT {any_row}").one()
            held = [table for table, some in zip(METADATA.tables.values(), holds, strict=True) if some]
            rows = sum(connection.execute(sa.delete(table)).rowcount for table in held)
            connection.exec_driver_sql(RESTART)
        return rows <= MANY_ROWS


@contextmanager
def _connected(url: str) -> Iterator[sa.Connection]:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        yield connection


def _need_not_outlive_the_machine(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA synchronous=OFF")
