"""Dawid–Skene where classes are many: the same model as `dawid_skene`, at the cost of the answers.

Of a thousand classes only those that somebody gave to an item are weighed one by one (its candidates); that it is any
other one is a single possibility, under which everybody errs as their coin does. Matrices are held as the cells that
the answers touch, beside each person's accuracy (`sparse_skill`). Where every class is a candidate of every item, it
is `dawid_skene.fit` drawn to people's own accuracy, number by number.

A. P. Dawid, A. M. Skene: Maximum likelihood estimation of observer error-rates using the EM algorithm. Applied
Statistics 28(1), 1979, pp. 20-28. Only what was observed need be held: R. M. Neal, G. E. Hinton: A view of the EM
algorithm that justifies incremental, sparse, and other variants. Learning in Graphical Models, 1998 (sparse EM).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from leye_quality.candidates import Cells, Problem, Telling, candidates_of, paired
from leye_quality.dawid_skene import LEARN_EVERY, MOST_ROUNDS, PRIOR_CAUTION, TOLERANCE
from leye_quality.dependence import LEEWAY, best_dependence
from leye_quality.majority import Labels, Shares
from leye_quality.posterior import STRANGER_ACCURACY, evidence_share
from leye_quality.shrinkage import OWN, ROW_STRENGTHS, STRANGER_ANSWERS
from leye_quality.sparse_skill import SparseSkill

MOST_CANDIDATES = 16
"""Of an item: an item that hundreds answer in hundreds of ways must not cost their product. The others are rare."""

CELLS_TO_LEARN_FROM = 200_000
"""Of how many cells the strength of the coin is learned; of more, those of evenly spread people."""


@dataclass(frozen=True)
class ManyFit:
    """What the answers say. prior: of each class. dependence: between answers to one item, coming one by one.

    accuracies: of each person's coin. strength: what it counts as. counts: of each cell, the answers in expectation.
    """

    prior: Shares
    accuracies: Shares
    strength: float
    cells: Cells
    counts: Shares
    dependence: float

    def skills(self, answers: Labels) -> list[SparseSkill]:
        """Of each person, with the number of answers theirs shall rest on."""
        people = range(len(self.accuracies))
        ends = np.searchsorted(self.cells.person, np.arange(len(people) + 1))
        return [self._skill(person, slice(ends[person], ends[person + 1]), int(answers[person])) for person in people]

    def _skill(self, person: int, mine: slice, answers: int) -> SparseSkill:
        return SparseSkill(
            classes=len(self.prior),
            accuracy=float(self.accuracies[person]),
            answers=answers,
            strength=self.strength,
            given=self.cells.given[mine],
            truth=self.cells.truth[mine],
            counted=self.counts[mine],
            dependence=self.dependence,
        )


def fit_many(
    items: Labels,
    people: Labels,
    labels: Labels,
    *,
    n_items: int,
    n_people: int,
    classes: int,
    known: Mapping[int, int] | None = None,
    most_candidates: int = MOST_CANDIDATES,
) -> ManyFit:
    """Estimate accuracies, matrices and prior from coded answers, at least one to every item. items: sorted, the
    answers to each in the order in which they came. known: items whose class is given (gold). most_candidates: of an
    item, those given most often."""
    told = np.array(sorted((known or {}).items()), dtype=np.intp).reshape(-1, 2)
    candidates = candidates_of(items, labels, told, classes, most_candidates)
    pairs, cells = paired(items, people, labels, candidates, classes)
    telling = Telling.of(np.bincount(items, minlength=n_items), told[:, 0])
    return _Rounds(items, people, Problem(candidates, pairs, cells, telling, n_people, classes), told).run(labels)


class _Rounds:
    """Expectation and maximisation in turn, as in `dawid_skene`."""

    def __init__(self, items: Labels, people: Labels, model: Problem, told: Labels) -> None:
        self.items, self.people, self.model = items, people, model
        cells, candidates = model.cells, model.candidates
        self.of_cells = np.flatnonzero(model.pairs.cell < len(cells.person))
        kept = model.telling.people[items[model.pairs.answer[self.of_cells]]]
        self.teaching = self.of_cells[kept]
        self.total = _sums(people, model.telling.people[items], model.n_people)
        self.diagonal = cells.given == cells.truth
        self.known = np.flatnonzero(np.isin(candidates.item, told[:, 0]))
        true_class = np.full(len(model.telling.given), -1)
        true_class[told[:, 0]] = told[:, 1]
        self.known_shares = (candidates.label[self.known] == true_class[candidates.item[self.known]]).astype(np.float64)
        self.learned_from = self._learned_from()
        self.prior = np.full(model.classes, 1.0 / model.classes)
        self.crowd, self.strength = STRANGER_ACCURACY, 8.0
        self.counts = self.met = self.right = self.accuracies = np.zeros(0)

    def _learned_from(self) -> Labels:
        """Cells of whole people."""
        person = self.model.cells.person
        every = -(-len(person) // CELLS_TO_LEARN_FROM)
        return np.flatnonzero(person % every == 0) if every > 1 else np.arange(len(person))

    def run(self, labels: Labels) -> ManyFit:
        """From the shares of the votes until the posteriors move no more."""
        model = self.model
        votes = _sums(
            model.pairs.candidate,
            labels[model.pairs.answer] == model.candidates.label[model.pairs.candidate],
            len(model.candidates.label),
        )
        shares = self._hold(votes / model.telling.given[model.candidates.item])
        rounds, moved, weighed = 0, np.inf, np.count_nonzero(model.candidates.label >= 0)
        while rounds < MOST_ROUNDS and moved >= TOLERANCE:
            self._learn(shares, rounds)
            updated = self._expected()
            rounds += 1
            moved = float(np.abs(updated - shares).sum()) / weighed
            shares = updated
        self._count(shares)
        dependence = best_dependence([self._left_out(labels, shares)], self.prior, LEEWAY)
        return ManyFit(self.prior, self.accuracies, self.strength, model.cells, self.counts, dependence.dependence)

    def _hold(self, shares: Shares) -> Shares:
        shares[self.known] = self.known_shares
        return shares

    def _count(self, shares: Shares) -> None:
        """Who gave what to which class, and so how often each is right."""
        pairs, cells, n_people = self.model.pairs, self.model.cells, self.model.n_people
        taught = shares[pairs.candidate[self.teaching]]
        self.counts = _sums(pairs.cell[self.teaching], taught, len(cells.person))
        self.met = _sums(cells.row, self.counts, len(cells.row_person))
        self.right = _sums(cells.person[self.diagonal], self.counts[self.diagonal], n_people)
        self.accuracies = self._accuracies(self.right, self.total)

    def _accuracies(self, right: Shares, total: Shares) -> Shares:
        accuracies: Shares = (right + OWN.person * self.crowd) / (total + OWN.person)
        return accuracies

    def _learn(self, shares: Shares, rounds: int) -> None:
        """The maximisation step."""
        model = self.model
        self._count(shares)
        rights = self.right.sum() + STRANGER_ANSWERS * STRANGER_ACCURACY
        self.crowd = float(rights / (self.total.sum() + STRANGER_ANSWERS))
        self.accuracies = self._accuracies(self.right, self.total)
        if rounds % LEARN_EVERY == 0:
            self.strength = self._likeliest_strength()
        label, telling = model.candidates.label, model.telling
        said = shares * telling.prior[model.candidates.item]
        mass = _sums(label[label >= 0], said[label >= 0], model.classes)
        mass += said[label < 0].sum() * self.prior
        prior = mass + 1.0 + PRIOR_CAUTION * telling.thin * np.count_nonzero(telling.prior) / model.classes
        self.prior = prior / prior.sum()

    def _assumed(self) -> Shares:
        """Of each cell, what its person's coin gives."""
        own = self.accuracies[self.model.cells.person]
        assumed: Shares = np.where(self.diagonal, own, (1.0 - own) / (self.model.classes - 1))
        return assumed

    def _likeliest_strength(self) -> float:
        """Under which the counts are likeliest, the rows integrated out: as `shrinkage.learn` finds it."""
        some = self.learned_from
        counts, assumed = self.counts[some], self._assumed()[some]
        rows = np.unique(self.model.cells.row[some])
        met = self.met[rows]
        scores = [
            (gammaln(strength) - gammaln(strength + met)).sum()
            + (gammaln(strength * assumed + counts) - gammaln(strength * assumed)).sum()
            for strength in ROW_STRENGTHS.tolist()
        ]
        return float(ROW_STRENGTHS[np.argmax(scores)])

    def _expected(self) -> Shares:
        """The expectation step: how probable each candidate is."""
        pairs, cells = self.model.pairs, self.model.cells
        fitted = (self.counts + self.strength * self._assumed()) / (self.met[cells.row] + self.strength)
        logs = np.log(np.concatenate([fitted, self._by_coin(self.accuracies) * self._unmet()]))
        scores = _sums(pairs.candidate, logs[pairs.cell], len(self.model.candidates.label))
        scores += self.model.any_other(self.prior)
        return self._hold(self.model.normalised(scores))

    def _by_coin(self, accuracies: Shares) -> Shares:
        """How probable it is that somebody gives one certain wrong class."""
        wrong: Shares = (1.0 - accuracies) / (self.model.classes - 1)
        return wrong

    def _unmet(self) -> Shares:
        """Of each person, how much a coin decides what they answer to any class: less where they met many of it."""
        cells = self.model.cells
        known = self.prior[cells.row_truth] * self.met / (self.met + self.strength)
        unmet: Shares = np.maximum(1.0 - _sums(cells.row_person, known, self.model.n_people), 1e-6)
        return unmet

    def _left_out(self, labels: Labels, shares: Shares) -> "_LeftOut":
        """What is said of each answer by those before it on its item, matrices without the item: as `foretell` does."""
        pairs, cells, candidates = self.model.pairs, self.model.cells, self.model.candidates
        taught = self.model.telling.given[self.items] >= 2
        own = shares[pairs.candidate] * taught[pairs.answer]
        same = candidates.label[pairs.candidate] == labels[pairs.answer]
        own_right = _sums(pairs.answer, own * same, len(labels))
        accuracies = self._accuracies(self.right[self.people] - own_right, self.total[self.people] - taught)
        likelihoods = (self._by_coin(accuracies) * self._unmet()[self.people])[pairs.answer]
        at, cell = self.of_cells, pairs.cell[self.of_cells]
        by_coin = np.where(same[at], accuracies[pairs.answer[at]], self._by_coin(accuracies)[pairs.answer[at]])
        seen = self.counts[cell] - own[at] + self.strength * by_coin
        likelihoods[at] = seen / (self.met[cells.row[cell]] - own[at] + self.strength)
        likelihoods = np.clip(likelihoods, 1e-9, 1.0)
        return _LeftOut.of(self.items, self.model, likelihoods)


