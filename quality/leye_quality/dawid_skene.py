"""Dawid–Skene over many answers: a sparse, vectorised expectation-maximisation.

A. P. Dawid, A. M. Skene: Maximum likelihood estimation of observer error-rates using the EM algorithm.
Applied Statistics 28(1), 1979, pp. 20-28.

One sparse 0/1 matrix of items x (person, label) makes both steps a product: its transpose times the posteriors counts
who gave what to which class; it times the logarithms of the matrices is the posterior. Three departures, all against
collapse on thin data (two or three answers an item, where plain EM talks itself into one class). Matrices and the
class prior are learned only from items with two answers or more, or with a known class. Matrices are drawn to what is
known of the person and of the crowd, as far as the answers themselves ask for it (`shrinkage`). And the prior moves
away from uniform only as answers overlap. An annotator who shares no item with anybody stays a stranger.

What this does not withstand: half the crowd being constant spammers at two or three answers an item, unless gold
items tell on them. Who copies one key is found beforehand (`copying`).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import scipy  # its parts load where they are used: a web process combines answers and fits nothing
from numpy.typing import NDArray

from leye_quality.majority import Labels, Shares, vote_shares
from leye_quality.shrinkage import Counts, Shrinkage, learn

PRIOR_CAUTION = 0.1
"""Evenly spread items assumed for each overlapping one at two answers an item: half of it at three, a ninth at ten."""

MOST_ROUNDS = 100
TOLERANCE = 1e-5
LEARN_EVERY = 3  # rounds; strengths hardly move in between

SAMPLE = 50_000
"""Items from which a fit of more than four times as many starts: people's matrices settle there first."""

ROWS_AT_A_TIME = 8192  # of posteriors, so that they stay in the processor's cache


@dataclass(frozen=True)
class Fit:
    """What the answers say. Shapes: posteriors (items, classes), confusions (people, true, given), prior (classes).

    confusions follow from `counts` (people, given, true) and `shrinkage`.
    """

    posteriors: Shares
    confusions: NDArray[np.float64]
    prior: NDArray[np.float64]
    rounds: int
    counts: Counts
    shrinkage: Shrinkage


def fit(
    items: Labels,
    people: Labels,
    labels: Labels,
    *,
    n_items: int,
    n_people: int,
    classes: int,
    known: Mapping[int, int] | None = None,
    personal: bool = True,
    most_rounds: int = MOST_ROUNDS,
) -> Fit:
    """Estimate truths, confusion matrices and prior from coded answers (three arrays of equal length).

    known: items whose class is given (gold). They teach about people and stay as they are, but say nothing about the
    prior: somebody chose them. personal: whether a thin record is drawn to the person's own accuracy, else to a
    stranger's. most_rounds: on thin data, later ones teach a fit its own errors. An item without answers gets the
    prior. The order of the answers does not matter.
    """
    answered = _answered(items, _columns(people, labels, n_people, classes), n_items, n_people * classes)
    given = np.diff(answered.indptr)
    rounds = _Rounds(answered, given, classes, dict(known or {}), personal)
    some = sample(n_items)
    if len(some) < n_items:
        started = _Rounds(answered[some], given[some], classes, {}, personal)
        started.run(vote_shares(*_coded(started.answered, classes), len(some), classes), most_rounds)
        expected = rounds.expected(started.shrinkage.confusions(started.counts), started.prior)
        return rounds.run(expected, most_rounds)
    return rounds.run(vote_shares(items, labels, n_items, classes), most_rounds)


def sample(n_items: int) -> Labels:
    """Evenly spread items from which matrices can be learned; all of them where there are not many."""
    wanted = n_items if n_items <= 4 * SAMPLE else SAMPLE
    return np.linspace(0, max(n_items - 1, 0), wanted).astype(np.intp)


