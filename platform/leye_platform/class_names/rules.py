"""What deliveries may call the classes of a project. Pure."""

import unicodedata
from collections.abc import Callable, Mapping, Sequence

from leye_platform.errors import N_
from leye_platform.projects.rules import storable_text
from leye_task_templates.problems import readable

PARTING = "|;"
"""What parts several labels in one cell of a CSV: in a name, it would make two of one."""
LONGEST_NAME = 200  # characters
_UNSEEN = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Unicode's categories of control signs, half pairs, and breaks of lines and paragraphs."""


def kept_names(classes: Sequence[str], given: Mapping[str, str]) -> dict[str, str]:
    """What of a map is kept: names without blanks around them, of the classes that they change."""
    trimmed = {known: given.get(known, "").strip() for known in classes}
    return {known: name for known, name in trimmed.items() if name not in {"", known}}


def names_in_force(classes: Sequence[str], kept: Mapping[str, str]) -> dict[str, str]:
    """Every class with its name in deliveries."""
    return {known: kept.get(known, known) for known in classes}


def problems_of_names(
    classes: Sequence[str], given: Mapping[str, str], translate: Callable[[str], str] = str
) -> dict[str, str]:
    """A sentence for each class whose wanted name wants a change; for each that the project does not have.

    Two classes of one name would be merged where nobody can part them again, so that is refused at the second. A
    class that keeps its own name holds it against all others; two that change names with each other are fine.
    """
    unknown = translate(N_("项目里没有“{name}”这个标签。请照标签配置写。"))
    strange = [name for name in given if name not in set(classes)]
    found = {storable_text(name): unknown.format(name=readable(name)) for name in strange}
    kept = kept_names(classes, given)
    holders = {known: known for known in classes if known not in kept}
    for known, name in kept.items():
        if problem := _problem_of_name(name, translate):
            found[known] = problem
        elif (holder := holders.setdefault(name, known)) != known:
            words = translate(N_("“{first}”和“{second}”会都叫“{name}”，交付以后分不开。请换一个名字。"))
            found[known] = words.format(first=holder, second=known, name=name)
    return found


def _problem_of_name(name: str, translate: Callable[[str], str]) -> str:
    if len(name) > LONGEST_NAME:
        return translate(N_("名字太长，最多 {limit} 个字。请改短一些。")).format(limit=LONGEST_NAME)
    if parting := next((sign for sign in PARTING if sign in name), None):
        return translate(N_("名字里不能有“{sign}”：CSV 用它隔开几个标签。请换一个写法。")).format(sign=parting)
    if any(unicodedata.category(sign) in _UNSEEN for sign in name):
        return translate(N_("名字里有看不见的控制符或者换行。请删掉，再保存。"))
    return ""
