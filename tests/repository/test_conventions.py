"""The repository tests itself: what CONTRIBUTING.md asks of every change is held here."""

import ast
import importlib
import pkgutil
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import leye_platform
from leye_platform.accounts.rules import Role
from leye_platform.errors import LeyeError, code_of
from leye_platform.outbox import JobName
from leye_platform.permissions import GRANTS, Permission
from leye_workers.jobs.registry import JOBS

ROOT = Path(__file__).parents[2]
PACKAGES = ("platform", "workers", "task_templates", "quality", "storage")
LONGEST_FILE = 400  # lines
LONGER_BY_NATURE = ("/migrations/versions/", ".css", "/translations/")
STORYLESS = {"utils", "util", "helpers", "helper", "common", "misc", "core", "manager", "managers"}


def tracked(*endings: str) -> list[Path]:
    """The repository's own files with one of these endings, whether committed yet or not."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return [ROOT / name for name in names if name.endswith(endings) and (ROOT / name).exists()]


def modules() -> Iterator[str]:
    for found in pkgutil.walk_packages(leye_platform.__path__, "leye_platform."):
        if ".migrations" not in found.name:
            yield found.name


def errors() -> list[type[LeyeError]]:
    """Every named situation of the platform."""
    for name in modules():
        importlib.import_module(name)
    found, waiting = [], [LeyeError]
    while waiting:
        below = waiting.pop().__subclasses__()
        found += below
        waiting += below
    return found


def test_no_file_is_longer_than_one_thing_needs() -> None:
    files = [path for path in tracked(".py", ".mjs", ".js", ".html") if "/tests/web/gallery" not in str(path)]
    assert len(files) > 200
    lengths = {
        path.relative_to(ROOT): len(path.read_text(encoding="utf-8").splitlines())
        for path in files
        if not any(mark in str(path) for mark in LONGER_BY_NATURE)
    }
    assert {path: length for path, length in lengths.items() if length > LONGEST_FILE} == {}


def test_no_name_hides_what_a_file_is_about() -> None:
    names = {path: set(path.relative_to(ROOT).with_suffix("").parts) for path in tracked(".py", ".mjs", ".html")}
    assert {path for path, parts in names.items() if parts & STORYLESS} == set()


def test_every_error_has_a_status_of_its_own_kind_and_a_sentence() -> None:
    found = errors()
    assert len(found) > 30
    for error in found:
        assert 400 <= error.status < 600, error
        assert re.search(r"[\u4e00-\u9fff].*[。；]", error.sentence), f"{error.__name__}: no Chinese sentence"


def test_no_two_errors_share_a_code() -> None:
    codes = Counter(code_of(error) for error in errors() if error.__module__.startswith("leye_platform."))
    assert [code for code, times in codes.items() if times > 1] == []


def test_every_job_that_can_be_asked_for_has_a_handler() -> None:
    assert set(JOBS) == set(JobName)


def test_every_role_has_a_row_in_the_permission_table_and_every_permission_a_holder() -> None:
    assert set(GRANTS) == set(Role)
    assert frozenset().union(*GRANTS.values()) == set(Permission)


def test_services_leave_the_commit_to_their_callers() -> None:
    found = []
    for path in (ROOT / "platform").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in {"commit", "rollback"}:
                found.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert found == []


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_class_and_function_says_what_it_is(package: str) -> None:
    silent = []
    for path in (ROOT / package).rglob("*.py"):
        if "versions" in path.parts or path.name == "env.py":
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in [tree, *tree.body]:
            if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module):
                name = getattr(node, "name", path.name)
                plain = isinstance(node, ast.ClassDef) and _says_it_by_name(node)
                if not name.startswith("_") and name != "register" and not plain and ast.get_docstring(node) is None:
                    silent.append(f"{path.relative_to(ROOT)}: {name}")
    assert silent == []


def _says_it_by_name(node: ast.ClassDef) -> bool:
    """Enums and schemas whose members, and errors whose sentences, say all there is to say."""
    if any(ast.unparse(base) in {"StrEnum", "Enum", "BaseModel", "NamedTuple"} for base in node.bases):
        return True
    return any(isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == "sentence" for line in node.body)


def test_no_machine_path_or_index_host_stands_in_a_file() -> None:
    paths = "/wor" + "k/(main|shared)|/far" + "m/"
    hosts = "files\\.pyth" + "onhosted|py" + "pi\\.org|registry\\.np" + "mjs"
    told = re.compile(f"{paths}|{hosts}")
    found = [
        path.relative_to(ROOT)
        for path in tracked(".py", ".md", ".toml", ".lock", ".mjs", ".html", ".css", "Makefile", ".json")
        if told.search(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_the_make_targets_that_the_documents_name_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):.*##", makefile, re.MULTILINE))
    named = set()
    for path in tracked(".md"):
        named |= set(re.findall(r"`make ([a-z-]+)", path.read_text(encoding="utf-8")))
    assert {"demo", "test", "check", "audit", "oracle", "help"} <= targets
    assert named <= targets, f"the documents name targets that do not exist: {named - targets}"
