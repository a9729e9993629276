"""Named-entity spans in one text, by Label Studio's Labels. A long text is cut into passages where the project says so.

Spans may overlap or lie in one another, as in Label Studio; the same span twice with one label is one. Positions count
code points (see segment.py).
"""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any

from leye_task_templates.consensus import Consensus, Labels
from leye_task_templates.label_config import LabelConfig, LabelsControl, Problem
from leye_task_templates.named_entities.long_texts import cut_spans, join_spans, text_contents
from leye_task_templates.named_entities.segment import pieces, visible
from leye_task_templates.problems import N_, readable
from leye_task_templates.span_consensus import SpanConsensus
from leye_task_templates.splitting import SplitRule
from leye_task_templates.template import (
    KEYS,
    Command,
    Content,
    Need,
    Result,
    ResultProblemCode,
    ResultRefused,
    RowProblem,
    RowProblemCode,
)
from leye_task_templates.text_rows import RESERVED, row_problem

LONGEST = 3000  # characters: each is a thing to press on the page
MOST_SPANS = 500
IN_WORDS = 5
"""How many spans a sentence lists."""
LONGEST_QUOTE = 20  # characters
SPAN, QUOTE, NONE = "span ", "quote", "none"
"""What the entries of a form begin with: a span that stands; three fields that follow, which mark one more (its words,
which of their places, its label); and that there is nothing to mark."""
TOKENS = "tokens"
"""The element that holds the words; the keys that move among them live only there."""


class ConfigProblemCode(StrEnum):
    LABELS_ONLY = "labels_only"
    ONE_TEXT_ONLY = "one_text_only"
    RESERVED_VARIABLE = "reserved_variable"


CONFIG_SENTENCES: dict[ConfigProblemCode, str] = {
    ConfigProblemCode.LABELS_ONLY: N_("标实体只用一个 Text 和一个 Labels。别的控件请放到别的项目里。"),
    ConfigProblemCode.ONE_TEXT_ONLY: N_("标实体一次只看一段文字，现在有 {count} 个 Text。请分成几个项目。"),
    ConfigProblemCode.RESERVED_VARIABLE: N_("变量名 {name} 是平台保留的。请换一个名字。"),
}


