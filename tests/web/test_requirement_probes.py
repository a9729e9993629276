"""Requirements of ACCESSIBILITY.md, section 4, that hold for every page and for every module alike."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from leye_platform.web.catalogue import extract
from leye_platform.web.translations import catalogue, read_catalogue, site_file
from support.browse import Browse, chromium, new_context
from web.sample_pages import ASSIGNMENT, ORIGIN, SamplePages
from web.test_javascript import SITE, TASK_TYPES

PAGES = (f"/work/tasks/{ASSIGNMENT}", "/work/multiple", "/gallery", "/help-leader", "/display", "/broken")
SPACING = """* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important; }
p { margin-bottom: 2em !important; }"""
STYLED = """(css) => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  document.adoptedStyleSheets = [sheet];
}"""
# Text whose box cuts it off: what hides its overflow and holds more than it shows.
CLIPPED = """() => [...document.querySelectorAll("body *")]
  .filter((e) => e.checkVisibility() && !e.closest(".hidden, svg, textarea, input, select, thead"))
  .filter((e) => getComputedStyle(e).overflow !== "visible" && e.textContent.trim())
  .filter((e) => e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1)
  .map((e) => e.outerHTML.slice(0, 110))"""
MOVING = """() => [...document.querySelectorAll("*")]
  .filter((e) => { const s = getComputedStyle(e);
    return s.transitionDuration !== "0s" || (s.animationName !== "none" && s.animationDuration !== "0s"); })
  .map((e) => e.outerHTML.slice(0, 110))"""
DOUBLED = """() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    const text = node.textContent;
    if (text.trim() && !node.parentElement.closest("script, .work-text")) node.textContent = text + text;
  }
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


def sample(browser: Browser, path: str, *, display: str = "", **more: Any) -> Page:
    context = new_context(browser, **more)
    SamplePages().install(context)
    if display:
        context.add_cookies([{"name": "leye_display", "value": display, "url": ORIGIN}])
    page = context.new_page()
    page.goto(ORIGIN + path)
    return page


def sideways(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))


@pytest.mark.parametrize("path", PAGES)
def test_wider_spacing_and_double_size_clip_nothing(browser: Browser, path: str) -> None:
    """Requirement 24: WCAG 1.4.12 spacing and 200 % letters, without sideways scroll and without clipped text."""
    page = sample(browser, path, width=640, display="scale=200")
    page.evaluate(STYLED, SPACING)
    assert page.evaluate(CLIPPED) == []
    assert sideways(page) <= 0


@pytest.mark.parametrize("path", PAGES)
def test_texts_of_twice_the_length_break_no_page(browser: Browser, path: str) -> None:
    """Requirement 34: pseudo-long texts, as a language with longer words would have them, on a small phone."""
    page = sample(browser, path, width=320, display="language=en")
    page.evaluate(DOUBLED)
    assert sideways(page) <= 0
    assert page.evaluate(CLIPPED) == []


@pytest.mark.parametrize("path", PAGES)
def test_nothing_moves_where_less_motion_is_wished(browser: Browser, path: str) -> None:
    """Requirement 26, by the system's wish and by the person's own."""
    assert sample(browser, path, reduced_motion="reduce").evaluate(MOVING) == []
    assert sample(browser, path, display="motion=reduced").evaluate(MOVING) == []


def test_no_style_moves_or_blinks_at_all() -> None:
    """Requirement 26: nothing can blink more than three times a second where nothing is animated."""
    for path in SITE.rglob("*.css"):
        assert not re.search(r"@keyframes|animation-name|transition:(?! none)", path.read_text(encoding="utf-8")), path


def test_what_is_announced_is_short() -> None:
    """Requirement 27: at most 40 characters in Chinese and 80 in English, arguments aside."""
    english = catalogue("en")
    modules = [*SITE.rglob("*.mjs"), *TASK_TYPES.rglob("*.mjs")]
    said = [str(message.id) for message in extract(modules) if message.id]
    assert len(said) > 10
    assert read_catalogue(site_file("en"), "en")
    for text in said:
        assert len(text) <= 40, text
        assert len(english.gettext(text)) <= 80, english.gettext(text)


