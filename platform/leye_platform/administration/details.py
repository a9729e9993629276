"""What a record of the audit log says beside the deed, in words."""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from leye_platform.administration.words import DETAIL_WORDS, JOB_WORDS
from leye_platform.errors import N_
from leye_platform.web import formats

Say = Callable[[str], str]

COUNTED: dict[str, str] = {
    "items": N_("{value} 条"),
    "days": N_("{value} 天"),
    "bytes": N_("{value} 字节"),
    "version": N_("第 {value} 版"),
    "addition": N_("第 {value} 个追加的文件"),
    "texts_above": N_("超过 {value} 字的文章分段"),
    "pictures_above": N_("超过 {value} 像素的图切块"),
    "tile": N_("每块边长 {value} 像素"),
    "tile_overlap": N_("相邻两块重叠 {value} 像素"),
}
"""Details that are a number."""
YES_OR_NO: dict[str, tuple[str, str]] = {
    "shown": (N_("给标注员看"), N_("不给标注员看")),
    "shared": (N_("回答放进了规范"), N_("只回给提问的人")),
    "as_project": (N_("跟着项目"), ""),
    "by_silence": (N_("期限过了没有答复"), ""),
}
"""Details that are true or false: what each is called; nothing where it goes without saying."""


def details(detail: Mapping[str, Any], say: Say, language: str, now: datetime) -> list[str]:
    """The parts of a record's detail, translated by `say`; what has no words yet is said as it was written."""
    told = []
    rest = dict(detail)
    if "unit_price" in rest:
        told.append(say(N_("每条 {price} 元")).format(price=formats.rate(Decimal(rest.pop("unit_price")))))
        if since := rest.pop("valid_from", None):
            told.append(
                say(N_("从{when} 起")).format(when=_spaced(formats.when(language, now)(datetime.fromisoformat(since))))
            )
    if {"work", "rate"} <= rest.keys():
        work, rate = rest.pop("work"), Decimal(rest.pop("rate"))
        told.append(say(N_("{work} {rate} 元")).format(work=say(DETAIL_WORDS.get(work, work)), rate=formats.rate(rate)))
    for key, value in rest.items():
        told += _one(key, value, say)
    return told


def _one(key: str, value: Any, say: Say) -> list[str]:
    if key in COUNTED:
        return [say(COUNTED[key]).format(value=formats.count(value))]
    if key in YES_OR_NO:
        words = YES_OR_NO[key][not value]
        return [say(words)] if words else []
    if key == "job":
        return [say(JOB_WORDS.get(value, value))]
    if isinstance(value, Mapping):
        names = [say(N_("“{label}”写作“{name}”")).format(label=label, name=name) for label, name in value.items()]
        return names or [say(N_("都用原来的名字"))]
    return [say(DETAIL_WORDS[value]) if value in DETAIL_WORDS else str(value)]


def _spaced(words: str) -> str:
    """A space between Chinese and the figure that a date begins with."""
    return f"{formats.NBSP}{words}" if words[0].isdigit() else words
