"""The frame, the components and the pages of no feature, in a browser, in both languages and every theme."""

from collections.abc import Iterator

import orjson
import pytest
from playwright.sync_api import Browser
from starlette.testclient import TestClient

from leye_platform.app import create_app
from leye_platform.installation import Installation
from support.browse import Browse, chromium, new_context
from web.sample_pages import ASSIGNMENT, ORIGIN, SamplePages

PAGES = [
    f"/work/tasks/{ASSIGNMENT}",
    "/work/multiple",
    "/broken",
    "/missing",
    "/posted",
    "/help",
    "/help-leader",
    "/accessibility",
    "/display",
    "/gallery",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


def browse(browser: Browser, *, display: str = "", width: int = 1280) -> Browse:
    context = new_context(browser, width=width)
    SamplePages().install(context)
    if display:
        context.add_cookies([{"name": "leye_display", "value": display, "url": ORIGIN}])
    return Browse(context.new_page(), ORIGIN)


@pytest.mark.parametrize("path", PAGES)
def test_every_page_holds_in_chinese_on_a_wide_screen(browser: Browser, path: str) -> None:
    browse(browser).open(path)


@pytest.mark.parametrize("path", [path for path in PAGES if path != "/gallery"])
def test_every_page_holds_in_english_in_the_dark_on_a_small_phone(browser: Browser, path: str) -> None:
    page = browse(browser, display="language=en&theme=dark", width=320).open(path, without={"language"})
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.locator("html").get_attribute("data-theme") == "dark"


@pytest.mark.parametrize("display", ["theme=contrast&scale=200", "theme=dark&scale=250"])
def test_the_components_hold_in_large_print_on_a_phone(browser: Browser, display: str) -> None:
    browse(browser, display=display, width=360).open("/gallery")


def test_the_frame_is_english_where_the_reader_is(browser: Browser) -> None:
    for path in ("/help", "/accessibility", "/display", "/broken"):
        page = browse(browser, display="language=en").open(path)
        assert page.title().endswith("· Leye")


def test_focus_goes_to_what_went_wrong(browser: Browser) -> None:
    page = browse(browser).open("/gallery")
    assert page.evaluate("document.activeElement.id") == "problems"
    for name in ("deadline", "file"):
        described = page.locator(f"#{name}").get_attribute("aria-describedby") or ""
        assert f"error-{name}" in described.split()


def test_a_second_press_does_not_post_a_form_again(browser: Browser) -> None:
    context = new_context(browser)
    samples = SamplePages()
    samples.install(context)
    page = context.new_page()
    page.goto(ORIGIN + "/gallery")
    page.evaluate(
        """() => {
          const form = document.querySelector('form[action="/work/next"]');
          form.target = "elsewhere"; // so that this page stays and can be pressed again
          form.querySelector("button").click();
          form.querySelector("button").click();
        }"""
    )
    page.wait_for_timeout(500)
    assert [path for path, _ in samples.posts] == ["/work/next"]


@pytest.mark.parametrize("path", ["/broken", "/gallery"], ids=["two words", "three words"])
def test_the_head_takes_one_row_on_a_phone(browser: Browser, path: str) -> None:
    page = browse(browser, width=360).open(path)
    box = page.locator("header").bounding_box()
    assert box is not None
    assert box["height"] < 80


def test_tables_become_cards_where_their_letters_lack_room(browser: Browser) -> None:
    wide, narrow = browse(browser).open("/gallery"), browse(browser, width=360).open("/gallery")
    display = "getComputedStyle(document.querySelector('td')).display"
    assert (wide.evaluate(display), narrow.evaluate(display)) == ("table-cell", "block")


def test_settings_reach_the_page(browser: Browser) -> None:
    page = browse(browser, display="scale=150&theme=contrast&motion=reduced").open("/help")
    settings = "({...document.documentElement.dataset})"
    assert page.evaluate(settings) == {"print": "150", "theme": "contrast", "motion": "reduced"}
    assert browse(browser, display="scale=7&theme=pink&motion=1").open("/help").evaluate(settings) == {}


def test_static_addresses_serve_what_pages_ask_for_and_nothing_beside_it(installation: Installation) -> None:
    client = TestClient(create_app(installation))
    folder = "/static/task_templates/text_classification"
    assert client.get(f"{folder}/tool.mjs").status_code == 200
    for name in ("template.py", "example.json", "en.po", "__pycache__", "../registry.py", "%2e%2e/registry.py"):
        assert client.get(f"{folder}/{name}").status_code == 404, name


@pytest.mark.parametrize(("path", "kind"), [("/work", "text/html"), ("/api/v1/me", "application/problem+json")])
def test_what_nobody_foresaw_is_answered_guarded_and_logged(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, path: str, kind: str
) -> None:
    def broken(*_: object) -> None:
        raise ArithmeticError("a fault of ours")

    monkeypatch.setattr("leye_platform.endpoint.Work.__init__", broken)
    answer = TestClient(create_app(installation)).get(path)
    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (500, kind)
    assert "是我们这边出了问题" in answer.text
    assert "a fault of ours" not in answer.text
    assert {"content-security-policy", "x-content-type-options"} <= answer.headers.keys()
    assert answer.headers["cache-control"] == "no-store"
    logged = (installation.settings.data_dir / "log" / "access.jsonl").read_text().splitlines()
    assert orjson.loads(logged[-1])["status"] == 500
