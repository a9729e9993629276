"""A label config's problems as sentences by field, for forms and the API."""

from collections.abc import Callable

from leye_platform.errors import N_
from leye_task_templates.label_config import LabelConfigRefused, parse_label_config
from leye_task_templates.registry import TaskTypeUnknown, template_named, templates

USUAL = "text_classification"


def task_type_for(label_config: str) -> str:
    """The task type that can use a config; the usual one, which then says what is wrong, where none can."""
    try:
        config = parse_label_config(label_config)
    except LabelConfigRefused:
        return USUAL
    return next((name for name, template in templates().items() if not template.check_config(config)), USUAL)


def problems_of_config(task_type: str, label_config: str, translate: Callable[[str], str] = str) -> dict[str, str]:
    """Empty where a project can be made of it."""
    try:
        template = template_named(task_type)
    except TaskTypeUnknown:
        return {"task_type": translate(N_("没有这种任务类型。请从列表里选一种。"))}
    try:
        found = template.check_config(parse_label_config(label_config))
    except LabelConfigRefused as refused:
        found = refused.problems
    sentences = [translate(problem.template).format(**problem.arguments) for problem in found]
    return {"label_config": " ".join(sentences)} if found else {}
