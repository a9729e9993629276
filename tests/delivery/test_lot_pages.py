"""Lots over HTTP: partners' scripts and pages, the coordinator's page, and who sees none of it."""

import html
import re
from uuid import UUID

import pytest

from leye_platform.accounts.rules import Role
from leye_platform.installation import Installation
from support.boxes import PictureBatches, box
from support.clock import MovableClock
from support.shipping import ONE, Shipping, SignedIn
from support.statements import statements_of


@pytest.fixture
def shipping(installation: Installation, clock: MovableClock) -> Shipping:
    return Shipping(installation, clock)


def partner(shipping: Shipping, firm: UUID, role: Role = Role.PARTNER_ADMIN) -> SignedIn:
    return shipping.browser(shipping.actor(role, firm).person_id)


def test_a_script_reads_accepts_and_downloads_a_lot(shipping: Shipping) -> None:
    shipped = shipping.shipped(3)
    script = shipping.script(shipping.actor(Role.PARTNER_QA, shipped.organisation_id).person_id)
    lot = script.get(f"/api/v1/lots/{shipped.lot_id}").json()
    assert (lot["state"], lot["items"], lot["amount_minor"], lot["unit_price"]) == ("delivered", 3, 90, "0.3")
    assert [file["format"] for file in lot["files"]] == ["CSV", "JSON", "JSONL"]
    assert script.get(f"/api/v1/batches/{shipped.batch.batch_id}/lots").json() == [lot]
    for _ in range(2):
        accepted = script.post(f"/api/v1/lots/{shipped.lot_id}/accept")
        assert (accepted.status_code, accepted.json()["state"]) == (200, "accepted")


def test_a_script_sends_single_items_back(shipping: Shipping) -> None:
    shipped = shipping.shipped(3)
    script = shipping.script(shipping.actor(Role.PARTNER_QA, shipped.organisation_id).person_id)
    [returned, *_kept] = shipping.items_of(shipped.lot_id)
    path = f"/api/v1/lots/{shipped.lot_id}/send-back"
    assert script.post(path, json={"items": [str(returned)], "reason": " "}).status_code == 422
    lot = script.post(path, json={"items": [str(returned)], "reason": "选错了"}).json()
    assert (lot["items"], lot["items_sent_back"], lot["amount_minor"]) == (2, 1, 60)
    whole = script.post(path, json={"items": None, "reason": "都不对"}).json()
    assert (whole["state"], whole["items"]) == ("rework", 0)
    assert script.post(f"/api/v1/lots/{shipped.lot_id}/accept").status_code == 409


def test_a_coordinator_cuts_a_lot_before_the_batch_is_finished(shipping: Shipping) -> None:
    batch, _ = shipping.answered(2)
    script = shipping.script(shipping.actor(Role.COORDINATOR).person_id)
    path = f"/api/v1/batches/{batch.batch_id}/lots"
    made = script.post(path)
    assert (made.status_code, made.json()["state"], made.json()["items"]) == (201, "assembling", 2)
    again = script.post(path)
    assert (again.status_code, again.json()["type"].endswith("nothing-to-deliver")) == (409, True)


def test_a_partner_sees_a_lot_once_it_is_delivered(shipping: Shipping) -> None:
    batch, _ = shipping.answered(1)
    coordinator = shipping.script(shipping.actor(Role.COORDINATOR).person_id)
    made = coordinator.post(f"/api/v1/batches/{batch.batch_id}/lots").json()
    firm = shipping.project(batch.project_id).organisation_id
    script = shipping.script(shipping.actor(Role.PARTNER_ADMIN, firm).person_id)
    assert script.get(f"/api/v1/lots/{made['id']}").status_code == 404
    assert script.get(f"/api/v1/batches/{batch.batch_id}/lots").json() == []


def test_another_firms_people_find_neither_page_nor_lot(shipping: Shipping) -> None:
    shipped = shipping.shipped(1)
    stranger = partner(shipping, shipping.firm())
    assert stranger.get(f"/partner/lots/{shipped.lot_id}").status_code == 404
    assert stranger.post(f"/partner/lots/{shipped.lot_id}/accept").status_code == 404
    assert stranger.post(f"/partner/lots/{shipped.lot_id}/send-back", what="all", reason="x").status_code == 404
    script = shipping.script(shipping.actor(Role.PARTNER_ADMIN, shipping.firm()).person_id)
    assert script.get(f"/api/v1/lots/{shipped.lot_id}").status_code == 404
    assert script.post(f"/api/v1/lots/{shipped.lot_id}/accept").status_code == 404
    assert script.get(f"/api/v1/batches/{shipped.batch.batch_id}/lots").status_code == 404
    assert stranger.get(f"/lots/{shipped.lot_id}").status_code == 403


