"""How much gold somebody meets: less for who is surely right, more for who is surely not, the same for the unknown."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leye_quality.comparing import Compared, Comparing
from leye_quality.trust import (
    LEAST_FACTOR,
    MOST_FACTOR,
    Share,
    Shown,
    Usual,
    factors,
    gold_factor,
    usual_of,
)

TYPICAL = Usual(gold=0.9, agreed=0.85)
ABLE = Share(170.0, 200)


@st.composite
def shares(draw: st.DrawFn, most: int = 200) -> Share:
    given_in_all = draw(st.integers(0, most))
    return Share(draw(st.floats(0, given_in_all)), given_in_all)


usuals = st.builds(Usual, st.floats(0, 1), st.one_of(st.none(), st.floats(0, 1)))


@given(shares(60), shares(), usuals)
def test_every_factor_lies_in_its_bounds(gold: Share, agreed: Share, usual: Usual) -> None:
    assert LEAST_FACTOR <= gold_factor(Shown(gold, agreed), usual) <= MOST_FACTOR


@given(shares(60), shares(), usuals, st.floats(0, 1))
def test_more_right_never_brings_more_gold(gold: Share, agreed: Share, usual: Usual, part: float) -> None:
    better = Share(gold.right + part * (gold.given - gold.right), gold.given)
    before = gold_factor(Shown(gold, agreed), usual)
    assert gold_factor(Shown(better, agreed), usual) <= before
    closer = Share(agreed.right + part * (agreed.given - agreed.right), agreed.given)
    assert gold_factor(Shown(gold, closer), usual) <= before


@given(shares(60), shares(), usuals)
def test_a_further_right_answer_never_brings_more_gold_nor_a_wrong_one_less(
    gold: Share, agreed: Share, usual: Usual
) -> None:
    now = gold_factor(Shown(gold, agreed), usual)
    assert gold_factor(Shown(Share(gold.right + 1, gold.given + 1), agreed), usual) <= now
    assert gold_factor(Shown(Share(gold.right, gold.given + 1), agreed), usual) >= now


@given(usuals)
def test_who_has_shown_nothing_gets_what_the_project_says(usual: Usual) -> None:
    assert gold_factor(Shown(), usual) == 1.0


@pytest.mark.parametrize(
    ("gold", "agreed", "factor"),
    [
        (Share(30.0, 30), ABLE, 0.4),  # many gold items right, and surely as one with the others
        (Share(30.0, 30), Share(8.0, 10), 1.0),  # the others say too little yet
        (Share(3.0, 3), ABLE, 1.0),  # three gold items prove nothing
        (Share(0.0, 0), ABLE, 1.0),  # nor does agreement alone: copies agree too
        (Share(25.0, 30), ABLE, 1.0),  # usual, without proof
        (Share(1.0, 3), ABLE, 1.0),  # two wrong of three may be chance
        (Share(6.0, 30), ABLE, 2.0),  # gold surely far below
        (Share(30.0, 30), Share(60.0, 200), 2.0),  # agreement surely far below, whatever gold says
    ],
)
def test_what_is_known_decides_and_what_is_unknown_does_not(gold: Share, agreed: Share, factor: float) -> None:
    assert gold_factor(Shown(gold, agreed), TYPICAL) == pytest.approx(factor, abs=0.051)


def test_where_nobody_answers_beside_others_gold_speaks_alone() -> None:
    alone = Usual(0.9, None)
    assert gold_factor(Shown(Share(30.0, 30), Share()), alone) == LEAST_FACTOR
    assert gold_factor(Shown(Share(5.0, 30), Share()), alone) == MOST_FACTOR


def test_on_a_hard_task_the_usual_person_is_neither_suspect_nor_proven() -> None:
    hard = Usual(gold=0.5, agreed=0.5)
    assert gold_factor(Shown(Share(30.0, 60), Share(100.0, 200)), hard) == 1.0


@pytest.mark.parametrize(("right", "given_in_all"), [(-0.1, 3), (3.1, 3), (1.0, 0)])
def test_what_cannot_be_counted_is_refused(right: float, given_in_all: int) -> None:
    with pytest.raises(ValueError, match="successes"):
        Share(right, given_in_all)


def test_few_people_make_nothing_usual() -> None:
    some = [Shown(Share(10.0, 20), Share(50.0, 100))] * 4
    assert usual_of(some) == Usual()
    assert usual_of([*some, some[0]]) == Usual(0.5, 0.5)


def simulated(seed: int, accuracy: list[float], items: int, each: int = 3) -> list[Compared]:
    """Answers of two classes, every tenth item gold; the people of an item are drawn."""
    draw = np.random.default_rng(seed)
    answers: list[Compared] = []
    for item in range(items):
        true = int(draw.integers(2))
        for person in draw.choice(len(accuracy), each, replace=False).tolist():
            label = true if draw.random() < accuracy[person] else 1 - true
            answers.append(Compared(item, person, [label], [true] if item % 10 == 0 else None, fresh=True))
    return answers


def equal(one: list[int], other: list[int]) -> bool:
    return one == other


def test_a_simulated_crowd_is_told_apart_by_its_answers() -> None:
    """Ten able people, five middling, and two who press any key."""
    accuracy = [0.98] * 10 + [0.85] * 5 + [0.5] * 2
    able, middling, clicking = [], [], []
    for seed in range(10):
        found = factors(Comparing(simulated(seed, accuracy, 2000), lambda a, b: float(a == b)), equal)
        able += [found[person] for person in range(10)]
        middling += [found[person] for person in range(10, 15)]
        clicking += [found[person] for person in (15, 16)]
    assert np.mean(able) < 0.6
    assert 0.9 <= np.mean(middling) <= 1.2
    assert min(clicking) > 1.2
    assert max(able) <= 1.0


@pytest.mark.parametrize(("first", "factor"), [("gold", LEAST_FACTOR), ("tests", MOST_FACTOR)])
def test_of_gold_and_tests_the_newest_count_whichever_they_are(first: str, factor: float) -> None:
    """Sixty answers to gold, all wrong, and sixty tests, all right: the later sixty count."""
    at = {"gold": 0, "tests": 100} if first == "gold" else {"gold": 100, "tests": 0}
    gold = [Compared(("g", n), "one", [1], [0], fresh=True, number=at["gold"] + n) for n in range(60)]
    tests = [Compared(("t", n), "one", [0], [0], fresh=True, number=at["tests"] + n) for n in range(60)]
    assert factors(Comparing(gold, lambda *_: 1.0), equal, tests)["one"] == factor


def test_gold_does_not_count_as_agreement_nor_ones_own_answer() -> None:
    twice = [Compared("item", "one", [0], None, fresh=True)] * 2
    alone = [Compared("gold", person, [0], [0], fresh=True) for person in ("one", "other")]
    compared: list[tuple[object, object]] = []

    def agreement(one: list[int], other: list[int]) -> float:
        compared.append((one, other))
        return 1.0

    assert factors(Comparing([*twice, *alone], agreement), equal) == {"one": 1.0, "other": 1.0}
    assert compared == []
