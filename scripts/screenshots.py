"""Takes pictures of the site's pages, as each role sees them in Chinese, on a wide and on a narrow screen.

screenshots.py [--all] [--whole] [--only NAME…] [--out DIR]

A demo is run over a temporary data folder. Pages are reached by links and buttons, as people reach them.
Without --all, the pages that the documents show go to docs/pictures; with it, every page goes to
test-output/pictures. With --whole, long pages are not cut off; with --only, just the named pages (ROLE-PAGE) are
taken. A picture is called ROLE-PAGE-WIDTH.png.
"""

import argparse
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from urllib.parse import urljoin

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from leye_workers.demo.news import known_sentences
from leye_workers.demo.texts import truths

ROOT = Path(__file__).parents[1]
SHOWN, EVERY = ROOT / "docs" / "pictures", ROOT / "test-output" / "pictures"
WIDTHS = {1280: 900, 360: 720}
"""The height of the screen by its width."""
TALLEST, WHOLE = 1000, 16_000  # pixels; a longer page is cut off, to keep the pictures small
PATIENCE_SECONDS = 180.0
COLOURS = 256  # a picture with photographs in it becomes a third of its size
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--lang=zh-CN")
DEMO = ("--port", "0", "--items", "160", "--annotators", "10")
GUEST = "guest"
MOST_TRIES = 150


@dataclass(frozen=True)
class Shot:
    """A page to take: the path to begin at, then what to click, by CSS. `kept`: the documents show it.

    until: what the page must hold; while it does not, `again` is clicked through (reviews come in their own order).
    live: the page is taken as it stands, not loaded anew. harm: SQL that spoils the data first; so only at the end.
    """

    role: str
    name: str
    start: str
    clicks: tuple[str, ...] = ()
    kept: bool = True
    until: str = ""
    again: tuple[str, ...] = ()
    live: bool = False
    harm: str = ""

    def reach(self, page: Page, base: str) -> None:
        """Go there."""
        page.goto(base + self.start)
        _click(page, self.clicks)
        if self.until and not self.again:
            page.locator(self.until).wait_for()
        for _ in range(MOST_TRIES):
            if not self.until or page.locator(self.until).count():
                return
            _click(page, self.again)
        raise SystemExit(f"{self.role}-{self.name}: {self.until} never came")


def _click(page: Page, selectors: tuple[str, ...]) -> None:
    """Click each in turn; `SELECTOR := VALUE` chooses or types instead.

    `-> PATH` goes there from the page's address, `<-` back where the last click led away from; TROUBLES has more.
    """
    left = page.url
    for step in selectors:
        selector, _, value = step.partition(" := ")
        if step in TROUBLES:
            TROUBLES[step](page)
        elif step.startswith("-> "):
            page.goto(urljoin(page.url, step.removeprefix("-> ")))
        elif step == "<-":
            page.wait_for_function("left => location.href !== left", arg=left)
            page.wait_for_load_state()
            page.goto(left)
        elif value and page.locator(f"select{selector}").count():
            page.locator(selector).select_option(value)
        elif value:
            page.locator(selector).fill(value)
        else:
            left = page.url
            page.locator(selector).first.click()
            page.wait_for_load_state()


def _tell_truly(page: Page) -> None:
    """Choose what the writer of the review means."""
    page.locator(f"label.choice:has([value='{truths()[page.locator('blockquote.work-text').inner_text()]}'])").click()


def _mark_first_name(page: Page) -> None:
    """Mark the first name of the sentence, word by word and with its label."""
    words = page.locator("button.token")
    words.first.wait_for()
    texts = words.all_text_contents()
    start, end, label = known_sentences()["".join(texts)].names[0]
    begins = [sum(map(len, texts[:n])) for n in range(len(texts))]
    for number in (begins.index(start), max(n for n, begin in enumerate(begins) if begin < end)):
        words.nth(number).click()
    page.locator(f"button[data-label]:has-text('{label}')").click()


