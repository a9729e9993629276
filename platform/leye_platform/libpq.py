"""PostgreSQL's prepared statements, run on psycopg's libpq connection without a cursor of psycopg.

A cursor takes some 60 microseconds a statement in Python, of which libpq and the adaption of values need a quarter.
Values go as text and without a type: SQLAlchemy casts the parameters in the statement. psycopg itself prepares
nothing on these connections (`prepare_threshold` is None), or it would have the server forget all at a rollback.

Each way to the server and back costs both sides as much as a small statement. So BEGIN goes with the first statement,
and a write whose outcome nobody asks for with the next one, or with COMMIT, in libpq's pipeline mode: in their order,
in the one transaction, and after one that fails nothing more is run.
"""

import re
import select
from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any

from psycopg import errors, pq
from psycopg.adapt import PyFormat, Transformer
from sqlalchemy import Connection

_NAME = re.compile(r"%\((\w+)\)s|%%")
FINE = frozenset({pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK})
COMMIT, UNDONE = b"COMMIT", b"ROLLBACK"
BEGIN = {None: b"BEGIN", True: b"BEGIN READ ONLY", False: b"BEGIN READ WRITE"}
"""As psycopg begins a transaction; isolation levels of a connection's own are not used here."""
_Known = tuple[bytes, tuple[str, ...], list[PyFormat]]
_Ready = tuple[bytes, Any]
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
    return _wire(connection).execute(text, values)


def execute_later(connection: Connection, text: str, values: Mapping[str, Any]) -> None:
    """Run a statement, whose outcome nobody asks for, with the next one of its transaction, or with its COMMIT.

    Raises:
        psycopg.Error: where it cannot be prepared. What it runs into, the next one raises.
    """
    _wire(connection).execute_later(text, values)


def send_waiting(connection: Connection) -> None:
    """Run what waits: something that does not come by here is about to use the connection.

    Raises:
        psycopg.Error: as a cursor would.
    """
    if (wire := connection.info.get(_HELD)) is not None:
        wire.send_waiting()


def conclude(connection: Connection) -> None:
    """Run what waits and commit, where statements were run here; psycopg's own commit then finds nothing to do.

    Raises:
        psycopg.Error: as psycopg's would, and where the server undid the transaction instead.
    """
    if (wire := connection.info.get(_HELD)) is not None:
        wire.conclude()


def forget_waiting(info: MutableMapping[Any, Any]) -> None:
    """The transaction was undone, what waited with it. `info`: the pool's notes on the connection."""
    if (wire := info.get(_HELD)) is not None:
        wire.forget_waiting()


def _wire(connection: Connection) -> "_Wire":
    wire: _Wire | None = connection.info.get(_HELD)
    if wire is None:
        wire = connection.info[_HELD] = _Wire(connection.connection.driver_connection)
    return wire


class _Wire:
    """One connection's statements: under which name the server knows each, and the order of its parameters."""

    def __init__(self, driver: Any) -> None:
        self.adapt: Any = Transformer(driver)
        self._driver = driver
        self._server = driver.pgconn
        self._known: dict[str, _Known] = {}
        self._waiting: list[_Ready] = []
        self._readable, self._writable = select.poll(), select.poll()
        self._readable.register(self._server.socket, select.POLLIN)
        self._writable.register(self._server.socket, select.POLLIN | select.POLLOUT)

    def execute(self, text: str, values: Mapping[str, Any]) -> Result:
        ready = self._ready(text, values)
        if self._waiting or self._is_idle:
            return Result(self, self._send([*self._waiting, ready]))
        return Result(self, self._checked(self._server.exec_prepared(*ready)))

    def execute_later(self, text: str, values: Mapping[str, Any]) -> None:
        self._waiting.append(self._ready(text, values))

    def send_waiting(self) -> None:
        if self._waiting:
            self._send(self._waiting)

    def conclude(self) -> None:
        if self._waiting:
            done = self._send(self._waiting, ending=True)
        elif self._is_idle:
            return
        else:
            done = self._checked(self._server.exec_(COMMIT))
        if done.command_status == UNDONE:
            raise errors.InFailedSqlTransaction("the transaction had failed, and was undone")

    def forget_waiting(self) -> None:
        self._waiting = []

    @property
    def _is_idle(self) -> bool:
        return bool(self._server.transaction_status == pq.TransactionStatus.IDLE)

    def _ready(self, text: str, values: Mapping[str, Any]) -> _Ready:
        name, order, formats = self._known.get(text) or self._prepare(text)
        return name, self.adapt.dump_sequence([values[key] for key in order], formats)

    def _send(self, statements: Sequence[_Ready], *, ending: bool = False) -> Any:
        """Begin where nothing has begun, run all and end: one way there and back. What the last of them left."""
        server, idle, self._waiting = self._server, self._is_idle, []
        server.enter_pipeline_mode()
        if idle:
            server.send_query_params(BEGIN[self._driver.read_only], None)
        for name, given in statements:
            server.send_query_prepared(name, given)
        if ending:
            server.send_query_params(COMMIT, None)
        server.pipeline_sync()
        try:
            found = self._results()
        except BaseException:
            server.finish()  # what would still come could be taken for the answer to something else
            raise
        if server.status != pq.ConnStatus.BAD:
            server.exit_pipeline_mode()
        for result in found:
            self._checked(result)
        return found[-1]

    def _results(self) -> list[Any]:
        """All that comes until the server says that it has done all, or is gone.

        psycopg's `get_result` waits without letting other threads run, one of which may hold the lock that the server
        waits for. So it is asked only for what has come.
        """
        server, found, unsent = self._server, list[Any](), self._server.flush()
        while True:
            while unsent or server.is_busy():
                (self._writable if unsent else self._readable).poll()
                server.consume_input()
                unsent = unsent and server.flush()
            result = server.get_result()
            if result is None:  # stands behind each statement's
                if server.status == pq.ConnStatus.BAD:
                    raise self._loss()
            elif result.status == pq.ExecStatus.PIPELINE_SYNC:
                return found
            else:
                found.append(result)

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
            raise self._loss()
        raise errors.error_from_result(result)

    def _loss(self) -> errors.Error:
        return errors.OperationalError(self._server.get_error_message() or "the connection is lost")
