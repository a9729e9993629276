"""What a project cuts into parts, and items cut and joined by their task type. Pure.

A task type that cuts nothing (no `leye_task_templates.splitting.SplitsItems`) has whole items under any setting.
"""

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from leye_platform.errors import N_
from leye_platform.projects.task_type import TaskType
from leye_quality.tiles import tiles
from leye_task_templates.splitting import PART, SplitRule
from leye_task_templates.template import Result, RowProblem

Contents = Sequence[Mapping[str, Any]]


class Splitting(BaseModel):
    """What a project cuts, read from `project.splitting`. None: nothing of that kind.

    pictures_above: pixels of a picture that stays whole at most. tile, tile_overlap: pixels of a tile's side, and of
    the strip that neighbours share: what is no larger than that lies whole in one of them. texts_above: characters.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    pictures_above: int | None = Field(default=None, ge=1_000_000, le=64_000_000)
    tile: int = Field(default=2200, ge=600, le=4000)
    tile_overlap: int = Field(default=200, ge=40, le=1000)
    texts_above: int | None = Field(default=None, ge=100, le=3000)

    @model_validator(mode="after")
    def _more_tile_than_overlap(self) -> Self:
        if self.tile_overlap * 2 > self.tile:
            raise ValueError("tile_overlap must not be above half of tile")
        return self

    def stored(self) -> dict[str, Any]:
        """As it stands in `project.splitting`: empty where nothing is cut."""
        used: set[str] = set()
        if self.pictures_above is not None:
            used |= {"pictures_above", "tile", "tile_overlap"}
        if self.texts_above is not None:
            used |= {"texts_above"}
        return self.model_dump(include=used)

    @property
    def rule(self) -> SplitRule:
        return SplitRule(self.pictures_above, self.tile, self.tile_overlap, self.texts_above)

    def tiles_of(self, width: int, height: int) -> int:
        """How many parts a picture of this size has."""
        if self.pictures_above is None or width * height <= self.pictures_above:
            return 1
        return len(tiles(width, height, self.tile, self.tile_overlap))


_SENTENCES = {
    "pictures_above": N_("大图的像素在 100 万到 6400 万之间。"),
    "tile": N_("每块的边长在 600 到 4000 像素之间。"),
    "tile_overlap": N_("重叠在 40 到 1000 像素之间，不能超过边长的一半。"),
    "texts_above": N_("每段的字数在 100 到 3000 之间。"),
    "splitting": N_("拆分里有不认识的设置。"),
}


def problems_of_splitting(given: Mapping[str, object], translate: Callable[[str], str] = str) -> dict[str, str]:
    """A sentence for each setting out of bounds, by its name; `splitting` for what is no setting at all."""
    try:
        Splitting.model_validate(given)
    except ValidationError as error:
        # The only rule that joins two settings is told at the overlap.
        names = [str(found["loc"][0]) if found["loc"] else "tile_overlap" for found in error.errors()]
        told = [name if name in _SENTENCES else "splitting" for name in names]
        return {name: translate(_SENTENCES[name]) for name in told}
    return {}


def parts_of(kind: TaskType, data: Mapping[str, Any], rule: SplitRule) -> tuple[list[RowProblem], list[dict[str, Any]]]:
    """What is wrong with a row, else the contents of its item's micro-tasks."""
    problems = kind.template.validate_row(kind.config, data)
    cutting = kind.cutting
    if cutting is None:
        return problems, [] if problems else kind.template.split(kind.config, data)
    if not all(problem.code in cutting.mended for problem in problems):
        return problems, []
    contents = cutting.parts(kind.config, data, rule)
    return (problems, []) if problems and len(contents) < 2 else ([], contents)


def whole_content(kind: TaskType, data: Mapping[str, Any], contents: Contents) -> Mapping[str, Any]:
    """The content that an item would have, were it not cut. contents: those of its parts; the first is enough."""
    cutting = kind.cutting
    is_part = PART in contents[0]
    return cutting.whole(kind.config, data, contents) if cutting is not None and is_part else contents[0]


def cut_result(kind: TaskType, contents: Contents, result: Result) -> list[Result]:
    """A result of the whole item as each of its parts has it.

    Raises ResultRefused where it crosses what parts do not share.
    """
    cutting = kind.cutting
    if cutting is None or len(contents) == 1:
        return [result for _ in contents]
    return cutting.cut(kind.config, contents, result)


def joined_result(kind: TaskType, contents: Contents, results: Sequence[Result]) -> Result:
    """An item's annotation from its parts' decided results."""
    cutting = kind.cutting
    if cutting is None or len(contents) == 1:
        return kind.template.merge(results)
    return cutting.join(kind.config, contents, results)


def joined_confidence(confidences: Sequence[float]) -> float:
    """How sure an item is: that every part of it is right, each for itself.

    Their product. What makes parts wrong together (a guide misread all through) makes this too low, never too high.
    """
    return prod(confidences)
