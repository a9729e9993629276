"""Boxes of several people become objects: what is there, of which class, where, and how sure that is.

The model joins three known ones. Whether a group of boxes is an object, and of which class: each person finds an
object, or draws one that is not there, at their own rates (A. P. Dawid, A. M. Skene, Maximum likelihood estimation of
observer error-rates using the EM algorithm, Applied Statistics 28(1), 1979; for boxes S. Branson, G. Van Horn,
P. Perona, Lean crowdsourcing, CVPR 2017). Where its edges are: every person has a steadiness and a bias, and edges
are averaged by precision, with the heavy tails of Student's t against slips of the hand (K. L. Lange, R. J. A. Little,
J. M. G. Taylor, Robust statistical modeling using the t distribution, JASA 84, 1989). All rates are learned together,
by expectation-maximisation over the pictures, each drawn towards what strangers are like.

This file is the model of one or more pictures under given skills; `box_skills` learns the skills.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logsumexp, ndtr

from leye_quality.boxes import Box, Corners, corners, same_object

COINCIDENCE = 0.1
"""How probable it is that a box for nothing falls on another person's: seldom by chance, oftener by a shared error."""

HAND = 0.25
"""Standard error of an edge that nobody stays below, in per cent of the picture."""

TAIL = 6.0  # degrees of freedom of the edges' errors: one error in fifty is a slip

KEPT = 0.5
"""An object at least so probable is part of the combined answer."""

FITS = 0.5
"""The intersection over union from which a box usually passes as right."""

LEAST_RATE = 1e-4
OUTWARDS = np.array([-1.0, -1.0, 1.0, 1.0])
ROUNDS = 4


@dataclass(frozen=True)
class BoxSkill:
    """What one person does, by default a stranger.

    missed: share of the objects not drawn. ghosts: boxes drawn for nothing, per picture. edge_error, looseness:
    standard error of an edge, and how far it lies too far out, in shares of the box's side. right_class: share of the
    objects found that get the right class. answers: pictures that this rests on.
    """

    missed: float = 0.15
    ghosts: float = 0.3
    edge_error: float = 0.06
    looseness: float = 0.0
    right_class: float = 0.9
    answers: int = 0

    def to_json(self) -> dict[str, float]:
        """As plain JSON; `BoxSkill(**data)` reads it."""
        return asdict(self)


STRANGER = BoxSkill()


