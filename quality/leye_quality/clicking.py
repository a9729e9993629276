"""Whose answers tell nothing of the items: clicked at random, or always the same.

A person knows the class with some competence, else answers by a habit of their own, the same whatever is true. Whose
competence is nearly nought tells nothing, however plausible the habit; who overlooks a class has competence too.
What is true is taken from the others' answers alone, so that nobody vouches for themselves; how competent people are is
learned from the whole crowd, so that a mediocre one is held against mediocre ones. Only what was answered is looked
at, never how fast. The result is a probability with its evidence, for a human who may propose practice; it decides
nothing by itself. Who always contradicts the others comes out too: perhaps the buttons are the wrong way round.

D. Hovy, T. Berg-Kirkpatrick, A. Vaswani, E. Hovy: Learning whom to trust with MACE. NAACL 2013 (competence and habit).
V. C. Raykar, S. Yu: Eliminating spammers and ranking annotators for crowdsourced labeling tasks. JMLR 13, 2012. The
crowd's competences without a shape assumed: N. Laird, Nonparametric maximum likelihood estimation of a mixing
distribution, JASA 73, 1978.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leye_quality.dawid_skene import Fit, normalised
from leye_quality.majority import Labels

Real = NDArray[np.float64]

COMPETENCES = np.array([0.0, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.97])
NOTHING = 2  # of the competences, as good as none: who knows one class in five tells nearly nothing
USUAL = 0.1
"""Share of people whose answers tell nothing, before anything is known."""

ASSUMED_PEOPLE = 10.0  # whose competences are spread as if nothing were known
FALSE_ALARMS = 0.0055
"""Share of the honest who may be looked at for nothing, in expectation. So many are looked at as this allows, the most
suspicious first: a fixed probability would look at too many in a mediocre crowd and at too few in an able one."""

FLAGGED = 0.5
"""So probable at least before a human is asked to look."""

CERTAIN = 0.75  # so probable, and the first is looked at however small the crowd is
LEAST_ANSWERS = 15
LEAST_GAINED = 0.2
"""Of what could be agreed beyond chance, so much by all people together; else the others are too unsure themselves to
say of anybody that they tell nothing."""

ASSUMED_ITEMS = 5.0  # of the crowd's classes, before anybody's own items are seen
MIX_ROUNDS = 12
HABIT_ROUNDS, CROWD_ROUNDS = 8, 60


@dataclass(frozen=True)
class Suspicion:
    """probability: that the answers tell nothing. agreed: the share that agrees with what the others make likely;
    by_chance: the share that the same labels, shuffled among the items, would. answers: those that others saw too.
    enough: how probable it has to be in this crowd before a human is asked to look."""

    probability: float
    agreed: float
    by_chance: float
    answers: int
    enough: float = FLAGGED

    @property
    def worth_a_look(self) -> bool:
        """Whether a human should look, and perhaps propose practice."""
        return self.answers >= LEAST_ANSWERS and self.probability >= self.enough


def suspicions(
    items: Labels,
    people: Labels,
    labels: Labels,
    fitted: Fit,
    *,
    known: Mapping[int, int] | None = None,
    fresh: NDArray[np.bool_] | None = None,
) -> list[Suspicion]:
    """One for each person of the fit. The three arrays as in the fit, of equal length.

    known: true labels of gold items. fresh: per answer, whether it says something of its author; all do without it.
    What is not fresh, because a human has looked at it, still says what is true.
    """
    n_people, classes = fitted.counts.shape[:2]
    told, beside = beside_others(items, people, labels, fitted, known)
    if fresh is not None:
        told, beside = told[fresh[told]], beside[fresh[told]]
    if classes < 2 or not len(told):
        return [Suspicion(USUAL, 0.0, 0.0, 0)] * n_people
    people, labels = people[told], labels[told]
    beside = _among_own_items(beside, people, fitted.prior, n_people)
    right = beside[np.arange(len(labels)), labels]
    by_competence = [_likelihoods(right, people, labels, n_people=n_people, competence=u) for u in COMPETENCES]
    probabilities = _without_competence(np.stack(by_competence, axis=1))
    answers = np.bincount(people, minlength=n_people)
    agreed = np.bincount(people, right, n_people) / np.maximum(answers, 1)
    by_chance = _by_chance(beside, people, labels, n_people, classes)
    gained = float((answers * (agreed - by_chance)).sum() / max(float((answers * (1.0 - by_chance)).sum()), 1e-12))
    enough = _enough(probabilities[answers >= LEAST_ANSWERS]) if gained >= LEAST_GAINED else math.inf
    rows = zip(probabilities.tolist(), agreed.tolist(), by_chance.tolist(), answers.tolist(), strict=True)
    return [Suspicion(*row, enough) for row in rows]


def beside_others(
    items: Labels, people: Labels, labels: Labels, fitted: Fit, known: Mapping[int, int] | None = None
) -> tuple[Labels, Real]:
    """Which answers gold or others' answers to the same item say something of, and what: (answers, classes).

    The first are places in the given arrays, items in rising order.
    """
    order = np.lexsort((labels, people, items))
    gold = np.array(sorted(known or {}), dtype=np.intp)
    given = np.bincount(items, minlength=len(fitted.posteriors))
    given[gold] += 1
    order = order[given[items[order]] >= 2]
    if not len(order):
        return order, np.zeros((0, fitted.posteriors.shape[1]))
    items, people, labels = items[order], people[order], labels[order]
    beside = _by_others(items, people, labels, fitted)
    is_gold = np.isin(items, gold)
    truths = np.array([(known or {})[item] for item in items[is_gold].tolist()], dtype=np.intp)
    beside[is_gold] = np.eye(beside.shape[1])[truths]
    return order, beside


def _among_own_items(beside: Real, people: Labels, prior: Real, n_people: int) -> Real:
    """The same, given which classes each person's items have: whoever got items of one class alone, as a sorted file
    hands them out, is rightly always alike. The mix of classes is learned from the others' answers to these items.

    M. Saerens, P. Latinne, C. Decaestecker: Adjusting the outputs of a classifier to new a priori probabilities.
    Neural Computation 14, 2002.
    """
    classes = beside.shape[1]
    start = np.maximum(prior, 1e-9)
    mix = np.tile(start, (n_people, 1))
    given = np.bincount(people, minlength=n_people)[:, None]
    own = beside
    for _ in range(MIX_ROUNDS):
        own = beside * (mix / start)[people]
        own /= np.maximum(own.sum(axis=1, keepdims=True), 1e-300)
        seen = np.stack([np.bincount(people, own[:, k], n_people) for k in range(classes)], axis=1)
        mix = (seen + ASSUMED_ITEMS * start) / (given + ASSUMED_ITEMS)
    return own


def _enough(probabilities: Real) -> float:
    """The probability from which on people are looked at, so that as few of them as allowed are honest.

    Y. Benjamini, Y. Hochberg, JRSS B 57, 1995, in B. Efron's Bayesian reading (Large-scale inference, 2010, chapter 2).
    """
    most_first = np.sort(probabilities)[::-1]
    honest = np.cumsum(1.0 - most_first)
    allowed = max(FALSE_ALARMS * float((1.0 - probabilities).sum()), 1.0 - CERTAIN)
    looked_at = int(np.searchsorted(honest, allowed, side="right"))
    return max(float(most_first[looked_at - 1]), FLAGGED) if looked_at else 1.0


def _by_others(items: Labels, people: Labels, labels: Labels, fitted: Fit) -> Real:
    """What the others' answers say of each answer's item, shape (answers, classes). items: sorted."""
    own = fitted.posteriors[items]
    evidence = np.log(fitted.shrinkage.likelihoods_without(fitted.counts, people, labels, own))
    starts = np.flatnonzero(np.diff(items, prepend=-1))
    rank = np.cumsum(np.diff(items, prepend=items[0]) != 0)
    return normalised(np.add.reduceat(evidence, starts)[rank] - evidence + np.log(fitted.prior))


def _likelihoods(right: Real, people: Labels, labels: Labels, *, n_people: int, competence: float) -> Real:
    """Log-likelihood of each person's answers at one competence, under the habit that explains them best.

    right: how probable the others make each answer.
    """
    classes = np.intp(labels.max() + 1)
    cells, place = np.unique(people * classes + labels, return_inverse=True)
    owner = cells // classes
    habit = np.bincount(place) / np.bincount(people, minlength=n_people)[owner]
    chance = right
    for _ in range(HABIT_ROUNDS):
        by_habit = (1.0 - competence) * habit[place]
        chance = competence * right + by_habit
        habit = np.bincount(place, by_habit / np.maximum(chance, 1e-12)) + 1e-3
        habit /= np.bincount(owner, habit, n_people)[owner]
    chance = competence * right + (1.0 - competence) * habit[place]
    return np.bincount(people, np.log(np.maximum(chance, 1e-12)), n_people).astype(np.float64)


def _without_competence(likelihoods: Real) -> Real:
    """How probable it is that each person has no competence; the crowd's competences are learned. (people, levels)."""
    levels = likelihoods.shape[1]
    some = levels - NOTHING
    assumed = np.array([*[USUAL / NOTHING] * NOTHING, *[(1.0 - USUAL) / some] * some])
    shares = assumed
    posteriors = normalised(likelihoods + np.log(shares))
    for _ in range(CROWD_ROUNDS):
        shares = posteriors.sum(axis=0) + ASSUMED_PEOPLE * assumed
        shares = shares / shares.sum()
        posteriors = normalised(likelihoods + np.log(shares))
    nothing: Real = posteriors[:, :NOTHING].sum(axis=1)
    return nothing


def _by_chance(beside: Real, people: Labels, labels: Labels, n_people: int, classes: int) -> Real:
    """The agreement of each person's labels, had they been given to their items in any order."""
    answers = np.maximum(np.bincount(people, minlength=n_people), 1).astype(np.float64)
    agreed = np.zeros(n_people)
    for label in range(classes):
        said = np.bincount(people, labels == label, n_people)
        agreed += said * np.bincount(people, beside[:, label], n_people)
    return agreed / answers**2
