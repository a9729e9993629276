"""The way back to an answer that was just given: beside the next task, on its own pages, by keyboard alone."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import func, select

from leye_platform.accounts.tokens import SESSION_COOKIE
from leye_platform.assignments.models import Draft, ReplacedAnswer
from leye_platform.database import Database
from leye_platform.delivery.service import assemble_lot
from leye_platform.installation import Installation
from support.at_work import AtWork, words
from support.browse import Browse, chromium, new_context
from support.clock import MovableClock
from support.correcting import ONE
from support.factories import TOPICS
from support.live_site import live_site
from support.shipping import Shipping

READY = "label:not([hidden]) > #keys-on"  # the modules have taken over


@pytest.fixture
def shipping(installation: Installation, clock: MovableClock) -> Shipping:
    return Shipping(installation, clock)


@pytest.fixture
def at_work(shipping: Shipping) -> AtWork:
    return AtWork(shipping)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


def test_the_answer_before_is_put_right_and_the_task_in_hand_goes_on(shipping: Shipping, at_work: AtWork) -> None:
    shipping.batch(3, pipeline=ONE)
    first = at_work.claims()
    following = at_work.sends(first, choice="正面", idempotency_key="k")
    page = at_work.page(following)
    correction = f"/work/tasks/{first}/correct"
    assert f'href="{correction}"' in page
    assert "改上一条" in page
    page = at_work.page(correction)
    assert 'value="正面" data-command="choose 1" checked' in page
    assert f'action="{correction}"' in page
    assert 'data-command="skip"' not in page
    assert 'data-command="help"' not in page
    nothing = at_work.browser.post(correction, do="submit")
    assert nothing.status_code == 422
    done = at_work.browser.post(correction, do="submit", choice="负面", idempotency_key="c")
    assert done.status_code == 303
    assert done.headers["location"] == following.split("?")[0] + "?after=corrected"
    assert "刚才那条已更正" in at_work.page(done.headers["location"])
    [answer] = at_work.answers()
    assert answer.result[0]["value"]["choices"] == ["负面"]
    again = at_work.browser.post(correction, do="submit", choice="负面", idempotency_key="c")
    assert again.headers["location"] == done.headers["location"]
    story = words(at_work.page(f"/work/earnings/answers/{answer.id}"))
    assert "你更正了答案：原来是正面，改为负面。" in story
    assert "改这条答案" in story
    assert "改这条答案" in at_work.page(f"/work/tasks/{first}")
    with shipping.database.read() as session:
        assert session.scalar(select(func.count()).select_from(ReplacedAnswer)) == 1


def test_leaving_and_undoing_change_nothing(shipping: Shipping, at_work: AtWork, database: Database) -> None:
    shipping.batch(2, pipeline=ONE)
    first = at_work.claims()
    early = at_work.browser.get(f"/work/tasks/{first}/correct")
    assert (early.status_code, early.headers["location"]) == (303, f"/work/tasks/{first}"), "not answered yet"
    at_work.sends(first, choice="正面", idempotency_key="k")
    for do, leads in (("leave", ""), ("undo", "/correct")):
        gone = at_work.browser.post(f"/work/tasks/{first}/correct", do=do, choice="负面")
        assert gone.headers["location"] == f"/work/tasks/{first}{leads}"
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(ReplacedAnswer)) == 0
        assert session.scalar(select(func.count()).select_from(Draft)) == 0


def test_who_comes_too_late_is_told_so_before_they_begin(
    shipping: Shipping, at_work: AtWork, database: Database
) -> None:
    batch = shipping.batch(1, pipeline=ONE)
    first = at_work.claims()
    at_work.sends(first, choice="正面", idempotency_key="k")
    with database.write() as session:
        assert assemble_lot(session, batch.batch_id, shipping.clock.now()) is not None
    for answer in (
        at_work.browser.get(f"/work/tasks/{first}/correct"),
        at_work.browser.post(f"/work/tasks/{first}/correct", do="submit", choice="负面"),
    ):
        assert answer.status_code == 409
        assert "答案不能再改，报酬不变" in answer.text
    [given] = at_work.answers()
    for path in (f"/work/tasks/{first}", f"/work/earnings/answers/{given.id}"):
        assert "改这条答案" not in at_work.page(path)
    other = AtWork(shipping)
    assert other.browser.get(f"/work/tasks/{first}/correct").status_code == 404


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("width", [1280, 320])
def test_a_mis_hit_is_put_right_by_keyboard_alone(browser: Browser, shipping: Shipping, width: int) -> None:
    shipping.batch(2, pipeline=ONE, label_config=TOPICS)
    at_work = AtWork(shipping)
    with live_site(shipping.installation) as base:
        context = new_context(browser, width=width)
        context.add_cookies([{"name": SESSION_COOKIE, "value": at_work.browser.token, "url": base}])
        page = context.new_page()
        page.goto(base + "/work")
        page.locator("button[data-command=claim]").click()
        page.wait_for_selector(READY, state="attached")
        first = page.locator("main").get_attribute("data-assignment")
        page.keyboard.press("2")
        page.keyboard.press("Enter")
        expect(page.locator("main")).not_to_have_attribute("data-assignment", first or "")
        page.wait_for_selector(READY, state="attached")
        following = page.locator("main").get_attribute("data-assignment")
        page.get_by_role("link", name="改上一条").press("Enter")
        page.wait_for_selector("main[data-view=correction]")
        page.wait_for_selector(READY, state="attached")
        Browse(page, base).check()
        expect(page.locator("input[value=味道]")).to_be_checked()
        page.keyboard.press("3")
        page.reload()
        page.wait_for_selector(READY, state="attached")
        expect(page.locator("input[value=服务]")).to_be_checked()
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_have_attribute("data-assignment", following or "")
        expect(page.locator("#saved")).to_have_text("刚才那条已更正")
        [answer] = at_work.answers()
        assert answer.result[0]["value"]["choices"] == ["味道", "服务"]
        Browse(page, base).open(f"/work/tasks/{first}")
        context.close()
