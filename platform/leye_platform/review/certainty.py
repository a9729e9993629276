"""Whether a project's confidence keeps its word, held against answers whose truth is known. Read only.

With one answer an item, these are the answers that a draw gave to a reviewer. Where several people answer, nothing is
drawn; there the answers to gold items are combined as any item's first answers are. Each confidence is what would be
said today: by the skill that the last refit found.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leye_platform.assignments.models import Response
from leye_platform.assignments.rules import ProposalUse
from leye_platform.matching.models import AnnotatorSkill, SkillFit
from leye_platform.projects.models import Batch, MicroTask, Project
from leye_platform.projects.rules import DataState, Pipeline, PipelineKind
from leye_platform.projects.task_type import TaskType, task_type
from leye_platform.review.drawn_checks import drawn_checks
from leye_platform.review.models import Review
from leye_quality.reliability import Reliability, reliability
from leye_task_templates.consensus import Labels

MOST_CHECKS, MOST_GOLD = 2_000, 500
"""The newest so many tell how confidence stands now; older ones were given under other guides."""


@dataclass(frozen=True)
class Certainty:
    """How a project's confidence compares with the truth. by_gold: held against gold items, not against checks.

    cases: so many answers, or gold items, with a known truth. found: None where they are too few.
    """

    by_gold: bool
    start: int
    cases: int
    found: Reliability | None


def certainty_of(session: Session, project: Project) -> Certainty:
    """What is known of it, in a constant number of queries."""
    pipeline, kind = Pipeline.model_validate(project.pipeline), task_type(project.task_type, project.label_config)
    by_gold = pipeline.kind is PipelineKind.CONSENSUS
    fit = session.get(SkillFit, project.id)
    prior = fit.prior if fit else None
    if by_gold:
        cases = list(_gold_cases(session, project.id, kind, pipeline.overlap_start(), prior))
    else:
        cases = list(_checked_cases(session, project.id, kind, pipeline.check_share, prior))
    return Certainty(by_gold, pipeline.overlap_start(), len(cases), reliability(cases))


def _checked_cases(
    session: Session, project_id: UUID, kind: TaskType, check_share: float, prior: list[Any] | None
) -> Iterator[tuple[float, bool]]:
    kept = select(Batch.id).where(Batch.project_id == project_id, Batch.data_state == DataState.KEPT)
    checks = list(drawn_checks(session, Review.batch_id.in_(kept), kind, check_share, at_most=MOST_CHECKS))
    skills = _skills(session, project_id, {check.person_id for check in checks})
    for check in checks:
        outcome = kind.consensus.combine([check.labels], [skills.get(check.person_id)], prior)
        yield outcome.probability_of(check.labels), check.stood


def _gold_cases(
    session: Session, project_id: UUID, kind: TaskType, start: int, prior: list[Any] | None
) -> Iterator[tuple[float, bool]]:
    """Of each gold item with enough answers the first ones, so that the cases are independent of each other."""
    rows = session.execute(
        select(MicroTask.id, MicroTask.gold_labels)
        .join(Batch, Batch.id == MicroTask.batch_id)
        .where(MicroTask.project_id == project_id, MicroTask.gold_labels.is_not(None))
        .where(Batch.data_state == DataState.KEPT)
        .order_by(MicroTask.id.desc())
        .limit(MOST_GOLD)
    )
    truth: dict[UUID, Labels] = {task_id: labels for task_id, labels in rows if labels is not None}
    place = func.row_number().over(partition_by=Response.microtask_id, order_by=Response.number).label("place")
    own = (Response.gold, Response.round == 1, Response.proposal_use != ProposalUse.KEPT)
    placed = (
        select(Response.microtask_id, Response.person_id, Response.labels, place)
        .where(Response.microtask_id.in_(truth), *own)
        .subquery()
    )
    given: dict[UUID, list[tuple[UUID, Labels]]] = defaultdict(list)
    first = select(placed.c.microtask_id, placed.c.person_id, placed.c.labels).where(placed.c.place <= start)
    for task_id, person_id, labels in session.execute(first.order_by(placed.c.microtask_id, placed.c.place)):
        given[task_id].append((person_id, labels))
    skills = _skills(session, project_id, {person_id for answers in given.values() for person_id, _ in answers})
    for task_id, answers in given.items():
        if len(answers) == start:
            of_each = [skills.get(person_id) for person_id, _ in answers]
            outcome = kind.consensus.combine([labels for _, labels in answers], of_each, prior)
            yield outcome.confidence, kind.consensus.same(outcome.labels, truth[task_id])


def _skills(session: Session, project_id: UUID, people: Collection[UUID]) -> dict[UUID, dict[str, Any]]:
    rows = select(AnnotatorSkill.person_id, AnnotatorSkill.skill).where(
        AnnotatorSkill.project_id == project_id, AnnotatorSkill.person_id.in_(people)
    )
    return dict(session.execute(rows).all())
