"""How much less than independent the answers to one item are, and how sure that leaves us.

Dawid–Skene takes answers to be independent given the truth. On a hard item they are not: people stumble over the same
stone, and ten answers prove less than ten. As in cluster sampling, n answers count as n / (1 + (n - 1) * dependence)
independent ones (Kish's design effect), and the log-likelihood of an item is scaled by as much. The dependence is
learned without truth: each answer in turn is left out and foretold from the others on its item, by people's matrices
from which that item is left out too; too sure a posterior foretells badly. A likelihood tempered to what foretells
best is Grünwald's safe Bayes.

L. Kish: Survey Sampling, 1965, section 8.2. P. Grünwald: The safe Bayesian. ALT 2012, LNCS 7568, pp. 169-183.
A. P. Dawid: The prequential approach. JRSS A 147, 1984, pp. 278-292 (foretelling the next from those before).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from leye_quality.dawid_skene import Fit, normalised
from leye_quality.majority import Labels, Shares
from leye_quality.posterior import evidence_share

DEPENDENCES = np.array([0.0, 0.01, 0.02, 0.04, 0.07, 0.1, 0.14, 0.18, 0.24, 0.3, 0.4, 0.55])
LEEWAY = 2.0
"""Nats by which the best dependence must beat a smaller one while answers come one by one: the likelihood's 95 %
interval, its lower end. A few dozen answers would otherwise find dependence in chance, and ask for more."""

UNSEEN = 4 / 3
"""Left-out answers show the stones over which people split; one over which all of them stumble leaves no trace. What
was learned is taken for three quarters of what there is: so on the two recorded crowds. None stays none."""

CHUNK = 1 << 16  # items looked at at once
CELLS = 1 << 18  # answers times classes held at once
ENOUGH, ENOUGH_CELLS = 1 << 17, 1 << 22  # answers that the dependence is learned from, and these times classes
PLENTY = 500  # answers of a person whose matrix one item more or less does not change
LEAST = 1e-300


@dataclass(frozen=True)
class Foretold:
    """dependence: between answers to one item; 0 where none shows. gain: log-likelihood of each left-out answer."""

    dependence: float
    gains: NDArray[np.float64]

    @property
    def gain(self) -> float:
        """Mean log-likelihood of a left-out answer, in nats; 0 where no item has two answers."""
        return float(self.gains.mean()) if len(self.gains) else 0.0


def foretell(items: Labels, people: Labels, labels: Labels, fitted: Fit, *, one_by_one: bool = False) -> Foretold:
    """Leave each answer out and foretell it. items: sorted; all three as in the fit, equally long.

    one_by_one: the answers to an item stand in the order in which they came, and the next was asked for because of
    those before. Then each is foretold from those alone: left out afterwards, what was asked for in doubt would seem
    to prove that people stumble together.
    """
    given = np.bincount(items, minlength=len(fitted.posteriors))
    telling = np.flatnonzero(given >= 2)
    classes = len(fitted.prior)
    enough = min(ENOUGH, ENOUGH_CELLS // classes)
    if given[telling].sum() > enough:
        wanted = max(int(len(telling) * enough / given[telling].sum()), 1)
        telling = telling[np.linspace(0, len(telling) - 1, wanted).astype(np.intp)]
    if not len(telling):
        return Foretold(0.0, np.zeros(0))
    chosen = np.zeros(len(given), dtype=bool)
    chosen[telling] = True
    kept = chosen[items]
    items, people, labels = items[kept], people[kept], labels[kept]
    answers = [
        _left_out(items[part], people[part], labels[part], fitted, given, one_by_one=one_by_one)
        for part in _parts(items, classes)
    ]
    return best_dependence(answers, fitted.prior, LEEWAY if one_by_one else 0.0)


class LeftOut(Protocol):
    """Answers that are each left out, and what the others on their item say."""

    def foretold(self, prior: Shares, dependence: float) -> NDArray[np.float64]:
        """The log-likelihood of each answer, from the others counted as so dependent."""


@dataclass(frozen=True)
class _LeftOut:
    """Of some answers: likelihood and what the others say, shape (classes, answers); how many others there are."""

    likelihoods: Shares
    others: Shares
    beside: NDArray[np.float64]

    def foretold(self, prior: Shares, dependence: float) -> NDArray[np.float64]:
        scores = evidence_share(self.beside, dependence) * self.others
        scores += np.log(prior)[:, None]
        scores -= scores.max(axis=0)
        np.exp(scores, out=scores)
        gains: NDArray[np.float64] = np.log((scores * self.likelihoods).sum(axis=0) / scores.sum(axis=0))
        return gains


def _left_out(
    items: Labels, people: Labels, labels: Labels, fitted: Fit, given: Labels, *, one_by_one: bool
) -> _LeftOut:
    evidence = _evidence(items, people, labels, fitted, given)
    at = _starts(items)
    beside = given[items] - 1
    others = np.add.reduceat(evidence, at)[_ranks(items)] - evidence
    if one_by_one:
        beside = np.arange(len(evidence)) - at[_ranks(items)]
        before = np.cumsum(evidence, axis=0) - evidence
        others = before - before[at][_ranks(items)]
    told = beside > 0
    columns = np.ascontiguousarray(evidence[told].T)
    return _LeftOut(np.exp(columns, out=columns), np.ascontiguousarray(others[told].T), beside[told].astype(np.float64))


def best_dependence(answers: Sequence[LeftOut], prior: Shares, leeway: float) -> Foretold:
    """The dependence that foretells best, or a smaller one hardly worse; the search ends where things get worse."""
    gains: list[NDArray[np.float64]] = []
    totals: list[float] = []
    for dependence in DEPENDENCES.tolist():
        gains.append(np.concatenate([some.foretold(prior, dependence) for some in answers]))
        totals.append(float(gains[-1].sum()))
        if totals[-1] < max(totals) - leeway and totals[-1] < totals[-2]:
            break
    best = next(n for n, total in enumerate(totals) if total >= max(totals) - leeway)
    return Foretold(UNSEEN * float(DEPENDENCES[best]), gains[best])


def confidences(
    items: Labels, people: Labels, labels: Labels, fitted: Fit, *, dependence: float, chosen: Labels
) -> NDArray[np.float64]:
    """How probable the chosen class of each item is, its answers counted as dependent. items: sorted.

    Whoever answered `PLENTY` is not moved by one item; where all are such people, the fit's posterior is taken.
    """
    given = np.bincount(items, minlength=len(fitted.posteriors))
    every = np.arange(len(given))
    if dependence == 0.0:
        sure = fitted.posteriors[every, chosen]
    else:
        sure = np.concatenate([_tempered(fitted, given, chosen, some, dependence) for some in _blocks(len(given))])
    thin = np.bincount(people, minlength=len(fitted.counts)) < PLENTY
    if not thin[people].any():
        return sure
    apart = np.zeros(len(given), dtype=bool)
    apart[items[thin[people]]] = True
    kept = np.flatnonzero(apart[items])
    items, people, labels = items[kept], people[kept], labels[kept]
    for part in _parts(items, len(fitted.prior)):
        starts = _starts(items[part])
        at = items[part][starts]
        scores = np.add.reduceat(_evidence(items[part], people[part], labels[part], fitted, given), starts)
        scores *= evidence_share(given[at].astype(np.float64), dependence)[:, None]
        sure[at] = normalised(scores + np.log(fitted.prior))[np.arange(len(at)), chosen[at]]
    return sure


def _tempered(fitted: Fit, given: Labels, chosen: Labels, some: slice, dependence: float) -> NDArray[np.float64]:
    """The posterior of the chosen class, had the answers counted as dependent ones in the fit's last expectation."""
    prior = np.log(fitted.prior)
    scores = np.log(np.maximum(fitted.posteriors[some], LEAST)) - prior
    scores *= evidence_share(np.maximum(given[some], 1).astype(np.float64), dependence)[:, None]
    scores += prior
    sure: NDArray[np.float64] = normalised(scores)[np.arange(len(scores)), chosen[some]]
    return sure


