"""One micro-task's posterior from its few answers, cheap enough for a web request.

The model is Dawid and Skene's (1979): given the true class, annotators answer independently, each by their own
confusion matrix. Sums run over sorted logarithms with `math.fsum`, so that the same answers in any order give
the same bits.

A. P. Dawid, A. M. Skene: Maximum likelihood estimation of observer error-rates using the EM algorithm.
Applied Statistics 28(1), 1979, pp. 20-28.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

STRANGER_ACCURACY = 0.75
"""Accuracy assumed of an annotator without a record: agreeing strangers persuade, but never make certain."""

TRUST_AFTER = 20
"""Answers after which a fitted matrix counts as much as the assumption about strangers."""

LEAST_PROBABILITY = 1e-6

Counted = TypeVar("Counted", float, NDArray[np.float64])

WRITTEN_OUT = 64
"""Classes up to which plain numbers are faster than arrays."""

Likelihoods = Sequence[float] | NDArray[np.float64]
"""How probable an answer is under each class."""

Confusion = tuple[tuple[float, ...], ...]
"""Rows: true class; columns: the class answered. Each row sums to 1."""


@lru_cache(maxsize=256)
def default_confusion(classes: int, accuracy: float = STRANGER_ACCURACY) -> Confusion:
    """Right with `accuracy`, else any other class alike. With one class there is nothing to confuse."""
    if classes < 2:
        return ((1.0,),)
    wrong = (1.0 - accuracy) / (classes - 1)
    return tuple(tuple(accuracy if i == j else wrong for j in range(classes)) for i in range(classes))


@dataclass(frozen=True)
class Skill:
    """A fitted confusion matrix and the number of answers it rests on.

    dependence: between answers to one item where the person works, as the fit found it (`dependence.py`).
    """

    confusion: Confusion
    answers: int
    dependence: float = 0.0

    @property
    def classes(self) -> int:
        return len(self.confusion)

    def mean_accuracy(self) -> float:
        """How often the person is right, in the mean over the classes."""
        return math.fsum(row[k] for k, row in enumerate(self.confusion)) / len(self.confusion)

    def shrunk(self) -> Confusion:
        """The matrix drawn towards a stranger's by how little it rests on."""
        stranger = default_confusion(len(self.confusion))
        weight = self.answers / (self.answers + TRUST_AFTER)
        return tuple(
            tuple(weight * fitted + (1 - weight) * assumed for fitted, assumed in zip(*rows, strict=True))
            for rows in zip(self.confusion, stranger, strict=True)
        )

    def likelihoods(self, label: int) -> list[float]:
        """How probable the label is under each class: a column of `shrunk`, without the others."""
        weight = self.answers / (self.answers + TRUST_AFTER)
        assumed = default_confusion(len(self.confusion))[label]  # a stranger's matrix is symmetric
        rest = 1 - weight
        return [weight * row[label] + rest * share for row, share in zip(self.confusion, assumed, strict=True)]

    def error_rate(self, truth: int) -> float:
        """How often the person errs on a class, by `shrunk`."""
        weight = self.answers / (self.answers + TRUST_AFTER)
        assumed = default_confusion(len(self.confusion))[truth][truth]
        return 1.0 - weight * self.confusion[truth][truth] - (1 - weight) * assumed

    def to_json(self) -> dict[str, Any]:
        """As plain JSON; `from_json` reads it."""
        return {
            "confusion": [list(row) for row in self.confusion],
            "answers": self.answers,
            "dependence": self.dependence,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Skill":
        return cls(tuple(tuple(row) for row in data["confusion"]), data["answers"], data.get("dependence", 0.0))


def evidence_share(answers: Counted, dependence: float) -> Counted:
    """The share of its evidence that each of some answers to one item keeps beside the others: 1 where it is alone.

    Kish's design effect: together they count as answers / (1 + (answers - 1) * dependence) independent ones.
    """
    return 1.0 / (1.0 + (answers - 1.0) * dependence)


def posterior(
    answers: Sequence[tuple[int, Confusion]], prior: Sequence[float] | None, classes: int
) -> tuple[float, ...]:
    """The probability of each class after the answers (label index, confusion of who gave it).

    prior: the share of each class, uniform where None. No answers: the prior itself.
    """
    return posterior_of([([row[label] for row in confusion], 1.0) for label, confusion in answers], prior, classes)


def posterior_of(
    evidence: Sequence[tuple[Likelihoods, float]], prior: Sequence[float] | None, classes: int
) -> tuple[float, ...]:
    """The same from how probable each answer is under each class, and the share of its evidence that it keeps."""
    if classes > WRITTEN_OUT:
        return _posterior_of_many(evidence, prior, classes)
    shares = [1.0 / classes] * classes if prior is None else [max(share, LEAST_PROBABILITY) for share in prior]
    log, least = math.log, LEAST_PROBABILITY
    logs = []
    for k in range(classes):  # written out: it runs inside each submit
        terms = [log(shares[k])]
        for column, kept in evidence:
            probability = column[k]
            terms.append(kept * log(probability if probability > least else least))
        terms.sort()
        logs.append(math.fsum(terms))
    highest = max(logs)
    weights = [math.exp(value - highest) for value in logs]
    total = math.fsum(weights)
    return tuple(weight / total for weight in weights)


def _posterior_of_many(
    evidence: Sequence[tuple[Likelihoods, float]], prior: Sequence[float] | None, classes: int
) -> tuple[float, ...]:
    """The same in arrays. Terms are added in their order by size, so that the order of the answers does not matter."""
    terms = np.empty((len(evidence) + 1, classes))
    terms[0] = 1.0 / classes if prior is None else prior
    for row, (column, _) in enumerate(evidence, start=1):
        terms[row] = column
    np.log(np.maximum(terms, LEAST_PROBABILITY, out=terms), out=terms)
    terms[1:] *= np.array([kept for _, kept in evidence])[:, None]
    terms.sort(axis=0)
    logs = terms[0]
    for more in terms[1:]:
        logs = logs + more
    weights = np.exp(logs - logs.max())
    found: list[float] = (weights / weights.sum()).tolist()
    return tuple(found)