def test_the_page_shows_a_sample_and_takes_the_answer(shipping: Shipping) -> None:
    shipped = shipping.shipped(25)
    browser = partner(shipping, shipped.organisation_id)
    page = browser.get(f"/partner/lots/{shipped.lot_id}").text
    assert len(re.findall(r'type="checkbox" name="items"', page)) == 20
    assert "7.50" in page
    answer = browser.post(f"/partner/lots/{shipped.lot_id}/accept")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/partner/lots/{shipped.lot_id}")
    [invoice_id] = shipping.invoice(shipped.organisation_id)
    settled = browser.get(f"/partner/lots/{shipped.lot_id}").text
    assert f"/partner/invoices/{invoice_id}" in settled
    assert "send-back" not in settled


def test_a_partner_sees_the_pictures_of_a_lot_with_their_boxes(shipping: Shipping) -> None:
    pictures = PictureBatches(shipping, ONE)
    batch_id = pictures.opened(2)
    who = shipping.person()
    for x in (10, 50):
        pictures.answers(who, shipping.claims(who, pictures.project_id), [box(x, 10, 20, 20)])
    lot_id, firm = shipping.cut(batch_id), shipping.project(pictures.project_id).organisation_id
    browser = partner(shipping, firm)
    page = browser.get(f"/partner/lots/{lot_id}").text
    links = [html.unescape(link) for link in re.findall(r'<img src="([^"]+)"', page)]
    assert [browser.get(link).status_code for link in links] == [200, 200]
    assert re.findall(r'<rect class="box" x="([0-9.]+)"', page) == ["40.0", "200.0"]
    browser.post(f"/partner/lots/{lot_id}/accept")
    assert len(re.findall('<rect class="box"', browser.get(f"/partner/lots/{lot_id}").text)) == 2


def test_ticked_items_go_back_and_an_incomplete_form_keeps_what_was_typed(shipping: Shipping) -> None:
    shipped = shipping.shipped(3)
    browser = partner(shipping, shipped.organisation_id)
    items = [str(item) for item in shipping.items_of(shipped.lot_id)]
    path = f"/partner/lots/{shipped.lot_id}/send-back"
    refused = browser.post(path, what="items", shown=items, items=[items[0]], reason="")
    assert refused.status_code == 422
    assert 'id="error-reason"' in refused.text
    assert f'value="{items[0]}" checked' in refused.text
    unticked = browser.post(path, what="items", shown=items, reason="门牌写错了")
    assert 'id="error-items"' in unticked.text
    assert "门牌写错了" in unticked.text
    assert browser.post(path, what="items", shown=items, items=[items[0]], reason="门牌写错了").status_code == 303
    assert sorted(map(str, shipping.items_of(shipped.lot_id))) == sorted(items[1:])
    assert "门牌写错了" in browser.get(f"/partner/lots/{shipped.lot_id}").text


def test_a_form_without_its_token_changes_nothing(shipping: Shipping) -> None:
    shipped = shipping.shipped(1)
    browser = partner(shipping, shipped.organisation_id)
    assert browser.client.post(f"/partner/lots/{shipped.lot_id}/accept", data={"csrf": "x"}).status_code == 403
    assert shipping.lot(shipped.lot_id).settled_at is None


def test_who_may_not_settle_reads_only(shipping: Shipping) -> None:
    shipped = shipping.shipped(1)
    browser = partner(shipping, shipped.organisation_id, Role.PARTNER_FINANCE)
    page = browser.get(f"/partner/lots/{shipped.lot_id}")
    assert page.status_code == 200
    assert "/accept" not in page.text
    assert browser.post(f"/partner/lots/{shipped.lot_id}/accept").status_code == 403


def test_the_coordinator_cuts_a_lot_and_follows_it(shipping: Shipping) -> None:
    batch, _ = shipping.answered(2)
    browser = shipping.browser(shipping.actor(Role.COORDINATOR).person_id)
    made = browser.post(f"/batches/{batch.batch_id}/lots")
    assert made.status_code == 303
    page = browser.get(made.headers["location"])
    assert page.status_code == 200
    assert "制作中" in page.text
    assert browser.post(f"/batches/{batch.batch_id}/lots").status_code == 409


def test_the_lots_page_asks_the_same_number_of_questions_at_any_size(shipping: Shipping) -> None:
    counts = []
    for size in (2, 12):
        shipped = shipping.shipped(size)
        browser = partner(shipping, shipped.organisation_id)
        with statements_of(shipping.database) as statements:
            assert browser.get(f"/partner/lots/{shipped.lot_id}").status_code == 200
        counts.append(len(statements))
    assert counts[0] == counts[1]
