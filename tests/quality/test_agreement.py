"""Agreement beyond chance: worked examples, crowds of known agreement, and structured answers."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leye_quality.agreement import Level, alpha_interval, cohen_kappa, fleiss_kappa, krippendorff_alpha
from leye_quality.boxes import Box, box_likeness
from leye_quality.structure_agreement import agreement_by_likeness, agreement_of_counted, likeness_to_others, of_class
from leye_quality.texts import text_likeness


def generator() -> np.random.Generator:
    return np.random.default_rng(1)


# Krippendorff, Computing Krippendorff's alpha-reliability, 2011: four observers, twelve units, missing values.
OBSERVERS = (
    (1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None),
    (1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3),
    (None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None),
    (1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None),
)
UNITS = {n: [value for value in column if value is not None] for n, column in enumerate(zip(*OBSERVERS, strict=True))}


@pytest.mark.parametrize(("level", "alpha"), [(Level.NOMINAL, 0.743), (Level.ORDINAL, 0.815), (Level.INTERVAL, 0.849)])
def test_alpha_matches_the_worked_example_on_each_level(level: Level, alpha: float) -> None:
    assert krippendorff_alpha(UNITS, level) == pytest.approx(alpha, abs=0.0006)
    interval = alpha_interval(UNITS, generator(), level=level)
    assert interval is not None
    assert interval.low < alpha < interval.high
    assert interval.cases == 11


def test_kappa_of_two_matches_the_worked_example() -> None:
    # fifty proposals, two readers: 20 both yes, 5 and 10 apart, 15 both no
    first, second = "y" * 25 + "n" * 25, "y" * 20 + "n" * 5 + "y" * 10 + "n" * 15
    kappa = cohen_kappa(first, second, generator())
    assert kappa is not None
    assert kappa.value == pytest.approx(0.4)
    assert 0.1 < kappa.low < 0.4 < kappa.high < 0.7
    with pytest.raises(ValueError, match="2 answers beside 1"):
        cohen_kappa("ab", "a", generator())


def test_kappa_of_many_matches_the_worked_example() -> None:
    # fourteen observers, ten subjects, five classes
    rows = ["02642", "00356", "03920", "22811", "77000", "32630", "25322", "65210", "02237"]
    counts = [(0, 0, 0, 0, 14), *[tuple(map(int, row)) for row in rows]]
    answers = {n: [label for label, times in enumerate(row) for _ in range(times)] for n, row in enumerate(counts)}
    kappa = fleiss_kappa(answers, generator())
    assert kappa is not None
    assert kappa.value == pytest.approx(0.210, abs=0.001)
    assert kappa.low < 0.21 < kappa.high


def test_where_nothing_can_be_said_nothing_is() -> None:
    assert fleiss_kappa({1: "aa", 2: "aa"}, generator()) is None
    assert fleiss_kappa({1: "a"}, generator()) is None
    assert cohen_kappa("", "", generator()) is None
    assert cohen_kappa("aa", "aa", generator()) is None
    assert alpha_interval({1: "aa"}, generator()) is None
    assert agreement_by_likeness({1: {"a": "x"}}, text_likeness, generator()) is None


def test_intervals_hold_the_true_agreement_about_as_often_as_they_say() -> None:
    draw = np.random.default_rng(3)
    held = 0
    for _ in range(100):
        true = draw.integers(0, 2, 150)
        answers = {n: [int(t) ^ int(draw.random() < 0.1) for _ in range(3)] for n, t in enumerate(true.tolist())}
        interval = alpha_interval(answers, draw)
        assert interval is not None
        held += interval.low <= 0.64 <= interval.high  # two agree beyond chance as (1 - 2 · 0.1)²
    assert 88 <= held <= 100


@given(st.dictionaries(st.integers(), st.lists(st.integers(0, 4), min_size=2, max_size=5), min_size=1, max_size=8))
def test_alpha_ignores_the_order_of_answers_and_shifts_of_the_scale(answers: dict[int, list[int]]) -> None:
    turned = {item: [7 + 2 * label for label in labels[::-1]] for item, labels in answers.items()}
    for level in Level:
        value, other = krippendorff_alpha(answers, level), krippendorff_alpha(turned, level)
        assert (value is None and other is None) or value == pytest.approx(other, abs=1e-9)


def boxes_of_three() -> dict[int, dict[str, list[Box]]]:
    """Ann and Ben draw nearly the same, Cai something else half the time; cars well, signs badly."""
    draw = np.random.default_rng(4)
    answers: dict[int, dict[str, list[Box]]] = {}
    for n in range(60):
        x, y = (draw.uniform(0, 60, 2)).tolist()
        car, sign = Box(x, y, 20, 20, "car"), Box(y, x, 10, 10, "sign")
        apart = Box(y, x, 20, 20, "car") if draw.random() < 0.5 else car
        answers[n] = {
            "ann": [car, sign],
            "ben": [Box(x + 0.5, y, 20, 20, "car"), Box(y + 6, x, 10, 10, "sign")],
            "cai": [apart, sign],
        }
    return answers


def test_agreement_of_boxes_per_project_class_and_annotator() -> None:
    answers = boxes_of_three()
    overall = agreement_by_likeness(answers, box_likeness, generator())
    cars = agreement_by_likeness(of_class(answers, lambda box: box.label == "car"), box_likeness, generator())
    signs = agreement_by_likeness(of_class(answers, lambda box: box.label == "sign"), box_likeness, generator())
    assert overall is not None
    assert cars is not None
    assert signs is not None
    assert overall.beyond_chance is not None
    assert overall.beyond_chance.value < overall.likeness.value
    assert overall.likeness.low < overall.likeness.value < overall.likeness.high
    assert signs.likeness.value < overall.likeness.value < cars.likeness.value
    people = likeness_to_others(answers, box_likeness, generator())
    assert people["cai"].high < people["ann"].low
    assert people["cai"].cases == 60


def test_answers_given_at_random_agree_as_by_chance() -> None:
    draw = np.random.default_rng(5)
    words = list("abcd")
    answers = {n: {who: " ".join(draw.choice(words, 4)) for who in "xyz"} for n in range(300)}
    report = agreement_by_likeness(answers, text_likeness, generator())
    assert report is not None
    assert report.beyond_chance is not None
    assert report.beyond_chance.value == pytest.approx(0, abs=0.03)


def test_counted_likenesses_tell_what_the_answers_themselves_tell() -> None:
    draw = np.random.default_rng(7)
    likenesses = draw.choice([0.0, 0.25, 0.5, 1.0], 400, p=[0.1, 0.1, 0.2, 0.6]).tolist()
    answers = {n: {"a": likeness, "b": None} for n, likeness in enumerate(likenesses)}
    one_by_one = agreement_by_likeness(answers, lambda one, other: one or other or 0.0, generator(), draws=4000)
    counted = agreement_of_counted(Counter(likenesses), 0.2, generator(), draws=4000)
    assert one_by_one is not None
    assert counted is not None
    assert counted.likeness.value == pytest.approx(np.mean(likenesses))
    assert counted.likeness.value == pytest.approx(one_by_one.likeness.value)
    assert counted.likeness.low == pytest.approx(one_by_one.likeness.low, abs=0.003)
    assert counted.likeness.high == pytest.approx(one_by_one.likeness.high, abs=0.003)
    assert counted.beyond_chance is not None
    assert counted.beyond_chance.value == pytest.approx((counted.likeness.value - 0.2) / 0.8)


def test_of_counted_likenesses_nothing_is_said_where_nothing_can_be() -> None:
    assert agreement_of_counted({}, 0.5, generator()) is None
    for by_chance in (None, 1.0):
        found = agreement_of_counted({1.0: 3}, by_chance, generator())
        assert found is not None
        assert (found.likeness.low, found.likeness.high, found.beyond_chance) == (1.0, 1.0, None)
