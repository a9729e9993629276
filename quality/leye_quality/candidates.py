"""What could be true of each item where classes are many, and which cells of people's matrices that touches.

Of a thousand classes only those that somebody gave to an item are its candidates; any other class is one possibility
more. Everything is held in flat arrays, of a size that grows with the answers and not with the classes.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leye_quality.majority import Labels, Shares


@dataclass(frozen=True)
class Candidates:
    """The possibilities of each item, by item and class; the last of each item, of class -1, is any other class.

    item, label: of each. first: where each item's begin, and at last their number.
    """

    item: Labels
    label: Labels
    first: Labels


@dataclass(frozen=True)
class Pairs:
    """Each answer beside each candidate of its item, in the order of the answers. cell: which one of `Cells` it is,
    or, of any other class, the number of cells and the person's number."""

    answer: Labels
    candidate: Labels
    cell: Labels


@dataclass(frozen=True)
class Cells:
    """The cells of people's matrices that answers touch, by person, class given and true class.

    row: which row of a matrix, of those that answers touch; row_person, row_truth: of each.
    """

    person: Labels
    given: Labels
    truth: Labels
    row: Labels
    row_person: Labels
    row_truth: Labels


def candidates_of(items: Labels, labels: Labels, told: Labels, classes: int, most: int) -> Candidates:
    """What was given to each item, most often first where there are too many, and what is known of it before all."""
    wide = np.int64(classes)
    given, votes = np.unique(items * wide + labels, return_counts=True)
    known = told[:, 0] * wide + told[:, 1]
    keys = np.union1d(given, known)
    counted = np.zeros(len(keys))
    counted[np.searchsorted(keys, given)] = votes
    counted[np.searchsorted(keys, known)] = np.inf
    order = np.lexsort((-counted, keys // wide))
    item = keys[order] // wide
    rank = np.arange(len(order)) - np.searchsorted(item, item)
    keys = np.sort(keys[order[rank < most]])
    n_items = int(items[-1]) + 1
    # The others come last: a label below that of the next item, above all of its own.
    every = np.sort(np.concatenate([keys * 2, (np.arange(1, n_items + 1) * wide) * 2 - 1]))
    last = every % 2 == 1
    item, label = (every // 2) // wide, (every // 2) % wide
    label[last] = -1
    return Candidates(item, label, np.searchsorted(item, np.arange(n_items + 1)))


def paired(items: Labels, people: Labels, labels: Labels, candidates: Candidates, classes: int) -> tuple[Pairs, Cells]:
    """Each answer beside its item's candidates, and the cells of matrices that they touch."""
    many = np.diff(candidates.first)[items]
    answer = np.repeat(np.arange(len(items)), many)
    candidate = np.arange(len(answer)) + np.repeat(candidates.first[items] - (np.cumsum(many) - many), many)
    truth, wide = candidates.label[candidate], np.int64(classes)
    one = np.flatnonzero(truth >= 0)
    keys = (people[answer[one]] * wide + labels[answer[one]]) * wide + truth[one]
    found, place = np.unique(keys, return_inverse=True)
    person, given, true = found // wide // wide, found // wide % wide, found % wide
    rows, row = np.unique(person * wide + true, return_inverse=True)
    cell = len(found) + people[answer]
    cell[one] = place
    return Pairs(answer, candidate, cell), Cells(person, given, true, row, rows // wide, rows % wide)


@dataclass(frozen=True)
class Telling:
    """Which items say something of people, and which of the prior; thin: one over the answers beside the first."""

    given: Labels
    people: NDArray[np.bool_]
    prior: NDArray[np.bool_]
    thin: float

    @classmethod
    def of(cls, given: Labels, known: Labels) -> "Telling":
        """given: answers to each item. known: items of gold."""
        overlapping, telling = given >= 2, given >= 2
        overlapping[known], telling[known] = False, True
        thin = 1.0 / (float(given[overlapping].mean()) - 1.0) if overlapping.any() else 1.0
        return cls(given, telling, overlapping, thin)


@dataclass(frozen=True)
class Problem:
    """All that is known before the first round, and stays the same."""

    candidates: Candidates
    pairs: Pairs
    cells: Cells
    telling: Telling
    n_people: int
    classes: int

    def any_other(self, prior: Shares) -> Shares:
        """Of each candidate the logarithm of its share in the prior; of any other class that of what is left."""
        label = self.candidates.label
        shares = prior[label]
        last = label < 0
        shares[last] = 0.0
        left = 1.0 - np.add.reduceat(shares, self.candidates.first[:-1])
        left[np.diff(self.candidates.first) > self.classes] = 0.0
        shares[last] = np.maximum(left, 0.0)
        with np.errstate(divide="ignore"):  # no other class: never
            logs: Shares = np.log(shares)
        return logs

    def normalised(self, scores: Shares) -> Shares:
        """Log weights of the candidates to probabilities, item by item."""
        starts = self.candidates.first[:-1]
        weights: Shares = np.exp(scores - np.maximum.reduceat(scores, starts)[self.candidates.item])
        weights /= np.add.reduceat(weights, starts)[self.candidates.item]
        return weights
