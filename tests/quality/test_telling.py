"""What the next answer tells, and what a replay makes of it, on crowds whose truth is known."""

import math

import numpy as np
import pytest

from leye_quality.answer_files import AnswerFile
from leye_quality.majority import majority
from leye_quality.posterior import STRANGER_ACCURACY, default_confusion
from leye_quality.replay import Replay, replay
from leye_quality.telling import least_worth, right_by_vote, told, two_way

EVEN = np.array([0.5, 0.5])


def crowd(
    *, seed: int, classes: int = 3, low: float = 0.6, each: int = 8, shift: int = 0
) -> tuple[AnswerFile, dict[str, str]]:
    """400 items, 40 people from `low` to .95. shift: each class is called by the name of another."""
    draw = np.random.default_rng(seed)
    truths, accuracy = draw.integers(0, classes, 400), draw.uniform(low, 0.95, 40)
    people = np.concatenate([np.sort(draw.choice(40, each, replace=False)) for _ in truths])
    items = np.repeat(np.arange(400), each)
    wrong = truths[items] + draw.integers(1, classes, len(items))
    labels = (np.where(draw.random(len(items)) < accuracy[people], truths[items], wrong) + shift) % classes
    names = tuple(f"i{n:03d}" for n in range(400))
    file = AnswerFile(names, tuple(f"p{n:02d}" for n in range(40)), tuple("abcdef"[:classes]), items, people, labels)
    return file, {name: "abcdef"[(true + shift) % classes] for name, true in zip(names, truths.tolist(), strict=True)}


def test_an_answer_tells_most_where_nothing_is_known_and_nothing_where_all_is() -> None:
    able = np.array(default_confusion(2, 0.9))
    unknown, likely, certain = told(np.array([[0.5, 0.5], [0.8, 0.2], [1.0, 0.0]]), able)
    assert unknown > likely > certain == pytest.approx(0.0)
    assert told(np.array([[0.8, 0.2]]), able)[0] == pytest.approx(two_way(0.8, 0.9))


def test_people_who_guess_tell_nothing() -> None:
    assert told(np.array([[0.5, 0.5]]), np.full((2, 2), 0.5))[0] == pytest.approx(0.0)


def test_the_more_is_wanted_the_less_an_answer_has_to_tell() -> None:
    able = np.array(default_confusion(2, 0.9))
    worth = [least_worth(wanted, able, EVEN) for wanted in (0.6, 0.8, 0.9, 0.99)]
    assert worth == sorted(worth, reverse=True)
    assert worth[2] == pytest.approx(two_way(0.9, STRANGER_ACCURACY))


def test_a_weak_crowd_is_still_asked_about_what_is_open() -> None:
    weak = np.array(default_confusion(2, 0.6))
    assert told(EVEN[None], weak)[0] > least_worth(0.9, weak, EVEN) > told(np.array([[0.9, 0.1]]), weak)[0]


def test_more_is_asked_where_more_is_wanted_and_the_result_is_as_right_as_wanted() -> None:
    found = [replay(*crowd(seed=3), wanted, seed=1) for wanted in (0.6, 0.8, 0.95)]
    assert [one.answers_used for one in found] == sorted(one.answers_used for one in found)
    assert all(one.accuracy >= wanted for one, wanted in zip(found, (0.6, 0.8, 0.95), strict=True))
    assert found[-1].answers_used < 0.6 * found[-1].answers_available


def test_a_weak_crowd_gives_more_answers_than_an_able_one() -> None:
    weak, able = (replay(*crowd(seed=4, classes=2, low=low), 0.9, seed=1) for low in (0.5, 0.85))
    assert weak.answers_used > 1.2 * able.answers_used


def test_other_names_for_the_classes_change_nothing_but_by_ties() -> None:
    first, second = (replay(*crowd(seed=5, shift=shift), 0.9, seed=2) for shift in (0, 1))
    assert abs(first.answers_used - second.answers_used) <= 0.03 * first.answers_used
    assert abs(first.accuracy - second.accuracy) <= 0.01


def test_one_class_or_one_answer_an_item_ends_at_once() -> None:
    alike = AnswerFile(("i1", "i2"), ("a", "b"), ("x",), *np.array([[0, 0, 1, 1], [0, 1, 0, 1], [0, 0, 0, 0]]))
    assert replay(alike, {"i1": "x", "i2": "x"}, 0.9, seed=1) == Replay(2, 4, 3, 1.0)
    single = AnswerFile(("i1", "i2"), ("a", "b"), ("x", "y"), *np.array([[0, 1], [0, 1], [0, 1]]))
    assert replay(single, {"i1": "x"}, 0.9, seed=1).answers_used == 2


def test_a_majority_is_as_right_as_arithmetic_says() -> None:
    for accuracy in (0.6, 0.75, 0.9):
        alike = np.array(default_confusion(2, accuracy))
        exact = sum(math.comb(5, n) * accuracy**n * (1 - accuracy) ** (5 - n) for n in (3, 4, 5))
        assert right_by_vote(alike, EVEN, 5) == pytest.approx(exact, abs=0.02)
        assert right_by_vote(alike, EVEN, 2) == pytest.approx(accuracy, abs=0.02), "a tie is settled by chance"
    assert right_by_vote(np.ones((1, 1)), np.ones(1), 5) == 1.0


def test_people_who_err_alike_outvote_the_truth() -> None:
    even = np.full(3, 1 / 3)
    scattered = np.array(default_confusion(3, 0.6))
    alike = np.array([[0.6, 0.38, 0.02], [0.02, 0.6, 0.38], [0.38, 0.02, 0.6]])
    assert right_by_vote(scattered, even, 5) > right_by_vote(alike, even, 5) + 0.03


@pytest.mark.parametrize(("classes", "low"), [(2, 0.45), (2, 0.6), (4, 0.5)])
def test_however_little_is_wanted_the_result_is_about_as_right_as_five_votes(classes: int, low: float) -> None:
    ahead = []
    for seed in range(3):
        file, truth = crowd(seed=20 + seed, classes=classes, low=low)
        found = replay(file, truth, 0.55, seed=1)
        truths = np.array([file.labels.index(truth[item]) for item in file.items])
        first = np.arange(len(file)) - np.searchsorted(file.item_of, file.item_of) < 5
        by_vote = majority(file.item_of[first], file.label_of[first], 400, classes)
        ahead.append(found.accuracy - float((by_vote == truths).mean()))
        assert found.answers_used <= 5 * 400
    assert np.mean(ahead) > -0.02