@dataclass(frozen=True)
class _LeftOut:
    """Each answer that is not the first to its item, beside its item's candidates.

    starts: where each answer's begin. others: what the answers before say, as a logarithm. beside: how many they are.
    """

    model: Problem
    candidate: Labels
    starts: Labels
    likelihoods: Shares
    others: Shares
    beside: Shares

    @classmethod
    def of(cls, items: Labels, model: Problem, likelihoods: Shares) -> "_LeftOut":
        """likelihoods: of each pair, how probable the answer is."""
        pairs = model.pairs
        evidence = np.log(likelihoods)
        order = np.lexsort((pairs.answer, pairs.candidate))
        total = np.cumsum(evidence[order]) - evidence[order]
        first = np.flatnonzero(np.diff(pairs.candidate[order], prepend=-1))
        many = np.diff(first, append=len(order))
        before = np.empty(len(order))
        before[order] = total - np.repeat(total[first], many)
        rank = np.arange(len(items)) - np.searchsorted(items, items)
        told = rank[pairs.answer] > 0
        answer = pairs.answer[told]
        starts = np.flatnonzero(np.diff(answer, prepend=-1))
        beside = rank[answer].astype(np.float64)
        return cls(model, pairs.candidate[told], starts, likelihoods[told], before[told], beside)

    def foretold(self, prior: Shares, dependence: float) -> Shares:
        """The log-likelihood of each answer, from those before counted as so dependent."""
        if not len(self.starts):
            return np.zeros(0)
        scores = evidence_share(self.beside, dependence) * self.others + self.model.any_other(prior)[self.candidate]
        many = np.diff(self.starts, append=len(scores))
        weights = np.exp(scores - np.repeat(np.maximum.reduceat(scores, self.starts), many))
        found: Shares = np.log(
            np.add.reduceat(weights * self.likelihoods, self.starts) / np.add.reduceat(weights, self.starts)
        )
        return found


def _sums(at: Labels, what: Shares | NDArray[np.bool_], length: int) -> Shares:
    """The sum of what falls to each place."""
    sums: Shares = np.bincount(at, what, minlength=length).astype(np.float64, copy=False)
    return sums
