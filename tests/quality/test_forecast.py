"""A forecast held against what a simulated batch with known truth then takes."""

from dataclasses import replace

import numpy as np
import pytest

from leye_quality.consensus import combine
from leye_quality.forecast import Crowd, Forecasts, Member, Plan, foretell_batch
from leye_quality.posterior import Skill, default_confusion
from leye_quality.skills import FittedSkills, fit_skills
from leye_quality.stopping import NextStep, next_step

Answers = list[tuple[int, int, int]]
MARGIN, MARGIN_OF_UNSURE = 0.15, 0.3
"""Answers an item that a forecast from 120 items may be off, as docs/explanation/forecast.md states them. A trial tells
how able people are to about four points, which moves the answers that people take who are seldom sure most."""
PLAN = Plan(items=400, start=2, limit=5, confidence=0.9, check_share=0.1, reviewer=0.97)
REFIT_EVERY = 50
"""Items after which the skills of a simulated batch are fitted anew."""


class Simulated:
    """People with a known accuracy each; items whose truth is drawn by the shares of the classes."""

    def __init__(self, accuracies: list[float], prior: list[float], seed: int) -> None:
        self.draw = np.random.default_rng(seed)
        self.accuracies, self.prior = accuracies, prior
        self.answers: Answers = []
        self.items = 0

    def item(self, limit: int) -> tuple[int, list[tuple[int, int]]]:
        """A truth, and (person, label) in the order in which they would come."""
        truth = int(self.draw.choice(len(self.prior), p=self.prior))
        people = self.draw.choice(len(self.accuracies), limit, replace=False).tolist()
        others = [k for k in range(len(self.prior)) if k != truth]
        right = self.draw.random(limit) < [self.accuracies[person] for person in people]
        return truth, [(p, truth if ok else int(self.draw.choice(others))) for p, ok in zip(people, right, strict=True)]

    def trial(self, items: int) -> Crowd:
        """Answers of two people to each item, and what a fit makes of them."""
        for _ in range(items):
            self.answers += [(self.items, *answer) for answer in self.item(2)[1]]
            self.items += 1
        fitted = fit_skills(self.answers, len(self.prior))
        skills = [skill for skill in fitted.skills.values() if isinstance(skill, Skill)]
        members = [Member(skill, skill.answers, skill.answers) for skill in skills]
        return Crowd(members, fitted.prior)

    def batch(self, plan: Plan) -> tuple[float, float, float]:
        """Answers an item, share reviewed and share right, with a job that refits the skills now and then."""
        taken = reviewed = right = 0.0
        fitted = FittedSkills({}, tuple(self.prior), 0)
        for n in range(plan.items):
            if n % REFIT_EVERY == 0 and self.answers:
                fitted = fit_skills(self.answers, len(self.prior))
            truth, coming = self.item(plan.limit)
            for given in range(plan.start, plan.limit + 1):
                labels = [{label} for _, label in coming[:given]]
                known = [fitted.skills.get(person) for person, _ in coming[:given]]
                found = combine("single", labels, known, len(self.prior), fitted.prior)
                step = next_step(
                    found.confidence,
                    answers=given,
                    wanted=plan.start,
                    limit=plan.limit,
                    enough=plan.confidence,
                    contradictory=found.contradictory,
                )
                if step is not NextStep.ASK_MORE:
                    break
            taken += given
            reviewed += step is NextStep.REVIEW
            right += plan.reviewer if step is NextStep.REVIEW else truth in found.labels
            self.answers += [(self.items, *answer) for answer in coming[:given]]
            self.items += 1
        return taken / plan.items, reviewed / plan.items, right / plan.items


CROWDS = {
    "mixed": ([0.95, 0.92, 0.9, 0.88, 0.85, 0.8, 0.75, 0.7], [0.5, 0.5]),
    "able": ([0.97, 0.96, 0.95, 0.94, 0.93, 0.92], [0.6, 0.3, 0.1]),
    "unsure": ([0.8, 0.78, 0.75, 0.72, 0.7, 0.7, 0.68], [0.25, 0.25, 0.25, 0.25]),
}


