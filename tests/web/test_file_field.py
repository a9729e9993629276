"""A file field speaks the page's language in every browser, and stays the browser's own control."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from leye_platform.accounts.rules import Role
from leye_platform.accounts.tokens import SESSION_COOKIE
from leye_platform.installation import Installation
from support.browse import Browse, chromium, new_context
from support.clock import MovableClock
from support.live_site import live_site
from support.shipping import Shipping

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def samples(browser: Browser, installation: Installation, clock: MovableClock) -> Iterator[Page]:
    shipping = Shipping(installation, clock)
    token = shipping.browser(shipping.actor(Role.COORDINATOR).person_id).token
    with live_site(installation) as base:
        context = new_context(browser)
        context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": base}])
        page = Browse(context.new_page(), base).open("/styleguide")
        page.locator(".file[data-ready]").wait_for()
        yield page
        context.close()


def test_it_says_in_our_words_what_is_chosen(samples: Page) -> None:
    said = samples.locator("#chosen-file")
    assert said.inner_text() == "还没有选。也可以把文件拖到这里。"
    samples.set_input_files("#file", {"name": "评论 $& 1.csv", "mimeType": "text/csv", "buffer": b"x" * 3_355_444})
    assert said.inner_text().replace("\u00a0", " ") == "已选“评论 $& 1.csv”，3.2 MB。"
    samples.set_input_files("#file", [])
    assert said.inner_text() == "还没有选。也可以把文件拖到这里。"


def test_pressing_dropping_and_keys_reach_the_browsers_own_control(samples: Page) -> None:
    samples.locator(".file-shown").scroll_into_view_if_needed()
    shown = samples.locator(".file-shown").bounding_box()
    own = samples.locator("#file").bounding_box()
    assert shown == own
    assert shown is not None
    for across, down in ((0.02, 0.1), (0.5, 0.5), (0.98, 0.9)):
        place = [shown["x"] + across * shown["width"], shown["y"] + down * shown["height"]]
        hit = samples.evaluate("([x, y]) => document.elementFromPoint(x, y).id", place)
        assert hit == "file", "a file dropped there is lost"
    with samples.expect_file_chooser():
        samples.locator("#file").press("Enter")
    with samples.expect_file_chooser():
        samples.mouse.click(shown["x"] + 40, shown["y"] + 30)
    described = str(samples.locator("#file").get_attribute("aria-describedby")).split()
    assert described == ["hint-file", "chosen-file"]


def test_without_javascript_the_browsers_own_control_shows(
    browser: Browser, installation: Installation, clock: MovableClock
) -> None:
    shipping = Shipping(installation, clock)
    token = shipping.browser(shipping.actor(Role.COORDINATOR).person_id).token
    with live_site(installation) as base:
        context = new_context(browser, java_script_enabled=False)
        context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": base}])
        page = context.new_page()
        page.goto(base + "/styleguide")
        assert page.locator("#file").is_visible()
        assert not page.locator(".file-shown").is_visible()
        context.close()
