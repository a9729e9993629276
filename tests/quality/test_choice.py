"""Labels by several fits averaged: whatever the crowd is like, nearly as right as the fit that suits it."""

import numpy as np
import pytest

from leye_quality.choice import combine_by_choice, stacked
from leye_quality.dawid_skene import fit
from leye_quality.majority import majority
from leye_quality.shrinkage import CROWD, OWN, SHARED, STRANGER, Drawn, learn

Coded = tuple[np.ndarray, np.ndarray, np.ndarray]


def crowd(
    seed: int, *, classes: int, each: int, biased: float = 0.0, items: int = 800, people: int = 50
) -> tuple[np.ndarray, Coded]:
    """Truths and answers. biased: share of people who take every other class for the first, four times in ten."""
    draw = np.random.default_rng(seed)
    truths, accuracy = draw.integers(0, classes, items), draw.uniform(0.65, 0.95, people)
    item_of = np.repeat(np.arange(items), each)
    person_of = np.concatenate([np.sort(draw.choice(people, each, replace=False)) for _ in range(items)])
    true, n = truths[item_of], len(item_of)
    wrong = (true + draw.integers(1, classes, n)) % classes
    labels = np.where(draw.random(n) < accuracy[person_of], true, wrong)
    pulled = (draw.random(people) < biased)[person_of] & (draw.random(n) < 0.4)
    return truths, (item_of, person_of, np.where(pulled, 0, labels))


@pytest.mark.parametrize("each", [2, 3, 5])
def test_errors_that_people_share_are_seen_with_few_answers(each: int) -> None:
    ours, by_vote = [], []
    for seed in range(3):
        truths, (items, people, labels) = crowd(seed, classes=5, each=each, biased=0.7)
        found = combine_by_choice(items, people, labels, n_items=800, n_people=50, classes=5)
        ours.append((found.chosen == truths).mean())
        by_vote.append((majority(items, labels, 800, 5) == truths).mean())
    assert np.mean(ours) > np.mean(by_vote) + 0.04


@pytest.mark.parametrize(("classes", "each"), [(2, 3), (3, 3), (4, 5)])
def test_where_errors_are_not_shared_nothing_is_lost(classes: int, each: int) -> None:
    ours, alone = [], []
    for seed in range(4):
        truths, (items, people, labels) = crowd(seed, classes=classes, each=each)
        found = combine_by_choice(items, people, labels, n_items=800, n_people=50, classes=classes)
        fitted = fit(items, people, labels, n_items=800, n_people=50, classes=classes, drawn=OWN)
        ours.append((found.chosen == truths).mean())
        alone.append((fitted.posteriors.argmax(axis=1) == truths).mean())
    assert np.mean(ours) > np.mean(alone) - 0.003


def test_the_weights_go_to_the_forecasts_that_are_better_together() -> None:
    draw = np.random.default_rng(1)
    good, bad = np.log(draw.uniform(0.6, 0.9, 500)), np.log(draw.uniform(0.2, 0.5, 500))
    weights = stacked([bad, good])
    assert sum(weights) == pytest.approx(1)
    assert weights[1] > 0.95
    by_turns = np.where(np.arange(500) % 2, good, bad), np.where(np.arange(500) % 2, bad, good)
    assert stacked(by_turns) == pytest.approx([0.5, 0.5], abs=0.05)
    assert stacked([np.zeros(0), np.zeros(0)]) == pytest.approx([0.5, 0.5])


@pytest.mark.parametrize("drawn", [OWN, SHARED, CROWD, STRANGER])
@pytest.mark.parametrize("classes", [1, 2, 4])
def test_assumed_matrices_are_distributions_and_the_able_are_right_more_often(drawn: Drawn, classes: int) -> None:
    draw = np.random.default_rng(2)
    counts = draw.gamma(0.5, 2.0, (6, classes, classes))
    counts[0] = 0.0
    counts[1] = np.eye(classes) * 40
    shrinkage = learn(counts, drawn)
    for matrices in (shrinkage.assumed(counts), shrinkage.confusions(counts)):
        assert (matrices >= 0).all()
        assert matrices.sum(axis=1) == pytest.approx(np.ones((6, classes)))
    if classes > 1 and drawn in {OWN, SHARED}:
        assert (np.diagonal(shrinkage.assumed(counts)[1]) > np.diagonal(shrinkage.assumed(counts)[0])).all()


def test_an_answer_judged_without_itself_is_judged_by_the_other_answers() -> None:
    """Taking an answer out by hand gives the same as the shortcut."""
    draw = np.random.default_rng(3)
    counts = draw.gamma(1.0, 3.0, (4, 3, 3))
    for drawn in (OWN, SHARED, CROWD, STRANGER):
        shrinkage = learn(counts, drawn)
        own = np.array([[0.2, 0.5, 0.3]])
        without = counts.copy()
        without[2, 1] -= own[0]
        by_hand = shrinkage.confusions(without)[2, 1]
        found = shrinkage.likelihoods_without(counts, np.array([2]), np.array([1]), own)[0]
        assert found == pytest.approx(by_hand, rel=1e-6)
