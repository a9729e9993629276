"""Rows of an Excel workbook: its first sheet, cell by cell as text. Pure over `Source`.

openpyxl is asked to stream; only the workbook's list of texts lies in memory, and is limited before it is read.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time
from itertools import dropwhile, islice, zip_longest
from typing import IO, Any
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile, ZipFile
from zlib import error as zlib_error

from leye_platform.projects.ingest import refusals
from leye_platform.projects.ingest.csv_rows import Record, check_header
from leye_platform.projects.ingest.rows import Row
from leye_platform.projects.ingest.source import Source

MOST_ROWS = 1_048_576
"""Of a sheet, as Excel has them; a row further down is none, and would have all between it made up."""
LARGEST_PART = 4_000_000_000  # bytes unpacked, of a sheet
LARGEST_TEXTS = 200_000_000
"""Bytes unpacked of all parts that are read whole: texts, styles, the list of sheets."""

_ENCRYPTED = 0x1
_BROKEN = (
    BadZipFile,
    zlib_error,
    EOFError,
    ParseError,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    NotImplementedError,
    RuntimeError,
    SyntaxError,
)
"""What openpyxl raises of broken workbooks; it has no error of its own for that. Never OSError: that is the store's."""


def check_workbook(source: Source, wanted: Collection[str]) -> tuple[str, ...]:
    """The names of the columns, in the first row that is not blank. Raises the kinds of FileRefused."""
    with _sheet(source) as (cells, _file):
        try:
            fields = next(filter(None, map(_trimmed, cells)), None)
        except _BROKEN:
            raise refusals.WorkbookBroken(name=source.name) from None
    return check_header(None if fields is None else Record(fields, "", 0), wanted, source.name)


def read_workbook(source: Source, header: tuple[str, ...]) -> Iterator[Row]:
    """The rows below the header that are not blank; row 1 is the one right below it.

    What cannot be read to its end is told as a last row with its problem: the rows before it are good.
    """
    number = 0
    with _sheet(source) as (cells, file):
        try:
            below = enumerate(dropwhile(lambda fields: not fields, map(_trimmed, cells)))
            for number, fields in islice(below, 1, MOST_ROWS):
                if fields:
                    yield Row(number, min(file.tell(), source.size), "\t".join(fields), *_content(fields, header))
        except _BROKEN:
            yield Row(number + 1, source.size, "", None, refusals.READS_NO_FURTHER)


def _content(fields: list[str], header: tuple[str, ...]) -> tuple[dict[str, str] | None, str | None]:
    if len(fields) > len(header):
        return None, refusals.RAGGED.format(found=len(fields), wanted=len(header))
    return dict(zip_longest(header, fields, fillvalue="")), None


@contextmanager
def _sheet(source: Source) -> Iterator[tuple[Iterator[Sequence[Any]], IO[bytes]]]:
    """The cells of the first sheet, row by row, and the file that they are read from."""
    from openpyxl import load_workbook  # noqa: PLC0415 -- heavy, and few files want it

    with source.open_file() as file:
        try:
            _check_parts(file, source.name)
            book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
            if not book.worksheets:
                raise refusals.FileEmpty(name=source.name)
            sheet = book.worksheets[0]
            sheet.reset_dimensions()  # what the file says of its size may be wrong
            cells = sheet.iter_rows(values_only=True)
        except _BROKEN:
            raise refusals.WorkbookBroken(name=source.name) from None
        yield cells, file


def _check_parts(file: IO[bytes], name: str) -> None:
    """Look at what is packed. Python's zipfile never unpacks more of a part than is said here."""
    with ZipFile(file) as archive:
        parts = archive.infolist()
    if not any(part.filename == "xl/workbook.xml" for part in parts):
        raise refusals.FileNotText(name=name, kind="压缩包")
    if any(part.flag_bits & _ENCRYPTED for part in parts):
        raise refusals.WorkbookBroken(name=name)
    sheets = [part.file_size for part in parts if part.filename.startswith("xl/worksheets/")]
    others = sum(part.file_size for part in parts) - sum(sheets)
    for size, limit in ((max(sheets, default=0), LARGEST_PART), (others, LARGEST_TEXTS)):
        if size > limit:
            raise refusals.UnpacksTooFar(name=name, megabytes=limit // 1_000_000)


def _trimmed(values: Sequence[Any]) -> list[str]:
    """The cells as text, without the empty ones at the end."""
    fields = [_text(value) for value in values]
    while fields and not fields[-1].strip():
        fields.pop()
    return fields


def _text(value: object) -> str:
    """A cell as a spreadsheet's CSV has it: whole numbers without a point, days and times by ISO 8601."""
    match value:
        case None:
            text = ""
        case str():
            text = value
        case bool():
            text = str(value).upper()
        case float() if value.is_integer() and abs(value) < 2**53:
            text = str(int(value))
        case datetime():
            text = value.isoformat(" ") if value.time() != time() else value.date().isoformat()
        case date() | time():
            text = value.isoformat()
        case _:
            text = str(value)
    return text
