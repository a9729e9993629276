"""Finds the task types: every folder of this package that holds a `template.py`."""

from functools import cache
from importlib import import_module
from pathlib import Path

from leye_task_templates.template import TaskTemplate


class TaskTypeUnknown(LookupError):
    """No task type of that name."""


@cache
def templates() -> dict[str, TaskTemplate]:
    """Every task type by its name, which is its folder's."""
    found: dict[str, TaskTemplate] = {}
    for path in sorted(Path(__file__).parent.glob("*/template.py")):
        name = path.parent.name
        found[name] = import_module(f"{__package__}.{name}.template").TEMPLATE
    return found


def template_named(name: str) -> TaskTemplate:
    """The task type of that name.

    Raises TaskTypeUnknown.
    """
    try:
        return templates()[name]
    except KeyError:
        raise TaskTypeUnknown(f"{name}; known are {', '.join(templates())}") from None
