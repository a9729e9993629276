"""`leye import`: files of this machine become a batch, or join one; what was refused is written beside them."""

from pathlib import Path
from uuid import UUID

import pytest
from typer.testing import CliRunner

from leye_platform.accounts.rules import Role
from leye_platform.installation import Installation
from leye_platform.projects.additions import create_addition
from leye_platform.projects.errors import AdditionToFailed, AdditionUnderway, BatchMissing
from leye_platform.projects.models import Addition, Batch
from leye_platform.projects.rules import AdditionState, BatchState
from leye_workers import batch_import
from leye_workers.batch_import import append_files, import_files
from leye_workers.cli import app
from support.clock import MovableClock
from support.shipping import Shipping
from support.uploading import additions_of


@pytest.fixture
def shipping(installation: Installation, clock: MovableClock, monkeypatch: pytest.MonkeyPatch) -> Shipping:
    """A site without a runner: the command reads the files itself."""
    monkeypatch.setattr(batch_import, "PATIENCE_SECONDS", 0)
    shipping = Shipping(installation, clock)
    shipping.actor(Role.ADMIN)
    return shipping


def written(folder: Path, name: str, rows: str) -> Path:
    path = folder / name
    path.write_text(f"review,external_id\n{rows}", encoding="utf-8")
    return path


def lines(report: Path) -> list[str]:
    return [line.split(",")[0] for line in report.read_text(encoding="utf-8-sig").splitlines()]


def test_files_become_a_batch_and_later_ones_join_it(shipping: Shipping, tmp_path: Path) -> None:
    project, report = str(shipping.batch(0).project_id), tmp_path / "report.csv"
    first = written(tmp_path, "a.csv", "甲,1\n坏\n")
    imported = import_files(shipping.installation, project, [first], report, open_it=True)
    assert (imported.rows_in, imported.rows_refused, imported.rows_known) == (1, 1, None)
    assert lines(report) == ["row", "2"]
    more = [written(tmp_path, "b.csv", "乙,2\n甲,1\n"), written(tmp_path, "c.csv", "也坏\n丙,3\n")]
    added = append_files(shipping.installation, project, str(imported.batch_id), more, report)
    assert (added.batch_id, added.problem) == (imported.batch_id, None)
    assert (added.rows_in, added.rows_refused, added.rows_known) == (2, 1, 1)
    assert lines(report) == ["row", "3"]
    with shipping.database.read() as session:
        batch = session.get_one(Batch, imported.batch_id)
        assert (batch.state, batch.rows_in) == (BatchState.OPEN, 3)
        number = str(batch.number)
    assert append_files(shipping.installation, project, number, more, report).rows_known == 3


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_cannot_be_appended_to_is_said_and_nothing_is_left_half_done(shipping: Shipping, tmp_path: Path) -> None:
    project, report = str(shipping.batch(0).project_id), tmp_path / "report.csv"
    file, nothing = written(tmp_path, "a.csv", "甲,1\n"), written(tmp_path, "b.csv", "")
    failed = import_files(shipping.installation, project, [nothing], report, open_it=False)
    assert failed.problem is not None
    with pytest.raises(AdditionToFailed):
        append_files(shipping.installation, project, str(failed.batch_id), [file], report)
    batch_id = import_files(shipping.installation, project, [file], report, open_it=False).batch_id
    other = str(shipping.batch(0).project_id)
    for wanted, where in (("99999", project), (str(batch_id), other), ("三月", project)):
        with pytest.raises(BatchMissing):
            append_files(shipping.installation, where, wanted, [file], report)
    assert additions_of(shipping, batch_id) == []


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_while_another_file_is_read_the_new_one_stays_and_waits(shipping: Shipping, tmp_path: Path) -> None:
    project, report = str(shipping.batch(0).project_id), tmp_path / "report.csv"
    file = written(tmp_path, "a.csv", "甲,1\n")
    batch_id = import_files(shipping.installation, project, [file], report, open_it=False).batch_id
    _being_read(shipping, batch_id)
    with pytest.raises(AdditionUnderway):
        append_files(shipping.installation, project, str(batch_id), [file], report)
    states = [addition.state for addition in additions_of(shipping, batch_id)]
    assert states == [AdditionState.READING, AdditionState.UPLOADING]


def _being_read(shipping: Shipping, batch_id: UUID) -> None:
    coordinator = shipping.actor(Role.COORDINATOR)
    with shipping.database.write() as session:
        batch = session.get_one(Batch, batch_id)
        made = create_addition(session, coordinator, batch, ["b.csv"], shipping.clock.now())
        session.get_one(Addition, made.id).state = AdditionState.READING


def test_a_batch_that_is_appended_to_is_not_opened_by_the_way(tmp_path: Path) -> None:
    file = written(tmp_path, "a.csv", "甲,1\n")
    answer = CliRunner().invoke(app, ["import", "1", str(file), "--append", "2", "--open"])
    assert answer.exit_code == 2
