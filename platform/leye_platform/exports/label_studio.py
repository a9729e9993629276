"""Label Studio's own JSON, its short form, and JSON lines (labelstud.io/guide/export). They lose nothing."""

from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from leye_platform.exports.losses import Losses
from leye_platform.exports.rows import ExportRow, ExportRows
from leye_task_templates.label_config import LabelConfig


def as_label_studio_task(row: ExportRow) -> dict[str, Any]:
    """An item as a Label Studio task, the decision as its one annotation."""
    return {
        "id": row.number,
        "data": row.data,
        "annotations": [{"id": row.number, "result": row.result, "was_cancelled": False, "ground_truth": False}],
        "predictions": [],
        "meta": {
            "project": row.project_id,  # orjson writes UUIDs as their text
            "item_id": row.item_id,
            "external_id": row.external_id,
            "lot": row.lot,
            "confidence": round(row.confidence, 6),
            "guide_version": row.guide_version,
        },
    }


def in_short(row: ExportRow, taken: frozenset[str]) -> dict[str, Any]:
    """An item as Label Studio's JSON_MIN has it: its data, and for each control what it says.

    taken: as of `names_taken`. Ours stand last, and give way to the partner's names.
    """
    data = row.data
    if not taken.isdisjoint(data):
        data = {data_name(name, taken): value for name, value in data.items()}
    task = {**data, "id": row.number, **said_by_control(row.result), "annotation_id": row.number}
    ours = {
        "item_id": row.item_id,
        "external_id": row.external_id,
        "lot": row.lot,
        "confidence": round(row.confidence, 6),
        "guide_version": row.guide_version,
    }
    for name, value in ours.items():
        task[own_name(name, task)] = value
    return task


def controls_of(config: LabelConfig) -> list[str]:
    """The names of all controls, in the config's order."""
    named = [control.name for control in config.controls] + [labelling.name for labelling in config.labellings]
    return list(dict.fromkeys(named))


def names_taken(config: LabelConfig) -> frozenset[str]:
    """The fields of the short form that data of the same name gives way to, so that neither is lost."""
    return frozenset({"id", "annotation_id", *controls_of(config)})


def data_name(name: str, taken: frozenset[str]) -> str:
    """What a variable is called beside the controls: with `data_` before it where one has its name."""
    return f"data_{name}" if name in taken else name


def own_name(name: str, taken: Iterable[str]) -> str:
    """A field of ours beside the partner's: with `leye_` before it where they have one of that name."""
    while name in taken:
        name = f"leye_{name}"
    return name


def said_by_control(result: list[Any]) -> dict[str, Any]:
    """What each control says: one choice or one text as it is, all else as Label Studio's list of values."""
    values: dict[str, list[Any]] = {}
    kinds: dict[str, str] = {}
    for region in result:
        value = region["value"]
        if "original_width" in region:
            value = value | {"original_width": region["original_width"], "original_height": region["original_height"]}
        values.setdefault(region["from_name"], []).append(value)
        kinds[region["from_name"]] = region["type"]
    return {name: _said(kinds[name], found) for name, found in values.items()}


def _said(kind: str, found: list[Any]) -> Any:
    key = {"choices": "choices", "textarea": "text"}.get(kind)
    if key is None or len(found) > 1:
        return found
    [value] = found
    listed = value.get(key)
    return listed[0] if isinstance(listed, list) and len(listed) == 1 and len(value) == 1 else value


def _array(objects: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    opening = b"["
    for one in objects:
        yield opening + b"\n" + orjson.dumps(one)
        opening = b","
    yield b"[]\n" if opening == b"[" else b"\n]\n"


def write_json(rows: ExportRows, losses: Losses) -> Iterator[bytes]:
    """One JSON array of Label Studio tasks."""
    return _array(map(as_label_studio_task, rows))


def write_json_min(rows: ExportRows, losses: Losses) -> Iterator[bytes]:
    """One JSON array of the short form."""
    taken = names_taken(rows.kind.config)
    return _array(in_short(row, taken) for row in rows)


def write_jsonl(rows: ExportRows, losses: Losses) -> Iterator[bytes]:
    """One Label Studio task a line."""
    for row in rows:
        yield orjson.dumps(as_label_studio_task(row)) + b"\n"
