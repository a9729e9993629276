"""Guides through their services: versions that never change, readers, questions, gold looked at again."""

from uuid import UUID, uuid4

import pytest
from sqlalchemy import text as sql
from sqlalchemy.exc import DatabaseError

from leye_platform.accounts.rules import Role
from leye_platform.actor import Actor
from leye_platform.assignments.claim import Nothing
from leye_platform.assignments.models import Assignment
from leye_platform.database import Database
from leye_platform.errors import FieldsRefused
from leye_platform.guides import gold, questions, readings
from leye_platform.guides.drafts import draft_of, save_draft
from leye_platform.guides.errors import (
    AnswerEmpty,
    DraftMissing,
    GuideMissing,
    GuideMovedOn,
    GuideNotConfirmed,
    QuestionEmpty,
    QuestionMissing,
)
from leye_platform.guides.models import GuideReading, ReadingHow
from leye_platform.guides.publish import add_guide, newest_version, publish_draft, text_of
from leye_platform.guides.queries import answered_for_all, own_questions, questions_of, readers_of
from leye_platform.guides.rules import Example, GuideText
from leye_platform.installation import Installation
from leye_platform.projects.models import GuideVersion, Project
from leye_platform.projects.rules import Pipeline
from support.clock import MovableClock
from support.shipping import Shipping

ONE_EACH = Pipeline(overlap_start=1, gold_share=0)
SECOND = GuideText(
    "# 怎么选\n\n按整条评论的意思选。只说快递不好，也算负面。", (Example("送得慢", "负面", True, "说了不满。"),)
)


@pytest.fixture
def shipping(installation: Installation, clock: MovableClock) -> Shipping:
    return Shipping(installation, clock)


@pytest.fixture
def coordinator(shipping: Shipping) -> Actor:
    return shipping.actor(Role.COORDINATOR)


def published(shipping: Shipping, who: Actor, project_id: UUID, text: GuideText = SECOND) -> int:
    """Write a draft and publish it; the new version."""
    shipping.clock.move(minutes=1)
    with shipping.database.write() as session:
        project = session.get_one(Project, project_id)
        newest = newest_version(session, project_id)
        save_draft(session, who, project, text, shipping.clock.now())
        over = newest.version if newest else 0
        return publish_draft(session, who, project, "快递也算", shipping.clock.now(), over=over).version


class TestVersions:
    def test_a_draft_becomes_the_next_version_and_is_gone(self, shipping: Shipping, coordinator: Actor) -> None:
        project_id = shipping.batch(1).project_id
        assert published(shipping, coordinator, project_id) == 2
        with shipping.database.read() as session:
            newest = newest_version(session, project_id)
            assert newest is not None
            assert text_of(newest) == SECOND
            assert newest.change == "快递也算"
            assert draft_of(session, project_id) == (SECOND, 0)

    @pytest.mark.parametrize("statement", ["UPDATE guide_versions SET body = 'x'", "DELETE FROM guide_versions"])
    def test_the_database_refuses_to_change_a_version(
        self, shipping: Shipping, database: Database, statement: str
    ) -> None:
        shipping.batch(1)
        with pytest.raises(DatabaseError, match="never changed"), database.write() as session:
            session.execute(sql(statement))

    def test_what_is_lacking_keeps_the_draft(self, shipping: Shipping, coordinator: Actor) -> None:
        project_id = shipping.batch(1).project_id
        with pytest.raises(FieldsRefused) as refused:
            published(shipping, coordinator, project_id, GuideText("选。", (Example("一般", "", True, ""),)))
        assert list(refused.value.problems) == ["example-1-why"]
        with shipping.database.read() as session:
            newest = newest_version(session, project_id)
            assert newest is not None
            assert newest.version == 1

    def test_two_who_publish_at_once_make_one_version(self, shipping: Shipping, coordinator: Actor) -> None:
        project_id = shipping.batch(1).project_id
        published(shipping, coordinator, project_id)
        with shipping.database.write() as session:
            project, now = session.get_one(Project, project_id), shipping.clock.now()
            with pytest.raises(DraftMissing):
                publish_draft(session, coordinator, project, "又", now, over=2)
            save_draft(session, coordinator, project, GuideText("另一份。"), now)
            with pytest.raises(GuideMovedOn):
                publish_draft(session, coordinator, project, "又", now, over=1)

    def test_the_same_words_make_no_new_version(self, shipping: Shipping, coordinator: Actor) -> None:
        project_id = shipping.batch(1).project_id
        assert [published(shipping, coordinator, project_id) for _ in range(2)] == [2, 2]

    def test_another_text_by_api_keeps_the_examples(self, shipping: Shipping, coordinator: Actor) -> None:
        project_id = shipping.batch(1).project_id
        published(shipping, coordinator, project_id)
        with shipping.database.write() as session:
            project = session.get_one(Project, project_id)
            guide = add_guide(session, coordinator, project, "别的", shipping.clock.now(), change="换了说法")
            assert (guide.version, text_of(guide).examples, guide.change) == (3, SECOND.examples, "换了说法")


