"""Consensus on classes: one class an answer, or a set of them. Labels are class indices in rising order."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from leye_quality.comparing import Comparing
from leye_quality.consensus import ConsensusKind, combine
from leye_quality.flags import Flags, class_flags, compared_flags, copied_flags, fits_in_memory
from leye_quality.posterior import WRITTEN_OUT
from leye_quality.skills import Crowd, FittedSkills, fit_skills
from leye_quality.sparse_skill import plain_skill, read_skill
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

DIGITS = 6
"""Of the probabilities that are kept with a micro-task."""


@dataclass(frozen=True, slots=True)
class ClassConsensus:
    """See `leye_task_templates.consensus.Consensus`. The prior holds the share of each class."""

    kind: ConsensusKind
    classes: int

    def combine(
        self, answers: Sequence[Labels], skills: Sequence[SkillRecord | None], prior: list[Any] | None
    ) -> Combined:
        known = [None if skill is None else read_skill(skill) for skill in skills]
        outcome = combine(self.kind, [frozenset(answer) for answer in answers], known, self.classes, prior)
        return Combined(
            labels=sorted(outcome.labels),
            confidence=outcome.confidence,
            posterior=_rounded(outcome.posterior),
            probability_of=outcome.probability_of,
            contradictory=outcome.contradictory,
        )

    def fit(self, answers: Sequence[GivenAnswer], tests: Sequence[GivenAnswer] = ()) -> FittedProject:
        single = self.kind is ConsensusKind.SINGLE
        fitted = self._fit_single(answers) if single else self._fit_multiple(answers)
        comparing = comparing_of(answers, self.agreement, list)
        flags = self._flags(comparing, fitted.crowd if single else None)
        skills = {person: skill.to_json() for person, skill in fitted.skills.items()}
        gold_factors = factors(comparing, self.same, compared(tests, list))
        return FittedProject(skills, list(fitted.prior), flags, gold_factors)

    def _flags(self, comparing: Comparing, crowd: Crowd | None) -> Flags:
        """By matrices, where there are some; else by comparing, but for copies, of which the fit knows."""
        answers = comparing.answers
        fresh = np.array([one.fresh for one in answers])
        if crowd is not None and crowd.fitted is not None and fits_in_memory(len(answers), self.classes):
            return class_flags(crowd, fresh, [one.batch for one in answers])
        found = compared_flags(comparing)
        return found if crowd is None else found | copied_flags(crowd, fresh)

    def same(self, one: Labels, other: Labels) -> bool:
        return sorted(one) == sorted(other)

    def agreement(self, one: Labels, other: Labels) -> float:
        return float(self.same(one, other))

    def able(self, accuracy: float, evidence: int) -> SkillRecord:
        return plain_skill(self.classes, accuracy, evidence).to_json()

    def _fit_single(self, answers: Sequence[GivenAnswer]) -> FittedSkills:
        return fit_skills(
            [(a.task, a.person, a.labels[0]) for a in answers],
            self.classes,
            {a.task: a.gold[0] for a in answers if a.gold is not None},
        )

    def _fit_multiple(self, answers: Sequence[GivenAnswer]) -> FittedSkills:
        """Each class is a yes/no question of its own, all judged with one accuracy, as `combine` reads it.

        The prior is the share of answers that hold a class, drawn a little towards one half. Gold is chosen, not drawn:
        it says little of what the others hold, and counts only where there is nothing else.
        """
        classes = range(self.classes)
        questions = fit_skills(
            [((a.task, k), a.person, int(k in a.labels)) for a in answers for k in classes],
            2,
            {(a.task, k): int(k in a.gold) for a in answers if a.gold is not None for k in classes},
        )
        # A person's answers count once, not once a class: correlated questions prove less.
        skills = {
            person: replace(skill, answers=skill.answers // self.classes, dependence=0.0)
            for person, skill in questions.skills.items()
        }
        drawn = [a.labels for a in answers if a.gold is None] or [a.labels for a in answers]
        prior = tuple((sum(k in labels for labels in drawn) + 1) / (len(drawn) + 2) for k in classes)
        return FittedSkills(skills, prior, len(answers))


def _rounded(shares: Sequence[float]) -> list[float]:
    if len(shares) > WRITTEN_OUT:
        found: list[float] = np.round(shares, DIGITS).tolist()
        return found
    return [round(share, DIGITS) for share in shares]
