"""Consensus on spans: each span that somebody marked is a yes/no question to all. Labels are `[start, end, class]`.

Two spans are the same where start, end and class are. An annotator is judged by how often they mark what is there and
leave what is not, over all the spans that anybody marked.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from leye_quality.flags import compared_flags
from leye_quality.posterior import Confusion, Skill, default_confusion, posterior
from leye_quality.skills import fit_skills
from leye_quality.trust import factors
from leye_task_templates.consensus import (
    Combined,
    FittedProject,
    GivenAnswer,
    Labels,
    SkillRecord,
    compared,
    comparing_of,
)

Span = tuple[int, int, int]
NO, YES = 0, 1
DIGITS = 4
LEAST, MOST = 0.02, 0.98
"""Bounds of the share of marked spans that are right, so that one surprise can still be believed."""


def _spans(labels: Labels) -> frozenset[Span]:
    return frozenset((start, end, kind) for start, end, kind in labels)


@dataclass(frozen=True, slots=True)
class SpanConsensus:
    """See `leye_task_templates.consensus.Consensus`. The prior holds the share of marked spans that are right."""

    def combine(
        self, answers: Sequence[Labels], skills: Sequence[SkillRecord | None], prior: list[Any] | None
    ) -> Combined:
        people = [default_confusion(2) if skill is None else Skill.from_json(skill).shrunk() for skill in skills]
        share = min(max(prior[0], LEAST), MOST) if prior else 0.5
        given = [_spans(answer) for answer in answers]
        inside = {span: _probability(span, given, people, share) for span in sorted(frozenset().union(*given))}

        def probability_of(labels: Labels) -> float:
            wanted = _spans(labels)
            if not inside and not wanted:
                # Nobody marked anything: as if there were one span, and all had left it out.
                return 1.0 - _probability((0, 0, 0), given, people, share)
            if not wanted <= inside.keys():
                return 0.0
            return math.prod(p if span in wanted else 1.0 - p for span, p in inside.items())

        labels = [list(span) for span, p in inside.items() if p > 0.5]
        return Combined(
            labels=labels,
            confidence=probability_of(labels),
            posterior=[[*span, round(p, DIGITS)] for span, p in inside.items()],
            probability_of=probability_of,
        )

    def fit(self, answers: Sequence[GivenAnswer], tests: Sequence[GivenAnswer] = ()) -> FittedProject:
        marked: dict[Any, set[Span]] = {}
        gold: dict[Any, frozenset[Span]] = {}
        for answer in answers:
            marked.setdefault(answer.task, set()).update(_spans(answer.labels))
            if answer.gold is not None:
                gold[answer.task] = _spans(answer.gold)
        for task, spans in gold.items():
            marked[task] |= spans
        fitted = fit_skills(
            [
                ((answer.task, span), answer.person, int(span in spans))
                for answer in answers
                for spans in (_spans(answer.labels),)
                for span in marked[answer.task]
            ],
            2,
            {(task, span): int(span in spans) for task, spans in gold.items() for span in marked[task]},
        )
        nobody_marked = {answer.person: Skill(default_confusion(2), 0).to_json() for answer in answers}
        skills = {person: skill.to_json() for person, skill in fitted.skills.items()}
        comparing = comparing_of(answers, _agreement, _spans)
        gold_factors = factors(comparing, frozenset.__eq__, compared(tests, _spans))
        return FittedProject(nobody_marked | skills, [fitted.prior[YES]], compared_flags(comparing), gold_factors)

    def same(self, one: Labels, other: Labels) -> bool:
        return _spans(one) == _spans(other)

    def agreement(self, one: Labels, other: Labels) -> float:
        """F1 of the spans; two empty answers agree."""
        return _agreement(_spans(one), _spans(other))

    def able(self, accuracy: float, evidence: int) -> SkillRecord:
        return Skill(default_confusion(2, accuracy), evidence).to_json()


def _agreement(here: frozenset[Span], there: frozenset[Span]) -> float:
    return 2 * len(here & there) / (len(here) + len(there)) if here or there else 1.0


def _probability(span: Span, given: Sequence[frozenset[Span]], people: Sequence[Confusion], share: float) -> float:
    """How probable it is that a span is right."""
    votes = [(YES if span in spans else NO, person) for spans, person in zip(given, people, strict=True)]
    return posterior(votes, (1.0 - share, share), 2)[YES]
