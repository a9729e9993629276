"""The page of a project's files in a browser: by keyboard, without JavaScript, on wide and narrow screens."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser
from sqlalchemy import select

from leye_platform.accounts.rules import Role
from leye_platform.accounts.tokens import SESSION_COOKIE
from leye_platform.database import Database
from leye_platform.exports.models import ExportFile
from leye_platform.exports.writing import write_export_file
from leye_platform.installation import Installation
from leye_platform.projects.models import Project
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


@pytest.mark.parametrize(
    ("scripts", "width"), [(True, 1280), pytest.param(True, 320, marks=pytest.mark.audit), (False, 1280)]
)
def test_a_file_is_asked_for_by_keyboard(
    browser: Browser,
    installation: Installation,
    shipping: Shipping,
    database: Database,
    *,
    scripts: bool,
    width: int,
) -> None:
    shipped = shipping.shipped(2)
    with shipping.database.write() as session:
        session.get_one(Project, shipped.batch.project_id).class_names = {"正面": "=positive"}
    token = shipping.browser(shipping.actor(Role.PARTNER_ENGINEER, shipped.organisation_id).person_id).token
    checks = () if scripts else {"axe", "policy"}
    with live_site(installation) as base:
        context = new_context(browser, width=width, java_script_enabled=scripts)
        context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": base}])
        browse = Browse(context.new_page(), base)
        page = browse.open(f"/partner/projects/{shipped.batch.project_id}/exports", without=checks)
        assert page.get_by_role("radio", name="CSV").is_checked()
        page.get_by_role("radio", name="CSV").focus()
        page.keyboard.press("ArrowDown")
        assert page.get_by_role("radio", name="Label Studio JSON").is_checked()
        page.keyboard.press("ArrowUp")
        page.locator("main form button").focus()
        with page.expect_navigation():
            page.keyboard.press("Enter")
        browse.check(without=checks)
        assert page.get_by_text("排队中").is_visible()
        write_waiting(shipping)
        page.reload()
        browse.check(without=checks)
        page.get_by_text("放不下的和改过的").click()
        assert page.get_by_text("会被表格软件当成公式").is_visible()
        assert page.get_by_role("link", name="下载 CSV").get_attribute("href")
        context.close()


def write_waiting(shipping: Shipping) -> None:
    with shipping.database.read() as session:
        files = session.execute(select(ExportFile.job_id, ExportFile.id)).all()
    for job_id, export_id in files:
        assert job_id is not None
        write_export_file(shipping.installation, job_id, export_id)
