"""Labels by the method that suits the data: `auto`, and why.

1. People whose answers are copies count as one (`copying`).
2. Two fits of Dawid–Skene differ in what a thin record is drawn to: the person's own accuracy, which suits most
   crowds, or a stranger's, class by class, which suits rare classes. Each left-out answer is foretold by both
   (`dependence`); the second is taken where it foretells better beyond doubt. No truth is needed.
3. The confidence counts the answers to one item as the dependent ones that they are.
4. Where people who give many of the answers are fitted as worse than chance, the two camps could be the other way
   round, and the confidence says so.

Too many classes for matrices: one coin a person (`one_coin`). Nothing is ever certain: P. S. de Laplace's rule of
succession (Essai philosophique sur les probabilités, 1814) bounds every confidence by the number of answers.
"""

import math
from dataclasses import dataclass
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

BEYOND_DOUBT = 4.0
"""Standard errors of the mean gain by which the second fit must lead."""

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
    personal: bool
    fitted: Fit
    foretold: Foretold

    @property
    def name(self) -> str:
        return "their own accuracy" if self.personal else "a stranger's, class by class"


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
    answers = (items, people, labels) if len(some) == n_items else answers_to(some, items, people, labels, n_items)
    taken, other = _better(answers, len(some), n_people, classes)
    fitted = taken.fitted
    if len(fitted.posteriors) < n_items:
        whole = partial(fit, items, people, labels, n_items=n_items, n_people=n_people, classes=classes)
        fitted = whole(personal=taken.personal, start=fitted)
    chosen = best_class(fitted)
    sure = confidences(items, people, labels, fitted, chosen=chosen, dependence=taken.foretold.dependence)
    doubt = _inverted_share(people, fitted)
    sure = (1.0 - doubt) * sure + doubt * (1.0 - sure) / max(classes - 1, 1)
    sure = _never_certain(sure, len(items))
    return Combined(chosen, sure, _because(taken, other, copies, doubt, len(items) / max(n_items, 1)))


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


def _better(
    answers: tuple[Labels, Labels, Labels], n_items: int, n_people: int, classes: int
) -> tuple[_Candidate, _Candidate]:
    """Both candidates, the better one first."""
    items, people, labels = answers
    candidates = []
    for personal in (True, False):
        fitted = fit(items, people, labels, n_items=n_items, n_people=n_people, classes=classes, personal=personal)
        candidates.append(_Candidate(personal, fitted, foretell(items, people, labels, fitted)))
    own, alike = candidates
    return (alike, own) if _leads(alike, own) else (own, alike)


def _leads(first: _Candidate, second: _Candidate) -> bool:
    ahead = first.foretold.gains - second.foretold.gains
    if len(ahead) < 2:
        return False
    return float(ahead.mean()) > BEYOND_DOUBT * float(ahead.std()) / math.sqrt(len(ahead))


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


def _because(taken: _Candidate, other: _Candidate, copies: Copies, doubt: float, overlap: float) -> str:
    parts = [f"Dawid–Skene, people's thin records drawn to {taken.name}"]
    if len(taken.foretold.gains):
        gains = f"{taken.foretold.gain:.3f} against {other.foretold.gain:.3f} nats an answer"
        parts.append(f"foretells left-out answers by {gains} with {other.name}")
        counted = overlap * evidence_share(max(overlap, 1.0), taken.foretold.dependence)
        parts.append(f"{overlap:.1f} answers to an item count as {counted:.1f} independent ones")
    if copies.people:
        parts.append(f"{copies.people} people's answers are copies of others' and count once")
    if doubt >= 0.01:
        parts.append(f"{doubt:.0%} of answers contradict the rest, which lowers every confidence")
    return "; ".join(parts) + "."
