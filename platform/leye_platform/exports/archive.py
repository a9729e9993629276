"""What the archives of pictures share: names that never collide, the list of items, the report, the pictures."""

import csv
import io
from collections.abc import Iterator
from tempfile import SpooledTemporaryFile
from typing import Any

import orjson

from leye_platform.exports.cells import safe_cell
from leye_platform.exports.file_names import FileNames, safe_path, stem_of
from leye_platform.exports.losses import Loss, Losses
from leye_platform.exports.rows import ExportRow, ExportRows
from leye_platform.exports.shapes import file_of_picture, picture_of
from leye_platform.exports.zipping import KEPT_IN_MEMORY, ZipStream

LIST_HEADER = ("file", "picture", "item_id", "external_id", "confidence", "guide_version", "lot")
KINDS_OF_PICTURE = {b"\xff\xd8\xff": ".jpg", b"\x89PNG\r\n\x1a\n": ".png", b"GIF8": ".gif", b"RIFF": ".webp"}


class PictureArchive:
    """A zip with a file or more for each picture. It lists its items in `items.csv`, its losses in `report.json`."""

    def __init__(self, rows: ExportRows, losses: Losses) -> None:
        self.zip, self.losses = ZipStream(), losses
        self._names, self._objects = FileNames(), rows.open_picture
        self._list = SpooledTemporaryFile(KEPT_IN_MEMORY)  # noqa: SIM115 -- closed by finish
        self._note(LIST_HEADER)

    def stem(self, row: ExportRow) -> str:
        """The item's name in the archive, without an ending: the picture's own name and folders, where they will do."""
        given = file_of_picture(picture_of(row))
        safe = stem_of(safe_path(given))
        stem = self._names.claim(safe or f"item-{row.number}", row.number)
        if stem != stem_of(given):
            self.losses.note(Loss.FILE_RENAMED, row.number)
        sureness = (f"{row.confidence:.4f}", str(row.guide_version))
        self._note((stem, given, str(row.item_id), row.external_id or "", *sureness, row.lot))
        return stem

    def picture(self, row: ExportRow, stem: str) -> tuple[str, bytes]:
        """The picture's name in the archive, and the bytes that hold it; none where pictures are not wanted."""
        named = file_of_picture(picture_of(row))
        ending = safe_path(named).removeprefix(stem_of(safe_path(named)))
        if self._objects is None:
            return f"{stem}{ending}", b""
        content = self._objects(picture_of(row))
        if content is None:
            self.losses.note(Loss.NO_PICTURE, row.number)
            return f"{stem}{ending}", b""
        ending = ending or next((kind for start, kind in KINDS_OF_PICTURE.items() if content.startswith(start)), "")
        return f"{stem}{ending}", self.zip.add(f"images/{stem}{ending}", content, packed=False)

    def finish(self, **report: Any) -> Iterator[bytes]:
        """The list, the report, and the end."""
        self._list.seek(0)
        yield self.zip.add("items.csv", self._list.read())
        self._list.close()
        yield self.zip.add("report.json", orjson.dumps({**report, **self.losses.as_json()}, option=orjson.OPT_INDENT_2))
        yield from self.zip.finish()

    def _note(self, cells: tuple[str, ...]) -> None:
        line = io.StringIO()
        csv.writer(line, lineterminator="\r\n").writerow([safe_cell(cell) for cell in cells])
        self._list.write(line.getvalue().encode())


def class_numbers(rows: ExportRows) -> dict[str, int]:
    """Every class with its number, from 0 in the order of their names, as Label Studio counts them."""
    return {name: number for number, name in enumerate(sorted(rows.classes))}


def number_of(label: str, classes: dict[str, int]) -> int:
    """A class's number; one that the config no longer has gets the next."""
    return classes.setdefault(label, len(classes))
