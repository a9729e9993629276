"""Dynamic overlap replayed on recorded answers: how many were needed, and how right the result is.

Every item gets its first recorded answer (in a seeded order), half of them a second, because without a second opinion
nothing is known of anybody. Then, round by round, the items of which one more answer is expected to tell most get
their next one; after each round people are judged anew by all answers so far. An item is open while one more answer is
worth its cost (`telling`), and opens again when later knowledge makes it so, as long as recorded answers remain.

Two answers an item leave much to assumption: what thin records are drawn to. Three assumptions of `choice` are fitted
and their posteriors averaged (J. A. Hoeting and others, Bayesian model averaging, Statistical Science 14, 1999).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leye_quality.answer_files import AnswerFile
from leye_quality.choice import TIE
from leye_quality.dawid_skene import Fit, fit
from leye_quality.majority import Labels, Shares
from leye_quality.shrinkage import OWN, SHARED, STRANGER
from leye_quality.telling import least_worth, right_by_vote, told

TWICE_AT_FIRST = 0.5
"""Share of items with a second answer before anything is known."""

SHARE_A_ROUND = 0.02
"""Answers asked for in a round, for each there is: the fewer, the more is known of people when the next is chosen."""

DRAWN = {OWN: 0.45, SHARED: 0.1, STRANGER: 0.45}
"""To what thin records are drawn in the fits that are averaged, and their weights. More for errors that people share
helps crowds that share them, and asks for a little too much on others: the limits of the recorded ones are narrow."""

FLOOR = 5
"""Answers an item. However little is wanted, no item set ends less right than a majority of so many is expected to be,
unless it has used as many: saving answers by being wrong saves nothing."""

MARGIN = 0.93
"""Of the vote's expected errors, so many at most: both are estimates from few answers."""

FIT_ROUNDS = 3
"""Of expectation and maximisation. A fit that goes on until nothing moves teaches few answers their own errors."""


@dataclass(frozen=True)
class Replay:
    """What a replay used and reached. accuracy: over the items that have a truth."""

    items: int
    answers_available: int
    answers_used: int
    accuracy: float


@dataclass(frozen=True)
class _Knowledge:
    """posteriors: (items, classes). crowd: the confusion matrix of whoever answers next, true by given."""

    posteriors: Shares
    crowd: NDArray[np.float64]
    prior: NDArray[np.float64]


def replay(file: AnswerFile, truth: dict[str, str], confidence: float, seed: int) -> Replay:
    """Replay until no further answer is worth asking for, or none is left."""
    n_items = len(file.items)
    draw = np.random.default_rng(seed)
    order = np.lexsort((draw.permutation(len(file)), file.item_of))
    turn = np.empty(len(file), dtype=np.intp)
    turn[order] = np.arange(len(file)) - np.searchsorted(file.item_of, file.item_of)
    available = np.bincount(file.item_of, minlength=n_items)
    votes = min(FLOOR, int(available.mean()))
    lot = draw.permutation(n_items)
    used = np.minimum(available, 1 + (lot < TWICE_AT_FIRST * n_items))
    while True:
        known = _learned(file, np.flatnonzero(turn < used[file.item_of]))
        telling = told(known.posteriors, known.crowd)
        left = used < available
        worth = (telling >= least_worth(confidence, known.crowd, known.prior)) & left
        if not worth.any():
            if used.sum() >= votes * n_items or _as_right_as_a_vote(known, votes):
                break
            worth = left & (telling > 0.0)
            if not worth.any():
                break
        most_first = np.lexsort((lot, -np.where(worth, telling, -1.0)))
        asked = most_first[: min(int(worth.sum()), max(int(SHARE_A_ROUND * used.sum()), 1))]
        used[asked] += 1
    likeliest = known.posteriors.max(axis=1, keepdims=True)
    best = (known.posteriors >= likeliest - TIE).argmax(axis=1)
    scored = [(file.labels[best[n]], truth[item]) for n, item in enumerate(file.items) if item in truth]
    accuracy = sum(label == true for label, true in scored) / max(len(scored), 1)
    return Replay(n_items, len(file), int(used.sum()), accuracy)


def _as_right_as_a_vote(known: _Knowledge, votes: int) -> bool:
    wrong = 1.0 - float(known.posteriors.max(axis=1).mean())
    return wrong <= MARGIN * (1.0 - right_by_vote(known.crowd, known.prior, votes))


def _learned(file: AnswerFile, asked: Labels) -> _Knowledge:
    """What the answers asked for say, of the items and of the crowd."""
    items, people, labels = file.item_of[asked], file.person_of[asked], file.label_of[asked]
    fits = [
        fit(
            items,
            people,
            labels,
            n_items=len(file.items),
            n_people=len(file.people),
            classes=len(file.labels),
            drawn=drawn,
            most_rounds=FIT_ROUNDS,
        )
        for drawn in DRAWN
    ]
    given = np.bincount(people, minlength=len(file.people)) / len(people)
    weights = DRAWN.values()
    return _Knowledge(
        np.sum([weight * one.posteriors for one, weight in zip(fits, weights, strict=True)], axis=0),
        np.sum([weight * _crowd(one, given) for one, weight in zip(fits, weights, strict=True)], axis=0),
        np.sum([weight * one.prior for one, weight in zip(fits, weights, strict=True)], axis=0),
    )


def _crowd(fitted: Fit, given: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean matrix, people weighed by how much they answer, true by given."""
    mean: NDArray[np.float64] = np.tensordot(given, fitted.confusions, axes=1)
    return mean
