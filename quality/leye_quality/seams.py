"""Boxes that were drawn tile by tile, put together on the whole picture: what a seam has cut is one box again.

Two tiles show the same strip; what both show of one object looks the same in it. So boxes of one class are held against
each other in the strip, by intersection over union, and by intersection over the smaller where a seam has cut one of
them: the measures by which SAHI merges its slices' boxes (F. C. Akyon, S. O. Altinuc, A. Temizel, ICIP 2022, greedy
non-maximum merging with IOS). Unlike non-maximum suppression (A. Neubeck, L. Van Gool, Efficient Non-Maximum
Suppression, ICPR 2006), which keeps one box of several, a merged object takes each edge from a tile that shows it, and
has one box of each tile at most; the likest are put together first.

With `tiles.cut` the inverse: boxes of which no two of one class share a place come back as they were, where each two
neighbouring tiles overlap (`tests/quality/test_tiles.py`).
"""

from collections.abc import Sequence
from itertools import combinations, product
from statistics import median
from typing import NamedTuple

from leye_quality.tiles import Frame, Tile, seen

SAME = 0.5
"""Intersection over union in the strip from which two boxes are one object."""

SAME_CUT = 0.7
"""Intersection over the smaller in the strip, where the seam has cut one of the two."""

NEAR_EDGE = 0.01
"""Of a tile's side: an edge so close to the tile's own is taken for cut."""


class _Sight(NamedTuple):
    """A box of one tile. cut: whether its left, top, right and bottom edge are the tile's, inside the picture."""

    tile: int
    frame: Frame
    cut: tuple[bool, bool, bool, bool]


def join(parts: Sequence[Tile], found: Sequence[Sequence[Frame]]) -> list[Frame]:
    """The objects of the picture from the boxes of each tile, given in pixels of the whole; in reading order."""
    right, bottom = max(tile.right for tile in parts), max(tile.bottom for tile in parts)
    sights = [
        _Sight(place, frame, _cut_edges(tile, frame, right, bottom))
        for place, (tile, frames) in enumerate(zip(parts, found, strict=True))
        for frame in frames
    ]
    pairs = [pair for one, other in combinations(range(len(parts)), 2) for pair in _pairs(parts, sights, one, other)]
    groups = {number: {number} for number in range(len(sights))}
    for _, one, other in sorted(pairs, key=lambda pair: (-pair[0], pair[1:])):
        here, there = groups[one], groups[other]
        # Two boxes of one tile are two objects, whatever their neighbours look like.
        if here is not there and {sights[n].tile for n in here}.isdisjoint(sights[n].tile for n in there):
            here |= there
            groups |= dict.fromkeys(there, here)
    distinct = {id(group): group for group in groups.values()}.values()
    merged = [_merged([sights[number] for number in sorted(group)]) for group in distinct]
    return sorted(merged, key=lambda frame: (frame.top, frame.left, frame.bottom, frame.right))


def _cut_edges(tile: Tile, frame: Frame, right: int, bottom: int) -> tuple[bool, bool, bool, bool]:
    near_x, near_y = tile.width * NEAR_EDGE, tile.height * NEAR_EDGE
    return (
        tile.left > 0 and frame.left - tile.left <= near_x,
        tile.top > 0 and frame.top - tile.top <= near_y,
        tile.right < right and tile.right - frame.right <= near_x,
        tile.bottom < bottom and tile.bottom - frame.bottom <= near_y,
    )


def _pairs(parts: Sequence[Tile], sights: Sequence[_Sight], one: int, other: int) -> list[tuple[float, int, int]]:
    """Boxes of two tiles that mean one object, each with how alike they are: (likeness, sight, sight)."""
    strip = _strip(parts[one], parts[other])
    if strip is None:
        return []
    here, there = (
        [n for n, sight in enumerate(sights) if sight.tile == place and seen(strip, sight.frame).area > 0]
        for place in (one, other)
    )
    pairs = [(_likeness(strip, sights[a], sights[b]), a, b) for a, b in product(here, there)]
    return [pair for pair in pairs if pair[0] > 0]


def _strip(one: Tile, other: Tile) -> Tile | None:
    left, top = max(one.left, other.left), max(one.top, other.top)
    width, height = min(one.right, other.right) - left, min(one.bottom, other.bottom) - top
    return Tile(left, top, width, height) if width > 0 and height > 0 else None


def _likeness(strip: Tile, one: _Sight, other: _Sight) -> float:
    """How alike two boxes are in the strip; 0 where they are not of one object."""
    if one.frame.label != other.frame.label:
        return 0.0
    here, there = seen(strip, one.frame), seen(strip, other.frame)
    shared = _shared(here, there)
    union = here.area + there.area - shared
    if shared >= SAME * union:
        return shared / union
    smaller = min(here.area, there.area)
    cut = any(one.cut) or any(other.cut)
    # Less than any pair that is alike by the stricter measure.
    return SAME * shared / smaller if cut and shared >= SAME_CUT * smaller else 0.0


def _shared(one: Frame, other: Frame) -> float:
    width = min(one.right, other.right) - max(one.left, other.left)
    height = min(one.bottom, other.bottom) - max(one.top, other.top)
    return max(0.0, width) * max(0.0, height)


def _merged(sights: Sequence[_Sight]) -> Frame:
    """One box, as the tiles have it that show it whole; where none does, each edge as those have it that do not cut it,
    else as far out as any has it.
    """
    sights = [sight for sight in sights if not any(sight.cut)] or sights

    def edge(side: int) -> float:
        placed = [sight.frame[:4][side] for sight in sights]
        whole = [place for place, sight in zip(placed, sights, strict=True) if not sight.cut[side]]
        if whole:
            return median(whole)
        return min(placed) if side < 2 else max(placed)

    return Frame(edge(0), edge(1), edge(2), edge(3), sights[0].frame.label)
