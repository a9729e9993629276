"""The pages of lots, invoices, the books and earnings in a browser, wide and on a phone: each one is checked."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser
from sqlalchemy import select

from leye_platform.accounts.rules import Role
from leye_platform.accounts.tokens import SESSION_COOKIE
from leye_platform.assignments.models import Response
from leye_platform.installation import Installation
from support.browse import Browse, chromium, new_context
from support.clock import MovableClock
from support.live_site import live_site
from support.shipping import Shipping, SignedIn


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


def browse(browser: Browser, base: str, who: SignedIn, width: int) -> Browse:
    context = new_context(browser, width=width)
    context.add_cookies([{"name": SESSION_COOKIE, "value": who.token, "url": base}])
    return Browse(context.new_page(), base)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("width", [1280, pytest.param(320, marks=pytest.mark.audit)])
def test_every_page_of_money_holds(
    browser: Browser, installation: Installation, clock: MovableClock, width: int
) -> None:
    shipping = Shipping(installation, clock)
    settled = shipping.shipped(2)
    firm = settled.organisation_id
    shipping.accept(settled.lot_id, shipping.actor(Role.PARTNER_QA, firm))
    [invoice_id] = shipping.invoice(firm)
    waiting = shipping.shipped(3, firm=firm)
    shipping.send_back(shipping.actor(Role.PARTNER_QA, firm), waiting.lot_id, shipping.items_of(waiting.lot_id)[:1])
    with shipping.database.read() as session:
        answer = session.scalars(select(Response.id).where(Response.person_id == settled.author.person_id)).first()
    pages = {
        shipping.actor(Role.PARTNER_ADMIN, firm).person_id: [
            f"/partner/lots/{waiting.lot_id}",
            f"/partner/lots/{settled.lot_id}",
            "/partner/invoices",
            f"/partner/invoices/{invoice_id}",
        ],
        shipping.actor(Role.COORDINATOR).person_id: [f"/lots/{waiting.lot_id}"],
        shipping.actor(Role.FINANCE).person_id: [
            "/billing",
            "/billing/invoices",
            f"/billing/invoices/{invoice_id}",
            "/billing/pay",
            "/billing/ledger",
            "/billing/ledger?check=1",
        ],
        settled.author.person_id: ["/work/earnings", "/work/earnings/2026-03", f"/work/earnings/answers/{answer}"],
    }
    with live_site(installation) as base:
        for person_id, paths in pages.items():
            person = browse(browser, base, shipping.browser(person_id), width)
            for path in paths:
                person.open(path)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_partner_ticks_an_item_and_is_told_what_is_missing(
    browser: Browser, installation: Installation, clock: MovableClock
) -> None:
    shipping = Shipping(installation, clock)
    shipped = shipping.shipped(2)
    who = shipping.browser(shipping.actor(Role.PARTNER_QA, shipped.organisation_id).person_id)
    with live_site(installation) as base:
        person = browse(browser, base, who, 1280)
        page = person.open(f"/partner/lots/{shipped.lot_id}")
        page.get_by_label("退回的原因").fill("选错了")
        page.get_by_role("button", name="退回勾选的条目").click()
        page.wait_for_selector("#error-items")
        person.check()
        assert page.get_by_label("退回的原因").input_value() == "选错了"
        page.locator("input[name=items]").first.check()
        page.get_by_role("button", name="退回勾选的条目").click()
        page.wait_for_selector("#sent-back")
        page.get_by_role("button", name="通过，验收这一批").click()
        page.wait_for_selector("text=已验收")
    assert len(shipping.items_of(shipped.lot_id)) == 1
