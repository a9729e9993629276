"""Every format of every task type calls the classes as the partner wants; the platform itself does not."""

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from leye_platform.accounts.rules import Role
from leye_platform.delivery.models import Lot, LotItem
from leye_platform.delivery.quality_report import Report, render_quality_html
from leye_platform.delivery.queries import view_lot
from leye_platform.delivery.rules import LotState
from leye_platform.exports.formats import formats_for
from leye_platform.exports.rows import CHUNK
from leye_platform.exports.service import Names, export_lot, export_project
from leye_platform.installation import Installation
from leye_platform.projects.models import Item, Project
from leye_platform.projects.task_type import task_type
from leye_workers.cli import app
from support.boxes import BOXES
from support.clock import MovableClock
from support.factories import AT, ENTITIES, SENTIMENT, TOPICS, make_batch, make_items, make_project
from support.shipping import Shipping
from support.statements import statements_of

SIZE = {"file": "p.jpg", "sha256": "0" * 64, "width": 400, "height": 300}
REVIEW = {"review": "李娜说上海的价格和味道都好"}
CASES: dict[str, tuple[str, str, dict[str, Any], list[Any], dict[str, str], list[str], str]] = {
    # task type, config, data, labels, names, classes in the result, cell of the CSV
    "one choice": ("text_classification", SENTIMENT, REVIEW, [1], {"负面": "negative"}, ["negative"], "negative"),
    "several": (
        "text_classification",
        TOPICS,
        REVIEW,
        [0, 2],
        {"价格": "price", "味道": "taste"},
        ["price", "服务"],
        "price|服务",
    ),
    "entities": (
        "named_entities",
        ENTITIES,
        REVIEW,
        [[0, 2, 0], [3, 5, 1]],
        {"人名": "PER", "地名": "LOC"},
        ["PER", "LOC"],
        "0-2 PER 李娜|3-5 LOC 上海",
    ),
    "boxes": (
        "image_boxes",
        BOXES,
        {"photo": SIZE},
        [[10.0, 10.0, 20.0, 20.0, 1], [50.0, 50.0, 10.0, 10.0, 0]],
        {"猫": "狗", "狗": "猫"},  # they change names
        ["猫", "狗"],
        "",
    ),
}


@pytest.fixture
def shipping(installation: Installation, clock: MovableClock) -> Shipping:
    return Shipping(installation, clock)


def lot_of(shipping: Shipping, case: str, names: dict[str, str]) -> UUID:
    """A delivered lot of one item that was decided so, in a project with these names; the lot."""
    kind, config, data, labels, *_ = CASES[case]
    with shipping.database.write() as session:
        project = make_project(session, label_config=config, task_type=kind)
        project.class_names = names
        batch = make_batch(session, project)
        [task] = make_items(session, batch, 1)
        item = session.get_one(Item, task.item_id)
        item.data = data
        found = task_type(kind, config)
        lot = Lot(
            project_id=project.id,
            batch_id=batch.id,
            organisation_id=project.organisation_id,
            sequence=1,
            files={},
            state=LotState.DELIVERED,
            created_at=AT,
        )
        session.add(lot)
        session.flush()
        result = found.template.result_of(found.config, data, labels)
        row = LotItem(lot_id=lot.id, item_id=item.id, quantity=Decimal(1), result=result, confidence=1, guide_version=1)
        session.add(row)
        return lot.id


def written(shipping: Shipping, lot_id: UUID, name: str, names: Names = Names.WANTED) -> bytes:
    with shipping.database.read() as session:
        by_lot = b"".join(export_lot(session, lot_id, name, names).chunks())
        project_id = session.get_one(Lot, lot_id).project_id
        assert b"".join(export_project(session, project_id, name, names).chunks()) == by_lot
    return by_lot


def classes_in(task: Any) -> list[str]:
    [annotation] = task["annotations"]
    return [name for region in annotation["result"] for name in region["value"][region["type"]]]


