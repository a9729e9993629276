"""The reminder to rest on the workbench (ACCESSIBILITY.md, requirement 32): one's own wish, quiet, in its place."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from support.browse import Browse, chromium, new_context
from web.sample_pages import ASSIGNMENT, ORIGIN, SamplePages

TASK = f"/work/tasks/{ASSIGNMENT}"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


def at_work(browser: Browser, minutes: int) -> tuple[SamplePages, Page]:
    """The workbench of somebody who wishes a reminder after so many minutes, by a clock that the test moves."""
    context = new_context(browser)
    samples = SamplePages()
    samples.install(context)
    context.route("**/api/v1/me/preferences", lambda route: route.fulfill(json={"rest_minutes": minutes}))
    page = context.new_page()
    page.clock.install()
    return samples, Browse(page, ORIGIN).open(TASK)


def work(page: Page, minutes: int) -> None:
    """A key each two minutes."""
    for _ in range(0, minutes, 2):
        page.clock.fast_forward("02:00")
        page.keyboard.press("Shift")


def test_after_the_wished_minutes_it_says_one_sentence_and_nothing_moves(browser: Browser) -> None:
    _, page = at_work(browser, 20)
    page.locator("#rest").wait_for()
    places = "[...document.querySelectorAll('h1, .choice, .commands, #rest')].map((e) => e.getBoundingClientRect().top)"
    before = page.evaluate(places)
    work(page, 18)
    assert "连着做 20 分钟，说一声" in page.locator("#rest").inner_text()
    assert page.get_by_role("button", name="接着做").count() == 0
    work(page, 4)
    page.clock.run_for(6000)
    assert "分钟，可以休息一下。" in page.locator("#rest").inner_text()
    said = page.locator("#announcer").inner_text()
    assert said.endswith("可以休息一下。")
    assert len(said) <= 40
    assert page.evaluate(places) == before
    assert page.evaluate("document.activeElement === document.body"), "focus stays where it was"


def test_going_on_puts_it_back_and_resting_keeps_what_is_chosen(browser: Browser) -> None:
    samples, page = at_work(browser, 2)
    page.locator("#rest").wait_for()
    work(page, 4)
    page.clock.run_for(6000)
    page.get_by_role("button", name="接着做").click()
    assert "说一声" in page.locator("#rest").inner_text()
    page.locator(".choice").nth(1).click()
    page.get_by_role("button", name="休息一下").click()
    page.wait_for_load_state()
    [(path, sent)] = samples.posts
    assert (path, sent["do"]) == (TASK, ["leave"])
    assert len(sent["choice"]) == 1


def test_without_a_wish_there_is_none(browser: Browser) -> None:
    _, page = at_work(browser, 0)
    work(page, 60)
    page.clock.run_for(6000)
    assert page.locator("#rest").is_hidden()
