"""COCO object detection (cocodataset.org/#format-data): one JSON of images, categories and annotations.

A box that is turned is kept as the polygon of its corners in `segmentation`, with the box around it as `bbox`.
"""

from collections.abc import Iterator
from tempfile import SpooledTemporaryFile
from typing import Any

import orjson

from leye_platform.exports.archive import PictureArchive, class_numbers, number_of
from leye_platform.exports.losses import Losses
from leye_platform.exports.rows import ExportRow, ExportRows
from leye_platform.exports.shapes import Shape, file_of_picture, picture_of, shapes_of, size_of_picture
from leye_platform.exports.zipping import KEPT_IN_MEMORY

INFO = {"version": "1.0", "contributor": "Leye", "description": ""}


def write_coco(rows: ExportRows, losses: Losses) -> Iterator[bytes]:
    """The JSON alone; `file_name` is the partner's own name of the picture."""
    writing = _Writing(rows, losses)
    for row in rows:
        yield writing.image(row, file_of_picture(picture_of(row)))
    yield from writing.rest()


def write_coco_with_images(rows: ExportRows, losses: Losses) -> Iterator[bytes]:
    """A zip: `result.json` and the pictures in `images/`."""
    archive, writing = PictureArchive(rows, losses), _Writing(rows, losses)
    with SpooledTemporaryFile(KEPT_IN_MEMORY) as result:
        for row in rows:
            name, content = archive.picture(row, archive.stem(row))
            yield content
            result.write(writing.image(row, f"images/{name}"))
        result.writelines(writing.rest())
        result.seek(0)
        yield archive.zip.add("result.json", result.read())
    yield from archive.finish(format="COCO_WITH_IMAGES")


class _Writing:
    """Images are given at once; annotations, which come behind them in the file, wait on disk."""

    def __init__(self, rows: ExportRows, losses: Losses) -> None:
        self._classes, self._losses = class_numbers(rows), losses
        self._annotations = SpooledTemporaryFile(KEPT_IN_MEMORY)  # noqa: SIM115 -- closed by rest
        self._images = self._count = 0

    def image(self, row: ExportRow, file_name: str) -> bytes:
        picture = picture_of(row)
        size = size_of_picture(picture)
        shapes = list(shapes_of(row, size, self._losses))
        size = size or (shapes[0].size if shapes else None)
        for shape in shapes:
            opening = b",\n" if self._count else b"\n"
            self._annotations.write(opening + orjson.dumps(self._annotation(shape)))
            self._count += 1
        told = {
            "id": self._images,
            "width": size.width if size else None,
            "height": size.height if size else None,
            "file_name": file_name,
            "item_id": row.item_id,
            "external_id": row.external_id,
            "confidence": round(row.confidence, 6),
            "guide_version": row.guide_version,
            "lot": row.lot,
        }
        opening = b",\n" if self._images else b'{"images":[\n'
        self._images += 1
        return opening + orjson.dumps(told)

    def _annotation(self, shape: Shape) -> dict[str, Any]:
        corners = [number for point in shape.corners for number in point] if shape.rotation else []
        return {
            "id": self._count,
            "image_id": self._images,
            "category_id": number_of(shape.label, self._classes),
            "segmentation": [corners] if corners else [],
            "bbox": list(shape.around),
            "ignore": 0,
            "iscrowd": 0,
            "area": shape.frame.width * shape.frame.height,
        }

    def rest(self) -> Iterator[bytes]:
        categories = [{"id": number, "name": name} for name, number in self._classes.items()]
        opening = b"\n]" if self._images else b'{"images":[]'
        yield opening + b',\n"categories":' + orjson.dumps(categories) + b',\n"annotations":['
        self._annotations.seek(0)
        while block := self._annotations.read(1 << 16):
            yield block
        self._annotations.close()
        yield b"\n" * bool(self._count) + b'],\n"info":' + orjson.dumps(INFO) + b"}\n"
