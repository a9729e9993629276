"""Adding a file to a batch over HTTP: by script, and by a form without JavaScript; never to a neighbour's batch."""

from dataclasses import replace
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest

from leye_platform.accounts.models import Organisation
from leye_platform.accounts.rules import Role
from leye_platform.installation import Installation
from leye_platform.outbox import OutboxRow
from leye_platform.projects.additions import addition_file
from leye_platform.projects.models import Batch
from leye_platform.projects.rules import AdditionState, BatchState
from support.at_work import words
from support.clock import MovableClock
from support.factories import make_project
from support.shipping import Shipping, SignedIn
from support.uploading import additions_of, batch_of, csv_file, hidden_key, read_addition, read_batch, upload

ROWS = "review,external_id\n很好,1\n坏\n不错,2\n"
MORE = "review,external_id\n又好,3\n也坏\n很好,1\n"


@pytest.fixture
def shipping(installation: Installation, clock: MovableClock) -> Shipping:
    return Shipping(installation, clock)


def opened(shipping: Shipping, firm: UUID) -> UUID:
    """A batch of the firm that was read and opened."""
    with shipping.database.write() as session:
        project_id = make_project(session, organisation=session.get_one(Organisation, firm)).id
    partner = shipping.browser(shipping.actor(Role.PARTNER_ADMIN, firm).person_id)
    batch_id = batch_of(upload(partner, f"/partner/projects/{project_id}/upload", csv_file(ROWS), name="三月"))
    read_batch(shipping, batch_id)
    assert partner.post(f"/batches/{batch_id}/open").status_code == 303
    return batch_id


def engineer(shipping: Shipping, firm: UUID) -> Any:
    return shipping.script(shipping.actor(Role.PARTNER_ENGINEER, firm).person_id)


def test_a_script_adds_a_file_as_it_uploads_a_batch(shipping: Shipping) -> None:
    firm = shipping.firm()
    batch_id = opened(shipping, firm)
    script, path = engineer(shipping, firm), f"/api/v1/batches/{batch_id}/additions"
    made = script.post(path, json={"file_name": "补.csv"})
    assert made.status_code == 201
    addition = made.json()
    mine = f"{path}/{addition['id']}"
    early = script.post(f"{mine}/ingest")
    assert (early.status_code, early.json()["type"]) == (409, "/problems/addition-without-file")
    assert script.put(addition["upload_url"], content=MORE.encode()).status_code == 201
    for _ in range(2):
        asked = script.post(f"{mine}/ingest")
        assert (asked.status_code, asked.json()["state"]) == (202, "reading")
    second = script.post(path, json={"file_name": "再补.csv"}).json()
    assert script.put(second["upload_url"], content=MORE.encode()).status_code == 201
    refused = script.post(f"{path}/{second['id']}/ingest")
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/addition-underway")
    read_addition(shipping, UUID(addition["id"]))
    shown = script.get(mine).json()
    counts = {"rows_in": 1, "rows_refused": 1, "rows_known": 1}
    assert shown | counts | {"state": "read", "problem": None, "read": 1.0, "number": 1} == shown
    assert shown["report"] == f"{mine}/report"
    assert script.get(shown["report"]).text.splitlines()[1].startswith("2,,")
    assert script.post(f"{path}/{second['id']}/ingest").status_code == 202
    assert [one["state"] for one in script.get(path).json()] == ["read", "reading"]
    batch = script.get(f"/api/v1/batches/{batch_id}").json()
    assert (batch["rows_in"], batch["rows_refused"], batch["items"]) == (3, 1, {"waiting": 3})


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_script_is_told_why_a_batch_takes_nothing_more(shipping: Shipping) -> None:
    firm = shipping.firm()
    batch_id = opened(shipping, firm)
    with shipping.database.write() as session:
        session.get_one(Batch, batch_id).state = BatchState.CANCELLED
    answer = engineer(shipping, firm).post(f"/api/v1/batches/{batch_id}/additions", json={})
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/addition-to-cancelled")
    assert answer.json()["title"] == "这个批次已经取消。请上传成新批次。"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_file_that_a_store_took_uncounted_is_refused_before_it_is_read(
    installation: Installation, clock: MovableClock
) -> None:
    settings = installation.settings.model_copy(update={"upload_limit_mb": 1})
    shipping = Shipping(replace(installation, settings=settings), clock)
    firm = shipping.firm()
    batch_id = opened(shipping, firm)
    script, path = engineer(shipping, firm), f"/api/v1/batches/{batch_id}/additions"
    addition_id = script.post(path, json={}).json()["id"]
    large = BytesIO(b"x" * 1_000_001)
    shipping.installation.objects.put(addition_file(UUID(addition_id)), large, content_type="text/csv")
    refused = script.post(f"{path}/{addition_id}/ingest")
    assert (refused.status_code, refused.json()["type"]) == (413, "/problems/too-large")
    assert script.get(f"{path}/{addition_id}").json()["state"] == "uploading"


