"""The workbench in a browser: every input emits commands, and no answer is lost."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from leye_platform.accounts.tokens import is_token
from leye_platform.web.workbench import tool_commands
from leye_task_templates.registry import template_named
from support.browse import chromium, new_context
from web.sample_pages import ASSIGNMENT, ORIGIN, SamplePages

TASK = f"{ORIGIN}/work/tasks/{ASSIGNMENT}"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = new_context(browser)
    yield context
    context.close()


@pytest.fixture
def samples(context: BrowserContext) -> SamplePages:
    samples = SamplePages()
    samples.install(context)
    return samples


@pytest.fixture
def page(context: BrowserContext, samples: SamplePages) -> Page:
    page = context.new_page()
    page.goto(TASK)
    expect(page.locator("#keys-on")).to_be_attached()
    wait_for_bench(page)
    return page


def wait_for_bench(page: Page) -> None:
    """Until the modules have come: then shortcuts can be turned off."""
    expect(page.locator("label:has(#keys-on)")).not_to_have_attribute("hidden", "")


def sent(samples: SamplePages, what: str) -> list[list[str]]:
    """The choices of each request that modules sent to `what`."""
    return [
        body["result"][0]["value"]["choices"] if body["result"] else []
        for _, name, body, _ in samples.api
        if name == what
    ]


def wait_for_next(page: Page) -> None:
    page.wait_for_url(f"{ORIGIN}/work/next")


def test_a_task_is_answered_by_keyboard_alone(page: Page, samples: SamplePages) -> None:
    page.keyboard.press("2")
    page.keyboard.press("3")
    page.keyboard.press("z")
    expect(page.locator("input[value=负面]")).to_be_checked()
    page.keyboard.press("Enter")
    wait_for_next(page)
    assert sent(samples, "response") == [["负面"]]
    _, _, body, headers = samples.api[-1]
    assert headers["idempotency-key"] == "key-of-the-page"
    assert is_token(headers["x-csrf-token"], "token")
    assert body["input_mode"] == "keyboard"
    assert is_token(samples.posts[-1][1]["csrf"][0], "token")


def test_a_task_is_answered_by_tab_and_space(page: Page, samples: SamplePages) -> None:
    first = page.locator("input[value=正面]")
    while page.evaluate("document.activeElement.value") != "正面":
        page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(first).to_be_checked()
    while page.evaluate("document.activeElement.value") != "submit":
        page.keyboard.press("Tab")
    page.keyboard.press("Space")
    wait_for_next(page)
    assert sent(samples, "response") == [["正面"]]


def test_a_task_is_answered_by_pointer(page: Page, samples: SamplePages) -> None:
    page.locator("label", has_text="中性").click()
    page.locator("button[data-command=submit]").click()
    wait_for_next(page)
    assert sent(samples, "response") == [["中性"]]
    assert samples.api[-1][2]["input_mode"] == "pointer"


def test_pressing_down_and_moving_off_changes_nothing(page: Page, samples: SamplePages) -> None:
    box = page.locator("label", has_text="中性").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(5, 5)
    page.mouse.up()
    assert page.locator("input:checked[name=choice]").count() == 0


def test_nothing_chosen_is_said_beside_the_choices_and_not_sent(page: Page, samples: SamplePages) -> None:
    page.keyboard.press("Enter")
    expect(page.locator("#error-choice")).to_be_visible()
    assert page.locator("fieldset").get_attribute("aria-describedby") == "error-choice"
    assert page.evaluate("document.activeElement.dataset.command") == "choose 1"
    expect(page.locator("#announcer")).to_contain_text("还没有选")
    page.keyboard.press("1")
    expect(page.locator("#error-choice")).to_be_hidden()
    assert not sent(samples, "response")


def test_a_draft_is_saved_and_the_state_said_once(page: Page, samples: SamplePages) -> None:
    page.keyboard.press("2")
    expect(page.locator("main[data-state=saved]")).to_be_attached()
    expect(page.locator("#saved")).to_have_text("已保存")
    assert sent(samples, "draft") == [["负面"]]
    expect(page.locator("#near")).to_be_hidden()
    expect(page.locator("#announcer")).to_contain_text("已选 负面")


def test_without_a_network_the_answer_waits_and_arrives_once(page: Page, samples: SamplePages) -> None:
    page.keyboard.press("1")
    samples.away = True
    page.keyboard.press("Enter")
    expect(page.locator("main[data-state=offline]")).to_be_attached()
    expect(page.locator("#announcer")).to_contain_text("网络断了，答案已存好，连上后自动提交")
    expect(page.locator("#near")).to_have_text("网络断了，答案已存好，连上后自动提交")
    samples.away = False
    page.evaluate("dispatchEvent(new Event('online'))")
    wait_for_next(page)
    assert sent(samples, "response") == [["正面"]]


def test_a_submission_goes_on_after_a_reload_with_its_first_key(page: Page, samples: SamplePages) -> None:
    page.keyboard.press("1")
    samples.away = True
    page.keyboard.press("Enter")
    expect(page.locator("main[data-state=offline]")).to_be_attached()
    page.evaluate("""() => {
      const name = Object.keys(localStorage).find((one) => one.startsWith("leye:"));
      localStorage.setItem(name, localStorage.getItem(name).replace("key-of-the-page", "key-of-before"));
    }""")
    samples.away = False
    page.goto(TASK)
    wait_for_next(page)
    keys = [headers["idempotency-key"] for _, name, _, headers in samples.api if name == "response"]
    assert keys == ["key-of-before"]
    assert not page.evaluate("Object.keys(localStorage).some((one) => one.startsWith('leye:'))")


def test_undo_reaches_back_over_a_reload(page: Page, samples: SamplePages) -> None:
    for key in "1234":
        page.keyboard.press(key)
    samples.chosen = ["说不清"]
    page.reload()
    wait_for_bench(page)
    expect(page.locator("input[value=说不清]")).to_be_checked()
    for value in ("中性", "负面", "正面"):
        page.keyboard.press("z")
        expect(page.locator(f"input[value={value}]")).to_be_checked()


def test_the_servers_draft_wins_over_a_journal_that_had_arrived(page: Page, samples: SamplePages) -> None:
    page.keyboard.press("1")
    expect(page.locator("main[data-state=saved]")).to_be_attached()
    samples.chosen = ["中性"]  # changed on another device since
    page.reload()
    expect(page.locator("input[value=中性]")).to_be_checked()


def test_shortcuts_can_be_turned_off_and_stay_off(page: Page) -> None:
    page.locator("summary", has_text="快捷键").click()
    page.locator("#keys-on").uncheck()
    page.keyboard.press("2")
    assert page.locator("input:checked[name=choice]").count() == 0
    expect(page.locator(".choice kbd").first).to_be_hidden()
    page.reload()
    wait_for_bench(page)
    page.keyboard.press("2")
    assert page.locator("input:checked[name=choice]").count() == 0


@pytest.mark.parametrize("command", ["skip", "help", "leave"])
def test_the_bars_other_commands_post_the_form(page: Page, samples: SamplePages, command: str) -> None:
    page.keyboard.press("1")
    with page.expect_navigation():
        page.keyboard.press({"skip": "s", "help": "h", "leave": "q"}[command])
    path, fields = samples.posts[-1]
    assert path == f"/work/tasks/{ASSIGNMENT}"
    assert (fields["do"], fields["choice"]) == ([command], ["正面"])
    assert is_token(fields["csrf"][0], "token")
    assert int(fields["active_ms"][0]) >= 0


def test_without_javascript_the_form_posts_everything(browser: Browser) -> None:
    context = new_context(browser, java_script_enabled=False)
    samples = SamplePages()
    samples.install(context)
    page = context.new_page()
    page.goto(TASK)
    page.locator("label", has_text="负面").click()
    page.locator("button[value=submit]").click()
    path, fields = samples.posts[-1]
    assert path == f"/work/tasks/{ASSIGNMENT}"
    assert is_token(fields.pop("csrf")[0], "token")
    assert fields == {
        "idempotency_key": ["key-of-the-page"],
        "active_ms": ["0"],
        "choice": ["负面"],
        "do": ["submit"],
    }
    context.close()


def test_an_english_reader_hears_english(browser: Browser) -> None:
    context = new_context(browser)
    samples = SamplePages()
    samples.install(context)
    context.add_cookies([{"name": "leye_display", "value": "language=en", "url": ORIGIN}])
    page = context.new_page()
    page.goto(TASK)
    wait_for_bench(page)
    page.keyboard.press("2")
    expect(page.locator("#saved")).to_have_text("Saved")
    expect(page.locator("#announcer")).to_contain_text("Chosen")
    context.close()


def test_a_small_page_travels_over_the_wire(page: Page, samples: SamplePages) -> None:
    """Every request is to our own site; the whole page stays under 80 kB even uncompressed."""
    sizes = page.evaluate(
        "performance.getEntriesByType('resource').map((one) => [new URL(one.name).origin, one.decodedBodySize])"
    )
    assert {origin for origin, _ in sizes} == {ORIGIN}
    assert sum(size for _, size in sizes) + len(page.content().encode()) < 80_000


def test_a_key_that_the_tool_wants_leaves_the_bar_its_spare_one() -> None:
    """Enter sets a corner of a box; it must not submit as well."""
    template = template_named("image_boxes")
    view = {"labels": [{"label": "猫"}]}
    listed = tool_commands(template, view, str)
    keys = [command["key"] for command in listed if command["key"]]
    assert len(set(keys)) == len(keys)
    assert {command["command"]: command["key"] for command in listed}["submit"] == "T"
    words = tool_commands(template_named("named_entities"), {"labels": [{"label": "人名", "key": "1"}]}, str)
    assert words[-1]["key"] == "T", "Enter on a word presses the word"
    text = tool_commands(template_named("text_classification"), {"choices": [{"label": "好", "key": "1"}]}, str)
    assert text[-1]["key"] == "Enter"
