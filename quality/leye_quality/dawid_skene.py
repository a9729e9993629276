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

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import scipy  # its parts load where they are used: a web process combines answers and fits nothing
from numpy.typing import NDArray

from leye_quality.majority import Labels, Shares, vote_shares
from leye_quality.shrinkage import OWN, Counts, Drawn, Shrinkage, learn

PRIOR_CAUTION = 0.1
"""Evenly spread items assumed for each overlapping one at two answers an item: half of it at three, a ninth at ten."""

MOST_ROUNDS = 100
TOLERANCE = 1e-5
WARM_TOLERANCE = 2e-3
"""Share of the answers that move to another class in the last round of a fit that went on from a sample's."""

LEARN_EVERY = 3  # rounds; strengths hardly move in between

SAMPLE = 30_000
"""Items from which a fit of more than four times as many starts: people's matrices settle there first."""

ROWS_AT_A_TIME, CELLS_AT_A_TIME = 8192, 1 << 20  # of posteriors, so that they stay in the processor's cache


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
    drawn: Drawn = OWN,
    most_rounds: int = MOST_ROUNDS,
    start: Fit | None = None,
) -> Fit:
    """Estimate truths, confusion matrices and prior from coded answers (three arrays of equal length).

    known: items whose class is given (gold). They teach about people and stay as they are, but say nothing about the
    prior: somebody chose them. drawn: to what a thin record is drawn. most_rounds: on thin data, later ones teach a fit
    its own errors. start: a fit of the same people to some of the items, from which this one goes on. An item without
    answers gets the prior. The order of the answers does not matter.
    """
    given = np.bincount(items, minlength=n_items)
    if start is None and len(some := sample(n_items)) < n_items:
        order = np.argsort(items, kind="stable") if (items[1:] < items[:-1]).any() else slice(None)
        start = fit(
            *answers_to(some, items[order], people[order], labels[order]),
            n_items=len(some),
            n_people=n_people,
            classes=classes,
            drawn=drawn,
            most_rounds=most_rounds,
        )
    blocks = _blocks(items, _columns(people, labels, n_people, classes), n_items, n_people, classes)
    rounds = _Rounds(blocks, given, n_people, classes, known=known or {}, drawn=drawn)
    if start is None:
        return rounds.run(vote_shares(items, labels, n_items, classes), most_rounds)
    return rounds.go_on(start, most_rounds)


def sample(n_items: int) -> Labels:
    """Evenly spread items from which matrices can be learned; all of them where there are not many."""
    wanted = n_items if n_items <= 4 * SAMPLE else SAMPLE
    return np.linspace(0, max(n_items - 1, 0), wanted).astype(np.intp)


def answers_to(some: Labels, items: Labels, people: Labels, labels: Labels) -> tuple[Labels, Labels, Labels]:
    """The answers to some items, which are numbered anew in their order. items, some: sorted."""
    starts, ends = np.searchsorted(items, some), np.searchsorted(items, some, side="right")
    given = ends - starts
    numbers = np.repeat(np.arange(len(some), dtype=np.int32), given)
    kept = np.arange(len(numbers)) + np.repeat(starts - (np.cumsum(given) - given), given)
    return numbers, people[kept], labels[kept]


