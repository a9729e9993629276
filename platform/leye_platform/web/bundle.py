"""Several modules as one, for thin lines: each request costs a turn of the line and a head of its own. Pure.

Only what our modules use is understood: named imports from relative files, exports before a declaration, and lists of
names that are handed on. A declaration
exports one name. Each module keeps a scope of its own; whole-line comments stay behind.
"""

import re
from collections.abc import Callable
from pathlib import Path
from posixpath import dirname, normpath

_IMPORT = re.compile(r'^import \{([^}]*)\} from "(\.{1,2}/[^"]+)";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async function|function|class|const) (\w+))", re.MULTILINE)
_HANDED_ON = re.compile(r'^export \{( *\w+(?: *, *\w+)* *)\}(?: from "(\.{1,2}/[^"]+)")?;$', re.MULTILINE)
_OTHER = re.compile(r"^(?:import\b(?!\()|export\b).*$", re.MULTILINE)
_COMMENT = re.compile(r"^[ \t]*//[^\n]*\n|^[ \t]*/\*\*(?:(?!\*/).)*\*/[ \t]*\n", re.MULTILINE | re.DOTALL)
_PART_OF_A_LINE = re.compile(r"/\*\* @type .*?\*/ ?")


class CannotBundle(Exception):
    """A module says import or export in a way that is not understood, or modules need each other."""


def bundle(*entries: str, file_of: Callable[[str], Path] = Path, exported: bool = False) -> str:
    """One module that runs the entries and all they import, each once, what is needed first.

    Entries are addresses as browsers see them, and `file_of` says where such an address lies. `exported`: the one
    module exports what its last entry does.

    Raises CannotBundle.
    """
    order: dict[str, str] = {}
    for entry in entries:
        _visit(entry, order, (), file_of)
    numbers = {address: number for number, address in enumerate(order)}
    scopes = [_scope(address, text, numbers) for address, text in order.items()]
    if exported:
        names = _names(order[entries[-1]])
        scopes.append(f"export const {{ {', '.join(names)} }} = _m[{numbers[entries[-1]]}];\n")
    return "const _m = [];\n" + "".join(scopes)


def _visit(address: str, order: dict[str, str], above: tuple[str, ...], file_of: Callable[[str], Path]) -> None:
    if address in above:
        raise CannotBundle(f"{address} and {above[-1]} need each other")
    if address in order:
        return
    text = file_of(address).read_text(encoding="utf-8")
    for _names, needed in _IMPORT.findall(text) + [found for found in _HANDED_ON.findall(text) if found[1]]:
        _visit(_beside(address, needed), order, (*above, address), file_of)
    order[address] = text


def _beside(address: str, needed: str) -> str:
    return normpath(f"{dirname(address)}/{needed}")


def _scope(address: str, text: str, numbers: dict[str, int]) -> str:
    names = _names(text)
    text = _EXPORT.sub("", text)
    text = _IMPORT.sub(lambda found: _taken(found, address, numbers), text)
    text = _HANDED_ON.sub(lambda found: _taken(found, address, numbers) if found[2] else "", text)
    if other := _OTHER.search(text):
        raise CannotBundle(f"{address}: {other[0]}")
    text = _PART_OF_A_LINE.sub("", _COMMENT.sub("", text))
    return f"_m[{numbers[address]}] = (() => {{\n{text}return {{ {', '.join(names)} }};\n}})();\n"


def _names(text: str) -> list[str]:
    """What a module exports."""
    handed_on = [name.strip() for names, _ in _HANDED_ON.findall(text) for name in names.split(",")]
    return _EXPORT.findall(text) + handed_on


def _taken(found: re.Match[str], address: str, numbers: dict[str, int]) -> str:
    return f"const {{{found[1].replace(' as ', ': ')}}} = _m[{numbers[_beside(address, found[2])]}];"
