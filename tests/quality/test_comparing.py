"""Answers held against each other: each pair once, and never all pairs of an item that thousands answer."""

from collections import Counter

import numpy as np

from leye_quality.comparing import MOST_BESIDE, Compared, Comparing
from leye_quality.flags import BY_CHANCE, MOST_COMPARED, compared_flags
from leye_quality.trust import factors


class Counting:
    """An agreement that knows what it was asked."""

    def __init__(self) -> None:
        self.asked: Counter[frozenset[int]] = Counter()

    def __call__(self, one: int, other: int) -> float:
        self.asked[frozenset((one, other))] += 1
        return float(one % 7 == other % 7)

    @property
    def times(self) -> int:
        return sum(self.asked.values())


def crowd(items: int, people: int, each: int) -> list[Compared]:
    """Answers that are numbers of their own, so that a pair can be told from another."""
    draw = np.random.default_rng(1)
    who = [draw.choice(people, each, replace=False).tolist() for _ in range(items)]
    return [
        Compared(item, person, item * each + n, None, fresh=True)
        for item in range(items)
        for n, person in enumerate(who[item])
    ]


def equal(one: int, other: int) -> bool:
    return one == other


def test_flags_and_shares_of_gold_ask_once_of_each_pair() -> None:
    answers, agreement = crowd(items=300, people=20, each=4), Counting()
    comparing = Comparing(answers, agreement)
    factors(comparing, equal)
    on_items = agreement.times
    assert on_items == 300 * 6
    assert max(agreement.asked.values()) == 1
    compared_flags(comparing)
    assert on_items < agreement.times <= on_items + BY_CHANCE * len(answers)


def test_what_was_remembered_is_what_would_be_asked() -> None:
    answers = crowd(items=100, people=12, each=5)
    comparing = Comparing(answers, Counting())
    for at, one in enumerate(answers):
        others = [other.answer for other in answers if other.item == one.item and other.person != one.person]
        wanted = sorted(float(one.answer % 7 == other % 7) for other in others)
        assert sorted(comparing.with_others(at)) == wanted == sorted(comparing.with_others(at))


def test_an_item_that_two_thousand_people_answer_does_not_cost_their_square() -> None:
    answers, agreement = crowd(items=5, people=2000, each=2000), Counting()
    comparing = Comparing(answers, agreement)
    factors(comparing, equal)
    assert agreement.times <= len(answers) * MOST_BESIDE // 2
    compared_flags(comparing)
    assert agreement.times <= len(answers) * MOST_BESIDE + BY_CHANCE * MOST_COMPARED


def test_of_many_answers_the_neighbours_are_taken_and_never_ones_own() -> None:
    answers = [Compared("item", n % 10, n, None, fresh=True) for n in range(40)]
    comparing = Comparing(answers, lambda one, other: (abs(one - other) % 40) / 40)
    assert len(comparing.with_others(0)) == MOST_BESIDE
    same = [Compared("item", "one", n, None, fresh=True) for n in range(40)]
    assert Comparing(same, lambda _one, _other: 1.0).with_others(3) == []


def test_an_answer_beside_gold_or_another_answer_does_not_stand_alone() -> None:
    answers = [
        Compared("alone", "a", 1, None, fresh=True),
        Compared("gold", "a", 1, 1, fresh=True),
        Compared("two", "a", 1, None, fresh=True),
        Compared("two", "b", 1, None, fresh=True),
    ]
    comparing = Comparing(answers, lambda _one, _other: 1.0)
    assert [comparing.stands_alone(at) for at in range(4)] == [True, False, False, False]
