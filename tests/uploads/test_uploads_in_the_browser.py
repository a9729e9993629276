"""A large file in a browser: in parts, over a dead network and a reload, with its progress in words."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Route
from sqlalchemy import select

from leye_platform.accounts.models import Organisation
from leye_platform.accounts.rules import Role
from leye_platform.accounts.tokens import SESSION_COOKIE
from leye_platform.installation import Installation
from leye_platform.projects.models import Batch
from leye_platform.projects.service import upload_key
from leye_platform.uploads.models import UploadSession
from support.browse import Browse, chromium, new_context
from support.clock import MovableClock
from support.factories import make_project
from support.live_site import live_site
from support.shipping import Shipping

ROW = b'{"review": "' + b"x" * 4000 + b'"}\n'
SIZE = 20 << 20


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_large_file_goes_on_after_a_dead_network_and_a_reload(
    browser: Browser, installation: Installation, clock: MovableClock, tmp_path: Path
) -> None:
    shipping = Shipping(installation, clock)
    firm = shipping.firm()
    with shipping.database.write() as session:
        project_id = make_project(session, organisation=session.get_one(Organisation, firm)).id
    partner = shipping.browser(shipping.actor(Role.PARTNER_ADMIN, firm).person_id)
    file = tmp_path / "大文件.jsonl"
    file.write_bytes(ROW * (SIZE // len(ROW)))
    with live_site(installation) as base:
        context = new_context(browser)
        context.add_cookies([{"name": SESSION_COOKIE, "value": partner.token, "url": base}])
        desk = Browse(context.new_page(), base)
        page = desk.open(f"/partner/projects/{project_id}/upload")
        sent: list[str] = []

        def dead(route: Route) -> None:
            sent.append(route.request.url)
            if len(sent) > 1:
                route.abort()
            else:
                route.continue_()

        page.route("**/parts/**", dead)
        page.set_input_files("#file", file)
        page.get_by_role("button", name="上传", exact=True).click()
        page.locator("#upload-words", has_text="网络断了，已传").wait_for()
        assert page.locator("main").get_attribute("data-state") == "offline"
        page.unroute("**/parts/**")
        page.reload()
        with shipping.database.read() as session:
            assert [str(one.state) for one in session.scalars(select(UploadSession))] == ["open"]
        again: list[str] = []
        page.on("request", lambda request: again.append(request.url) if "/parts/" in request.url else None)
        page.set_input_files("#file", file)
        with page.expect_navigation(url="**/partner/batches/*"):
            page.get_by_role("button", name="上传", exact=True).click()
        assert [url.split("/parts/")[1][0] for url in again] == ["2", "3"]
        with shipping.database.read() as session:
            batch = session.scalars(select(Batch).where(Batch.source_name == file.name)).one()
        stored = installation.settings.data_dir / "objects" / upload_key(batch.id)
        assert stored.stat().st_size == file.stat().st_size
        assert stored.read_bytes() == file.read_bytes()
        context.close()
