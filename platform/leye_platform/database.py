"""The database: one engine, reading sessions, and writing sessions that are one unit of work each."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy import Connection, MetaData, event
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from leye_platform.columns import ExactDecimal, Json, UtcDateTime

BUSY_SECONDS = 60
RESTED_SECONDS = 5
AWAY = frozenset({"08", "57"})
"""Classes of PostgreSQL's states: a connection that failed, a server that stops, starts or ended our process."""
OUR_OWN_DOING = frozenset({"57014"})  # a statement that was cancelled
TOO_MANY = frozenset({"53300"})  # no connection is free


class Base(DeclarativeBase):
    """All tables. Names of constraints follow one pattern so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 -- SQLAlchemy reads it from the class
        datetime: UtcDateTime,
        Decimal: ExactDecimal,
        UUID: sa.Uuid,
        dict[str, Any]: Json,
        list[Any]: Json,
        Enum: sa.Enum(Enum, native_enum=False, length=24, values_callable=lambda kind: [m.value for m in kind]),
    }


def is_away(error: DBAPIError) -> bool:
    """Whether the database server did not answer or broke the connection off: nothing was wrong with the statement."""
    if error.connection_invalidated:
        return True
    if not isinstance(error, OperationalError) or isinstance(error.orig, sqlite3.Error):
        return False  # SQLite is never away
    state: str | None = getattr(error.orig, "sqlstate", None)
    return state is None or (state[:2] in AWAY and state not in OUR_OWN_DOING) or state in TOO_MANY


def _dumps(value: object) -> str:
    return orjson.dumps(value).decode()


class Database:
    """Opens sessions on SQLite or PostgreSQL.

    `write()` commits at the end of its block and rolls back on an exception. On SQLite it queues
    writers on a lock before BEGIN IMMEDIATE: SQLite's own busy handler sleeps and is unfair.
    """

    def __init__(self, url: str) -> None:
        self.url = sa.make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        options: dict[str, Any] = {"json_serializer": _dumps, "json_deserializer": orjson.loads}
        if self.is_sqlite:
            options["connect_args"] = {"check_same_thread": False, "timeout": BUSY_SECONDS}
            options["use_insertmanyvalues"] = False  # next_number() counts row by row
        else:
            options["connect_args"] = {"prepare_threshold": None}  # see libpq.py
        self.engine = sa.create_engine(self.url, pool_size=20, max_overflow=30, **options)
        self._writing_engine = self.engine.execution_options(leye_writes=True)
        self._reading_engine = self.engine.execution_options(
            **({} if self.is_sqlite else {"postgresql_readonly": True})
        )
        self._writer = threading.Lock() if self.is_sqlite else nullcontext()
        self._lost_at = 0.0
        if self.is_sqlite:
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
        else:
            event.listen(self.engine, "checkin", _note_use)
            event.listen(self.engine, "checkout", self._ask_whether_it_lives)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for reading only; what is written in it is refused (PostgreSQL) or lost."""
        # Ended by a commit: at a rollback, psycopg forgets all statements that it has prepared.
        with (
            self._noting_a_loss(),
            Session(self._reading_engine, autoflush=False, expire_on_commit=False) as session,
            nullcontext() if self.is_sqlite else session.begin(),
        ):
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """One unit of work: committed when the block ends, rolled back when it raises."""
        with self._noting_a_loss(), self._writer, Session(self._writing_engine) as session, session.begin():
            yield session

    def close(self) -> None:
        self.engine.dispose()

    @contextmanager
    def _noting_a_loss(self) -> Iterator[None]:
        """Where one connection is lost, the others that were open at that moment are asked before they are used."""
        try:
            yield
        except DBAPIError as error:
            if is_away(error):
                self._lost_at = time.monotonic()
            raise

    def _ask_whether_it_lives(
        self, connection: Any, record: ConnectionPoolEntry, _proxy: PoolProxiedConnection
    ) -> None:
        """A connection that has rested is asked first; one used a moment ago need not be: that spares a trip."""
        if record.info.get("used_at", 0.0) > max(time.monotonic() - RESTED_SECONDS, self._lost_at):
            return
        dialect = self.engine.dialect
        try:
            dialect.do_ping(connection)
        except dialect.loaded_dbapi.Error as error:
            raise sa.exc.DisconnectionError from error  # the pool opens another one


def _prepare_sqlite(connection: Any, _record: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # transactions are begun by _begin_sqlite, not by the driver
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("leye_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _note_use(_connection: Any, record: ConnectionPoolEntry) -> None:
    record.info["used_at"] = time.monotonic()
