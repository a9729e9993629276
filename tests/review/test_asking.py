"""What a refit learned of how long to ask is what the next submits go by, as long as the settings are the same."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from leye_platform.assignments.models import Response
from leye_platform.assignments.rules import GOLD_ROUND
from leye_platform.installation import Installation
from leye_platform.matching.models import KeptFit, SkillFit
from leye_platform.matching.sealing import KeyRing
from leye_platform.projects.models import MicroTask, Project
from leye_platform.projects.rules import ItemState, Pipeline, PipelineKind
from leye_platform.projects.task_type import task_type
from leye_platform.review.asking import asking_learned
from leye_platform.review.refit import keep_refit, refit_project
from leye_platform.review.replayed import replay_decisions
from leye_task_templates.class_consensus import ClassConsensus
from leye_task_templates.consensus import GivenAnswer
from support.clock import MovableClock
from support.crowd import Crowd
from support.renewing import Renewing

WANTED = Pipeline(overlap_start=2, overlap_limit=4, confidence=0.95, gold_share=0)
SETTINGS = [0.95, 2, 4]


@pytest.fixture
def crowd(installation: Installation, clock: MovableClock) -> Crowd:
    return Crowd(installation, clock)


def learned(crowd: Crowd, project_id: UUID, settings: list[Any], hopeless: list[float]) -> None:
    """As if a refit that knows nobody yet had learned this."""
    now = crowd.clock.now()
    asking = {"enough": 0.88, "hopeless": hopeless, "for": settings}
    with crowd.database.write() as session:
        session.add(
            SkillFit(project_id=project_id, prior=[0.5, 0.5], answers=2, fitted_at=now, number=1, asking=asking)
        )
        session.add(KeptFit(project_id=project_id, number=1, prior=[0.5, 0.5], skills={}, fitted_at=now))


def after_two(crowd: Crowd, settings: list[Any], *labels: str, hopeless: list[float]) -> ItemState:
    """How one item stands after two strangers have answered."""
    batch = crowd.batch(items=1, pipeline=WANTED)
    learned(crowd, batch.project_id, settings, hopeless)
    for label in labels:
        who = crowd.person()
        crowd.answers(who, crowd.claims(who, batch.project_id), label)
    with crowd.database.read() as session:
        assert replay_decisions(session, batch.project_id).differences == []
        return session.get_one(MicroTask, batch.tasks[0]).state


def test_what_was_learned_decides_where_each_item_for_itself_would_not(crowd: Crowd) -> None:
    assert after_two(crowd, SETTINGS, "正面", "正面", hopeless=[]) is ItemState.DECIDED, ".9, and .88 is enough"


def test_what_was_learned_for_other_settings_counts_nothing(crowd: Crowd) -> None:
    assert after_two(crowd, [0.9, 2, 4], "正面", "正面", hopeless=[]) is ItemState.WORKING


def test_what_asking_would_hardly_decide_goes_to_a_reviewer_at_once(crowd: Crowd) -> None:
    assert after_two(crowd, SETTINGS, "正面", "负面", hopeless=[-1.0, 0.55, -1.0]) is ItemState.REVIEW
    assert after_two(crowd, SETTINGS, "正面", "负面", hopeless=[-1.0, 0.45, -1.0]) is ItemState.WORKING


def given(items: int, gold: int, wrong_gold: int) -> list[GivenAnswer]:
    """Three people who nearly always agree; of the gold items so many are answered wrongly by all."""
    answers = []
    for item in range(items + gold):
        truth = item % 2
        known = [truth] if item >= items else None
        says = 1 - truth if items <= item < items + wrong_gold else truth
        for person in range(3):
            strays = item < items and item % 10 == person and item % 20 < 10
            answers.append(GivenAnswer(item, f"p{person}", [1 - says if strays else says], known))
    return answers


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_gold_that_was_answered_right_lets_sure_items_pay_and_wrong_gold_does_not(crowd: Crowd) -> None:
    batch = crowd.batch(items=1, pipeline=WANTED)
    with crowd.database.read() as session:
        project = session.get_one(Project, batch.project_id)
        consensus = task_type(project.task_type, project.label_config).consensus
    found = {}
    for wrong in (0, 20):
        answers = given(150, 60, wrong)
        asking = asking_learned(answers, consensus.fit(answers), consensus, WANTED)
        assert asking is not None
        assert asking["for"] == SETTINGS
        found[wrong] = asking["enough"]
    assert found[0] < found[20] == 0.95
    single = Pipeline(kind=PipelineKind.SINGLE_CHECK)
    assert asking_learned(answers, consensus.fit(answers), consensus, single) is None


@pytest.mark.parametrize(("settings", "bound"), [(SETTINGS, 0.55), ([0.9, 2, 4], -1.0)])
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_refit_goes_on_from_what_was_in_force(
    crowd: Crowd, monkeypatch: pytest.MonkeyPatch, settings: list[Any], bound: float
) -> None:
    monkeypatch.setattr("leye_quality.stopping.ENOUGH_RUNS", 1)
    batch = crowd.batch(items=1, pipeline=WANTED)
    learned(crowd, batch.project_id, settings, [-1.0, 0.55, -1.0])
    for label in ("正面", "负面"):
        who = crowd.person()
        crowd.answers(who, crowd.claims(who, batch.project_id), label)
    with crowd.database.write() as session:
        keep_refit(session, batch.project_id, refit_project(session, batch.project_id), crowd.clock.now())
        asking = session.get_one(SkillFit, batch.project_id).asking
    assert asking is not None
    assert (asking["hopeless"], asking["for"]) == ([-1.0, bound, -1.0], SETTINGS)


def test_a_fit_is_told_the_place_of_each_answer_and_which_items_it_has_already(
    installation: Installation, clock: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(KeyRing, "draw", lambda *_: 0.0)
    crowd = Renewing(installation, clock)
    batch, _ = crowd.settled(2)
    tested = crowd.with_gold(batch.project_id)
    crowd.answers(tested, crowd.claims(tested, batch.project_id))
    seen: list[GivenAnswer] = []
    fit = ClassConsensus.fit

    def noting(consensus: ClassConsensus, answers: Sequence[GivenAnswer], tests: Sequence[GivenAnswer]) -> Any:
        seen.extend(answers)
        return fit(consensus, answers, tests)

    monkeypatch.setattr(ClassConsensus, "fit", noting)
    with crowd.database.read() as session:
        assert refit_project(session, batch.project_id) is not None
        rows = session.execute(select(Response.number, Response.round).order_by(Response.number)).all()
    assert [(one.number, one.again) for one in seen] == [(number, at == GOLD_ROUND) for number, at in rows]
    assert any(one.again for one in seen)


def test_each_refit_is_kept_as_it_was_in_force(crowd: Crowd) -> None:
    batch = crowd.batch(items=3, pipeline=WANTED)
    for _ in range(2):
        who = crowd.person()
        for _ in range(2):
            crowd.answers(who, crowd.claims(who, batch.project_id))
        with crowd.database.write() as session:
            keep_refit(session, batch.project_id, refit_project(session, batch.project_id), crowd.clock.now())
    with crowd.database.read() as session:
        first, second = session.scalars(select(KeptFit).order_by(KeptFit.number)).all()
        assert (first.number, second.number) == (1, 2)
        assert len(first.skills) == 1 < len(second.skills)
        fit = session.get_one(SkillFit, batch.project_id)
        assert (fit.number, fit.prior) == (2, second.prior)


def test_a_fit_that_was_changed_afterwards_is_told_by_what_it_decided(crowd: Crowd) -> None:
    batch = crowd.batch(items=1, pipeline=WANTED)
    learned(crowd, batch.project_id, SETTINGS, [])
    for _ in range(2):
        who = crowd.person()
        crowd.answers(who, crowd.claims(who, batch.project_id))
    with crowd.database.write() as session:
        session.execute(update(KeptFit).values(prior=[0.2, 0.8]))
    with crowd.database.read() as session:
        assert len(replay_decisions(session, batch.project_id).differences) >= 2