CHOOSE, NAME = "the fitting choice", "the first name"
OFFLINE, STALLED, FORGOTTEN = "network gone", "network stalled", "signed out elsewhere"
TROUBLES: dict[str, Callable[[Page], object]] = {
    OFFLINE: lambda page: page.context.set_offline(True),
    STALLED: lambda page: page.route("**/api/**", lambda _route: None),
    FORGOTTEN: lambda page: page.context.clear_cookies(),
    CHOOSE: _tell_truly,
    NAME: _mark_first_name,
}
CLAIM = "button[data-command=claim]"
SUBMIT = "button[data-command=submit]"
CORRECT = "nav a[href$='/correct']"
GIVE_BACK = (CLAIM, "button[data-command=skip]", "form[action$='/release'] button")
REVIEWS = (*GIVE_BACK, "button[aria-label*='评论']")
WORDS_MARKED = ("button[aria-label*='新闻']", NAME)
BOX_DRAWN = (
    "button[aria-label*='画框']",
    *("[data-command='cell 5']", "[data-command=confirm]", "[data-command='cell 9']", "[data-command=confirm]"),
)
SAVED, SAVING, AWAY, ERROR = (f"main[data-state={state}]" for state in ("saved", "saving", "offline", "error"))
CHANGED = ("main a[aria-label^='看标注规范'][aria-label*='画框']", "a[href*='/changes']")
ASK = ("#topic label.choice", "form[action='/work/ask'] button")
SETTLE = (
    "#decision label.choice:first-of-type",
    "#reason label.choice:has([value=fits_guide])",
    "button[data-command=submit]",
)
PROJECT = "main a[aria-label^='看项目']"
REVIEWS_PROJECT = "main a[aria-label^='看项目'][aria-label*='评论情感一期']"
BATCH = "main a[href^='/batches/']"
ENDED = "main table a[href^='/partner/batches/']"
PARTNER_BATCH = "main li:has-text('画框') a[href^='/partner/batches/']"
GUIDE = (PROJECT, "main a[href$='/guide']")
MAIN = "main button.main"
REWRITE = (
    "#body := # 找东西，画框\n\n硬币、猫的脸、咖啡杯，各画一个框。\n\n1. 框贴着东西的边。\n2. 挡住一半的也画。",
    "button[value=publish]",
)
PUBLISH = ("#change := 挡住一半的也画", MAIN)
DRAFT = (*GUIDE, "main a[href$='/draft']")
SHOTS = (
    Shot(GUEST, "sign-in", "/"),
    Shot(GUEST, "sign-in-refused", "/", ("#name := nobody", "#password := nothing", "main button.main"), kept=False),
    Shot(GUEST, "help", "/help", kept=False),
    Shot(GUEST, "accessibility", "/accessibility", kept=False),
    Shot(GUEST, "display", "/display", kept=False),
    Shot(GUEST, "problems", "/problems", kept=False),
    Shot(GUEST, "problem", "/problems/lot-missing", kept=False),
    Shot(GUEST, "not-found", "/nowhere", kept=False),
    Shot("annotator", "home", "/work"),
    Shot("annotator", "guide", "/work", ("main a[aria-label^='看标注规范']",)),
    Shot("annotator", "task", "/work", (CLAIM,)),
    Shot("annotator", "skip", "/work", (CLAIM, "button[data-command=skip]"), kept=False),
    Shot("annotator", "task-help", "/work", (CLAIM, "button[data-command=help]"), kept=False),
    Shot("annotator", "words", "/work", (*GIVE_BACK, "button[aria-label*='新闻']")),
    Shot("annotator", "boxes", "/work", (*GIVE_BACK, "button[aria-label*='画框']")),
    Shot("annotator", "words-marked", "/work", (*GIVE_BACK, *WORDS_MARKED), kept=False, until=SAVED, live=True),
    Shot("annotator", "boxes-drawn", "/work", (*GIVE_BACK, *BOX_DRAWN), kept=False, until=SAVED, live=True),
    Shot("annotator", "saving", "/work", (*REVIEWS, STALLED, CHOOSE), kept=False, until=SAVING, live=True),
    Shot("annotator", "offline", "/work", (*REVIEWS, OFFLINE, CHOOSE, SUBMIT), kept=False, until=AWAY, live=True),
    Shot("annotator", "not-taken", "/work", (*REVIEWS, FORGOTTEN, CHOOSE, SUBMIT), kept=False, until=ERROR, live=True),
    Shot("annotator", "next", "/work", (*REVIEWS, CHOOSE, SUBMIT), kept=False, until=CORRECT, live=True),
    Shot("annotator", "correct", "/work", (*REVIEWS, CHOOSE, SUBMIT, CORRECT), kept=False),
    Shot("annotator", "ask", "/work/ask", kept=False),
    Shot("annotator", "asked", "/work", (CLAIM, "button[data-command=help]", *ASK), kept=False),
    Shot("annotator", "notices", "/notices", kept=False),
    Shot("annotator", "notice-choices", "/me/notices", kept=False),
    Shot("annotator", "earnings", "/work/earnings"),
    Shot("annotator", "month", "/work/earnings", ("main a.main[href^='/work/earnings/']",), kept=False),
    Shot("annotator", "answer", "/work/earnings", ("a[href^='/work/earnings/answers/']",)),
    Shot("annotator", "account", "/me", kept=False),
    Shot("annotator", "password", "/me/password", kept=False),
    Shot("annotator", "preferences", "/me/preferences"),
    Shot("leader", "home", "/work", kept=False),
    Shot("leader", "team", "/teams"),  # a leader of one team is led there
    Shot("leader", "person", "/teams", ("main a[href^='/teams/people/']",), kept=False),
    Shot("leader", "answered", "/teams", ("main textarea[name=answer] := 按第二条做就行。", MAIN), kept=False),
    Shot("reviewer", "home", "/review"),
    Shot("reviewer", "task", "/review", (CLAIM,), until="main[data-task-type=text_classification]", again=SETTLE),
    Shot("reviewer", "words", "/review", (CLAIM,), until="main[data-task-type=named_entities]", again=SETTLE),
    Shot("reviewer", "boxes", "/review", (CLAIM,), until="main[data-task-type=image_boxes]", again=SETTLE),
    Shot("reviewer", "settled", "/review", ("main a[href^='/review/']",), kept=False),
    Shot("annotator", "home-answered", "/work", kept=False),
    Shot("coordinator", "home", "/projects"),
    Shot("coordinator", "new-project", "/projects/new"),
    Shot("coordinator", "project", "/projects", (PROJECT,)),
    Shot("coordinator", "upload", "/projects", (PROJECT, "a[href$='/batches/new']"), kept=False),
    Shot("coordinator", "batch", "/projects/at-work", (BATCH,)),
    Shot("coordinator", "forecast", "/projects", (REVIEWS_PROJECT, BATCH, "a[href*='compare=1']"), kept=False),
    Shot("coordinator", "certainty", "/projects", (REVIEWS_PROJECT, "main a[href$='/certainty']"), kept=False),
    Shot("coordinator", "staffing", "/projects", (PROJECT, "main a[href$='/staffing']"), kept=False),
    Shot("coordinator", "lot", "/projects/at-work", (BATCH, "a[href^='/lots/']"), kept=False),
    Shot("coordinator", "cancel", "/projects/at-work", (BATCH, "a[href$='/cancel']"), kept=False),
    Shot("coordinator", "withdraw", "/projects/at-work", (BATCH, "a[href$='/withdraw']"), kept=False),
    Shot("coordinator", "at-work", "/projects/at-work"),
    Shot("coordinator", "guide", "/projects", GUIDE),
    Shot("coordinator", "guide-draft", "/projects", DRAFT),
    Shot("coordinator", "gold-none", "/projects", (*GUIDE, "-> gold"), kept=False),
    Shot("coordinator", "guide-publish", "/projects", (*DRAFT, *REWRITE), kept=False),
    Shot("coordinator", "guide-desk", "/projects", (*GUIDE, "-> guide/publish", *PUBLISH), kept=False),
    Shot("coordinator", "gold", "/projects", (*GUIDE, "-> gold"), kept=False),
    Shot("coordinator", "additions", "/projects/at-work", (BATCH, "a[href$='/additions/new']"), kept=False),
    Shot("coordinator", "upload-refused", "/projects", (PROJECT, "a[href$='/batches/new']", MAIN), kept=False),
    Shot("coordinator", "new-project-refused", "/projects/new", (MAIN,), kept=False),
    Shot("coordinator", "styleguide", "/styleguide"),
    Shot("coordinator", "styleguide-dark", "/styleguide?theme=dark&scale=100"),
    Shot("coordinator", "styleguide-errors", "/styleguide?errors=1", kept=False),
    Shot("coordinator", "teams", "/teams", kept=False),
    Shot("coordinator", "team", "/teams", ("main table a[href^='/teams/']",), kept=False),
    Shot("coordinator", "people", "/teams/people", kept=False),
    Shot("annotator", "guide-changes", "/work", CHANGED, kept=False),
    Shot("annotator", "notices-new", "/notices", kept=False),
    Shot("annotator", "refused", "/teams", kept=False),
    Shot("annotator", "ended", "/work", (*REVIEWS, CHOOSE, SUBMIT, "<-"), kept=False),
    Shot("partner-admin", "home", "/partner"),
    Shot("partner-admin", "upload", "/partner", ("a[href$='/upload']",), kept=False),
    Shot("partner-admin", "project", "/partner", (PROJECT,)),
    Shot("partner-admin", "exports", "/partner", (PROJECT, "a[href$='/exports']"), kept=False),
    Shot("partner-admin", "webhooks", "/partner", (PROJECT, "a[href$='/webhooks']"), kept=False),
    Shot("partner-admin", "new-project", "/partner/projects/new"),
    Shot("partner-admin", "batch", "/partner", (PARTNER_BATCH,)),
    Shot("partner-admin", "retention", "/partner", (PROJECT, "main a[href$='/retention']"), kept=False),
    Shot("partner-admin", "data", "/partner", (PARTNER_BATCH, "main a[href$='/data']"), kept=False),
    Shot("partner-admin", "data-done", "/partner", (ENDED, "main a[href$='/data']"), kept=False),
    Shot("partner-admin", "erase", "/partner", (ENDED, "main a[href$='/data']", "main a[href$='/erase']"), kept=False),
    Shot("partner-admin", "quality-done", "/partner", (ENDED, "main a[href$='/quality']"), kept=False),
    Shot("partner-admin", "names", "/partner", (PARTNER_BATCH, "a[href$='/names']"), kept=False),
    Shot("partner-admin", "lot", "/partner", ("main a[href^='/partner/lots/']",)),
    Shot("partner-admin", "quality", "/partner", (PARTNER_BATCH, "main a[href$='/quality']")),
    Shot(
        "partner-admin", "lot-pictures", "/partner", (PARTNER_BATCH, "main a.main[href^='/partner/lots/']"), kept=False
    ),
    Shot("partner-admin", "invoices", "/partner/invoices", kept=False),
    Shot("partner-admin", "invoice", "/partner/invoices", ("main a[href^='/partner/invoices/']",)),
    Shot("partner-qa", "home", "/partner", kept=False),
    Shot("partner-finance", "home", "/partner", kept=False),
    Shot("partner-engineer", "home", "/partner", kept=False),
    Shot("finance", "home", "/billing"),
    Shot("finance", "pay", "/billing/pay"),
    Shot("finance", "invoices", "/billing/invoices", kept=False),
    Shot("finance", "ledger", "/billing/ledger?check=1"),
    Shot("admin", "home", "/admin"),
    Shot("admin", "people", "/admin/people"),
    Shot("admin", "person", "/admin/people", ("main table a[href^='/admin/people/']",), kept=False),
    Shot("admin", "new-person", "/admin/people/new", kept=False),
    Shot(
        "admin",
        "new-password",
        "/admin/people",
        ("main table tr:has-text('标注员') a[href^='/admin/people/']", "form[action$='/password'] button"),
        kept=False,
    ),
    Shot("admin", "organisations", "/admin/organisations", kept=False),
    Shot("admin", "organisation", "/admin/organisations", ("main a[href^='/admin/organisations/']",), kept=False),
    Shot("admin", "audit", "/admin/audit", kept=False),
    Shot("coordinator", "paused", "/projects/at-work", (BATCH, "form[action$='/pause'] button"), kept=False),
    Shot("reviewer", "home-paused", "/review", kept=False),
    Shot("annotator", "broken", "/notices", kept=False, harm="UPDATE notices SET kind = 'nowhere'"),
)


