"""CSV and TSV: a row for each item, a column for each variable and each control."""

import csv
from collections.abc import Callable, Iterator
from typing import Any

import orjson

from leye_platform.exports.cells import safe_cell
from leye_platform.exports.label_studio import controls_of, data_name, names_taken, own_name, said_by_control
from leye_platform.exports.losses import Loss, Losses
from leye_platform.exports.rows import ExportRow, ExportRows

OURS = ("item_id", "external_id", "label", "confidence", "guide_version", "lot")
BOM = "\ufeff".encode()
"""Spreadsheet programs need it to show Chinese."""


class _Echo:
    """What `csv.writer` writes to: it gives the line back."""

    def write(self, line: str) -> str:
        return line


def write_csv(rows: ExportRows, losses: Losses) -> Iterator[bytes]:
    """RFC 4180, in UTF-8 with a byte order mark."""
    return _table(rows, losses, ",")


def write_tsv(rows: ExportRows, losses: Losses) -> Iterator[bytes]:
    """The same with tabs; a cell that holds a tab or a line break stands in quotes."""
    return _table(rows, losses, "\t")


def _table(rows: ExportRows, losses: Losses, parting: str) -> Iterator[bytes]:
    line: Callable[[list[Any]], Any] = csv.writer(_Echo(), delimiter=parting, lineterminator="\r\n").writerow
    config = rows.kind.config
    variables, said, taken = config.variables, controls_of(config), names_taken(config)
    header = ["id", *(data_name(name, taken) for name in variables), *said]
    for name in OURS:
        header.append(own_name(name, header))
    known = frozenset(variables)
    yield BOM + line([safe_cell(name) for name in header]).encode()
    for row in rows:
        cells = [_cell(row.data.get(name)) for name in variables]
        answers = said_by_control(row.result)
        cells += [_cell(answers.get(name)) for name in said]
        cells += [row.external_id or "", row.label, row.lot]
        safe = [safe_cell(cell) for cell in cells]
        if safe != cells:
            losses.note(Loss.CELL_CHANGED, row.number, sum(a != b for a, b in zip(safe, cells, strict=True)))
        if not row.data.keys() <= known:
            losses.note(Loss.OTHER_FIELDS, row.number)
        *partners, external_id, label, lot = safe
        yield line([row.number, *partners, row.item_id, external_id, label, *_sureness(row), lot]).encode()


def _sureness(row: ExportRow) -> tuple[str, int]:
    return f"{row.confidence:.4f}", row.guide_version


def _cell(value: Any) -> str:
    """Texts as they are, nothing as nothing, all else as JSON."""
    if isinstance(value, str):
        return value
    return "" if value is None else orjson.dumps(value).decode()