class NamedEntities:
    """See `leye_task_templates.template.TaskTemplate` for what each method promises."""

    name = "named_entities"
    title = N_("实体标注")
    needs = frozenset({Need.READ})
    units: tuple[str, ...] = ("item", "object")
    seconds_hint = 40.0
    mended = frozenset({RowProblemCode.TOO_LONG_TO_MARK})

    def check_config(self, config: LabelConfig) -> list[Problem]:
        problems = []
        tags = [labelling.tag for labelling in config.labellings]
        if config.controls or config.images or tags != ["Labels"]:
            problems.append(_problem(ConfigProblemCode.LABELS_ONLY))
        if len(config.texts) > 1:
            problems.append(_problem(ConfigProblemCode.ONE_TEXT_ONLY, count=len(config.texts)))
        reserved = [name for name in config.variables if name in RESERVED]
        return problems + [_problem(ConfigProblemCode.RESERVED_VARIABLE, name=name) for name in reserved]

    def validate_row(self, config: LabelConfig, data: Mapping[str, Any]) -> list[RowProblem]:
        name = config.texts[0].variable
        if (problem := row_problem(name, data)) is not None:
            return [problem]
        return [RowProblem(RowProblemCode.TOO_LONG_TO_MARK, name)] if len(data[name]) > LONGEST else []

    def split(self, config: LabelConfig, data: Mapping[str, Any]) -> list[dict[str, Any]]:
        return [{name: data[name] for name in config.variables}]

    def merge(self, results: Sequence[Result]) -> Result:
        return [region for result in results for region in result]

    def parts(self, config: LabelConfig, data: Mapping[str, Any], rule: SplitRule) -> list[dict[str, Any]]:
        """See `leye_task_templates.splitting.SplitsItems`."""
        return text_contents(config.texts[0].variable, data, rule, LONGEST) or self.split(config, data)

    def whole(self, config: LabelConfig, data: Mapping[str, Any], contents: Sequence[Content]) -> dict[str, Any]:
        return self.split(config, data)[0]

    def cut(self, config: LabelConfig, contents: Sequence[Content], result: Result) -> list[Result]:
        given = [region["value"] for region in result]
        spans = cut_spans(contents, [(value["start"], value["end"], value["labels"][0]) for value in given])
        if isinstance(spans, int):
            words = quoted(given[spans]["text"])
            raise ResultRefused(ResultProblemCode.SPAN_ACROSS, number=spans + 1, words=words)
        return [self._result(config, content, own) for content, own in zip(contents, spans, strict=True)]

    def join(self, config: LabelConfig, contents: Sequence[Content], results: Sequence[Result]) -> Result:
        values = join_spans(contents, [[region["value"] for region in result] for result in results])
        return [_region(config.labellings[0], number, value) for number, value in enumerate(values, start=1)]

    def view(self, config: LabelConfig, content: Content) -> dict[str, Any]:
        control, shown = config.labellings[0], config.texts[0]
        text = content[shown.variable]
        cut = pieces(text)
        return {
            "texts": [{"name": shown.name, "value": text, "heading": shown.heading}],
            "pieces": [piece.end - piece.start for piece in cut],
            "signs": {str(n): piece.shown for n, piece in enumerate(cut) if piece.shown},
            "question": control.question,
            "labels": [
                {"value": c.value, "label": c.label, "hint": c.hint, "key": KEYS[n] if n < len(KEYS) else ""}
                for n, c in enumerate(control.labels)
            ],
            "required": True,
            "control": control.name,
            "object": control.to_name,
        }

    def commands(self, view: Mapping[str, Any], translate: Callable[[str], str]) -> list[Command]:
        steps = {
            "left": (N_("上一个词"), "ArrowLeft"),
            "right": (N_("下一个词"), "ArrowRight"),
            "up": (N_("上一行"), "ArrowUp"),
            "down": (N_("下一行"), "ArrowDown"),
            "extend left": (N_("往前多选一个词"), "Shift+ArrowLeft"),
            "extend right": (N_("往后多选一个词"), "Shift+ArrowRight"),
            "extend up": (N_("往前多选一行"), "Shift+ArrowUp"),
            "extend down": (N_("往后多选一行"), "Shift+ArrowDown"),
            "mark": (N_("标上，再按一次去掉"), "Space"),
            "split": (N_("把词拆成字"), "X"),
        }
        moves = [Command(command, translate(label), key, TOKENS) for command, (label, key) in steps.items()]
        # The browser itself presses the word; the key is told so that nobody takes it for the one that submits.
        moves.append(Command("token N", translate(N_("选第 N 个词")), "Enter", TOKENS))
        moves.append(Command("cancel", translate(N_("不选了")), "Escape"))
        choose = [Command(f"label {n}", c["label"], c["key"]) for n, c in enumerate(view["labels"], start=1)]
        # N stands for a number: a long text has thousands of words.
        others = {
            "none": N_("没有要标的"),
            "edit N": N_("改第 N 处的标签"),
            "delete N": N_("删第 N 处"),
        }
        return [*moves, *choose, *(Command(command, translate(label)) for command, label in others.items())]

    def consensus(self, config: LabelConfig) -> Consensus:
        return SpanConsensus()

    def validate_result(self, config: LabelConfig, content: Content, result: object) -> Result:
        if not isinstance(result, list) or not all(isinstance(region, dict) for region in result):
            raise ResultRefused(ResultProblemCode.NOT_REGIONS)
        control = config.labellings[0]
        spans = []
        for region in result:
            ours = {"from_name": control.name, "to_name": control.to_name, "type": "labels"}
            if "from_name" not in region or any(region.get(key, value) != value for key, value in ours.items()):
                raise ResultRefused(ResultProblemCode.UNKNOWN_CONTROL)
            value = region.get("value")
            if not isinstance(value, dict):
                raise ResultRefused(ResultProblemCode.NOT_REGIONS)
            spans.append([value.get("start"), value.get("end"), _only_label(value.get("labels"))])
        return self._result(config, content, spans)

    def result_from_form(self, config: LabelConfig, content: Content, entries: Sequence[str]) -> Result:
        waiting = iter(entries)
        text, spans = content[config.texts[0].variable], []
        for entry in waiting:
            if entry == QUOTE:
                spans += _quoted_span(text, *(next(waiting, "") for _ in range(3)))
            elif entry.startswith(SPAN):
                start, end, label = [*entry.removeprefix(SPAN).split(" ", 2), "", ""][:3]
                spans.append([_whole(start), _whole(end), label])
            elif entry != NONE:
                raise ResultRefused(ResultProblemCode.NOT_REGIONS)
        if not spans and NONE not in entries:
            raise ResultRefused(ResultProblemCode.NO_SPAN)
        return self._result(config, content, spans)

    def form_entries(self, config: LabelConfig, result: Result) -> list[str]:
        values = [region["value"] for region in result]
        return [f"{SPAN}{value['start']} {value['end']} {value['labels'][0]}" for value in values] or [NONE]

    def gold_result(self, config: LabelConfig, content: Content, given: Sequence[Any]) -> Result:
        """See `TaskTemplate`. The shorter writing is `[start, end, label]` for each span."""
        if all(isinstance(one, list) for one in given):
            if any(len(one) != 3 for one in given):
                raise ResultRefused(ResultProblemCode.NOT_REGIONS)
            return self._result(config, content, [list(one) for one in given])
        return self.validate_result(config, content, list(given))

    def labels_of(self, config: LabelConfig, result: Result) -> Labels:
        known = _values(config.labellings[0])
        values = [region["value"] for region in result]
        return sorted([value["start"], value["end"], known.index(value["labels"][0])] for value in values)

    def result_of(self, config: LabelConfig, content: Content, labels: Labels) -> Result:
        known = _values(config.labellings[0])
        return self._result(config, content, [[start, end, known[kind]] for start, end, kind in labels])

    def describe(self, config: LabelConfig, result: Result) -> str:
        names = {choice.value: choice.label for choice in config.labellings[0].labels}
        told = [f"{quoted(region['value']['text'])}（{names[region['value']['labels'][0]]}）" for region in result]
        more = f"……（{len(told)}）" if len(told) > IN_WORDS else ""
        return "、".join(told[:IN_WORDS]) + more or "—"

    def one_class(self, config: LabelConfig) -> bool:
        return False

    def by_class(self, config: LabelConfig, result: Result) -> dict[str, Result]:
        names = {choice.value: choice.label for choice in config.labellings[0].labels}
        found: dict[str, Result] = {}
        for region in result:
            found.setdefault(names[region["value"]["labels"][0]], []).append(region)
        return found

    def cell(self, config: LabelConfig, result: Result) -> str:
        values = [region["value"] for region in result]
        return "|".join(f"{value['start']}-{value['end']} {value['labels'][0]} {value['text']}" for value in values)

    def quantity(self, unit: str, result: Result) -> int:
        return len(result) if unit == "object" else 1

    def _result(self, config: LabelConfig, content: Content, spans: Sequence[Sequence[Any]]) -> Result:
        """Canonical regions of `[start, end, label]`, in the order of the text.

        Raises ResultRefused.
        """
        control = config.labellings[0]
        text, order = content[config.texts[0].variable], _values(control)
        for number, (start, end, label) in enumerate(spans, start=1):
            if not _is_range(start, end, len(text)):
                raise ResultRefused(ResultProblemCode.SPAN_OUTSIDE, number=number)
            if label not in order:
                raise ResultRefused(ResultProblemCode.UNKNOWN_CHOICE, choice=readable(label))
        distinct = sorted({(start, end, order.index(label)) for start, end, label in spans})
        if len(distinct) > MOST_SPANS:
            raise ResultRefused(ResultProblemCode.TOO_MANY_SPANS, limit=MOST_SPANS)
        return [
            _region(control, number, {"start": start, "end": end, "text": text[start:end], "labels": [order[kind]]})
            for number, (start, end, kind) in enumerate(distinct, start=1)
        ]


