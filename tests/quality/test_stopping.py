"""How long a project asks is learned from how sure its own items became, and from what was right of it."""

from functools import partial

import numpy as np
import pytest

from leye_quality.answer_files import AnswerFile
from leye_quality.as_it_comes import Manner, as_it_comes
from leye_quality.stopping import ENOUGH_CHECKS, Asking, NextStep, Run, learn_asking, next_step, too_sure

HONEST = [(0.9, n % 10 != 0) for n in range(400)]
"""Of items said to be .9 sure, nine in ten are right."""
QUICK, SLOW = Run((0.75, 0.98)), Run((0.75, 0.84, 0.87, 0.93))


def test_sure_items_pay_for_unsure_ones_where_confidence_keeps_its_word() -> None:
    learned = learn_asking([QUICK] * 80 + [SLOW] * 80, HONEST, wanted=0.9, start=2, limit=5)
    assert 0.84 < learned.enough < 0.85, "the slow ones end at .87, and the mean is still above .9"
    most = learn_asking([QUICK] * 20 + [SLOW] * 140, HONEST, wanted=0.9, start=2, limit=5)
    assert 0.87 < most.enough <= 0.9, "there are too few quick ones to pay for all of them"


def test_no_item_may_be_more_than_twice_as_doubtful_as_wanted() -> None:
    easy = [QUICK] * 300
    assert learn_asking(easy, HONEST, wanted=0.9, start=2, limit=5).enough == pytest.approx(0.8)
    assert learn_asking(easy, HONEST, wanted=0.6, start=2, limit=5).enough == 0.5


@pytest.mark.parametrize(
    "checks",
    [HONEST[: ENOUGH_CHECKS - 1], [(0.95, n % 4 != 0) for n in range(200)]],
    ids=["too few are known", "confidence does not keep its word"],
)
def test_nothing_is_lowered_where_truth_does_not_bear_the_confidence(checks: list[tuple[float, bool]]) -> None:
    assert learn_asking([QUICK] * 80 + [SLOW] * 80, checks, wanted=0.9, start=2, limit=5).enough == 0.9


def test_one_answer_never_decides_for_less_than_is_wanted() -> None:
    assert learn_asking([Run((0.85, 0.98))] * 200, HONEST, wanted=0.9, start=1, limit=5).enough == 0.9


def test_of_few_items_nothing_is_learned() -> None:
    assert learn_asking([QUICK] * 99, HONEST, wanted=0.9, start=2, limit=5) == Asking(0.9)


def test_who_still_waits_is_no_surer_than_enough() -> None:
    waiting = [Run((0.75, 0.55))] * 200
    assert learn_asking([QUICK] * 40 + waiting, HONEST, wanted=0.9, start=2, limit=5).enough > 0.88


def test_where_asking_hardly_ever_decides_a_reviewer_looks_at_once() -> None:
    hopeless, hopeful = Run((0.75, 0.5, 0.6, 0.5, 0.6)), Run((0.75, 0.7, 0.95))
    learned = learn_asking([hopeless] * 60 + [hopeful] * 60, HONEST, wanted=0.9, start=2, limit=5)
    assert learned.hopeless_at(2) == 0.5
    assert learned.hopeless_at(1) == learned.hopeless_at(9) == -1.0
    step = partial(next_step, answers=2, wanted=2, limit=5, enough=learned.enough, hopeless=learned.hopeless_at(2))
    assert step(0.5) is NextStep.REVIEW
    assert step(0.51) is NextStep.ASK_MORE
    assert step(0.5, pending=1) is None, "an answer asked for is waited for"
    rare = learn_asking([hopeless] * 20 + [hopeful] * 200, HONEST, wanted=0.9, start=2, limit=5)
    assert rare.hopeless_at(2) == -1.0, "twenty are too few to give up on the next"


HOPELESS, HOPEFUL = Run((0.75, 0.5, 0.6, 0.5, 0.6)), Run((0.75, 0.7, 0.95))
LEFT, SOON = Run((0.75, 0.5)), Run((0.75, 0.55, 0.95))


def bound(runs: list[Run], before: float | None) -> float:
    """At two answers, after so many were left to a reviewer up to the bound before."""
    known = None if before is None else Asking(0.9, (-1.0, before, -1.0, -1.0))
    return learn_asking(runs, HONEST, wanted=0.9, start=2, limit=5, before=known).hopeless_at(2)


