"""How sure a reviewed answer is: the reviewer counts as one more, very able, answer."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from leye_platform.assignments.models import Response
from leye_platform.matching.models import AnnotatorSkill, SkillFit
from leye_platform.projects.models import MicroTask
from leye_platform.projects.task_type import TaskType
from leye_task_templates.consensus import Labels

REVIEWER_ACCURACY = 0.97
REVIEWER_EVIDENCE = 1000  # answers' worth of trust, so that the assumed accuracy stands as it is
"""Assumed until reviewers are measured against adjudication, which a later issue brings."""


def confidence_after_review(
    session: Session,
    kind: TaskType,
    microtask: MicroTask,
    answers: Sequence[Response],
    labels: Labels,
) -> float:
    """The probability of `labels` after the annotators' answers and the reviewer's own."""
    skills = {
        row.person_id: row.skill
        for row in session.scalars(
            select(AnnotatorSkill).where(
                AnnotatorSkill.project_id == microtask.project_id,
                AnnotatorSkill.person_id.in_([answer.person_id for answer in answers]),
            )
        )
    }
    fit = session.get(SkillFit, microtask.project_id)
    reviewer = kind.consensus.able(REVIEWER_ACCURACY, REVIEWER_EVIDENCE)
    given = [answer.labels for answer in answers] + [labels]
    known = [skills.get(answer.person_id) for answer in answers] + [reviewer]
    return kind.consensus.combine(given, known, fit.prior if fit else None).probability_of(labels)
