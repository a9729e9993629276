"""Core statements compiled once and run on the driver's own cursor, for the way to a task and back.

SQLAlchemy spends about a tenth of a millisecond on each execution, thirty times between `next` and an answer; that is
more than the database itself takes. Here the statement is still written in Core, and its types still translate
values both ways, but that is worked out at its first use. What a listener on the engine would see, it sees here too.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import Connection, Dialect, Engine, Insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.sql.base import Executable
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import BindParameter, ClauseElement
from sqlalchemy.types import TypeEngine

FORGOTTEN, NOT_SUPPORTED = "26000", "0A000"
ROWS_AT_ONCE = 8  # each number of rows is a statement of its own to the server
_NAME = re.compile(r"%\((\w+)\)s")
_VALUES = re.compile(r"(INSERT INTO .+? VALUES )(\(.+?\))((?: ON CONFLICT .+| RETURNING .+)?)")
Processor = Callable[[Any], Any] | None
Values = Mapping[str, Any]


class Prepared:
    """A statement whose parameters all have names, run as often as one likes. Lists of constants only, no expanding."""

    def __init__(self, statement: Executable) -> None:
        self.statement = statement

    def all(self, session: Session, values: Values) -> list[tuple[Any, ...]]:
        """Every row, its values as the columns' types give them."""
        return _Run(session, self).rows(values)

    def first(self, session: Session, values: Values) -> tuple[Any, ...] | None:
        """The first row; None where there is none."""
        rows = _Run(session, self).rows(values)
        return rows[0] if rows else None

    def one(self, session: Session, values: Values) -> tuple[Any, ...]:
        """The first row of a statement that always has one."""
        return _Run(session, self).rows(values)[0]

    def scalar(self, session: Session, values: Values) -> Any:
        """The first value of the first row; None where there is no row."""
        rows = _Run(session, self).rows(values)
        return rows[0][0] if rows else None

    def run(self, session: Session, values: Values) -> int:
        """Write; how many rows were touched."""
        return _Run(session, self).write(values)

    def run_each(self, session: Session, rows: Sequence[Values]) -> None:
        """Write for each of the rows, which all name the same values; PostgreSQL inserts some in one statement."""
        if not rows or _dialect_of(session).name != "postgresql":
            _Run(session, self).write_each(rows)
            return
        step = ROWS_AT_ONCE if self._inserts_values() else 1
        for start in range(0, len(rows), step):
            if len(part := rows[start : start + step]) == 1:
                _Run(session, self).write(part[0])
            else:
                plan = _rows_at_once(self, tuple(part[0]), len(part), _dialect_of(session))
                _Run(session, self).run_joined(plan, part)

    def _inserts_values(self) -> bool:
        return isinstance(self.statement, Insert) and self.statement.select is None


Step = tuple[Prepared, Values]
"""A statement that writes, with its values."""


def write_together(session: Session, steps: Sequence[Step]) -> None:
    """Run writes that do not read each other's rows nor touch a row twice.

    PostgreSQL takes them as one statement (data-modifying WITH queries), which saves the way there and back for each.
    """
    if len(steps) == 1 or session.get_bind().dialect.name != "postgresql":
        for prepared, values in steps:
            prepared.run(session, values)
        return
    plan = _joined(tuple((prepared, tuple(values)) for prepared, values in steps), _dialect_of(session))
    _Run(session, steps[0][0]).run_joined(plan, [values for _, values in steps])


