"""What a batch will take, before it opens: answers an item, share reviewed and accuracy of three pipelines. Pure.

Items are drawn by the shares of the classes, people by the shares of the answers they give, answers by people's
confusion matrices (Dawid and Skene 1979), and each item is carried through the very rules that decide real ones
(`consensus.py`, `stopping.py`): a posterior predictive check run forwards (Rubin 1984). The seed is fixed, so that the
same evidence gives the same forecast. What is not known of people is drawn as well: each repetition takes matrices
from their Dirichlet posteriors, and the spread between repetitions widens the interval. People stumble together over
an item: each answer is, with probability sqrt(dependence), one that all of the item's answers share, which gives any
two of them that correlation (Lunn and Davies 1998).

Propose and verify: the second person looks at what the first has said, as independently as if it were an answer of
their own (Bernstein et al. 2010 have people verify what others made); what they do not confirm goes to a reviewer.

D. B. Rubin: Bayesianly justifiable and relevant frequency calculations for the applied statistician. Annals of
Statistics 12(4), 1984. A. D. Lunn, S. J. Davies: A note on generating correlated binary variables. Biometrika 85(2),
1998. M. S. Bernstein et al.: Soylent, a word processor with a crowd inside. UIST 2010.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from leye_quality.agreement import Interval
from leye_quality.consensus import ConsensusKind, combine
from leye_quality.estimate import TOO_MODEST, TOO_SURE
from leye_quality.posterior import Skill
from leye_quality.stopping import NextStep, next_step

REPETITIONS, ITEMS = 20, 50
"""So many crowds are drawn, and so many items for each: answers an item are then foretold to about 0.05."""
SMOOTHING = 5.0
"""Answers to a class that a fitted matrix rests on beyond those given: a fit draws people towards each other."""
SEED = 1


@dataclass(frozen=True)
class Member:
    """One of those who will answer.

    skill: with the answers that the project has from them already, by which it will weigh theirs; 0: a stranger so far.
    evidence: answers that the matrix rests on, here or elsewhere. share: of the answers, beside those of the others.
    """

    skill: Skill
    evidence: int
    share: float


@dataclass(frozen=True)
class Crowd:
    """At least one person, and the share of each class, 0 to 1."""

    members: Sequence[Member]
    prior: tuple[float, ...]


@dataclass(frozen=True)
class Plan:
    """A batch of `items` and the settings of the pipelines.

    start, limit, confidence: of consensus, as `next_step` takes them. check_share: of single answers, how many a
    reviewer looks at. reviewer: how often reviewers are right.
    """

    items: int
    start: int
    limit: int
    confidence: float
    check_share: float
    reviewer: float


@dataclass(frozen=True)
class Forecast:
    """Answers an item, the share of items that a reviewer settles, and the share that is right with its interval."""

    answers: Fraction
    reviewed: Fraction
    accuracy: Interval


@dataclass(frozen=True)
class Forecasts:
    """The same batch by three pipelines."""

    consensus: Forecast
    single_check: Forecast
    propose_verify: Forecast


def foretell_batch(crowd: Crowd, plan: Plan) -> Forecasts:
    """What the pipelines will take and give.

    Raises ValueError for an empty crowd or batch, and for matrices of another number of classes.
    """
    classes = len(crowd.prior)
    if not crowd.members or plan.items < 1 or plan.limit < plan.start:
        raise ValueError("a forecast needs people, items, and a limit not below the start")
    if any(len(member.skill.confusion) != classes for member in crowd.members):
        raise ValueError(f"a skill for another number of classes than {classes}")
    random = np.random.default_rng(SEED)
    shares = _shares(crowd)
    crowds = _matrices(crowd, random)
    answers, reviewed, unconfirmed, drawn = 0, 0, 0, REPETITIONS * ITEMS
    rights: list[tuple[float, float, float]] = []
    check, reviewer = plan.check_share, plan.reviewer
    for item in _drawn(crowd, crowds, max(plan.limit, 2), random):
        given, label = _settle(item, crowd, plan, shares)
        first, second = item.labels[:2]
        answers += given
        reviewed += label is None
        unconfirmed += first != second
        by_consensus = reviewer if label is None else float(label == item.truth)
        by_one = (1 - check) * (first == item.truth) + check * reviewer
        rights.append((by_consensus, by_one, reviewer if first != second else float(first == item.truth)))
    spread = _spread_between(crowds, shares, np.array(crowd.prior))
    told = [_accuracy(sum(column) / drawn, spread, plan.items) for column in zip(*rights, strict=True)]
    return Forecasts(
        Forecast(Fraction(answers, drawn), Fraction(reviewed, drawn), told[0]),
        Forecast(Fraction(1), Fraction(str(check)), told[1]),
        Forecast(Fraction(2), Fraction(unconfirmed, drawn), told[2]),
    )


@dataclass(frozen=True)
class _Item:
    """progress: how much of the batch was done before it, 0 to 1. labels: who would answer what, in that order."""

    truth: int
    people: list[int]
    labels: list[int]
    progress: float


def _drawn(crowd: Crowd, crowds: NDArray[np.float64], depth: int, random: np.random.Generator) -> Iterator[_Item]:
    shares = _shares(crowd)
    prior = np.array(crowd.prior) / sum(crowd.prior)
    dependence = max(member.skill.dependence for member in crowd.members)
    for matrices in crowds:
        truths = random.choice(len(prior), ITEMS, p=prior)
        people = _order(shares, depth, random)
        own = _answers(matrices[people, truths[:, None]], random)
        usual = np.einsum("p,pij->ij", shares, matrices)
        common = _answers(usual[truths][:, None], random)
        labels = np.where(random.random(own.shape) < math.sqrt(min(dependence, 1.0)), common, own)
        for n, row in enumerate(zip(truths.tolist(), people.tolist(), labels.tolist(), strict=True)):
            yield _Item(*row, progress=n / ITEMS)


def _shares(crowd: Crowd) -> NDArray[np.float64]:
    shares = np.array([member.share for member in crowd.members], dtype=np.float64)
    return np.asarray(shares / shares.sum())


def _matrices(crowd: Crowd, random: np.random.Generator) -> NDArray[np.float64]:
    """Draws of everybody's confusion matrix, shape (repetitions, people, true class, class answered)."""
    fitted = np.array([member.skill.confusion for member in crowd.members])
    rests_on = np.array([member.evidence for member in crowd.members])[:, None] * np.array(crowd.prior) + SMOOTHING
    counts = np.maximum(fitted, 1e-9) * rests_on[:, :, None]
    weights = random.standard_gamma(counts, size=(REPETITIONS, *counts.shape)) + 1e-12
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True))


