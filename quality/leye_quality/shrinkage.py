"""How far a person's confusion matrix is drawn towards what is known of the person and of the crowd.

Every row is a multinomial with a Dirichlet prior around an assumed row. The assumed row is a coin, right with the
person's accuracy and else any other class alike; or it is the crowd's, so that errors which people share are known of
somebody who has answered little, its odds of being right moved by how able the person is. The spectrum from one coin to
a free matrix is Liu and Wang's hybrid model, the crowd's matrix that of Carpenter's hierarchical one; how much the
assumed row counts is learned from the answers, by the likelihood of the counts with the rows integrated out.

C. Liu, Y.-M. Wang: TrueLabel + Confusions: a spectrum of probabilistic models in analyzing multiple ratings.
ICML 2012. B. Carpenter: Multilevel Bayesian models of categorical data annotation. 2008. S. Paun and others: Comparing
Bayesian models of annotation. TACL 6, 2018 (which of them suits which crowd).
"""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from leye_quality.majority import Labels, Shares
from leye_quality.posterior import STRANGER_ACCURACY

Counts = NDArray[np.float64]
"""Shape (people, given, true): how often each label was given to each class, in expectation."""

STRANGER_ANSWERS = 10.0
"""Answers that the assumption about strangers counts as in the accuracy of a crowd."""

ROW_STRENGTHS = np.array([1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0])


@dataclass(frozen=True)
class Drawn:
    """To what thin records are drawn. name: as a sentence says it. person: answers that the crowd's accuracy counts as
    in a person's, infinite where nobody has an accuracy of their own. shared: whether to the crowd's errors, class by
    class, else to a coin. The strength `person` is not learned: counts in expectation make a crowd look more alike than
    it is, and at two answers an item a learned one would level everybody."""

    name: str
    person: float
    shared: bool = False


OWN = Drawn("their own accuracy", 4.0)
LEVELLED = Drawn("their own accuracy, near the crowd's", 16.0)
SHARED = Drawn("the crowd's errors and their own accuracy", 16.0, shared=True)
CROWD = Drawn("the crowd's errors", math.inf, shared=True)
STRANGER = Drawn("a stranger's accuracy", math.inf)


