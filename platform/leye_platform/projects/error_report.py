"""The reports of refused rows: `row,external_id,problem,original`. A row is counted as in its file, from 1."""

import csv
import io
from collections.abc import Iterable, Iterator
from uuid import UUID

from fastapi.responses import Response, StreamingResponse

from leye_platform.database import Database
from leye_platform.projects.addition_queries import Span, stream_refused_rows
from leye_platform.projects.models import RefusedRow

HEADER = ("row", "external_id", "problem", "original")


def report_answer(database: Database, batch_id: UUID, span: Span, name: str) -> Response:
    """The report of a batch's rows in a span, to be saved as `name`."""

    def stream() -> Iterator[bytes]:
        # The answer outlives the request's own session.
        with database.read() as session:
            yield from write_report(stream_refused_rows(session, batch_id, span), before=span.after)

    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(stream(), media_type="text/csv; charset=utf-8", headers=headers)


def write_report(rows: Iterable[RefusedRow], before: int = 0) -> Iterator[bytes]:
    """UTF-8 with a byte order mark, so that spreadsheet programs show Chinese.

    before: how many of the batch's row numbers come before the file's first.
    """
    yield "\ufeff".encode() + _line(HEADER)
    for row in rows:
        yield _line((str(row.row - before), row.external_id or "", row.problem, row.original))


def _line(cells: Iterable[str]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(cells)
    return buffer.getvalue().encode()
