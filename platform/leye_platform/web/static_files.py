"""Where static files lie: the site's own, and each task type's. What belongs together travels as one."""

import os
import re
from functools import cache
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

import leye_task_templates
from leye_platform.web.bundle import bundle
from leye_platform.web.packing import packed_once

TASK_TYPES = Path(leye_task_templates.__file__).parent
SITE = Path(__file__).parent / "static"
MODULES = sorted(folder for folder in TASK_TYPES.iterdir() if (folder / "tool.mjs").is_file())
KEPT = {"cache-control": "max-age=31536000, immutable"}
"""For what has another address after every change."""
WORKBENCH = "workbench.mjs"
SERVED = (".css", ".mjs", ".svg", ".woff2")
STATIC_FOLDERS = {f"/static/task_templates/{folder.name}": folder for folder in MODULES} | {"/static": SITE}
ASSETS: dict[str, list[Path]] = {
    "site.css": [SITE / "tokens.css", SITE / "components.css"],
    WORKBENCH: [SITE / "workbench" / "workbench.mjs", SITE / "workbench" / "rest_reminder.mjs"],
}
"""Names below /static, and the files that each begins with: a module's imports come with it."""
ASSETS |= {path.relative_to(SITE).as_posix(): [path] for path in SITE.rglob("*.mjs")}
for _folder in MODULES:
    ASSETS |= {f"task_templates/{_folder.name}/{path.name}": [path] for path in _folder.glob("*.css")}
    ASSETS[f"task_templates/{_folder.name}/tool.mjs"] = [_folder / "tool.mjs"]


class ServedFiles(StaticFiles):
    """The files of a folder that pages ask for; a task type's Python and catalogues lie beside them and stay here."""

    def __init__(self, prefix: str, folder: Path) -> None:
        super().__init__(directory=folder)
        self.prefix = prefix

    async def get_response(self, path: str, scope: Scope) -> Response:
        name = f"{self.prefix}/{path}".removeprefix("/static/")
        if name not in ASSETS or scope["method"] not in {"GET", "HEAD"}:
            return await super().get_response(path, scope)
        # Packing as small as can be takes some 50 ms, once: others are served meanwhile.
        return await run_in_threadpool(asset, name, Headers(scope=scope).get("accept-encoding", ""))

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        return super().lookup_path(path) if path.endswith(SERVED) else ("", None)


def asset_address(name: str) -> str:
    """Where pages find an asset; another address after every change, so that browsers may keep what they have."""
    return f"/static/{name}?{_changed(name):x}"


def asset(name: str, accept_encoding: str = "") -> Response:
    """One of ASSETS: what is made of several files, or made smaller, in one answer."""
    content, headers = packed_once(_made(name, _changed(name)), accept_encoding)
    kind = "text/css" if name.endswith(".css") else "text/javascript"
    return Response(content, media_type=kind, headers=KEPT | headers)


def _changed(name: str) -> int:
    """When one of the files that an asset may be made of changed last (nanoseconds)."""
    files = ASSETS[name]
    if name.endswith(".mjs"):
        files = [path for folder in {SITE, *(file.parent for file in files)} for path in folder.glob("*.mjs")]
    return max(file.stat().st_mtime_ns for file in files)


@cache
def _made(name: str, _changed: int) -> bytes:
    if name.endswith(".css"):
        return without_comments("".join(path.read_text(encoding="utf-8") for path in ASSETS[name])).encode()
    entries = [_address_of(path) for path in ASSETS[name]]
    return bundle(*entries, file_of=_file_of, exported=name != WORKBENCH).encode()


def _file_of(address: str) -> Path:
    folder = next(prefix for prefix in STATIC_FOLDERS if address.startswith(prefix + "/"))
    return STATIC_FOLDERS[folder] / address.removeprefix(folder + "/")


def _address_of(path: Path) -> str:
    prefix, folder = next(pair for pair in STATIC_FOLDERS.items() if path.is_relative_to(pair[1]))
    return f"{prefix}/{path.relative_to(folder).as_posix()}"


def without_comments(styles: str) -> str:
    """Style rules without comments and needless space; nothing in quotes holds either."""
    styles = re.sub(r"/\*.*?\*/", "", styles, flags=re.DOTALL)
    styles = re.sub(r"\s+", " ", styles)
    return re.sub(r" ?([{};,]) ?", r"\1", styles).replace(": ", ":").replace(";}", "}").strip()
