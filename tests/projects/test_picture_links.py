"""Who may see a picture: only whoever was given its link, for a while; no other person, no guess."""

from datetime import timedelta
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
from PIL import Image

from leye_platform.accounts.rules import Role
from leye_platform.installation import Installation
from leye_platform.projects.pictures.keeping import key_of
from support.boxes import HEIGHT, WIDTH, PictureBatches
from support.clock import MovableClock
from support.shipping import Shipping

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