@dataclass(frozen=True)
class Demo:
    """A running demo. `accounts`: role to e-mail and password. `data`: its database."""

    base: str
    accounts: dict[str, dict[str, str]]
    data: Path


@contextmanager
def demo(folder: Path) -> Iterator[Demo]:
    """Run a demo in `folder` until the block ends.

    Raises SystemExit where it does not come up.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LEYE_")}
    out, log = folder / "out", folder / "demo.log"
    program = [sys.executable, "-m", "leye_workers.cli", "demo", "--out", str(out), *DEMO]
    with log.open("w", encoding="utf-8") as said:
        environment = kept | {"LEYE_DATA_DIR": str(folder / "data")}
        running = subprocess.Popen(program, env=environment, stdout=said, stderr=said)
    try:
        base = _address(running, log)
        summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
        yield Demo(base, summary["accounts"], folder / "data" / "leye.sqlite3")
    finally:
        running.send_signal(signal.SIGINT)
        running.wait(30)


def _address(running: "subprocess.Popen[bytes]", log: Path) -> str:
    """Where the demo serves, once everything waits there that it has waiting."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while "Ctrl-C stops it" not in (said := log.read_text(encoding="utf-8")):
        if running.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"the demo did not come up:\n{said[-2000:]}")
        time.sleep(0.2)
    return said.rpartition("Sign in at ")[2].split()[0]