class _Rounds:
    """Expectation and maximisation in turn; remembers counts, shrinkage and prior of the last round."""

    def __init__(
        self,
        answered: "scipy.sparse.csr_matrix",
        given: Labels,
        classes: int,
        known: dict[int, int],
        personal: bool,
    ) -> None:
        self.answered, self.classes, self.known, self.personal = answered, classes, known, personal
        overlapping, telling = given >= 2, given >= 2
        overlapping[list(known)] = False
        telling[list(known)] = True
        self.overlapping, self.untold = overlapping.astype(np.float64), np.flatnonzero(~telling)
        thinness = 1.0 / (float(given[overlapping].mean()) - 1.0) if overlapping.any() else 1.0
        self.assumed_items = 1.0 + PRIOR_CAUTION * thinness * np.count_nonzero(overlapping) / classes
        self.shrinkage = Shrinkage()
        self.counts: Counts = np.zeros((0, classes, classes))
        self.prior: Shares = np.full(classes, 1.0 / classes)

    def run(self, posteriors: Shares, most_rounds: int) -> Fit:
        posteriors = self._held(posteriors)
        rounds, moved = 0, np.inf
        while rounds < most_rounds and moved >= TOLERANCE:
            self._count(posteriors)
            if rounds % LEARN_EVERY == 0:
                self.shrinkage = learn(self.counts, personal=self.personal)
            rounds += 1
            prior = self.overlapping @ posteriors + self.assumed_items
            self.prior = prior / prior.sum()
            updated = self.expected(self.shrinkage.confusions(self.counts), self.prior)
            posteriors -= updated
            moved = float(np.abs(posteriors, out=posteriors).mean()) if posteriors.size else 0.0
            posteriors = updated
        self._count(posteriors)
        confusions = self.shrinkage.confusions(self.counts).transpose(0, 2, 1)
        return Fit(posteriors, confusions, self.prior, rounds, self.counts, self.shrinkage)

    def _count(self, posteriors: Shares) -> None:
        """The maximisation step: how often each label was given to each class."""
        if len(self.untold):
            posteriors = posteriors.copy()
            posteriors[self.untold] = 0.0
        counts = np.asarray(self.answered.T @ posteriors)
        self.counts = counts.reshape(-1, self.classes, self.classes)

    def expected(self, confusions: Counts, prior: Shares) -> Shares:
        """The expectation step: each item's posterior, shape (items, classes)."""
        scores: Shares = np.asarray(self.answered @ np.log(confusions).reshape(-1, self.classes))
        scores += np.log(prior)
        return self._held(normalised(scores))

    def _held(self, posteriors: Shares) -> Shares:
        if self.known:
            rows = np.fromiter(self.known.keys(), dtype=np.intp)
            posteriors[rows] = 0.0
            posteriors[rows, np.fromiter(self.known.values(), dtype=np.intp)] = 1.0
        return posteriors


def normalised(scores: Shares) -> Shares:
    """Log weights to probabilities, row by row and in place."""
    for start in range(0, len(scores), ROWS_AT_A_TIME):
        some = scores[start : start + ROWS_AT_A_TIME]
        columns = np.ascontiguousarray(some.T)  # reducing a short inner axis would take most of the time
        columns -= columns.max(axis=0)
        np.exp(columns, out=columns)
        columns /= columns.sum(axis=0)
        some[:] = columns.T
    return scores


def _answered(items: Labels, columns: Labels, n_items: int, n_columns: int) -> "scipy.sparse.csr_matrix":
    """The 0/1 matrix, its entries in one order whatever that of the answers, so that sums give the same bits."""
    step = np.diff(items)
    if (step < 0).any() or (np.diff(columns)[step == 0] < 0).any():
        order = np.lexsort((columns, items))
        items, columns = items[order], columns[order]
    starts = np.concatenate([[0], np.cumsum(np.bincount(items, minlength=n_items))]).astype(columns.dtype)
    return scipy.sparse.csr_matrix((np.ones(len(items)), columns, starts), shape=(n_items, n_columns))


def _columns(people: Labels, labels: Labels, n_people: int, classes: int) -> Labels:
    """Where each (person, label) stands in the matrix; 32 bits where they suffice."""
    wide = max(n_people * classes, len(people)) > np.iinfo(np.int32).max
    return (
        people.astype(np.int64) * classes + labels
        if wide
        else people.astype(np.int32) * np.int32(classes) + labels.astype(np.int32)
    )


def _coded(answered: "scipy.sparse.csr_matrix", classes: int) -> tuple[Labels, Labels]:
    """The items and labels of a matrix's answers."""
    items = np.repeat(np.arange(answered.shape[0]), np.diff(answered.indptr))
    return items, answered.indices % classes
