"""A large picture cut into overlapping tiles, and boxes on it cut as the tiles cut them.

Lengths are pixels of the whole picture. Tiles of one size with a shared strip between neighbours: F. C. Akyon,
S. O. Altinuc, A. Temizel, Slicing Aided Hyper Inference and Fine-tuning for Small Object Detection, ICIP 2022 (SAHI).
Here they are spread evenly, so that no strip is thinner than asked for and no tile smaller than the others.
"""

from collections.abc import Hashable, Sequence
from typing import NamedTuple

LEAST_SEEN = 0.2
"""Of an object's area: a tile that shows less of it, when another tile shows that part too, leaves it to that one."""


class Tile(NamedTuple):
    """A part of a picture: its upper left corner and its size, whole pixels."""

    left: int
    top: int
    width: int
    height: int

    @property
    def right(self) -> int:
        return self.left + self.width

    @property
    def bottom(self) -> int:
        return self.top + self.height


class Frame(NamedTuple):
    """A box by its edges."""

    left: float
    top: float
    right: float
    bottom: float
    label: Hashable

    @property
    def area(self) -> float:
        return max(0.0, self.right - self.left) * max(0.0, self.bottom - self.top)


def tiles(width: int, height: int, side: int, overlap: int) -> list[Tile]:
    """Tiles of at most `side` by `side` that cover the picture, row by row; neighbours share `overlap` or more.

    So every object that is neither wider nor higher than `overlap` lies whole in at least one tile.
    """
    if not 0 <= overlap < side:
        raise ValueError("tiles overlap by less than their side")
    columns, rows = _starts(width, side, overlap), _starts(height, side, overlap)
    return [Tile(left, top, min(side, width), min(side, height)) for top in rows for left in columns]


def _starts(length: int, side: int, overlap: int) -> list[int]:
    if length <= side:
        return [0]
    steps = -(-(length - side) // (side - overlap))
    return [step * (length - side) // steps for step in range(steps + 1)]


def seen(tile: Tile, frame: Frame) -> Frame:
    """What a tile shows of a box; its area is 0 where that is nothing."""
    return Frame(
        max(frame.left, tile.left),
        max(frame.top, tile.top),
        min(frame.right, tile.right),
        min(frame.bottom, tile.bottom),
        frame.label,
    )


def cut(parts: Sequence[Tile], frames: Sequence[Frame]) -> list[list[Frame]]:
    """What each tile shows of the boxes, those aside of which another tile shows all that and more."""
    shown: list[list[Frame]] = [[] for _ in parts]
    for frame in frames:
        pieces = [(place, piece) for place, tile in enumerate(parts) if (piece := seen(tile, frame)).area > 0]
        for place, piece in pieces:
            sliver = piece.area < LEAST_SEEN * frame.area
            if not (sliver and any(_inside(piece, other) for _, other in pieces)):
                shown[place].append(piece)
    return shown


def _inside(piece: Frame, other: Frame) -> bool:
    within = other.left <= piece.left and other.top <= piece.top
    return within and piece.right <= other.right and piece.bottom <= other.bottom and piece.area < other.area
