"""A large picture as overlapping tiles: its boxes cut with it, and joined where a seam has cut them."""

from collections.abc import Mapping, Sequence
from typing import Any

from leye_quality import seams
from leye_quality.tiles import Frame, Tile, cut
from leye_task_templates.image_boxes.geometry import Box, Size
from leye_task_templates.splitting import PART, SplitRule, picture_tiles
from leye_task_templates.template import Content

DIGITS = 9
"""Decimals of a per cent: what reckoning adds beyond them is dropped, so that a box comes back as it was."""


def tile_contents(variable: str, data: Mapping[str, Any], rule: SplitRule) -> list[dict[str, Any]]:
    """The content of each tile; none where the picture stays whole."""
    found = picture_tiles(data[variable], rule)
    return [
        {
            variable: facts,
            PART: {
                "number": number,
                "count": len(found),
                "left": tile.left,
                "top": tile.top,
                "picture": dict(data[variable]),
            },
        }
        for number, (tile, facts) in enumerate(found, start=1)
    ]


def whole_picture(variable: str, content: Content) -> dict[str, Any]:
    """The facts of the picture that a content is a part of, or shows whole."""
    found: dict[str, Any] = content[PART]["picture"] if PART in content else content[variable]
    return found


def cut_boxes(variable: str, contents: Sequence[Content], boxes: Sequence[Box]) -> list[list[Box]]:
    """Boxes of the whole as each tile shows them."""
    size = _size(whole_picture(variable, contents[0]))
    places = [_tile(variable, content) for content in contents]
    frames = [_frame(box, Tile(0, 0, *size)) for box in boxes]
    shown = cut(places, frames)
    found = [[_box(frame, place) for frame in frames] for place, frames in zip(places, shown, strict=True)]
    return [[box for box in boxes if box.width > 0 and box.height > 0] for boxes in found]


def join_boxes(variable: str, contents: Sequence[Content], found: Sequence[Sequence[Box]]) -> list[Box]:
    """Boxes of the tiles as boxes of the whole."""
    size = _size(whole_picture(variable, contents[0]))
    places = [_tile(variable, content) for content in contents]
    frames = [[_frame(box, place) for box in boxes] for place, boxes in zip(places, found, strict=True)]
    return [_box(frame, Tile(0, 0, *size)) for frame in seams.join(places, frames)]


def _size(picture: Mapping[str, Any]) -> Size:
    return Size(picture["width"], picture["height"])


def _tile(variable: str, content: Content) -> Tile:
    return Tile(content[PART]["left"], content[PART]["top"], *_size(content[variable]))


def _frame(box: Box, within: Tile) -> Frame:
    """A box in per cent of a tile as edges in pixels of the whole."""
    left, top = within.left + box.x * within.width / 100, within.top + box.y * within.height / 100
    right = within.left + (box.x + box.width) * within.width / 100
    return Frame(left, top, right, within.top + (box.y + box.height) * within.height / 100, box.label)


def _box(frame: Frame, within: Tile) -> Box:
    left, top = (frame.left - within.left) * 100 / within.width, (frame.top - within.top) * 100 / within.height
    right, bottom = (frame.right - within.left) * 100 / within.width, (frame.bottom - within.top) * 100 / within.height
    x, y = round(max(left, 0.0), DIGITS), round(max(top, 0.0), DIGITS)
    assert isinstance(frame.label, int)  # noqa: S101 -- a class's index, as it went in
    return Box(x, y, round(min(right, 100.0) - x, DIGITS), round(min(bottom, 100.0) - y, DIGITS), frame.label)