@pytest.mark.parametrize("name", CROWDS)
def test_consensus_takes_as_many_answers_as_a_trial_foretold(name: str) -> None:
    for seed in range(3):
        world = Simulated(*CROWDS[name], seed)
        told = foretell_batch(world.trial(120), PLAN).consensus
        answers, reviewed, right = world.batch(PLAN)
        margin = MARGIN_OF_UNSURE if name == "unsure" else MARGIN
        assert float(told.answers) == pytest.approx(answers, abs=margin), (seed, told)
        assert float(told.reviewed) == pytest.approx(reviewed, abs=0.06), (seed, told)
        assert told.accuracy.low <= right <= told.accuracy.high, (seed, told, right)


@pytest.mark.parametrize("name", CROWDS)
def test_single_answers_with_checks_come_as_a_trial_foretold(name: str) -> None:
    for seed in range(3):
        world = Simulated(*CROWDS[name], seed)
        told = foretell_batch(world.trial(120), PLAN).single_check
        checked = right = 0.0
        for _ in range(PLAN.items):
            truth, [(_, label), *_] = world.item(1)
            drawn = world.draw.random() < PLAN.check_share
            checked += drawn
            right += PLAN.reviewer if drawn else label == truth
        assert told.answers == 1
        assert float(told.reviewed) == pytest.approx(checked / PLAN.items, abs=0.05)
        assert told.accuracy.low <= right / PLAN.items <= told.accuracy.high


def test_of_strangers_from_like_projects_the_batch_learns_and_the_forecast_knows_it() -> None:
    accuracies = [0.95, 0.92, 0.9, 0.88, 0.85, 0.8]
    strangers = [Member(Skill(default_confusion(3, accuracy), 0), 200, 1.0) for accuracy in accuracies]
    told = foretell_batch(Crowd(strangers, (1 / 3,) * 3), PLAN).consensus
    answers, _, right = Simulated(accuracies, [1 / 3] * 3, 5).batch(PLAN)
    assert float(told.answers) == pytest.approx(answers, abs=MARGIN)
    assert told.accuracy.low <= right <= told.accuracy.high


def forecast(
    accuracy: float, *, classes: int = 2, evidence: int = 500, plan: Plan = PLAN, people: int = 6
) -> Forecasts:
    known = Member(Skill(default_confusion(classes, accuracy), evidence), evidence, 1.0)
    return foretell_batch(Crowd([known] * people, (1 / classes,) * classes), plan)


def test_the_same_evidence_gives_the_same_forecast() -> None:
    assert forecast(0.9) == forecast(0.9)


def test_what_two_people_confirm_is_reckoned_exactly() -> None:
    verify = forecast(0.9, evidence=1_000_000).propose_verify
    assert verify.answers == 2
    assert float(verify.reviewed) == pytest.approx(2 * 0.9 * 0.1, abs=0.03)
    assert verify.accuracy.value == pytest.approx(0.81 + 0.18 * 0.97, abs=0.02)


def test_more_evidence_narrows_the_interval_and_a_better_crowd_needs_less() -> None:
    little, much = (
        forecast(0.85, evidence=10).single_check.accuracy,
        forecast(0.85, evidence=2000).single_check.accuracy,
    )
    assert little.high - little.low > much.high - much.low
    assert forecast(0.95).consensus.answers < forecast(0.8).consensus.answers


def test_dependent_answers_are_asked_for_longer_and_are_less_often_right() -> None:
    apart, together = (
        foretell_batch(
            Crowd([Member(Skill(default_confusion(2, 0.85), 500, dependence), 500, 1.0)] * 6, (0.5, 0.5)), PLAN
        )
        for dependence in (0.0, 0.3)
    )
    assert together.consensus.answers > apart.consensus.answers
    assert together.propose_verify.accuracy.value < apart.propose_verify.accuracy.value


@pytest.mark.parametrize("people", [1, 2, 3])
def test_fewer_people_than_answers_give_a_forecast_all_the_same(people: int) -> None:
    told = forecast(0.7, people=people, plan=replace(PLAN, limit=15))
    assert 2 <= told.consensus.answers <= 15
    assert 0 <= told.consensus.accuracy.low <= told.consensus.accuracy.high <= 1


def test_what_no_forecast_can_be_made_from_is_refused() -> None:
    crowd = Crowd([Member(Skill(default_confusion(3), 5), 5, 1.0)], (0.5, 0.5))
    for wrong in (crowd, Crowd([], (0.5, 0.5))):
        with pytest.raises(ValueError, match=r"forecast|classes"):
            foretell_batch(wrong, PLAN)
    with pytest.raises(ValueError, match="items"):
        forecast(0.9, plan=replace(PLAN, items=0))
