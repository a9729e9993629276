"""The floors hold: each import contract catches a violation planted in a copy of the tree."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLANTED = {
    "the platform imports workers": ("platform/leye_platform/clock.py", "import leye_workers"),
    "a task type imports the platform": (
        "task_templates/leye_task_templates/__init__.py",
        "import leye_platform.clock",
    ),
    "quality imports storage": ("quality/leye_quality/__init__.py", "import leye_storage"),
    "quality touches the database": ("quality/leye_quality/__init__.py", "import sqlalchemy"),
    "a task type touches the web": ("task_templates/leye_task_templates/__init__.py", "import fastapi"),
    "rules see a session": ("platform/leye_platform/billing/rules.py", "import sqlalchemy"),
    "rules see a service": ("platform/leye_platform/review/rules.py", "import leye_platform.review.service"),
    "a web process imports Label Studio": ("platform/leye_platform/clock.py", "import label_studio_sdk"),
}


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    packages = [str(folder / name) for name in ("platform", "workers", "task_templates", "quality", "storage")]
    program = (
        "import sys; sys.path[:0] = sys.argv[1:]; from importlinter.cli import lint_imports; "
        "sys.exit(lint_imports(cache_dir=None))"
    )
    return subprocess.run(
        [sys.executable, "-c", program, *packages], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The tree's Python files and settings."""
    for name in ("platform", "workers", "task_templates", "quality", "storage"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "static"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_tree_keeps_its_contracts(copy: Path) -> None:
    run = lint_imports(copy)
    assert run.returncode == 0, run.stdout


@pytest.mark.parametrize("what", PLANTED)
def test_a_planted_violation_is_caught(copy: Path, what: str) -> None:
    file, line = PLANTED[what]
    target = copy / file
    target.write_text(target.read_text(encoding="utf-8") + f"\n{line}\n", encoding="utf-8")
    run = lint_imports(copy)
    assert run.returncode == 1, f"{what} was not caught:\n{run.stdout}"
    assert "BROKEN" in run.stdout
