"""Answers that differ more than skills explain."""

import math
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leye_quality.consensus import combine
from leye_quality.contradiction import chance_of_dissent
from leye_quality.posterior import Skill, default_confusion

ABLE = Skill(default_confusion(2, 0.97), answers=2000)


def test_equal_rates_give_the_binomial_tail() -> None:
    tail = sum(math.comb(7, k) * 0.2**k * 0.8 ** (7 - k) for k in range(3, 8))
    assert chance_of_dissent([0.2] * 7, 3) == pytest.approx(tail)


@given(st.lists(st.floats(0.01, 0.6), max_size=7), st.randoms(use_true_random=False))
def test_the_tail_falls_from_one_and_ignores_the_order(rates: list[float], random: Random) -> None:
    tails = [chance_of_dissent(rates, dissenters) for dissenters in range(len(rates) + 1)]
    assert tails[0] == pytest.approx(1)
    assert tails == sorted(tails, reverse=True)
    mixed = list(rates)
    random.shuffle(mixed)
    assert [chance_of_dissent(mixed, dissenters) for dissenters in range(len(rates) + 1)] == tails


def test_able_people_in_two_camps_contradict_each_other_though_the_posterior_is_sure() -> None:
    outcome = combine("single", [{0}, {0}, {0}, {1}, {1}], [ABLE] * 5, 2)
    assert outcome.confidence > 0.95
    assert outcome.contradictory


@pytest.mark.parametrize(
    ("answers", "skills"),
    [
        ([], []),
        ([{0}, {0}, {0}], [ABLE] * 3),
        ([{0}, {1}, {1}], [ABLE, None, None]),  # two strangers may well be wrong
        ([{0}, {0}, {0}, {1}, {1}], [None] * 5),
    ],
)
def test_what_skills_explain_is_no_contradiction(answers: list[set[int]], skills: list[Skill | None]) -> None:
    assert not combine("single", answers, skills, 2).contradictory


def test_honest_disagreement_is_seldom_called_a_contradiction() -> None:
    draw = np.random.default_rng(8)
    called = 0
    for _ in range(1000):
        answers = [{int(draw.random() < 0.2)} for _ in range(5)]
        skill = Skill(default_confusion(2, 0.8), 2000)
        called += combine("single", answers, [skill] * 5, 2).contradictory
    assert called <= 60


def test_one_disputed_class_of_a_set_is_a_contradiction() -> None:
    skills = [ABLE] * 6
    agreed: list[set[int]] = [{0, 2}] * 6
    disputed = [{0, 2}, {0, 2}, {0, 2}, {0}, {0}, {0}]
    assert not combine("multiple", agreed, skills, 3).contradictory
    assert combine("multiple", disputed, skills, 3).contradictory
