"""Boxes drawn in a real browser: by digits, by two presses, by arrows, by numbers, and without JavaScript."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from leye_platform.accounts.rules import Role
from leye_platform.accounts.tokens import SESSION_COOKIE
from leye_platform.assignments.models import Response
from leye_platform.assignments.own import Annotator
from leye_platform.installation import Installation
from leye_platform.projects.rules import Pipeline, PipelineKind
from leye_platform.review.models import Decision
from support.boxes import HEIGHT, WIDTH, PictureBatches, box
from support.browse import Browse, chromium, new_context
from support.clock import MovableClock
from support.live_site import live_site
from support.shipping import Shipping

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@dataclass
class Drawer:
    """An annotator at the box workbench, and what of theirs is stored."""

    shipping: Shipping
    who: Annotator
    page: Page
    base: str

    def take(self, *, scripts: bool = True) -> None:
        """Claim a task and wait until its page is ready."""
        self.page.goto(f"{self.base}/work")
        self.page.locator("[data-command=claim]").first.click()
        self.page.wait_for_selector("main[data-view=workbench]")
        if scripts:
            self.page.wait_for_selector("#tools", state="visible")

    def check(self) -> None:
        """The page as it stands passes every check."""
        Browse(self.page, self.base).check()

    def boxes(self) -> list[list[Any]]:
        """The newest answer's boxes in pixels with their labels, in reading order."""
        with self.shipping.database.read() as session:
            mine = select(Response).where(Response.person_id == self.who.person_id).order_by(Response.number.desc())
            answer = session.scalars(mine).first()
            assert answer is not None
            sides = (("x", WIDTH), ("y", HEIGHT), ("width", WIDTH), ("height", HEIGHT))
            values = [region["value"] for region in answer.result]
            return [[*(round(v[n] * side / 100, 1) for n, side in sides), v["rectanglelabels"][0]] for v in values]

    def submit(self) -> None:
        """Submit, and wait for what comes after."""
        before = self.page.get_attribute("main", "data-assignment")
        self.page.locator("[data-command=submit]").click()
        self.page.wait_for_function(
            "before => document.querySelector('main').dataset.assignment !== before", arg=before
        )

    def press(self, x: float, y: float) -> None:
        """Press on the picture at a place in its own pixels."""
        frame = self.page.locator("#drawing").bounding_box()
        assert frame is not None
        self.page.mouse.click(frame["x"] + x * frame["width"] / WIDTH, frame["y"] + y * frame["height"] / HEIGHT)


@contextmanager
def at_browser(
    browser: Browser, installation: Installation, clock: MovableClock, *, width: int = 1280, **context: Any
) -> Iterator[Drawer]:
    """A signed-in annotator over the live site, with pictures to work on."""
    shipping = Shipping(installation, clock)
    PictureBatches(shipping).opened(6)
    who: Annotator = shipping.person()
    token = shipping.browser(UUID(str(who.person_id))).token
    with live_site(installation) as base:
        opened = new_context(browser, width=width, **context)
        opened.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": base}])
        yield Drawer(shipping, who, opened.new_page(), base)
        opened.close()


def test_boxes_by_digits_presses_and_arrows(browser: Browser, installation: Installation, clock: MovableClock) -> None:
    with at_browser(browser, installation, clock) as drawer:
        drawer.take()
        drawer.check()
        keys = drawer.page.keyboard
        for key in ("1", "5", "Enter", "5", "Enter"):
            keys.press(key)
        expect(drawer.page.locator("#boxes li")).to_have_count(1)
        expect(drawer.page.locator("#announcer")).to_contain_text("框 1，猫")
        drawer.check()
        drawer.press(40, 200)
        expect(drawer.page.locator("#turn")).to_contain_text("右下角")
        drawer.press(120, 280)
        keys.press("L")
        keys.press("E")  # the left edge
        keys.press("ArrowLeft")
        expect(drawer.page.locator("#boxes li").nth(1)).to_contain_text("狗")
        drawer.check()
        drawer.submit()
        first, second = drawer.boxes()
        # The middle of the first ninth; then the middle of what lies below and right of it.
        assert first == pytest.approx([66.7, 50.0, 166.7, 125.0, "猫"], abs=0.2)
        assert second[:4] == pytest.approx([36, 200, 84, 80], abs=2)
        assert second[4] == "狗"


