"""How fast projects go and with whom, as the coordinator's home tells it."""

from datetime import timedelta

import pytest

from leye_platform.accounts.rules import Role
from leye_platform.assignments.models import WorkRecord
from leye_platform.installation import Installation
from leye_platform.projects import pages
from leye_platform.projects.pace import ProjectPace, decided_by_day, paces_of
from leye_platform.projects.rules import Pipeline, PipelineKind
from leye_platform.web.formats import day_began
from support.clock import MovableClock
from support.shipping import Shipping

ONE = Pipeline(kind=PipelineKind.SINGLE_CHECK, check_share=0, gold_share=0)


@pytest.fixture
def shipping(installation: Installation, clock: MovableClock) -> Shipping:
    return Shipping(installation, clock)


def test_the_home_tells_who_is_at_work_and_when_it_will_be_done(shipping: Shipping, clock: MovableClock) -> None:
    coordinator = shipping.browser(shipping.actor(Role.COORDINATOR).person_id)
    project = shipping.batch(4, pipeline=ONE).project_id
    page = coordinator.get("/projects").text
    assert "现在没有人在做。" in page
    assert "最近一天没有新的结果。" in page
    who, other = shipping.person(), shipping.person()
    for _ in range(2):
        shipping.answers(who, shipping.claims(who, project), "正面")
    shipping.claims(who, project)
    shipping.claims(other, project)
    page = coordinator.get("/projects").text
    assert "现在 2 个人在做。" in page
    assert "最近一天判定了 2 条，照这样要到" in page
    with shipping.database.read() as session:
        pace = paces_of(session, [project], clock.now())[project]
    assert (pace.at_work, pace.decided, pace.gold_answers) == (2, 2, 0)
    assert pace.finish(3, clock.now()) == clock.now() + timedelta(days=1.5)
    assert pace.finish(0, clock.now()) is None


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("right", "told"), [(3, True), (6, False)])
def test_a_project_whose_gold_few_answer_right_is_a_matter_of_the_day(
    shipping: Shipping, monkeypatch: pytest.MonkeyPatch, right: int, told: bool
) -> None:
    project = shipping.batch(1, pipeline=ONE).project_id
    monkeypatch.setattr(pages, "paces_of", lambda *_: {project: ProjectPace(0, 0, 10, right, right / 10)})
    page = shipping.browser(shipping.actor(Role.COORDINATOR).person_id).get("/projects").text
    assert f"{right * 10}%（答了 10 次，对 {right} 次）" in page
    assert ("标准题答对得少" in page) is told
    assert (f"10 次对 {right} 次" in page) is told, "counts lead; a share of few tells less"
    assert (f'class="button main" href="/projects/{project}/guide"' in page) is told


def test_a_pace_of_long_ago_foretells_nothing(shipping: Shipping, clock: MovableClock) -> None:
    project = shipping.batch(2, pipeline=ONE).project_id
    who = shipping.person()
    shipping.answers(who, shipping.claims(who, project), "正面")
    clock.move(days=1, seconds=1)
    with shipping.database.read() as session:
        pace = paces_of(session, [project], clock.now())[project]
    assert pace.finish(1, clock.now()) is None


def test_the_home_draws_the_week_and_the_gold_items(
    shipping: Shipping, clock: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = shipping.batch(6, pipeline=ONE).project_id
    who = shipping.person()
    began = day_began(clock.now())
    for days, answers in ((0, 1), (2, 3)):
        clock.move(days=days)
        for _ in range(answers):
            shipping.answers(who, shipping.claims(who, project), "正面")
    with shipping.database.read() as session:
        days_told = decided_by_day(session, clock.now())
    assert [day for day, _ in days_told] == [began + timedelta(days=n) for n in range(-4, 3)]
    assert [count for _, count in days_told] == [0, 0, 0, 0, 1, 0, 3]
    monkeypatch.setattr(pages, "paces_of", lambda *_: {project: ProjectPace(0, 0, 10, 7, 0.7)})
    page = shipping.browser(shipping.actor(Role.COORDINATOR).person_id).get("/projects").text
    assert "一共判定了 4 条，最多的是今天：3 条。" in page
    assert "答对 70%。" in page
    assert "70%（答了 10 次，对 7 次）" in page
    assert "比例按每个人做的多少折算" in page


def test_whoever_gets_more_gold_weighs_no_more_in_the_share(shipping: Shipping, clock: MovableClock) -> None:
    """900 answers by one who is right, 100 by one who mostly is not and gets twice the gold."""
    project = shipping.batch(1, pipeline=ONE).project_id
    able, erring, without = (shipping.person().person_id for _ in range(3))
    with shipping.database.write() as session:
        for person, answers, gold, right in ((able, 900, 20, 20), (erring, 100, 20, 5), (without, 50, 0, 0)):
            record = WorkRecord(person_id=person, project_id=project, answers=answers)
            record.gold_answers, record.gold_right = gold, right
            session.add(record)
    with shipping.database.read() as session:
        pace = paces_of(session, [project], clock.now())[project]
    assert (pace.gold_answers, pace.gold_right) == (40, 25)
    assert pace.gold_share == pytest.approx(0.925)


def test_a_home_without_results_draws_nothing(shipping: Shipping) -> None:
    shipping.batch(1, pipeline=ONE)
    page = shipping.browser(shipping.actor(Role.COORDINATOR).person_id).get("/projects").text
    assert "<svg" not in page
