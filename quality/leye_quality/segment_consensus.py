"""Segments of several people become one set of segments: what happened, from when to when, and how sure that is.

Segments are matched by their intersection over union in time; whether a group of them is an event, and of which class,
`sightings` says, as for boxes. Where it begins and ends: people react late or mark generously, each in a way of their
own, and mark an edge so many seconds off, whatever the length of the event. Their edges, freed of that bias, are
averaged by precision, with the heavy tails of Student's t against slips. All rates are learned together, by
expectation-maximisation.

V. C. Raykar et al.: Learning from crowds. JMLR 11, 2010, section 5 (numbers of several people: precision-weighted
means, precisions learned in turn). K. L. Lange, R. J. A. Little, J. M. G. Taylor: Robust statistical modeling using the
t distribution. JASA 84, 1989. Voting on events with uncertain edges: M. Cartwright et al., Seeing sound: investigating
the effects of visualizations and complexity on crowdsourced audio annotations, CSCW 2017.
"""

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, field
from typing import Any, Generic, TypeVar

import numpy as np
from scipy.special import ndtr

from leye_quality.segments import Segment, edges, overlaps_in_time
from leye_quality.sightings import (
    LEAST_RATE,
    Evidence,
    Rates,
    Real,
    gather,
    learn_rates,
    scene_shares,
    votes,
    weigh,
)

Item = TypeVar("Item", bound=Hashable)
Person = TypeVar("Person", bound=Hashable)

HAND = 0.02
"""Standard error of an edge that nobody stays below, in seconds: a frame of a film, the ear's own blur."""

TAIL = 6.0  # degrees of freedom of the edges' errors: one error in fifty is a slip

KEPT = 0.5
"""An event at least so probable is part of the combined answer."""

FITS = 0.5
"""The intersection over union from which a segment usually passes as right."""

STRANGER_EDGES = 10.0  # edges that the assumption about strangers counts as
BIAS = 0.3
"""Standard deviation among people of how late they mark an edge, in seconds."""

ROUNDS = 4
MOST_ROUNDS = 30
TOLERANCE = 1e-3  # in probability, the mean over groups


@dataclass(frozen=True)
class SegmentSkill:
    """What one person does, by default a stranger.

    missed: share of the events not marked. ghosts: segments marked for nothing, per recording. edge_error: standard
    error of an edge in seconds. late_start, late_end: by how much they mark it too late. right_class: share of the
    events found that get the right class. answers: recordings that this rests on.
    """

    missed: float = 0.15
    ghosts: float = 0.3
    edge_error: float = 0.3
    late_start: float = 0.0
    late_end: float = 0.0
    right_class: float = 0.9
    answers: int = 0

    def to_json(self) -> dict[str, float]:
        """As plain JSON; `SegmentSkill(**data)` reads it."""
        return asdict(self)


STRANGER = SegmentSkill()


