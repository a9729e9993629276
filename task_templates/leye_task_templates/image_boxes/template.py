"""Image bounding boxes. An item is one picture; a large one is cut into tiles where the project says so.

A result is Label Studio's: `x`, `y`, `width`, `height` in per cent, `rotation` 0, the picture's own size beside it. Its
labels are `[x, y, width, height, class]` of each box, in reading order. Its entries are five texts for each box (x, y,
width, height in pixels, the label's value), or the one word `none` for a picture with nothing to mark.
"""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from math import isfinite
from typing import Any

from leye_task_templates.box_consensus import BoxConsensus
from leye_task_templates.consensus import Consensus, Labels
from leye_task_templates.image_boxes import tiling
from leye_task_templates.image_boxes.geometry import Box, Size, in_per_cent, in_pixels, lies_inside, read_number
from leye_task_templates.label_config import LabelConfig, LabelsControl, Problem
from leye_task_templates.problems import N_, readable
from leye_task_templates.splitting import SplitRule
from leye_task_templates.template import (
    Command,
    Content,
    Need,
    Result,
    ResultProblemCode,
    ResultRefused,
    RowProblem,
    RowProblemCode,
)

TAG, KIND = "RectangleLabels", "rectanglelabels"
NOTHING = "none"
FIELDS = 5  # entries of one box
MOST_BOXES = 500
STEPS = (90, 30, 10, 3, 1)
"""How far an arrow moves, in thousandths of the picture's longer side, at least one pixel (ACCESSIBILITY.md, 3)."""


class ConfigProblemCode(StrEnum):
    ONE_PICTURE_ONLY = "one_picture_only"


CONFIG_SENTENCES: dict[ConfigProblemCode, str] = {
    ConfigProblemCode.ONE_PICTURE_ONLY: N_("图片画框要有一个 Image 和一个 RectangleLabels，别的只能有 Header。"),
}


