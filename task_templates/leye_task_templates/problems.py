"""What is wrong with a label config: stable codes, each with a sentence to translate."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


def N_(text: str) -> str:  # noqa: N802 -- gettext's customary name for "mark now, translate later"
    """Mark a text for the catalogues without translating it yet."""
    return text


@dataclass(frozen=True)
class Problem:
    """One thing to mend. `template` is the Chinese source text for gettext, with `{names}` of the arguments.

    A task type has codes and sentences of its own beside those of the parser, so the sentence travels with the code.
    """

    code: StrEnum
    template: str
    arguments: dict[str, Any]

    def __str__(self) -> str:
        return self.template.format(**self.arguments)


class ProblemCode(StrEnum):
    """What the parser refuses; task types add codes of their own."""

    TOO_LARGE = "too_large"
    DOCTYPE = "doctype"
    NOT_XML = "not_xml"
    ROOT = "root"
    UNKNOWN_TAG = "unknown_tag"
    MISPLACED = "misplaced"
    MISSING = "missing"
    DUPLICATE_NAME = "duplicate_name"
    POINTS_NOWHERE = "points_nowhere"
    NOT_VARIABLE = "not_variable"
    VARIABLE_HERE = "variable_here"
    NO_OBJECT = "no_object"
    NO_CONTROL = "no_control"
    NO_CHOICES = "no_choices"
    NO_LABELS = "no_labels"
    DUPLICATE_CHOICE = "duplicate_choice"
    CHOICE_KIND = "choice_kind"
    TOO_MANY_LABELS = "too_many_labels"


SENTENCES: dict[ProblemCode, str] = {
    ProblemCode.TOO_LARGE: N_("标签配置太长，最多 256 KB。请减少内容。"),
    ProblemCode.DOCTYPE: N_("标签配置里不能有 DOCTYPE 或 ENTITY。请删掉这些声明。"),
    ProblemCode.NOT_XML: N_("标签配置不是完整的 XML：第 {line} 行第 {column} 个字符附近有错。请检查标签有没有写全。"),
    ProblemCode.ROOT: N_("最外层必须是 View，现在是 {tag}。"),
    ProblemCode.UNKNOWN_TAG: N_("不认识标签 {tag}。可以用的有：{allowed}。"),
    ProblemCode.MISPLACED: N_("{tag} 要写在 {wanted} 里面，现在写在 {outer} 里面。"),
    ProblemCode.MISSING: N_("{tag} 缺少 {attribute}。"),
    ProblemCode.DUPLICATE_NAME: N_("名称 {name} 用了两次。请换一个。"),
    ProblemCode.POINTS_NOWHERE: N_("{tag} 的 toName 指向 {name}，但没有叫这个名字的 {wanted}。"),
    ProblemCode.NOT_VARIABLE: N_("{tag} 的 value 要写成变量，例如 $text，现在是 {value}。"),
    ProblemCode.VARIABLE_HERE: N_("{tag} 的 value 不能用变量 {value}。请把内容直接写在配置里。"),
    ProblemCode.NO_OBJECT: N_("没有要看的内容。请加一个 Text 或 Image。"),
    ProblemCode.NO_CONTROL: N_("没有要填的内容。请加一个 Choices、Labels 或 RectangleLabels。"),
    ProblemCode.NO_CHOICES: N_("{name} 至少要有两个 Choice。"),
    ProblemCode.NO_LABELS: N_("{name} 至少要有一个 Label。"),
    ProblemCode.DUPLICATE_CHOICE: N_("{name} 里有两个一样的选项：{value}。"),
    ProblemCode.CHOICE_KIND: N_("Choices 的 choice 只能是 single 或 multiple，现在是 {value}。"),
    ProblemCode.TOO_MANY_LABELS: N_("选项太多，最多 1000 个，现在有 {count} 个。"),
}


class LabelConfigRefused(Exception):
    """The config cannot be used; `problems` says all that is to mend."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("；".join(str(problem) for problem in problems))


def problem(code: ProblemCode, **arguments: Any) -> Problem:
    """A problem of the parser's own, with its sentence."""
    return Problem(code, SENTENCES[code], arguments)


def readable(text: object, longest: int = 60) -> str:
    """What somebody else wrote, short enough for a sentence and without what no encoding can write."""
    return str(text)[:longest].encode("utf-8", "replace").decode()
