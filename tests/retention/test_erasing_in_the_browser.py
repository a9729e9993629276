"""Erasing by keyboard alone, in Chinese: what keeps the data is said, the name is typed, the certificate is read."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from leye_platform.accounts.rules import Role
from leye_platform.accounts.tokens import SESSION_COOKIE
from leye_platform.installation import Installation
from leye_platform.projects.rules import DataState
from leye_platform.retention.models import Erasure
from support.browse import Browse, chromium, new_context
from support.clock import MovableClock
from support.erasing import Erasing
from support.live_site import live_site
from support.shipping import Shipping, SignedIn

NAME = "document.activeElement.getAttribute('aria-label') || document.activeElement.innerText || ''"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


def desk_of(browser: Browser, base: str, who: SignedIn, width: int = 1280) -> Browse:
    context = new_context(browser, width=width)
    context.add_cookies([{"name": SESSION_COOKIE, "value": who.token, "url": base}])
    return Browse(context.new_page(), base)


def press(page: Page, name: str) -> None:
    """Come to a link or a button by Tab, and press Enter."""
    for _ in range(80):
        page.keyboard.press("Tab")
        at = page.evaluate(
            "document.activeElement.getAttribute('aria-label') || document.activeElement.innerText || ''"
        )
        if at.strip() == name:
            page.keyboard.press("Enter")
            return
    raise AssertionError(f"no way by Tab to {name}")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_partner_erases_a_batchs_data_by_keyboard(
    browser: Browser, installation: Installation, clock: MovableClock
) -> None:
    erasing = Erasing(Shipping(installation, clock))
    shipped, waiting = erasing.settled(3), erasing.shipping.shipped(1, firm=erasing.firm)
    batch = erasing.batch(shipped.batch.batch_id)
    boss = erasing.shipping.browser(erasing.boss.person_id)
    with live_site(installation) as base:
        desk = desk_of(browser, base, boss)
        page = desk.open(f"/batches/{waiting.batch.batch_id}/data")
        expect(page.locator("main")).to_contain_text("还有 1 个交付批没有验收。")
        assert page.get_by_role("link", name="现在删除数据").count() == 0
        page = desk.open(f"/partner/batches/{batch.id}")
        press(page, f"数据和删除：{batch.name}")
        expect(page.locator("h1")).to_have_text(f"“{batch.name}”的数据")
        press(page, "现在删除数据")
        expect(page.locator("h1")).to_have_text(f"删除“{batch.name}”的数据")
        page.locator("#name").focus()
        page.keyboard.type("不是这个")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("要删除，请照抄")
        desk.check()
        page.locator("#name").fill("")
        page.locator("#name").focus()
        page.keyboard.type(batch.name)
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_contain_text("正在登记文件")
        assert erasing.batch(batch.id).data_state is DataState.ERASING
        with erasing.database.read() as session:
            erasure = session.scalars(select(Erasure)).one()
        erasing.run(erasure)
        page = desk.open(f"/batches/{batch.id}/data")
        expect(page.locator("main")).to_contain_text("D-000001")
        expect(page.get_by_role("button", name="打印")).to_be_visible()
        for path in (f"/partner/batches/{batch.id}", "/partner"):
            desk.open(path)
        narrow = desk_of(browser, base, boss, 360)
        narrow.open(f"/batches/{batch.id}/data")
        narrow.open(f"/batches/{waiting.batch.batch_id}/data")
        narrow.open("/partner")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_other_pages_of_keeping_are_sound(
    browser: Browser, installation: Installation, clock: MovableClock
) -> None:
    erasing = Erasing(Shipping(installation, clock))
    shipped = erasing.settled(1)
    admin = erasing.shipping.browser(erasing.shipping.actor(Role.ADMIN).person_id)
    with live_site(installation) as base:
        for width in (1280, 360):
            desk = desk_of(browser, base, admin, width)
            for path in (
                f"/batches/{shipped.batch.batch_id}/data",
                f"/batches/{shipped.batch.batch_id}/erase",
                f"/projects/{shipped.batch.project_id}/retention",
                f"/admin/organisations/{erasing.firm}",
            ):
                desk.open(path)
