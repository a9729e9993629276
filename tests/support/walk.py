"""Walks a page by Tab as somebody without a mouse does: what is reached, whether it is seen, whether one gets on.

ACCESSIBILITY.md, requirements 2 (no trap, every control reached, Shift+Tab returns) and 12 (focus seen, not covered).
"""

from typing import Any

from playwright.sync_api import Page

MOST_STOPS = 400
PARTS_OF_A_DATE = 6  # day, month, year, hour, minute and the calendar are stops of one element
SEEN_AROUND = 8  # pixels beside a control in which its outline stands

# The element that has the focus: a number of its own, its box, whether something else lies over its centre.
STOP = """() => {
  const e = document.activeElement;
  if (!e || e === document.body) return null;
  window.__stops = window.__stops || [];
  if (!window.__stops.includes(e)) window.__stops.push(e);
  const box = e.getBoundingClientRect();
  const label = e.closest("label") || e;
  const on = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  const covered = !(on && (label.contains(on) || on.contains(label) || e.contains(on)));
  return { number: window.__stops.indexOf(e), text: e.outerHTML.slice(0, 110), covered,
           dated: /^(date|time|datetime-local|month|week)$/.test(e.type || ""),
           x: box.x, y: box.y, width: box.width, height: box.height };
}"""
# The controls that Tab never came to. Of a group of radios the browser stops at one.
MISSED = """() => {
  const stops = window.__stops || [];
  const groups = new Set(stops.filter((e) => e.type === "radio").map((e) => e.name));
  return [...document.querySelectorAll("a[href],button,input:not([type=hidden]),select,textarea,summary")]
    .filter((e) => e.checkVisibility({ checkVisibilityCSS: true }) && !e.disabled && e.tabIndex >= 0)
    .filter((e) => !stops.includes(e) && !(e.type === "radio" && groups.has(e.name)))
    .map((e) => e.outerHTML.slice(0, 110));
}"""
START = (
    "() => { window.__stops = []; if (document.activeElement) document.activeElement.blur(); window.scrollTo(0, 0); }"
)


def walk(page: Page) -> list[str]:
    """What stands in the way of somebody who has only the keyboard; nothing where the page holds."""
    page.evaluate(START)
    page.evaluate("document.body.tabIndex = -1; document.body.focus(); document.body.removeAttribute('tabindex')")
    faults: list[str] = []
    visited: list[int] = []
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        stop: dict[str, Any] | None = page.evaluate(STOP)
        if stop is None or (visited and stop["number"] == 0 and len(visited) > 1 and visited[-1] != 0):
            break
        patience = PARTS_OF_A_DATE if stop["dated"] else 2
        if visited[-patience:] == [stop["number"]] * patience:
            return [*faults, f"trap: three Tabs stay at {stop['text']}"]
        if stop["number"] not in visited:
            faults += _faults_at(page, stop)
        visited.append(stop["number"])
    else:
        return [*faults, "trap: Tab never comes to an end"]
    faults += [f"never reached: {text}" for text in page.evaluate(MISSED)]
    return faults + _way_back(page, visited)


def _faults_at(page: Page, stop: dict[str, Any]) -> list[str]:
    found = [f"covered: {stop['text']}"] if stop["covered"] else []
    if not _is_seen(page, stop):
        found.append(f"focus not seen: {stop['text']}")
    return found


def _is_seen(page: Page, stop: dict[str, Any]) -> bool:
    """Whether the place looks different without the focus. Chromium keeps the place to go on from."""
    x, y = max(0.0, stop["x"] - SEEN_AROUND), max(0.0, stop["y"] - SEEN_AROUND)
    size = page.viewport_size
    assert size is not None
    width = min(stop["width"] + 2 * SEEN_AROUND, size["width"] - x)
    height = min(stop["height"] + 2 * SEEN_AROUND, size["height"] - y)
    if width < 1 or height < 1:
        return False
    clip: Any = {"x": x, "y": y, "width": width, "height": height}
    with_focus = page.screenshot(clip=clip, animations="disabled", caret="hide")
    page.evaluate("window.__last = document.activeElement; window.__last.blur()")
    without = page.screenshot(clip=clip, animations="disabled", caret="hide")
    page.evaluate("window.__last.focus({ preventScroll: true, focusVisible: true })")
    return with_focus != without


def _way_back(page: Page, visited: list[int]) -> list[str]:
    """Shift+Tab from the last stop leads to the one before it."""
    if len(visited) < 3:
        return []
    page.evaluate(f"window.__stops[{visited[-1]}].focus()")
    page.keyboard.press("Shift+Tab")
    back = page.evaluate(STOP)
    before = visited[-2]
    return [] if back and back["number"] == before else [f"Shift+Tab does not return: {back and back['text']}"]
