"""Where static files lie: the site's own, and each task type's module. Styles, and the workbench, travel as one."""

import os
import re
from functools import cache
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

import leye_task_templates
from leye_platform.web.bundle import bundle

TASK_TYPES = Path(leye_task_templates.__file__).parent
SITE = Path(__file__).parent / "static"
MODULES = sorted(folder for folder in TASK_TYPES.iterdir() if (folder / "tool.mjs").is_file())
KEPT = {"cache-control": "max-age=31536000, immutable"}
"""For what has another address after every change."""
STYLES = ("tokens.css", "components.css")
SITE_STYLES = "site.css"
WORKBENCH = "workbench.mjs"
WORKBENCH_ENTRIES = ("workbench/workbench.mjs", "workbench/rest_reminder.mjs")
SERVED = (".css", ".mjs", ".svg", ".woff2")
STATIC_FOLDERS = {f"/static/task_templates/{folder.name}": folder for folder in MODULES} | {"/static": SITE}


class ServedFiles(StaticFiles):
    """The files of a folder that pages ask for; a task type's Python and catalogues lie beside them and stay here."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        made = {SITE_STYLES: site_styles, WORKBENCH: workbench_modules}.get(path)
        return made() if made else await super().get_response(path, scope)

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        return super().lookup_path(path) if path.endswith(SERVED) else ("", None)


def styles_address() -> str:
    """Where pages find all styles; another address after every change, so that browsers may keep what they have."""
    return f"/static/{SITE_STYLES}?{_changed(*STYLES):x}"


def site_styles() -> Response:
    """All styles in one answer."""
    return Response(_packed_styles(_changed(*STYLES)), media_type="text/css", headers=KEPT)


def workbench_address() -> str:
    """Where a page finds the workbench's modules, as styles_address for styles."""
    return f"/static/{WORKBENCH}?{_changed('.', 'workbench'):x}"


def workbench_modules() -> Response:
    """The workbench's modules in one answer."""
    return Response(_packed_modules(_changed(".", "workbench")), media_type="text/javascript", headers=KEPT)


@cache
def _packed_modules(_changed: int) -> str:
    return bundle(*(SITE / entry for entry in WORKBENCH_ENTRIES))


def _changed(*names: str) -> int:
    """When one of these files changed last, or one of the modules in these folders (nanoseconds)."""
    files = [file for name in names for file in ([SITE / name] if "." in name[1:] else (SITE / name).glob("*.mjs"))]
    return max(file.stat().st_mtime_ns for file in files)


@cache
def _packed_styles(_changed: int) -> str:
    return without_comments("".join((SITE / name).read_text(encoding="utf-8") for name in STYLES))


def without_comments(styles: str) -> str:
    """Style rules without comments and needless space; nothing in quotes holds either."""
    styles = re.sub(r"/\*.*?\*/", "", styles, flags=re.DOTALL)
    styles = re.sub(r"\s+", " ", styles)
    return re.sub(r" ?([{};,]) ?", r"\1", styles).replace(": ", ":").replace(";}", "}").strip()