def test_who_was_left_to_a_reviewer_early_does_not_bring_back_asking_to_the_limit() -> None:
    assert bound([HOPELESS] * 60 + [HOPEFUL] * 60, None) == 0.5
    newer = [LEFT] * 300 + [HOPEFUL] * 300
    assert bound(newer, None) == -1.0, "what they show by themselves"
    assert bound(newer, 0.5) == 0.5
    assert bound([LEFT] * 300, 0.5) == 0.5, "nor where nobody was asked on about at all"


def test_a_bound_falls_when_enough_items_below_it_were_asked_on_about_and_decided() -> None:
    assert bound([LEFT] * 300 + [Run((0.75, 0.45, 0.97))] * 29, 0.5) == 0.5
    assert bound([LEFT] * 300 + [Run((0.75, 0.45, 0.97))] * 30, 0.5) == -1.0


def test_a_bound_rises_only_where_it_is_beyond_chance() -> None:
    in_doubt = Run((0.75, 0.55, 0.6, 0.5, 0.6))
    assert bound([LEFT] * 100 + [in_doubt] * 60 + [HOPEFUL] * 60, 0.5) == 0.55
    by_chance = [in_doubt] * 60 + [SOON] * 25 + [QUICK] * 100
    assert bound(by_chance, None) == 0.55, "180 answers for nothing, and 25 items decided of which each is worth seven"
    assert bound([LEFT] * 100 + by_chance, 0.5) == 0.5


def test_a_bound_counts_all_who_are_as_sure_whoever_came_first() -> None:
    soon = [SOON] * 40 + [QUICK] * 100
    assert bound([Run((0.75, 0.55, 0.6, 0.5, 0.6))] * 60 + soon, None) == -1.0


def test_what_was_learned_is_read_as_it_was_kept() -> None:
    learned = Asking(0.8734, (-1.0, 0.52))
    assert Asking.from_json(learned.to_json()) == learned


def test_too_sure_is_what_was_said_less_what_was_right_and_a_standard_error() -> None:
    assert too_sure([(0.9, True)] * 100) == 0.0
    assert too_sure([(0.9, n < 80) for n in range(100)]) == pytest.approx(0.1 + 0.03)
    assert too_sure([(0.9, True)] * (ENOUGH_CHECKS - 1)) is None


def recorded(seed: int = 4) -> tuple[AnswerFile, dict[str, str]]:
    """300 items, eight answers each by thirty people who are right in six to nine of ten."""
    draw = np.random.default_rng(seed)
    truths, accuracy = draw.integers(0, 2, 300), draw.uniform(0.6, 0.92, 30)
    people = np.concatenate([np.sort(draw.choice(30, 8, replace=False)) for _ in truths])
    items = np.repeat(np.arange(300), 8)
    labels = np.where(draw.random(2400) < accuracy[people], truths[items], 1 - truths[items])
    names, who = tuple(f"i{n:03d}" for n in range(300)), tuple(f"p{n:02d}" for n in range(30))
    truth = {name: "ab"[true] for name, true in zip(names, truths.tolist(), strict=True)}
    return AnswerFile(names, who, ("a", "b"), items, people, labels), truth


def test_as_it_comes_a_project_that_learns_asks_less_and_is_as_right_as_wanted() -> None:
    file, truth = recorded()
    wanted = 0.92
    each = as_it_comes(file, truth, Manner(wanted, known=60), seed=1)
    whole = as_it_comes(file, truth, Manner(wanted, known=60, learns=True), seed=1)
    assert whole.answers < 0.93 * each.answers
    assert whole.right > wanted - 0.02
    assert whole == as_it_comes(file, truth, Manner(wanted, known=60, learns=True), seed=1)


def test_as_it_comes_a_look_back_asks_again_where_people_turned_out_worse_than_strangers() -> None:
    file, truth = recorded()
    once = as_it_comes(file, truth, Manner(0.75), seed=3)
    again = as_it_comes(file, truth, Manner(0.75, looks_back=True), seed=3)
    assert again.answers > once.answers
    assert again.accuracy > once.accuracy


def test_as_it_comes_never_asks_beyond_the_limit_and_decides_less_then() -> None:
    file, truth = recorded()
    narrow = as_it_comes(file, truth, Manner(0.95, limit=3), seed=2)
    wide = as_it_comes(file, truth, Manner(0.95, limit=10), seed=2)
    assert 2 <= narrow.answers <= 3 < wide.answers <= 10
    assert narrow.decided < wide.decided
