"""Items as Label Studio tasks (labelstud.io/guide/export), the decision as the one annotation."""

from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from leye_platform.exports.rows import ExportRow


def as_label_studio_task(row: ExportRow) -> dict[str, Any]:
    """An item as a Label Studio task, the decision as its one annotation."""
    return {
        "id": row.number,
        "data": row.data,
        "annotations": [{"id": row.number, "result": row.result, "was_cancelled": False, "ground_truth": False}],
        "predictions": [],
        "meta": {
            "project": str(row.project_id),
            "item_id": str(row.item_id),
            "external_id": row.external_id,
            "lot": row.lot,
            "confidence": round(row.confidence, 6),
            "guide_version": row.guide_version,
        },
    }


def write_json(rows: Iterable[ExportRow]) -> Iterator[bytes]:
    """One JSON array of Label Studio tasks."""
    opening = b"["
    for row in rows:
        yield opening + b"\n" + orjson.dumps(as_label_studio_task(row))
        opening = b","
    yield b"[]\n" if opening == b"[" else b"\n]\n"


def write_jsonl(rows: Iterable[ExportRow]) -> Iterator[bytes]:
    """One Label Studio task a line."""
    for row in rows:
        yield orjson.dumps(as_label_studio_task(row)) + b"\n"
