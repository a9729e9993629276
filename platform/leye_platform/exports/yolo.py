"""YOLO (docs.ultralytics.com/datasets/detect, …/obb): a text file for each picture, a line for each box.

Numbers are shares of the picture's sides, from 0 to 1. YOLO: class, middle, width, height. YOLO_OBB: class, corners.
The archive is laid out as Label Studio's: `classes.txt`, `notes.json`, `labels/`, `images/`.
"""

from collections.abc import Callable, Iterator

import orjson

from leye_platform.exports.archive import PictureArchive, class_numbers, number_of
from leye_platform.exports.losses import Loss, Losses
from leye_platform.exports.rows import ExportRow, ExportRows
from leye_platform.exports.shapes import Shape, picture_of, shapes_of, size_of_picture

Lines = Callable[[Shape, ExportRow, Losses], list[float]]


def write_yolo(rows: ExportRows, losses: Losses) -> Iterator[bytes]:
    """Boxes that are not turned; of one that is, the box around it."""
    return _archive("YOLO", rows, losses, _upright)


def write_yolo_obb(rows: ExportRows, losses: Losses) -> Iterator[bytes]:
    """Boxes by their four corners, from the upper left one on, clockwise."""
    return _archive("YOLO_OBB", rows, losses, _cornered)


def _archive(name: str, rows: ExportRows, losses: Losses, numbers: Lines) -> Iterator[bytes]:
    archive, classes = PictureArchive(rows, losses), class_numbers(rows)
    for row in rows:
        stem = archive.stem(row)
        _, picture = archive.picture(row, stem)
        yield picture
        lines = [
            " ".join(
                [str(number_of(shape.label, classes)), *(f"{number:.10g}" for number in numbers(shape, row, losses))]
            )
            for shape in shapes_of(row, size_of_picture(picture_of(row)), losses)
        ]
        yield archive.zip.add(f"labels/{stem}.txt", "".join(f"{line}\n" for line in lines).encode())
    yield archive.zip.add("classes.txt", "".join(f"{name}\n" for name in classes).encode())
    categories = [{"id": number, "name": name} for name, number in classes.items()]
    notes = {"categories": categories, "info": {"version": "1.0", "contributor": "Leye"}}
    yield archive.zip.add("notes.json", orjson.dumps(notes, option=orjson.OPT_INDENT_2))
    yield from archive.finish(format=name)


def _upright(shape: Shape, row: ExportRow, losses: Losses) -> list[float]:
    if shape.rotation:
        losses.note(Loss.ROTATION, row.number)
    x, y, width, height = seen = shape.around.within(shape.size)
    if any(abs(a - b) > 1e-6 for a, b in zip(seen, shape.around, strict=True)):  # pixels: more than rounding
        losses.note(Loss.BEYOND_PICTURE, row.number)
    across, down = shape.size
    return [(x + width / 2) / across, (y + height / 2) / down, width / across, height / down]


def _cornered(shape: Shape, row: ExportRow, losses: Losses) -> list[float]:
    across, down = shape.size
    return [number for x, y in shape.corners for number in (x / across, y / down)]
