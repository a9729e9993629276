"""Text classification, single or multiple choice. An item is one micro-task."""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any

from leye_quality.consensus import ConsensusKind
from leye_task_templates.class_consensus import ClassConsensus
from leye_task_templates.consensus import Consensus, Labels
from leye_task_templates.label_config import ChoicesControl, LabelConfig, Problem
from leye_task_templates.problems import N_, readable
from leye_task_templates.template import (
    KEYS,
    Command,
    Content,
    Need,
    Result,
    ResultProblemCode,
    ResultRefused,
    RowProblem,
)
from leye_task_templates.text_rows import RESERVED, row_problem


class ConfigProblemCode(StrEnum):
    ONE_CONTROL_ONLY = "one_control_only"
    TEXTS_ONLY = "texts_only"
    RESERVED_VARIABLE = "reserved_variable"


CONFIG_SENTENCES: dict[ConfigProblemCode, str] = {
    ConfigProblemCode.ONE_CONTROL_ONLY: N_("文本分类只用一个 Choices，现在有 {count} 个。请分成几个项目。"),
    ConfigProblemCode.TEXTS_ONLY: N_("文本分类只用 Text 和 Choices。要画框或标词，请选别的任务类型。"),
    ConfigProblemCode.RESERVED_VARIABLE: N_("变量名 {name} 是平台保留的。请换一个名字。"),
}


class TextClassification:
    """See `leye_task_templates.template.TaskTemplate` for what each method promises."""

    name = "text_classification"
    title = N_("文本分类")
    needs = frozenset({Need.READ})
    units: tuple[str, ...] = ("item",)
    seconds_hint = 10.0

    def check_config(self, config: LabelConfig) -> list[Problem]:
        problems = []
        if config.images or config.labellings:
            problems.append(_problem(ConfigProblemCode.TEXTS_ONLY))
        elif len(config.controls) != 1:
            problems.append(_problem(ConfigProblemCode.ONE_CONTROL_ONLY, count=len(config.controls)))
        reserved = [name for name in config.variables if name in RESERVED]
        return problems + [_problem(ConfigProblemCode.RESERVED_VARIABLE, name=name) for name in reserved]

    def validate_row(self, config: LabelConfig, data: Mapping[str, Any]) -> list[RowProblem]:
        return [problem for name in config.variables if (problem := row_problem(name, data)) is not None]

    def split(self, config: LabelConfig, data: Mapping[str, Any]) -> list[dict[str, Any]]:
        return [{name: data[name] for name in config.variables}]

    def merge(self, results: Sequence[Result]) -> Result:
        return [region for result in results for region in result]

    def view(self, config: LabelConfig, content: Content) -> dict[str, Any]:
        control = config.controls[0]
        return {
            "texts": [
                {"name": shown.name, "value": content[shown.variable], "heading": shown.heading}
                for shown in config.objects
            ],
            "question": control.question,
            "choices": [
                {"value": c.value, "label": c.label, "hint": c.hint, "key": KEYS[n] if n < len(KEYS) else ""}
                for n, c in enumerate(control.choices)
            ],
            "multiple": control.multiple,
            "required": _required(control),
            "control": control.name,
            "object": control.to_name,
        }

    def commands(self, view: Mapping[str, Any], translate: Callable[[str], str]) -> list[Command]:
        return [Command(f"choose {n}", c["label"], c["key"]) for n, c in enumerate(view["choices"], start=1)]

    def consensus(self, config: LabelConfig) -> Consensus:
        kind = ConsensusKind.MULTIPLE if config.controls[0].multiple else ConsensusKind.SINGLE
        return ClassConsensus(kind, len(config.controls[0].choices))

    def validate_result(self, config: LabelConfig, content: Content, result: object) -> Result:
        if not isinstance(result, list) or not all(isinstance(region, dict) for region in result):
            raise ResultRefused(ResultProblemCode.NOT_REGIONS)
        control = config.controls[0]
        chosen: list[str] = []
        for region in result:
            ours = {"from_name": control.name, "to_name": control.to_name, "type": "choices"}
            if "from_name" not in region or any(region.get(key, value) != value for key, value in ours.items()):
                raise ResultRefused(ResultProblemCode.UNKNOWN_CONTROL)
            value = region.get("value")
            names = value.get("choices") if isinstance(value, dict) else None
            if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
                raise ResultRefused(ResultProblemCode.NOT_REGIONS)
            chosen += names
        return self.result_from_form(config, content, chosen)

    def result_from_form(self, config: LabelConfig, content: Content, entries: Sequence[str]) -> Result:
        control = config.controls[0]
        known = _values(control)
        wanted = set(entries)
        if unknown := sorted(wanted.difference(known)):
            raise ResultRefused(ResultProblemCode.UNKNOWN_CHOICE, choice=readable(unknown[0]))
        if not wanted and _required(control):
            raise ResultRefused(ResultProblemCode.NOTHING_CHOSEN)
        if len(wanted) > 1 and not control.multiple:
            raise ResultRefused(ResultProblemCode.ONE_ONLY)
        return _regions(control, [name for name in known if name in wanted])

    def form_entries(self, config: LabelConfig, result: Result) -> list[str]:
        return [name for region in result for name in region["value"]["choices"]]

    def gold_result(self, config: LabelConfig, content: Content, given: Sequence[Any]) -> Result:
        if all(isinstance(name, str) for name in given):
            return self.result_from_form(config, content, given)
        return self.validate_result(config, content, list(given))

    def labels_of(self, config: LabelConfig, result: Result) -> Labels:
        known = _values(config.controls[0])
        return sorted(known.index(name) for name in self.form_entries(config, result))

    def result_of(self, config: LabelConfig, content: Content, labels: Labels) -> Result:
        known = _values(config.controls[0])
        return _regions(config.controls[0], [known[index] for index in sorted(labels)])

    def describe(self, config: LabelConfig, result: Result) -> str:
        chosen = self.labels_of(config, result)
        return "、".join(c.label for n, c in enumerate(config.controls[0].choices) if n in chosen) or "—"

    def one_class(self, config: LabelConfig) -> bool:
        return not config.controls[0].multiple

    def by_class(self, config: LabelConfig, result: Result) -> dict[str, Result]:
        words = {choice.value: choice.label for choice in config.controls[0].choices}
        return {words[name]: _regions(config.controls[0], [name]) for name in self.form_entries(config, result)}

    def cell(self, config: LabelConfig, result: Result) -> str:
        return "|".join(self.form_entries(config, result))

    def quantity(self, unit: str, result: Result) -> int:
        return 1


def _problem(code: ConfigProblemCode, **arguments: Any) -> Problem:
    return Problem(code, CONFIG_SENTENCES[code], arguments)


def _values(control: ChoicesControl) -> tuple[str, ...]:
    """The classes in the config's order; labels count from 0 in it."""
    return tuple(choice.value for choice in control.choices)


def _required(control: ChoicesControl) -> bool:
    """Whether something must be chosen. Of a single choice always: consensus has no class for nothing."""
    return control.required or not control.multiple


def _regions(control: ChoicesControl, chosen: list[str]) -> Result:
    if not chosen:
        return []
    return [
        {
            "id": control.name,
            "from_name": control.name,
            "to_name": control.to_name,
            "type": "choices",
            "value": {"choices": chosen},
        }
    ]


TEMPLATE = TextClassification()
