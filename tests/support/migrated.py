"""An empty database with today's schema, migrated once and copied for each test: migrating each time took longest."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from leye_platform.database import Database
from leye_platform.migrate import migrate
from support.servers import ServersInUse


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


@contextmanager
def migrated_template(servers: ServersInUse) -> Iterator[str]:
    """The name of a PostgreSQL database to make others from; nobody may be connected to it meanwhile."""
    with servers.fresh_database() as url:
        database = Database(url)
        migrate(database)
        name = database.engine.url.database
        database.close()
        assert name is not None
        yield name
