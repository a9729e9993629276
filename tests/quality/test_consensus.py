"""Consensus on simulated crowds with known truth, and on the small answers of a web request."""

import itertools
import math
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leye_quality.consensus import combine
from leye_quality.dawid_skene import fit
from leye_quality.majority import majority
from leye_quality.posterior import Skill, default_confusion, posterior
from leye_quality.skills import fit_skills
from leye_quality.stopping import NextStep, next_step


def crowd(
    seed: int, n_items: int, *, accuracies: list[float], each: int, classes: int = 2, spammers: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Truths, and coded answers of a simulated crowd; spammers always answer class 0."""
    draw = np.random.default_rng(seed)
    truths = draw.integers(0, classes, n_items)
    items, people, labels = [], [], []
    for item in range(n_items):
        for person in draw.choice(len(accuracies) + spammers, each, replace=False):
            if person >= len(accuracies):
                label = 0
            elif draw.random() < accuracies[person]:
                label = int(truths[item])
            else:
                label = int((truths[item] + draw.integers(1, classes)) % classes)
            items.append(item)
            people.append(int(person))
            labels.append(label)
    return truths, np.array(items), np.array(people), np.array(labels)


def test_dawid_skene_beats_the_majority_where_skill_varies() -> None:
    truths, items, people, labels = crowd(1, 600, accuracies=[0.95, 0.92, 0.6, 0.58, 0.55, 0.6, 0.57], each=5)
    fitted = fit(items, people, labels, n_items=600, n_people=7, classes=2)
    by_fit = (fitted.posteriors.argmax(axis=1) == truths).mean()
    by_majority = (majority(items, labels, 600, 2) == truths).mean()
    assert by_fit > by_majority + 0.03


def test_constant_spammers_are_seen_through() -> None:
    truths, items, people, labels = crowd(2, 500, accuracies=[0.9] * 5, each=6, spammers=5)
    fitted = fit(items, people, labels, n_items=500, n_people=10, classes=2)
    by_majority = (majority(items, labels, 500, 2) == truths).mean()
    assert (fitted.posteriors.argmax(axis=1) == truths).mean() > max(0.92, by_majority + 0.05)
    assert fitted.confusions[7][1][0] > 0.9  # a spammer answers 0 whatever is true


def test_one_answer_an_item_does_not_collapse() -> None:
    truths, items, people, labels = crowd(3, 400, accuracies=[0.8] * 6, each=1, classes=3)
    fitted = fit(items, people, labels, n_items=400, n_people=6, classes=3)
    assert (fitted.posteriors.argmax(axis=1) == labels).all()
    assert fitted.posteriors.max() < 0.9, "a single stranger's answer never makes certain"
    assert fitted.prior == pytest.approx([1 / 3] * 3)
    assert (truths == labels).mean() > 0.7


@pytest.mark.parametrize("each", [2, 3])
@pytest.mark.parametrize("classes", [2, 4])
def test_two_or_three_answers_an_item_do_not_collapse_into_one_class(each: int, classes: int) -> None:
    accuracies = [0.55 + 0.4 * n / 39 for n in range(40)]
    gains = []
    for seed in range(5):
        truths, items, people, labels = crowd(seed, 600, accuracies=accuracies, each=each, classes=classes)
        fitted = fit(items, people, labels, n_items=600, n_people=40, classes=classes)
        chosen = fitted.posteriors.argmax(axis=1)
        assert np.bincount(chosen, minlength=classes).max() < 600 * 1.3 / classes
        gains.append((chosen == truths).mean() - (majority(items, labels, 600, classes) == truths).mean())
    assert np.mean(gains) > -0.01  # with so little to learn from, as good as the majority is good


def test_a_third_of_constant_spammers_is_seen_through_at_three_answers_an_item() -> None:
    truths, items, people, labels = crowd(5, 800, accuracies=[0.85] * 20, each=3, spammers=10)
    fitted = fit(items, people, labels, n_items=800, n_people=30, classes=2)
    by_majority = (majority(items, labels, 800, 2) == truths).mean()
    assert (fitted.posteriors.argmax(axis=1) == truths).mean() > by_majority + 0.05


def test_gold_items_tell_on_spammers_who_are_half_the_crowd() -> None:
    truths, items, people, labels = crowd(5, 800, accuracies=[0.85] * 20, each=3, spammers=20)
    known = {item: int(truths[item]) for item in range(120)}
    fitted = fit(items, people, labels, n_items=800, n_people=40, classes=2, known=known)
    by_majority = (majority(items, labels, 800, 2) == truths)[120:].mean()
    assert (fitted.posteriors.argmax(axis=1) == truths)[120:].mean() > by_majority + 0.03


def test_a_rare_class_is_learned_once_answers_overlap() -> None:
    draw = np.random.default_rng(6)
    truths = (draw.random(800) < 0.06).astype(int)
    items = np.repeat(np.arange(800), 5)
    people = np.concatenate([draw.choice(30, 5, replace=False) for _ in range(800)])
    labels = np.where(draw.random(4000) < 0.8, truths[items], 1 - truths[items])
    fitted = fit(items, people, labels, n_items=800, n_people=30, classes=2)
    assert 0.03 < fitted.prior[1] < 0.13
    by_majority = (majority(items, labels, 800, 2) == truths).mean()
    assert (fitted.posteriors.argmax(axis=1) == truths).mean() > by_majority + 0.02


def test_a_tie_of_the_majority_goes_to_the_commoner_class_then_the_first() -> None:
    items, labels = np.array([0, 0, 1, 1, 2]), np.array([0, 1, 2, 1, 1])
    assert majority(items, labels, 3, 3).tolist() == [1, 1, 1]
    assert majority(np.array([0, 0]), np.array([2, 1]), 1, 3).tolist() == [1]


def test_gold_keeps_its_class_against_all_answers_and_says_nothing_about_the_prior() -> None:
    items, people = np.repeat(np.arange(20), 3), np.tile(np.arange(3), 20)
    known = dict.fromkeys(range(20), 1)
    fitted = fit(items, people, np.zeros(60, dtype=int), n_items=20, n_people=3, classes=2, known=known)
    assert (fitted.posteriors[:, 1] == 1).all()
    assert fitted.prior == pytest.approx([0.5, 0.5])
    assert (fitted.confusions[:, 1, 0] > 0.9).all()  # they take a 1 for a 0


@settings(deadline=None)
@given(st.data())
def test_whatever_is_answered_every_row_is_a_distribution(data: st.DataObject) -> None:
    classes, n_items, n_people = (data.draw(st.integers(1, 4)) for _ in range(3))
    pairs = st.tuples(st.integers(0, n_items - 1), st.integers(0, n_people - 1))
    given_answers = data.draw(st.dictionaries(pairs, st.integers(0, classes - 1)))
    items, people = (np.array([pair[n] for pair in given_answers], dtype=np.intp) for n in (0, 1))
    labels = np.array(list(given_answers.values()), dtype=np.intp)
    known = data.draw(st.dictionaries(st.integers(0, n_items - 1), st.integers(0, classes - 1)))
    fitted = fit(items, people, labels, n_items=n_items, n_people=n_people, classes=classes, known=known)
    for rows in (fitted.posteriors, fitted.confusions.reshape(-1, classes), fitted.prior[None]):
        assert (rows >= 0).all()
        assert rows.sum(axis=1) == pytest.approx(np.ones(len(rows)))
    assert all(fitted.posteriors[item, label] == 1 for item, label in known.items())


def test_gold_teaches_about_a_person_who_shares_no_item_with_anybody() -> None:
    answers = [(f"gold{n}", "lone", n % 2) for n in range(30)]
    skills = fit_skills(answers, 2, gold={f"gold{n}": 0 for n in range(30)}).skills["lone"]
    assert skills.answers == 30
    assert isinstance(skills, Skill)
    assert skills.confusion[0][0] == pytest.approx(0.5, abs=0.05)


def test_refitting_nothing_gives_nothing() -> None:
    fitted = fit_skills([], 3)
    assert fitted.skills == {}
    assert fitted.prior == pytest.approx((1 / 3, 1 / 3, 1 / 3))


def test_a_class_never_chosen_and_identical_answers_stay_finite() -> None:
    items = np.repeat(np.arange(50), 3)
    people = np.tile(np.arange(3), 50)
    fitted = fit(items, people, np.zeros(150, dtype=int), n_items=50, n_people=3, classes=4)
    assert np.isfinite(fitted.posteriors).all()
    assert (fitted.posteriors.argmax(axis=1) == 0).all()


def test_an_item_without_answers_gets_the_prior() -> None:
    fitted = fit(np.array([0, 0]), np.array([0, 1]), np.array([1, 1]), n_items=2, n_people=2, classes=2)
    assert fitted.posteriors[1] == pytest.approx(fitted.prior)


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(0.3, 0.99)), max_size=7))
def test_the_order_of_answers_changes_no_bit(answers: list[tuple[int, float]]) -> None:
    given_answers = [(label, default_confusion(4, accuracy)) for label, accuracy in answers]
    results = {posterior(list(order), None, 4) for order in itertools.islice(itertools.permutations(given_answers), 24)}
    assert len(results) == 1
    assert math.fsum(next(iter(results))) == pytest.approx(1)


def test_strangers_who_agree_persuade_but_never_make_certain() -> None:
    confidence = [combine("single", [{1}] * n, [None] * n, 2).confidence for n in range(4)]
    assert confidence == sorted(confidence)
    assert confidence[0] == 0.5
    assert 0.95 < confidence[3] < 0.99


def test_a_proven_annotator_outweighs_two_strangers() -> None:
    able = Skill(default_confusion(2, 0.98), answers=500)
    outcome = combine("single", [{0}, {1}, {1}], [able, None, None], 2)
    assert outcome.labels == {0}


def test_one_answer_leaves_an_annotator_nearly_a_stranger() -> None:
    new = Skill(default_confusion(2, 0.99), answers=1).shrunk()
    assert new[0][0] == pytest.approx(0.75, abs=0.02)
    assert Skill.from_json(Skill(new, 1).to_json()) == Skill(new, 1)


def test_labels_outside_the_classes_are_refused() -> None:
    with pytest.raises(ValueError, match="outside"):
        combine("single", [{5}], [None], 2)
    with pytest.raises(ValueError, match="2 labels"):
        combine("single", [{0, 1}], [None], 2)
    with pytest.raises(ValueError, match="a prior for 3 classes"):
        combine("single", [{0}], [None], 2, [0.2, 0.3, 0.5])
    with pytest.raises(ValueError, match="a skill for 3 classes"):
        combine("single", [{0}], [Skill(default_confusion(3), 9)], 2)


@pytest.mark.parametrize(
    ("confidence", "answers", "pending", "expected"),
    [
        (0.97, 2, 0, NextStep.DECIDE),
        (0.97, 2, 1, NextStep.DECIDE),
        (0.97, 1, 1, None),
        (0.80, 2, 0, NextStep.ASK_MORE),
        (0.80, 3, 1, None),
        (0.80, 5, 0, NextStep.REVIEW),
    ],
)
def test_asking_stops_when_sure_or_out_of_budget(
    confidence: float, answers: int, pending: int, expected: NextStep | None
) -> None:
    assert next_step(confidence, answers=answers, wanted=2, limit=5, enough=0.95, pending=pending) is expected


def test_contradiction_goes_to_review_however_sure_but_waits_for_answers_asked_for() -> None:
    step = partial(next_step, 0.99, wanted=2, limit=9, enough=0.95, contradictory=True)
    assert step(answers=4) is NextStep.REVIEW
    assert step(answers=4, pending=1) is None
    assert step(answers=1) is NextStep.ASK_MORE
