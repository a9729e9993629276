"""The whole work in a real browser over the real site: keyboard alone, two keys, no JavaScript, no network."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import select

from leye_platform.accounts.tokens import SESSION_COOKIE
from leye_platform.assignments.models import Response
from leye_platform.assignments.own import Annotator
from leye_platform.installation import Installation
from support.browse import Browse, chromium, new_context
from support.clock import MovableClock
from support.factories import TOPICS
from support.live_site import live_site
from support.shipping import Shipping

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
READY = "label:not([hidden]) > #keys-on"  # the modules have taken over


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def shipping(installation: Installation, clock: MovableClock) -> Shipping:
    return Shipping(installation, clock)


@dataclass
class Worker:
    """One annotator at a browser, and what of theirs is stored."""

    shipping: Shipping
    who: Annotator
    context: BrowserContext
    page: Page
    base: str

    def open(self, path: str) -> None:
        Browse(self.page, self.base).open(path)

    def check(self) -> None:
        """The page as it stands passes every check."""
        Browse(self.page, self.base).check()

    def answers(self) -> list[list[str]]:
        with self.shipping.database.read() as session:
            mine = select(Response).where(Response.person_id == self.who.person_id).order_by(Response.number)
            return [answer.result[0]["value"]["choices"] for answer in session.scalars(mine)]

    def wait_for_bench(self) -> None:
        self.page.wait_for_selector("main[data-view=workbench]")
        self.page.wait_for_selector(READY, state="attached")

    def tab_to(self, command: str) -> None:
        """Press Tab until the control that carries the command has the focus."""
        for _ in range(60):
            self.page.keyboard.press("Tab")
            if self.page.evaluate("document.activeElement.dataset.command") == command:
                return
        raise AssertionError(f"Tab does not reach {command}")


@contextmanager
def at_browser(browser: Browser, shipping: Shipping, *, width: int = 1280, **context: Any) -> Iterator[Worker]:
    """A signed-in annotator over the live site."""
    who = shipping.person()
    token = shipping.browser(who.person_id).token
    with live_site(shipping.installation) as base:
        opened = new_context(browser, width=width, **context)
        opened.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": base}])
        yield Worker(shipping, who, opened, opened.new_page(), base)
        opened.close()


@pytest.mark.parametrize("width", [1280, pytest.param(320, marks=pytest.mark.audit)])
def test_every_page_of_work_holds(browser: Browser, shipping: Shipping, width: int) -> None:
    batch = shipping.batch(2, title="短评情感分类")
    with at_browser(browser, shipping, width=width) as me:
        for path in ("/work", f"/guides/{batch.project_id}"):
            me.open(path)
        assignment = shipping.claims(me.who)
        here = f"/work/tasks/{assignment}"
        for path in ("/work?after=kept", here, f"{here}?after=submitted", f"{here}/skip", f"{here}/help"):
            me.open(path)
        me.page.goto(me.base + here + "/skip")
        me.page.locator("button.main").click()
        me.page.wait_for_selector("#error-reason")
        me.check()
        assert me.page.evaluate("document.activeElement.id") == "problems"
        shipping.answers(me.who, assignment)
        me.open(here)
        shipping.answers(me.who, shipping.claims(me.who))
        me.open("/work?none=waiting-for-others&after=submitted")


def test_one_choice_is_made_by_keyboard_alone_from_the_home_to_the_end(browser: Browser, shipping: Shipping) -> None:
    shipping.batch(2)
    with at_browser(browser, shipping) as me:
        me.page.goto(me.base + "/work")
        me.tab_to("claim")
        me.page.keyboard.press("Enter")
        for _ in range(2):
            me.wait_for_bench()
            me.page.keyboard.press("1")
            me.page.keyboard.press("2")
            me.page.keyboard.press("z")
            with me.page.expect_navigation(url=lambda url: "/work" in url):
                me.page.keyboard.press("Enter")
        expect(me.page.locator("main")).to_have_attribute("data-view", "work-home")
        expect(me.page.locator("main")).to_contain_text("上一条已提交")
        assert me.answers() == [["正面"], ["正面"]]
        me.check()


def test_several_choices_are_made_by_keyboard_alone(browser: Browser, shipping: Shipping) -> None:
    shipping.batch(1, label_config=TOPICS)
    with at_browser(browser, shipping) as me:
        me.page.goto(f"{me.base}/work/tasks/{shipping.claims(me.who)}")
        me.wait_for_bench()
        for key in ("3", "2", "1", "2"):
            me.page.keyboard.press(key)
        with me.page.expect_navigation():
            me.page.keyboard.press("Enter")
        me.page.wait_for_selector("main[data-view=work-home]")
        assert me.answers() == [["价格", "服务"]]


def test_two_keys_are_enough(browser: Browser, shipping: Shipping) -> None:
    """Tab moves, Space presses; nothing else is touched from the home to the home."""
    shipping.batch(1)
    with at_browser(browser, shipping) as me:
        me.page.goto(me.base + "/work")
        me.tab_to("claim")
        me.page.keyboard.press("Space")
        me.wait_for_bench()
        me.tab_to("choose 1")
        me.page.keyboard.press("Space")
        me.tab_to("submit")
        me.page.keyboard.press("Space")
        me.page.wait_for_selector("main[data-view=work-home]")
        assert me.answers() == [["正面"]]


def test_a_task_is_skipped_by_keyboard_alone(browser: Browser, shipping: Shipping) -> None:
    shipping.batch(2)
    with at_browser(browser, shipping) as me:
        first = shipping.claims(me.who)
        me.page.goto(f"{me.base}/work/tasks/{first}")
        me.wait_for_bench()
        me.page.keyboard.press("s")
        me.page.wait_for_selector("main[data-view=skip]")
        me.page.wait_for_selector(READY, state="attached")
        me.page.keyboard.press("4")
        me.page.keyboard.press("Enter")
        me.page.wait_for_selector(f"main[data-view=workbench]:not([data-assignment='{first}'])")
        expect(me.page.locator("#saved")).to_have_text("上一条已跳过")


def test_the_network_goes_in_the_middle_of_a_submit_and_one_answer_arrives(
    browser: Browser, shipping: Shipping
) -> None:
    shipping.batch(1)
    with at_browser(browser, shipping) as me:
        me.page.goto(f"{me.base}/work/tasks/{shipping.claims(me.who)}")
        me.wait_for_bench()
        me.page.keyboard.press("2")
        # The server stores the first submission; its confirmation is lost on the way back.
        lost = []

        def lose(route: Any) -> None:
            lost.append(route.fetch().status)
            me.context.set_offline(True)
            route.abort("internetdisconnected")

        me.page.route("**/response", lose, times=1)
        me.page.keyboard.press("Enter")
        expect(me.page.locator("main")).to_have_attribute("data-state", "offline")
        expect(me.page.locator("#announcer")).to_contain_text("网络断了，答案已存好，连上后自动提交")
        assert lost == [201]
        me.context.set_offline(False)
        me.page.wait_for_selector("main[data-view=work-home]")
        assert me.answers() == [["负面"]]


def test_a_submit_begun_without_a_network_goes_on_when_the_page_is_opened_again(
    browser: Browser, shipping: Shipping
) -> None:
    shipping.batch(1)
    with at_browser(browser, shipping) as me:
        task = f"{me.base}/work/tasks/{shipping.claims(me.who)}"
        me.page.goto(task)
        me.wait_for_bench()
        me.context.set_offline(True)
        me.page.keyboard.press("1")
        me.page.keyboard.press("Enter")
        expect(me.page.locator("main")).to_have_attribute("data-state", "offline")
        assert me.answers() == []
        me.page.goto("about:blank")  # the old page is gone before the network is back, so it sends nothing
        me.context.set_offline(False)
        me.page.goto(task)
        me.page.wait_for_selector("main[data-view=work-home]")
        assert me.answers() == [["正面"]]


def test_a_sign_in_that_ends_during_the_work_loses_no_answer(browser: Browser, shipping: Shipping) -> None:
    shipping.batch(1)
    with at_browser(browser, shipping, width=360) as me:
        task = f"{me.base}/work/tasks/{shipping.claims(me.who)}"
        me.page.goto(task)
        me.wait_for_bench()
        cookies = me.context.cookies()
        me.context.clear_cookies()
        me.page.keyboard.press("2")
        me.page.keyboard.press("Enter")
        expect(me.page.locator("#near")).to_contain_text("登录到期了，答案存在这台设备上")
        expect(me.page.locator("#near")).to_be_in_viewport()
        me.context.add_cookies(cookies)  # type: ignore[arg-type]  # what Playwright gives, it takes
        me.page.goto(task)
        me.wait_for_bench()
        expect(me.page.locator("input[value=负面]")).to_be_checked()
        me.page.keyboard.press("Enter")
        me.page.wait_for_selector("main[data-view=work-home]")
        assert me.answers() == [["负面"]]


def test_it_all_works_without_javascript(browser: Browser, shipping: Shipping) -> None:
    shipping.batch(2)
    with at_browser(browser, shipping, java_script_enabled=False) as me:
        me.page.goto(me.base + "/work")
        me.page.locator("button[data-command=claim]").click()
        first = me.page.locator("main").get_attribute("data-assignment")
        me.page.locator("button[value=submit]").click()
        expect(me.page.locator("#error-choice")).to_be_visible()
        me.page.locator("label", has_text="负面").click()
        me.page.locator("button[data-command=leave]").click()
        me.page.locator("button[data-command=claim]").click()
        expect(me.page.locator("input[value=负面]")).to_be_checked()
        me.page.locator("button[value=submit]").click()
        assert me.page.locator("main").get_attribute("data-assignment") != first
        expect(me.page.locator("#saved")).to_have_text("上一条已提交")
        me.page.go_back()
        expect(me.page.locator("main")).to_have_attribute("data-view", "task-ended")
        me.page.locator("button[data-command=claim]").click()
        me.page.locator("button[value=skip]").click()
        me.page.locator("label", has_text="其他原因").click()
        me.page.locator("button.main").click()
        expect(me.page.locator("main")).to_contain_text("上一条已跳过")
        assert me.answers() == [["负面"]]


def test_the_first_work_page_travels_in_sixty_kilobytes(browser: Browser, shipping: Shipping) -> None:
    """Everything that the wire carries, headers included, with nothing in the cache."""
    shipping.batch(1)
    with at_browser(browser, shipping) as me:
        wire = me.context.new_cdp_session(me.page)
        wire.send("Network.enable")
        sizes: list[int] = []
        wire.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
        asked: list[str] = []
        wire.on("Network.requestWillBeSent", lambda event: asked.append(event["request"]["url"].split("?")[0]))
        me.page.goto(f"{me.base}/work/tasks/{shipping.claims(me.who)}")
        me.wait_for_bench()
        me.page.wait_for_load_state("networkidle")
        assert {address.split("/")[2] for address in asked} == {me.base.split("/")[2]}
        assert {"site.css", "workbench.mjs", "tool.mjs"} <= {address.rpartition("/")[2] for address in asked}
        assert len(sizes) >= len(asked), "everything that was asked for has arrived"
        assert sum(sizes) <= 60_000
