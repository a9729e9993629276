"""The annotator's home: what to do next, what was earned, what suits, and the truth where there is nothing."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import delete, select, update

from leye_platform.assignments.own import Annotator
from leye_platform.installation import Installation
from leye_platform.projects.models import Batch, GuideVersion, PayRate
from leye_platform.projects.rules import BatchState, Pipeline
from support.at_work import AtWork, assignment_of, words
from support.clock import MovableClock
from support.shipping import Shipping
from support.statements import statements_of


@pytest.fixture
def shipping(installation: Installation, clock: MovableClock) -> Shipping:
    return Shipping(installation, clock)


@pytest.fixture
def at_work(shipping: Shipping) -> AtWork:
    return AtWork(shipping)


class TestNothingToClaim:
    def test_no_open_batch_is_said_with_what_is_being_prepared(self, shipping: Shipping, at_work: AtWork) -> None:
        batch = shipping.batch(1, title="收件地址要素")
        with shipping.database.write() as session:
            session.execute(update(Batch).where(Batch.id == batch.batch_id).values(state=BatchState.READY))
        answer = at_work.browser.post("/work/next")
        assert answer.headers["location"] == "/work?none=no-open-batch"
        page = words(at_work.page("/work?none=no-open-batch"))
        assert "现在没有你能做的任务" in page
        assert "现在没有在做的批次" in page
        assert "正在准备下一批：收件地址要素。" in page
        assert 'data-command="claim"' in at_work.page("/work")

    def test_tasks_held_by_others_are_said_with_when_one_may_come_free(
        self, shipping: Shipping, at_work: AtWork, clock: MovableClock
    ) -> None:
        shipping.batch(1, pipeline=Pipeline(overlap_start=1))
        AtWork(shipping).claims()
        page = words(at_work.page("/work"))
        assert "剩下的都有人在做" in page
        assert "最早一条保留到今天 11:00" in page
        assert at_work.browser.post("/work/next").headers["location"] == "/work?none=all-held"
        clock.move(hours=3)
        assert at_work.claims()

    def test_what_one_has_done_waits_for_others(self, shipping: Shipping, at_work: AtWork) -> None:
        shipping.batch(1)
        following = at_work.sends(at_work.claims(), choice="正面")
        assert following == "/work?none=waiting-for-others&after=submitted"
        assert "剩下的条目你都做过了" in words(at_work.page(following))

    def test_an_old_address_does_not_deny_the_tasks_there_are(self, shipping: Shipping, at_work: AtWork) -> None:
        shipping.batch(1)
        page = at_work.page("/work?none=no-open-batch")
        assert "没有在做的批次" not in page
        assert "领取任务" in page
        assert at_work.browser.get("/work?none=<b>&after=<b>").status_code == 200


class TestHome:
    def test_money_of_today_and_of_the_month_agrees_with_the_books(
        self, shipping: Shipping, at_work: AtWork, clock: MovableClock
    ) -> None:
        shipping.batch(4, pipeline=Pipeline(overlap_start=1, confidence=0.5))
        at_work.sends(at_work.claims(), choice="正面")
        clock.move(days=1)
        shipping.batch(2)
        at_work.sends(at_work.claims(), choice="正面")
        page = words(at_work.page("/work"))
        assert "今天0.05 元做了 1 条" in page
        assert "3 月，到今天0.10 元做了 2 条" in page

    def test_nothing_earned_yet_is_said(self, at_work: AtWork) -> None:
        page = words(at_work.page("/work"))
        assert "今天还没有提交" in page
        assert "这个月还没有收入" in page

    def test_a_project_says_why_it_suits_what_it_pays_and_how_long_one_takes(
        self, shipping: Shipping, at_work: AtWork
    ) -> None:
        batch = shipping.batch(30, title="短评情感分类")
        page = words(at_work.page("/work"))
        assert "只要看文字，用键盘就能做完。" in page
        assert "0.05 元一条，估计每条约 10 秒" in page
        self.answer(shipping, [at_work.who], active_ms=33_000)
        page = words(at_work.page("/work"))
        assert "你做过 7 条" in page
        assert "估计每条约 10 秒" in page, "one person's pace is nobody else's"
        self.answer(shipping, [shipping.person(), shipping.person()], active_ms=33_000)
        assert "0.05 元一条，每条约 33 秒" in words(at_work.page("/work"))
        with shipping.database.write() as session:
            session.execute(delete(PayRate).where(PayRate.project_id == batch.project_id))
        assert "短评情感分类" not in at_work.page("/work"), "nobody works for nothing"

    def test_answers_of_programs_measure_nothing(self, shipping: Shipping, at_work: AtWork) -> None:
        shipping.batch(30)
        self.answer(shipping, [at_work.who, shipping.person(), shipping.person()], active_ms=1_000)
        assert "估计每条约 10 秒" in words(at_work.page("/work"))

    @staticmethod
    def answer(shipping: Shipping, people: list[Annotator], active_ms: int) -> None:
        for _ in range(7):
            for person in people:
                assignment = shipping.claims(person)
                shipping.clock.move(minutes=1)
                shipping.answers(person, assignment, active_ms=active_ms)

    def test_it_asks_as_few_questions_for_many_projects_as_for_one(self, shipping: Shipping, at_work: AtWork) -> None:
        shipping.batch(1)
        with statements_of(shipping.database) as one:
            at_work.page("/work")
        for _ in range(5):
            shipping.batch(1)
        with statements_of(shipping.database) as many:
            assert at_work.page("/work").count('name="project"') == 6
        assert len(many) == len(one)


class TestGuide:
    def test_it_lies_open_until_one_has_worked_under_this_version(self, shipping: Shipping, at_work: AtWork) -> None:
        batch = shipping.batch(4)
        first = at_work.claims()
        assert '<details class="well" open>' in at_work.page(f"/work/tasks/{first}")
        following = at_work.sends(first, choice="正面")
        assert '<details class="well" open>' not in at_work.page(following)
        with shipping.database.write() as session:
            at = shipping.clock.now() + timedelta(seconds=1)
            author = session.scalars(select(GuideVersion.created_by)).first()
            body = "# 新的一版\n\n<script>alert(1)</script> [点](javascript:alert(1))"
            session.add(
                GuideVersion(
                    project_id=batch.project_id, version=2, body=body, created_at=at, created_by=author or uuid4()
                )
            )
        shipping.clock.move(minutes=1)
        changes = at_work.sends(assignment_of(following), choice="正面")
        assert changes == f"/guides/{batch.project_id}/changes?after=submitted&shared=1"
        assert 'name="shared"' in at_work.page(changes), "who named no project does not name it by reading its guide"
        confirmed = at_work.browser.post(f"/guides/{batch.project_id}/changes", version="2", shared="1")
        third = at_work.page(confirmed.headers["location"])
        assert '<details class="well" open>' in third
        assert "标注规范第 2 版" in third
        assert "<script>alert" not in third
        assert "&lt;script&gt;alert(1)" in third
        assert 'href="javascript:' not in third

    def test_it_can_be_read_at_leisure(self, shipping: Shipping, at_work: AtWork) -> None:
        batch = shipping.batch(1, title="短评情感分类")
        page = at_work.page(f"/guides/{batch.project_id}")
        assert "标注规范：短评情感分类" in page
        assert page.count("<h1>") == 1
        assert "按整条评论的意思选" in page
        assert at_work.browser.get(f"/guides/{uuid4()}").status_code == 404
