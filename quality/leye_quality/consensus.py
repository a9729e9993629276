"""One facade over single and multiple choice: answers in, the combined answer and its confidence out."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from leye_quality.contradiction import contradict
from leye_quality.multiple_choice import combine_sets
from leye_quality.posterior import TRUST_AFTER, WRITTEN_OUT, Likelihoods, evidence_share, posterior_of
from leye_quality.sparse_skill import KnownSkill, plain_skill

MISLED = 0.002
"""Share of items that mislead whoever is not proven, all to the same answer."""


class ConsensusKind(StrEnum):
    SINGLE = "single"
    MULTIPLE = "multiple"


@dataclass(frozen=True)
class Outcome:
    """The combined answer.

    posterior: per class, its probability (single) or that of being in the set (multiple). contradictory: people
    differ more than their skills explain, so that even a sure answer deserves a look.
    """

    kind: ConsensusKind
    labels: frozenset[int]
    confidence: float
    posterior: tuple[float, ...]
    contradictory: bool = False

    def probability_of(self, labels: Collection[int]) -> float:
        """How probable another answer is under the same posterior."""
        if self.kind is ConsensusKind.SINGLE:
            return self.posterior[next(iter(labels))] if len(labels) == 1 else 0.0
        return math.prod(p if k in labels else 1.0 - p for k, p in enumerate(self.posterior))


def combine(
    kind: ConsensusKind | str,
    answers: Sequence[Collection[int]],
    skills: Sequence[KnownSkill | None],
    classes: int,
    prior: Sequence[float] | None = None,
) -> Outcome:
    """Combine the answers of one micro-task; `skills[i]` belongs to who gave `answers[i]`, None for a stranger.

    The order of the answers does not matter. Of equally probable classes the first is taken. Raises ValueError for a
    label outside the classes, for a single-choice answer that is not exactly one label, and for a prior or a skill
    that belongs to another number of classes.
    """
    for answer in answers:
        for label in answer:
            if not 0 <= label < classes:
                raise ValueError(f"a label outside 0..{classes - 1}: {sorted(answer)}")
    if prior is not None and len(prior) != classes:
        raise ValueError(f"a prior for {len(prior)} classes, where {classes} were wanted")
    if ConsensusKind(kind) is ConsensusKind.SINGLE:
        return _single(answers, skills, classes, prior)
    found = combine_sets(answers, skills, classes, prior)
    return Outcome(ConsensusKind.MULTIPLE, found.labels, found.confidence, found.inside, found.contradictory)


def _single(
    answers: Sequence[Collection[int]], skills: Sequence[KnownSkill | None], classes: int, prior: Sequence[float] | None
) -> Outcome:
    given: list[tuple[int, KnownSkill]] = []
    for answer, skill in zip(answers, skills, strict=True):
        if len(answer) != 1:
            raise ValueError(f"a single choice with {len(answer)} labels")
        if skill is not None and skill.classes != classes:
            raise ValueError(f"a skill for {skill.classes} classes, where {classes} were wanted")
        given.append((next(iter(answer)), plain_skill(classes) if skill is None else skill))
    probabilities = _never_certain(posterior_of(_weighed(given, skills), prior, classes), given)
    best = probabilities.index(max(probabilities))
    against = len([label for label, _ in given if label != best])
    contradictory = against > 0 and contradict([skill.error_rate(best) for _, skill in given], against)
    return Outcome(ConsensusKind.SINGLE, frozenset({best}), probabilities[best], probabilities, contradictory)


def _never_certain(probabilities: tuple[float, ...], given: Sequence[tuple[int, KnownSkill]]) -> tuple[float, ...]:
    """The posterior, its highest share held below the chance that the item itself misled all who are not proven.

    With many classes their agreement could otherwise be no accident, and three strangers would be certain.
    """
    if not given or len(probabilities) < 2:
        return probabilities
    doubt = MISLED * math.fsum(sorted(TRUST_AFTER / (skill.answers + TRUST_AFTER) for _, skill in given)) / len(given)
    highest = max(probabilities)
    if highest <= 1.0 - doubt:
        return probabilities
    best = probabilities.index(highest)
    if len(probabilities) > WRITTEN_OUT:
        shares = np.array(probabilities)
        shares[best] = 0.0
        shares = shares * (doubt / shares.sum()) if shares.any() else np.full(len(shares), doubt / (len(shares) - 1))
        shares[best] = 1.0 - doubt
        return tuple(shares.tolist())
    others = math.fsum(share for k, share in enumerate(probabilities) if k != best)
    even = doubt / (len(probabilities) - 1)
    rest = (share * doubt / others if others > 0 else even for share in probabilities)
    return tuple(1.0 - doubt if k == best else share for k, share in enumerate(rest))


def _weighed(
    given: Sequence[tuple[int, KnownSkill]], skills: Sequence[KnownSkill | None]
) -> list[tuple[Likelihoods, float]]:
    """Each answer's likelihoods and the share of its evidence; a stranger is as dependent as those who have a skill."""
    usual = max((skill.dependence for skill in skills if skill is not None), default=0.0)
    shares = [evidence_share(float(len(skills)), usual if skill is None else skill.dependence) for skill in skills]
    return [(skill.likelihoods(label), share) for (label, skill), share in zip(given, shares, strict=True)]
