"""Spans of several people become one set of spans, each with its confidence: whole spans and positions in one model.

Voting on whole spans loses where people agree on a word and differ in its edges; models of single positions
(A. T. Nguyen et al., Aggregating and predicting sequence labels from crowd annotations, ACL 2017; E. Simpson,
I. Gurevych, A Bayesian approach for sequence tagging with crowds, EMNLP 2019) lose where they put together spans that
nobody meant. Here the truth is a set of spans that somebody marked, none overlapping, and each person meets each true
span in one of three ways: marks exactly it, marks something that overlaps it, or nothing, with a type that they may
confuse. That is Dawid and Skene's model (1979) with the sets of a semi-Markov model as its classes.

Whoever marks one thing for another does so in one of few ways, so a mark that merely overlaps is worth less than one
that fits; constants chosen on one recorded and eight simulated crowds (docs/explanation/structured-consensus.md).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, astuple, dataclass
from typing import Any

import numpy as np
from scipy.special import expit, logit, logsumexp

from leye_quality.span_evidence import Evidence, Real, gather, marginals
from leye_quality.spans import Span, SpansRefused

WAYS_TO_DIFFER = 5.0
"""How many other spans somebody may mark who means a true one but not its edges."""

WAYS_TO_INVENT = 2.0
"""The same where there is nothing: people who invent hit upon the same words."""

KEPT = 0.35
"""A span at least so probable is part of the combined answer: where F1 counts, the best threshold is half the F1 that
can be had (Z. C. Lipton, C. Elkan, B. Naryanaswamy, Optimal thresholding of classifiers to maximize F1, 2014)."""

LEAST_RATE = 1e-4

SLOPE, SHIFT = 0.4, -0.3
"""From the model's log-odds to honest ones. People err together on a hard span, which the model does not know: what
it calls .98 is right in .74 to .81 of the cases, on recorded and simulated crowds alike."""


@dataclass(frozen=True)
class SpanSkill:
    """How one person marks. responds: a row for each true type; columns nothing, each type at the very place, each
    type at an overlapping one. marks: where there is nothing, each type, and last no mark. answers: texts behind it."""

    responds: tuple[tuple[float, ...], ...]
    marks: tuple[float, ...]
    answers: int

    def to_json(self) -> dict[str, Any]:
        """As plain JSON; `from_json` reads it."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "SpanSkill":
        return cls(tuple(tuple(row) for row in data["responds"]), tuple(data["marks"]), data["answers"])


def stranger(types: int) -> SpanSkill:
    """Finds three in four, four in five of those exactly, nine in ten of those with the right type."""
    mixed = np.full((types, types), 0.1 / max(types - 1, 1))
    np.fill_diagonal(mixed, 0.9 if types > 1 else 1.0)
    rows = np.concatenate([np.full((types, 1), 0.25), 0.6 * mixed, 0.15 * mixed], axis=1)
    return SpanSkill(tuple(map(tuple, rows.tolist())), (*[0.15 / types] * types, 0.85), 0)


