"""The report of refused rows: `row,external_id,problem,original`. A row is counted as in the file, from 1."""

import csv
import io
from collections.abc import Iterable, Iterator

from leye_platform.projects.models import RefusedRow

HEADER = ("row", "external_id", "problem", "original")


def write_report(rows: Iterable[RefusedRow]) -> Iterator[bytes]:
    """UTF-8 with a byte order mark, so that spreadsheet programs show Chinese."""
    yield "\ufeff".encode() + _line(HEADER)
    for row in rows:
        yield _line((str(row.row), row.external_id or "", row.problem, row.original))


def _line(cells: Iterable[str]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(cells)
    return buffer.getvalue().encode()
