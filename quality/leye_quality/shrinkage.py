"""How far a person's confusion matrix is drawn towards what is known of the person and of the crowd.

Every row is a multinomial with a Dirichlet prior around a one-coin row: right with the person's accuracy, else any
other class alike. The spectrum from one coin to a free matrix is Liu and Wang's hybrid model; where on it a crowd
lies is learned from the answers, by the likelihood of the counts with the rows integrated out.

C. Liu, Y.-M. Wang: TrueLabel + Confusions: a spectrum of probabilistic models in analyzing multiple ratings.
ICML 2012. B. Carpenter: Multilevel Bayesian models of categorical data annotation. 2008.
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

PERSON_STRENGTH = 4.0
"""Answers that the crowd's accuracy counts as in a person's. Not learned: counts in expectation make a crowd look more
alike than it is, and at two answers an item the learned strength would level everybody. From 2 to 16 nothing else
changes on fourteen simulated crowds and two recorded ones."""


@dataclass(frozen=True)
class Shrinkage:
    """accuracy: of the crowd. person: answers that it counts as in one person's accuracy, infinite where all are alike.
    row: answers that the one-coin row counts as in each row of a matrix."""

    accuracy: float = STRANGER_ACCURACY
    person: float = math.inf
    row: float = 8.0

    def accuracies(self, right: Shares, given: Shares) -> Shares:
        """Of people who gave so many answers, so many of them right."""
        if math.isinf(self.person):
            return np.full_like(right, self.accuracy)
        accuracies: Shares = (right + self.person * self.accuracy) / (given + self.person)
        return accuracies

    def confusions(self, counts: Counts) -> Counts:
        """The matrices, shape (people, given, true); every column sums to 1."""
        classes = counts.shape[1]
        matrices = counts + self.row * one_coin(self.accuracies(_right(counts), counts.sum(axis=(1, 2))), classes)
        matrices /= matrices.sum(axis=1, keepdims=True)
        return matrices

    def likelihoods_without(self, counts: Counts, people: Labels, labels: Labels, own: Shares) -> Shares:
        """Of each class, how likely the answers are, each judged by what else its author answered.

        own: what each answer added to `counts`, shape (answers, classes). Returns the same shape.
        """
        classes = counts.shape[1]
        right = _right(counts)[people] - own[np.arange(len(labels)), labels]
        accuracy = self.accuracies(right, counts.sum(axis=(1, 2))[people] - own.sum(axis=1))
        assumed = np.repeat(((1.0 - accuracy) / max(classes - 1, 1))[:, None], classes, axis=1)
        assumed[np.arange(len(labels)), labels] = accuracy
        seen = counts[people, labels] - own + self.row * assumed
        likelihoods: Shares = seen / (counts.sum(axis=1)[people] - own + self.row)
        return np.clip(likelihoods, 1e-9, 1.0)


def one_coin(accuracies: Shares, classes: int) -> Counts:
    """Matrices of people right so often and else any other class alike, shape (people, classes, classes)."""
    if classes == 1:
        return np.ones((len(accuracies), 1, 1))
    matrices = np.repeat((1.0 - accuracies) / (classes - 1), classes * classes).reshape(-1, classes, classes)
    diagonal = np.arange(classes)
    matrices[:, diagonal, diagonal] = accuracies[:, None]
    return matrices


def learn(counts: Counts, *, personal: bool) -> Shrinkage:
    """The row strength under which the counts are likeliest. personal: whether people have accuracies of their own."""
    given = counts.sum(axis=(1, 2))
    shrinkage = Shrinkage()
    if personal:
        rights = _right(counts).sum() + STRANGER_ANSWERS * STRANGER_ACCURACY
        shrinkage = Shrinkage(float(rights / (given.sum() + STRANGER_ANSWERS)), PERSON_STRENGTH)
    assumed = one_coin(shrinkage.accuracies(_right(counts), given), counts.shape[1])
    scores = [_dirichlet_multinomial(counts, assumed, strength) for strength in ROW_STRENGTHS]
    return replace(shrinkage, row=float(ROW_STRENGTHS[np.argmax(scores)]))


def _right(counts: Counts) -> Shares:
    right: Shares = np.einsum("pkk->p", counts)
    return right


def _dirichlet_multinomial(counts: Counts, assumed: Counts, strength: float) -> float:
    rows = gammaln(strength) - gammaln(strength + counts.sum(axis=1))
    cells = gammaln(strength * assumed + counts) - gammaln(strength * assumed)
    return float(rows.sum() + cells.sum())
