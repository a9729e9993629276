"""PostgreSQL's prepared statements, run on psycopg's libpq connection without a cursor of psycopg.

A cursor takes some 60 microseconds a statement in Python, of which libpq and the adaption of values need a quarter.
Values go as text and without a type: SQLAlchemy casts the parameters in the statement. psycopg itself prepares
nothing on these connections (`prepare_threshold` is None), or it would have the server forget all at a rollback.
"""

import re
from collections.abc import Mapping
from typing import Any

from psycopg import errors, pq
from psycopg.adapt import PyFormat, Transformer
from sqlalchemy import Connection

_NAME = re.compile(r"%\((\w+)\)s|%%")
FINE = frozenset({pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK})
BEGIN = {None: b"BEGIN", True: b"BEGIN READ ONLY", False: b"BEGIN READ WRITE"}
"""As psycopg begins a transaction; isolation levels of a connection's own are not used here."""
_Known = tuple[bytes, tuple[str, ...], list[PyFormat]]
_HELD = "leye_libpq"  # in the pool's notes on a connection: its _Wire


class Result:
    """What a statement left, as a cursor would tell it: `description`, `rowcount`, `fetchall`, `close`."""

    def __init__(self, wire: "_Wire", result: Any) -> None:
        self._wire = wire
        self._result = result

    @property
    def rowcount(self) -> int:
        """Rows touched or found."""
        touched: int | None = self._result.command_tuples
        return -1 if touched is None else touched

    @property
    def description(self) -> list[tuple[str, int]]:
        """Name and type (its number in the server) of each column."""
        result = self._result
        return [(result.fname(i).decode(), result.ftype(i)) for i in range(result.nfields)]

    def fetchall(self) -> list[tuple[Any, ...]]:
        """All rows, adapted as psycopg adapts them on this connection."""
        count = self._result.ntuples
        if not count:
            return []
        adapt = self._wire.adapt
        adapt.set_pgresult(self._result)
        rows: list[tuple[Any, ...]] = adapt.load_rows(0, count, tuple)
        return rows

    def close(self) -> None:
        """Nothing to give back: libpq holds the whole result."""


def execute(connection: Connection, text: str, values: Mapping[str, Any]) -> Result:
    """Run a statement, prepared at its first use on this connection; as with psycopg, the first begins a transaction.

    `text` names its parameters in psycopg's way (`%(name)s`).

    Raises:
        psycopg.Error: as a cursor would.
    """
    wire = connection.info.get(_HELD)
    if wire is None:
        wire = connection.info[_HELD] = _Wire(connection.connection.driver_connection)
    return wire.execute(text, values)


class _Wire:
    """One connection's statements: under which name the server knows each, and the order of its parameters."""

    def __init__(self, driver: Any) -> None:
        self.adapt: Any = Transformer(driver)
        self._driver = driver
        self._server = driver.pgconn
        self._known: dict[str, _Known] = {}

    def execute(self, text: str, values: Mapping[str, Any]) -> Result:
        if self._server.transaction_status == pq.TransactionStatus.IDLE:
            self._checked(self._server.exec_(BEGIN[self._driver.read_only]))
        name, order, formats = self._known.get(text) or self._prepare(text)
        given = self.adapt.dump_sequence([values[key] for key in order], formats)
        return Result(self, self._checked(self._server.exec_prepared(name, given)))

    def _prepare(self, text: str) -> _Known:
        order: dict[str, int] = {}

        def numbered(found: "re.Match[str]") -> str:
            key = found.group(1)
            return "%" if key is None else f"${order.setdefault(key, len(order) + 1)}"

        name, numbered_text = f"leye_{len(self._known)}".encode(), _NAME.sub(numbered, text)
        self._checked(self._server.prepare(name, numbered_text.encode()))
        known = self._known[text] = (name, tuple(order), [PyFormat.TEXT] * len(order))
        return known

    def _checked(self, result: Any) -> Any:
        if result.status in FINE:
            return result
        if self._server.status == pq.ConnStatus.BAD:
            message = self._server.get_error_message()
            raise errors.OperationalError(message or "the connection is lost")
        raise errors.error_from_result(result)
