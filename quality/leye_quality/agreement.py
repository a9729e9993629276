"""How much answers agree, beyond chance, and how sure a share is.

Krippendorff's alpha: K. Krippendorff, Content Analysis, 3rd ed. 2013, chapter 12.
Kappa of two people: J. Cohen, A coefficient of agreement for nominal scales, 1960; of many: J. L. Fleiss, Measuring
nominal scale agreement among many raters, Psychological Bulletin 76, 1971.
Bootstrap over items: B. Efron, Bootstrap methods: another look at the jackknife, Annals of Statistics 7, 1979.
Wilson's interval: E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 22, 1927.
"""

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]


class Level(StrEnum):
    """What differences between labels mean: none, an order, or a distance (labels are numbers then)."""

    NOMINAL = "nominal"
    ORDINAL = "ordinal"
    INTERVAL = "interval"


@dataclass(frozen=True)
class Interval:
    """An estimate with its 95 % interval; `cases` is what it rests on."""

    value: float
    low: float
    high: float
    cases: int


def wilson(right: float, cases: int, z: float = 1.96) -> Interval | None:
    """The share right/cases with Wilson's score interval; None without cases. right: parts of a case may count."""
    if cases == 0:
        return None
    share, square = right / cases, z * z
    middle = (share + square / (2 * cases)) / (1 + square / cases)
    half = z * math.sqrt(share * (1 - share) / cases + square / (4 * cases * cases)) / (1 + square / cases)
    return Interval(share, max(0.0, middle - half), min(1.0, middle + half), cases)


def percent_agreement(answers: Mapping[Any, Sequence[Hashable]]) -> float | None:
    """The share, 0 to 1, of answer pairs on one item that agree, over all such pairs; None without a pair.

    Not corrected for chance: where one class is common it is high without any care taken.
    """
    counts = _counts(answers)
    if counts is None:
        return None
    sizes = counts.sum(axis=1)
    return float((counts * (counts - 1)).sum() / (sizes * (sizes - 1)).sum())


def krippendorff_alpha(answers: Mapping[Any, Sequence[Hashable]], level: Level = Level.NOMINAL) -> float | None:
    """Alpha over items with two answers or more: 1 perfect, 0 as by chance. None where undefined.

    Where the level is not nominal the labels are numbers.
    """
    parts = _alpha_parts(answers, level)
    return None if parts is None else _none_if_nan(_alpha(*parts, np.ones((1, len(parts[0]))))[0])


def alpha_interval(
    answers: Mapping[Any, Sequence[Hashable]],
    generator: np.random.Generator,
    draws: int = 200,
    level: Level = Level.NOMINAL,
) -> Interval | None:
    """Alpha with a bootstrap interval over items. On the ordinal level ranks stay those of all answers."""
    parts = _alpha_parts(answers, level)
    if parts is None:
        return None
    return bootstrapped(lambda weights: _alpha(*parts, weights), len(parts[0]), generator, draws)


def cohen_kappa(
    first: Sequence[Hashable], second: Sequence[Hashable], generator: np.random.Generator, draws: int = 200
) -> Interval | None:
    """Kappa of two people over the items that both answered, in the same order. None where undefined.

    Raises ValueError where their numbers differ.
    """
    labels = {label: n for n, label in enumerate(dict.fromkeys((*first, *second)))}
    if len(first) != len(second):
        raise ValueError(f"{len(first)} answers beside {len(second)}")
    if not first:
        return None
    chosen = [np.eye(len(labels))[[labels[label] for label in given]] for given in (first, second)]
    same = (chosen[0] * chosen[1]).sum(axis=1)

    def kappa(weights: Real) -> Real:
        total = weights.sum(axis=1)
        by_chance = ((weights @ chosen[0]) * (weights @ chosen[1])).sum(axis=1) / total**2
        return _beyond(weights @ same / total, by_chance)

    return bootstrapped(kappa, len(first), generator, draws)


