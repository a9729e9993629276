"""Several modules as one, for thin lines: each request costs a turn of the line and a head of its own. Pure.

Only what our modules use is understood: named imports from relative files, and exports before a declaration. Each
module keeps a scope of its own; whole-line comments stay behind.
"""

import re
from pathlib import Path

_IMPORT = re.compile(r'^import \{([^}]*)\} from "(\.{1,2}/[^"]+)";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async function|function|class|const) (\w+))", re.MULTILINE)
_OTHER = re.compile(r"^(?:import\b(?!\()|export\b).*$", re.MULTILINE)
_COMMENT = re.compile(r"^[ \t]*//[^\n]*\n|^[ \t]*/\*\*(?:(?!\*/).)*\*/[ \t]*\n", re.MULTILINE | re.DOTALL)
_PART_OF_A_LINE = re.compile(r"/\*\* @type .*?\*/ ?")


class CannotBundle(Exception):
    """A module says import or export in a way that is not understood, or modules need each other."""


def bundle(*entries: Path) -> str:
    """One module that runs the entries and all they import, each once, what is needed first.

    Raises CannotBundle.
    """
    order: list[Path] = []
    for entry in entries:
        _visit(entry.resolve(), order, ())
    numbers = {path: number for number, path in enumerate(order)}
    return "const _m = [];\n" + "".join(_scope(path, numbers) for path in order)


def _visit(path: Path, order: list[Path], above: tuple[Path, ...]) -> None:
    if path in above:
        raise CannotBundle(f"{path.name} and {above[-1].name} need each other")
    if path in order:
        return
    for _names, needed in _IMPORT.findall(path.read_text(encoding="utf-8")):
        _visit((path.parent / needed).resolve(), order, (*above, path))
    order.append(path)


def _scope(path: Path, numbers: dict[Path, int]) -> str:
    text = path.read_text(encoding="utf-8")
    names = _EXPORT.findall(text)
    text = _EXPORT.sub("", text)
    text = _IMPORT.sub(lambda found: _taken(found, path, numbers), text)
    if other := _OTHER.search(text):
        raise CannotBundle(f"{path.name}: {other[0]}")
    text = _PART_OF_A_LINE.sub("", _COMMENT.sub("", text))
    return f"_m[{numbers[path]}] = (() => {{\n{text}return {{ {', '.join(names)} }};\n}})();\n"


def _taken(found: re.Match[str], path: Path, numbers: dict[Path, int]) -> str:
    needed = (path.parent / found[2]).resolve()
    return f"const {{{found[1].replace(' as ', ': ')}}} = _m[{numbers[needed]}];"