class TestReaders:
    def test_a_changed_guide_is_confirmed_before_the_next_task(self, shipping: Shipping, coordinator: Actor) -> None:
        batch = shipping.batch(4, pipeline=ONE_EACH)
        who = shipping.person()
        held = shipping.claims(who)
        version = published(shipping, coordinator, batch.project_id)
        assert shipping.claims(who) == held, "what is in hand goes on under its version"
        shipping.answers(who, held)
        with pytest.raises(GuideNotConfirmed) as refused:
            shipping.claim(who)
        assert refused.value.arguments["page"] == f"/guides/{batch.project_id}/changes"
        with pytest.raises(GuideNotConfirmed):
            shipping.claim(who, batch.project_id)
        with shipping.database.write() as session:
            for _ in range(2):
                readings.confirm(session, who.person_id, batch.project_id, version, shipping.clock.now())
        following = shipping.claims(who)
        with shipping.database.read() as session:
            versions = [
                session.get_one(GuideVersion, session.get_one(Assignment, one).guide_id) for one in (held, following)
            ]
            assert [guide.version for guide in versions] == [1, 2]
            known = session.get_one(GuideReading, (who.person_id, batch.project_id, 1))
            assert known.how is ReadingHow.BEGUN

    def test_who_begins_under_the_newest_is_asked_nothing(self, shipping: Shipping, coordinator: Actor) -> None:
        batch = shipping.batch(2, pipeline=ONE_EACH)
        published(shipping, coordinator, batch.project_id)
        who = shipping.person()
        shipping.answers(who, shipping.claims(who))
        assert shipping.claims(who)

    def test_another_projects_tasks_go_on(self, shipping: Shipping, coordinator: Actor) -> None:
        changed, other = shipping.batch(3, pipeline=ONE_EACH), shipping.batch(3, pipeline=ONE_EACH)
        who = shipping.person()
        shipping.answers(who, shipping.claims(who, changed.project_id))
        published(shipping, coordinator, changed.project_id)
        assert shipping.claims(who, other.project_id)

    def test_where_nothing_is_left_nothing_is_asked(self, shipping: Shipping, coordinator: Actor) -> None:
        batch = shipping.batch(1, pipeline=ONE_EACH)
        who = shipping.person()
        shipping.answers(who, shipping.claims(who))
        published(shipping, coordinator, batch.project_id)
        assert isinstance(shipping.claim(who), Nothing)

    def test_rework_and_gold_wait_for_the_confirmation_too(self, shipping: Shipping, coordinator: Actor) -> None:
        batch = shipping.batch(30, gold=2, pipeline=Pipeline(overlap_start=1, gold_share=0.5))
        who = shipping.person()
        shipping.answers(who, shipping.claims(who))
        published(shipping, coordinator, batch.project_id)
        for _ in range(3):
            with pytest.raises(GuideNotConfirmed):
                shipping.claim(who)

    def test_only_the_version_in_force_can_be_confirmed(self, shipping: Shipping, coordinator: Actor) -> None:
        project_id = shipping.batch(1).project_id
        published(shipping, coordinator, project_id)
        person = shipping.person().person_id
        with shipping.database.write() as session:
            with pytest.raises(GuideMovedOn):
                readings.confirm(session, person, project_id, 1, shipping.clock.now())
            with pytest.raises(GuideMissing):
                readings.confirm(session, person, uuid4(), 1, shipping.clock.now())

    def test_the_coordinator_sees_how_many_know_it(self, shipping: Shipping, coordinator: Actor) -> None:
        batch = shipping.batch(4, pipeline=ONE_EACH)
        for _ in range(3):
            who = shipping.person()
            shipping.answers(who, shipping.claims(who))
        published(shipping, coordinator, batch.project_id)
        with shipping.database.write() as session:
            readings.confirm(session, who.person_id, batch.project_id, 2, shipping.clock.now())
            assert readers_of(session, batch.project_id, 2) == (3, 1)


