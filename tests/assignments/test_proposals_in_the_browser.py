"""Work that begins from a proposal in a real browser, by keyboard: checked, undone, emptied, submitted."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select, update

from leye_platform.accounts.tokens import SESSION_COOKIE
from leye_platform.assignments.models import Response
from leye_platform.assignments.rules import ProposalUse
from leye_platform.installation import Installation
from leye_platform.projects.models import Item, MicroTask
from support.boxes import PictureBatches, box
from support.browse import Browse, chromium, new_context
from support.clock import MovableClock
from support.factories import ENTITIES, TOPICS, chosen
from support.live_site import live_site
from support.proposing import put_proposals, use_of
from support.shipping import ONE, Shipping

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
READY = "label:not([hidden]) > #keys-on"  # the modules have taken over
TEXT = "昨天李娜👩‍🔧在上海修好了机器。"
NOTICE = "这些是机器先标的，可能有错。请逐个检查，再提交。"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def shipping(installation: Installation, clock: MovableClock) -> Shipping:
    return Shipping(installation, clock)


@dataclass
class Checker:
    """An annotator before a task that begins from a proposal."""

    shipping: Shipping
    assignment: UUID
    page: Page
    base: str

    def check(self) -> None:
        Browse(self.page, self.base).check()

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def tab_to(self, command: str) -> None:
        """Press Tab until the control that carries the command has the focus."""
        for _ in range(80):
            self.press("Tab")
            if self.page.evaluate("document.activeElement.dataset.command") == command:
                return
        raise AssertionError(f"Tab does not reach {command}")

    def submitted(self, *keys: str) -> tuple[list[dict[str, Any]], ProposalUse]:
        """Submit by key; what is stored then."""
        self.press(*keys)
        self.page.wait_for_function(
            "before => document.querySelector('main').dataset.assignment !== before", arg=str(self.assignment)
        )
        with self.shipping.database.read() as session:
            answer = session.scalars(select(Response).where(Response.assignment_id == self.assignment)).one()
            return [region["value"] for region in answer.result], use_of(self.shipping.database, self.assignment)


@contextmanager
def checking(
    browser: Browser, shipping: Shipping, project_id: UUID, *, width: int = 1280, **more: Any
) -> Iterator[Checker]:
    who = shipping.person()
    token = shipping.browser(who.person_id).token
    assignment = shipping.claims(who, project_id)
    with live_site(shipping.installation) as base:
        context = new_context(browser, width=width, **more)
        context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": base}])
        me = Checker(shipping, assignment, context.new_page(), base)
        me.page.goto(f"{base}/work/tasks/{assignment}")
        if more.get("java_script_enabled", True):
            me.page.wait_for_selector(READY, state="attached")
        yield me
        context.close()


def topics(shipping: Shipping) -> UUID:
    batch = shipping.batch(1, label_config=TOPICS, pipeline=ONE)
    put_proposals(shipping.database, batch.batch_id, chosen("味道", "服务", control="topic"))
    return batch.project_id


def entities(shipping: Shipping) -> UUID:
    batch = shipping.batch(1, label_config=ENTITIES, task_type="named_entities", pipeline=ONE)
    with shipping.database.write() as session:
        session.execute(update(Item).where(Item.batch_id == batch.batch_id).values(data={"review": TEXT}))
        session.execute(update(MicroTask).where(MicroTask.batch_id == batch.batch_id).values(content={"review": TEXT}))
    start = TEXT.index("上海")
    value = {"start": start, "end": start + 2, "text": "上海", "labels": ["地名"]}
    region = {"id": "a", "from_name": "label", "to_name": "text", "type": "labels", "value": value}
    put_proposals(shipping.database, batch.batch_id, [region])
    return batch.project_id


def boxes(shipping: Shipping) -> UUID:
    batches = PictureBatches(shipping, ONE)
    size = {"original_width": 400, "original_height": 300}
    put_proposals(shipping.database, batches.opened(1), [box(10, 10, 20, 20) | size, box(50, 50, 25, 30, "狗") | size])
    return batches.project_id


PROJECTS = {"classes": topics, "entities": entities, "boxes": boxes}
DRAWN = {"classes": "#choice input:checked", "entities": "#spans li", "boxes": "#boxes > li"}
HAD = {"classes": 2, "entities": 1, "boxes": 2}
SUBMIT = {"classes": "Enter", "entities": "T", "boxes": "T"}


@pytest.mark.parametrize("kind", PROJECTS)
def test_the_proposal_stands_there_can_be_undone_emptied_and_brought_back(
    browser: Browser, shipping: Shipping, kind: str
) -> None:
    with checking(browser, shipping, PROJECTS[kind](shipping)) as me:
        drawn = me.page.locator(DRAWN[kind])
        expect(me.page.locator("#proposed")).to_have_text(NOTICE)
        expect(drawn).to_have_count(HAD[kind])
        me.check()
        me.press("z")
        expect(drawn).to_have_count(0)
        me.page.reload()
        me.page.wait_for_selector(READY, state="attached")
        expect(drawn).to_have_count(0)
        expect(me.page.locator("#proposed")).to_have_text(NOTICE)


@pytest.mark.parametrize("kind", PROJECTS)
def test_all_of_it_goes_by_one_button_and_comes_back_by_undo_then_is_submitted_as_it_came(
    browser: Browser, shipping: Shipping, kind: str
) -> None:
    with checking(browser, shipping, PROJECTS[kind](shipping)) as me:
        drawn = me.page.locator(DRAWN[kind])
        expect(drawn).to_have_count(HAD[kind])
        me.tab_to("clear")
        me.press("Space")
        expect(drawn).to_have_count(0)
        me.press("z")
        expect(drawn).to_have_count(HAD[kind])
        me.page.evaluate("document.activeElement.blur()")
        values, use = me.submitted(SUBMIT[kind])
        assert use is ProposalUse.KEPT
        assert len(values) == (1 if kind == "classes" else HAD[kind])


def test_classes_are_corrected_by_digits(browser: Browser, shipping: Shipping) -> None:
    with checking(browser, shipping, topics(shipping)) as me:
        values, use = me.submitted("1", "2", "Enter")
        assert values == [{"choices": ["价格", "服务"]}]
        assert use is ProposalUse.CHANGED


def test_entities_behind_an_emoji_are_corrected_by_keyboard(browser: Browser, shipping: Shipping) -> None:
    with checking(browser, shipping, entities(shipping)) as me:
        me.tab_to("edit 1")
        me.press("Space", "1")
        expect(me.page.locator("#spans li")).to_contain_text("人名")
        me.page.evaluate("document.activeElement.blur()")
        values, use = me.submitted("T")
        assert [(value["text"], value["labels"]) for value in values] == [("上海", ["人名"])]
        assert use is ProposalUse.CHANGED


def test_a_box_too_many_is_deleted_by_keyboard(browser: Browser, shipping: Shipping) -> None:
    with checking(browser, shipping, boxes(shipping)) as me:
        me.press("b", "d")
        expect(me.page.locator("#boxes > li")).to_have_count(1)
        values, use = me.submitted("T")
        assert [value["rectanglelabels"] for value in values] == [["狗"]]
        assert use is ProposalUse.CHANGED


@pytest.mark.parametrize("kind", PROJECTS)
@pytest.mark.parametrize("scripts", [True, False])
def test_the_page_holds_on_a_narrow_screen_with_and_without_scripts(
    browser: Browser, shipping: Shipping, kind: str, scripts: bool
) -> None:
    with checking(browser, shipping, PROJECTS[kind](shipping), width=320, java_script_enabled=scripts) as me:
        if scripts:
            me.check()
        described = me.page.locator('[aria-describedby~="proposed"]')
        assert described.count() >= 1
        expect(me.page.locator('button[value="clear"]')).to_be_visible()
