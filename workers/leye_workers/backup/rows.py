"""Rows of a table as lines of JSON, exactly: the same lines for SQLite and PostgreSQL."""

import base64
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import IO, Any
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy import Column, Table
from sqlalchemy.orm import Session

from leye_platform.columns import ExactDecimal, UtcDateTime

CHUNK = 1000  # rows


def write_rows(session: Session, table: Table, file: IO[bytes]) -> int:
    """Write all rows of a table in the order of their key; how many."""
    names, count = [column.name for column in table.columns], 0
    query = sa.select(table).order_by(*table.primary_key.columns).execution_options(yield_per=CHUNK)
    for row in session.execute(query):
        record = {name: _told(value) for name, value in zip(names, row, strict=True)}
        file.write(orjson.dumps(record) + b"\n")
        count += 1
    return count


def _told(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, UUID | Decimal):
        return str(value)
    return value


def read_rows(session: Session, table: Table, file: IO[bytes]) -> int:
    """Insert the rows that `write_rows` wrote; how many. Columns that the lines don't name stay untouched."""
    readers = {column.name: _reader(column) for column in table.columns}
    count = 0
    for rows in _chunks(file):
        records = [_record(readers, row) for row in rows]
        session.execute(_plain_insert(table, records[0]), records)
        count += len(records)
    return count


def _chunks(file: IO[bytes]) -> Iterator[list[dict[str, Any]]]:
    rows = []
    for line in file:
        rows.append(orjson.loads(line))
        if len(rows) == CHUNK:
            yield rows
            rows = []
    if rows:
        yield rows


def _record(readers: Mapping[str, Callable[[Any], Any]], row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: None if value is None else readers[name](value) for name, value in row.items()}


def _plain_insert(table: Table, record: Mapping[str, Any]) -> sa.Insert:
    """An insert without the table's defaults: what was saved is all there is."""
    return sa.insert(sa.table(table.name, *(sa.column(name, table.columns[name].type) for name in record)))


def _reader(column: Column[Any]) -> Callable[[Any], Any]:
    kind = column.type
    if isinstance(kind, sa.Enum):
        members = kind.enum_class
        assert members is not None, f"{column} is an enum without a class"  # noqa: S101
        return members
    if isinstance(kind, UtcDateTime):
        return datetime.fromisoformat
    if isinstance(kind, ExactDecimal):
        return Decimal
    if isinstance(kind, sa.Uuid):
        return UUID
    if isinstance(kind, sa.LargeBinary):
        return base64.b64decode
    return lambda value: value
