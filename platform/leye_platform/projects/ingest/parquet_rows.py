"""Rows of a Parquet file, a few hundred at a time. Pure over `Source`.

pyarrow, because it reads on from a file that can be sought in, row group by row group: polars and fastparquet want it
whole, in memory or on disk. It is loaded only where such a file comes.
"""

import io
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from typing import IO, Any

import orjson

from leye_platform.projects.ingest import refusals
from leye_platform.projects.ingest.csv_rows import Record, check_header
from leye_platform.projects.ingest.rows import Row, storable
from leye_platform.projects.ingest.source import Source

AT_A_TIME = 256  # rows
MOST_ROWS = 20_000_000
"""A column of one value takes no bytes at all, however many rows it has."""
LARGEST_GROUP = 1_000_000_000
"""Bytes of a row group unpacked; what is read at once is far less, but never more than this."""


class _Watched(io.RawIOBase):
    """The uploaded file; notes when it was the store that failed, which pyarrow tells as it tells a broken file."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.failed: OSError | None = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # any writable buffer
        try:
            content = self._file.read(len(buffer))
        except OSError as error:
            self.failed = error
            raise
        buffer[: len(content)] = content
        return len(content)


def check_parquet(source: Source, wanted: Collection[str]) -> tuple[str, ...]:
    """The names of the columns. Raises the kinds of FileRefused; OSError where the store is away."""
    with _opened(source) as (table, watched):
        try:
            about = table.metadata
            names, rows = list(table.schema_arrow.names), about.num_rows
            groups = [about.row_group(n).total_byte_size for n in range(about.num_row_groups)]
        except (ValueError, OSError) as error:
            raise watched.failed or refusals.ParquetBroken(name=source.name) from error
    if rows > MOST_ROWS:
        raise refusals.TooManyRows(name=source.name, rows=rows, limit=MOST_ROWS)
    if max(groups, default=0) > LARGEST_GROUP:
        raise refusals.UnpacksTooFar(name=source.name, megabytes=LARGEST_GROUP // 1_000_000)
    return check_header(Record(names, "", 0), wanted, source.name)


def read_parquet(source: Source) -> Iterator[Row]:
    """The rows, numbered from 1.

    What cannot be read to its end is told as a last row with its problem: the rows before it are good.
    """
    number = 0
    with _opened(source) as (table, watched):
        rows = max(table.metadata.num_rows, 1)
        try:
            for batch in table.iter_batches(batch_size=AT_A_TIME, use_threads=False):
                for content in _contents(batch):
                    number += 1
                    end = min(source.size, source.size * number // rows)
                    if content is None:
                        yield Row(number, end, "", None, refusals.NOT_DECODED)
                    else:
                        yield Row(number, end, _written(content), content)
        except (ValueError, OSError) as error:
            if watched.failed is not None:
                raise watched.failed from error
            yield Row(number + 1, source.size, "", None, refusals.READS_NO_FURTHER)


@contextmanager
def _opened(source: Source) -> Iterator[tuple[Any, _Watched]]:
    from pyarrow.parquet import ParquetFile  # noqa: PLC0415 -- heavy, and few files want it

    with source.open_file() as file:
        watched = _Watched(file)
        try:
            # Buffered, so that a column of a row group is never in memory whole.
            table = ParquetFile(watched, buffer_size=1 << 18, pre_buffer=False)
        except (ValueError, OSError) as error:
            raise watched.failed or refusals.ParquetBroken(name=source.name) from error
        yield table, watched


def _contents(batch: Any) -> Iterator[dict[str, Any] | None]:
    """The rows of a batch; None in the place of one whose text is not UTF-8, which is found out only here."""
    try:
        rows: list[dict[str, Any] | None] = batch.to_pylist()
    except UnicodeDecodeError:
        rows = [_row_alone(batch.slice(n, 1)) for n in range(batch.num_rows)]
    return (None if row is None else {name: _plain(value) for name, value in row.items()} for row in rows)


def _row_alone(batch: Any) -> dict[str, Any] | None:
    try:
        [row] = batch.to_pylist()
    except UnicodeDecodeError:
        return None
    return dict(row)


def _plain(value: Any) -> Any:
    """A value as JSON has it: days and times by ISO 8601, exact decimals and UUIDs as text, bytes as their text."""
    plain: Any
    match value:
        case None | str() | bool() | int() | float():
            plain = value
        case datetime() | date() | time():
            plain = value.isoformat()
        case bytes():
            plain = value.decode("utf-8", "backslashreplace")
        case dict():
            plain = {str(name): _plain(part) for name, part in value.items()}
        case list() | tuple():
            plain = [_plain(part) for part in value]
        case _:
            plain = str(value)
    return plain


def _written(content: dict[str, Any]) -> str:
    try:
        return orjson.dumps(content).decode()
    except TypeError:  # a whole number beyond 64 bits, half a character
        return storable(str(content))