@dataclass(frozen=True)
class SpanCrowd:
    """What a project's texts and people are like. odds: for each type, true spans of it for each region without any.
    spans: true spans in a text. usual: the skill of whoever is not known."""

    types: tuple[str, ...]
    odds: tuple[float, ...]
    spans: float
    usual: SpanSkill

    def to_json(self) -> dict[str, Any]:
        """As plain JSON; `from_json` reads it."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "SpanCrowd":
        return cls(tuple(data["types"]), tuple(data["odds"]), data["spans"], SpanSkill.from_json(data["usual"]))


def unknown_crowd(types: Sequence[str]) -> SpanCrowd:
    """Before anything was fitted: as many true regions as empty ones, all types alike."""
    count = max(len(types), 1)
    return SpanCrowd(tuple(types), (1.0 / count,) * len(types), 1.0, stranger(count))


@dataclass(frozen=True)
class FoundSpan:
    """One span of the combined answer. confidence: that exactly it, with its type, is right."""

    span: Span
    confidence: float


@dataclass(frozen=True)
class CombinedSpans:
    """confidence: that the whole answer is right: every span exactly, and none forgotten."""

    found: tuple[FoundSpan, ...]
    confidence: float

    @property
    def spans(self) -> tuple[Span, ...]:
        return tuple(one.span for one in self.found)


@dataclass
class Rates:
    """Skills and crowd as arrays: responds (people, types, 1 + 2 types), marks (people, types + 1), odds (types,)."""

    responds: Real
    marks: Real
    odds: Real
    spans: float


@dataclass(frozen=True)
class Belief:
    """inside: (places, types), the probability of being a true span of that type. nothing: (regions,), that none is
    true. weights: (places, types), log-odds against nothing; total: (regions,), the log of the sum over all sets."""

    inside: Real
    nothing: Real
    weights: Real
    total: Real


def believe(evidence: Evidence, rates: Rates) -> Belief:
    """The expectation step."""
    types = len(rates.odds)
    responds, marks = np.log(rates.responds), np.log(rates.marks)
    responds[:, :, 1 + types :] -= math.log(WAYS_TO_DIFFER)
    marks[:, :types] -= math.log(WAYS_TO_INVENT)
    weights = np.tile(np.log(rates.odds), (evidence.places, 1))
    np.add.at(weights, evidence.said_place, responds[evidence.said_person, :, evidence.said_what])
    spared = evidence.cover_share * marks[evidence.mark_person, evidence.mark_type][evidence.cover_mark]
    weights -= np.bincount(evidence.cover_place, spared, evidence.places)[:, None]
    silent = np.bincount(evidence.quiet_region, marks[evidence.quiet_person, types], evidence.regions)
    weights -= silent[evidence.place_region, None]
    together = logsumexp(weights, axis=1)
    chance, log_nothing = marginals(evidence, together)
    inside = chance[:, None] * np.exp(weights - together[:, None])
    return Belief(inside, np.exp(log_nothing), weights, -log_nothing)


def combine_spans(
    answers: Sequence[Sequence[Span]],
    skills: Sequence[SpanSkill | None],
    crowd: SpanCrowd | None = None,
    *,
    length: int | None = None,
) -> CombinedSpans:
    """Combine the spans of several people in one text; `skills[i]` is of who gave `answers[i]`, None a stranger's.

    The order of the answers does not matter. length: the text's, where spans beyond its end are to be refused. Raises
    SpansRefused; ValueError for a type or a skill that the crowd does not know.
    """
    marked = [tuple(sorted(set(spans))) for spans in answers]
    if length is not None and any(span.end > length for spans in marked for span in spans):
        raise SpansRefused(f"a span ends behind the text's {length} positions")
    crowd = crowd or unknown_crowd(sorted({span.type for spans in marked for span in spans}))
    known = [skill or crowd.usual for skill in skills]
    if any(len(skill.responds) != len(crowd.usual.responds) for skill in known):
        raise ValueError(f"a skill for other types than the crowd's {', '.join(crowd.types)}")
    strange = {span.type for spans in marked for span in spans} - set(crowd.types)
    if strange:
        raise ValueError(f"the crowd does not know the type {', '.join(sorted(strange))}")
    given = sorted(zip(marked, known, strict=True), key=lambda pair: (pair[0], astuple(pair[1])))
    evidence = gather(
        [[(person, spans) for person, (spans, _) in enumerate(given)]],
        len(given),
        {name: n for n, name in enumerate(crowd.types)},
    )
    types = len(crowd.types)
    rates = Rates(
        np.array([skill.responds for _, skill in given]).reshape(-1, len(crowd.usual.responds), 1 + 2 * max(types, 1)),
        np.array([skill.marks for _, skill in given]).reshape(-1, max(types, 1) + 1),
        np.array(crowd.odds),
        crowd.spans,
    )
    if not evidence.places:
        return CombinedSpans((), honest(forgotten(rates, list(range(len(given))))))
    return outcomes(evidence, rates, believe(evidence, rates), crowd.types, [list(range(len(given)))])[0]


def honest(probability: float) -> float:
    """The model's probability as a confidence (J. Platt, Probabilistic outputs for support vector machines, 1999)."""
    return float(expit(SLOPE * logit(min(max(probability, 1e-12), 1 - 1e-12)) + SHIFT))


def forgotten(rates: Rates, people: Sequence[int]) -> float:
    """The probability that no true span was missed by all of these people."""
    missed = rates.responds[list(people), :, 0].prod(axis=0).mean() if rates.responds.size else 1.0
    return math.exp(-rates.spans * float(missed))


def outcomes(
    evidence: Evidence, rates: Rates, belief: Belief, types: Sequence[str], people: Sequence[Sequence[int]]
) -> list[CombinedSpans]:
    """The combined answer of each text. people: for each text, who answered it, as `Evidence` counts people."""
    chosen = belief.inside.argmax(axis=1)
    sure = belief.inside[np.arange(evidence.places), chosen]
    found: list[list[FoundSpan]] = [[] for _ in people]
    right = [math.log(forgotten(rates, there)) for there in people]
    for region, text in enumerate(evidence.text_of_region.tolist()):
        places = evidence.slots[region]
        likely = sorted((p for p in places[places >= 0].tolist() if sure[p] >= KEPT), key=lambda p: (-sure[p], p))
        weight, taken = 0.0, list[Span]()
        for place in likely:
            span = Span(int(evidence.place_start[place]), int(evidence.place_end[place]), types[chosen[place]])
            if any(span.shared(other) for other in taken):
                continue
            taken.append(span)
            weight += float(belief.weights[place, chosen[place]])
            found[text].append(FoundSpan(span, honest(float(sure[place]))))
        right[text] += min(0.0, weight - float(belief.total[region]))
    return [
        CombinedSpans(tuple(sorted(spans, key=lambda one: one.span)), honest(math.exp(log)))
        for spans, log in zip(found, right, strict=True)
    ]
