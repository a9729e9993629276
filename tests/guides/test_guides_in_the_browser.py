"""Guides in Chromium: written with a picture, published, read before work goes on, by keyboard; every state checked."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from uuid import UUID

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from leye_platform.accounts.rules import Role
from leye_platform.accounts.tokens import SESSION_COOKIE
from leye_platform.installation import Installation
from support.browse import Browse, chromium, new_context
from support.clock import MovableClock
from support.live_site import live_site
from support.shipping import Shipping


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def shipping(installation: Installation, clock: MovableClock) -> Shipping:
    return Shipping(installation, clock)


@contextmanager
def at(browser: Browser, shipping: Shipping, base: str, person_id: UUID, width: int) -> Iterator[Browse]:
    context = new_context(browser, width=width)
    token = shipping.browser(person_id).token
    context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": base}])
    yield Browse(context.new_page(), base)
    context.close()


def picture() -> bytes:
    file = BytesIO()
    Image.new("RGB", (640, 400), "#0A5550").save(file, "PNG")
    return file.getvalue()


def press(page: Page, name: str) -> None:
    """Press a button of this name by keyboard."""
    button = page.get_by_role("button", name=name, exact=True).first
    button.focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")


def write(desk: Browse, project_id: UUID) -> None:
    """A draft with a picture: first without its description, which is asked for; then whole, and published."""
    page = desk.open(f"/projects/{project_id}/guide/draft")
    page.locator("#body").fill("# 怎么选\n\n按整条评论的意思选。快递慢也算。\n\n[图 1]")
    page.locator("#picture").set_input_files({"name": "图.png", "mimeType": "image/png", "buffer": picture()})
    press(page, "加上这张图")
    page.wait_for_function("document.activeElement.id === 'problems'")
    desk.check()
    page.locator("#problems a").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "picture-1"
    page.keyboard.insert_text("一只杯子，杯口有缺口")
    page.locator("#example-1-content").fill("送得很慢")
    press(page, "预览，准备发布")
    page.wait_for_function("document.activeElement.id === 'problems'")  # the example does not say why
    desk.check()
    page.locator("#example-1-why").fill("说了不满。")
    press(page, "预览，准备发布")
    desk.check()
    press(page, "发布第 2 版")
    desk.check()
    page.locator("#change").fill("快递慢也算")
    press(page, "发布第 2 版")
    desk.check()
    assert "发布了" in page.locator("main").inner_text()


@pytest.mark.parametrize("width", [1280, pytest.param(320, marks=pytest.mark.audit)])
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_guide_is_written_and_read_before_work_goes_on(browser: Browser, shipping: Shipping, width: int) -> None:
    project_id = shipping.batch(5, title="短评情感分类").project_id
    who = shipping.person()
    shipping.answers(who, shipping.claims(who))
    shipping.clock.move(minutes=1)
    coordinator = shipping.actor(Role.COORDINATOR)
    with live_site(shipping.installation) as base:
        with at(browser, shipping, base, coordinator.person_id, width) as desk:
            write(desk, project_id)
        with at(browser, shipping, base, who.person_id, width) as me:
            page = me.open("/notices")
            assert "1 条未读" in page.locator("main").inner_text().replace("\u00a0", " ")
            press(page, "打开")
            me.check()
            assert page.locator("ins").first.inner_text() == "快递慢也算。"
            page.locator("summary").click()
            me.check()
            press(page, "看过了，接着做")
            me.check()
            assert page.locator("main").get_attribute("data-view") == "workbench"
            assert page.locator("details figure img").get_attribute("alt") == "一只杯子，杯口有缺口"
            page.goto(f"{base}/guides/{project_id}")
            page.emulate_media(media="print")
            assert page.locator("#ask").is_hidden()
            assert page.locator("article").is_visible()
