"""The names of classes as a page: by keyboard, without JavaScript, and two hundred long ones on a narrow screen."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from playwright.sync_api import Browser

from leye_platform.accounts.models import Organisation
from leye_platform.accounts.rules import Role
from leye_platform.accounts.tokens import SESSION_COOKIE
from leye_platform.database import Database
from leye_platform.installation import Installation
from support.browse import Browse, chromium, new_context
from support.clock import MovableClock
from support.factories import SENTIMENT, make_project
from support.live_site import live_site
from support.shipping import Shipping

LONG = "".join(f'<Choice value="{"LongClassName" * 6}{n:02}" hint="x"/>' for n in range(100))
MANY = "".join(f'<Choice value="{"很长的标签名" * 13}{n:02}"/>' for n in range(100))
LONG_CONFIG = (
    '<View><Text name="text" value="$review"/>'
    f'<Choices name="c" toName="text" choice="multiple">{LONG}{MANY}</Choices></View>'
)

# What a page looks like depends on no database.
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def shipping(installation: Installation, clock: MovableClock) -> Shipping:
    return Shipping(installation, clock)


def project_of(shipping: Shipping, firm: UUID, label_config: str = SENTIMENT) -> UUID:
    with shipping.database.write() as session:
        return make_project(session, organisation=session.get_one(Organisation, firm), label_config=label_config).id


def opened(browser: Browser, base: str, shipping: Shipping, firm: UUID, **how: object) -> Browse:
    """A browser of the firm's engineer."""
    token = shipping.browser(shipping.actor(Role.PARTNER_ENGINEER, firm).person_id).token
    context = new_context(browser, **how)  # type: ignore[arg-type]  # Playwright's own options
    context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": base}])
    return Browse(context.new_page(), base)


@pytest.mark.parametrize("scripts", [True, False])
def test_names_are_given_by_keyboard_and_a_refusal_leads_to_its_field(
    browser: Browser, installation: Installation, shipping: Shipping, database: Database, scripts: bool
) -> None:
    firm = shipping.firm()
    project_id = project_of(shipping, firm)
    with live_site(installation) as base:
        browse = opened(browser, base, shipping, firm, java_script_enabled=scripts)
        checks = () if scripts else {"axe", "policy"}
        page = browse.open(f"/partner/projects/{project_id}/names", without=checks)
        page.get_by_label("正面").fill("good")
        page.get_by_label("负面").fill("good")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        browse.check(without=checks)
        assert page.get_by_label("负面").get_attribute("aria-invalid") == "true"
        assert page.get_by_label("正面").input_value() == "good"
        page.locator("#problems a").click()
        assert page.evaluate("document.querySelector(':target').id") == "name-2"
        page.get_by_label("负面").fill("bad")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        browse.check(without=checks)
        assert page.get_by_text("保存好了。").is_visible()
        assert shipping.project(project_id).class_names == {"正面": "good", "负面": "bad"}


@pytest.mark.parametrize("width", [1280, pytest.param(320, marks=pytest.mark.audit)])
def test_two_hundred_long_classes_stay_usable(
    browser: Browser, installation: Installation, shipping: Shipping, database: Database, width: int
) -> None:
    firm = shipping.firm()
    project_id = project_of(shipping, firm, label_config=LONG_CONFIG)
    with live_site(installation) as base:
        browse = opened(browser, base, shipping, firm, width=width)
        page = browse.open(f"/partner/projects/{project_id}/names")
        page.locator("#name-200").fill("last")
        with page.expect_navigation():
            page.locator("main .split button").click()
        browse.check()
        assert page.locator("#name-200").input_value() == "last"
    assert list(shipping.project(project_id).class_names.values()) == ["last"]