def quoted(text: str) -> str:
    """A marked text, short, and with what cannot be seen in it named."""
    short = text if len(text) <= LONGEST_QUOTE else f"{text[: LONGEST_QUOTE - 1]}…"
    return visible(short)


def _region(control: LabelsControl, number: int, value: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": f"{control.name}-{number}",
        "from_name": control.name,
        "to_name": control.to_name,
        "type": "labels",
        "value": value,
    }


def _problem(code: ConfigProblemCode, **arguments: Any) -> Problem:
    return Problem(code, CONFIG_SENTENCES[code], arguments)


def _values(control: LabelsControl) -> tuple[str, ...]:
    """The labels in the config's order; classes count from 0 in it."""
    return tuple(label.value for label in control.labels)


def _only_label(labels: object) -> str:
    if not isinstance(labels, list) or len(labels) != 1 or not isinstance(labels[0], str):
        raise ResultRefused(ResultProblemCode.SPAN_LABEL)
    return labels[0]


def _is_range(start: object, end: object, length: int) -> bool:
    whole = type(start) is int and type(end) is int
    return whole and 0 <= start < end <= length  # type: ignore[operator]


def _quoted_span(text: str, words: str, place: str, label: str) -> list[list[Any]]:
    """The span of some words of the text at one of their places, counted from 1; none where no words are given.

    Raises ResultRefused.
    """
    words = words if words in text else words.strip()
    if not words:
        return []
    nth, start = max(1, _whole(place.strip() or "1")), -1
    for _ in range(nth):
        start = text.find(words, start + 1)
        if start < 0:
            raise ResultRefused(ResultProblemCode.SPAN_NOT_FOUND, number=nth, words=quoted(readable(words)))
    if not label:
        raise ResultRefused(ResultProblemCode.SPAN_UNNAMED)
    return [[start, start + len(words), label]]


def _whole(text: str) -> int:
    """A whole number of a form.

    Raises ResultRefused.
    """
    if not (text.isascii() and text.isdigit() and len(text) < 8):
        raise ResultRefused(ResultProblemCode.NOT_REGIONS)
    return int(text)


TEMPLATE = NamedEntities()