class _Rounds:
    """Expectation and maximisation in turn; remembers counts, shrinkage and prior of the last round."""

    def __init__(
        self,
        blocks: "list[tuple[slice, scipy.sparse.csr_matrix]]",
        given: Labels,
        n_people: int,
        classes: int,
        *,
        known: Mapping[int, int],
        drawn: Drawn,
    ) -> None:
        self.blocks, self.n_people, self.classes, self.drawn = blocks, n_people, classes, drawn
        self.known = np.array(sorted(known.items()), dtype=np.intp).reshape(-1, 2)
        overlapping, telling = given >= 2, given >= 2
        overlapping[self.known[:, 0]] = False
        telling[self.known[:, 0]] = True
        self.overlapping, self.untold = overlapping.astype(np.float64), np.flatnonzero(~telling)
        thinness = 1.0 / (float(given[overlapping].mean()) - 1.0) if overlapping.any() else 1.0
        self.assumed_items = 1.0 + PRIOR_CAUTION * thinness * np.count_nonzero(overlapping) / classes
        self.shrinkage = Shrinkage()
        self.counts: Counts = np.zeros((0, classes, classes))
        self.prior: Shares = np.full(classes, 1.0 / classes)

    def run(self, posteriors: Shares, most_rounds: int) -> Fit:
        """From first posteriors until they move no more."""
        self._hold(posteriors, slice(0, len(posteriors)))
        rounds, moved = 0, np.inf
        while rounds < most_rounds and moved >= TOLERANCE:
            self._learn(*self._taught(posteriors), rounds)
            rounds += 1
            updated = self._expected()
            posteriors -= updated
            moved = float(np.abs(posteriors, out=posteriors).mean()) if posteriors.size else 0.0
            posteriors = updated
        return self._fit(posteriors, self._taught(posteriors)[0], rounds)

    def go_on(self, start: Fit, most_rounds: int) -> Fit:
        """From matrices learned on some of the items until the counts move no more; posteriors are kept at the end."""
        self.shrinkage, self.counts, self.prior = start.shrinkage, start.counts, start.prior
        self.counts, mass = self._swept()
        self._learn(self.counts, mass, 0)
        rounds, moved, answers = 1, np.inf, max(float(self.counts.sum()), 1.0)
        while rounds < most_rounds and moved >= WARM_TOLERANCE:
            counts, mass = self._swept()
            moved = float(np.abs(counts - self.counts).sum()) / answers
            self._learn(counts, mass, rounds)
            rounds += 1
        posteriors = np.empty((len(self.overlapping), self.classes))
        counts, _ = self._sums(self._kept_in(posteriors))
        return self._fit(posteriors, counts, rounds)

    def _fit(self, posteriors: Shares, counts: Counts, rounds: int) -> Fit:
        confusions = self.shrinkage.confusions(counts).transpose(0, 2, 1)
        return Fit(posteriors, confusions, self.prior, rounds, counts, self.shrinkage)

    def _learn(self, counts: Counts, mass: Shares, rounds: int) -> None:
        """The maximisation step. mass: how much of the overlapping items falls to each class."""
        self.counts = counts
        self.shrinkage = learn(counts, self.drawn, None if rounds % LEARN_EVERY == 0 else self.shrinkage.row)
        prior = mass + self.assumed_items
        self.prior = prior / prior.sum()

    def _expected(self) -> Shares:
        """The expectation step: each item's posterior, shape (items, classes)."""
        posteriors = np.empty((len(self.overlapping), self.classes))
        for _ in self._kept_in(posteriors):
            pass
        return posteriors

    def _kept_in(self, posteriors: Shares) -> Iterator[tuple[slice, Shares]]:
        for rows, found in self._expectations():
            posteriors[rows] = found
            yield rows, found

    def _expectations(self) -> Iterator[tuple[slice, Shares]]:
        logs = np.log(self.shrinkage.confusions(self.counts)).reshape(-1, self.classes)
        prior = np.log(self.prior)
        for rows, answered in self.blocks:
            yield rows, self._hold(normalised(np.asarray(answered @ logs), prior), rows)

    def _swept(self) -> tuple[Counts, Shares]:
        """An expectation of which only what it teaches is kept: memory for a block, not for all items."""
        return self._sums(self._expectations())

    def _taught(self, posteriors: Shares) -> tuple[Counts, Shares]:
        return self._sums((rows, posteriors[rows]) for rows, _ in self.blocks)

    def _sums(self, expectations: Iterable[tuple[slice, Shares]]) -> tuple[Counts, Shares]:
        """How often each label was given to each class, and how much of the overlapping items falls to each class."""
        counts = np.zeros((self.n_people * self.classes, self.classes))
        mass = np.zeros(self.classes)
        for (rows, posteriors), (_, answered) in zip(expectations, self.blocks, strict=True):
            mass += self.overlapping[rows] @ posteriors
            first, last = np.searchsorted(self.untold, (rows.start, rows.stop))
            telling = posteriors
            if last > first:
                telling = posteriors.copy()
                telling[self.untold[first:last] - rows.start] = 0.0
            counts += answered.T @ telling
        return counts.reshape(-1, self.classes, self.classes), mass

    def _hold(self, posteriors: Shares, rows: slice) -> Shares:
        """Known items are as they are."""
        first, last = np.searchsorted(self.known[:, 0], (rows.start, rows.stop))
        if last > first:
            items, labels = self.known[first:last].T
            posteriors[items - rows.start] = 0.0
            posteriors[items - rows.start, labels] = 1.0
        return posteriors


