"""The workbench's finite commands, as a page lists them for keys, buttons and outside drivers."""

from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from leye_platform.errors import N_
from leye_task_templates.template import Command, TaskTemplate

BAR = (
    ("undo", N_("撤销"), "Z"),
    ("skip", N_("跳过"), "S"),
    ("help", N_("求助"), "H"),
    ("leave", N_("保存离开"), "Q"),
    ("submit", N_("提交"), "Enter"),
)
"""The five commands of the bar, in their fixed order: command, label, key."""
SPARE = {"submit": "T"}
"""The key of a bar's command where a tool needs its own, if only in a part of the page: a key means one thing."""

KEY_NAMES = {"ArrowLeft": "←", "ArrowRight": "→", "ArrowUp": "↑", "ArrowDown": "↓", "Escape": "Esc"}
NUMBERED = {"choose": N_("选第几个"), "cell": N_("选第几格"), "label": N_("用第几个标签")}
"""What the digits do, by the first word of their commands."""
ANY_LABELS = tuple({"value": str(n), "label": str(n), "hint": "", "key": str(n)} for n in range(1, 10))


class KeyRow(NamedTuple):
    """Keys and what they do: `("1", "9")` stands for all from the one to the other."""

    keys: tuple[str, ...]
    does: str


def bar_commands(gettext: Callable[[str], str]) -> list[dict[str, str]]:
    """The bar's five commands in the reader's language."""
    return [{"command": command, "label": gettext(label), "key": key} for command, label, key in BAR]


def tool_commands(
    template: TaskTemplate,
    view: Mapping[str, Any],
    gettext: Callable[[str], str],
    *,
    clear: bool = False,
    without: Collection[str] = (),
    said: Mapping[str, str] = MappingProxyType({}),
) -> list[dict[str, str]]:
    """The commands of a task type's tool at such a view, then the bar's five; of the bar all but `without`.

    clear: whether the page has a button that takes everything away, as it has where a proposal is shown. said: what
    commands of the bar are called here, where it is something else, as source texts.
    """
    commands = template.commands(view, gettext)
    if clear:
        commands.append(Command("clear", gettext(N_("全部去掉"))))
    own = [{name: said for name, said in command._asdict().items() if said or name != "within"} for command in commands]
    taken = {command["key"] for command in own if command.get("key")}
    bar = [
        one | {"key": SPARE.get(one["command"], "")} if one["key"] in taken else one for one in bar_commands(gettext)
    ]
    for one in bar:
        if words := said.get(one["command"]):
            one["label"] = gettext(words)
    return own + [one for one in bar if one["command"] not in without]


def key_rows(template: TaskTemplate, gettext: Callable[[str], str]) -> list[KeyRow]:
    """The keys of a task type with any labels, then the bar's, as a reader sees them; digits in one row."""
    view = {"choices": ANY_LABELS, "labels": ANY_LABELS}
    rows: list[KeyRow] = []
    for command in tool_commands(template, view, gettext):
        key, (name, *_) = command.get("key", ""), command["command"].split()
        if key.isdigit() and name in NUMBERED:
            row = KeyRow(("1", "9"), gettext(NUMBERED[name]))
            rows += [row] if row not in rows else []
        elif key:
            rows.append(KeyRow(tuple(KEY_NAMES.get(part, part) for part in key.split("+")), command["label"]))
    return rows
