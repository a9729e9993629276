"""The page of a project's webhooks in a browser, by keyboard, on wide and narrow screens."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser
from sqlalchemy import update

from leye_platform.accounts.rules import Role
from leye_platform.accounts.tokens import SESSION_COOKIE
from leye_platform.database import Database
from leye_platform.installation import Installation
from leye_platform.webhooks.models import WebhookMessage
from leye_platform.webhooks.rules import MessageState
from support.browse import Browse, chromium, new_context
from support.clock import MovableClock
from support.live_site import live_site
from support.shipping import Shipping

# What a page looks like depends on no database.
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def shipping(installation: Installation, clock: MovableClock) -> Shipping:
    return Shipping(installation, clock)


@pytest.mark.parametrize("width", [1280, pytest.param(320, marks=pytest.mark.audit)])
def test_webhooks_are_added_and_repeated_by_keyboard(
    browser: Browser, installation: Installation, shipping: Shipping, database: Database, width: int
) -> None:
    shipped = shipping.shipped(1)
    token = shipping.browser(shipping.actor(Role.PARTNER_ADMIN, shipped.organisation_id).person_id).token
    with live_site(installation) as base:
        context = new_context(browser, width=width)
        context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": base}])
        browse = Browse(context.new_page(), base)
        page = browse.open(f"/partner/projects/{shipped.batch.project_id}/webhooks")
        page.get_by_label("网址").fill("https://a-rather-long-name.firm.example/hooks/labelling/leye?key=0123456789")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        browse.check()
        shipping.accept(shipped.lot_id)
        with shipping.database.write() as session:
            session.execute(update(WebhookMessage).values(state=MessageState.FAILED, problem="HTTP 503", tries=7))
        page.reload()
        browse.check()
        page.get_by_role("button", name="再发一次").focus()
        with page.expect_navigation():
            page.keyboard.press("Enter")
        browse.check()
        assert page.get_by_text("在发").is_visible()
        context.close()