def _order(shares: NDArray[np.float64], depth: int, random: np.random.Generator) -> NDArray[np.intp]:
    """Who answers each item, shape (items, depth): without anybody twice, as long as there are enough people."""
    keys = np.log(shares) + random.gumbel(size=(ITEMS, len(shares)))
    order = np.argsort(-keys, axis=1)[:, :depth]
    return np.resize(order.T, (depth, ITEMS)).T


def _answers(chances: NDArray[np.float64], random: np.random.Generator) -> NDArray[np.intp]:
    """A class for each distribution in the last axis."""
    reached = np.cumsum(chances, axis=-1)
    reached[..., -1] = 1.0
    return np.asarray((random.random(chances.shape[:-1])[..., None] >= reached).sum(axis=-1))


def _settle(item: _Item, crowd: Crowd, plan: Plan, shares: NDArray[np.float64]) -> tuple[int, int | None]:
    """How many answers consensus takes, and the class it decides; None where a reviewer has to."""
    labels: list[frozenset[int]] = []
    skills: list[Skill] = []
    for person, label in zip(item.people[: plan.limit], item.labels, strict=False):
        # The project learns while the batch is worked on.
        known = crowd.members[person].skill
        learned = int(item.progress * plan.items * plan.start * shares[person])
        skills.append(replace(known, answers=known.answers + learned))
        labels.append(frozenset({label}))
        if len(labels) < plan.start:
            continue
        found = combine(ConsensusKind.SINGLE, labels, skills, len(crowd.prior), crowd.prior)
        step = next_step(
            found.confidence,
            answers=len(labels),
            wanted=plan.start,
            limit=plan.limit,
            enough=plan.confidence,
            contradictory=found.contradictory,
        )
        if step is NextStep.DECIDE:
            return len(labels), next(iter(found.labels))
        if step is NextStep.REVIEW:
            break
    return len(labels), None


def _spread_between(crowds: NDArray[np.float64], shares: NDArray[np.float64], prior: NDArray[np.float64]) -> float:
    """The variance of an answer's mean accuracy between the crowds drawn; that of a consensus is smaller."""
    return float(np.einsum("rpkk,p,k->r", crowds, shares, prior / prior.sum()).var(ddof=1))


def _accuracy(mean: float, spread: float, items: int) -> Interval:
    """With what a batch may differ: by chance, by what is unknown of people (a variance), by a fit's own error."""
    chance = mean * (1 - mean) * (1 / items + 1 / (REPETITIONS * ITEMS))
    half = 1.96 * math.sqrt(spread + chance)
    return Interval(mean, max(0.0, mean - half - TOO_SURE), min(1.0, mean + half + TOO_MODEST), items)
