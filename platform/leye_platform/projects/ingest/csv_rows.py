"""Rows of a CSV file, one record at a time; a broken record costs only its own line. Pure."""

import csv
from collections import deque
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from leye_platform.projects.ingest import refusals
from leye_platform.projects.ingest.lines import LONGEST_ROW, Encoding, Line, undecoded
from leye_platform.projects.ingest.rows import Row, storable

DELIMITERS = (",", ";", "\t")

# The module's own limit on a field, process-wide; rows are limited by LONGEST_ROW instead.
csv.field_size_limit(LONGEST_ROW + 1)


@dataclass(frozen=True, slots=True)
class Record:
    """One record: its fields, or None where the record can't be read. `text` as it stood in the file."""

    fields: list[str] | None
    text: str
    end: int
    problem: str | None = None


class _Lines:
    """Feeds csv.reader physical lines, remembers those of the current record, and takes lines back."""

    def __init__(self, lines: Iterable[Line], encoding: Encoding) -> None:
        self._lines = iter(lines)
        self._encoding = encoding
        self._returned: deque[Line] = deque()
        self.taken: list[Line] = []
        self._size = 0

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._returned.popleft() if self._returned else next(self._lines)
        self.taken.append(line)
        self._size += len(line.raw)
        if not line.whole or self._size > LONGEST_ROW:
            raise csv.Error("record too long")
        return line.text(self._encoding)

    def begin_record(self) -> None:
        self.taken, self._size = [], 0

    def keep_first(self) -> Line:
        """Give back all lines of the record but its first."""
        first, *others = self.taken
        self._returned.extendleft(reversed(others))
        return first


def read_records(lines: Iterable[Line], encoding: Encoding, delimiter: str) -> Iterator[Record]:
    """The records that are not blank.

    A record that breaks the rules of quoting, or ends inside quotes, is told with its first line;
    reading goes on at the line after, so that one stray quote does not swallow the rest of the file.
    """
    feed = _Lines(lines, encoding)
    reader = csv.reader(feed, delimiter=delimiter, strict=True)
    while True:
        feed.begin_record()
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error:
            first = feed.keep_first()
            text = first.text(encoding)
            problem = refusals.OPEN_QUOTE if first.whole else refusals.TOO_LONG.format(limit=LONGEST_ROW)
            yield Record(None, text, first.end, problem)
            reader = csv.reader(feed, delimiter=delimiter, strict=True)
            continue
        if any(field.strip() for field in fields):
            yield Record(fields, "".join(line.text(encoding) for line in feed.taken), feed.taken[-1].end)


def find_delimiter(head: str, wanted: Collection[str]) -> str:
    """The delimiter under which the first line names most of the wanted columns, else parts it most often."""

    def fit(delimiter: str) -> tuple[int, int]:
        try:
            names = [name.strip() for name in next(csv.reader([head], delimiter=delimiter), [])]
        except csv.Error:
            names = []
        return sum(name in wanted for name in names), len(names)

    return max(DELIMITERS, key=fit)


def check_header(record: Record | None, wanted: Collection[str], name: str) -> tuple[str, ...]:
    """The column names. Raises FileEmpty and the kinds of HeaderRefused."""
    if record is None:
        raise refusals.FileEmpty(name=name)
    if record.fields is None:
        raise refusals.HeaderTooLong(name=name)
    columns = tuple(storable(field.strip()) for field in record.fields)
    for position, column in enumerate(columns, start=1):
        if not column:
            raise refusals.ColumnWithoutName(name=name, column=position)
        if column in columns[: position - 1]:
            raise refusals.ColumnTwice(name=name, column=column)
    missing = sorted(set(wanted) - set(columns))
    if missing:
        raise refusals.ColumnMissing(name=name, columns="”“".join(missing), found="，".join(columns))
    return columns


def read_csv(records: Iterable[Record], header: tuple[str, ...]) -> Iterator[Row]:
    """Rows of the records after the header, numbered from 1."""
    for number, record in enumerate(records, start=1):
        yield Row(number, record.end, record.text.rstrip("\r\n"), *_content(record, header))


def _content(record: Record, header: tuple[str, ...]) -> tuple[dict[str, str] | None, str | None]:
    if record.fields is None:
        return None, record.problem
    if undecoded(record.text):
        return None, refusals.NOT_DECODED
    if "\x00" in record.text:
        return None, refusals.NUL
    if len(record.fields) != len(header):
        return None, refusals.RAGGED.format(found=len(record.fields), wanted=len(header))
    return dict(zip(header, record.fields, strict=True)), None
