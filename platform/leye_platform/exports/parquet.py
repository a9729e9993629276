"""Apache Parquet (parquet.apache.org/docs/file-format): typed columns, written a group of rows at a time.

The library is loaded when the first such file is written: most web processes never do.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any

import orjson

from leye_platform.exports.label_studio import own_name
from leye_platform.exports.losses import Losses
from leye_platform.exports.rows import ExportRow, ExportRows

GROUP = 5000
"""Rows that are held at once."""


class _Sink:
    """A file that only grows, and of which what was written can be taken away."""

    closed = False

    def __init__(self) -> None:
        self._waiting, self._size = bytearray(), 0

    def write(self, content: bytes) -> int:
        self._waiting += content
        self._size += len(content)
        return len(content)

    def tell(self) -> int:
        return self._size

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """What was written is still to be taken."""

    def take(self) -> bytes:
        taken = bytes(self._waiting)
        self._waiting.clear()
        return taken


def write_parquet(rows: ExportRows, losses: Losses) -> Iterator[bytes]:
    """A column for each variable of the label config; `data` and `result` hold all, as JSON."""
    import pyarrow  # noqa: PLC0415 -- see above
    from pyarrow import parquet  # noqa: PLC0415 -- see above

    text = pyarrow.string()
    fields = [("id", pyarrow.int64()), ("item_id", text), ("external_id", text), ("label", text), ("result", text)]
    fields += [("confidence", pyarrow.float64()), ("guide_version", pyarrow.int32()), ("lot", text), ("data", text)]
    variables: dict[str, str] = {}
    for variable in rows.kind.config.variables:
        variables[own_name(variable, [*(name for name, _ in fields), *variables])] = variable
    schema = pyarrow.schema([*fields, *((name, text) for name in variables)])
    sink, waiting = _Sink(), iter(rows)
    with parquet.ParquetWriter(pyarrow.PythonFile(sink, "w"), schema, compression="zstd") as writer:
        while group := [_cells(row, variables.values()) for row in islice(waiting, GROUP)]:
            columns = [list(column) for column in zip(*group, strict=True)]
            writer.write_table(pyarrow.table(columns, schema=schema))
            yield sink.take()
    yield sink.take()


def _cells(row: ExportRow, variables: Any) -> tuple[Any, ...]:
    shown = (row.data.get(variable) for variable in variables)
    return (
        row.number,
        str(row.item_id),
        row.external_id,
        row.label,
        orjson.dumps(row.result).decode(),
        row.confidence,
        row.guide_version,
        row.lot,
        orjson.dumps(row.data).decode(),
        *(value if isinstance(value, str) or value is None else orjson.dumps(value).decode() for value in shown),
    )
