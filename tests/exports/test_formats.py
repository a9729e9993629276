"""What partners download: every format, the delivered and not returned items only, nothing of another firm's."""

import csv
import io

import orjson
import pytest

from leye_platform.accounts.rules import Role
from leye_platform.exports.formats import LOT_FILES, FormatUnknown, format_named
from leye_platform.exports.service import export_project
from leye_platform.installation import Installation
from support.clock import MovableClock
from support.shipping import Shipped, Shipping


@pytest.fixture
def shipping(installation: Installation, clock: MovableClock) -> Shipping:
    return Shipping(installation, clock)


def exported(shipping: Shipping, shipped: Shipped, name: str) -> bytes:
    with shipping.database.read() as session:
        return b"".join(export_project(session, shipped.batch.project_id, name).chunks())


def test_json_holds_the_decision_as_the_one_annotation(shipping: Shipping) -> None:
    shipped = shipping.shipped(2)
    tasks = orjson.loads(exported(shipping, shipped, "json"))
    assert {task["meta"]["item_id"] for task in tasks} == {str(item) for item in shipping.items_of(shipped.lot_id)}
    for task in tasks:
        [annotation] = task["annotations"]
        assert annotation["result"][0]["value"] == {"choices": ["正面"]}
        assert task["data"]["review"].startswith("味道不错")
        assert task["meta"]["project"] == str(shipped.batch.project_id)
        assert task["meta"]["lot"] == "L-01"


def test_json_lines_hold_the_same_tasks(shipping: Shipping) -> None:
    shipped = shipping.shipped(3)
    lines = [orjson.loads(line) for line in exported(shipping, shipped, "JSONL").splitlines()]
    assert lines == orjson.loads(exported(shipping, shipped, "JSON"))


def test_csv_opens_in_spreadsheets_and_names_the_label(shipping: Shipping) -> None:
    shipped = shipping.shipped(2)
    content = exported(shipping, shipped, "CSV")
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert [row["label"] for row in rows] == ["正面", "正面"]
    assert all(row["review"].startswith("味道不错") for row in rows)


def test_what_was_sent_back_is_left_out(shipping: Shipping) -> None:
    shipped = shipping.shipped(2)
    returned, kept = shipping.items_of(shipped.lot_id)
    shipping.send_back(shipping.actor(Role.PARTNER_QA, shipped.organisation_id), shipped.lot_id, [returned])
    assert [task["meta"]["item_id"] for task in orjson.loads(exported(shipping, shipped, "JSON"))] == [str(kept)]


@pytest.mark.parametrize("name", LOT_FILES)
def test_nothing_delivered_is_an_empty_file_of_its_format(shipping: Shipping, name: str) -> None:
    batch = shipping.batch(1)
    with shipping.database.read() as session:
        content = b"".join(export_project(session, batch.project_id, name).chunks())
    header = "\ufeffid,review,sentiment,item_id,external_id,label,confidence,guide_version,lot\r\n".encode()
    assert content == {"JSON": b"[]\n", "JSONL": b"", "CSV": header}[name]


def test_an_unknown_format_is_refused_with_the_known_ones() -> None:
    with pytest.raises(FormatUnknown) as refused:
        format_named("PDF")
    assert "JSONL" in str(refused.value)


def test_the_firms_engineer_downloads_it_and_another_firms_finds_nothing(shipping: Shipping) -> None:
    shipped = shipping.shipped(2)
    path = f"/api/v1/projects/{shipped.batch.project_id}/export"
    own = shipping.script(shipping.actor(Role.PARTNER_ENGINEER, shipped.organisation_id).person_id)
    answer = own.get(path, params={"format": "jsonl"})
    assert answer.status_code == 200
    assert answer.content == exported(shipping, shipped, "JSONL")
    assert "attachment" in answer.headers["content-disposition"]
    assert own.get(path, params={"format": "PDF"}).status_code == 422
    stranger = shipping.script(shipping.actor(Role.PARTNER_ENGINEER, shipping.firm()).person_id)
    assert stranger.get(path).status_code == 404
    finance = shipping.script(shipping.actor(Role.PARTNER_FINANCE, shipped.organisation_id).person_id)
    assert finance.get(path).status_code == 403
