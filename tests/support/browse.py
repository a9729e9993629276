"""Opens pages in Chromium; every page it passes is checked, so that every page test is an accessibility test.

A check is left out only by name, visible in the test: `browse.open("/x", without={"axe"})`.
"""

import re
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Response, sync_playwright

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice", "wcag2aaa"]
COLOUR_RULES = ["color-contrast", "color-contrast-enhanced", "link-in-text-block"]
"""Those of axe's rules whose outcome the colours of a page can change."""
ALL_CHECKS = frozenset(
    {
        "axe",
        "heading",
        "landmarks",
        "controls",
        "ids",
        "csrf",
        "policy",
        "reflow",
        "language",
        "targets",
        "mouse",
        "drag",
    }
)

# Everything that one look at the document can tell, in one round trip.
FACTS = (Path(__file__).parent / "page_facts.js").read_text(encoding="utf-8")
TITLE = "短评情感分类"
"""How tests call projects: data is Chinese whatever the language of the page."""
PROBES = (Path(__file__).parent / "probes.js").read_text(encoding="utf-8")
LISTENERS = Path(__file__).parent / "listeners.js"
RUN_AXE = "(options) => axe.run(document, options)"
"""Where axe was loaded into the page before."""


FAULTS = (
    ("nameless", "controls"),
    ("placeholder", "controls"),
    ("twice", "ids"),
    ("unguarded", "csrf"),
    ("small", "targets"),
    ("low", "targets"),
    ("mouse", "mouse"),
    ("drag", "drag"),
)
"""What the probes find, by the check that it belongs to."""


@dataclass
class Browse:
    """One person at a browser. `open` goes to a path of the site and checks what it finds there."""

    page: Page
    base_url: str
    errors: list[str] = field(default_factory=list)

    def open(self, path: str, *, status: int = 200, without: Collection[str] = ()) -> Page:
        """Go to `path`, expect `status`, check the page, return it."""
        answer = self.page.goto(self.base_url + path)
        assert answer is not None, f"{path} gave no answer"
        assert answer.status == status, f"{path} answered {answer.status}, expected {status}"
        self.check(answer, without=without)
        return self.page

    def check(self, answer: Response | None = None, *, without: Collection[str] = ()) -> None:
        """Check the page as it stands now (after a click, with an error shown …)."""
        assert set(without) <= ALL_CHECKS, f"no such check: {set(without) - ALL_CHECKS}"
        problems = [f"{name}: {words}" for name, words in self._found(answer) if name not in without]
        if "axe" not in without:
            problems += _axe(self.page)
        assert not problems, f"{self.page.url}\n" + "\n".join(problems)

    def check_look(self, **media: Any) -> None:
        """Check the page that `check` has passed once more in other colours: the probes, and axe's rules of colours."""
        self.page.emulate_media(**media)
        problems = [f"{name}: {words}" for name, words in self._found(None)]
        problems += _violations(self.page.evaluate(RUN_AXE, {"runOnly": {"type": "rule", "values": COLOUR_RULES}}))
        assert not problems, f"{self.page.url}\n" + "\n".join(problems)

    def _found(self, answer: Response | None) -> Iterator[tuple[str, str]]:
        yield from _problems(self.page.evaluate(FACTS) | self.page.evaluate(PROBES), answer)

    def sign_in(self, name: str, password: str) -> None:
        """Sign in through the form."""
        self.page.goto(self.base_url + "/")
        self.page.get_by_label(re.compile("工号|邮箱|手机|e-mail", re.I)).first.fill(name)
        self.page.locator("input[type=password]").fill(password)
        self.page.locator("main button.main").click()
        self.page.wait_for_load_state()


def _problems(facts: dict[str, Any], answer: Response | None) -> Iterator[tuple[str, str]]:
    yield from _words(facts)
    yield from _structure(facts)
    if answer is not None:
        policy = answer.headers.get("content-security-policy", "")
        if "default-src 'self'" not in policy or "unsafe" in policy:
            yield "policy", f"content policy {policy!r}"


def _words(facts: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if len(facts["h1"]) != 1:
        yield "heading", f"{len(facts['h1'])} h1"
    elif facts["h1"][0] not in re.sub(r"\s+", " ", facts["title"]):
        yield "heading", f"title {facts['title']!r} lacks {facts['h1'][0]!r}"
    if facts["lang"] not in {"zh-CN", "en"}:
        yield "language", f"lang={facts['lang']!r}"
    if facts["lang"] == "en" and (found := re.search(r"[\u4e00-\u9fff]{6,}", facts["text"].replace(TITLE, ""))):
        yield "language", f"untranslated: {found[0]!r}"


def _structure(facts: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if (facts["main"], facts["skip"], facts["announcer"]) != (1, True, 1) or not (facts["banner"] and facts["footer"]):
        yield "landmarks", str({key: facts[key] for key in ("main", "skip", "announcer", "banner", "footer")})
    if not facts["view"] or facts["state"] not in {"loading", "ready", "saving", "saved", "offline", "error"}:
        yield "landmarks", f"main data-view={facts['view']!r} data-state={facts['state']!r}"
    for key, name in FAULTS:
        if facts[key]:
            yield name, f"{key}: {facts[key][:5]}"
    for key in ("inline", "foreign"):
        if facts[key]:
            yield "policy", f"{key}: {facts[key][:5]}"
    if facts["sideways"] > 0:
        yield "reflow", f"scrolls sideways by {facts['sideways']} px"


def _axe(page: Page) -> list[str]:
    options = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]}
    return _violations(Axe().run(page, options=options).response)


def _violations(response: dict[str, Any]) -> list[str]:
    return [
        f"axe {found['id']}: {found['help']} at {[node['target'] for node in found['nodes']][:3]}"
        for found in response["violations"]
    ]


@contextmanager
def chromium() -> Iterator[Browser]:
    """The machine's Chromium, else Playwright's own; best without a window's parts, which double a page's work."""
    own = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=own, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


def new_context(browser: Browser, *, width: int = 1280, height: int = 900, **more: Any) -> BrowserContext:
    """A fresh person's browser, in Chinese."""
    context = browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN", **more)
    context.set_default_timeout(10_000)
    context.add_init_script(path=LISTENERS)
    return context