class _Plan:
    """A statement for one dialect and one set of names: its text, and how values go in and come out."""

    def __init__(self, statement: Executable, dialect: Dialect, names: tuple[str, ...]) -> None:
        inserts = bool(getattr(statement, "is_insert", False))
        self.compiled = cast(
            "SQLCompiler",
            cast("ClauseElement", statement).compile(dialect=dialect, column_keys=list(names) if inserts else None),
        )
        if self.compiled.insert_prefetch or self.compiled.update_prefetch:
            raise ValueError(f"give every value: {self.compiled.insert_prefetch or self.compiled.update_prefetch}")
        if self.compiled.post_compile_params:
            raise ValueError("no expanding parameters in a prepared statement")
        self.text = str(self.compiled)
        self.dialect = dialect
        binds = self.compiled.binds
        self.named = [name for name in binds if name in names]
        kinds = {name: bind.type.dialect_impl(dialect) for name, bind in binds.items()}
        self.processors = {name: kind.bind_processor(dialect) for name, kind in kinds.items()}
        self.fixed: dict[str, Any] = {}
        constants = {name: bind for name, bind in binds.items() if name not in names}
        if dialect.name == "postgresql":
            self.text = _with_constants(self.compiled, constants)
        else:
            self.fixed = {name: _through(self.processors[name], bind.value) for name, bind in constants.items()}
        self.order = list(self.compiled.positiontup or ())
        self.outgoing: list[Processor] | None = None

    def parameters(self, values: Values) -> Any:
        """As the driver takes them: a sequence for SQLite, a mapping for PostgreSQL."""
        processors, ready = self.processors, dict(self.fixed)
        for name in self.named:
            process = processors[name]
            ready[name] = values[name] if process is None else process(values[name])
        return tuple([ready[name] for name in self.order]) if self.order else ready

    def rows_of(self, cursor: Any) -> list[tuple[Any, ...]]:
        """What a cursor holds, through the columns' types."""
        if self.outgoing is None:
            columns = [entry.type for entry in self.compiled._result_columns]
            self.outgoing = [
                _outgoing(kind, self.dialect, described[1])
                for kind, described in zip(columns, cursor.description, strict=True)
            ]
        found = cursor.fetchall()
        if not found:
            return []
        outgoing = self.outgoing
        return [
            tuple(value if process is None else process(value) for process, value in zip(outgoing, row, strict=True))
            for row in found
        ]


def _with_constants(compiled: SQLCompiler, constants: Mapping[str, BindParameter[Any]]) -> str:
    """The statement with its constants written out.

    PostgreSQL keeps one plan for all values only where it looks as good as one made for these: to a LIMIT that it
    cannot read it reckons a tenth of all rows, and plans a claim anew each time, for longer than the claim takes.
    """

    def written(found: re.Match[str]) -> str:
        bind = constants.get(found.group(1))
        return found.group(0) if bind is None else compiled.render_literal_value(bind.value, bind.type)

    return _NAME.sub(written, str(compiled))


class _Run:
    """One execution within a session's transaction."""

    def __init__(self, session: Session, prepared: Prepared) -> None:
        self.connection: Connection = session.info.get("prepared") or _connection_of(session)
        self.prepared = prepared

    def rows(self, values: Values) -> list[tuple[Any, ...]]:
        cursor, plan = self._execute(values)
        try:
            return plan.rows_of(cursor)
        finally:
            cursor.close()

    def write(self, values: Values) -> int:
        cursor, _ = self._execute(values)
        touched: int = cursor.rowcount
        cursor.close()
        return touched

    def write_each(self, rows: Sequence[Values]) -> None:
        if rows:
            plan = _plan(self.prepared, self.connection.dialect, tuple(rows[0]))
            self._on_cursor(plan, [plan.parameters(values) for values in rows], many=True).close()

    def _execute(self, values: Values) -> tuple[Any, _Plan]:
        plan = _plan(self.prepared, self.connection.dialect, tuple(values))
        return self._on_cursor(plan, plan.parameters(values), many=False), plan

    def run_joined(self, joined: "_Joined", values: Sequence[Values]) -> None:
        self._on_cursor(joined, joined.parameters(values), many=False).close()

    def _on_cursor(self, plan: "_Plan | _Joined", parameters: Any, *, many: bool) -> Any:
        connection = self.connection
        for listener in _listeners(connection.engine):
            listener(connection, None, plan.text, parameters, None, many)
        try:
            if not many and connection.dialect.name == "postgresql":
                from leye_platform import libpq  # noqa: PLC0415 -- brings psycopg, which SQLite does not want

                return libpq.execute(connection, plan.text, parameters)
            cursor = connection.connection.cursor()
            (cursor.executemany if many else cursor.execute)(plan.text, parameters)
        except connection.dialect.loaded_dbapi.Error as error:
            raise _as_told_by_sqlalchemy(error, connection, plan.text, parameters) from error
        return cursor