@pytest.mark.parametrize(("role", "side"), [(Role.PARTNER_ENGINEER, "/partner"), (Role.COORDINATOR, "")])
def test_a_file_is_added_by_form_and_shown_with_what_became_of_it(shipping: Shipping, role: Role, side: str) -> None:
    firm = shipping.firm()
    batch_id = opened(shipping, firm)
    who = shipping.browser(shipping.actor(role, firm if side else None).person_id)
    page, path = f"{side}/batches/{batch_id}", f"{side}/batches/{batch_id}/additions/new"
    assert f'href="{path}"' in who.get(page).text
    added = upload(who, path, csv_file(MORE, "补.csv"))
    assert (added.status_code, added.headers["location"]) == (303, page)
    reading = who.get(page).text
    assert 'data-state="loading"' in reading
    assert "排着队，等着读文件" in reading
    [addition] = additions_of(shipping, batch_id)
    read_addition(shipping, addition.id)
    shown = who.get(page).text
    assert 'data-state="ready"' in shown
    for said in ("1. 补.csv", "加入 1 条。没有收下 1 行。1 行早已在批次里，没有再加。", "已完成 0 条，共 3 条"):
        assert said in words(shown), said
    assert f'href="/api/v1/batches/{batch_id}/additions/{addition.id}/report"' in shown
    # The batch's own refused row is the only one in its list.
    assert "共 1 行。行号从 1 数起" in words(shown)
    assert "也坏" not in shown


def test_the_same_form_sent_twice_adds_the_file_once(shipping: Shipping) -> None:
    firm = shipping.firm()
    batch_id, other = opened(shipping, firm), opened(shipping, firm)
    who = shipping.browser(shipping.actor(Role.PARTNER_ADMIN, firm).person_id)
    path = f"/partner/batches/{batch_id}/additions/new"
    key = hidden_key(who.get(path).text)
    for _ in range(2):
        assert upload(who, path, csv_file(MORE), key=key).status_code == 303
    assert len(additions_of(shipping, batch_id)) == 1
    # The key of another batch's addition never writes over its file.
    assert (
        upload(who, f"/partner/batches/{other}/additions/new", csv_file("review\n别的\n"), key=key).status_code == 303
    )
    [mine], [theirs] = additions_of(shipping, batch_id), additions_of(shipping, other)
    assert mine.id != theirs.id
    assert read_addition(shipping, mine.id).rows_known == 1


