"""Marking entities in a real browser: by keyboard, by presses, without JavaScript; what is said, sent and weighed."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select, update

from leye_platform.accounts.tokens import SESSION_COOKIE
from leye_platform.assignments.models import Response as Answer
from leye_platform.assignments.own import Annotator
from leye_platform.installation import Installation
from leye_platform.projects.models import Item, MicroTask
from support.browse import Browse, chromium, new_context
from support.clock import MovableClock
from support.factories import ENTITIES
from support.live_site import live_site
from support.shipping import Shipping

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
TEXT = "昨天李娜👩‍🔧在上海的晨光纸厂\u202e修好了那台机器。\n她下周回北京。"
MOST_BYTES = 60_000
LIVE = """
window.said = [];
new MutationObserver(() => window.said.push(document.getElementById("announcer").textContent.trim()))
  .observe(document.getElementById("announcer"), {childList: true, characterData: true, subtree: true});
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def shipping(installation: Installation, clock: MovableClock) -> Shipping:
    return Shipping(installation, clock)


@dataclass
class Marker:
    """An annotator at one entity task, the page open."""

    shipping: Shipping
    who: Annotator
    assignment: UUID
    page: Page
    base: str

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def word(self, text: str) -> Any:
        return self.page.locator("#tokens button", has_text=re.compile(f"^{text}")).first

    def focus(self) -> str:
        """The words of what has the focus, as they are read out: without what is hidden from screen readers."""
        own = "[...document.activeElement.childNodes].filter((part) => part.ariaHidden !== 'true')"
        return str(self.page.evaluate(f"{own}.map((part) => part.textContent).join('')"))

    def said(self) -> list[str]:
        return [words for words in self.page.evaluate("window.said") if words]

    def marked(self) -> list[str]:
        return [row.inner_text().split("\n")[0].replace(" ", "") for row in self.page.locator("#spans li").all()]

    def stored(self) -> list[dict[str, Any]]:
        with self.shipping.database.read() as session:
            answer = session.scalars(select(Answer).where(Answer.assignment_id == self.assignment)).one()
            return [region["value"] for region in answer.result]


@contextmanager
def marking(
    browser: Browser,
    shipping: Shipping,
    *,
    label_config: str = ENTITIES,
    text: str = TEXT,
    width: int = 1280,
    **more: Any,
) -> Iterator[Marker]:
    batch = shipping.batch(1, label_config=label_config, task_type="named_entities", title="新闻里的人和地方")
    with shipping.database.write() as session:
        session.execute(update(Item).where(Item.batch_id == batch.batch_id).values(data={"review": text}))
        session.execute(update(MicroTask).where(MicroTask.batch_id == batch.batch_id).values(content={"review": text}))
    who = shipping.person()
    token = shipping.browser(who.person_id).token
    assignment = shipping.claims(who, batch.project_id)
    with live_site(shipping.installation) as base:
        context = new_context(browser, width=width, **more)
        context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": base}])
        me = Marker(shipping, who, assignment, context.new_page(), base)
        me.page.goto(f"{base}/work/tasks/{assignment}")
        if more.get("java_script_enabled", True):
            me.page.wait_for_selector("#tokens button")
            me.page.evaluate(LIVE)
        yield me
        context.close()


SIGNS = """
() => {
  const words = [...document.querySelectorAll("#tokens button")];
  const text = (one) => one.firstChild.textContent;
  const lines = (one) => one.getBoundingClientRect();
  const parted = (above, below) => lines(below).top > lines(above).bottom - 4;
  return words.slice(1).flatMap((one, n) =>
    parted(words[n], one) && (/[，。、：”）]/.test(text(one)) || /[“（]/.test(text(words[n])))
      ? [text(words[n]) + text(one)] : []);
}
"""
"""The pairs that a line parts though one of the two is a sign that belongs to the other."""


