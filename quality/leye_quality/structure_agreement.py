"""How much answers agree that are boxes, spans, texts or anything with a likeness from 0 to 1.

Agreement beyond chance sets the likeness of answers to one item against that of answers to different items, as
Krippendorff's alpha does with distances: A. Braylan, O. Alonso, M. Lease, Measuring annotator agreement generally
across complex structured, multi-object, and free-text annotation tasks, WWW 2022. Intervals by bootstrap over items:
B. Efron, Bootstrap methods: another look at the jackknife, Annals of Statistics 7, 1979.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from typing import TypeVar

import numpy as np

from leye_quality.agreement import Interval, Real, bootstrapped

Answer = TypeVar("Answer")
Item = TypeVar("Item", bound=Hashable)
Person = TypeVar("Person", bound=Hashable)

MOST_PAIRS = 2000
"""Pairs of answers to different items that estimate what likeness comes by chance."""


@dataclass(frozen=True)
class LikenessReport:
    """likeness: the mean over pairs of answers to one item. beyond_chance: 1 perfect, 0 as between different items."""

    likeness: Interval
    beyond_chance: Interval | None


def agreement_by_likeness(
    answers: Mapping[Item, Mapping[Person, Answer]],
    likeness: Callable[[Answer, Answer], float],
    generator: np.random.Generator,
    draws: int = 200,
) -> LikenessReport | None:
    """Agreement of a project. answers: item → person → answer. None where no item has two answers."""
    repeated = [list(given.values()) for given in answers.values() if len(given) >= 2]
    if not repeated:
        return None
    alike = np.array([[sum(likeness(a, b) for a, b in combinations(given, 2)), _pairs(given)] for given in repeated])
    by_chance = likeness_by_chance(repeated, likeness, generator)

    def mean(weights: Real) -> Real:
        sums = weights @ alike
        return np.asarray(sums[:, 0] / sums[:, 1])

    found = bootstrapped(mean, len(repeated), generator, draws)
    return None if found is None else LikenessReport(found, _beyond(found, by_chance))


def agreement_of_counted(
    counted: Mapping[float, int], by_chance: float | None, generator: np.random.Generator, draws: int = 200
) -> LikenessReport | None:
    """The same of items with two answers each, from how often each likeness was found. None where there are none.

    counted: likeness, 0 to 1 → so many items. To draw n items anew and count them by likeness is one multinomial draw
    of n over the likenesses, so that the bootstrap costs by the number of different ones, not of items.
    by_chance: what answers to different items have in common (`likeness_by_chance`); None where that is not known.
    """
    items = sum(counted.values())
    if not items:
        return None
    values, counts = np.array([*counted], dtype=np.float64), np.array([*counted.values()], dtype=np.float64)
    drawn = generator.multinomial(items, counts / items, draws) @ values / items
    low, high = np.quantile(drawn, [0.025, 0.975])
    found = Interval(float(counts @ values / items), float(low), float(high), items)
    return LikenessReport(found, _beyond(found, by_chance))


def _beyond(found: Interval, by_chance: float | None) -> Interval | None:
    if by_chance is None or by_chance >= 1:
        return None
    value, low, high = ((share - by_chance) / (1 - by_chance) for share in (found.value, found.low, found.high))
    return Interval(value, low, high, found.cases)


def likeness_to_others(
    answers: Mapping[Item, Mapping[Person, Answer]],
    likeness: Callable[[Answer, Answer], float],
    generator: np.random.Generator,
    draws: int = 200,
) -> dict[Person, Interval]:
    """For each annotator the mean likeness to those who answered the same items, an item counting once."""
    shares: dict[Person, list[float]] = {}
    for given in answers.values():
        sums = dict.fromkeys(given, 0.0)
        for (one, first), (other, second) in combinations(given.items(), 2):
            alike = likeness(first, second)
            sums[one] += alike
            sums[other] += alike
        if len(given) >= 2:
            for person, total in sums.items():
                shares.setdefault(person, []).append(total / (len(given) - 1))
    found = {}
    for person, own in shares.items():
        values = np.array(own)
        interval = bootstrapped(partial(_mean, values), len(own), generator, draws)
        if interval is not None:
            found[person] = interval
    return found


def of_class(
    answers: Mapping[Item, Mapping[Person, Sequence[Answer]]], has_class: Callable[[Answer], bool]
) -> dict[Item, dict[Person, list[Answer]]]:
    """Only the boxes or spans of one class, on the items where somebody gave one: for agreement per class."""
    kept = {
        item: {person: [part for part in parts if has_class(part)] for person, parts in given.items()}
        for item, given in answers.items()
    }
    return {item: given for item, given in kept.items() if any(given.values())}


def _mean(values: Real, weights: Real) -> Real:
    return np.asarray(weights @ values / weights.sum(axis=1))


def _pairs(given: Sequence[Answer]) -> int:
    return len(given) * (len(given) - 1) // 2


def likeness_by_chance(
    repeated: Sequence[Sequence[Answer]], likeness: Callable[[Answer, Answer], float], generator: np.random.Generator
) -> float | None:
    """The mean likeness of answers to different items: drawn pairs, None where there is one item only."""
    if len(repeated) < 2:
        return None
    total = 0.0
    for _ in range(MOST_PAIRS):
        one, other = generator.choice(len(repeated), 2, replace=False).tolist()
        first, second = repeated[one], repeated[other]
        total += likeness(first[int(generator.integers(len(first)))], second[int(generator.integers(len(second)))])
    return total / MOST_PAIRS
