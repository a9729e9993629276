"""Consensus on classes: one class an answer, or a set of them. Labels are class indices in rising order."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from leye_quality.consensus import ConsensusKind, combine
from leye_quality.flags import class_flags, fits_in_memory
from leye_quality.posterior import Skill, default_confusion
from leye_quality.skills import FittedSkills, fit_skills
from leye_task_templates.consensus import Combined, FittedProject, GivenAnswer, Labels, SkillRecord, flags_by_comparing

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
        known = [None if skill is None else Skill.from_json(skill) for skill in skills]
        outcome = combine(self.kind, [frozenset(answer) for answer in answers], known, self.classes, prior)
        return Combined(
            labels=sorted(outcome.labels),
            confidence=outcome.confidence,
            posterior=[round(share, DIGITS) for share in outcome.posterior],
            probability_of=outcome.probability_of,
            contradictory=outcome.contradictory,
        )

    def fit(self, answers: Sequence[GivenAnswer]) -> FittedProject:
        single = self.kind is ConsensusKind.SINGLE
        fitted = self._fit_single(answers) if single else self._fit_multiple(answers)
        if single and fitted.crowd is not None and fits_in_memory(len(answers), self.classes):
            fresh = np.array([one.fresh for one in answers])
            flags = class_flags(fitted.crowd, fresh, [one.batch for one in answers])
        else:
            flags = flags_by_comparing(answers, self.agreement)
        skills = {person: skill.to_json() for person, skill in fitted.skills.items()}
        return FittedProject(skills, list(fitted.prior), flags)

    def same(self, one: Labels, other: Labels) -> bool:
        return sorted(one) == sorted(other)

    def agreement(self, one: Labels, other: Labels) -> float:
        return float(self.same(one, other))

    def able(self, accuracy: float, evidence: int) -> SkillRecord:
        return Skill(default_confusion(self.classes, accuracy), evidence).to_json()

    def _fit_single(self, answers: Sequence[GivenAnswer]) -> FittedSkills:
        return fit_skills(
            [(a.task, a.person, a.labels[0]) for a in answers],
            self.classes,
            {a.task: a.gold[0] for a in answers if a.gold is not None},
        )

    def _fit_multiple(self, answers: Sequence[GivenAnswer]) -> FittedSkills:
        """Each class is a yes/no question of its own, all judged with one accuracy, as `combine` reads it.

        The prior is the share of answers that hold a class, drawn a little towards one half.
        """
        classes = range(self.classes)
        questions = fit_skills(
            [((a.task, k), a.person, int(k in a.labels)) for a in answers for k in classes],
            2,
            {(a.task, k): int(k in a.gold) for a in answers if a.gold is not None for k in classes},
        )
        # A person's answers count once, not once a class: correlated questions prove less.
        skills = {
            person: Skill(skill.confusion, skill.answers // self.classes) for person, skill in questions.skills.items()
        }
        prior = tuple((sum(k in a.labels for a in answers) + 1) / (len(answers) + 2) for k in classes)
        return FittedSkills(skills, prior, len(answers))