def test_a_second_file_waits_on_the_page_until_the_first_is_read(shipping: Shipping) -> None:
    firm = shipping.firm()
    batch_id = opened(shipping, firm)
    who = shipping.browser(shipping.actor(Role.PARTNER_ADMIN, firm).person_id)
    page, path = f"/partner/batches/{batch_id}", f"/partner/batches/{batch_id}/additions/new"
    sentence = "正在读另一个追加的文件。等它读完，再读这一个"
    assert sentence not in who.get(path).text
    upload(who, path, csv_file(MORE, "补.csv"))
    assert sentence in who.get(path).text
    assert upload(who, path, csv_file("review,external_id\n第四,4\n", "再补.csv")).status_code == 303
    first, second = additions_of(shipping, batch_id)
    assert (first.state, second.state) == (AdditionState.READING, AdditionState.UPLOADING)
    button = f"/batches/{batch_id}/additions/{second.id}/ingest"
    shown = who.get(page).text
    assert "等前一个读完，再点“读这个文件”" in shown
    assert f'action="{button}"' not in shown
    early = who.post(button)
    assert early.status_code == 409
    assert sentence in early.text
    read_addition(shipping, first.id)
    assert f'action="{button}"' in who.get(page).text
    assert who.post(button).headers["location"] == page
    assert read_addition(shipping, second.id).rows_in == 1


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("role", "side"), [(Role.PARTNER_ENGINEER, "/partner"), (Role.COORDINATOR, "")])
def test_a_reading_that_failed_for_good_is_read_on_by_a_button(shipping: Shipping, role: Role, side: str) -> None:
    firm = shipping.firm()
    batch_id = opened(shipping, firm)
    who = shipping.browser(shipping.actor(role, firm if side else None).person_id)
    page = f"{side}/batches/{batch_id}"
    upload(who, f"{page}/additions/new", csv_file(MORE))
    [addition] = additions_of(shipping, batch_id)
    with shipping.database.write() as session:
        session.get_one(OutboxRow, addition.job_id).failed_at = shipping.clock.now()
    shown = who.get(page).text
    assert 'data-state="ready"' in shown
    assert "停在半路。已经加入的 0 条都在，可以接着读" in words(shown)
    assert who.post(f"/batches/{batch_id}/additions/{addition.id}/ingest").headers["location"] == page
    assert read_addition(shipping, addition.id).state is AdditionState.READ


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "请选一个 Excel"),
        (b"", "是空的"),
        ("review\n好\n".encode("utf-16"), "UTF-16"),
        (b"\xd0\xcf\x11\xe0x", "Excel"),
    ],
)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_file_that_cannot_be_taken_is_told_at_its_field_and_leaves_nothing(
    shipping: Shipping, content: bytes | None, said: str
) -> None:
    firm = shipping.firm()
    batch_id = opened(shipping, firm)
    before = sorted(shipping.installation.objects.keys())
    who = shipping.browser(shipping.actor(Role.PARTNER_ADMIN, firm).person_id)
    file = None if content is None else csv_file(content)
    answer = upload(who, f"/partner/batches/{batch_id}/additions/new", file)
    assert answer.status_code == 422
    assert said in answer.text.split('id="error-file"')[1]
    assert additions_of(shipping, batch_id) == []
    assert sorted(shipping.installation.objects.keys()) == before


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_batch_that_is_over_offers_no_form_but_says_what_to_do(shipping: Shipping) -> None:
    firm = shipping.firm()
    batch_id = opened(shipping, firm)
    who = shipping.browser(shipping.actor(Role.PARTNER_ADMIN, firm).person_id)
    path = f"/partner/batches/{batch_id}/additions/new"
    key = hidden_key(who.get(path).text)
    with shipping.database.write() as session:
        session.get_one(Batch, batch_id).state = BatchState.CLOSED
    page = who.get(path).text
    assert "请先请项目经理重新开放，再追加" in page
    assert 'name="key"' not in page
    answer = upload(who, path, csv_file(MORE), key=key)
    assert answer.status_code == 422
    assert "请先请项目经理重新开放，再追加" in answer.text
    assert path not in who.get(f"/partner/batches/{batch_id}").text


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_another_firm_finds_neither_the_batch_nor_its_additions(shipping: Shipping) -> None:
    firm = shipping.firm()
    batch_id, own = opened(shipping, firm), opened(shipping, shipping.firm())
    script = engineer(shipping, firm)
    addition_id = script.post(f"/api/v1/batches/{batch_id}/additions", json={}).json()["id"]
    actor = shipping.actor(Role.PARTNER_ADMIN, shipping.firm())
    stranger, browser = shipping.script(actor.person_id), shipping.browser(actor.person_id)
    path = f"/api/v1/batches/{batch_id}/additions"
    assert stranger.get(path).status_code == 404
    assert stranger.post(path, json={}).status_code == 404
    for tail in ("", "/report"):
        assert stranger.get(f"{path}/{addition_id}{tail}").status_code == 404
    assert stranger.post(f"{path}/{addition_id}/ingest").status_code == 404
    assert browser.get(f"/partner/batches/{batch_id}/additions/new").status_code == 404
    assert upload(browser, f"/partner/batches/{batch_id}/additions/new", csv_file(MORE), key="").status_code == 404
    assert _by_their_own_batch(shipping, own, addition_id) == 404
    assert len(additions_of(shipping, batch_id)) == 1


def _by_their_own_batch(shipping: Shipping, batch_id: UUID, addition_id: str) -> int:
    """The addition asked for under a batch that it does not belong to, by somebody who may see both."""
    who: SignedIn = shipping.browser(shipping.actor(Role.COORDINATOR).person_id)
    return int(who.get(f"/api/v1/batches/{batch_id}/additions/{addition_id}").status_code)
