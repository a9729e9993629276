"""Pairwise comparisons of several people become one ranking: Bradley and Terry's scores, people weighed.

Of two things, the one with the higher score wins as often as the logistic function of the difference says; a person
sees it so with a reliability of their own, and the other way round else. Who always contradicts is worth as much as who
always agrees; who tosses a coin is worth nothing. Scores and reliabilities are found in turn, by
expectation-maximisation; scores are drawn to zero, so that something that won its only comparison is not infinitely
good, and that things nobody compared with one another can be ranked.

R. A. Bradley, M. E. Terry: Rank analysis of incomplete block designs. Biometrika 39, 1952. X. Chen, P. N. Bennett,
K. Collins-Thompson, E. Horvitz: Pairwise ranking aggregation in a crowdsourced setting. WSDM 2013 (Crowd-BT).
Averaging the logistic function over an uncertain difference: D. J. C. MacKay, The evidence framework applied to
classification networks, Neural Computation 4, 1992.
"""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.special import expit

Real = NDArray[np.float64]
Whole = NDArray[np.intp]
Thing = TypeVar("Thing", bound=Hashable)
Person = TypeVar("Person", bound=Hashable)

MOST_THINGS = 3000
"""In one ranking; the matrix of what is known of them grows with the square."""

SPREAD = 2.0
"""Standard deviation of scores before anything is known: the better of two wins some four times in five."""

RELIABLE, RELIABLE_ANSWERS = 0.85, 10.0  # a stranger, and the comparisons that this assumption counts as
MOST_ROUNDS = 100
NEWTON_STEPS = 3  # a round; the next begins where these end
TOLERANCE = 1e-4


class PairsRefused(ValueError):
    """The comparisons cannot be ranked; the message says why."""


@dataclass(frozen=True)
class Ranking(Generic[Thing, Person]):
    """scores: per thing, zero in the middle. doubts: the standard error of each score, as if things were compared with
    all others alike. reliabilities: per person, the share of comparisons in which they see it as the scores do."""

    scores: dict[Thing, float]
    doubts: dict[Thing, float]
    reliabilities: dict[Person, float]

    @property
    def order(self) -> list[Thing]:
        """The best first; of equals the first by name."""
        return sorted(self.scores, key=lambda thing: (-round(self.scores[thing], 9), str(thing)))

    def better(self, first: Thing, second: Thing) -> float:
        """How probable it is that the first is truly preferred to the second, given how little is known of both."""
        variance = self.doubts[first] ** 2 + self.doubts[second] ** 2
        difference = self.scores[first] - self.scores[second]
        return float(expit(difference / math.sqrt(1.0 + math.pi * variance / 8.0)))


def rank_pairs(comparisons: Sequence[tuple[Person, Thing, Thing]]) -> Ranking[Thing, Person]:
    """Rank from (person, preferred, other); the order of the comparisons does not matter.

    Raises PairsRefused where a thing is compared with itself, or too many are ranked at once.
    """
    things = sorted({thing for _, *both in comparisons for thing in both}, key=str)
    people = sorted({person for person, *_ in comparisons}, key=str)
    if len(things) > MOST_THINGS:
        raise PairsRefused(f"{len(things)} things in one ranking; at most {MOST_THINGS} are taken")
    place, position = {thing: n for n, thing in enumerate(things)}, {person: n for n, person in enumerate(people)}
    coded = sorted((position[who], place[won], place[lost]) for who, won, lost in comparisons)
    person, won, lost = np.array(coded, dtype=np.intp).reshape(-1, 3).T
    if (won == lost).any():
        raise PairsRefused(f"{things[int(won[won == lost][0])]} is compared with itself")
    scores, reliable = np.zeros(len(things)), np.full(len(people), RELIABLE)
    for _ in range(MOST_ROUNDS):
        seen = _seen_so(scores, reliable, person, won, lost)
        right, given = np.bincount(person, seen, len(people)), np.bincount(person, minlength=len(people))
        reliable = (right + RELIABLE * RELIABLE_ANSWERS) / (given + RELIABLE_ANSWERS)
        updated = _scored(scores, seen, won, lost)
        moved = float(np.abs(updated - scores).max(initial=0.0))
        scores = updated
        if moved < TOLERANCE:
            break
    known = _known(scores, won, lost)
    doubts = np.sqrt(np.diag(np.linalg.inv(known)))
    return Ranking(
        dict(zip(things, scores.tolist(), strict=True)),
        dict(zip(things, doubts.tolist(), strict=True)),
        dict(zip(people, reliable.tolist(), strict=True)),
    )


def _seen_so(scores: Real, reliable: Real, person: Whole, won: Whole, lost: Whole) -> Real:
    """The expectation step: how probable it is that each comparison was seen as the scores have it."""
    agree = reliable[person] * expit(scores[won] - scores[lost])
    contradict = (1.0 - reliable[person]) * expit(scores[lost] - scores[won])
    shares: Real = agree / (agree + contradict)
    return shares


def _scored(scores: Real, seen: Real, won: Whole, lost: Whole) -> Real:
    """The maximisation step: Newton's, on a likelihood that is concave once it is known what was seen so."""
    for _ in range(NEWTON_STEPS):
        push = seen - expit(scores[won] - scores[lost])
        slope = np.bincount(won, push, len(scores)) - np.bincount(lost, push, len(scores)) - scores / SPREAD**2
        if scores.size:
            scores = scores + cho_solve(cho_factor(_known(scores, won, lost)), slope)
    return scores


def _known(scores: Real, won: Whole, lost: Whole) -> Real:
    """Minus the second derivatives: what the comparisons and the assumption say of the scores, (things, things)."""
    share = expit(scores[won] - scores[lost])
    weight = share * (1.0 - share)
    known = np.eye(len(scores)) / SPREAD**2
    np.add.at(known, (won, won), weight)
    np.add.at(known, (lost, lost), weight)
    np.add.at(known, (won, lost), -weight)
    np.add.at(known, (lost, won), -weight)
    return known
