"""Entities in review: answers side by side with what differs in words; accepted, mended, checked, sent back."""

import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Browser
from sqlalchemy import select, update

from leye_platform.accounts.tokens import SESSION_COOKIE
from leye_platform.assignments.models import WorkRecord
from leye_platform.assignments.own import Annotator
from leye_platform.assignments.submit import Submission, submit
from leye_platform.installation import Installation
from leye_platform.matching.models import AnnotatorSkill, SkillFit
from leye_platform.projects.models import Item, MicroTask
from leye_platform.projects.pictures.links import PictureLinks
from leye_platform.projects.rules import Pipeline, PipelineKind
from leye_platform.review.models import Decision
from leye_platform.review.queries import view_review
from leye_platform.review.refit import keep_refit, refit_project
from leye_platform.review.rules import DecisionMethod, Reason, ReviewCause, Verdict
from support.browse import Browse, chromium, new_context
from support.clock import MovableClock
from support.crowd import OpenBatch
from support.factories import AT, ENTITIES
from support.live_site import live_site
from support.reviewing import IN_DOUBT, Reviewing

LINKS = PictureLinks("s", UUID(int=0), AT)
TEXT = "李娜在上海的晨光纸厂\u202e修机器。"
NAME, CITY, MILL = [0, 2, "人名"], [3, 5, "地名"], [3, 10, "地名"]


class Entities(Reviewing):
    """Batches of entity tasks, all with one text."""

    def marked_batch(self, items: int = 1, pipeline: Pipeline = IN_DOUBT, gold: Any = None) -> OpenBatch:
        batch = self.batch(items, pipeline=pipeline, label_config=ENTITIES, task_type="named_entities")
        with self.database.write() as session:
            session.execute(update(Item).where(Item.batch_id == batch.batch_id).values(data={"review": TEXT}))
            own = update(MicroTask).where(MicroTask.batch_id == batch.batch_id)
            session.execute(own.values(content={"review": TEXT}, gold_labels=gold))
        return batch

    def marks(self, who: Annotator, batch: OpenBatch, *spans: list[Any]) -> UUID:
        """Claim a task and answer it; the assignment."""
        assignment = self.claims(who, batch.project_id)
        given = Submission(result_of(*spans), str(assignment))
        with self.database.write() as session:
            submit(session, who, assignment, given, key_ring=self.keys, now=self.clock.now())
        return assignment

    def doubted(self) -> OpenBatch:
        """A task on whose city two people differ."""
        batch = self.marked_batch()
        self.marks(self.person(), batch, NAME, CITY)
        self.marks(self.person(), batch, NAME, MILL)
        return batch

    def decisions(self, batch: OpenBatch) -> list[Decision]:
        with self.database.read() as session:
            return list(session.scalars(select(Decision).where(Decision.batch_id == batch.batch_id)))


def result_of(*spans: list[Any]) -> list[dict[str, Any]]:
    return [
        {
            "from_name": "label",
            "to_name": "text",
            "type": "labels",
            "value": {"start": start, "end": end, "labels": [label]},
        }
        for start, end, label in spans
    ]


@pytest.fixture
def entities(installation: Installation, clock: MovableClock) -> Entities:
    return Entities(installation, clock)


def test_people_who_mark_the_same_decide_and_the_decision_has_the_text(entities: Entities) -> None:
    batch = entities.marked_batch(pipeline=Pipeline(overlap_start=2, overlap_limit=3, confidence=0.9, gold_share=0))
    for _ in range(3):
        entities.marks(entities.person(), batch, CITY, NAME)
    [made] = entities.decisions(batch)
    assert made.method is DecisionMethod.CONSENSUS
    assert made.labels == [[0, 2, 0], [3, 5, 1]]
    assert [region["value"]["text"] for region in made.result] == ["李娜", "上海"]


def test_who_differ_go_to_review_and_one_answer_is_accepted(entities: Entities) -> None:
    batch = entities.doubted()
    review_id = entities.must_take()
    with entities.database.read() as session:
        shown = view_review(session, entities.review(review_id), LINKS)
        assert [len(group.authors) for group in shown.groups] == [1, 1]
        assert sorted(len(authors) for authors in shown.entries.values()) == [1, 1, 2]
    chosen = next(answer for answer in shown.answers if "晨光" in answer.words)
    entities.settles(review_id, Verdict.ACCEPT, Reason.FITS_GUIDE, chosen=chosen.response_id)
    [made] = entities.decisions(batch)
    assert (made.method, made.labels) == (DecisionMethod.REVIEW, [[0, 2, 0], [3, 10, 1]])
    assert made.confidence > 0.5


