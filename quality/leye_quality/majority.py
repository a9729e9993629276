"""Majority vote: the baseline, and where expectation-maximisation starts."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.integer[Any]]
"""Positions of items, people or labels, one an answer; 32 bits where memory counts."""

Shares = NDArray[np.float64]


def vote_shares(items: Labels, labels: Labels, n_items: int, classes: int) -> Shares:
    """The share of each class among an item's answers, shape (items, classes); uniform where none came."""
    counts = np.bincount(items * np.intp(classes) + labels, minlength=n_items * classes)
    shares: Shares = counts.reshape(n_items, classes).astype(np.float64)
    totals = shares.sum(axis=1, keepdims=True)
    shares /= np.maximum(totals, 1)
    shares[totals[:, 0] == 0] = 1.0 / classes
    return shares


def majority(items: Labels, labels: Labels, n_items: int, classes: int) -> Labels:
    """The class most often given to each item. A tie goes to the class more common over all answers, then the first.

    An item without answers gets the commonest class. Costs no more with ten thousand classes than with two.
    """
    common = np.bincount(labels, minlength=classes)
    pairs, votes = np.unique(items * np.intp(classes) + labels, return_counts=True)
    item_of, label_of = np.divmod(pairs, classes)
    order = np.lexsort((-label_of, common[label_of], votes, item_of))
    last = order[np.flatnonzero(np.diff(item_of[order], append=n_items))]
    chosen: Labels = np.full(n_items, common.argmax(), dtype=np.intp)
    chosen[item_of[last]] = label_of[last]
    return chosen


def agreeing_share(items: Labels, labels: Labels, chosen: Labels, classes: int) -> Shares:
    """The share of an item's answers that are its chosen class; of an item without answers, one in `classes`."""
    given = np.bincount(items, minlength=len(chosen))
    agreeing = np.bincount(items, chosen[items] == labels, minlength=len(chosen))
    return np.where(given > 0, agreeing / np.maximum(given, 1), 1.0 / classes)
