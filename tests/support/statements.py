"""What a piece of work asks of the database: its statements, and how they would be run."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Connection

from leye_platform.database import Database


@dataclass
class Statements:
    """The statements seen, each with its parameters."""

    seen: list[tuple[str, Any]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.seen)


@contextmanager
def statements_of(database: Database) -> Iterator[Statements]:
    """Collect what is run inside the block, transactions' own statements aside."""
    statements = Statements()

    def note(_connection: Connection, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if statement.split(maxsplit=1)[0] in {"SELECT", "INSERT", "UPDATE", "DELETE", "WITH"}:
            statements.seen.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


def scans(database: Database, statements: Statements, tables: frozenset[str], *, as_planned: bool = False) -> list[str]:
    """Where a plan walks one of the tables from end to end. PostgreSQL is asked for what its indexes can serve.

    as_planned: it is asked for the very plan that it would run; for tables that are large enough to need an index.
    INSERTs are left out: they read nothing, but SQLite's plans name the children of foreign keys, which it
    visits only where a deferred constraint is broken.
    """
    found = []
    with database.engine.connect() as connection:
        if not (database.is_sqlite or as_planned):
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        for statement, parameters in statements.seen:
            if statement.startswith("INSERT"):
                continue
            first = parameters[0] if isinstance(parameters, list) else parameters
            for line in _plan(connection, database, statement, first):
                table = re.search(r"(?:SCAN|Seq Scan on) (\w+)(?: (?:AS )?(\w+))?", line)
                if table and (table.group(1) in tables) and "USING" not in line:
                    found.append(f"{line.strip()}   in   {statement[:400]}")
    return found


def _plan(connection: Connection, database: Database, statement: str, parameters: Any) -> list[str]:
    explain = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN "
    rows = connection.exec_driver_sql(explain + statement, parameters).all()
    return [str(row[-1]) for row in rows]