@dataclass(frozen=True)
class Recordings:
    """What recordings of a project hold: events in each, and the share of each class among them."""

    events: float = 3.0
    classes: Mapping[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As plain JSON; `Recordings(**data)` reads it."""
        return {"events": self.events, "classes": dict(self.classes)}


@dataclass(frozen=True)
class FoundSegment:
    """One event of the combined answer. confidence: that it is there and of this class. fits: that its edges are close
    enough, an intersection over union of at least `FITS`."""

    segment: Segment
    confidence: float
    fits: float


@dataclass(frozen=True)
class CombinedSegments:
    """confidence: that the whole answer would pass as right: every event there, well placed, and none forgotten."""

    found: tuple[FoundSegment, ...]
    confidence: float

    @property
    def segments(self) -> tuple[Segment, ...]:
        return tuple(one.segment for one in self.found)


@dataclass(frozen=True)
class FittedSegments(Generic[Item, Person]):
    """A skill for each annotator seen, what recordings hold, and the combined answer of each."""

    skills: dict[Person, SegmentSkill]
    recordings: Recordings
    combined: dict[Item, CombinedSegments]


@dataclass
class _Crowd(Rates):
    """late: (people, 2), of starts and of ends."""

    edge_error: Real
    late: Real


@dataclass(frozen=True)
class _Belief:
    """at: edges; spread: their standard errors, both (groups, 2). trust: of each marked edge, (marks, 2), 1 unless it
    looks like a slip. exists: (groups,). classes: (groups, classes), each row summing to 1."""

    at: Real
    spread: Real
    trust: Real
    exists: Real
    classes: Real


def combine_segments(
    answers: Sequence[Sequence[Segment]],
    skills: Sequence[SegmentSkill | None],
    recordings: Recordings | None = None,
) -> CombinedSegments:
    """Combine the segments of several people; `skills[i]` is of who gave `answers[i]`, None a stranger's.

    The order of the answers does not matter. Without answers there are no events, and the confidence is that of an
    empty recording. Raises ValueError where answers and skills differ in number.
    """
    recordings = recordings or Recordings()
    given = [(tuple(sorted(marks)), skill or STRANGER) for marks, skill in zip(answers, skills, strict=True)]
    given.sort(key=lambda pair: (pair[0], astuple(pair[1])))
    names = sorted({mark.label for marks, _ in given for mark in marks} | set(recordings.classes)) or [""]
    class_of = {name: n for n, name in enumerate(names)}
    people = list(range(len(given)))
    evidence = gather([list(enumerate(marks for marks, _ in given))], len(given), class_of, edges, overlaps_in_time)
    crowd = _crowd([skill for _, skill in given], recordings, names)
    belief = _start(evidence, len(names))
    for _ in range(ROUNDS):
        belief = _believe(evidence, crowd, belief)
    return _outcomes(evidence, crowd, belief, names, [people])[0]


def fit_segments(answers: Mapping[Item, Mapping[Person, Sequence[Segment]]]) -> FittedSegments[Item, Person]:
    """Fit all recordings at once. answers: item → person → the segments marked (none is an answer too)."""
    items = sorted(answers, key=str)
    people = sorted({person for given in answers.values() for person in given}, key=str)
    names = sorted({mark.label for given in answers.values() for marks in given.values() for mark in marks}) or [""]
    position = {person: n for n, person in enumerate(people)}
    there = [sorted(position[person] for person in answers[item]) for item in items]
    evidence = gather(
        [[(n, answers[item][people[n]]) for n in who] for item, who in zip(items, there, strict=True)],
        len(people),
        {name: n for n, name in enumerate(names)},
        edges,
        overlaps_in_time,
    )
    crowd = _crowd([STRANGER] * len(people), Recordings(1.0), names)
    belief, moved, rounds = _start(evidence, len(names)), 1.0, 0
    while rounds < MOST_ROUNDS and moved >= TOLERANCE:
        crowd = _learn(evidence, belief, crowd, len(items))
        updated = _believe(evidence, crowd, belief)
        moved = float(np.abs(updated.exists - belief.exists).mean()) if evidence.groups else 0.0
        belief, rounds = updated, rounds + 1
    combined = _outcomes(evidence, crowd, belief, names, there)
    recordings = Recordings(crowd.objects, dict(zip(names, crowd.shares.tolist(), strict=True)))
    return FittedSegments(_skills(crowd, evidence, people), recordings, dict(zip(items, combined, strict=True)))


def _crowd(skills: Sequence[SegmentSkill], recordings: Recordings, names: Sequence[str]) -> _Crowd:
    rows = np.array([astuple(skill)[:6] for skill in skills], dtype=np.float64).reshape(-1, 6)
    missed, ghosts, edge_error, late_start, late_end, right_class = rows.T
    return _Crowd(
        missed=np.clip(missed, LEAST_RATE, 1 - LEAST_RATE),
        ghosts=np.maximum(ghosts, LEAST_RATE),
        right_class=np.clip(right_class, LEAST_RATE, 1 - LEAST_RATE),
        objects=max(recordings.events, LEAST_RATE),
        shares=scene_shares(recordings.classes, names),
        edge_error=np.maximum(edge_error, HAND),
        late=np.stack([late_start, late_end], axis=1),
    )


def _start(evidence: Evidence, classes: int) -> _Belief:
    at = evidence.sums(evidence.drawn_at) / evidence.drawn[:, None]
    exists, shares = votes(evidence, classes)
    spread = np.full(at.shape, STRANGER.edge_error)
    return _Belief(at, spread, np.ones(evidence.drawn_at.shape), exists, shares)


def _believe(evidence: Evidence, crowd: _Crowd, before: _Belief) -> _Belief:
    """The expectation step. Edges are means by precision, slips weighted down; two passes, as weights depend on it."""
    group, person = evidence.drawn_group, evidence.drawn_person
    drawn = evidence.drawn_at - crowd.late[person]
    variance = crowd.edge_error[person, None] ** 2
    at, trust, precision = before.at, before.trust, np.ones(before.at.shape)
    for _ in range(2):
        trust = (TAIL + 1) / (TAIL + (drawn - at[group]) ** 2 / variance)
        precision = evidence.sums(trust / variance)
        at = evidence.sums(trust / variance * drawn) / precision
    at = np.maximum(at, 0.0)
    at[:, 1] = np.maximum(at[:, 1], at[:, 0] + 1e-3)
    exists, classes = weigh(evidence, crowd)
    return _Belief(at, 1.0 / np.sqrt(precision), trust, exists, classes)


def _learn(evidence: Evidence, belief: _Belief, crowd: _Crowd, items: int) -> _Crowd:
    """The maximisation step. Edges teach from events that two people or more marked; an edge's expected squared error
    is its distance from the mean, squared, plus the mean's own variance."""
    rates = learn_rates(
        evidence, belief.exists, belief.classes, items, missed=STRANGER.missed, right_class=STRANGER.right_class
    )
    people, group, person = len(evidence.answers_of), evidence.drawn_group, evidence.drawn_person
    weight = belief.trust * (belief.exists[group] * (evidence.drawn[group] >= 2))[:, None]
    precision = weight / crowd.edge_error[person, None] ** 2
    off = evidence.drawn_at - belief.at[group]
    drift, known = (_by_person(values, person, people) for values in (precision * off, precision))
    late = drift / (known + BIAS**-2)
    squares = (off - late[person]) ** 2 + belief.spread[group] ** 2
    total = _by_person(weight * squares, person, people).sum(axis=1) + STRANGER_EDGES * STRANGER.edge_error**2
    count = _by_person(weight, person, people).sum(axis=1) + STRANGER_EDGES
    return _Crowd(**vars(rates), edge_error=np.maximum(np.sqrt(total / count), HAND), late=late)


def _by_person(values: Real, person: np.ndarray[Any, np.dtype[np.intp]], people: int) -> Real:
    return np.stack([np.bincount(person, column, people) for column in values.T], axis=1)


def _skills(crowd: _Crowd, evidence: Evidence, people: Sequence[Person]) -> dict[Person, SegmentSkill]:
    return {
        person: SegmentSkill(
            missed=float(crowd.missed[n]),
            ghosts=float(crowd.ghosts[n]),
            edge_error=float(crowd.edge_error[n]),
            late_start=float(crowd.late[n, 0]),
            late_end=float(crowd.late[n, 1]),
            right_class=float(crowd.right_class[n]),
            answers=int(evidence.answers_of[n]),
        )
        for n, person in enumerate(people)
    }


def _outcomes(
    evidence: Evidence, crowd: _Crowd, belief: _Belief, names: Sequence[str], people: Sequence[Sequence[int]]
) -> list[CombinedSegments]:
    """The combined answer of each recording. people: for each, who answered it, as `Evidence` counts people."""
    chosen = belief.classes.argmax(axis=1)
    sure = belief.exists * belief.classes[np.arange(evidence.groups), chosen]
    fits = _fitting(belief)
    found: list[list[FoundSegment]] = [[] for _ in people]
    right = [-crowd.objects * math.prod(crowd.missed[list(there)].tolist()) for there in people]
    for group, item in enumerate(evidence.picture_of.tolist()):
        if belief.exists[group] < KEPT:
            right[item] += math.log1p(-belief.exists[group])
            continue
        begins, ends = belief.at[group].tolist()
        segment = Segment(begins, ends, names[chosen[group]])
        found[item].append(FoundSegment(segment, float(sure[group]), float(fits[group])))
        right[item] += math.log(sure[group] * fits[group])
    return [
        CombinedSegments(tuple(sorted(events, key=lambda one: one.segment)), math.exp(log))
        for events, log in zip(found, right, strict=True)
    ]


def _fitting(belief: _Belief) -> Real:
    """The probability of an overlap of `FITS` with the true event: to first order it falls short of 1 by the sum of
    two folded normals, in shares of the length, taken as normal."""
    shares = belief.spread / (belief.at[:, 1] - belief.at[:, 0])[:, None]
    mean = math.sqrt(2 / math.pi) * shares.sum(axis=1)
    deviation = math.sqrt(1 - 2 / math.pi) * np.sqrt((shares**2).sum(axis=1))
    chances: Real = np.maximum(ndtr((1 - FITS - mean) / np.maximum(deviation, LEAST_RATE)), LEAST_RATE)
    return chances
