"""How fast projects go and with whom: pace, people at work, right answers to gold items. Read only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Double, case, cast, func, select
from sqlalchemy.orm import Session

from leye_platform.assignments.models import Assignment, WorkRecord
from leye_platform.assignments.rules import AssignmentState
from leye_platform.projects.models import Batch
from leye_platform.projects.queries import PACE, finish_at_pace
from leye_platform.projects.rules import BatchState
from leye_platform.review.models import Decision
from leye_platform.web.formats import day_began

DAYS = 7


@dataclass(frozen=True)
class ProjectPace:
    """`at_work`: people who hold a task now; `decided`: items decided in the last day, in batches being worked on.

    gold_share: of gold answers, the share that is right, as if gold came to everybody alike: each person's share counts
    for all their answers. Who errs gets more gold, so that `gold_right / gold_answers` tells too little. None without.
    """

    at_work: int
    decided: int
    gold_answers: int
    gold_right: int
    gold_share: float | None

    def finish(self, left: int, now: datetime) -> datetime | None:
        """When `left` items will be decided at the pace of the last day; None without a pace or a rest."""
        return finish_at_pace(left, self.decided, now)


def paces_of(session: Session, projects: Sequence[UUID], now: datetime) -> dict[UUID, ProjectPace]:
    """The projects' paces, in three queries."""
    at_work = dict(
        session.execute(
            select(Assignment.project_id, func.count(Assignment.person_id.distinct()))
            .where(Assignment.state == AssignmentState.LEASED, Assignment.project_id.in_(projects))
            .group_by(Assignment.project_id)
        ).all()
    )
    decided = dict(
        session.execute(
            select(Batch.project_id, func.count())
            .join(Decision, Decision.batch_id == Batch.id)
            .where(
                Batch.project_id.in_(projects),
                Batch.state.in_((BatchState.OPEN, BatchState.PAUSED)),
                Decision.decided_at > now - PACE,
                Decision.fell_at.is_(None),
            )
            .group_by(Batch.project_id)
        ).all()
    )
    gold = {
        project_id: (answers, right, weighed / weight)
        for project_id, answers, right, weighed, weight in session.execute(
            select(
                WorkRecord.project_id,
                func.sum(WorkRecord.gold_answers),
                func.sum(WorkRecord.gold_right),
                func.sum(cast(WorkRecord.gold_right, Double) / WorkRecord.gold_answers * WorkRecord.answers),
                func.sum(WorkRecord.answers),
            )
            .where(WorkRecord.project_id.in_(projects), WorkRecord.gold_answers > 0)
            .group_by(WorkRecord.project_id)
        )
    }
    return {
        project_id: ProjectPace(
            at_work.get(project_id, 0), decided.get(project_id, 0), *gold.get(project_id, (0, 0, None))
        )
        for project_id in projects
    }


def decided_by_day(session: Session, now: datetime) -> list[tuple[datetime, int]]:
    """How many tasks were decided on each of the last DAYS days, today included; the oldest first.

    A day is told by its midnight in the operator's zone. One query.
    """
    midnights = [day_began(now) - timedelta(days=back) for back in reversed(range(DAYS))]
    since = [func.sum(case((Decision.decided_at >= midnight, 1), else_=0)) for midnight in midnights]
    query = (
        select(*since)
        .select_from(Batch)
        .join(Decision, Decision.batch_id == Batch.id)
        .where(Decision.decided_at >= midnights[0], Decision.fell_at.is_(None))
    )
    counts = [*(count or 0 for count in session.execute(query).one()), 0]
    return [(midnight, counts[n] - counts[n + 1]) for n, midnight in enumerate(midnights)]
