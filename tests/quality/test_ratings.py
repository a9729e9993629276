"""Ratings on an ordered scale: what a crowd of known leniency and steadiness gives."""

import itertools
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leye_quality.majority import majority
from leye_quality.ratings import CombinedRating, RatingRefused, RatingSkill, combine_ratings, fit_ratings

Ratings = dict[int, dict[str, int]]
LEVELS = 5


def crowd(seed: int, items: int = 400, each: int = 5) -> tuple[dict[int, int], Ratings]:
    """Twelve people: half steady, three a level too kind, one a level too hard, one rating at random."""
    draw = np.random.default_rng(seed)
    lenient = [0.0] * 7 + [1.0] * 3 + [-1.0, 0.0]
    blur = [*np.linspace(0.4, 1.0, 7), 0.6, 0.6, 0.6, 0.6, 9.0]
    truths = {item: int(draw.integers(0, LEVELS)) for item in range(items)}
    answers: Ratings = {}
    for item, true in truths.items():
        rated = {}
        for person in draw.choice(12, each, replace=False).tolist():
            rated[f"p{person}"] = int(np.clip(np.rint(true + lenient[person] + draw.normal(0, blur[person])), 0, 4))
        answers[item] = rated
    return truths, answers


def mean_distance(found: dict[int, int], truths: dict[int, int]) -> float:
    return float(np.mean([abs(found[item] - true) for item, true in truths.items()]))


def test_a_fit_is_nearer_the_truth_than_the_median_the_mean_and_the_majority() -> None:
    for seed in (1, 2):
        truths, answers = crowd(seed)
        fitted = {item: one.level for item, one in fit_ratings(answers, LEVELS).combined.items()}
        rows = [(item, level) for item, given in answers.items() for level in given.values()]
        items, levels = np.array(rows).T
        rivals = {
            "median": {item: int(np.median(list(given.values()))) for item, given in answers.items()},
            "mean": {item: int(np.rint(np.mean(list(given.values())))) for item, given in answers.items()},
            "majority": dict(enumerate(majority(items, levels, len(answers), LEVELS).tolist())),
        }
        best = min(mean_distance(found, truths) for found in rivals.values())
        assert mean_distance(fitted, truths) < best - 0.05


def test_leniency_and_blur_are_recovered() -> None:
    skills = fit_ratings(crowd(3, items=1200)[1], LEVELS).skills
    assert skills["p8"].lenient - skills["p0"].lenient == pytest.approx(0.85, abs=0.3)  # the scale ends at the top
    assert skills["p10"].lenient < -0.4
    assert skills["p0"].blur < skills["p6"].blur < skills["p11"].blur
    assert RatingSkill(**json.loads(json.dumps(skills["p1"].to_json()))) == skills["p1"]


def test_confidence_is_honest() -> None:
    truths, answers = crowd(4, items=1500, each=4)
    combined = fit_ratings(answers, LEVELS).combined
    said, right = (
        [combined[item].confidence for item in truths],
        [combined[item].level == truths[item] for item in truths],
    )
    assert np.mean(said) == pytest.approx(np.mean(right), abs=0.05)


def test_a_neighbouring_level_is_nearly_agreement() -> None:
    near, far = (combine_ratings([2, other, 2], [None] * 3, LEVELS) for other in (3, 0))
    assert near.level == 2
    assert 2 < near.mean < 2.5
    assert far.level < 2
    assert far.confidence < near.confidence


def test_strangers_who_agree_persuade_but_never_make_certain() -> None:
    sure = [combine_ratings([1] * n, [None] * n, LEVELS).confidence for n in range(1, 5)]
    assert sure == sorted(sure)
    assert sure[2] < 0.95
    assert combine_ratings([], [], LEVELS).posterior == pytest.approx([0.2] * LEVELS)


def test_levels_outside_the_scale_are_refused() -> None:
    with pytest.raises(RatingRefused, match=r"outside 0\.\.4"):
        combine_ratings([5], [None], LEVELS)
    with pytest.raises(RatingRefused, match="102 levels"):
        fit_ratings({1: {"a": 0}}, 102)
    with pytest.raises(ValueError, match="longer"):
        combine_ratings([1], [None, None], LEVELS)
    assert fit_ratings({}, LEVELS).combined == {}
    assert fit_ratings({1: {"a": 0, "b": 0}}, 1).combined[1].confidence == pytest.approx(1)


rated = st.lists(st.tuples(st.integers(0, 4), st.sampled_from([None, (0.5, 0.4), (-1.0, 2.0)])), max_size=5)


@given(rated)
def test_the_order_of_answers_changes_no_bit(answers: list[tuple[int, tuple[float, float] | None]]) -> None:
    found: set[CombinedRating] = set()
    for order in itertools.islice(itertools.permutations(answers), 24):
        skills = [None if skill is None else RatingSkill(*skill, 30) for _, skill in order]
        found.add(combine_ratings([level for level, _ in order], skills, LEVELS))
    assert len(found) == 1
    assert sum(next(iter(found)).posterior) == pytest.approx(1)


@settings(max_examples=20, deadline=None)
@given(st.permutations([f"p{n}" for n in range(12)]))
def test_other_names_for_people_give_the_same_levels(names: list[str]) -> None:
    answers = crowd(5, items=30)[1]
    renamed = {n: {names[int(who[1:])]: level for who, level in given.items()} for n, given in answers.items()}
    first, second = fit_ratings(answers, LEVELS).combined, fit_ratings(renamed, LEVELS).combined
    assert all(first[n].posterior == pytest.approx(second[n].posterior) for n in answers)


def test_a_scale_turned_upside_down_gives_the_levels_turned() -> None:
    answers = crowd(6, items=60)[1]
    turned = {n: {who: 4 - level for who, level in given.items()} for n, given in answers.items()}
    first, second = fit_ratings(answers, LEVELS).combined, fit_ratings(turned, LEVELS).combined
    assert all(first[n].posterior == pytest.approx(second[n].posterior[::-1]) for n in answers)


def test_items_taken_twice_give_the_same_levels_twice() -> None:
    answers = crowd(7, items=50)[1]
    doubled = fit_ratings(answers | {n + 1000: given for n, given in answers.items()}, LEVELS).combined
    assert all(doubled[n] == doubled[n + 1000] for n in answers)
