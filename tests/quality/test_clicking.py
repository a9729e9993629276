"""Whose answers tell nothing: spammers are found, the slow, the different and the mediocre are left in peace."""

import numpy as np
import pytest

from leye_quality.clicking import LEAST_ANSWERS, Suspicion, suspicions
from leye_quality.dawid_skene import fit


def crowd(
    seed: int, *, honest: int, clicking: int, each: int = 5, answers: int = 50, classes: int = 2
) -> tuple[np.ndarray, ...]:
    """Honest people between .7 and .97; half of those who click do so at random, half always alike. All give about as
    many answers."""
    draw = np.random.default_rng(seed)
    n_people = honest + clicking
    n_items = n_people * answers // each
    accuracy = draw.uniform(0.7, 0.97, honest)
    constant = draw.integers(0, classes, n_people)
    order = np.concatenate([draw.permutation(n_people) for _ in range(answers)])[: n_items * each].reshape(-1, each)
    items, people, labels = [], [], []
    for item, who in enumerate(order.tolist()):
        true = int(draw.integers(classes))
        for person in dict.fromkeys(who):
            if person < honest:
                label = true if draw.random() < accuracy[person] else (true + draw.integers(1, classes)) % classes
            else:
                label = constant[person] if person % 2 else draw.integers(classes)
            items.append(item)
            people.append(person)
            labels.append(int(label))
    return np.array(items), np.array(people), np.array(labels)


def looked_at(found: list[Suspicion]) -> list[bool]:
    return [one.worth_a_look for one in found]


def suspected(seed: int, *, honest: int, clicking: int, classes: int = 2) -> list[Suspicion]:
    items, people, labels = crowd(seed, honest=honest, clicking=clicking, classes=classes)
    fitted = fit(items, people, labels, n_items=int(items.max()) + 1, n_people=honest + clicking, classes=classes)
    return suspicions(items, people, labels, fitted)


@pytest.mark.parametrize("classes", [2, 4])
def test_nine_in_ten_spammers_are_found_by_fifty_answers_and_hardly_anybody_else(classes: int) -> None:
    found, false = [], []
    for seed in range(3):
        flags = looked_at(suspected(seed, honest=180, clicking=20, classes=classes))
        false += flags[:180]
        found += flags[180:]
    assert np.mean(found) >= 0.9
    assert np.mean(false) <= 0.01


def test_a_crowd_without_spammers_is_left_in_peace() -> None:
    assert np.mean(looked_at(suspected(7, honest=100, clicking=0))) <= 0.01


def test_how_suspicious_is_enough_depends_on_the_crowd() -> None:
    """Among people who tell little the honest look like those who click; fewer are looked at, not more."""
    draw = np.random.default_rng(11)
    items, people = (
        np.repeat(np.arange(1000), 5),
        np.concatenate([draw.choice(100, 5, replace=False) for _ in range(1000)]),
    )
    truths, right = draw.integers(0, 2, 1000), draw.uniform(0.6, 0.85, 100)
    labels = np.where(draw.random(5000) < right[people], truths[items], 1 - truths[items])
    found = suspicions(items, people, labels, fit(items, people, labels, n_items=1000, n_people=100, classes=2))
    able = suspected(2, honest=180, clicking=20)
    assert len({one.enough for one in found}) == 1
    assert found[0].enough > able[0].enough
    assert np.mean(looked_at(found)) <= 0.03


def test_who_sees_one_class_badly_is_not_taken_for_a_spammer() -> None:
    draw = np.random.default_rng(3)
    truths = draw.integers(0, 2, 300)
    items, people = np.repeat(np.arange(300), 5), np.tile(np.arange(5), 300)
    right = np.array([[0.9, 0.9]] * 4 + [[0.97, 0.4]])  # the last one overlooks most of class 1
    labels = np.where(draw.random(1500) < right[people, truths[items]], truths[items], 1 - truths[items])
    fitted = fit(items, people, labels, n_items=300, n_people=5, classes=2)
    assert suspicions(items, people, labels, fitted)[4].probability < 0.01


def test_who_always_contradicts_is_worth_a_look_and_the_evidence_shows_it() -> None:
    draw = np.random.default_rng(4)
    truths = draw.integers(0, 2, 100)
    items, people = np.repeat(np.arange(100), 4), np.tile(np.arange(4), 100)
    labels = np.where(people == 3, 1 - truths[items], truths[items])
    fitted = fit(items, people, labels, n_items=100, n_people=4, classes=2)
    found = suspicions(items, people, labels, fitted)[3]
    assert found.worth_a_look
    assert found.agreed < found.by_chance - 0.3


def test_few_answers_are_never_enough() -> None:
    items, people = np.repeat(np.arange(10), 4), np.tile(np.arange(4), 10)
    labels = np.where(people == 3, 0, items % 2)
    fitted = fit(items, people, labels, n_items=10, n_people=4, classes=2)
    found = suspicions(items, people, labels, fitted)
    assert found[3].answers == 10 < LEAST_ANSWERS
    assert looked_at(found) == [False] * 4


def test_everybody_saying_the_same_of_everything_and_answers_nobody_shares_raise_no_suspicion() -> None:
    items, people = np.repeat(np.arange(50), 3), np.tile(np.arange(3), 50)
    alike = np.zeros(150, dtype=np.intp)
    fitted = fit(items, people, alike, n_items=50, n_people=3, classes=2)
    assert not any(looked_at(suspicions(items, people, alike, fitted)))
    alone = fit(np.arange(20), np.zeros(20, dtype=np.intp), np.arange(20) % 2, n_items=20, n_people=1, classes=2)
    assert suspicions(np.arange(20), np.zeros(20, dtype=np.intp), np.arange(20) % 2, alone)[0].answers == 0


def test_the_order_of_answers_changes_nothing() -> None:
    items, people, labels = crowd(5, honest=10, clicking=2)
    fitted = fit(items, people, labels, n_items=int(items.max()) + 1, n_people=12, classes=2)
    mixed = np.random.default_rng(1).permutation(len(items))
    assert suspicions(items, people, labels, fitted) == suspicions(items[mixed], people[mixed], labels[mixed], fitted)
