"""What a task type is: how its items split, merge, are shown, checked, compared. All pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

from leye_task_templates.consensus import Consensus, Labels
from leye_task_templates.label_config import LabelConfig, Problem
from leye_task_templates.problems import N_

Result = list[dict[str, Any]]
"""Label Studio's regions: `[{"id", "from_name", "to_name", "type", "value"}]`."""

Content = Mapping[str, Any]
"""What one micro-task shows: one part of what `split` makes of an item's row."""

LONGEST_TEXT = 100_000  # characters
KEYS = "1234567890"
"""The keys that choose the first ten labels."""


class Command(NamedTuple):
    """One of a tool's finite commands. `label` is in the reader's language.

    key: as the browser names it, `Shift+` before it where both are wanted; empty where there is none. within: the id
    of the only element in which the key lives; empty for the whole page.
    """

    command: str
    label: str
    key: str = ""
    within: str = ""


class Need(StrEnum):
    """What a task asks of a person; matched against what the person can do, with aids."""

    SEE = "see"
    SEE_COLOUR = "see_colour"
    HEAR = "hear"
    SPEAK = "speak"
    READ = "read"
    FINE_TIMING = "fine_timing"


class RowProblemCode(StrEnum):
    MISSING = "missing"
    NOT_TEXT = "not_text"
    EMPTY = "empty"
    NUL = "nul"
    NOT_UNICODE = "not_unicode"
    TOO_LONG = "too_long"
    TOO_LONG_TO_MARK = "too_long_to_mark"
    NOT_PICTURE = "not_picture"


class ResultProblemCode(StrEnum):
    NOT_REGIONS = "not_regions"
    NOTHING_CHOSEN = "nothing_chosen"
    ONE_ONLY = "one_only"
    UNKNOWN_CHOICE = "unknown_choice"
    UNKNOWN_CONTROL = "unknown_control"
    NO_SPAN = "no_span"
    SPAN_OUTSIDE = "span_outside"
    SPAN_LABEL = "span_label"
    SPAN_NOT_FOUND = "span_not_found"
    SPAN_UNNAMED = "span_unnamed"
    SPAN_ACROSS = "span_across"
    TOO_MANY_SPANS = "too_many_spans"
    NO_BOX = "no_box"
    BOX_NUMBERS = "box_numbers"
    BOX_OUTSIDE = "box_outside"
    BOX_UNNAMED = "box_unnamed"
    BOX_LABEL = "box_label"
    BOX_TURNED = "box_turned"
    TOO_MANY_BOXES = "too_many_boxes"


ROW_SENTENCES: dict[RowProblemCode, str] = {
    RowProblemCode.MISSING: N_("缺少 {name}"),
    RowProblemCode.NOT_TEXT: N_("{name} 不是文字"),
    RowProblemCode.EMPTY: N_("{name} 是空的"),
    RowProblemCode.NUL: N_("{name} 里有不能显示的 NUL 字符"),
    RowProblemCode.NOT_UNICODE: N_("{name} 里有残缺的字符，请用 UTF-8 重新保存"),
    RowProblemCode.TOO_LONG: N_("{name} 太长，最多 100000 个字"),
    RowProblemCode.TOO_LONG_TO_MARK: N_("{name} 太长，标词的文字最多 3000 个字，请分成几段"),
    RowProblemCode.NOT_PICTURE: N_("{name} 不是图片，请把图片打成 zip 上传"),
}

RESULT_SENTENCES: dict[ResultProblemCode, str] = {
    ResultProblemCode.NOT_REGIONS: N_("答案的格式不对。请刷新页面，再选一次。"),
    ResultProblemCode.NOTHING_CHOSEN: N_("还没有选。请选一个，再提交。"),
    ResultProblemCode.ONE_ONLY: N_("只能选一个。请留下一个，再提交。"),
    ResultProblemCode.UNKNOWN_CHOICE: N_("没有“{choice}”这个选项。请刷新页面，再选一次。"),
    ResultProblemCode.UNKNOWN_CONTROL: N_("答案不是这道题的。请刷新页面，再选一次。"),
    ResultProblemCode.NO_SPAN: N_("还没有标。没有要标的，请勾“没有要标的”，再提交。"),
    ResultProblemCode.SPAN_OUTSIDE: N_("第 {number} 处的位置不在原文里。请刷新页面，再标一次。"),
    ResultProblemCode.SPAN_LABEL: N_("每一处要有一个标签，不能多，也不能少。"),
    ResultProblemCode.SPAN_NOT_FOUND: N_("原文里没有第 {number} 处“{words}”。请照原文写，再标一次。"),
    ResultProblemCode.SPAN_UNNAMED: N_("写了要标的词，还没有选标签。请选一个标签，再标一次。"),
    ResultProblemCode.SPAN_ACROSS: N_("第 {number} 处“{words}”跨了两段，这篇要分段标。请改到一段里。"),
    ResultProblemCode.TOO_MANY_SPANS: N_("一段文字最多标 {limit} 处。请删去一些，再提交。"),
    ResultProblemCode.NO_BOX: N_("还没有画框。请画一个；图里没有要画的，就选“图里没有要画的”，再提交。"),
    ResultProblemCode.BOX_NUMBERS: N_("第 {number} 个框的左、上、宽、高要都填数字。请改好，再提交。"),
    ResultProblemCode.BOX_OUTSIDE: N_(
        "第 {number} 个框出了图片。图片宽 {width}，高 {height} 像素，请改小一点，再提交。"
    ),
    ResultProblemCode.BOX_UNNAMED: N_("第 {number} 个框还没有标签。请选一个，再提交。"),
    ResultProblemCode.BOX_LABEL: N_("每个框要有一个标签，不能多，也不能少。"),
    ResultProblemCode.BOX_TURNED: N_("这里只画不转的框。请把 rotation 改成 0，再提交。"),
    ResultProblemCode.TOO_MANY_BOXES: N_("一张图最多 {limit} 个框。请删去一些，再提交。"),
}


