"""Items that are too much for one sitting: cut into parts, each a micro-task, and put together again. Pure.

A task type that can cut its items has these methods besides `TaskTemplate`'s; of any other, an item is what its `split`
says. What is cut and what is joined are inverse: `join(parts, cut(parts, result))` is `result`.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from leye_quality.tiles import Tile, tiles
from leye_task_templates.label_config import LabelConfig
from leye_task_templates.template import Content, Result, RowProblemCode

PART = "#part"
"""In the content of a part: where in its item it lies. No variable of a label config can be called so.

Always `number` (from 1) and `count`. Of a text `start` and `end`, positions in the whole; of a picture `left` and `top`
in pixels of the whole, and its facts as `picture`.
"""


@dataclass(frozen=True, slots=True)
class SplitRule:
    """What a project cuts. None: nothing of that kind.

    pictures_above: pixels (width by height) of a picture that stays whole at most; side, overlap: of its tiles, in
    pixels. texts_above: characters of a text that stays whole at most, and of a passage.
    """

    pictures_above: int | None = None
    side: int = 2200
    overlap: int = 200
    texts_above: int | None = None


WHOLE = SplitRule()
"""Nothing is cut."""


@runtime_checkable
class SplitsItems(Protocol):
    """What a task type says that can cut its items. `contents` are all parts of one item, in their order."""

    mended: frozenset[RowProblemCode]
    """What is wrong with a row only as long as it is not cut."""

    def parts(self, config: LabelConfig, data: Mapping[str, Any], rule: SplitRule) -> list[dict[str, Any]]:
        """The contents of an item's micro-tasks; what `split` says where it stays whole."""

    def whole(self, config: LabelConfig, data: Mapping[str, Any], contents: Sequence[Content]) -> dict[str, Any]:
        """The content that the item would have, were it not cut. data: its row; contents: the first part is enough."""

    def cut(self, config: LabelConfig, contents: Sequence[Content], result: Result) -> list[Result]:
        """A result of the whole as each part has it.

        Raises ResultRefused where a part cannot hold its share.
        """

    def join(self, config: LabelConfig, contents: Sequence[Content], results: Sequence[Result]) -> Result:
        """The result of the whole from the parts' own."""


def picture_tiles(picture: Mapping[str, Any], rule: SplitRule) -> list[tuple[Tile, dict[str, Any]]]:
    """The tiles of a picture, with the facts of each as of a picture of its own; none where it stays whole.

    A tile is called by a hash of what it is cut from and where, so that it is found again without being cut again.
    """
    width, height = picture["width"], picture["height"]
    if rule.pictures_above is None or width * height <= rule.pictures_above:
        return []
    found = tiles(width, height, rule.side, rule.overlap)
    if len(found) < 2:
        return []
    return [(tile, dict(picture) | _named(picture["sha256"], tile)) for tile in found]


def _named(sha256: str, tile: Tile) -> dict[str, Any]:
    written = f"tile:{sha256}:{tile.left},{tile.top},{tile.width},{tile.height}"
    return {"sha256": hashlib.sha256(written.encode()).hexdigest(), "width": tile.width, "height": tile.height}
