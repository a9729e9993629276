"""What is known of a person where classes are many: not a matrix, but what they were seen to answer.

A fitted confusion matrix is a coin, right with the person's accuracy and else any other class alike, to which the
answers seen are added (`shrinkage`). Of a thousand classes a person has met a few hundred and mixed up a few dozen:
only those are kept, and every other cell follows from the accuracy. The two forms hold the same numbers.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leye_quality.posterior import STRANGER_ACCURACY, TRUST_AFTER, Skill, default_confusion

MATRIX_CLASSES = 32
"""Of more, a matrix is larger than what a person answers in days, and what was seen is kept instead."""

LEAST_COUNT = 1e-3
"""Answers, in expectation: less than that is not written down."""

DIGITS = 6

Numbers = Sequence[int] | NDArray[np.integer[Any]]
Counted = Sequence[float] | NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SparseSkill:
    """A fitted confusion matrix of `classes`, and the number of answers it rests on.

    accuracy: of the coin. strength: answers that it counts as in each row, above 0. given, truth, counted: of equal
    length, by the class given in rising order; how often, in expectation, it was said of the true class. dependence: as
    a `Skill` has it.
    """

    classes: int
    accuracy: float
    answers: int
    strength: float = 1.0
    given: Numbers = ()
    truth: Numbers = ()
    counted: Counted = ()
    dependence: float = 0.0

    def likelihoods(self, label: int) -> NDArray[np.float64]:
        """How probable the label is under each class, drawn towards a stranger as `Skill.likelihoods` is."""
        others, trust = max(self.classes - 1, 1), self.answers / (self.answers + TRUST_AFTER)
        column = np.full(self.classes, self.strength * (1.0 - self.accuracy) / others)
        column[label] = self.strength * self.accuracy
        if len(self.given):
            truth, counted = np.asarray(self.truth, dtype=np.intp), np.asarray(self.counted)
            here = slice(bisect_left(self.given, label), bisect_right(self.given, label))
            column[truth[here]] += counted[here]
            column /= self.strength + np.bincount(truth, counted, minlength=self.classes)
        else:
            column /= self.strength
        right = trust * column[label] + (1.0 - trust) * STRANGER_ACCURACY
        column *= trust
        column += (1.0 - trust) * (1.0 - STRANGER_ACCURACY) / others
        column[label] = right
        return column

    def error_rate(self, truth: int) -> float:
        """How often the person errs on a class, drawn towards a stranger."""
        return 1.0 - float(self.likelihoods(truth)[truth])

    def mean_accuracy(self) -> float:
        """How often the person is right, in the mean over the classes."""
        given, truth = np.asarray(self.given, dtype=np.intp), np.asarray(self.truth, dtype=np.intp)
        counted, same = np.asarray(self.counted, dtype=np.float64), given == truth
        right = self.strength * self.accuracy + np.bincount(truth[same], counted[same], minlength=self.classes)
        return float((right / (self.strength + np.bincount(truth, counted, minlength=self.classes))).mean())

    def to_json(self) -> dict[str, Any]:
        """As plain JSON, of a size proportional to what was answered; `read_skill` reads it."""
        counted = np.asarray(self.counted, dtype=np.float64)
        kept = counted >= LEAST_COUNT
        return {
            "classes": self.classes,
            "accuracy": self.accuracy,
            "answers": self.answers,
            "strength": self.strength,
            "given": np.asarray(self.given, dtype=np.intp)[kept].tolist(),
            "truth": np.asarray(self.truth, dtype=np.intp)[kept].tolist(),
            "counted": np.round(counted[kept], DIGITS).tolist(),
            "dependence": self.dependence,
        }


KnownSkill = Skill | SparseSkill
"""What is known of a person, in either form."""


def read_skill(data: Mapping[str, Any]) -> KnownSkill:
    """A record as it is kept: what was seen, or a matrix, as all records once were."""
    return Skill.from_json(data) if "confusion" in data else SparseSkill(**data)


@lru_cache(maxsize=256)
def plain_skill(classes: int, accuracy: float = STRANGER_ACCURACY, answers: int = 0) -> KnownSkill:
    """Somebody right so often on every class; by default a stranger, of whom there is no record."""
    if classes > MATRIX_CLASSES:
        return SparseSkill(classes, accuracy, answers)
    return Skill(default_confusion(classes, accuracy), answers)
