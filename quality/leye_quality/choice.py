"""Labels by the method that suits the data: `auto`, and why.

1. People whose answers are copies count as one (`copying`).
2. Several fits of Dawid–Skene differ in what a thin record is drawn to (`shrinkage`): an accuracy of one's own, more or
   less near the crowd's; the crowd's errors; a stranger's accuracy. No one of them suits all crowds. Each left-out
   answer is foretold by each fit (`dependence`), and their posteriors are averaged by the weights that foretell best
   together: stacking. No truth is needed. Of very many items a sample chooses between two fits, and one is taken.
3. The confidence counts the answers to one item as the dependent ones that they are.
4. Where people who give many of the answers are fitted as worse than chance, the two camps could be the other way
   round, and the confidence says so.

Y. Yao, A. Vehtari, D. Simpson, A. Gelman: Using stacking to average Bayesian predictive distributions. Bayesian
Analysis 13, 2018. D. H. Wolpert: Stacked generalization. Neural Networks 5, 1992.

Too many classes for matrices: one coin a person (`one_coin`). Nothing is ever certain: P. S. de Laplace's rule of
succession (Essai philosophique sur les probabilités, 1814) bounds every confidence by the number of answers.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from leye_quality.copying import Copies, find_copies, one_vote_a_group
from leye_quality.dawid_skene import Fit, answers_to, fit, likeliest, sample
from leye_quality.dependence import Foretold, confidences, foretell
from leye_quality.majority import Labels
from leye_quality.one_coin import fit_one_coin
from leye_quality.posterior import STRANGER_ACCURACY, evidence_share
from leye_quality.shrinkage import CROWD, LEVELLED, OWN, SHARED, STRANGER, Drawn

SEVERAL = (OWN, LEVELLED, SHARED, CROWD, STRANGER)
"""What thin records are drawn to in the fits that are averaged. Which ones exactly matters little, on 29 kinds of
simulated crowds and two recorded ones, as long as both kinds of errors are among them."""

TWO = (OWN, SHARED)
FEW_CELLS = 4_000_000  # of posteriors; more, and two fits must do

HEARD = 0.1
"""Weight of a fit that has a say in how dependent answers are. The largest dependence is taken: a fit may mistake what
all stumble over for skill."""

STACKING_ROUNDS = 80
ASSUMED_ANSWERS = 2.0  # for each fit, as many answers as if it alone foretold them

MOST_CELLS = 40_000_000
"""Of all matrices together, and of all posteriors: 320 MB. More, and people are judged by one number each."""

UNSEEN_AFTER = 50.0

TIE = 1e-9
"""Posteriors closer than this are equal, and the first class is taken: rounding must not choose."""


@dataclass(frozen=True)
class Combined:
    """chosen: per item its class; sure: how probable that is; because: the choice of method, as a sentence."""

    chosen: Labels
    sure: NDArray[np.float64]
    because: str


@dataclass(frozen=True)
class _Candidate:
    """One fit and what it foretells; weight: its share in the average."""

    drawn: Drawn
    fitted: Fit
    foretold: Foretold
    weight: float = 1.0


def combine_by_choice(
    items: Labels, people: Labels, labels: Labels, *, n_items: int, n_people: int, classes: int
) -> Combined:
    """The label of each item from coded answers sorted by item, one a person and item."""
    if not len(labels) or (labels == labels[0]).all():
        return _all_alike(items, labels, n_items, classes)
    if too_many_cells(n_items=n_items, n_people=n_people, classes=classes):
        coin = fit_one_coin(items, people, labels, n_items=n_items, n_people=n_people, classes=classes)
        because = f"{classes} classes are too many for confusion matrices: one accuracy a person (one-coin)."
        return Combined(coin.chosen, _never_certain(coin.sure, len(items)), because)
    copies = find_copies(items, people, labels, n_items=n_items, n_people=n_people, classes=classes)
    if copies.people:
        items, people, labels = one_vote_a_group(items, people, labels, copies)
    some = sample(n_items)
    if len(some) < n_items:
        answers = answers_to(some, items, people, labels)
        best = _weighed(*answers, n_items=len(some), n_people=n_people, classes=classes, among=TWO)[0]
        whole = partial(fit, items, people, labels, n_items=n_items, n_people=n_people, classes=classes)
        candidates = [replace(best, fitted=whole(drawn=best.drawn, start=best.fitted), weight=1.0)]
    else:
        among = SEVERAL if n_items * classes <= FEW_CELLS else TWO
        candidates = _weighed(items, people, labels, n_items=n_items, n_people=n_people, classes=classes, among=among)
    chosen = _chosen(candidates)
    dependence = max(one.foretold.dependence for one in candidates if one.weight >= HEARD)
    sure = np.zeros(n_items)
    for one in candidates:
        sure += one.weight * confidences(items, people, labels, one.fitted, chosen=chosen, dependence=dependence)
    doubt = _inverted_share(people, candidates[0].fitted)
    sure = (1.0 - doubt) * sure + doubt * (1.0 - sure) / max(classes - 1, 1)
    sure = _never_certain(sure, len(items))
    return Combined(chosen, sure, _because(candidates, copies, doubt, dependence, len(items) / max(n_items, 1)))


def _chosen(candidates: list[_Candidate]) -> Labels:
    """The likeliest class of each item, by all fits together."""
    if len(candidates) == 1:
        return best_class(candidates[0].fitted)
    together = candidates[0].weight * candidates[0].fitted.posteriors
    for one in candidates[1:]:
        together += one.weight * one.fitted.posteriors
    return likeliest(together, TIE)


def _all_alike(items: Labels, labels: Labels, n_items: int, classes: int) -> Combined:
    """Everybody always says the same: nothing tells who looks and who presses a key, so all count as strangers.

    Where the answers know of one class only, there may be another one that nobody chose.
    """
    chosen = np.full(n_items, labels[0] if len(labels) else 0, dtype=np.intp)
    rivals = max(classes, 2) - 1
    given = np.bincount(items, minlength=n_items)
    odds = given * math.log(STRANGER_ACCURACY * rivals / (1.0 - STRANGER_ACCURACY)) - math.log(rivals)
    because = "All answers are alike, which shows nobody's skill: everybody counts as a stranger."
    return Combined(chosen, _never_certain(expit(odds), len(items)), because)


def _never_certain(sure: NDArray[np.float64], answers: int) -> NDArray[np.float64]:
    """Confidences, below what so many answers can prove: an error that none of them shows is still possible.

    Laplace's rule of succession, as after `UNSEEN_AFTER` answers more.
    """
    most: NDArray[np.float64] = np.minimum(sure, 1.0 - 1.0 / (answers + UNSEEN_AFTER))
    return most


def too_many_cells(*, n_items: int, n_people: int, classes: int) -> bool:
    """Whether matrices or posteriors would not fit in memory."""
    return max(n_people * classes * classes, n_items * classes) > MOST_CELLS


def best_class(fitted: Fit) -> Labels:
    """The likeliest class of each item; of equally likely ones the first."""
    return likeliest(fitted.posteriors, TIE)


def _weighed(
    items: Labels, people: Labels, labels: Labels, *, n_items: int, n_people: int, classes: int, among: Sequence[Drawn]
) -> list[_Candidate]:
    """The fits with their weights, the weightiest first."""
    candidates = []
    for drawn in among:
        fitted = fit(items, people, labels, n_items=n_items, n_people=n_people, classes=classes, drawn=drawn)
        candidates.append(_Candidate(drawn, fitted, foretell(items, people, labels, fitted)))
    weights = stacked([one.foretold.gains for one in candidates])
    weighed = [replace(one, weight=weight) for one, weight in zip(candidates, weights, strict=True)]
    return sorted(weighed, key=lambda one: -one.weight)


def stacked(gains: Sequence[NDArray[np.float64]]) -> list[float]:
    """Weights under which the forecasts, mixed, foretell best. gains: of each, the log-likelihood of every answer."""
    likelihoods = np.exp(np.stack(gains))
    weights = np.full(len(gains), 1.0 / len(gains))
    for _ in range(STACKING_ROUNDS if likelihoods.size else 0):
        mixed = weights @ likelihoods
        weights = weights * (likelihoods @ (1.0 / mixed)) + ASSUMED_ANSWERS
        weights /= weights.sum()
    found: list[float] = weights.tolist()
    return found


def _inverted_share(people: Labels, fitted: Fit) -> float:
    """The share of answers by people who are fitted as worse than chance, beyond doubt, in the mean over classes."""
    classes = fitted.counts.shape[1]
    given = np.bincount(people, minlength=len(fitted.counts))
    if classes < 2 or not len(people):
        return 0.0
    right = np.einsum("pkk->p", fitted.shrinkage.confusions(fitted.counts)) / classes
    chance = 1.0 / classes
    inverted = right < chance - 2.0 * np.sqrt(chance * (1.0 - chance) / np.maximum(given, 1))
    return float(given[inverted].sum() / len(people))


def _because(candidates: list[_Candidate], copies: Copies, doubt: float, dependence: float, overlap: float) -> str:
    first = candidates[0]
    names = [f"{one.drawn.name} ({one.weight:.0%})" for one in candidates if one.weight >= 0.01]
    parts = [f"Dawid–Skene, people's thin records drawn to {', '.join(names)}"]
    if len(first.foretold.gains):
        parts.append(
            f"weighed by how they foretell left-out answers (the first by {first.foretold.gain:.3f} nats each)"
        )
        counted = overlap * evidence_share(max(overlap, 1.0), dependence)
        parts.append(f"{overlap:.1f} answers to an item count as {counted:.1f} independent ones")
    if copies.people:
        parts.append(f"{copies.people} people's answers are copies of others' and count once")
    if doubt >= 0.01:
        parts.append(f"{doubt:.0%} of answers contradict the rest, which lowers every confidence")
    return "; ".join(parts) + "."
