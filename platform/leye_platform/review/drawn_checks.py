"""Single answers that a draw gave to a reviewer, and whether they stood: what is known of the rest without looking."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from leye_platform.assignments.models import Response
from leye_platform.projects.task_type import TaskType
from leye_platform.review.checks import check_due
from leye_platform.review.models import Review
from leye_platform.review.rules import ReviewCause, ReviewState, Verdict
from leye_task_templates.consensus import Labels

READ_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class DrawnCheck:
    """An answer that a reviewer looked over. stood: nothing of it had to be changed."""

    person_id: UUID
    labels: Labels
    stood: bool


def drawn_checks(
    session: Session, which: ColumnElement[bool], kind: TaskType, check_share: float, *, at_most: int | None = None
) -> Iterator[DrawnCheck]:
    """The first answers that the draw would have given to a reviewer whoever gave them; at most so many, the newest.

    Newcomers' answers are drawn more often; those that only this brought to review are left out, for they are not
    like the rest. which: of which reviews.
    """
    drawn = (
        select(Response.id)
        .where(Response.microtask_id == Review.microtask_id, Response.round == Review.round)
        .order_by(Response.number)
        .limit(1)
        .correlate(Review)
        .scalar_subquery()
    )
    query = (
        select(
            Review.microtask_id,
            Review.verdict,
            Review.result,
            Review.chosen,
            Response.id,
            Response.person_id,
            Response.labels,
        )
        .join(Response, Response.id == drawn)
        .where(
            which,
            Review.cause == ReviewCause.CHECK,
            Review.state == ReviewState.SETTLED,
            Review.round == 1,
            Review.verdict != Verdict.UNUSABLE,
        )
    )
    if at_most is not None:
        query = query.order_by(Review.id.desc()).limit(at_most)
    rows = session.execute(query.execution_options(yield_per=READ_AT_ONCE))
    for task_id, verdict, result, chosen, answer_id, person_id, labels in rows:
        if check_due(task_id, 1, check_share):
            unchanged = verdict is Verdict.FIX and kind.consensus.same(
                kind.template.labels_of(kind.config, result), labels
            )
            yield DrawnCheck(person_id, labels, (verdict is Verdict.ACCEPT and chosen == answer_id) or unchanged)
