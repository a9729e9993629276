"""What a format could not hold of what was exported: said once for each kind of loss, never passed over.

Some losses are the format's own and known before (`always`); the others are counted while rows are written.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from leye_platform.errors import N_

EXAMPLES = 10


class Loss(StrEnum):
    CONFIDENCE = "confidence"
    GUIDE_VERSION = "guide_version"
    NAMES_OF_ITEMS = "names_of_items"
    ASIDE = "aside"
    TEXT_SPACES = "text_spaces"
    ROTATION = "rotation"
    BEYOND_PICTURE = "beyond_picture"
    WHOLE_PIXELS = "whole_pixels"
    NO_SIZE = "no_size"
    OVERLAP = "overlap"
    OTHER_REGION = "other_region"
    OTHER_FIELDS = "other_fields"
    CELL_CHANGED = "cell_changed"
    FILE_RENAMED = "file_renamed"
    NO_PICTURE = "no_picture"
    SEVERAL_TEXTS = "several_texts"


LOSS_SENTENCES: dict[Loss, str] = {
    Loss.CONFIDENCE: N_("这种格式放不下置信度。要的话，请再下载一份 JSON。"),
    Loss.GUIDE_VERSION: N_("这种格式放不下标注规范的版本。要的话，请再下载一份 JSON。"),
    Loss.NAMES_OF_ITEMS: N_("这种格式放不下条目的编号，各条只按先后排。"),
    Loss.ASIDE: N_("标注文件里放不下置信度、规范版本和条目编号，它们另放在压缩包的 items.csv 里。"),
    Loss.TEXT_SPACES: N_("文字按词分行写，词之间的空格和换行不保留。"),
    Loss.ROTATION: N_("转过的框只能写成包住它的正框。要原样的，请用 YOLO_OBB、COCO 或 JSON。"),
    Loss.BEYOND_PICTURE: N_("框伸到图片外面的部分裁掉了。"),
    Loss.WHOLE_PIXELS: N_("坐标四舍五入到整像素。要小数的，请用 COCO 或 JSON。"),
    Loss.NO_SIZE: N_("不知道图片的大小，这一处没有写进去。"),
    Loss.OVERLAP: N_("两处重叠，这种格式一个词只能有一个标签，先开始的留下。要全部的，请用 JSON。"),
    Loss.OTHER_REGION: N_("有的标注不是这种格式能放的，没有写进去。要全部的，请用 JSON。"),
    Loss.OTHER_FIELDS: N_("标签配置没有提到的列没有写进去。要全部的，请用 JSON 或 JSON_MIN。"),
    Loss.CELL_CHANGED: N_(
        "会被表格软件当成公式或者弄乱排版的格子，前面加了单引号，或者改了看不见的控制符。原样的请用 JSON。"
    ),
    Loss.FILE_RENAMED: N_("文件名有重复，或者有的系统存不下，改了名。新旧名字都在 items.csv 里。"),
    Loss.NO_PICTURE: N_("图片没有存在这里，压缩包里没有它。"),
    Loss.SEVERAL_TEXTS: N_("一条里有几段文字，清单里接成了一段。"),
}


class LossLine(NamedTuple):
    """One kind of loss. times: how often, None where it is so for every item. items: the first items' numbers."""

    loss: Loss
    times: int | None
    items: tuple[int, ...]

    def as_json(self, translate: Callable[[str], str] = str) -> dict[str, Any]:
        return {
            "code": self.loss.value,
            "sentence": translate(LOSS_SENTENCES[self.loss]),
            "count": self.times,
            "items": list(self.items),
        }


@dataclass
class Losses:
    """The losses of one export, noted while it is written."""

    always: tuple[Loss, ...] = ()
    items: int = 0
    """How many items were written so far."""
    _counts: dict[Loss, int] = field(default_factory=dict)
    _examples: dict[Loss, list[int]] = field(default_factory=dict)

    def note(self, loss: Loss, number: int, times: int = 1) -> None:
        """Count a loss at the item of this number."""
        self._counts[loss] = self._counts.get(loss, 0) + times
        examples = self._examples.setdefault(loss, [])
        if len(examples) < EXAMPLES and number not in examples:
            examples.append(number)

    def lines(self) -> list[LossLine]:
        """Everything lost so far, in the order of the enum."""
        told: Iterable[LossLine] = (
            LossLine(loss, None, ())
            if loss in self.always
            else LossLine(loss, self._counts[loss], tuple(self._examples[loss]))
            for loss in Loss
            if loss in self.always or loss in self._counts
        )
        return list(told)

    def as_json(self, translate: Callable[[str], str] = str) -> dict[str, Any]:
        """The export report."""
        return {"items": self.items, "losses": [line.as_json(translate) for line in self.lines()]}


def told_in(report: dict[str, Any], translate: Callable[[str], str]) -> dict[str, Any]:
    """A kept report with its sentences in the reader's language."""
    lines = [line | {"sentence": translate(LOSS_SENTENCES[Loss(line["code"])])} for line in report["losses"]]
    return report | {"losses": lines}