def take(browser: Browser, site: Demo, shots: list[Shot], out: Path, tallest: int) -> None:
    """Take one role's pictures, none taller than `tallest` pixels."""
    context = browser.new_context(locale="zh-CN", timezone_id="Asia/Shanghai", color_scheme="light")
    context.set_default_timeout(15_000)
    page = context.new_page()
    role = shots[0].role
    if role != GUEST:
        page.goto(site.base)
        page.locator("#name").fill(site.accounts[role]["email"])
        page.locator("#password").fill(site.accounts[role]["password"])
        page.locator("main button.main").click()
        page.wait_for_load_state()
    for shot in shots:
        if shot.harm:
            with sqlite3.connect(site.data) as database:
                database.execute(shot.harm)
        cookies = context.cookies()
        shot.reach(page, site.base)
        for width, height in WIDTHS.items():
            _take(page, width, (height, tallest), out / f"{role}-{shot.name}-{width}.png", live=shot.live)
        if shot.live:  # what was brought about ends with it
            page.goto("about:blank")
            page.unroute_all(behavior="ignoreErrors")
            context.set_offline(False)
            context.add_cookies(cookies)  # type: ignore[arg-type]  # what Playwright gives, it takes
            page.set_viewport_size({"width": 1280, "height": 900})
    context.close()


