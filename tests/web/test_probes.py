"""Each probe of `browse` finds a fault that was planted for it, and passes the page without it.

axe finds none of these (ACCESSIBILITY.md, section 3; requirements 2, 7, 12, 13 and 24).
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from support.browse import Browse, chromium, new_context
from support.walk import walk
from web.sample_pages import ORIGIN, SamplePages

PLAIN = "/help"
PLANTED = {
    "mouse: listens": (
        "mouse",
        "<div id=planted>去</div><script>planted.addEventListener('click', () => {})</script>",
    ),
    "mouse: looks pressable": ("mouse", "<style>#planted { cursor: pointer }</style><span id=planted>去</span>"),
    "drag: draggable": ("drag", "<p draggable=true>拖我</p>"),
    "drag: follows the pointer": (
        "drag",
        "<canvas id=planted></canvas><script>planted.addEventListener('pointermove', () => {})</script>",
    ),
    "controls: named by its placeholder only": ("controls", "<input placeholder=姓名 style='min-height:48px'>"),
    "targets: smaller than 44 px": ("targets", "<button style='width:40px;height:40px'>去</button>"),
    "targets: a main button lower than 56 px": (
        "targets",
        "<button class='button main' style='min-height:48px;height:48px'>去提交</button>",
    ),
    "reflow: scrolls sideways": ("reflow", "<div style='width:2000px'>宽</div>"),
}
WALKED = {
    "focus not seen": "<style>#planted:focus { outline: none }</style><button id=planted class=link-button>去</button>",
    "trap": "<button id=planted>去</button>"
    "<script>planted.addEventListener('keydown', (e) => e.preventDefault())</script>",
    "never reached": "<details open><summary>看</summary></details><a id=planted href=/x>去</a>"
    "<script>planted.addEventListener('focus', () => planted.blur())</script>",
    "covered": "<button id=planted>去</button><div style='position:fixed;inset:0;z-index:9'></div>",
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


def page_with(browser: Browser, planted: str) -> Browse:
    """A page of the site that holds, with a fault put into its main part; its policy lets the fault run."""
    context = new_context(browser, bypass_csp=True)
    samples = SamplePages()
    samples.install(context)
    context.route(
        f"{ORIGIN}{PLAIN}",
        lambda route: route.fulfill(
            body=samples.html(f"{ORIGIN}{PLAIN}").replace("</main>", f"{planted}</main>"), content_type="text/html"
        ),
    )
    browse = Browse(context.new_page(), ORIGIN)
    browse.page.goto(ORIGIN + PLAIN)
    return browse


@pytest.mark.parametrize("name", PLANTED)
def test_a_probe_finds_what_was_planted_for_it(browser: Browser, name: str) -> None:
    check, planted = PLANTED[name]
    browse = page_with(browser, planted)
    with pytest.raises(AssertionError) as found:
        browse.check(without={"axe", "policy"})
    faults = [line for line in str(found.value).splitlines()[1:] if line.strip()]
    assert any(line.startswith(f"{check}: ") for line in faults), faults
    browse.check(without={"axe", "policy", check})


def test_nothing_is_found_where_nothing_was_planted(browser: Browser) -> None:
    browse = page_with(browser, "")
    browse.check()
    assert walk(browse.page) == []


def test_another_look_finds_what_only_its_colours_hide(browser: Browser) -> None:
    pale = "<style>@media (prefers-color-scheme: dark) { #planted { color: #444 } }</style><p id=planted>看不清</p>"
    browse = page_with(browser, pale)
    browse.check(without={"policy"})
    with pytest.raises(AssertionError, match="axe color-contrast"):
        browse.check_look(color_scheme="dark")


@pytest.mark.parametrize("fault", WALKED)
def test_the_walk_finds_what_was_planted_for_it(browser: Browser, fault: str) -> None:
    page = page_with(browser, WALKED[fault]).page
    found = walk(page)
    assert any(one.startswith(fault) and "planted" in one for one in found), found


@pytest.mark.parametrize("path", ["/gallery", "/work/multiple"])
@pytest.mark.parametrize(
    ("width", "height"),
    [
        pytest.param(1280, 900, marks=pytest.mark.audit),
        pytest.param(1280, 420, marks=pytest.mark.audit),
        (320, 640),
    ],
)
def test_the_workbench_and_its_parts_are_walked(browser: Browser, path: str, width: int, height: int) -> None:
    """Requirements 2 and 12: the sticky bar covers nothing that has the focus, at any size."""
    assert walk(sample_page(browser, path, width=width, height=height)) == []


def sample_page(browser: Browser, path: str, **size: int) -> Page:
    context = new_context(browser, **size)
    SamplePages().install(context)
    page = context.new_page()
    page.goto(ORIGIN + path)
    return page