def test_no_line_begins_with_a_closing_sign_or_ends_with_an_opening_one(browser: Browser, shipping: Shipping) -> None:
    text = "昨天，李娜说：“纸厂（上海）修好了，王师傅、小陈都在。”她下周，再回北京、天津、西安（坐车）。"
    with marking(browser, shipping, text=text) as me:
        for marked in (False, True):
            for width in range(320, 620, 13):
                me.page.set_viewport_size({"width": width, "height": 900})
                assert me.page.evaluate(SIGNS) == [], width
                assert me.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
            if not marked:
                me.word("上海").click()
                me.press("2")
                assert me.marked() == ["上海地名"]


@pytest.mark.parametrize("width", [1280, pytest.param(320, marks=pytest.mark.audit)])
def test_the_page_holds_before_during_and_after_marking(browser: Browser, shipping: Shipping, width: int) -> None:
    with marking(browser, shipping, width=width) as me:
        check = Browse(me.page, me.base).check
        check()
        me.word("李").click()
        me.word("娜").click()
        check()
        me.press("1")
        me.word("上海").click()
        me.press("2")
        me.page.locator('[data-command="edit 1"]').click()
        check()
        assert me.marked() == ["李娜人名", "上海地名"]


def test_by_keyboard_alone_words_are_reached_extended_marked_and_submitted(
    browser: Browser, shipping: Shipping
) -> None:
    """Requirement 23: focus moves by word, Shift extends, Space marks, marks are announced, the list can be edited."""
    with marking(browser, shipping) as me:
        for _ in range(20):
            me.press("Tab")
            if me.page.evaluate("document.activeElement.dataset.command || ''").startswith("token"):
                break
        assert me.focus() == "昨天"
        me.press("ArrowRight", "Space")
        assert me.focus() == "李（人名）"
        me.press("Space", "Shift+ArrowRight", "Space")
        assert me.marked() == ["李娜人名"]
        assert me.focus() == "娜（人名，结束）"
        me.press("ArrowDown", "ArrowUp", "ArrowRight", "ArrowRight", "ArrowRight")
        assert me.focus() == "上海"
        me.press("Shift+ArrowRight", "Shift+ArrowLeft", "2")
        assert me.marked() == ["李娜人名", "上海地名"]
        me.press("z")
        assert me.marked() == ["李娜人名"]
        assert me.said() == [
            "标上人名：李",
            "去掉人名：李",
            "已选 2 词：李娜",
            "标上人名：李娜",
            "已选 2 词：上海的",
            "已选 1 词：上海",
            "标上地名：上海",
            "已撤销，共标 1 处",
        ]
        me.page.locator('[data-command="submit"]').focus()
        me.press("Enter")
        me.page.wait_for_url(re.compile("/work\\?"))
        assert me.stored() == [{"start": 2, "end": 4, "text": "李娜", "labels": ["人名"]}]


def test_presses_alone_mark_from_word_to_word_and_so_does_a_stroke(browser: Browser, shipping: Shipping) -> None:
    with marking(browser, shipping) as me:
        me.word("晨光").click()
        me.word("厂").click()
        me.page.locator('[data-command="label 2"]').click()
        assert me.marked() == ["晨光纸厂地名"]
        me.word("上海").hover()
        me.page.mouse.down()
        me.word("晨光").hover()
        me.page.mouse.up()
        me.page.locator('[data-command="label 2"]').click()
        assert me.marked() == ["上海的晨光地名", "晨光纸厂地名"]
        me.page.locator('[data-command="delete 1"]').click()
        me.page.locator('[data-command="edit 1"]').click()
        me.page.locator('[data-command="label 1"]').click()
        assert me.marked() == ["晨光纸厂人名"]
        me.page.locator('[data-command="submit"]').click()
        me.page.wait_for_url(re.compile("/work\\?"))
        [value] = me.stored()
        assert (value["text"], TEXT[value["start"] : value["end"]]) == ("晨光纸厂", "晨光纸厂")