def normalised(scores: Shares, prior: Shares | None = None) -> Shares:
    """Log weights to probabilities, row by row and in place. prior: of each class, added to every row."""
    for start in range(0, len(scores), ROWS_AT_A_TIME):
        some = scores[start : start + ROWS_AT_A_TIME]
        columns = np.ascontiguousarray(some.T)  # reducing a short inner axis would take most of the time
        if prior is not None:
            columns += prior[:, None]
        columns -= columns.max(axis=0)
        np.exp(columns, out=columns)
        columns /= columns.sum(axis=0)
        some[:] = columns.T
    return scores


def likeliest(posteriors: Shares, tie: float) -> Labels:
    """The class of each row with the highest share; of those within `tie` of it the first."""
    chosen: Labels = np.empty(len(posteriors), dtype=np.intp)
    for start in range(0, len(posteriors), ROWS_AT_A_TIME):
        columns = np.ascontiguousarray(posteriors[start : start + ROWS_AT_A_TIME].T)
        chosen[start : start + ROWS_AT_A_TIME] = (columns >= columns.max(axis=0) - tie).argmax(axis=0)
    return chosen


def _blocks(
    items: Labels, columns: Labels, n_items: int, n_people: int, classes: int
) -> "list[tuple[slice, scipy.sparse.csr_matrix]]":
    """The 0/1 matrix in blocks of items, its entries in one order whatever that of the answers, so that sums give the
    same bits."""
    step = np.diff(items)
    if (step < 0).any() or (np.diff(columns)[step == 0] < 0).any():
        order = np.lexsort((columns, items))
        items, columns = items[order], columns[order]
    starts = np.concatenate([[0], np.cumsum(np.bincount(items, minlength=n_items))]).astype(columns.dtype)
    at_once = min(max(CELLS_AT_A_TIME // classes, ROWS_AT_A_TIME), 8 * ROWS_AT_A_TIME)
    rows = [slice(start, min(start + at_once, n_items)) for start in range(0, n_items, at_once)]
    ones = np.ones(max((int(starts[some.stop] - starts[some.start]) for some in rows), default=0))
    blocks = []
    for some in rows:
        first, last = starts[some.start], starts[some.stop]
        entries = (ones[: last - first], columns[first:last], starts[some.start : some.stop + 1] - first)
        shape = (some.stop - some.start, n_people * classes)
        blocks.append((some, scipy.sparse.csr_matrix(entries, shape=shape)))
    return blocks


def _columns(people: Labels, labels: Labels, n_people: int, classes: int) -> Labels:
    """Where each (person, label) stands in the matrix; 32 bits where they suffice."""
    wide = max(n_people * classes, len(people)) > np.iinfo(np.int32).max
    return (
        people.astype(np.int64) * classes + labels
        if wide
        else people.astype(np.int32) * np.int32(classes) + labels.astype(np.int32)
    )