def test_a_box_by_numbers_and_one_deleted_and_brought_back(
    browser: Browser, installation: Installation, clock: MovableClock
) -> None:
    with at_browser(browser, installation, clock) as drawer:
        drawer.take()
        page = drawer.page
        page.locator("#numbers summary").click()
        for field, value in enumerate(("10", "20", "30", "40"), start=1):
            page.locator(f"#box{field}-1").fill(value)
        page.locator("#box4-1").blur()
        expect(page.locator("#boxes li")).to_contain_text("左 10，上 20，宽 30，高 40")
        page.locator("[data-command='delete 1']").click()
        expect(page.locator("#boxes li")).to_have_count(0)
        expect(page.locator("#boxes-title")).to_be_focused()
        page.keyboard.press("z")
        expect(page.locator("#boxes li")).to_have_count(1)
        drawer.submit()
        assert drawer.boxes() == [[10, 20, 30, 40, "猫"]]


def test_nothing_is_sent_by_accident_and_nothing_to_mark_can_be_said(
    browser: Browser, installation: Installation, clock: MovableClock
) -> None:
    with at_browser(browser, installation, clock) as drawer:
        drawer.take()
        page = drawer.page
        page.keyboard.press("Enter")
        page.locator("[data-command=submit]").click()
        expect(page.locator("#lack")).to_contain_text("还没有画框")
        page.keyboard.press("5")
        page.locator("[data-command=submit]").click()
        expect(page.locator("#lack")).to_contain_text("没画完")
        page.keyboard.press("0")
        page.locator("[data-command=none]").check()
        drawer.submit()
        assert drawer.boxes() == []


def test_a_reload_keeps_what_was_drawn(browser: Browser, installation: Installation, clock: MovableClock) -> None:
    with at_browser(browser, installation, clock) as drawer:
        drawer.take()
        drawer.press(100, 100)
        drawer.press(200, 200)
        drawer.page.wait_for_selector("main[data-state=saved]")
        drawer.page.reload()
        expect(drawer.page.locator("#boxes li")).to_have_count(1)
        drawer.page.keyboard.press("z")
        drawer.page.keyboard.press("z")
        expect(drawer.page.locator("#boxes li")).to_have_count(0)


def test_without_javascript_the_numbers_are_a_form(
    browser: Browser, installation: Installation, clock: MovableClock
) -> None:
    with at_browser(browser, installation, clock, java_script_enabled=False) as drawer:
        drawer.take(scripts=False)
        page = drawer.page
        page.get_by_role("button", name="提交").click()
        expect(page.locator("#error-choice")).to_contain_text("还没有画框")
        for field, value in enumerate(("10", "20", "３００", "999"), start=1):
            page.locator(f"#box{field}-1").fill(value)
        page.locator("#box5-1").select_option("狗")
        page.get_by_role("button", name="提交").click()
        expect(page.locator("#error-choice")).to_contain_text("第 1 个框出了图片")
        page.locator("#box4-1").fill("99.5")
        page.get_by_role("button", name="提交").click()
        page.wait_for_url("**after=submitted*")
        assert drawer.boxes() == [[10, 20, 300, 99.5, "狗"]]


@pytest.mark.parametrize("viewport", [{"width": 320, "height": 640}, {"width": 320, "height": 256}])
def test_the_whole_of_it_fits_a_small_screen(
    browser: Browser, installation: Installation, clock: MovableClock, viewport: dict[str, int]
) -> None:
    with at_browser(browser, installation, clock) as drawer:
        drawer.page.set_viewport_size(viewport)  # type: ignore[arg-type]  # a TypedDict in its stub
        drawer.take()
        drawer.check()
        for command in ("cell 1", "confirm", "cell 9", "confirm"):
            drawer.page.locator(f"[data-command='{command}']").click()
        drawer.check()
        drawer.submit()
        assert len(drawer.boxes()) == 1