@pytest.mark.parametrize("case", CASES)
def test_every_format_has_the_wanted_names_and_on_request_the_original_ones(shipping: Shipping, case: str) -> None:
    kind, config, *_, names, classes, cell = CASES[case]
    lot_id = lot_of(shipping, case, names)
    fitting = [form.name for form in formats_for(task_type(kind, config).config)]
    unnamed = {name: written(shipping, lot_of(shipping, case, {}), name) for name in fitting}
    label = "leye_label" if case == "entities" else "label"  # that config has a control of this name
    for name in fitting:
        assert written(shipping, lot_id, name) != unnamed[name], "the names are nowhere in it"
    [task] = orjson.loads(written(shipping, lot_id, "JSON"))
    assert classes_in(task) == classes
    assert orjson.loads(written(shipping, lot_id, "JSONL")) == task
    [row] = csv.DictReader(io.StringIO(written(shipping, lot_id, "CSV").decode("utf-8-sig")))
    [plain] = csv.DictReader(io.StringIO(unnamed["CSV"].decode("utf-8-sig")))
    if cell:
        assert row[label] == cell
    else:
        assert row[label] == plain[label].translate(str.maketrans("猫狗", "狗猫")) != plain[label]
    [original] = orjson.loads(written(shipping, lot_id, "JSON", Names.ORIGINAL))
    assert original["annotations"][0]["result"] == orjson.loads(unnamed["JSON"])[0]["annotations"][0]["result"]
    assert original["data"] == task["data"]
    [raw] = csv.DictReader(io.StringIO(written(shipping, lot_id, "CSV", Names.ORIGINAL).decode("utf-8-sig")))
    assert raw[label] == plain[label]


def test_a_lots_files_have_the_names_at_delivery_and_stay_so(shipping: Shipping) -> None:
    batch, _author = shipping.answered(2)
    name_classes(shipping, batch.project_id, {"正面": "positive"})
    lot_id = shipping.cut(batch.batch_id)
    lot = shipping.lot(lot_id)
    assert lot.class_names == {"正面": "positive"}
    kept = {name: stored(shipping, key) for name, key in lot.files.items()}
    assert [classes_in(task) for task in orjson.loads(kept["JSON"])] == [["positive"]] * 2
    assert [classes_in(orjson.loads(line)) for line in kept["JSONL"].splitlines()] == [["positive"]] * 2
    rows = list(csv.DictReader(io.StringIO(kept["CSV"].decode("utf-8-sig"))))
    assert [row["label"] for row in rows] == ["positive"] * 2
    name_classes(shipping, batch.project_id, {"正面": "POS"})
    assert {name: stored(shipping, key) for name, key in shipping.lot(lot_id).files.items()} == kept
    assert b"POS" in written(shipping, lot_id, "JSON")


def name_classes(shipping: Shipping, project_id: UUID, names: dict[str, str]) -> None:
    with shipping.database.write() as session:
        session.get_one(Project, project_id).class_names = names


def stored(shipping: Shipping, key: str) -> bytes:
    return b"".join(shipping.installation.objects.read(key))


def test_the_platform_itself_keeps_the_configs_names(shipping: Shipping) -> None:
    batch, _author = shipping.answered(2)
    firm = shipping.project(batch.project_id).organisation_id
    name_classes(shipping, batch.project_id, {"正面": "positive"})
    lot_id = shipping.cut(batch.batch_id)
    browser = shipping.browser(shipping.actor(Role.PARTNER_ADMIN, firm).person_id)
    for path in (f"/partner/lots/{lot_id}", f"/partner/batches/{batch.batch_id}"):
        page = browser.get(path).text
        assert "正面" in page
        assert "positive" not in page
    with shipping.database.read() as session:
        report = render_quality_html(
            Report.of_lot(session, view_lot(session, shipping.lot(lot_id)), shipping.clock.now())
        )
        assert all(row.result[0]["value"] == {"choices": ["正面"]} for row in session.scalars(select(LotItem)))
    assert "正面" in report
    assert "positive" not in report