def test_the_reviewers_form_mends_by_ticks_and_by_words(entities: Entities) -> None:
    batch = entities.doubted()
    review_id = entities.must_take()
    browser = entities.browser(entities.reviewer.person_id)
    page = browser.get(f"/review/{review_id}").text
    assert page.count("别人没有这样标") == 2
    assert "没标" in page
    assert "\u202e" not in page.replace("\\u202e", "")
    assert "U+202E" in page
    fields = {"decision": "fix", "reason": "wrong_label", "comment": ""}
    wrong = browser.post(f"/review/{review_id}", **fields, fixed=["span 0 2 人名", "quote", "没有的词", "1", "地名"])
    assert wrong.status_code == 422
    assert "没有的词" in wrong.text
    mended = ["span 0 2 人名", "quote", "晨光纸厂", "1", "地名"]
    assert browser.post(f"/review/{review_id}", **fields, fixed=mended).status_code == 303
    [made] = entities.decisions(batch)
    assert made.labels == [[0, 2, 0], [6, 10, 1]]
    assert "晨光纸厂" in browser.get(f"/review/{review_id}").text


def test_a_single_answer_is_checked_and_sent_back_to_its_author(entities: Entities) -> None:
    checked = Pipeline(kind=PipelineKind.SINGLE_CHECK, check_share=1, gold_share=0)
    batch = entities.marked_batch(pipeline=checked)
    author = entities.person()
    entities.marks(author, batch, NAME)
    review_id = entities.must_take()
    assert entities.review(review_id).cause is ReviewCause.CHECK
    entities.settles(review_id, Verdict.SEND_BACK, Reason.MISREAD_GUIDE)
    assert entities.decisions(batch) == []
    entities.marks(author, batch, NAME, CITY)
    again = entities.must_take()
    entities.settles(again, Verdict.FIX, Reason.WRONG_LABEL, result=result_of(NAME, CITY))
    [made] = entities.decisions(batch)
    assert (made.round, made.labels) == (2, [[0, 2, 0], [3, 5, 1]])


def test_what_all_marked_stands_in_the_text_and_the_bar_has_the_workbenchs_words(entities: Entities) -> None:
    batch = entities.marked_batch(pipeline=Pipeline(kind=PipelineKind.SINGLE_CHECK, check_share=1, gold_share=0))
    entities.marks(entities.person(), batch, CITY, NAME)
    page = entities.browser(entities.reviewer.person_id).get(f"/review/{entities.must_take()}").text
    text = re.search(r"<blockquote[^>]*>(.*?)</blockquote>", page, re.DOTALL)
    assert text is not None
    assert re.sub(r"</?span[^>]*>", "|", text[1]).startswith(
        '|李娜|<small class="tag">人名</small>在|上海|<small class="tag">地名</small>的晨光纸厂'
    )
    said = re.sub(r"<[^>]+>", "", re.sub(r"<small.*?</small>", "", text[1]))
    assert said == TEXT.replace("\u202e", "U+202E")
    bar = re.findall(r'<button[^>]*data-command="(\w+)"[^>]*>(\w+)', page)
    assert bar == [("undo", "撤销"), ("skip", "跳过"), ("help", "求助"), ("leave", "离开"), ("submit", "提交")]


def test_a_gold_answer_is_right_when_every_span_is(entities: Entities) -> None:
    batch = entities.marked_batch(2, gold=[[0, 2, 0], [3, 5, 1]])
    right, wrong = entities.person(), entities.person()
    entities.marks(right, batch, CITY, NAME)
    entities.marks(wrong, batch, NAME)
    with entities.database.read() as session:
        records = {record.person_id: record for record in session.scalars(select(WorkRecord))}
    assert (records[right.person_id].gold_answers, records[right.person_id].gold_right) == (1, 1)
    assert (records[wrong.person_id].gold_answers, records[wrong.person_id].gold_right) == (1, 0)


def test_skills_are_fitted_from_spans_and_weigh_the_next_answers(entities: Entities) -> None:
    batch = entities.marked_batch(8, pipeline=Pipeline(overlap_start=2, overlap_limit=3, confidence=0.99, gold_share=0))
    able, other, careless = (entities.person() for _ in range(3))
    for _ in range(8):
        entities.marks(able, batch, NAME, CITY)
        entities.marks(other, batch, NAME, CITY)
        entities.marks(careless, batch, NAME, MILL)
    with entities.database.write() as session:
        refit = refit_project(session, batch.project_id)
        assert refit is not None
        assert refit.answers == 24
        keep_refit(session, batch.project_id, refit, entities.clock.now())
    with entities.database.read() as session:
        skills = {row.person_id: row.skill for row in session.scalars(select(AnnotatorSkill))}
        assert session.get_one(SkillFit, batch.project_id).prior
    assert skills.keys() == {able.person_id, other.person_id, careless.person_id}
    assert skills[able.person_id] != skills[careless.person_id]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("width", [1280, pytest.param(320, marks=pytest.mark.audit)])
def test_the_review_page_holds(browser: Browser, entities: Entities, width: int) -> None:
    entities.doubted()
    review_id = entities.must_take()
    token = entities.browser(entities.reviewer.person_id).token
    with live_site(entities.installation) as base:
        context = new_context(browser, width=width)
        context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": base}])
        page = context.new_page()
        Browse(page, base).open(f"/review/{review_id}")
        page.locator('label:has([value="fix"])').click()
        page.locator("#fixed details summary").click()
        Browse(page, base).check()
        context.close()
