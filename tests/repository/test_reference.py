"""The generated reference is as the code is, every picture is shown, and limits in the documents are the true ones."""

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from leye_platform.projects.ingest.lines import LONGEST_ROW
from leye_platform.projects.ingest.rows import DEEPEST, LONGEST_ORIGINAL
from leye_platform.projects.rules import LONGEST_EXTERNAL_ID

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "scripts"
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\]\(([^)\s]+)\)")


@pytest.fixture
def reference(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """scripts/reference.py as a module."""
    monkeypatch.syspath_prepend(str(SCRIPTS))
    spec = importlib.util.spec_from_file_location("reference", SCRIPTS / "reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "reference", module)
    spec.loader.exec_module(module)
    return module


def test_the_generated_reference_is_as_the_code_would_have_it(reference: ModuleType) -> None:
    assert reference.out_of_date() == [], "run `.venv/bin/python scripts/reference.py` and commit docs/reference"


def test_a_page_that_was_changed_by_hand_is_found(reference: ModuleType, tmp_path: Path) -> None:
    for name, write in reference.PAGES.items():
        (tmp_path / name).write_text(write(), encoding="utf-8")
    assert reference.out_of_date(tmp_path) == []
    (tmp_path / "states.md").write_text("# States\n", encoding="utf-8")
    assert reference.out_of_date(tmp_path) == ["states.md"]


def test_every_picture_is_shown_and_every_shown_picture_is_there() -> None:
    shown = {
        (document.parent / link).resolve()
        for document in DOCUMENTS
        for link in LINK.findall(document.read_text(encoding="utf-8"))
        if link.endswith(".png")
    }
    assert shown == set((ROOT / "docs" / "pictures").glob("*.png"))


def test_the_limits_of_uploads_stand_in_the_file_formats() -> None:
    text = (ROOT / "docs" / "reference" / "file-formats.md").read_text(encoding="utf-8")
    for limit in (LONGEST_ROW, DEEPEST, LONGEST_ORIGINAL, LONGEST_EXTERNAL_ID):
        assert f"{limit:,}" in text, f"{limit:,}"
