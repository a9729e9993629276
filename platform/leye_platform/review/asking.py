"""What a refit learns of how long to ask: how sure the project's own items became, answer by answer.

Every item's first answers are combined by the skills just fitted, as if they came one by one today. `stopping.py` of
the quality package says what follows from how they ran.
"""

from collections import defaultdict
from collections.abc import Hashable, Sequence
from itertools import islice
from typing import Any

from leye_platform.projects.rules import Pipeline, PipelineKind
from leye_platform.review.weighings import asking_in_force, to_keep
from leye_quality.stopping import Run, learn_asking
from leye_task_templates.consensus import Consensus, FittedProject, GivenAnswer

MOST_ITEMS, MOST_GOLD = 600, 400
"""Looked at, the newest ones: what ran long ago tells little of today, and a picture takes milliseconds."""


def asking_learned(
    answers: Sequence[GivenAnswer],
    fitted: FittedProject,
    consensus: Consensus,
    pipeline: Pipeline,
    before: dict[str, Any] | None = None,
) -> dict[str, Any] | None:
    """As SkillFit keeps it; None where one answer decides. answers: in the order in which they came, no proposals kept.
    before: what the last refit kept.

    Gold runs apart, held against its truth: it is answered by more people, and by those who err more often.
    """
    if pipeline.kind is not PipelineKind.CONSENSUS:
        return None
    start, limit = pipeline.overlap_start(), pipeline.overlap_limit()
    given: dict[Hashable, list[GivenAnswer]] = defaultdict(list)
    for answer in answers:
        given[answer.task].append(answer)
    gold = [some[:start] for some in given.values() if some[0].gold is not None and len(some) >= start]
    others = (some[:limit] for some in reversed(given.values()) if some[0].gold is None)
    runs = [_run(some, fitted, consensus, start) for some in islice(others, MOST_ITEMS)]
    checks = [_check(some, fitted, consensus) for some in gold[-MOST_GOLD:]]
    in_force = asking_in_force(before, pipeline)
    learned = learn_asking(runs, checks, wanted=pipeline.confidence, start=start, limit=limit, before=in_force)
    return to_keep(learned, pipeline)


def _check(given: Sequence[GivenAnswer], fitted: FittedProject, consensus: Consensus) -> tuple[float, bool]:
    """How sure the first answers to a gold item make us, and whether they are right."""
    skills = [fitted.skills.get(one.person) for one in given]
    found = consensus.combine([one.labels for one in given], skills, fitted.prior)
    truth = given[0].gold
    return found.confidence, truth is not None and consensus.same(found.labels, truth)


def _run(given: Sequence[GivenAnswer], fitted: FittedProject, consensus: Consensus, start: int) -> Run:
    labels, skills = [one.labels for one in given], [fitted.skills.get(one.person) for one in given]
    confidences: list[float] = []
    for count in range(1, len(given) + 1):
        so_far = consensus.combine(labels[:count], skills[:count], fitted.prior)
        confidences.append(so_far.confidence)
        if so_far.contradictory and count >= start:
            return Run(confidences, contradicted=True)
    return Run(confidences)
