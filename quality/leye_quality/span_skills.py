"""Learn how each person marks spans, together with which spans are true.

Expectation-maximisation (Dempster, Laird, Rubin 1977) over the model of `span_consensus`. Each person's rates are
drawn towards the whole crowd's, as if those were so many more cases of their own; few people mark enough spans of a
rare type to be known by these alone.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from leye_quality.span_consensus import (
    LEAST_RATE,
    Belief,
    CombinedSpans,
    Rates,
    SpanCrowd,
    SpanSkill,
    believe,
    outcomes,
    stranger,
)
from leye_quality.span_evidence import Evidence, Real, gather
from leye_quality.spans import Span

Item = TypeVar("Item", bound=Hashable)
Person = TypeVar("Person", bound=Hashable)

ROUNDS = 20  # more change little, and overlearn where answers are few

USUAL_SPANS = 10.0  # true spans of each type that the crowd's rates count as
USUAL_REGIONS = 10.0  # regions without any
STRANGER_SPANS = 1.0  # what a stranger's rates count as in the crowd's

EMPTY_REGIONS = 1.0
"""Regions in each text that nobody marks and where nothing is, so that silence counts for something."""


@dataclass(frozen=True)
class FittedSpans(Generic[Item, Person]):
    """A skill for each annotator seen, what texts and people are like, and the combined answer of each text."""

    skills: dict[Person, SpanSkill]
    crowd: SpanCrowd
    combined: dict[Item, CombinedSpans]


def fit_spans(answers: Mapping[Item, Mapping[Person, Sequence[Span]]]) -> FittedSpans[Item, Person]:
    """Fit all texts at once. answers: text → person → the spans marked (none is an answer too)."""
    texts = sorted(answers, key=str)
    people = sorted({person for given in answers.values() for person in given}, key=str)
    types = sorted({span.type for given in answers.values() for spans in given.values() for span in spans}) or [""]
    position = {person: n for n, person in enumerate(people)}
    there = [sorted(position[person] for person in answers[text]) for text in texts]
    evidence = gather(
        [[(n, answers[text][people[n]]) for n in who] for text, who in zip(texts, there, strict=True)],
        len(people),
        {name: n for n, name in enumerate(types)},
    )
    belief = _start(evidence, len(types))
    for _ in range(ROUNDS):
        rates, usual = _learn(evidence, belief, len(texts))
        belief = believe(evidence, rates)
    skills = {
        person: _skill(rates.responds[n], rates.marks[n], int(evidence.answers_of[n]))
        for n, person in enumerate(people)
    }
    crowd = SpanCrowd(tuple(types), tuple(rates.odds.tolist()), rates.spans, usual)
    combined = outcomes(evidence, rates, belief, types, there)
    return FittedSpans(skills, crowd, dict(zip(texts, combined, strict=True)))


def _start(evidence: Evidence, types: int) -> Belief:
    """The share of those asked who marked exactly each place, as each type."""
    exactly = (evidence.said_what >= 1) & (evidence.said_what <= types)
    inside = np.zeros((evidence.places, types))
    np.add.at(inside, (evidence.said_place[exactly], evidence.said_what[exactly] - 1), 1.0)
    inside /= np.maximum(np.bincount(evidence.said_place, minlength=evidence.places), 1)[:, None]
    some = np.bincount(evidence.place_region, inside.sum(axis=1), evidence.regions).astype(np.float64)
    return Belief(inside, 1.0 - np.minimum(some, 1.0), inside, some)


def _learn(evidence: Evidence, belief: Belief, texts: int) -> tuple[Rates, SpanSkill]:
    """The maximisation step: everybody's rates, and the crowd's."""
    people, types = len(evidence.answers_of), belief.inside.shape[1]
    assumed = stranger(types)
    said = np.zeros((people, 1 + 2 * types, types))
    np.add.at(said, (evidence.said_person, evidence.said_what), belief.inside[evidence.said_place])
    said = said.transpose(0, 2, 1)
    explained = np.bincount(
        evidence.cover_mark,
        evidence.cover_share * belief.inside.sum(axis=1)[evidence.cover_place],
        len(evidence.mark_person),
    )
    marks = np.zeros((people, types + 1))
    np.add.at(marks, (evidence.mark_person, evidence.mark_type), np.clip(1.0 - explained, 0.0, 1.0))
    np.add.at(marks, (evidence.quiet_person, types), belief.nothing[evidence.quiet_region])
    marks[:, types] += EMPTY_REGIONS * evidence.answers_of
    usual_said = said.sum(axis=0) + STRANGER_SPANS * np.array(assumed.responds)
    usual_said /= usual_said.sum(axis=1, keepdims=True)
    usual_marks = marks.sum(axis=0) + STRANGER_SPANS * np.array(assumed.marks)
    usual_marks /= usual_marks.sum()
    said, marks = said + USUAL_SPANS * usual_said, marks + USUAL_REGIONS * usual_marks
    true = belief.inside.sum(axis=0)
    rates = Rates(
        np.maximum(said / said.sum(axis=2, keepdims=True), LEAST_RATE),
        np.maximum(marks / marks.sum(axis=1, keepdims=True), LEAST_RATE),
        (true + 1.0) / (float(belief.nothing.sum()) + 1.0 + EMPTY_REGIONS * texts),
        float(true.sum()) / max(texts, 1),
    )
    return rates, _skill(usual_said, usual_marks, 0)


def _skill(responds: Real, marks: Real, answers: int) -> SpanSkill:
    return SpanSkill(tuple(map(tuple, responds.tolist())), tuple(marks.tolist()), answers)
