"""What a person can and wants to do, as they say it themselves; never a diagnosis. Pure."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from leye_platform.assignments.rules import InputMode
from leye_platform.errors import N_, FieldsRefused


class Contrast(StrEnum):
    NORMAL = "normal"
    HIGH = "high"


class Motion(StrEnum):
    FULL = "full"
    REDUCED = "reduced"


class Language(StrEnum):
    ZH = "zh"
    EN = "en"


class Theme(StrEnum):
    LIGHT = "light"
    DARK = "dark"
    SYSTEM = "system"


TAKEN_KEYS = frozenset({"Tab", "Escape", "Shift", "Control", "Alt", "Meta", "CapsLock", "F5", "F11", "F12"})
"""Keys that the browser or the system needs: accepting with one of them would lock a person in."""


def _key(name: str) -> str:
    """A key by the name that the browser gives it; the space bar is called Space."""
    name = "Space" if name == " " else name.strip()
    if not 0 < len(name) <= 20 or not name.isprintable() or name in TAKEN_KEYS:
        raise ValueError("no such key")
    return name


class Preferences(BaseModel):
    """One person's preferences. What was never said is the default and is not stored."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    input: InputMode = InputMode.POINTER
    scan_ms: int = Field(1000, ge=300, le=10_000, description="How long the scanner stays, in milliseconds")
    switch_key: Annotated[str, AfterValidator(_key)] = Field("Space", description="KeyboardEvent.key or .code")
    text_scale: int = Field(100, ge=100, le=250, description="Size of the letters in per cent")
    contrast: Contrast = Contrast.NORMAL
    motion: Motion = Motion.FULL
    language: Language = Language.ZH
    theme: Theme = Theme.SYSTEM
    rest_minutes: int = Field(0, ge=0, le=240, description="Minutes of work before a reminder to rest; 0: none")


PROBLEMS = {
    "input": N_("操作方式：请选鼠标或触摸、键盘、单开关中的一种。"),
    "scan_ms": N_("扫描间隔：请填 300 到 10000 之间的整数，单位是毫秒。"),
    "switch_key": N_("确认键：请填一个键的名字，比如 Space、Enter；Tab 和 Esc 不行，浏览器要用。"),
    "text_scale": N_("字的大小：请填 100 到 250 之间的整数，单位是 %。"),
    "contrast": N_("对比度：请选标准或高对比度。"),
    "motion": N_("动画：请选跟随系统或不要动画。"),
    "language": N_("语言：请选中文或 English。"),
    "theme": N_("颜色：请选浅色、深色或跟随系统。"),
    "rest_minutes": N_("休息提醒：请填 0 到 240 之间的整数，单位是分钟；0 就是不提醒。"),
}
UNKNOWN = N_("没有这一项设置。请去掉。")


def change(stored: Mapping[str, Any], wanted: Mapping[str, Any]) -> Preferences:
    """The preferences after a partial change; None in `wanted` goes back to the default.

    Raises FieldsRefused, with a sentence for each field; then nothing changes.
    """
    merged = {name: value for name, value in ({**stored, **wanted}).items() if value is not None}
    try:
        return Preferences.model_validate(merged)
    except ValidationError as error:
        names = [str(problem["loc"][0]) for problem in error.errors()]
        raise FieldsRefused({name: PROBLEMS.get(name, UNKNOWN) for name in names}) from None