def test_a_reviewer_sees_every_answer_drawn_and_mends_one(
    browser: Browser, installation: Installation, clock: MovableClock
) -> None:
    shipping = Shipping(installation, clock)
    pictures = PictureBatches(shipping, Pipeline(overlap_start=2, overlap_limit=2, confidence=0.99))
    pictures.opened(1)
    for result in ([box(10, 10, 40, 40)], [box(10, 10, 40, 40), box(60, 60, 30, 30, "狗")]):
        who = shipping.person()
        pictures.answers(who, shipping.claims(who), result)
    reviewer = shipping.actor(Role.REVIEWER)
    token = shipping.browser(reviewer.person_id).token
    with live_site(installation) as base:
        opened = new_context(browser)
        opened.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": base}])
        page = opened.new_page()
        page.goto(f"{base}/review")
        page.locator("form[action='/review/next'] button").click()
        page.wait_for_selector("main[data-view=review]")
        expect(page.locator("article svg .box")).to_have_count(3)
        expect(page.locator("article").last).to_contain_text("左 40，上 30，宽 160，高 120")
        Browse(page, base).check()
        page.keyboard.press("3")
        expect(page.locator("#fixed3-1")).to_have_value("160")
        page.locator("#fixed3-1").fill("150")
        Browse(page, base).check()
        page.locator("#reason label", has_text="选错了标签").click()
        page.locator("[data-command=submit]").click()
        page.wait_for_url("**none=1")
        opened.close()
    with shipping.database.read() as session:
        decided = session.scalars(select(Decision)).one()
    assert decided.result[0]["value"]["width"] == 150 * 100 / WIDTH


def test_a_single_answer_is_drawn_over_the_one_picture(
    browser: Browser, installation: Installation, clock: MovableClock
) -> None:
    shipping = Shipping(installation, clock)
    pictures = PictureBatches(shipping, Pipeline(kind=PipelineKind.SINGLE_CHECK, check_share=1))
    pictures.opened(1)
    who = shipping.person()
    pictures.answers(who, shipping.claims(who), [box(10, 10, 40, 40), box(60, 60, 30, 30, "狗")])
    token = shipping.browser(shipping.actor(Role.REVIEWER).person_id).token
    with live_site(installation) as base:
        opened = new_context(browser)
        opened.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": base}])
        page = opened.new_page()
        page.goto(f"{base}/review")
        page.locator("form[action='/review/next'] button").click()
        page.wait_for_selector("main[data-view=review]")
        expect(page.locator(".stage img")).to_have_count(1)
        expect(page.locator(".stage img")).to_have_attribute("alt", re.compile("要画框的图片"))
        expect(page.locator(".stage svg .box")).to_have_count(2)
        expect(page.locator("article li")).to_have_count(2)
        Browse(page, base).check()
        opened.close()


def test_the_first_page_is_light(browser: Browser, installation: Installation, clock: MovableClock) -> None:
    """150 kB over the wire at most, the picture aside (requirement 28)."""
    with at_browser(browser, installation, clock) as drawer:
        sizes: dict[str, float] = {}
        network = drawer.page.context.new_cdp_session(drawer.page)
        urls: dict[str, str] = {}
        network.on("Network.responseReceived", lambda e: urls.update({e["requestId"]: e["response"]["url"]}))
        network.on("Network.loadingFinished", lambda e: sizes.update({e["requestId"]: e["encodedDataLength"]}))
        network.send("Network.enable")
        drawer.take()
        drawer.page.wait_for_load_state("networkidle")
        assert not [url for url in urls.values() if not url.startswith((drawer.base, "data:"))]
        light = sum(size for request, size in sizes.items() if "/pictures/" not in urls.get(request, ""))
        assert 10_000 < light <= 150_000
