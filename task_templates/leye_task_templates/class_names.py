"""The classes that a label config names, and results in which they are called otherwise. Pure."""

from collections.abc import Mapping
from typing import Any

from leye_task_templates.label_config import Choice, LabelConfig
from leye_task_templates.template import Result


def classes_of(config: LabelConfig) -> tuple[Choice, ...]:
    """Every class once, by its value, in the config's order."""
    listed = [control.choices for control in config.controls] + [control.labels for control in config.labellings]
    found: dict[str, Choice] = {}
    for choices in listed:
        for choice in choices:
            found.setdefault(choice.value, choice)
    return tuple(found.values())


def renamed(result: Result, names: Mapping[str, str]) -> Result:
    """A canonical result with its classes called by other names; a class without one keeps its own.

    Label Studio keeps a region's classes in its value, under the region's type (labelstud.io/guide/task_format).
    """
    return [_renamed(region, names) for region in result] if names else result


def _renamed(region: dict[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    kind, value = region["type"], region["value"]
    if not isinstance(value.get(kind), list):
        return region  # a text, say: it has no class
    return region | {"value": value | {kind: [names.get(name, name) for name in value[kind]]}}