@dataclass(frozen=True)
class RowProblem:
    """Why a row cannot become an item."""

    code: RowProblemCode
    name: str

    @property
    def template(self) -> str:
        return ROW_SENTENCES[self.code]

    def __str__(self) -> str:
        return self.template.format(name=self.name)


class ResultRefused(Exception):
    """An answer that the label config does not allow."""

    def __init__(self, code: ResultProblemCode, **arguments: Any) -> None:
        self.code, self.arguments = code, arguments
        super().__init__(self.template.format(**arguments))

    @property
    def template(self) -> str:
        return RESULT_SENTENCES[self.code]


class TaskTemplate(Protocol):
    """One task type. All methods but `check_config` want a config that `check_config` found nothing wrong with.

    An answer has three forms. Its *result* is Label Studio's regions, which are stored and delivered. Its *labels*
    are what it says (`leye_task_templates.consensus.Labels`), by which answers are combined and compared. Its
    *entries* are what its form posts: the values of all fields named `choice`, in the order of the page; the tool
    begins with them too. `validate_result`, `result_of` and `result_from_form` give a result in its canonical form;
    of canonical results, `result_of` is the inverse of `labels_of`, `result_from_form` of `form_entries`.

    Beside `template.py` the folder has `form.html` (the answer's fields), `tool.mjs` (pure state and commands) and
    `review.html` (macros `item`, `answer` and `fix`: how a reviewer sees the task, one answer, and mends it).
    """

    name: str
    """The folder's name; stored with projects, so it never changes."""
    title: str
    """Chinese source text, for gettext."""
    needs: frozenset[Need]
    units: tuple[str, ...]
    """What a price may count, the usual one first."""
    seconds_hint: float
    """How many seconds one micro-task takes, until there are measurements."""

    def check_config(self, config: LabelConfig) -> list[Problem]:
        """What this type cannot use of an otherwise valid config."""

    def validate_row(self, config: LabelConfig, data: Mapping[str, Any]) -> list[RowProblem]:
        """Why a row cannot become an item; empty where it can."""

    def split(self, config: LabelConfig, data: Mapping[str, Any]) -> list[dict[str, Any]]:
        """An item's micro-tasks, by their contents: what `view` shows of each.

        A type that cuts what is too much for one sitting does so in `parts` (leye_task_templates.splitting).
        """

    def merge(self, results: Sequence[Result]) -> Result:
        """The item's annotation from its micro-tasks' decided results: the inverse of `split`."""

    def view(self, config: LabelConfig, content: Content) -> dict[str, Any]:
        """What the page and the API show of a micro-task, as plain JSON.

        Every view has `texts` (what is read: `{name, value, heading}`, perhaps none) and `required` (whether an
        answer of nothing is refused).
        """

    def commands(self, view: Mapping[str, Any], translate: Callable[[str], str]) -> list[Command]:
        """The tool's commands at such a view; the bar's own five aside."""

    def consensus(self, config: LabelConfig) -> Consensus:
        """How the answers of a project combine."""

    def validate_result(self, config: LabelConfig, content: Content, result: object) -> Result:
        """The canonical form of a submitted result.

        Raises ResultRefused.
        """

    def result_from_form(self, config: LabelConfig, content: Content, entries: Sequence[str]) -> Result:
        """The result that a form posts.

        Raises ResultRefused.
        """

    def form_entries(self, config: LabelConfig, result: Result) -> list[str]:
        """A canonical result as its form shows it."""

    def gold_result(self, config: LabelConfig, content: Content, given: Sequence[Any]) -> Result:
        """The known answer of a gold item as a batch file gives it: Label Studio's regions, or a shorter writing.

        Raises ResultRefused.
        """

    def labels_of(self, config: LabelConfig, result: Result) -> Labels:
        """What a canonical result says."""

    def result_of(self, config: LabelConfig, content: Content, labels: Labels) -> Result:
        """The canonical result that says this."""

    def describe(self, config: LabelConfig, result: Result) -> str:
        """A result in a few words, for pages."""

    def one_class(self, config: LabelConfig) -> bool:
        """Whether an answer is exactly one class, so that it can be taken for another."""

    def by_class(self, config: LabelConfig, result: Result) -> dict[str, Result]:
        """The classes in a result, in words, each with the part of the result that says it. For reports."""

    def cell(self, config: LabelConfig, result: Result) -> str:
        """A result in one cell of a partner's table."""

    def quantity(self, unit: str, result: Result) -> int:
        """How many units the price counts in a decided item."""