def test_a_word_is_split_and_an_answer_of_nothing_is_asked_for(browser: Browser, shipping: Shipping) -> None:
    with marking(browser, shipping) as me:
        me.word("北京").click()
        me.page.locator('[data-command="split"]').click()
        assert me.page.locator("#tokens button", has_text=re.compile("^北$")).count() == 1
        me.press("z")
        me.page.locator('[data-command="submit"]').click()
        expect(me.page.locator("#lack")).to_contain_text("没有要标的")
        me.page.locator('label:has([data-command="none"])').click()
        me.page.locator('[data-command="submit"]').click()
        me.page.wait_for_url(re.compile("/work\\?"))
        assert me.stored() == []


def test_a_reload_brings_back_what_was_marked(browser: Browser, shipping: Shipping) -> None:
    with marking(browser, shipping) as me:
        me.word("上海").click()
        me.press("2")
        me.page.reload()
        me.page.wait_for_selector("#tokens button")
        assert me.marked() == ["上海地名"]
        me.press("z")
        assert me.marked() == []


def test_without_javascript_words_a_list_and_a_button_do_the_same(browser: Browser, shipping: Shipping) -> None:
    with marking(browser, shipping, java_script_enabled=False) as me:

        def write(words: str, label: str = "") -> None:
            me.page.locator("#plain-words").fill(words)
            if label:
                me.page.locator("#plain-label").select_option(label=label)

        mark = me.page.get_by_role("button", name="标上")
        write("李娜")
        mark.click()
        expect(me.page.locator("#lack")).to_contain_text("请选一个标签")
        write("李娜", "人名")
        mark.click()
        write("上海", "地名")
        mark.click()
        assert me.page.locator('#spans [value^="span"]').count() == 2
        me.page.locator('#spans [value^="span"]').first.uncheck()
        write("北京", "地名")
        me.page.locator('[data-command="submit"]').click()
        assert [value["text"] for value in me.stored()] == ["上海", "北京"]


def test_two_hundred_labels_of_eighty_characters_are_a_native_list(browser: Browser, shipping: Shipping) -> None:
    names = [f"{n:03}" + "名" * 77 for n in range(200)]
    config = '<View><Text name="text" value="$review"/><Labels name="label" toName="text">{}</Labels></View>'
    labels = "".join(f'<Label value="{name}"/>' for name in names)
    with marking(browser, shipping, label_config=config.format(labels), width=320) as me:
        Browse(me.page, me.base).check()
        me.page.locator("#picker").select_option("200")
        me.word("上海").click()
        me.page.get_by_role("button", name="标上", exact=True).click()
        Browse(me.page, me.base).check()
        assert names[199] in me.page.locator("#spans").inner_text()
        assert all(len(words) <= 40 for words in me.said())


def test_a_first_visit_weighs_little(browser: Browser, shipping: Shipping) -> None:
    """Requirement 28: sixty kB over the wire, for a text of three hundred characters."""
    sizes: dict[str, int] = {}
    urls: dict[str, str] = {}
    batch = shipping.batch(1, label_config=ENTITIES, task_type="named_entities")
    text = "李娜昨天在上海的晨光纸厂修好了那台机器，" * 15
    with shipping.database.write() as session:
        session.execute(update(MicroTask).where(MicroTask.batch_id == batch.batch_id).values(content={"review": text}))
    who = shipping.person()
    token = shipping.browser(who.person_id).token
    assignment = shipping.claims(who)
    with live_site(shipping.installation) as base:
        context = new_context(browser)
        context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": base}])
        page = context.new_page()
        network = context.new_cdp_session(page)
        network.send("Network.enable")
        network.on("Network.responseReceived", lambda told: urls.update({told["requestId"]: told["response"]["url"]}))
        network.on("Network.loadingFinished", lambda told: sizes.update({told["requestId"]: told["encodedDataLength"]}))
        page.goto(f"{base}/work/tasks/{assignment}", wait_until="networkidle")
        page.wait_for_selector("#tokens button")
        assert len(sizes) > 5
        assert sum(sizes.values()) <= MOST_BYTES, {urls[name]: size for name, size in sizes.items()}
        assert all(url.startswith(base) for url in urls.values())
        context.close()
