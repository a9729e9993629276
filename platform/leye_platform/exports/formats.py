"""The formats that partners get: Label Studio JSON, JSON lines, CSV. Each writes a stream of rows as bytes."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from leye_platform.errors import N_, Refused
from leye_platform.exports.label_studio import write_json, write_jsonl
from leye_platform.exports.rows import ExportRow


class FormatUnknown(Refused):
    sentence = N_("不认识格式 {name}。可以用的有：{known}。")


@dataclass(frozen=True)
class Format:
    """How a file of this format is named and written."""

    extension: str
    content_type: str
    write: Callable[[Iterable[ExportRow]], Iterator[bytes]]


def write_csv(rows: Iterable[ExportRow]) -> Iterator[bytes]:
    """UTF-8 with a byte order mark, which spreadsheet programs need to show Chinese."""
    yield "\ufeff".encode()
    header_written = False
    for row in rows:
        fields = list(row.kind.config.variables)
        if not header_written:
            yield _line(["item_id", "external_id", *fields, "label", "confidence", "guide_version", "lot"])
            header_written = True
        values = [str(row.data.get(name, "")) for name in fields]
        sureness = [f"{row.confidence:.4f}", str(row.guide_version), row.lot]
        yield _line([str(row.item_id), row.external_id or "", *values, row.label, *sureness])


def _line(cells: list[str]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerow(cells)
    return buffer.getvalue().encode()


FORMATS: dict[str, Format] = {
    "JSON": Format("json", "application/json", write_json),
    "JSONL": Format("jsonl", "application/x-ndjson", write_jsonl),
    "CSV": Format("csv", "text/csv; charset=utf-8", write_csv),
}


def format_named(name: str) -> Format:
    """A format by its name, in any case.

    Raises FormatUnknown.
    """
    try:
        return FORMATS[name.upper()]
    except KeyError:
        raise FormatUnknown(name=name[:40], known="、".join(FORMATS)) from None
