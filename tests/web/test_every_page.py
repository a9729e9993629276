"""Every page of every role, reached by links alone, with real data.

Each page passes axe and the probes of `browse`, in all sizes, looks and languages (ACCESSIBILITY.md,
requirements 1, 13, 24). All of it in the long gate: in `make test`, each feature's own tests open its pages.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser
from starlette.routing import Route

from leye_platform.accounts.rules import Role, home_of
from leye_platform.accounts.tokens import SESSION_COOKIE
from leye_platform.database import Database
from leye_platform.installation import Installation
from leye_platform.routers import ROUTERS
from leye_platform.web.display import COOKIE as DISPLAY_COOKIE
from leye_platform.web.display import Display
from support.browse import ALL_CHECKS, Browse, chromium, new_context
from support.clock import MovableClock
from support.live_site import live_site
from support.town import Town, make_town

pytestmark = pytest.mark.audit

NOT_PAGES = re.compile(r"^/(healthz|readyz|metrics|objects/|(guides/)?pictures/|language/|api/|static/)|\.csv$")
SIZES: dict[str, dict[str, Any]] = {
    "1280": {"width": 1280, "height": 900},
    "320": {"width": 320, "height": 640, "has_touch": True},
    "400 %": {"width": 320, "height": 256, "device_scale_factor": 4},
}
LIGHT: dict[str, Any] = {"color_scheme": "light", "forced_colors": "none", "reduced_motion": "no-preference"}
LOOKS: dict[str, dict[str, Any]] = {
    "dark": {"color_scheme": "dark"},
    "forced colours": {"color_scheme": "light", "forced_colors": "active", "reduced_motion": "reduce"},
}
"""Beside light, in which each page is opened: the same page, its colours exchanged."""
DOORS: dict[Role, tuple[tuple[str, str], ...]] = {
    Role.REVIEWER: (("/review", "claim"),),
    Role.ANNOTATOR: (
        ("/work", "claim"),
        ("/work/tasks/{assignment_id}", "skip"),
        ("/work/tasks/{assignment_id}", "help"),
    ),
}
"""Pages behind a button that posts: the page it stands on, and its command."""
SEVERAL = {
    "/batches/{batch_id}",
    "/batches/{batch_id}/data",
    "/partner/batches/{batch_id}",
    "/projects/{project_id}/guide",
}
"""Pages that lead on to others in some of their states only: all of them are looked at for links."""
EXTRA = ("/nowhere", "/billing/pay/nowhere")
"""Addresses that no link leads to: the page that says so must hold too."""


@dataclass(frozen=True)
class Variant:
    size: str
    language: str

    def __str__(self) -> str:
        return f"{self.size}, {self.language}"


PLAIN = Variant("1280", "zh")
MATRIX = [Variant(size, language) for size in SIZES for language in ("zh", "en")]
"""Each page is opened in all of them."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def town(installation: Installation, clock: MovableClock) -> Town:
    return make_town(installation, clock)


def page_routes() -> dict[str, re.Pattern[str]]:
    """Every page's path as its route spells it, with the pattern that an address of it matches."""
    routes = [route for router in ROUTERS for route in router.routes if isinstance(route, Route)]
    return {
        route.path: route.path_regex
        for route in routes
        if "GET" in (route.methods or ()) and not getattr(route, "include_in_schema", True)
        if not NOT_PAGES.search(route.path)
    }


def route_of(path: str) -> str | None:
    plain = {name: pattern for name, pattern in page_routes().items() if "{" not in name}
    if path in plain:
        return path
    return next((name for name, pattern in page_routes().items() if pattern.match(path)), None)


