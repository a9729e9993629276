"""`leye export`: a file, its count, and what was lost, as lines or as one JSON object."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from leye_platform.exports.format import FormatUnfit
from leye_platform.exports.service import SinceUnknown
from leye_platform.installation import Installation
from leye_platform.projects.models import Project
from leye_workers.cli import app
from support.clock import MovableClock
from support.shipping import Shipped, Shipping

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def shipped(installation: Installation, clock: MovableClock, monkeypatch: pytest.MonkeyPatch) -> Shipped:
    @contextmanager
    def opened(_settings: object) -> Iterator[Installation]:
        yield installation

    monkeypatch.setattr("leye_workers.compose.opened", opened)
    shipping = Shipping(installation, clock)
    shipped = shipping.shipped(2)
    with shipping.database.write() as session:
        session.get_one(Project, shipped.batch.project_id).class_names = {"正面": "=1"}
    return shipped


def export(shipped: Shipped, out: Path, *options: str) -> Result:
    return CliRunner().invoke(app, ["export", str(shipped.batch.project_id), "--out", str(out), *options])


def test_it_says_how_many_items_there_are_and_what_the_format_could_not_hold(shipped: Shipped, tmp_path: Path) -> None:
    ended = export(shipped, tmp_path / "labels.csv", "--format", "csv")
    assert ended.exit_code == 0, ended.output
    assert "items 2" in ended.stdout
    assert "cell_changed: 4" in ended.stderr
    ended = export(shipped, tmp_path / "labels.csv", "--format", "CSV", "--json")
    told = json.loads(ended.stdout)
    assert (told["items"], [loss["code"] for loss in told["losses"]]) == (2, ["cell_changed"])
    assert told["bytes"] == (tmp_path / "labels.csv").stat().st_size


def test_since_the_last_lot_there_is_nothing(shipped: Shipped, tmp_path: Path) -> None:
    ended = export(shipped, tmp_path / "new.jsonl", "--format", "JSONL", "--since", "L-01")
    assert (ended.exit_code, "items 0" in ended.stdout) == (0, True)
    assert (tmp_path / "new.jsonl").read_bytes() == b""


def test_what_does_not_fit_leaves_the_old_file_as_it_was(shipped: Shipped, tmp_path: Path) -> None:
    out = tmp_path / "out" / "labels.json"
    out.parent.mkdir()
    out.write_text("old", encoding="utf-8")
    for options, error in ((("--format", "COCO"), FormatUnfit), (("--format", "JSON", "--since", "L-9"), SinceUnknown)):
        ended = export(shipped, out, *options)
        assert isinstance(ended.exception, error)
    assert [path.name for path in out.parent.iterdir()] == ["labels.json"]
    assert out.read_text(encoding="utf-8") == "old"