@dataclass(frozen=True)
class BoxScene:
    """What pictures of a project hold: objects per picture, and the share of each class among them."""

    objects: float = 3.0
    classes: Mapping[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As plain JSON; `BoxScene(**data)` reads it."""
        return {"objects": self.objects, "classes": dict(self.classes)}


@dataclass(frozen=True)
class FoundObject:
    """One object of the combined answer. confidence: that it is there and of this class. fits: that the box is close
    enough, an intersection over union of at least `FITS`. people: who drew it, positions in the answers."""

    box: Box
    confidence: float
    fits: float
    people: tuple[int, ...]


@dataclass(frozen=True)
class CombinedBoxes:
    """confidence: that the whole answer would pass as right: every object there, well placed, and none forgotten."""

    objects: tuple[FoundObject, ...]
    confidence: float

    @property
    def boxes(self) -> tuple[Box, ...]:
        return tuple(found.box for found in self.objects)


@dataclass(frozen=True)
class Evidence:
    """The boxes of one or many pictures, grouped into possible objects.

    drawn_*: one entry a box: its group, who drew it, its class and its corners. seen_*: one entry for each group and
    each person who answered its picture; `seen_drawn` says who drew it. picture_of: the picture of each group.
    """

    drawn_group: NDArray[np.intp]
    drawn_person: NDArray[np.intp]
    drawn_class: NDArray[np.intp]
    drawn_at: Corners
    seen_group: NDArray[np.intp]
    seen_person: NDArray[np.intp]
    seen_drawn: NDArray[np.bool_]
    picture_of: NDArray[np.intp]
    answers_of: NDArray[np.float64]

    @property
    def groups(self) -> int:
        return len(self.picture_of)


@dataclass
class Crowd:
    """Skills as arrays over people, and the scene as arrays over classes: `objects` per picture, `shares`."""

    missed: NDArray[np.float64]
    ghosts: NDArray[np.float64]
    edge_error: NDArray[np.float64]
    looseness: NDArray[np.float64]
    right_class: NDArray[np.float64]
    objects: float
    shares: NDArray[np.float64]


@dataclass(frozen=True)
class Belief:
    """What the evidence says of each group. at: corners; spread: their standard errors in shares of the side; both
    (groups, 4). trust: of each drawn edge, (boxes, 4), 1 unless it looks like a slip. exists: (groups,).
    classes: (groups, classes), each row summing to 1."""

    at: Corners
    spread: NDArray[np.float64]
    trust: NDArray[np.float64]
    exists: NDArray[np.float64]
    classes: NDArray[np.float64]


def gather(
    pictures: Sequence[Sequence[tuple[int, Sequence[Box]]]], people: int, class_of: Mapping[str, int]
) -> Evidence:
    """Group the boxes of each picture. pictures: for each, its answers as (person, boxes), one a person."""
    drawn: list[tuple[int, int, int]] = []
    places: list[Corners] = []
    seen: list[NDArray[np.intp]] = []
    picture_of: list[int] = []
    answers_of = np.zeros(people)
    for number, answers in enumerate(pictures):
        present = np.array([person for person, _ in answers], dtype=np.intp)
        answers_of[present] += 1
        who = np.repeat(present, [len(boxes) for _, boxes in answers])
        kinds = np.array([class_of[box.label] for _, boxes in answers for box in boxes], dtype=np.intp)
        at = corners([box for _, boxes in answers for box in boxes])
        order = np.lexsort((*at.T, kinds, who))  # the order in which a person drew them does not matter
        who, kinds, at = who[order], kinds[order], at[order]
        group_of = same_object(at, kinds, who) + len(picture_of) if len(at) else np.zeros(0, dtype=np.intp)
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
        drawn_at=np.concatenate(places) if places else np.zeros((0, 4)),
        seen_group=pairs[:, 0],
        seen_person=pairs[:, 1],
        seen_drawn=np.isin(pairs[:, 0] * people + pairs[:, 1], keys),
        picture_of=np.array(picture_of, dtype=np.intp),
        answers_of=answers_of,
    )


def sides(at: Corners) -> NDArray[np.float64]:
    """For each corner coordinate the side that it moves along: width, height, width, height."""
    side: NDArray[np.float64] = np.tile(at[:, 2:] - at[:, :2], 2)
    return side


def start(evidence: Evidence, classes: int) -> Belief:
    """Before anything is known of the people: means, votes, and the share who drew it."""
    drawn = np.bincount(evidence.drawn_group, minlength=evidence.groups).astype(np.float64)
    asked = np.bincount(evidence.seen_group, minlength=evidence.groups)
    at = _sums(evidence, evidence.drawn_at) / drawn[:, None]
    votes = np.zeros((evidence.groups, classes))
    np.add.at(votes, (evidence.drawn_group, evidence.drawn_class), 1.0)
    return Belief(
        at=at,
        spread=np.full(at.shape, STRANGER.edge_error),
        trust=np.ones(evidence.drawn_at.shape),
        exists=np.clip(drawn / np.maximum(asked, 1), 0.05, 0.95),
        classes=votes / drawn[:, None],
    )


def believe(evidence: Evidence, crowd: Crowd, before: Belief) -> Belief:
    """The expectation step: edges, existence and class of every group under the crowd's skills."""
    at, spread, trust = _place(evidence, crowd, before)
    exists, classes = _weigh(evidence, crowd)
    return Belief(at, spread, trust, exists, classes)


def _sums(evidence: Evidence, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sums over each group's boxes of values (boxes, 4)."""
    columns = [np.bincount(evidence.drawn_group, column, evidence.groups) for column in values.T]
    return np.stack(columns, axis=1)


def _place(
    evidence: Evidence, crowd: Crowd, before: Belief
) -> tuple[Corners, NDArray[np.float64], NDArray[np.float64]]:
    """Edges as means by precision, slips of the hand weighted down; two passes, since weights depend on the mean."""
    group, person = evidence.drawn_group, evidence.drawn_person
    side = sides(before.at)[group]
    drawn = evidence.drawn_at - crowd.looseness[person, None] * OUTWARDS * side
    variance = np.maximum(crowd.edge_error[person, None] * side, HAND) ** 2
    at, trust = before.at, before.trust
    for _ in range(2):
        trust = (TAIL + 1) / (TAIL + (drawn - at[group]) ** 2 / variance)
        precision = _sums(evidence, trust / variance)
        at = _sums(evidence, trust / variance * drawn) / precision
    at = np.clip(at, 0.0, 100.0)
    at[:, 2:] = np.maximum(at[:, 2:], at[:, :2] + 1e-3)
    return at, 1.0 / np.sqrt(precision) / sides(at), trust


def _weigh(evidence: Evidence, crowd: Crowd) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Whether each group is an object, and of which class: two rival explanations of who drew it and who did not."""
    groups, classes = evidence.groups, len(crowd.shares)
    found = np.where(
        evidence.seen_drawn, np.log1p(-crowd.missed[evidence.seen_person]), np.log(crowd.missed[evidence.seen_person])
    )
    there = math.log(crowd.objects) + np.bincount(evidence.seen_group, found, groups)
    right = crowd.right_class[evidence.drawn_person]
    wrong = np.log((1.0 - right) / max(classes - 1, 1))
    by_class = np.log(crowd.shares) + np.bincount(evidence.drawn_group, wrong, groups)[:, None]
    np.add.at(by_class, (evidence.drawn_group, evidence.drawn_class), np.log(right) - wrong)
    any_class = logsumexp(by_class, axis=1)
    for_nothing = np.log(crowd.ghosts[evidence.drawn_person] / classes)
    times = np.bincount(evidence.drawn_group, minlength=groups)
    nothing = np.bincount(evidence.drawn_group, for_nothing, groups) + (times - 1) * math.log(COINCIDENCE)
    return expit(there + any_class - nothing), np.exp(by_class - any_class[:, None])


def combine_boxes(
    answers: Sequence[Sequence[Box]], skills: Sequence[BoxSkill | None], scene: BoxScene | None = None
) -> CombinedBoxes:
    """Combine the boxes of several people on one picture; `skills[i]` is of who gave `answers[i]`, None a stranger's.

    The order of the answers, and of the boxes in one, does not matter. Without answers there are no objects, and the
    confidence is that of an empty picture. Raises ValueError where answers and skills differ in number.
    """
    scene = scene or BoxScene()
    given = [(corners(boxes).tolist(), skill or STRANGER) for boxes, skill in zip(answers, skills, strict=True)]
    order = sorted(range(len(given)), key=lambda n: (sorted(given[n][0]), astuple(given[n][1])))
    names = sorted({box.label for boxes in answers for box in boxes} | set(scene.classes)) or [""]
    class_of = {name: n for n, name in enumerate(names)}
    evidence = gather([[(person, answers[n]) for person, n in enumerate(order)]], len(answers), class_of)
    crowd = _crowd([given[n][1] for n in order], scene, names)
    belief = start(evidence, len(names))
    for _ in range(ROUNDS):
        belief = believe(evidence, crowd, belief)
    place = {n: person for person, n in enumerate(order)}
    return outcomes(evidence, crowd, belief, names, [[place[n] for n in range(len(given))]])[0]


def _crowd(skills: Sequence[BoxSkill], scene: BoxScene, names: Sequence[str]) -> Crowd:
    """Rates as arrays. A class that the scene does not know yet counts as if seen once in a hundred objects."""
    rates = np.array([astuple(skill)[:5] for skill in skills], dtype=np.float64).reshape(-1, 5).T
    missed, ghosts, edge_error, looseness, right_class = rates
    shares = np.array([scene.classes.get(name, 0.01) for name in names])
    return Crowd(
        missed=np.clip(missed, LEAST_RATE, 1 - LEAST_RATE),
        ghosts=np.maximum(ghosts, LEAST_RATE),
        edge_error=np.maximum(edge_error, LEAST_RATE),
        looseness=looseness,
        right_class=np.clip(right_class, LEAST_RATE, 1 - LEAST_RATE),
        objects=max(scene.objects, LEAST_RATE),
        shares=np.maximum(shares, LEAST_RATE) / np.maximum(shares, LEAST_RATE).sum(),
    )


def outcomes(
    evidence: Evidence, crowd: Crowd, belief: Belief, names: Sequence[str], people: Sequence[Sequence[int]]
) -> list[CombinedBoxes]:
    """The combined answer of each picture. people: for each picture, who gave each of its answers, as
    `Evidence` counts people."""
    chosen = belief.classes.argmax(axis=1)
    sure = belief.exists * belief.classes[np.arange(evidence.groups), chosen]
    fits = fitting(belief.spread)
    drawn_by: list[set[int]] = [set() for _ in range(evidence.groups)]
    for group, person in zip(evidence.drawn_group.tolist(), evidence.drawn_person.tolist(), strict=True):
        drawn_by[group].add(person)
    found: list[list[FoundObject]] = [[] for _ in people]
    right = [-crowd.objects * math.prod(crowd.missed[list(there)].tolist()) for there in people]
    for group, picture in enumerate(evidence.picture_of.tolist()):
        if belief.exists[group] < KEPT:
            right[picture] += math.log1p(-belief.exists[group])
            continue
        left, top, far, low = belief.at[group].tolist()
        box = Box(left, top, far - left, low - top, names[chosen[group]])
        found[picture].append(
            FoundObject(
                box,
                float(sure[group]),
                float(fits[group]),
                tuple(n for n, who in enumerate(people[picture]) if who in drawn_by[group]),
            )
        )
        right[picture] += math.log(sure[group] * fits[group])
    return [
        CombinedBoxes(tuple(sorted(objects, key=lambda one: astuple(one.box))), math.exp(log))
        for objects, log in zip(found, right, strict=True)
    ]


def fitting(spread: NDArray[np.float64]) -> NDArray[np.float64]:
    """The probability that a box overlaps the true one by `FITS` or more, from the spread of its edges (groups, 4).

    To first order the overlap falls short of 1 by the sum of the edges' errors in shares of the side: four folded
    normals, of which the sum is taken as normal.
    """
    mean = math.sqrt(2 / math.pi) * spread.sum(axis=1)
    deviation = math.sqrt(1 - 2 / math.pi) * np.sqrt((spread**2).sum(axis=1))
    chances: NDArray[np.float64] = np.maximum(ndtr((1 - FITS - mean) / np.maximum(deviation, LEAST_RATE)), LEAST_RATE)
    return chances