def test_a_download_says_which_names_it_has(shipping: Shipping) -> None:
    shipped = shipping.shipped(1)
    name_classes(shipping, shipped.batch.project_id, {"正面": "positive"})
    script = shipping.script(shipping.actor(Role.PARTNER_ENGINEER, shipped.organisation_id).person_id)
    for path in (f"/api/v1/projects/{shipped.batch.project_id}/export", f"/api/v1/lots/{shipped.lot_id}/export"):
        wanted = script.get(path, params={"format": "CSV"})
        assert (wanted.status_code, wanted.headers["leye-class-names"]) == (200, "wanted")
        assert b"positive" in wanted.content
        original = script.get(path, params={"format": "CSV", "names": "original"})
        assert original.headers["leye-class-names"] == "original"
        assert "original-names.csv" in original.headers["content-disposition"]
        assert "正面".encode() in original.content
        assert script.get(path, params={"names": "other"}).status_code == 422
        assert script.get(path, params={"format": "PDF"}).status_code == 422


def test_one_lot_is_exported_to_its_own_firm_only(shipping: Shipping) -> None:
    shipped = shipping.shipped(1)
    path = f"/api/v1/lots/{shipped.lot_id}/export"
    stranger = shipping.script(shipping.actor(Role.PARTNER_ADMIN, shipping.firm()).person_id)
    assert stranger.get(path).status_code == 404
    finance = shipping.script(shipping.actor(Role.PARTNER_FINANCE, shipped.organisation_id).person_id)
    assert finance.get(path).status_code == 403


def test_the_lots_page_offers_other_names_only_where_they_differ(shipping: Shipping) -> None:
    shipped = shipping.shipped(1)
    firm = shipped.organisation_id
    browser = shipping.browser(shipping.actor(Role.PARTNER_ADMIN, firm).person_id)
    path = f"/partner/lots/{shipped.lot_id}"
    export = f"/api/v1/lots/{shipped.lot_id}/export?format=CSV&amp;names="
    assert export not in browser.get(path).text
    name_classes(shipping, shipped.batch.project_id, {"正面": "positive"})
    page = browser.get(path).text
    assert f"{export}wanted" in page
    assert f"{export}original" not in page, "the files have them already"
    later, author = shipping.batch(1, project_id=shipped.batch.project_id), shipping.person()
    shipping.finish(author, later.project_id, 1)
    lot_id = shipping.cut(later.batch_id)
    page = browser.get(f"/partner/lots/{lot_id}").text
    assert "names=original" in page
    assert "names=wanted" not in page
    coordinator = shipping.browser(shipping.actor(Role.COORDINATOR).person_id)
    assert "names=original" in coordinator.get(f"/lots/{lot_id}").text


def test_the_command_exports_with_either_names(
    shipping: Shipping, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = shipping.shipped(1)
    name_classes(shipping, shipped.batch.project_id, {"正面": "positive"})

    @contextmanager
    def opened(_settings: object) -> Iterator[Installation]:
        yield shipping.installation

    monkeypatch.setattr("leye_workers.compose.opened", opened)
    out = tmp_path / "labels.csv"
    command = ["export", str(shipped.batch.project_id), "--format", "CSV", "--out", str(out)]
    for options, word in (([], "positive"), (["--original-names"], "正面")):
        ended = CliRunner().invoke(app, [*command, *options])
        assert ended.exit_code == 0, ended.output
        assert word in out.read_text(encoding="utf-8-sig")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_long_export_is_renamed_row_by_row(shipping: Shipping) -> None:
    """The first bytes come before the second chunk is read."""
    shipped_lot = lot_of(shipping, "one choice", {"负面": "negative"})
    with shipping.database.write() as session:
        lot = session.get_one(Lot, shipped_lot)
        project, first = session.get_one(Project, lot.project_id), session.scalars(select(LotItem)).one()
        tasks = make_items(session, make_batch(session, project), CHUNK + 50)
        session.add_all(
            LotItem(
                lot_id=lot.id,
                item_id=task.item_id,
                quantity=Decimal(1),
                result=first.result,
                confidence=1,
                guide_version=1,
            )
            for task in tasks
        )
    with shipping.database.read() as session:
        with statements_of(shipping.database) as statements:
            blocks = export_lot(session, shipped_lot, "JSONL").chunks()
            block = next(blocks)
            assert b"negative" in block
        assert sum("lot_items" in statement for statement, _ in statements.seen) == 1
        lines = b"".join([block, *blocks]).splitlines()
    assert len(lines) == CHUNK + 51
    assert all(b"negative" in line for line in lines)
