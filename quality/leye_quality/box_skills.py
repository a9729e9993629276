"""Learn what each person does when drawing boxes, together with what is in the pictures.

Expectation-maximisation (A. P. Dempster, N. M. Laird, D. B. Rubin, Maximum likelihood from incomplete data via the EM
algorithm, JRSS B 39, 1977) over the model of `box_consensus`; each rate is drawn towards the crowd's or a stranger's
as if by so many more pictures, objects or edges.
"""

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from leye_quality.box_consensus import (
    HAND,
    OUTWARDS,
    STRANGER,
    Belief,
    BoxScene,
    BoxSkill,
    CombinedBoxes,
    Crowd,
    believe,
    gather_boxes,
    outcomes,
    sides,
    start,
)
from leye_quality.boxes import Box
from leye_quality.sightings import Evidence, learn_rates

Item = TypeVar("Item", bound=Hashable)
Person = TypeVar("Person", bound=Hashable)

MOST_ROUNDS = 30
TOLERANCE = 1e-3  # in probability, the mean over groups

STRANGER_EDGES = 20.0  # edges that the assumption about strangers counts as
BIAS = 0.03
"""Standard deviation of looseness among people, in shares of the side."""


@dataclass(frozen=True)
class FittedBoxes(Generic[Item, Person]):
    """A skill for each annotator seen, what pictures hold, and the combined answer of each picture."""

    skills: dict[Person, BoxSkill]
    scene: BoxScene
    combined: dict[Item, CombinedBoxes]


def fit_boxes(
    answers: Mapping[Item, Mapping[Person, Sequence[Box]]], counted_already: Collection[Item] = ()
) -> FittedBoxes[Item, Person]:
    """Fit all pictures at once. answers: picture → person → the boxes drawn (none is an answer too).

    counted_already: pictures that stand among the answers once more. They tell of people, and not again of the scene.
    """
    pictures = sorted(answers, key=str)
    people = sorted({person for given in answers.values() for person in given}, key=str)
    names = sorted({box.label for given in answers.values() for boxes in given.values() for box in boxes}) or [""]
    position = {person: n for n, person in enumerate(people)}
    there = [[position[person] for person in answers[picture]] for picture in pictures]
    evidence = gather_boxes(
        [[(n, answers[picture][people[n]]) for n in sorted(who)] for picture, who in zip(pictures, there, strict=True)],
        len(people),
        {name: n for n, name in enumerate(names)},
    )
    once = np.array([picture not in counted_already for picture in pictures])
    once |= not once.any()
    crowd = _strangers(len(people), len(names))
    belief, moved, rounds = start(evidence, len(names)), 1.0, 0
    while rounds < MOST_ROUNDS and moved >= TOLERANCE:
        crowd = _learn(evidence, belief, crowd, once)
        updated = believe(evidence, crowd, belief)
        moved = float(np.abs(updated.exists - belief.exists).mean()) if evidence.groups else 0.0
        belief, rounds = updated, rounds + 1
    combined = outcomes(evidence, crowd, belief, names, there)
    scene = BoxScene(crowd.objects, dict(zip(names, crowd.shares.tolist(), strict=True)))
    return FittedBoxes(_skills(crowd, evidence, people), scene, dict(zip(pictures, combined, strict=True)))


def _strangers(people: int, classes: int) -> Crowd:
    return Crowd(
        missed=np.full(people, STRANGER.missed),
        ghosts=np.full(people, STRANGER.ghosts),
        edge_error=np.full(people, STRANGER.edge_error),
        looseness=np.full(people, STRANGER.looseness),
        right_class=np.full(people, STRANGER.right_class),
        objects=1.0,
        shares=np.full(classes, 1.0 / classes),
    )


def _learn(evidence: Evidence, belief: Belief, crowd: Crowd, once: NDArray[np.bool_]) -> Crowd:
    """The maximisation step: what the beliefs say of each person and of the pictures. once: those of the scene."""
    rates = learn_rates(
        evidence,
        belief.exists,
        belief.classes,
        int(once.sum()),
        missed=STRANGER.missed,
        right_class=STRANGER.right_class,
        of_scene=once[evidence.picture_of],
    )
    edge_error, looseness = _learn_edges(evidence, belief, crowd)
    return Crowd(**vars(rates), edge_error=edge_error, looseness=looseness)


def _learn_edges(evidence: Evidence, belief: Belief, crowd: Crowd) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Standard errors and biases, from objects that two people or more drew. An edge's expected squared error is its
    distance from the mean, squared, plus the mean's own variance: without that, who weighs most would seem exact."""
    people, group, person = len(evidence.answers_of), evidence.drawn_group, evidence.drawn_person
    shared = np.bincount(group, minlength=evidence.groups)[group] >= 2
    weight = belief.trust * (belief.exists[group] * shared)[:, None]
    side = sides(belief.at)[group]
    outwards = (evidence.drawn_at - belief.at[group]) * OUTWARDS / side
    precision = weight / np.maximum(crowd.edge_error[person, None], HAND / side) ** 2
    drift = np.bincount(person, (precision * outwards).sum(axis=1), people)
    looseness = drift / (np.bincount(person, precision.sum(axis=1), people) + BIAS**-2)
    squares = (outwards - looseness[person, None]) ** 2 + belief.spread[group] ** 2
    total = np.bincount(person, (weight * squares).sum(axis=1), people) + STRANGER_EDGES * STRANGER.edge_error**2
    count = np.bincount(person, weight.sum(axis=1), people) + STRANGER_EDGES
    return np.sqrt(total / count), looseness


def _skills(crowd: Crowd, evidence: Evidence, people: Sequence[Person]) -> dict[Person, BoxSkill]:
    return {
        person: BoxSkill(
            missed=float(crowd.missed[n]),
            ghosts=float(crowd.ghosts[n]),
            edge_error=float(crowd.edge_error[n]),
            looseness=float(crowd.looseness[n]),
            right_class=float(crowd.right_class[n]),
            answers=int(evidence.answers_of[n]),
        )
        for n, person in enumerate(people)
    }