class TestQuestions:
    def test_an_answer_stands_in_the_guide_for_all_or_for_who_asked(
        self, shipping: Shipping, coordinator: Actor
    ) -> None:
        project_id = shipping.batch(1).project_id
        who = shipping.actor(Role.ANNOTATOR)
        with shipping.database.write() as session:
            now = shipping.clock.now()
            asked = [questions.ask(session, who, project_id, f" 第 {n} 问？\x00 ", now) for n in range(2)]
            assert asked[0].question == "第 0 问？"
            questions.answer(session, coordinator, project_id, asked[0].id, "算负面。", shared=True, now=now)
            questions.answer(session, coordinator, project_id, asked[1].id, "您看漏了。", shared=False, now=now)
        with shipping.database.read() as session:
            assert [one.answer for one in answered_for_all(session, project_id)] == ["算负面。"]
            assert [one.answer for one in own_questions(session, project_id, who.person_id)] == ["您看漏了。"]
            assert own_questions(session, project_id, coordinator.person_id) == []
            assert len(questions_of(session, project_id)) == 2

    def test_nothing_empty_is_asked_or_answered(self, shipping: Shipping, coordinator: Actor) -> None:
        project_id, other = shipping.batch(1).project_id, shipping.batch(1).project_id
        now = shipping.clock.now()
        with shipping.database.write() as session:
            for empty in (" \n\x00", "长" * 1001):
                with pytest.raises(QuestionEmpty):
                    questions.ask(session, coordinator, project_id, empty, now)
            asked = questions.ask(session, coordinator, project_id, "算吗？", now)
            with pytest.raises(AnswerEmpty):
                questions.answer(session, coordinator, project_id, asked.id, " ", shared=True, now=now)
            with pytest.raises(QuestionMissing):
                questions.answer(session, coordinator, other, asked.id, "算。", shared=True, now=now)


class TestGold:
    def test_gold_of_an_older_version_is_confirmed_or_retired(self, shipping: Shipping, coordinator: Actor) -> None:
        batch = shipping.batch(5, gold=3, pipeline=Pipeline(overlap_start=1, gold_share=0.5))
        with shipping.database.read() as session:
            assert gold.old_gold(session, batch.project_id).total == 0
        published(shipping, coordinator, batch.project_id)
        now = shipping.clock.now()
        with shipping.database.write() as session:
            project = session.get_one(Project, batch.project_id)
            old = gold.old_gold(session, batch.project_id)
            first, second, _ = (item.id for item, _task in old.rows)
            assert gold.confirm_gold(session, coordinator, project, [first], now, version=1) == 0, (
                "of a page gone stale"
            )
            assert gold.confirm_gold(session, coordinator, project, [first], now, version=2) == 1
            assert gold.retire_gold(session, coordinator, project, [first, second, uuid4()], now, version=2) == 1
            assert gold.old_gold(session, batch.project_id).total == 1
        published(shipping, coordinator, batch.project_id, GuideText("第三版。"))
        with shipping.database.read() as session:
            assert gold.old_gold(session, batch.project_id).total == 2, "what was confirmed is asked about again"

    def test_retired_gold_is_handed_out_no_more(self, shipping: Shipping, coordinator: Actor) -> None:
        batch = shipping.batch(6, gold=1, pipeline=Pipeline(overlap_start=1, gold_share=0.5))
        published(shipping, coordinator, batch.project_id)
        with shipping.database.write() as session:
            project = session.get_one(Project, batch.project_id)
            items = [item.id for item, _ in gold.old_gold(session, batch.project_id).rows]
            gold.retire_gold(session, coordinator, project, items, shipping.clock.now(), version=2)
        who, handed_out = shipping.person(), set()
        for _ in range(6):
            assignment = shipping.claims(who)
            handed_out.add(shipping.task_of(assignment))
            shipping.answers(who, assignment)
        assert handed_out == set(batch.tasks)