def _as_told_by_sqlalchemy(error: Exception, connection: Connection, text: str, parameters: Any) -> BaseException:
    dialect = connection.dialect
    wrapped = DBAPIError.instance(text, parameters, error, dialect.loaded_dbapi.Error, dialect=dialect)
    if isinstance(wrapped, DBAPIError):
        driver: Any = connection.connection
        wrapped.connection_invalidated = dialect.is_disconnect(cast("Any", error), driver, None)
        if _is_stale(error):
            wrapped.connection_invalidated = True
            connection.invalidate(error)
    return wrapped


def _is_stale(error: Any) -> bool:
    """Whether PostgreSQL has lost the statement, or its tables changed under it: connect anew, do it again."""
    state = getattr(error, "sqlstate", None)
    return state == FORGOTTEN or (state == NOT_SUPPORTED and "cached plan" in str(error))


def _connection_of(session: Session) -> Connection:
    """The session's connection; a session here is one unit of work, so it keeps it to its end."""
    connection = session.connection()
    session.info["prepared"] = connection
    return connection


def _listeners(engine: Engine) -> Any:
    return engine.dispatch.before_cursor_execute


@lru_cache(maxsize=1024)
def _plan(prepared: Prepared, dialect: Dialect, names: tuple[str, ...]) -> _Plan:
    return _Plan(prepared.statement, dialect, names)


class _Joined:
    """Several plans for PostgreSQL as the parts of one statement; each part's names carry its number."""

    def __init__(self, plans: Sequence[_Plan]) -> None:
        self.plans = plans
        texts = [_numbered(plan.text, n) for n, plan in enumerate(plans)]
        before = ", ".join(f"w{n} AS ({text})" for n, text in enumerate(texts[:-1]))
        self.text = f"WITH {before} {texts[-1]}"

    def parameters(self, values: Sequence[Values]) -> dict[str, Any]:
        """All parts' parameters under their own names."""
        return {
            f"{name}_{n}": value
            for n, (plan, given) in enumerate(zip(self.plans, values, strict=True))
            for name, value in plan.parameters(given).items()
        }


class _RowsAtOnce(_Joined):
    """An insert of several rows; each row's names carry its number."""

    def __init__(self, plan: _Plan, count: int) -> None:
        self.plans = [plan] * count
        found = _VALUES.fullmatch(plan.text)
        if found is None:
            raise ValueError(f"not an insert of values: {plan.text}")
        head, values, tail = found.groups()
        if _NAME.search(tail):
            raise ValueError(f"no parameters behind the values: {plan.text}")
        self.text = head + ", ".join(_numbered(values, n) for n in range(count)) + tail


def _numbered(text: str, part: int) -> str:
    return _NAME.sub(rf"%(\1_{part})s", text)


@lru_cache(maxsize=256)
def _joined(steps: tuple[tuple[Prepared, tuple[str, ...]], ...], dialect: Dialect) -> _Joined:
    return _Joined([_plan(prepared, dialect, names) for prepared, names in steps])


@lru_cache(maxsize=256)
def _rows_at_once(prepared: Prepared, names: tuple[str, ...], count: int, dialect: Dialect) -> _RowsAtOnce:
    return _RowsAtOnce(_plan(prepared, dialect, names), count)


def _dialect_of(session: Session) -> Dialect:
    return session.get_bind().dialect


def _outgoing(kind: TypeEngine[Any], dialect: Dialect, described: Any) -> Processor:
    return kind.dialect_impl(dialect).result_processor(dialect, described)


def _through(process: Processor, value: Any) -> Any:
    return value if process is None else process(value)
