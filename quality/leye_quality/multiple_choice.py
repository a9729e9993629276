"""Multiple choice: a set of classes per answer, each class a yes/no question of its own.

The combined set holds the classes more likely in than out. Its confidence is the product of the questions'
confidences, the probability of the whole set if the questions are independent. They seldom are, and where one
person's errors come together the product understates it: too many questions, never too few. A minimum over the
questions would call a set of twenty classes as sure as its least sure class, and be wrong the more classes there are.
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from leye_quality.contradiction import contradict
from leye_quality.posterior import STRANGER_ACCURACY, TRUST_AFTER, Confusion, Skill, default_confusion, posterior
from leye_quality.sparse_skill import KnownSkill

NO, YES = 0, 1
LEAST_SHARE = 0.01  # a class rarer than this in the prior could hardly be chosen again


@dataclass(frozen=True)
class SetOutcome:
    """The combined set; `inside` is each class's probability of being in it."""

    labels: frozenset[int]
    confidence: float
    inside: tuple[float, ...]
    contradictory: bool


def combine_sets(
    answers: Sequence[Collection[int]], skills: Sequence[KnownSkill | None], classes: int, prior: Sequence[float] | None
) -> SetOutcome:
    """Combine sets of classes. prior: each class's share of being in, one half where None.

    A class exactly as likely in as out stays out: by default nothing is chosen.
    """
    people = [_question_confusion(skill, classes) for skill in skills]
    inside, contradictory = [], False
    for k in range(classes):
        share = 0.5 if prior is None else min(max(prior[k], LEAST_SHARE), 1.0 - LEAST_SHARE)
        votes = [YES if k in answer else NO for answer in answers]
        inside.append(posterior(list(zip(votes, people, strict=True)), (1.0 - share, share), 2)[YES])
        lead = YES if inside[k] > 0.5 else NO
        against = sum(vote != lead for vote in votes)
        contradictory = contradictory or contradict([1.0 - person[lead][lead] for person in people], against, classes)
    return SetOutcome(
        labels=frozenset(k for k, p in enumerate(inside) if p > 0.5),
        confidence=math.prod(max(p, 1.0 - p) for p in inside),
        inside=tuple(inside),
        contradictory=contradictory,
    )


def _question_confusion(skill: KnownSkill | None, classes: int) -> Confusion:
    """How a person answers one yes/no question.

    A skill fitted to the questions themselves is two by two and keeps apart who forgets from who invents; one fitted
    to the classes tells only how often the person is right.
    """
    if skill is None:
        return default_confusion(2)
    if isinstance(skill, Skill) and skill.classes == 2:
        return skill.shrunk()
    if skill.classes != classes:
        raise ValueError(f"a skill for {skill.classes} classes, where 2 or {classes} were wanted")
    weight = skill.answers / (skill.answers + TRUST_AFTER)
    return default_confusion(2, weight * skill.mean_accuracy() + (1 - weight) * STRANGER_ACCURACY)
