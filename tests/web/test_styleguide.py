"""The styleguide: every component in every state, in every look and size (ACCESSIBILITY.md, requirements 1, 12, 25)."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from leye_platform.accounts.rules import Role
from leye_platform.accounts.tokens import SESSION_COOKIE
from leye_platform.installation import Installation
from leye_platform.web.rendering import TEMPLATES
from support.browse import Browse, chromium, new_context
from support.clock import MovableClock
from support.live_site import live_site
from support.shipping import Shipping

TAKEN = frozenset({"csrf_field", "shortcuts", "card_rows", "file_chosen", "folded_table", "gap"})
"""Macros that are seen on other pages or in others: a hidden field, a list that needs commands, rows shown by `matter`,
what `field` shows of a file, a plot's numbers, a space."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def token(installation: Installation, clock: MovableClock) -> str:
    shipping = Shipping(installation, clock)
    return shipping.browser(shipping.actor(Role.COORDINATOR).person_id).token


def reader(browser: Browser, base: str, token: str, *, width: int = 1280, **more: Any) -> Browse:
    context = new_context(browser, width=width, **more)
    context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": base}])
    return Browse(context.new_page(), base)


def test_every_macro_is_shown() -> None:
    macros = set(re.findall(r"{% macro (\w+)\(", (Path(TEMPLATES) / "components.html").read_text(encoding="utf-8")))
    samples = (Path(TEMPLATES) / "styleguide_samples.html").read_text(encoding="utf-8")
    shown = set(re.findall(r"\bc\.(\w+)\(", samples)) | {"tabs"}
    assert len(macros) > 15
    assert macros - shown == TAKEN


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("theme", "scale", "width"),
    [
        ("light", 100, 1280),
        ("dark", 250, 360),
        pytest.param("contrast", 200, 360, marks=pytest.mark.audit),
        pytest.param("light", 150, 320, marks=pytest.mark.audit),
        pytest.param("nonsense", 7, 320, marks=pytest.mark.audit),
    ],
)
def test_the_components_hold_in_every_look_and_size(
    browser: Browser, installation: Installation, token: str, *, theme: str, scale: int, width: int
) -> None:
    with live_site(installation) as base:
        reader(browser, base, token, width=width).open(f"/styleguide?theme={theme}&scale={scale}&errors=1")


@pytest.mark.audit
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_components_hold_in_the_colours_of_a_system(
    browser: Browser, installation: Installation, token: str
) -> None:
    with live_site(installation) as base:
        # A preview has the colours of the system as they are; a system that forces them is looked at by axe.
        reader(browser, base, token).open("/styleguide?theme=forced&scale=125", without={"axe"})
        forced = reader(browser, base, token, forced_colors="active", reduced_motion="reduce")
        forced.open("/styleguide")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_dialog_asks_first_and_gives_focus_back(browser: Browser, installation: Installation, token: str) -> None:
    with live_site(installation) as base:
        browse = reader(browser, base, token)
        page = browse.open("/styleguide")
        page.locator("form[data-confirm] button").click()
        dialog = page.locator("#sample-dialog")
        assert dialog.is_visible()
        assert page.evaluate("document.activeElement.value") == "no", "a press too many changes nothing"
        browse.check()
        page.keyboard.press("Escape")
        assert dialog.is_hidden()
        assert page.evaluate("document.activeElement.matches('form[data-confirm] button')")
        page.locator("form[data-confirm] button").click()
        with page.expect_navigation():
            dialog.get_by_role("button", name="撤销令牌").click()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_scanned_item_is_seen_without_colour(browser: Browser, installation: Installation, token: str) -> None:
    """Requirement 25: an outline of four pixels and more and a shape; seen in forced colours and in grey."""
    with live_site(installation) as base:
        looks: list[dict[str, Any]] = [{"forced_colors": "active"}, {"color_scheme": "dark"}, {"color_scheme": "light"}]
        for look in looks:
            page = reader(browser, base, token, **look).open("/styleguide")
            page.context.new_cdp_session(page).send("Emulation.setEmulatedVisionDeficiency", {"type": "achromatopsia"})
            for place in ("label.scanned", "a.scanned", "li.scanned"):
                assert page.locator(place).evaluate("(e) => parseFloat(getComputedStyle(e).outlineWidth)") >= 4
                assert page.locator(place).evaluate("(e) => getComputedStyle(e, '::before').clipPath") != "none"
                assert seen(page, place) != not_scanned(page, place), (look, place)


def seen(page: Page, place: str) -> bytes:
    """The item with what surrounds it."""
    box = page.locator(place).bounding_box()
    assert box is not None
    clip = {"x": box["x"] - 12, "y": box["y"] - 12, "width": box["width"] + 24, "height": box["height"] + 24}
    return page.screenshot(clip=clip, full_page=True)  # type: ignore[arg-type]  # Playwright's box is a TypedDict


def not_scanned(page: Page, place: str) -> bytes:
    """The same item when the scanner has gone on."""
    item = page.locator(place).element_handle()
    assert item is not None
    item.evaluate("(e) => { e.classList.remove('scanned'); e.classList.add('was-scanned'); }")
    return seen(page, place.replace("scanned", "was-scanned"))