@dataclass(frozen=True)
class Shrinkage:
    """accuracy: of the crowd. person: answers that it counts as in one person's accuracy, infinite where all are alike.
    row: answers that the assumed row counts as in each row of a matrix. crowd: the matrix of everybody together, given
    by true, towards which rows are drawn; None where it is a coin."""

    accuracy: float = STRANGER_ACCURACY
    person: float = math.inf
    row: float = 8.0
    crowd: Shares | None = None

    def accuracies(self, right: Shares, given: Shares) -> Shares:
        """Of people who gave so many answers, so many of them right."""
        if math.isinf(self.person):
            return np.full_like(right, self.accuracy)
        accuracies: Shares = (right + self.person * self.accuracy) / (given + self.person)
        return accuracies

    def assumed(self, counts: Counts) -> Counts:
        """The matrices towards which people's are drawn, shape (people, given, true)."""
        classes = counts.shape[1]
        accuracies = self.accuracies(_right(counts), counts.sum(axis=(1, 2)))
        if self.crowd is None:
            return one_coin(accuracies, classes)
        able = self._able(accuracies)
        matrices: Counts = self.crowd * ((1.0 - able) / (1.0 - np.diag(self.crowd)))[:, None, :]
        matrices[:, np.arange(classes), np.arange(classes)] = able
        return matrices

    def _able(self, accuracies: Shares) -> Shares:
        """How often people of such accuracies are right on each class: the crowd's odds, moved as theirs are.

        Shape (people, classes).
        """
        assert self.crowd is not None  # noqa: S101 -- asked of a shared matrix only
        diagonal = np.diag(self.crowd)
        if math.isinf(self.person):
            return np.repeat(diagonal[None], len(accuracies), axis=0)
        moved = accuracies * (1.0 - self.accuracy) / ((1.0 - accuracies) * self.accuracy)
        odds = (diagonal / (1.0 - diagonal))[None] * moved[:, None]
        able: Shares = np.clip(odds / (1.0 + odds), 1e-9, 1.0 - 1e-9)
        return able

    def confusions(self, counts: Counts) -> Counts:
        """The matrices, shape (people, given, true); every column sums to 1."""
        matrices = counts + self.row * self.assumed(counts)
        matrices /= matrices.sum(axis=1, keepdims=True)
        return matrices

    def likelihoods_without(self, counts: Counts, people: Labels, labels: Labels, own: Shares) -> Shares:
        """Of each class, how likely the answers are, each judged by what else its author answered.

        own: what each answer added to `counts`, shape (answers, classes). Returns the same shape.
        """
        right = _right(counts)[people] - own[np.arange(len(labels)), labels]
        accuracy = self.accuracies(right, counts.sum(axis=(1, 2))[people] - own.sum(axis=1))
        seen = counts[people, labels] - own + self.row * self._assumed_of(labels, accuracy, counts.shape[1])
        likelihoods: Shares = seen / (counts.sum(axis=1)[people] - own + self.row)
        return np.clip(likelihoods, 1e-9, 1.0)

    def _assumed_of(self, labels: Labels, accuracy: Shares, classes: int) -> Shares:
        """Of each class, how likely each label is assumed to be, given by somebody of such accuracy."""
        if self.crowd is None:
            assumed = np.repeat(((1.0 - accuracy) / max(classes - 1, 1))[:, None], classes, axis=1)
            assumed[np.arange(len(labels)), labels] = accuracy
            return assumed
        able = self._able(accuracy)
        assumed = self.crowd[labels] * (1.0 - able) / (1.0 - np.diag(self.crowd))
        assumed[np.arange(len(labels)), labels] = able[np.arange(len(labels)), labels]
        return assumed


def one_coin(accuracies: Shares, classes: int) -> Counts:
    """Matrices of people right so often and else any other class alike, shape (people, classes, classes)."""
    if classes == 1:
        return np.ones((len(accuracies), 1, 1))
    matrices = np.repeat((1.0 - accuracies) / (classes - 1), classes * classes).reshape(-1, classes, classes)
    diagonal = np.arange(classes)
    matrices[:, diagonal, diagonal] = accuracies[:, None]
    return matrices


def learn(counts: Counts, drawn: Drawn, row: float | None = None) -> Shrinkage:
    """What the counts say of the crowd, and the row strength under which they are likeliest, unless it is given."""
    given, classes = counts.sum(axis=(1, 2)), counts.shape[1]
    shrinkage = Shrinkage(person=drawn.person)
    if drawn.shared or not math.isinf(drawn.person):
        rights = _right(counts).sum() + STRANGER_ANSWERS * STRANGER_ACCURACY
        shrinkage = replace(shrinkage, accuracy=float(rights / (given.sum() + STRANGER_ANSWERS)))
    if drawn.shared and classes > 1:
        mean = counts.sum(axis=0) + STRANGER_ANSWERS * one_coin(np.array([shrinkage.accuracy]), classes)[0]
        shrinkage = replace(shrinkage, crowd=mean / mean.sum(axis=0))
    if row is None:
        assumed = shrinkage.assumed(counts)
        scores = [_dirichlet_multinomial(counts, assumed, strength) for strength in ROW_STRENGTHS]
        row = float(ROW_STRENGTHS[np.argmax(scores)])
    return replace(shrinkage, row=row)


def _right(counts: Counts) -> Shares:
    right: Shares = np.einsum("pkk->p", counts)
    return right


def _dirichlet_multinomial(counts: Counts, assumed: Counts, strength: float) -> float:
    rows = gammaln(strength) - gammaln(strength + counts.sum(axis=1))
    cells = gammaln(strength * assumed + counts) - gammaln(strength * assumed)
    return float(rows.sum() + cells.sum())
