"""Boxes of a result in pixels of their picture. Pure.

Label Studio keeps a box in per cent of the picture's width and height, turned by `rotation` degrees, clockwise, around
its upper left corner (labelstud.io/guide/export). The turning is done in pixels: in per cent it would bend a box on a
picture that is not square.
"""

from collections.abc import Iterator, Mapping
from math import cos, radians, sin
from typing import Any, NamedTuple

from leye_platform.exports.losses import Loss, Losses
from leye_platform.exports.rows import ExportRow

KIND = "rectanglelabels"
Point = tuple[float, float]


class PictureSize(NamedTuple):
    """In pixels."""

    width: int
    height: int


class Frame(NamedTuple):
    """x, y, width and height in pixels, not turned."""

    x: float
    y: float
    width: float
    height: float

    def within(self, size: PictureSize) -> "Frame":
        """What of it lies in the picture."""
        left, top = min(max(self.x, 0.0), size.width), min(max(self.y, 0.0), size.height)
        right = min(max(self.x + self.width, left), size.width)
        return Frame(left, top, right - left, min(max(self.y + self.height, top), size.height) - top)


class Shape(NamedTuple):
    """A box with its class. rotation: in degrees, clockwise, around the upper left corner."""

    label: str
    frame: Frame
    rotation: float
    size: PictureSize

    @property
    def corners(self) -> list[Point]:
        """From the upper left one on, clockwise; in pixels."""
        x, y, width, height = self.frame
        if not self.rotation:
            return [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
        turn = radians(self.rotation)
        across, along = cos(turn), sin(turn)
        steps = ((0.0, 0.0), (width, 0.0), (width, height), (0.0, height))
        return [(x + right * across - down * along, y + right * along + down * across) for right, down in steps]

    @property
    def around(self) -> Frame:
        """The smallest box that is not turned and holds it."""
        if not self.rotation:
            return self.frame
        across, down = zip(*self.corners, strict=True)
        return Frame(min(across), min(down), max(across) - min(across), max(down) - min(down))


def picture_of(row: ExportRow) -> Any:
    """What the item's data say of its picture: `{"file", "sha256", "width", "height"}`, or an address; None."""
    images = row.kind.config.images
    return row.data.get(images[0].variable) if images else None


def size_of_picture(picture: object) -> PictureSize | None:
    """The picture's size, where it is known."""
    return _size(picture, "width", "height") if isinstance(picture, Mapping) else None


def file_of_picture(picture: object) -> str:
    """The partner's own name for the picture; of an address the part that names a file."""
    if isinstance(picture, Mapping):
        return str(picture.get("file", ""))
    return str(picture or "").partition("?")[0].partition("#")[0].rpartition("/")[2]


def shapes_of(row: ExportRow, size: PictureSize | None, losses: Losses) -> Iterator[Shape]:
    """The item's boxes; what is none, or of a picture whose size is unknown, is noted as lost."""
    for region in row.result:
        value = region["value"]
        if region["type"] != KIND:
            losses.note(Loss.OTHER_REGION, row.number)
            continue
        own = _size(region, "original_width", "original_height") or size
        if own is None:
            losses.note(Loss.NO_SIZE, row.number)
            continue
        across, down = own.width / 100, own.height / 100
        frame = Frame(value["x"] * across, value["y"] * down, value["width"] * across, value["height"] * down)
        for label in value[KIND]:
            yield Shape(label, frame, value.get("rotation") or 0, own)


def _size(of: Mapping[str, Any], width: str, height: str) -> PictureSize | None:
    sides = [side for side in (of.get(width), of.get(height)) if isinstance(side, int) and side > 0]
    return PictureSize(*sides) if len(sides) == 2 else None
