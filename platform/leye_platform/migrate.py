"""Bring a database's schema to the newest version, or say how far it is.

Alembic is loaded to migrate only: it weighs ten megabytes, and a web process just asks how far the schema is.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from leye_platform.database import Database

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"
VERSION_TABLE = "alembic_version"
LOCK = 0x1E7E  # any number: PostgreSQL's advisory lock that lets one process migrate at a time


def migration_config() -> "Config":
    """Alembic's configuration without a file: the scripts lie in the package."""
    from alembic.config import Config  # noqa: PLC0415 -- as the module says

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def migrate(database: Database, revision: str = "head") -> None:
    """Upgrade to `revision` in one transaction; a second process waits for the first."""
    from alembic import command  # noqa: PLC0415 -- as the module says

    config = migration_config()
    with database.write() as session:
        connection = session.connection()
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def newest_revision() -> str:
    """The revision that this code wants: the scripts are named by their numbers."""
    return max(path.name[:4] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def current_revision(connection: Connection) -> str | None:
    """The revision that the database has, None for an empty one."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    return connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()  # noqa: S608 -- literal
