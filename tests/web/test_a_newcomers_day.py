"""A whole day of people who have never been here, in Chinese and by keyboard alone: from a project to its invoice.

Everything is found by the words on the page; each errand's keys are counted, and every page on the way is checked.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, expect

from leye_platform.accounts.rules import Role
from leye_platform.installation import Installation
from support.boxes import photos
from support.browse import chromium, new_context
from support.clock import MovableClock
from support.first_day import FIRM, PASSWORD, TEMPORARY, House, address, make_house
from support.keyboard import Keyboard
from support.live_site import live_site
from support.pictures import packed, photo, written

pytestmark = [pytest.mark.audit, pytest.mark.parametrize("database", ["sqlite"], indirect=True)]
PICTURES, EACH = 5, 5
PROJECT = "数杯子"
PRICES = ("0.80", "0.20", "0.30")
"""What the firm pays for an item, an annotator gets for an answer, a reviewer for a review; in yuan."""


@dataclass
class Day:
    """One browser for everybody; a window of its own for each."""

    browser: Browser
    base: str
    house: House
    errands: dict[str, int] = field(default_factory=dict)

    @contextmanager
    def signed_in(self, role: Role, number: int = 1, password: str = PASSWORD) -> Iterator[Keyboard]:
        """Somebody's window, from the front door on."""
        context = new_context(self.browser)
        me = Keyboard(context.new_page(), self.base)
        with me.errand(f"{role.value} {number}: 登录"):
            me.sign_in(address(role, number), password)
        yield me
        for name, keys in me.errands.items():
            self.errands[name] = keys
        context.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


def test_everybody_gets_through_their_first_day_by_keyboard(
    browser: Browser, installation: Installation, clock: MovableClock
) -> None:
    house = make_house(installation, clock, EACH)
    with live_site(installation) as base:
        day = Day(browser, base, house)
        the_partner_makes_a_project(day)
        the_coordinator_prices_and_opens_it(day)
        for number in (1, 2):
            an_annotator_works(day, number)
        the_reviewer_cannot_begin(day)
        the_coordinator_releases_the_batch(day)
        the_reviewer_settles_five(day)
        house.carry_out_jobs()
        the_partner_accepts_and_reads_the_invoice(day)
        the_annotator_sees_what_they_earned(day)
        print("\n".join(f"{keys:5} {name}" for name, keys in day.errands.items()))


def the_partner_makes_a_project(day: Day) -> None:
    with day.signed_in(Role.PARTNER_ADMIN) as me:
        with me.errand("partner: 建项目"):
            me.follow("新建项目")
            me.write("项目名称", PROJECT)
            me.choose("标注员做什么", "在图片上画框")
            me.write("问标注员的问题", "每只杯子画一个框")
            me.write("标签", "杯子\n茶壶 | 有壶嘴的")
            me.write("第 1 版", "# 怎么画\n\n框要贴着边。")
            me.follow("建项目")
            assert me.heading() == PROJECT
            me.reads("等乐业定单价。", "每只杯子画一个框")
        with me.errand("partner: 写规范"):
            _write_guide(me)
        with me.errand("partner: 上传图片"):
            me.follow(PROJECT)
            me.follow("上传新批次")
            me.write("批次名称", "第一批杯子")
            me.hand_in("文件", "杯子.zip", packed(photos(PICTURES)), "application/zip")
            me.follow("上传")
            me.reads("正在读“杯子.zip”")
            day.house.carry_out_jobs()
            me.waits_for("读完了")
            me.follow("看结果")
            me.reads("还缺：单价")
        me.menu("批次")
        me.reads("等乐业定单价。")


def _write_guide(me: Keyboard) -> None:
    """Text, an example with why, a picture with what it shows; published."""
    me.follow("改规范，回答问题")
    me.follow("改规范")
    me.write("规范正文", "# 怎么画\n\n框要贴着边。杯把也算杯子。\n\n[图 1]")
    me.write("条目内容", "桌上只有一只碗")
    me.write("给的答案", "没有要画的")
    me.write("对在哪里", "碗不是杯子。")
    me.hand_in("图片文件", "杯子.png", written(photo(320, 200), "PNG"), "image/png")
    me.write("这张图的说明", "一只带把的杯子，框贴着杯把。")
    me.follow("加上这张图")
    me.reads("草稿存好了。")
    me.follow("预览，准备发布")
    me.reads("碗不是杯子。")
    me.write("改了什么", "写明杯把也算")
    me.follow("发布第 2 版")
    me.reads("发布了。")


def the_coordinator_prices_and_opens_it(day: Day) -> None:
    with day.signed_in(Role.COORDINATOR) as me:
        with me.errand("coordinator: 定价"):
            assert me.heading() == "今天要处理的事"
            me.reads(f"{PROJECT}：等定单价和报酬")
            me.follow("去定价")
            me.tab_to("去定")
            me.press("Enter")
            me.write("每条多少元", PRICES[0])
            me.follow("就定这个单价")
            me.write("一份答案多少元", PRICES[1])
            me.write("一条质检多少元", PRICES[2])
            me.follow("就定这个报酬")
            me.reads("价都定了，读完的批次可以开始了。")
        with me.errand("coordinator: 开始标注"):
            me.follow("看估算，开始")
            me.reads("成本和毛利（估算）")
            me.follow("开始标注")
            me.reads("进行中")