class ImageBoxes:
    """See `leye_task_templates.template.TaskTemplate` for what each method promises."""

    name = "image_boxes"
    title = N_("图片画框")
    needs = frozenset({Need.SEE, Need.READ})
    units: tuple[str, ...] = ("item", "object")
    seconds_hint = 60.0
    mended: frozenset[RowProblemCode] = frozenset()

    def check_config(self, config: LabelConfig) -> list[Problem]:
        tags = [control.tag for control in config.labellings]
        if len(config.images) == 1 and not config.texts and not config.controls and tags == [TAG]:
            return []
        code = ConfigProblemCode.ONE_PICTURE_ONLY
        return [Problem(code, CONFIG_SENTENCES[code], {})]

    def validate_row(self, config: LabelConfig, data: Mapping[str, Any]) -> list[RowProblem]:
        return [
            RowProblem(RowProblemCode.NOT_PICTURE if image.variable in data else RowProblemCode.MISSING, image.variable)
            for image in config.images
            if not isinstance(data.get(image.variable), dict)
        ]

    def split(self, config: LabelConfig, data: Mapping[str, Any]) -> list[dict[str, Any]]:
        return [{name: data[name] for name in config.variables}]

    def merge(self, results: Sequence[Result]) -> Result:
        return [region for result in results for region in result]

    def parts(self, config: LabelConfig, data: Mapping[str, Any], rule: SplitRule) -> list[dict[str, Any]]:
        """See `leye_task_templates.splitting.SplitsItems`."""
        return tiling.tile_contents(config.images[0].variable, data, rule) or self.split(config, data)

    def whole(self, config: LabelConfig, data: Mapping[str, Any], contents: Sequence[Content]) -> dict[str, Any]:
        variable = config.images[0].variable
        return {variable: tiling.whole_picture(variable, contents[0])}

    def cut(self, config: LabelConfig, contents: Sequence[Content], result: Result) -> list[Result]:
        boxes = [_box_of(config, region) for region in result]
        shown = tiling.cut_boxes(config.images[0].variable, contents, boxes)
        return [self._checked(config, content, own) for content, own in zip(contents, shown, strict=True)]

    def join(self, config: LabelConfig, contents: Sequence[Content], results: Sequence[Result]) -> Result:
        found = [[_box_of(config, region) for region in result] for result in results]
        boxes = tiling.join_boxes(config.images[0].variable, contents, found)
        return _regions(config, _size(config, self.whole(config, {}, contents)), boxes)

    def view(self, config: LabelConfig, content: Content) -> dict[str, Any]:
        control, image = config.labellings[0], config.images[0]
        picture, size = content[image.variable], _size(config, content)
        longer = max(size)
        return {
            "texts": [],
            "pictures": [dict(picture) | {"name": image.name, "heading": image.heading}],
            "question": control.question,
            "labels": [{"value": c.value, "label": c.label, "hint": c.hint} for c in control.labels],
            "steps": [max(1, round(step * longer / 1000)) for step in STEPS],
            "width": size.width,
            "height": size.height,
            "required": True,
            "control": control.name,
            "object": image.name,
        }

    def commands(self, view: Mapping[str, Any], translate: Callable[[str], str]) -> list[Command]:
        cells = [Command(f"cell {n}", translate(N_("第 {n} 格")).format(n=n), str(n)) for n in range(1, 10)]
        labels = [
            Command(f"label {n}", translate(N_("标签：{label}")).format(label=label["label"]))
            for n, label in enumerate(view["labels"], start=1)
        ]
        return [*cells, *(Command(name, translate(words), key) for name, words, key in _COMMANDS), *labels]

    def consensus(self, config: LabelConfig) -> Consensus:
        return BoxConsensus()

    def validate_result(self, config: LabelConfig, content: Content, result: object) -> Result:
        if not isinstance(result, list) or not all(isinstance(region, dict) for region in result):
            raise ResultRefused(ResultProblemCode.NOT_REGIONS)
        return self._checked(config, content, [_box_of(config, region) for region in result])

    def result_from_form(self, config: LabelConfig, content: Content, entries: Sequence[str]) -> Result:
        if list(entries) == [NOTHING]:
            return []
        typed = [text for text in entries if text != NOTHING]
        rows = [typed[n : n + FIELDS] for n in range(0, len(typed), FIELDS)]
        size = _size(config, content)
        boxes = [
            _typed(config, size, row, number)
            for number, row in enumerate(rows, start=1)
            if any(t.strip() for t in row[:4])
        ]
        if not boxes:
            raise ResultRefused(ResultProblemCode.NO_BOX)
        return self._checked(config, content, boxes)

    def form_entries(self, config: LabelConfig, result: Result) -> list[str]:
        labels = config.labellings[0].labels
        found = [
            [*in_pixels(_box_of(config, region), _size_of(region)), labels[_box_of(config, region).label].value]
            for region in result
        ]
        return [entry for row in found for entry in row] or [NOTHING]

    def gold_result(self, config: LabelConfig, content: Content, given: Sequence[Any]) -> Result:
        if all(isinstance(one, dict) for one in given):
            return self.validate_result(config, content, list(given))
        known = _values(config.labellings[0])
        boxes = []
        for one in given:
            if not isinstance(one, list) or len(one) != FIELDS or not all(map(_is_number, one[:4])):
                raise ResultRefused(ResultProblemCode.NOT_REGIONS)
            x, y, width, height = (float(length) for length in one[:4])
            boxes.append(Box(x, y, width, height, _index(known, one[4])))
        return self._checked(config, content, boxes)

    def labels_of(self, config: LabelConfig, result: Result) -> Labels:
        return [list(_box_of(config, region)) for region in result]

    def result_of(self, config: LabelConfig, content: Content, labels: Labels) -> Result:
        return self._checked(config, content, [Box(*box) for box in labels])

    def describe(self, config: LabelConfig, result: Result) -> str:
        counts = self._counted(config, result)
        return "、".join(f"{word} ×{count}" for word, count in counts.items() if count) or "—"

    def one_class(self, config: LabelConfig) -> bool:
        return False

    def by_class(self, config: LabelConfig, result: Result) -> dict[str, Result]:
        words = [label.label for label in config.labellings[0].labels]
        found: dict[str, Result] = {}
        for region in result:
            found.setdefault(words[_box_of(config, region).label], []).append(region)
        return found

    def cell(self, config: LabelConfig, result: Result) -> str:
        # Its classes may be called otherwise than in the config.
        cells = (" ".join([*in_pixels(_frame_of(region), _size_of(region)), _word_of(region)]) for region in result)
        return ";".join(cells) or "—"

    def quantity(self, unit: str, result: Result) -> int:
        return len(result) if unit == "object" else 1

    def _counted(self, config: LabelConfig, result: Result) -> dict[str, int]:
        counts = {label.label: 0 for label in config.labellings[0].labels}
        for word, boxes in self.by_class(config, result).items():
            counts[word] += len(boxes)
        return counts

    def _checked(self, config: LabelConfig, content: Content, boxes: Sequence[Box]) -> Result:
        if len(boxes) > MOST_BOXES:
            raise ResultRefused(ResultProblemCode.TOO_MANY_BOXES, limit=MOST_BOXES)
        size = _size(config, content)
        for number, box in enumerate(boxes, start=1):
            if not lies_inside(box):
                raise ResultRefused(ResultProblemCode.BOX_OUTSIDE, number=number, width=size.width, height=size.height)
        return _regions(config, size, boxes)