def _evidence(items: Labels, people: Labels, labels: Labels, fitted: Fit, given: Labels) -> Shares:
    """Log-likelihood of each answer under each class, by matrices without the answer's own item."""
    own = fitted.posteriors[items]
    own[given[items] < 2] = 0.0  # it taught nobody
    logs: Shares = np.log(fitted.shrinkage.likelihoods_without(fitted.counts, people, labels, own))
    return logs


def _blocks(n_items: int) -> Iterator[slice]:
    return (slice(start, start + CHUNK) for start in range(0, n_items, CHUNK))


def _parts(items: Labels, classes: int) -> Iterator[slice]:
    """Slices of about `CELLS` posteriors that keep an item together."""
    start, at_once = 0, max(CELLS // classes, 1)
    while start < len(items):
        end = min(start + at_once, len(items))
        end = int(np.searchsorted(items, items[end - 1], side="right"))
        yield slice(start, end)
        start = end


def _starts(items: Labels) -> Labels:
    """Where each item's answers begin."""
    return np.flatnonzero(np.diff(items, prepend=-1))


def _ranks(items: Labels) -> Labels:
    """0 for the answers of the first item, 1 for those of the second, and so on."""
    ranks: Labels = np.cumsum(np.diff(items, prepend=items[0]) != 0)
    return ranks
