"""Rows of an export made by hand, and what a format makes of them."""

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from leye_platform.exports.formats import format_named
from leye_platform.exports.losses import Losses
from leye_platform.exports.rows import ExportRow, ExportRows
from leye_platform.projects.task_type import TaskType, task_type
from leye_task_templates.class_names import renamed

PROJECT = UUID(int=7)
WIDTH, HEIGHT = 400, 300


class Written(NamedTuple):
    """A file, and what was lost: the code of each loss with how often, None for always."""

    content: bytes
    losses: Losses

    @property
    def lost(self) -> dict[str, int | None]:
        return {line.loss.value: line.times for line in self.losses.lines()}

    @property
    def text(self) -> str:
        return self.content.decode()

    @property
    def files(self) -> dict[str, bytes]:
        """The files of an archive, which Python's own reader has checked."""
        with zipfile.ZipFile(io.BytesIO(self.content)) as archive:
            assert archive.testzip() is None
            names = archive.namelist()
            assert len({name.casefold() for name in names}) == len(names)
            return {name: archive.read(name) for name in names}


def export_rows(
    kind: TaskType,
    items: Sequence[tuple[dict[str, Any], list[Any]]],
    *,
    names: Mapping[str, str] | None = None,
    open_picture: Callable[[Any], bytes | None] | None = None,
) -> ExportRows:
    """items: data and result of each."""
    called = names or {}
    rows = [
        ExportRow(
            number,
            UUID(int=number),
            f"x-{number}",
            PROJECT,
            data,
            renamed(result, called),
            0.987654321,
            3,
            "L-01",
            kind,
        )
        for number, (data, result) in enumerate(items, start=1)
    ]
    return ExportRows(PROJECT, kind, called, lambda: iter(rows), open_picture)


def write(
    name: str, config: str, kind: str, items: Sequence[tuple[dict[str, Any], list[Any]]], **options: Any
) -> Written:
    """The file of these items in a format."""
    form = format_named(name)
    losses = form.losses()
    rows = export_rows(task_type(kind, config), items, **options)
    return Written(b"".join(form.write(rows, losses)), losses)


def photo(file: str, **more: Any) -> dict[str, Any]:
    """Data of an item with a picture."""
    return {"photo": {"file": file, "sha256": "0" * 64, "width": WIDTH, "height": HEIGHT, **more}}


def framed(x: float, y: float, width: float, height: float, label: str, rotation: float = 0) -> dict[str, Any]:  # noqa: PLR0917 -- a box
    """A box in per cent, as it is stored."""
    value = {"x": x, "y": y, "width": width, "height": height, "rotation": rotation, "rectanglelabels": [label]}
    size = {"original_width": WIDTH, "original_height": HEIGHT, "image_rotation": 0}
    return {"id": "b", "from_name": "box", "to_name": "photo", "type": "rectanglelabels", **size, "value": value}


def span(text: str, words: str, label: str, nth: int = 0) -> dict[str, Any]:
    """A span at the nth place of some words."""
    start = -1
    for _ in range(nth + 1):
        start = text.index(words, start + 1)
    value = {"start": start, "end": start + len(words), "text": words, "labels": [label]}
    return {"id": "s", "from_name": "label", "to_name": "text", "type": "labels", "value": value}