def _take(page: Page, width: int, heights: tuple[int, int], path: Path, *, live: bool) -> None:
    """The page on a screen of this size, loaded anew unless live. heights: the screen's, the most of the page's."""
    height, tallest = heights
    page.set_viewport_size({"width": width, "height": height})
    if not live:
        page.reload(wait_until="networkidle")
    page.evaluate("document.fonts.ready")
    tall = min(tallest, page.evaluate("document.documentElement.scrollHeight"))
    # A screen as tall as the picture, so that what is fixed at its foot stands at the picture's.
    page.set_viewport_size({"width": width, "height": max(height, tall)})
    page.screenshot(path=path, animations="disabled", caret="hide")
    with Image.open(path) as taken:
        fewer = taken.convert("RGB").quantize(COLOURS)
    fewer.save(path, optimize=True)


def _wanted(shot: Shot, every: bool, only: list[str]) -> bool:
    return f"{shot.role}-{shot.name}" in only if only else shot.kept or every


def main() -> None:
    """Take the pictures, and say how many and how large they are."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", action="store_true", help="take every page")
    parser.add_argument("--whole", action="store_true", help="do not cut long pages off")
    parser.add_argument("--only", nargs="+", default=[], metavar="ROLE-PAGE", help="take just these pages")
    parser.add_argument("--out", type=Path, help="the folder to write to")
    asked = parser.parse_args()
    out = asked.out or (EVERY if asked.all else SHOWN)
    wanted = [shot for shot in SHOTS if _wanted(shot, asked.all, asked.only)]
    out.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="leye-pictures-") as folder,
        demo(Path(folder)) as site,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        for _role, shots in groupby(wanted, key=lambda shot: shot.role):
            take(browser, site, list(shots), out, WHOLE if asked.whole else TALLEST)
        browser.close()
    taken = [out / f"{shot.role}-{shot.name}-{width}.png" for shot in wanted for width in WIDTHS]
    size = sum(path.stat().st_size for path in taken) / 1_000_000
    print(f"{len(taken)} pictures, {size:.1f} MB, in {out}")


if __name__ == "__main__":
    main()
