"""Bring a database's schema to the newest version, or say how far it is."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from leye_platform.database import Database

MIGRATIONS = Path(__file__).parent / "migrations"
LOCK = 0x1E7E  # any number: PostgreSQL's advisory lock that lets one process migrate at a time


def migration_config() -> Config:
    """Alembic's configuration without a file: the scripts lie in the package."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def migrate(database: Database, revision: str = "head") -> None:
    """Upgrade to `revision` in one transaction; a second process waits for the first."""
    config = migration_config()
    with database.write() as session:
        connection = session.connection()
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def newest_revision() -> str:
    """The revision that this code wants."""
    head = ScriptDirectory.from_config(migration_config()).get_current_head()
    assert head is not None, "the package carries no migration"  # noqa: S101
    return head


def current_revision(connection: Connection) -> str | None:
    """The revision that the database has, None for an empty one."""
    return MigrationContext.configure(connection).get_current_revision()
