"""Things that several people find in one item: which marks mean one thing, whether it is there, and what it is.

Boxes in a picture and segments of a recording differ in what a place is, not in this. Two explanations of a group of
marks compete: a thing that each person finds or misses, or marks for nothing; each person has a rate of each, and one
of right classes (A. P. Dawid, A. M. Skene, Maximum likelihood estimation of observer error-rates using the EM
algorithm, Applied Statistics 28(1), 1979; for boxes S. Branson, G. Van Horn, P. Perona, Lean crowdsourcing, CVPR 2017).
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logsumexp

from leye_quality.boxes import same_object

Real = NDArray[np.float64]

COINCIDENCE = 0.1
"""How probable it is that a mark for nothing falls on another person's: seldom by chance, oftener by a shared error."""

LEAST_RATE = 1e-4

STRANGER_OBJECTS = 3.0  # objects that the assumption about strangers counts as, for what is missed
STRANGER_CLASSES = 10.0  # objects, for the class
STRANGER_ITEMS = 3.0


class Marked(Protocol):
    """A mark of some class."""

    @property
    def label(self) -> str: ...


Mark = TypeVar("Mark", bound=Marked)


@dataclass(frozen=True)
class Evidence:
    """The marks of one or many items, grouped into possible things.

    drawn_*: one entry a mark: its group, who made it, its class and its edges. seen_*: one entry for each group and
    each person who answered its item; `seen_drawn` says who marked it. picture_of: the item of each group.
    """

    drawn_group: NDArray[np.intp]
    drawn_person: NDArray[np.intp]
    drawn_class: NDArray[np.intp]
    drawn_at: Real
    seen_group: NDArray[np.intp]
    seen_person: NDArray[np.intp]
    seen_drawn: NDArray[np.bool_]
    picture_of: NDArray[np.intp]
    answers_of: Real

    @property
    def groups(self) -> int:
        return len(self.picture_of)

    @property
    def drawn(self) -> Real:
        """How many people marked each group."""
        return np.bincount(self.drawn_group, minlength=self.groups).astype(np.float64)

    def sums(self, values: Real) -> Real:
        """Sums over each group's marks of values (marks, edges)."""
        columns = [np.bincount(self.drawn_group, column, self.groups) for column in values.T]
        return np.stack(columns, axis=1)


@dataclass
class Rates:
    """Rates as arrays over people, and the scene: `objects` an item, `shares` over classes."""

    missed: Real
    ghosts: Real
    right_class: Real
    objects: float
    shares: Real


def gather(
    items: Sequence[Sequence[tuple[int, Sequence[Mark]]]],
    people: int,
    class_of: Mapping[str, int],
    edges: Callable[[Sequence[Mark]], Real],
    overlap: Callable[[Real, Real], Real],
) -> Evidence:
    """Group the marks of each item. items: for each, its answers as (person, marks), one a person.

    edges: where marks are, shape (marks, edges). overlap: how far such places coincide, 0 to 1, all pairs.
    """
    drawn: list[tuple[int, int, int]] = []
    places: list[Real] = []
    seen: list[NDArray[np.intp]] = []
    picture_of: list[int] = []
    answers_of = np.zeros(people)
    for number, answers in enumerate(items):
        present = np.array([person for person, _ in answers], dtype=np.intp)
        answers_of[present] += 1
        who = np.repeat(present, [len(marks) for _, marks in answers])
        kinds = np.array([class_of[mark.label] for _, marks in answers for mark in marks], dtype=np.intp)
        at = edges([mark for _, marks in answers for mark in marks])
        order = np.lexsort((*at.T, kinds, who))  # the order in which a person made them does not matter
        who, kinds, at = who[order], kinds[order], at[order]
        none = np.zeros(0, dtype=np.intp)
        group_of = same_object(at, kinds, who, overlap) + len(picture_of) if len(at) else none
        groups = len(np.unique(group_of))
        drawn += zip(group_of.tolist(), who.tolist(), kinds.tolist(), strict=True)
        places.append(at)
        seen.append(
            np.stack([np.repeat(np.arange(groups) + len(picture_of), len(present)), np.tile(present, groups)], axis=1)
        )
        picture_of += [number] * groups
    columns = np.array(drawn, dtype=np.intp).reshape(-1, 3)
    pairs = np.concatenate(seen) if seen else np.zeros((0, 2), dtype=np.intp)
    keys = columns[:, 0] * people + columns[:, 1]
    return Evidence(
        drawn_group=columns[:, 0],
        drawn_person=columns[:, 1],
        drawn_class=columns[:, 2],
        drawn_at=np.concatenate(places) if places else edges([]),
        seen_group=pairs[:, 0],
        seen_person=pairs[:, 1],
        seen_drawn=np.isin(pairs[:, 0] * people + pairs[:, 1], keys),
        picture_of=np.array(picture_of, dtype=np.intp),
        answers_of=answers_of,
    )


