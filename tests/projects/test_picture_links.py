"""Who may see a picture: only whoever was given its link, for a while; no other person, no guess."""

import re
from datetime import timedelta
from html import unescape
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
from PIL import Image

from leye_platform.accounts.rules import Role
from leye_platform.installation import Installation
from leye_platform.projects.pictures.keeping import key_of
from support.boxes import HEIGHT, WIDTH, PictureBatches, box
from support.clock import MovableClock
from support.shipping import ONE, Shipping, SignedIn

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def shipping(installation: Installation, clock: MovableClock) -> Shipping:
    return Shipping(installation, clock)


def claimed(shipping: Shipping, person_id: UUID) -> dict[str, Any]:
    """The picture of a claimed task as the API gives it."""
    answer = shipping.script(person_id).post("/api/v1/claims", json={})
    assert answer.status_code == 201, answer.text
    picture: dict[str, Any] = answer.json()["task"]["data"]["photo"]
    return picture


def test_the_annotator_sees_the_picture_and_its_small_one(shipping: Shipping) -> None:
    PictureBatches(shipping).opened(1)
    who = shipping.person().person_id
    picture = claimed(shipping, who)
    for part in ("url", "thumb"):
        answer = shipping.browser(who).get(picture[part])
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "image/jpeg"
        assert "private" in answer.headers["cache-control"]
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert Image.open(BytesIO(answer.content)).size[0] <= WIDTH
    assert (picture["width"], picture["height"]) == (WIDTH, HEIGHT)


def test_nobody_else_opens_the_same_link(shipping: Shipping) -> None:
    PictureBatches(shipping).opened(1)
    picture = claimed(shipping, shipping.person().person_id)
    for role in (Role.ANNOTATOR, Role.PARTNER_ADMIN, Role.ADMIN):
        other = shipping.actor(role).person_id
        assert shipping.browser(other).get(picture["url"]).status_code == 404
    stranger = shipping.browser(shipping.person().person_id).client
    stranger.cookies.clear()
    assert stranger.get(picture["url"]).status_code in {303, 401}


def test_a_link_that_was_changed_or_is_old_opens_nothing(shipping: Shipping, clock: MovableClock) -> None:
    PictureBatches(shipping).opened(2)
    who = shipping.person().person_id
    browser, picture = shipping.browser(who), claimed(shipping, who)
    url = picture["url"]
    for changed in (
        url.replace("/shown?", "/original?"),
        url.replace("/shown?", "/thumb?"),
        url.replace(picture["sha256"], "0" * 64),
        url.replace("until=", "until=9"),
        url[:-1] + ("0" if url[-1] != "0" else "1"),
        url.split("?")[0],
        f"/pictures/{picture['sha256']}/shown?until=9999999999&signature=",
        f"/pictures/..%2f{picture['sha256']}/shown",
    ):
        assert browser.get(changed).status_code == 404, changed
    assert browser.get(url.replace("until=", "until=x")).status_code == 422
    clock.move(hours=11)
    assert browser.get(url).status_code == 200
    clock.move(hours=14)
    assert shipping.browser(who).get(url).status_code == 404


def test_the_link_stays_the_same_for_half_a_day(shipping: Shipping, clock: MovableClock) -> None:
    """So that a browser which opens the page again need not fetch the picture again."""
    PictureBatches(shipping).opened(1)
    who = shipping.person().person_id
    first = claimed(shipping, who)
    clock.move(minutes=20)
    assert claimed_again(shipping, who) == first


def claimed_again(shipping: Shipping, person_id: UUID) -> dict[str, Any]:
    answer = shipping.script(person_id).post("/api/v1/claims", json={})
    assert answer.status_code == 200, "the same lease"
    picture: dict[str, Any] = answer.json()["task"]["data"]["photo"]
    return picture


def test_a_picture_that_is_gone_is_no_error_of_the_server(shipping: Shipping) -> None:
    PictureBatches(shipping).opened(1)
    who = shipping.person().person_id
    picture = claimed(shipping, who)
    shipping.installation.objects.delete(key_of(picture["sha256"], "shown"))
    assert shipping.browser(who).get(picture["url"]).status_code == 404


def test_a_signed_address_of_the_store_says_nothing_of_pictures(shipping: Shipping) -> None:
    """Objects of the folder store open by their own signature only."""
    PictureBatches(shipping).opened(1)
    who = shipping.person().person_id
    picture = claimed(shipping, who)
    query = picture["url"].split("?")[1]
    key = key_of(picture["sha256"], "original")
    assert shipping.browser(who).get(f"/objects/{key}?{query}").status_code == 403
    inside = shipping.installation.objects.download_url(key, timedelta(minutes=1), "x")
    assert shipping.browser(who).get(inside.replace("http://testserver", "")).status_code == 200


def small_pictures(browser: SignedIn, page: str) -> list[str]:
    """The alternative text of each small picture on a page; all of them open for whoever sees the page."""
    answer = browser.get(page)
    assert answer.status_code == 200, answer.text
    found = re.findall(r'<img class="thumb" src="([^"]+)"[^>]* alt="([^"]+)"', answer.text)
    for address, _words in found:
        assert browser.get(unescape(address)).status_code == 200
    return [words for _address, words in found]


def pictures_with_boxes(browser: SignedIn, page: str) -> int:
    """How many pictures a page shows with the boxes on them; all of them open for whoever sees the page."""
    found = re.findall(r'<span class="picture stage">\s*<img src="([^"]+)"', browser.get(page).text)
    for address in found:
        assert browser.get(unescape(address)).status_code == 200
    return len(found)


def test_whoever_judges_an_answer_sees_its_picture(shipping: Shipping) -> None:
    """The author on the ended task and on the story of the answer, partner and coordinator in the lot's samples."""
    pictures = PictureBatches(shipping, ONE)
    batch = pictures.batch(pictures.opened(2))
    author = shipping.person()
    for _ in range(2):
        task = shipping.claims(author, pictures.project_id)
        pictures.answers(author, task, [box(10, 10, 30, 30)])
    annotator = shipping.browser(author.person_id)
    [ended] = small_pictures(annotator, f"/work/tasks/{task}")
    story = re.search(r"/work/earnings/answers/[0-9a-f-]+", annotator.get("/work/earnings").text)
    assert story is not None
    assert pictures_with_boxes(annotator, story[0]) == 1
    lot_id, firm = shipping.cut(batch.id), shipping.project(pictures.project_id).organisation_id
    partner = shipping.browser(shipping.actor(Role.PARTNER_ADMIN, firm).person_id)
    both = ["图片 p001.jpg", "图片 p002.jpg"]
    assert ended in both
    assert pictures_with_boxes(partner, f"/partner/lots/{lot_id}") == 2
    assert pictures_with_boxes(partner, f"/partner/batches/{batch.id}") == 2
    coordinator = shipping.browser(shipping.actor(Role.COORDINATOR).person_id)
    assert pictures_with_boxes(coordinator, f"/lots/{lot_id}") == 2
    [first, _second] = shipping.items_of(lot_id)
    partner.post(f"/partner/lots/{lot_id}/send-back", what="items", items=str(first), reason="框大了")
    assert pictures_with_boxes(coordinator, f"/lots/{lot_id}") == 2, "what stays and what went back"
    assert pictures_with_boxes(partner, f"/partner/lots/{lot_id}") == 2
    assert "框大了" in partner.get(f"/partner/lots/{lot_id}").text