def fleiss_kappa(
    answers: Mapping[Any, Sequence[Hashable]], generator: np.random.Generator, draws: int = 200
) -> Interval | None:
    """Kappa of many people, over items with two answers or more, which count alike whatever their number of answers.

    None where undefined.
    """
    counts = _counts(answers)
    if counts is None:
        return None
    sizes = counts.sum(axis=1)
    agreeing = (counts * (counts - 1)).sum(axis=1) / (sizes * (sizes - 1))

    def kappa(weights: Real) -> Real:
        totals = weights @ counts
        by_chance = ((totals / totals.sum(axis=1, keepdims=True)) ** 2).sum(axis=1)
        return _beyond(weights @ agreeing / weights.sum(axis=1), by_chance)

    return bootstrapped(kappa, len(counts), generator, draws)


def _beyond(agreed: Real, by_chance: Real) -> Real:
    """Agreement beyond chance, NaN where chance alone explains everything."""
    room = np.where(by_chance < 1, 1 - by_chance, np.nan)
    return (agreed - by_chance) / room


def bootstrapped(
    statistic: Callable[[Real], Real], cases: int, generator: np.random.Generator, draws: int
) -> Interval | None:
    """The statistic with its 95 % interval. It takes weights, shape (draws, cases), and gives a value a draw."""
    value = _none_if_nan(statistic(np.ones((1, cases)))[0])
    if value is None:
        return None
    found: list[float] = []
    step = max(1, 5_000_000 // cases)  # draws at once, so that a million cases fit
    for done in range(0, draws, step):
        weights = generator.multinomial(cases, np.full(cases, 1 / cases), min(step, draws - done))
        found += statistic(weights.astype(np.float64)).tolist()
    drawn = np.array(found)[~np.isnan(found)]
    low, high = np.quantile(drawn, [0.025, 0.975]) if len(drawn) else (value, value)
    return Interval(value, float(low), float(high), cases)


def _none_if_nan(value: np.float64) -> float | None:
    return None if np.isnan(value) else float(value)


def _counts(answers: Mapping[Any, Sequence[Hashable]]) -> Real | None:
    repeated = [given for given in answers.values() if len(given) >= 2]
    if not repeated:
        return None
    labels = _labels(repeated)
    item = np.repeat(np.arange(len(repeated)), [len(given) for given in repeated])
    label = np.array([labels[label] for given in repeated for label in given], dtype=np.intp)
    flat = np.bincount(item * len(labels) + label, minlength=len(repeated) * len(labels))
    return flat.reshape(len(repeated), len(labels)).astype(np.float64)


def _labels(repeated: Sequence[Sequence[Hashable]]) -> dict[Hashable, int]:
    return {label: n for n, label in enumerate(dict.fromkeys(label for given in repeated for label in given))}


def _alpha_parts(answers: Mapping[Any, Sequence[Hashable]], level: Level) -> tuple[Real, Real, Real] | None:
    """Per item its observed difference and its counts of each label; and the differences of labels, squared."""
    counts = _counts(answers)
    if counts is None:
        return None
    differ = 1.0 - np.eye(counts.shape[1])
    if level is not Level.NOMINAL:
        place = np.array(list(_labels([given for given in answers.values() if len(given) >= 2])), dtype=np.float64)
        if level is Level.ORDINAL:
            order, totals = place.argsort(), counts.sum(axis=0)
            place[order] = np.cumsum(totals[order]) - totals[order] / 2  # middle ranks
        differ = (place[:, None] - place[None, :]) ** 2
    observed = ((counts @ differ) * counts).sum(axis=1) / (counts.sum(axis=1) - 1)
    return observed, counts, differ


def _alpha(observed: Real, counts: Real, differ: Real, weights: Real) -> Real:
    """Alpha for each row of weights (draws, items); NaN where all labels are the same."""
    totals = weights @ counts
    expected = ((totals @ differ) * totals).sum(axis=1) / (totals.sum(axis=1) - 1)
    alphas: Real = 1.0 - weights @ observed / np.where(expected > 0, expected, np.nan)
    return alphas
