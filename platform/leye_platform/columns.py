"""Column types that mean the same on SQLite and PostgreSQL."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect, Numeric, String, TypeDecorator, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import BigInteger, TypeEngine

Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, kept in UTC. A naive one is refused: it would be a guess."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone: {value!r}")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class ExactDecimal(TypeDecorator[Decimal]):
    """A decimal that never passes through a float: NUMERIC on PostgreSQL, text on SQLite.

    On SQLite it must not be compared or summed in SQL; rates and quantities never are.
    """

    impl = Numeric
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(String(40) if dialect.name == "sqlite" else Numeric(28, 12))

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if not value.is_finite():
            raise ValueError(f"not a finite number: {value!r}")
        return format(value, "f") if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value).normalize() + 0


class next_number(FunctionElement[int]):  # noqa: N801 -- reads as an SQL function where it is used
    """The next value of a table's running integer column (`number`, `position`), inside an INSERT.

    PostgreSQL: a sequence `<table>_<column>_seq`, which never blocks and may leave gaps.
    SQLite: one more than the largest, which is safe because writers are one at a time and rows are
    inserted one by one (Database switches multi-row VALUES off there).
    For many rows at once, `take_numbers`.
    """

    type = BigInteger()
    inherit_cache = True
    name = "next_number"

    def __init__(self, table: str, column: str) -> None:
        super().__init__()
        self.table, self.column = table, column


@compiles(next_number, "postgresql")
def _sequence(element: next_number, compiler: SQLCompiler, **kw: Any) -> str:
    return f"nextval('{element.table}_{element.column}_seq')"


@compiles(next_number, "sqlite")
def _largest(element: next_number, compiler: SQLCompiler, **kw: Any) -> str:
    # Both names are literals of our own models. The condition lets a partial index serve.
    column = element.column
    return f"(SELECT coalesce(max({column}), 0) + 1 FROM {element.table} WHERE {column} > 0)"  # noqa: S608 -- literals


def take_numbers(session: Session, table: str, column: str, count: int) -> list[int]:
    """The next numbers of a running integer column, growing, for rows that are inserted in this transaction.

    PostgreSQL: from the sequence. SQLite: after the largest; the rows must be in before numbers are taken again.
    """
    if session.get_bind().dialect.name == "sqlite":
        # As `_largest`, once for all of them.
        query = f"SELECT coalesce(max({column}), 0) FROM {table} WHERE {column} > 0"  # noqa: S608 -- literals
        largest: int = session.scalar(text(query)) or 0
        return list(range(largest + 1, largest + 1 + count))
    query = f"SELECT array_agg(nextval('{table}_{column}_seq')) FROM generate_series(1, :count)"  # noqa: S608 -- literals
    return session.scalar(text(query), {"count": count}) or []
