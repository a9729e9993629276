"""What pages weigh on the wire, with nothing in the cache (ACCESSIBILITY.md, requirement 28)."""

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page

from leye_platform.accounts.rules import Role
from leye_platform.database import Database
from leye_platform.installation import Installation
from support.browse import Browse, chromium
from support.clock import MovableClock
from support.live_site import live_site
from support.town import Town, make_town
from web.test_every_page import PLAIN, one_of_each_page, person

ANY_PAGE, WORK_PAGE, WORK_SCRIPTS = 100_000, 60_000, 40_000
"""Bytes, headers included."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def town(installation: Installation, clock: MovableClock) -> Town:
    return make_town(installation, clock)


class Wire:
    """Counts what the pages of one browser ask for; every page as if it were the first."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.sizes: list[int] = []
        self.types: dict[str, str] = {}
        self.scripts: list[int] = []
        self.hosts: set[str] = set()
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.send("Network.setCacheDisabled", {"cacheDisabled": True})
        session.on("Network.responseReceived", lambda told: self.types.update({told["requestId"]: told["type"]}))
        session.on("Network.requestWillBeSent", lambda told: self._ask(told["request"]["url"]))
        session.on("Network.loadingFinished", self._finished)

    def _ask(self, address: str) -> None:
        host = urlsplit(address).netloc
        if host:  # an icon may be written into the page
            self.hosts.add(host)

    def _finished(self, told: dict[str, object]) -> None:
        size = told["encodedDataLength"]
        assert isinstance(size, int | float)
        self.sizes.append(int(size))
        if self.types.get(str(told["requestId"])) == "Script":
            self.scripts.append(int(size))

    def open(self, address: str) -> int:
        """Bytes of one page with everything it asks for."""
        self.sizes.clear()
        self.scripts.clear()
        self.page.goto(address)
        self.page.wait_for_load_state("networkidle")
        return sum(self.sizes)


def heavy_pages(browse: Browse, paths: list[str]) -> list[str]:
    """Those of them that weigh more than a page may."""
    wire = Wire(browse.page)
    weights = {path: wire.open(browse.base_url + path) for path in paths}
    assert wire.hosts == {browse.base_url.split("/")[2]}, "nothing is asked of anybody else"
    assert all(weight > 1_000 for weight in weights.values()), "every page was really loaded"
    return [f"{path}: {weight}" for path, weight in weights.items() if weight > ANY_PAGE]


@pytest.mark.audit
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_every_page_is_light(browser: Browser, installation: Installation, town: Town, database: Database) -> None:
    with live_site(installation) as base:
        for role, group in groupby(one_of_each_page(browser, base, town), key=itemgetter(0)):
            with person(browser, base, town, role, PLAIN) as browse:
                assert heavy_pages(browse, [path for _, path in group]) == [], role


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_first_work_page_is_lighter_still(
    browser: Browser, installation: Installation, town: Town, database: Database
) -> None:
    with live_site(installation) as base, person(browser, base, town, Role.ANNOTATOR, PLAIN) as browse:
        browse.page.goto(base + "/work")
        browse.page.locator("button[data-command=claim]").first.click()
        browse.page.wait_for_load_state()
        wire = Wire(browse.page)
        assert wire.open(browse.page.url) <= WORK_PAGE
        assert len(wire.scripts) >= 3
        assert sum(wire.scripts) <= WORK_SCRIPTS
