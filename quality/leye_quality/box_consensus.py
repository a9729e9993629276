"""Boxes of several people become objects: what is there, of which class, where, and how sure that is.

Whether a group of boxes is an object, and of which class, `sightings` says (A. P. Dawid, A. M. Skene, 1979; S. Branson,
G. Van Horn, P. Perona, Lean crowdsourcing, CVPR 2017). Where its edges are: every person has a steadiness and a bias,
and edges are averaged by precision, with the heavy tails of Student's t against slips of the hand (K. L. Lange,
R. J. A. Little, J. M. G. Taylor, Robust statistical modeling using the t distribution, JASA 84, 1989). All rates are
learned together, by expectation-maximisation over the pictures, each drawn towards what strangers are like.

This file is the model of one or more pictures under given skills; `box_skills` learns the skills.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from leye_quality.boxes import Box, Corners, corners, overlaps
from leye_quality.sightings import LEAST_RATE, Evidence, Rates, gather, scene_shares, votes, weigh

HAND = 0.25
"""Standard error of an edge that nobody stays below, in per cent of the picture."""

TAIL = 6.0  # degrees of freedom of the edges' errors: one error in fifty is a slip

KEPT = 0.5
"""An object at least so probable is part of the combined answer."""

FITS = 0.5
"""The intersection over union from which a box usually passes as right."""

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


@dataclass
class Crowd(Rates):
    """Skills as arrays over people, and what pictures hold."""

    edge_error: NDArray[np.float64]
    looseness: NDArray[np.float64]


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


def gather_boxes(
    pictures: Sequence[Sequence[tuple[int, Sequence[Box]]]], people: int, class_of: Mapping[str, int]
) -> Evidence:
    """Group the boxes of each picture. pictures: for each, its answers as (person, boxes), one a person."""
    return gather(pictures, people, class_of, corners, overlaps)


def sides(at: Corners) -> NDArray[np.float64]:
    """For each corner coordinate the side that it moves along: width, height, width, height."""
    side: NDArray[np.float64] = np.tile(at[:, 2:] - at[:, :2], 2)
    return side


def start(evidence: Evidence, classes: int) -> Belief:
    """Before anything is known of the people: means, votes, and the share who drew it."""
    at = evidence.sums(evidence.drawn_at) / evidence.drawn[:, None]
    exists, shares = votes(evidence, classes)
    spread = np.full(at.shape, STRANGER.edge_error)
    return Belief(at=at, spread=spread, trust=np.ones(evidence.drawn_at.shape), exists=exists, classes=shares)


def believe(evidence: Evidence, crowd: Crowd, before: Belief) -> Belief:
    """The expectation step: edges, existence and class of every group under the crowd's skills."""
    at, spread, trust = _place(evidence, crowd, before)
    exists, classes = weigh(evidence, crowd)
    return Belief(at, spread, trust, exists, classes)


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
        precision = evidence.sums(trust / variance)
        at = evidence.sums(trust / variance * drawn) / precision
    at = np.clip(at, 0.0, 100.0)
    at[:, 2:] = np.maximum(at[:, 2:], at[:, :2] + 1e-3)
    return at, 1.0 / np.sqrt(precision) / sides(at), trust


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
    evidence = gather_boxes([[(person, answers[n]) for person, n in enumerate(order)]], len(answers), class_of)
    crowd = _crowd([given[n][1] for n in order], scene, names)
    belief = start(evidence, len(names))
    for _ in range(ROUNDS):
        belief = believe(evidence, crowd, belief)
    place = {n: person for person, n in enumerate(order)}
    return outcomes(evidence, crowd, belief, names, [[place[n] for n in range(len(given))]])[0]


def _crowd(skills: Sequence[BoxSkill], scene: BoxScene, names: Sequence[str]) -> Crowd:
    """Rates as arrays."""
    rates = np.array([astuple(skill)[:5] for skill in skills], dtype=np.float64).reshape(-1, 5).T
    missed, ghosts, edge_error, looseness, right_class = rates
    return Crowd(
        missed=np.clip(missed, LEAST_RATE, 1 - LEAST_RATE),
        ghosts=np.maximum(ghosts, LEAST_RATE),
        edge_error=np.maximum(edge_error, LEAST_RATE),
        looseness=looseness,
        right_class=np.clip(right_class, LEAST_RATE, 1 - LEAST_RATE),
        objects=max(scene.objects, LEAST_RATE),
        shares=scene_shares(scene.classes, names),
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