@contextmanager
def person(browser: Browser, base: str, town: Town, role: Role | None, variant: Variant) -> Iterator[Browse]:
    """A browser of someone with this role, or of nobody."""
    context = new_context(browser, **SIZES[variant.size], **LIGHT)
    cookies = [{"name": DISPLAY_COOKIE, "value": Display(language=variant.language).as_cookie(), "url": base}]
    if role is not None:
        token = town.shipping.browser(town.people[role]).token
        cookies.append({"name": SESSION_COOKIE, "value": token, "url": base})
    context.add_cookies(cookies)  # type: ignore[arg-type]  # Playwright's cookies are a TypedDict
    yield Browse(context.new_page(), base)
    context.close()


def links_from(browse: Browse) -> list[str]:
    """The paths that the page links to, and those that its forms lead on to by GET."""
    found = browse.page.eval_on_selector_all("a[href]", "all => all.map((a) => a.href)")
    paths = [urlsplit(address) for address in found if address.startswith(browse.base_url)]
    return list(dict.fromkeys(part.path for part in paths if not NOT_PAGES.search(part.path)))


def addresses_of(browse: Browse, role: Role | None, *, check: bool) -> dict[str, str]:
    """One address for each page that links and buttons lead to from a role's home, by route."""
    found: dict[str, str] = {}
    seen: set[str] = set()
    waiting = ["/" if role is None else home_of({role})]
    while waiting:
        path = waiting.pop(0)
        route = route_of(path)
        if route is None or (route in found and route not in SEVERAL) or path in seen:
            continue
        known = route in found
        found.setdefault(route, path)
        seen.add(path)
        browse.open(path, without=() if check and not known else ALL_CHECKS)
        waiting += links_from(browse)
    for start, command in DOORS.get(role, ()) if role else ():
        browse.page.goto(browse.base_url + found[start])
        browse.page.locator(f"button[data-command={command}]").first.click()
        browse.page.wait_for_load_state()
        browse.check(without=() if check else ALL_CHECKS)
        path = urlsplit(browse.page.url).path
        found.setdefault(route_of(path) or path, path)
    return found


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_every_page_is_reached_by_links_and_holds(
    browser: Browser, installation: Installation, town: Town, database: Database
) -> None:
    reached: set[str] = set()
    with live_site(installation) as base:
        for role in (None, *Role):
            with person(browser, base, town, role, PLAIN) as browse:
                reached |= addresses_of(browse, role, check=True).keys()
                if role is Role.ANNOTATOR:
                    for path in EXTRA:
                        browse.open(path, status=404)
    assert set(page_routes()) - reached == set(), "pages that no link leads to"


def one_of_each_page(browser: Browser, base: str, town: Town) -> list[tuple[Role | None, str]]:
    """One address for each page of the site, with someone who may open it."""
    pages: dict[str, tuple[Role | None, str]] = {}
    for role in (None, *Role):
        with person(browser, base, town, role, PLAIN) as browse:
            for route, path in addresses_of(browse, role, check=False).items():
                pages.setdefault(route, (role, path))
    return list(pages.values())


def _faults(
    browser: Browser, base: str, town: Town, pages: list[tuple[Role | None, str]], variant: Variant
) -> list[str]:
    """What axe and the probes find on these pages in this variant, in every look."""
    faults: list[str] = []
    for role, group in groupby(pages, key=lambda page: page[0]):
        with person(browser, base, town, role, variant) as browse:
            for _, path in group:
                faults += [f"{variant}, {fault}" for fault in _faults_of(browse, path)]
    return faults


def _faults_of(browse: Browse, path: str) -> Iterator[str]:
    browse.page.emulate_media(**LIGHT)
    try:
        browse.open(path)
    except AssertionError as problem:
        yield f"light: {problem}"
        return
    for look, media in LOOKS.items():
        try:
            browse.check_look(**LIGHT | media)
        except AssertionError as problem:
            yield f"{look}: {problem}"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_every_page_holds_in_every_size_look_and_language(
    browser: Browser, installation: Installation, town: Town, database: Database
) -> None:
    faults: list[str] = []
    with live_site(installation) as base:
        pages = one_of_each_page(browser, base, town)
        for variant in MATRIX:
            faults += _faults(browser, base, town, pages, variant)
    assert faults == []