def an_annotator_works(day: Day, number: int) -> None:
    with day.signed_in(Role.ANNOTATOR, number, TEMPORARY) as me:
        with me.errand(f"annotator {number}: 换成自己的密码"):
            me.reads("现在的密码是别人帮你设的。")
            me.write("新密码", PASSWORD)
            me.write("再输一次新密码", PASSWORD)
            me.follow("换密码")
        with me.errand(f"annotator {number}: 看规范"):
            me.follow(f"看标注规范：{PROJECT}")
            me.reads("杯把也算杯子。", "碗不是杯子。")
            me.follow("领取任务")
        with me.errand(f"annotator {number}: 画框 {EACH} 条"):
            _works(me, PROJECT, EACH, _draw)
        with me.errand(f"annotator {number}: 选标签 {EACH} 条"):
            me.follow("领取任务：短评情感分类")
            _works(me, "短评情感分类", EACH, lambda one: one.press(str(number), "Enter"))
        with me.errand(f"annotator {number}: 标词语 {EACH} 条"):
            me.follow("领取任务：新闻里的人和地方")
            _works(me, "新闻里的人和地方", EACH, _mark)
        me.reads("今天")


def _works(me: Keyboard, project: str, tasks: int, answer: Callable[[Keyboard], None]) -> None:
    """Answer the project's tasks one after another; after each the next one comes by itself."""
    for done in range(1, tasks + 1):
        assert me.heading() == project
        before = me.attribute("data-assignment")
        answer(me)
        expect(me.page.locator(f"main[data-assignment='{before}']")).to_have_count(0)
        if done < tasks:
            me.page.wait_for_selector("main[data-assignment]")
    me.page.wait_for_load_state()
    if me.attribute("data-assignment"):
        _give_back(me)


def _give_back(me: Keyboard) -> None:
    """The task that came by itself goes to somebody else."""
    with me.page.expect_navigation():
        me.press("S")
    me.check()
    me.follow("退还这条")
    me.reads("那一条已退还。")


def _draw(me: Keyboard) -> None:
    """Two corners by digits, then submit by its key."""
    me.page.wait_for_selector("#tools", state="visible")
    me.press("1", "5", "Enter", "9", "5", "Enter", "T")


def _mark(me: Keyboard) -> None:
    """The first two words are a name, which is the first label."""
    me.page.wait_for_selector("#tokens button")
    me.tab_to("李")
    me.press("Shift+ArrowRight", "1")
    expect(me.page.locator("#spans li")).to_have_count(1)
    me.press("T")


def the_reviewer_cannot_begin(day: Day) -> None:
    day.house.batch_rests(day.house.texts)
    with day.signed_in(Role.REVIEWER) as me:
        me.reads("现在没有你能看的")


def the_coordinator_releases_the_batch(day: Day) -> None:
    """Found on the home page by what it says of work that waits in a batch at rest."""
    with day.signed_in(Role.COORDINATOR) as me, me.errand("coordinator: 放开停住的批次"):
        me.reads("在等质检", "这一批现在停着，质检员领不到。")
        me.follow("看这一批")
        me.reads("暂停")
        me.follow("继续")
        me.reads("进行中")


def the_reviewer_settles_five(day: Day) -> None:
    with day.signed_in(Role.REVIEWER) as me, me.errand("reviewer: 定 5 条"):
        me.follow("开始质检")
        for _ in range(EACH):
            me.reads("2 份答案，有 2 种")
            me.press("1")
            me.enter()
        me.reads("你今天定的 5 条")


def the_partner_accepts_and_reads_the_invoice(day: Day) -> None:
    with day.signed_in(Role.PARTNER_ADMIN) as me:
        with me.errand("partner: 验收"):
            me.reads(f"{PROJECT}，第一批杯子", "待验收")
            me.follow("抽检并验收")
            assert _pictures_seen(me) == PICTURES
            me.follow("通过，验收这一批")
            me.reads("账单正在开，一般几分钟内好。")
        day.house.carry_out_jobs()
        with me.errand("partner: 看账单"):
            me.menu("账单")
            me.follow("Z-000001")
            me.reads("应付合计", "4.00 元", FIRM)


def _pictures_seen(me: Keyboard) -> int:
    """How many pictures have come, each with a box on it."""
    me.page.wait_for_function("() => [...document.images].every((one) => one.complete)")
    return int(
        me.page.evaluate(
            "() => [...document.querySelectorAll('.picture:has(rect) img')].filter((i) => i.naturalWidth).length"
        )
    )


def the_annotator_sees_what_they_earned(day: Day) -> None:
    with day.signed_in(Role.ANNOTATOR) as me, me.errand("annotator: 看收入"):
        me.menu("收入")
        me.follow("看这个月的明细")
        me.reads(f"做了 {3 * EACH} 条", PROJECT)