@pytest.mark.parametrize("path", [path for path in PAGES if path.startswith("/work/")])
def test_no_key_with_a_modifier_and_no_function_key_is_a_command(browser: Browser, path: str) -> None:
    """Requirement 11: shown, single keys only, and none while text is typed."""
    page = sample(browser, path)
    commands = page.evaluate("JSON.parse(document.getElementById('commands').textContent)")
    assert commands
    for command in commands:
        assert re.fullmatch(r"[A-Z0-9]|Enter|", command["key"]), command
    before = page.locator(":checked").count()
    for key in [f"{held}+{key}" for held in ("Alt", "Control", "Meta") for key in ("1", "2")] + ["F2", "F8"]:
        page.keyboard.press(key)
    assert page.locator(":checked").count() == before


@pytest.mark.parametrize("path", [f"/work/tasks/{ASSIGNMENT}", "/gallery"])
def test_a_press_acts_on_release_and_moving_off_cancels(browser: Browser, path: str) -> None:
    """Requirement 14: pressed, moved off and let go, nothing has changed and nothing was sent."""
    page = sample(browser, path)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method) if request.method != "GET" else None)
    address, before = page.url, page.locator(":checked").count()
    for control in page.locator("main button, .commands button, label.choice, label.check").filter(visible=True).all():
        control.scroll_into_view_if_needed()
        box = control.bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.mouse.down()
        page.mouse.move(1, 1)
        page.mouse.up()
    assert (page.url, page.locator(":checked").count(), sent) == (address, before, [])


def test_no_module_needs_a_drag() -> None:
    """Requirement 7: what follows a moving pointer stands in a tool whose commands do the same without it."""
    dragging = re.compile(r"[\"'](dragstart|drop|mousemove|pointermove|touchmove)[\"']")
    for path in [*SITE.rglob("*.mjs"), *TASK_TYPES.rglob("*.mjs")]:
        if dragging.search(path.read_text(encoding="utf-8")):
            assert (path.parent / "tool.mjs").is_file(), path
            assert "export function reduce" in (path.parent / "tool.mjs").read_text(encoding="utf-8"), path


@pytest.mark.parametrize("path", PAGES)
def test_the_statement_is_linked_from_every_footer(browser: Browser, path: str) -> None:
    """Requirement 35."""
    page = sample(browser, path)
    assert page.locator("footer a[href='/accessibility']").count() == 1
    assert page.locator("footer a[href='/help']").count() == 1


def test_the_statement_is_dated_names_gaps_and_a_way_to_write(browser: Browser) -> None:
    """Requirement 35: WCAG 2.2 AA as the aim, known gaps, no level of GB/T before its text is checked, a contact."""
    context = new_context(browser)
    SamplePages().install(context)
    text = Browse(context.new_page(), ORIGIN).open("/accessibility").locator("main").inner_text().replace("\xa0", " ")
    assert re.search(r"20\d\d 年 \d+ 月 \d+ 日", text)
    for wanted in ("WCAG 2.2", "AA", "还没做到", "GB/T 37668-2019", "不声明等级", "请求帮助"):
        assert wanted in text, wanted


@pytest.mark.parametrize("path", PAGES)
def test_pages_work_in_browsers_without_newer_features(browser: Browser, path: str) -> None:
    """Requirement 30: no dialog, no container queries, no :has; forms still post and every control is there."""
    context = new_context(browser, width=360)
    SamplePages().install(context)
    context.add_init_script("delete window.HTMLDialogElement.prototype.showModal; delete window.CSSContainerRule;")
    page = context.new_page()
    failures: list[str] = []
    page.on("pageerror", lambda error: failures.append(str(error)))
    page.goto(ORIGIN + path)
    assert failures == []
    assert page.locator("main a[href], main button, main label").filter(visible=True).count() > 0


def test_no_style_depends_on_a_selector_that_older_browsers_drop() -> None:
    """Requirement 30: a list with one unknown selector is dropped whole, so `:has` and `:is` stand nowhere."""
    for path in Path(SITE).rglob("*.css"):
        assert not re.search(r":has\(|:is\(|:where\(", path.read_text(encoding="utf-8")), path