def votes(evidence: Evidence, classes: int) -> tuple[Real, Real]:
    """Before anything is known of the people: the share who marked each group, and the shares of its classes."""
    asked = np.bincount(evidence.seen_group, minlength=evidence.groups)
    given = np.zeros((evidence.groups, classes))
    np.add.at(given, (evidence.drawn_group, evidence.drawn_class), 1.0)
    drawn = evidence.drawn
    return np.clip(drawn / np.maximum(asked, 1), 0.05, 0.95), given / drawn[:, None]


def weigh(evidence: Evidence, rates: Rates) -> tuple[Real, Real]:
    """Whether each group is a thing, and of which class: two rival explanations of who marked it and who did not."""
    groups, classes = evidence.groups, len(rates.shares)
    found = np.where(
        evidence.seen_drawn, np.log1p(-rates.missed[evidence.seen_person]), np.log(rates.missed[evidence.seen_person])
    )
    there = math.log(rates.objects) + np.bincount(evidence.seen_group, found, groups)
    right = rates.right_class[evidence.drawn_person]
    wrong = np.log((1.0 - right) / max(classes - 1, 1))
    by_class = np.log(rates.shares) + np.bincount(evidence.drawn_group, wrong, groups)[:, None]
    np.add.at(by_class, (evidence.drawn_group, evidence.drawn_class), np.log(right) - wrong)
    any_class = logsumexp(by_class, axis=1)
    for_nothing = np.log(rates.ghosts[evidence.drawn_person] / classes)
    nothing = np.bincount(evidence.drawn_group, for_nothing, groups) + (evidence.drawn - 1) * math.log(COINCIDENCE)
    return expit(there + any_class - nothing), np.exp(by_class - any_class[:, None])


def learn_rates(
    evidence: Evidence,
    exists: Real,
    classes: Real,
    items: int,
    *,
    missed: float,
    right_class: float,
    of_scene: NDArray[np.bool_] | None = None,
) -> Rates:
    """What the beliefs say of each person and of the items; rates are drawn to a stranger's `missed`, `right_class`.

    exists: per group; classes: (groups, classes). Ghosts are drawn to the crowd's own. of_scene: which groups tell what
    items hold, None for all; items: how many items that is.
    """
    people, person = len(evidence.answers_of), evidence.drawn_person
    there, seen = exists[evidence.drawn_group], exists[evidence.seen_group]
    asked = np.bincount(evidence.seen_person, seen, people)
    passed = np.bincount(evidence.seen_person, seen * ~evidence.seen_drawn, people)
    false = np.bincount(person, 1.0 - there, people)
    usual = float(false.sum()) / max(float(evidence.answers_of.sum()), 1.0)
    right = np.bincount(person, there * classes[evidence.drawn_group, evidence.drawn_class], people)
    drawn = np.bincount(person, there, people)
    held = exists if of_scene is None else exists * of_scene
    shares = (held[:, None] * classes).sum(axis=0) + 1.0
    return Rates(
        missed=np.clip((passed + STRANGER_OBJECTS * missed) / (asked + STRANGER_OBJECTS), LEAST_RATE, 0.97),
        ghosts=(false + STRANGER_ITEMS * usual + LEAST_RATE) / (evidence.answers_of + STRANGER_ITEMS),
        right_class=(right + STRANGER_CLASSES * right_class) / (drawn + STRANGER_CLASSES),
        objects=max(float(held.sum()) / max(items, 1), LEAST_RATE),
        shares=shares / shares.sum(),
    )


def scene_shares(classes: Mapping[str, float], names: Sequence[str]) -> Real:
    """Each class's share; one that the scene does not know yet counts as if seen once in a hundred objects."""
    shares = np.maximum(np.array([classes.get(name, 0.01) for name in names]), LEAST_RATE)
    normed: Real = shares / shares.sum()
    return normed