_COMMANDS = (
    ("back", N_("退一格"), "0"),
    ("confirm", N_("就定在这一格"), "Enter"),
    ("nudge left", N_("往左"), "ArrowLeft"),
    ("nudge right", N_("往右"), "ArrowRight"),
    ("nudge up", N_("往上"), "ArrowUp"),
    ("nudge down", N_("往下"), "ArrowDown"),
    ("finer", N_("步子小一点"), "-"),
    ("coarser", N_("步子大一点"), "="),
    ("edge next", N_("换一条边"), "E"),
    ("take next", N_("换一个框"), "B"),
    ("next", N_("画下一个框"), ""),
    ("label next", N_("换一个标签"), "L"),
    ("delete", N_("删掉这个框"), "D"),
    ("none", N_("图里没有要画的"), "N"),
)


def _size(config: LabelConfig, content: Content) -> Size:
    picture = content[config.images[0].variable]
    return Size(picture["width"], picture["height"])


def _size_of(region: Mapping[str, Any]) -> Size:
    return Size(region["original_width"], region["original_height"])


def _frame_of(region: Mapping[str, Any]) -> Box:
    """A canonical region's box, whatever its class."""
    value = region["value"]
    return Box(value["x"], value["y"], value["width"], value["height"], 0)


def _word_of(region: Mapping[str, Any]) -> str:
    return str(region["value"][KIND][0])


def _values(control: LabelsControl) -> list[str]:
    return [label.value for label in control.labels]


def _index(known: Sequence[str], value: object) -> int:
    if not isinstance(value, str) or value not in known:
        raise ResultRefused(ResultProblemCode.UNKNOWN_CHOICE, choice=readable(value))
    return known.index(value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _box_of(config: LabelConfig, region: Mapping[str, Any]) -> Box:
    control = config.labellings[0]
    ours = {"from_name": control.name, "to_name": control.to_name, "type": KIND}
    if "from_name" not in region or any(region.get(key, value) != value for key, value in ours.items()):
        raise ResultRefused(ResultProblemCode.UNKNOWN_CONTROL)
    value = region.get("value")
    if not isinstance(value, dict) or not all(_is_number(value.get(side)) for side in ("x", "y", "width", "height")):
        raise ResultRefused(ResultProblemCode.NOT_REGIONS)
    if value.get("rotation", 0) != 0:
        raise ResultRefused(ResultProblemCode.BOX_TURNED)
    names = value.get(KIND)
    if not isinstance(names, list) or len(names) != 1:
        raise ResultRefused(ResultProblemCode.BOX_LABEL)
    x, y, width, height = (float(value[side]) for side in ("x", "y", "width", "height"))
    return Box(x, y, width, height, _index(_values(control), names[0]))


def _typed(config: LabelConfig, size: Size, row: Sequence[str], number: int) -> Box:
    numbers = [read_number(text) for text in row[:4]]
    if len(row) != FIELDS or None in numbers:
        raise ResultRefused(ResultProblemCode.BOX_NUMBERS, number=number)
    if not row[4]:
        raise ResultRefused(ResultProblemCode.BOX_UNNAMED, number=number)
    return in_per_cent([n for n in numbers if n is not None], size, _index(_values(config.labellings[0]), row[4]))


def _regions(config: LabelConfig, size: Size, boxes: Sequence[Box]) -> Result:
    # Reading order, so that equal answers are equal lists.
    ordered = sorted(dict.fromkeys(boxes), key=lambda box: (box.y, box.x, box.height, box.width, box.label))
    return [_region(config.labellings[0], size, number, box) for number, box in enumerate(ordered, start=1)]


def _region(control: LabelsControl, size: Size, number: int, box: Box) -> dict[str, Any]:
    return {
        "id": f"{control.name}-{number}",
        "from_name": control.name,
        "to_name": control.to_name,
        "type": KIND,
        "original_width": size.width,
        "original_height": size.height,
        "image_rotation": 0,
        "value": {
            "x": box.x,
            "y": box.y,
            "width": box.width,
            "height": box.height,
            "rotation": 0,
            KIND: [control.labels[box.label].value],
        },
    }


TEMPLATE = ImageBoxes()
