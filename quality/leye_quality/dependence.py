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

from collections.abc import Iterator
from dataclasses import dataclass

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

CHUNK = 1 << 16  # answers held at once
ENOUGH = 1 << 17  # answers that the dependence is learned from


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
    if given[telling].sum() > ENOUGH:
        wanted = max(int(len(telling) * ENOUGH / given[telling].sum()), 1)
        telling = telling[np.linspace(0, len(telling) - 1, wanted).astype(np.intp)]
    if not len(telling):
        return Foretold(0.0, np.zeros(0))
    chosen = np.zeros(len(given), dtype=bool)
    chosen[telling] = True
    kept = chosen[items]
    items, people, labels = items[kept], people[kept], labels[kept]
    gains = []
    for part in _parts(items):
        evidence = _evidence(items[part], people[part], labels[part], fitted, given)
        at = _starts(items[part])
        beside = given[items[part]] - 1
        others = np.add.reduceat(evidence, at)[_ranks(items[part])] - evidence
        if one_by_one:
            beside = np.arange(len(evidence)) - at[_ranks(items[part])]
            before = np.cumsum(evidence, axis=0) - evidence
            others = before - before[at][_ranks(items[part])]
        told = beside > 0
        evidence, others, known = evidence[told], others[told], beside[told].astype(np.float64)
        weights = [evidence_share(known, float(dependence))[:, None] for dependence in DEPENDENCES]
        shares = (normalised(weight * others + np.log(fitted.prior)) for weight in weights)
        gains.append(np.stack([np.log((share * np.exp(evidence)).sum(axis=1)) for share in shares]))
    joined = np.concatenate(gains, axis=1)
    totals = joined.sum(axis=1)
    best = int(np.argmax(totals >= totals.max() - (LEEWAY if one_by_one else 0.0)))
    return Foretold(UNSEEN * float(DEPENDENCES[best]), joined[best])


def confidences(
    items: Labels, people: Labels, labels: Labels, fitted: Fit, *, dependence: float, chosen: Labels
) -> NDArray[np.float64]:
    """How probable the chosen class of each item is, its answers counted as dependent. items: sorted."""
    given = np.bincount(items, minlength=len(fitted.posteriors))
    sure = np.full(len(given), fitted.prior[chosen])
    for part in _parts(items):
        starts = _starts(items[part])
        at = items[part][starts]
        scores = np.add.reduceat(_evidence(items[part], people[part], labels[part], fitted, given), starts)
        scores *= evidence_share(given[at].astype(np.float64), dependence)[:, None]
        sure[at] = normalised(scores + np.log(fitted.prior))[np.arange(len(at)), chosen[at]]
    return sure


def _evidence(items: Labels, people: Labels, labels: Labels, fitted: Fit, given: Labels) -> Shares:
    """Log-likelihood of each answer under each class, by matrices without the answer's own item."""
    own = fitted.posteriors[items]
    own[given[items] < 2] = 0.0  # it taught nobody
    logs: Shares = np.log(fitted.shrinkage.likelihoods_without(fitted.counts, people, labels, own))
    return logs


def _parts(items: Labels) -> Iterator[slice]:
    """Slices of about `CHUNK` answers that keep an item together."""
    start = 0
    while start < len(items):
        end = min(start + CHUNK, len(items))
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
