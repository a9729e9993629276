"""Which modules a module needs, so that a page names them all at once: on a thin line each wave of requests counts."""

import re
from functools import cache
from pathlib import Path
from posixpath import dirname, normpath

from leye_platform.web.static_files import STATIC_FOLDERS

_IMPORT = re.compile(r'^(?:import|export)[^;"\']*?["\'](\.{1,2}/[^"\']+)["\']', re.MULTILINE)


@cache
def modules_of(*addresses: str) -> tuple[str, ...]:
    """The addresses of everything that modules at these addresses import, themselves aside, nearest first."""
    found: dict[str, None] = {}
    waiting = list(addresses)
    while waiting:
        address = waiting.pop(0)
        for wanted in _IMPORT.findall(_file_of(address).read_text(encoding="utf-8")):
            target = normpath(f"{dirname(address)}/{wanted}")
            if target not in found and target not in addresses:
                found[target] = None
                waiting.append(target)
    return tuple(found)


def _file_of(address: str) -> Path:
    folder = next(prefix for prefix in STATIC_FOLDERS if address.startswith(prefix + "/"))
    return STATIC_FOLDERS[folder] / address.removeprefix(folder + "/")
