"""One coin a person, for label sets too large for confusion matrices.

Everybody is right with an accuracy of their own, else gives any other class alike: the one-coin case of Dawid and
Skene's model. Only classes that somebody gave to an item are weighed one by one; the rest share what is left, so that
ten thousand classes cost no more than the answers.

Y. Zhang, X. Chen, D. Zhou, M. I. Jordan: Spectral methods meet EM: a provably optimal algorithm for crowdsourcing.
NIPS 2014, section 5 (the one-coin model).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leye_quality.majority import Labels
from leye_quality.posterior import STRANGER_ACCURACY

MOST_ROUNDS = 100
TOLERANCE = 1e-5
STRANGER_ANSWERS = 8.0  # answers that a stranger's accuracy counts as


@dataclass(frozen=True)
class OneCoinFit:
    """chosen: per item its likeliest class, and sure how likely; accuracies: per person."""

    chosen: Labels
    sure: NDArray[np.float64]
    accuracies: NDArray[np.float64]


def fit_one_coin(
    items: Labels, people: Labels, labels: Labels, *, n_items: int, n_people: int, classes: int
) -> OneCoinFit:
    """Estimate classes and accuracies, all classes alike beforehand. An item without answers gets class 0, barely."""
    pairs, pair_of = np.unique(items * np.intp(classes) + labels, return_inverse=True)
    item_of = pairs // classes
    given = np.bincount(items, minlength=n_items)
    candidates = np.bincount(item_of, minlength=n_items)
    teaching = (given[items] >= 2).astype(np.float64)
    taught = np.bincount(people, teaching, minlength=n_people)
    shares = np.bincount(pair_of) / np.maximum(given[item_of], 1)
    for _ in range(MOST_ROUNDS):
        right = np.bincount(people, shares[pair_of] * teaching, minlength=n_people)
        accuracies = (right + STRANGER_ANSWERS * STRANGER_ACCURACY) / (taught + STRANGER_ANSWERS)
        accuracies = np.clip(accuracies, 1e-6, 1.0 - 1e-6)
        worth = np.log(accuracies) - np.log((1.0 - accuracies) / max(classes - 1, 1))
        scores = np.bincount(pair_of, worth[people], minlength=len(pairs))
        highest = np.zeros(n_items)
        np.maximum.at(highest, item_of, scores)
        weights = np.exp(scores - highest[item_of])
        rest = (classes - candidates) * np.exp(-highest)
        totals = np.bincount(item_of, weights, minlength=n_items) + rest
        updated = weights / totals[item_of]
        moved = float(np.abs(updated - shares).mean()) if len(shares) else 0.0
        shares = updated
        if moved < TOLERANCE:
            break
    order = np.lexsort((-pairs, np.round(shares, 12), item_of))
    last = order[np.flatnonzero(np.diff(item_of[order], append=n_items))]
    chosen, sure = np.zeros(n_items, dtype=np.intp), np.full(n_items, 1.0 / classes)
    chosen[item_of[last]] = pairs[last] % classes
    sure[item_of[last]] = shares[last]
    return OneCoinFit(chosen, sure, accuracies)
