"""How many of the people a project gets: its weight, the priority of its batches, and what share that comes to."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from leye_platform.actor import Actor
from leye_platform.assignments.sharing import Claim, shares
from leye_platform.audit import record
from leye_platform.projects.errors import PriorityRefused, WeightRefused
from leye_platform.projects.models import Batch, Project
from leye_platform.projects.rules import MOST_PRIORITY, MOST_WEIGHT, USUAL_WEIGHT, BatchState
from leye_task_templates.registry import template_named


def set_weight(session: Session, actor: Actor, project: Project, weight: int, now: datetime) -> None:
    """A project's share of people beside others; from the next time somebody's work is chosen for them.

    Raises WeightRefused.
    """
    if not 1 <= weight <= MOST_WEIGHT:
        raise WeightRefused(most=MOST_WEIGHT, usual=USUAL_WEIGHT)
    if project.weight == weight:
        return
    project.weight = weight
    record(session, at=now, person_id=actor.person_id, action="project.weight", subject_id=project.id, weight=weight)


def set_priority(session: Session, actor: Actor, batch: Batch, priority: int, now: datetime) -> None:
    """Before which batches of its project it is served; every step also doubles the project's share.

    Raises PriorityRefused.
    """
    if not -MOST_PRIORITY <= priority <= MOST_PRIORITY:
        raise PriorityRefused(most=MOST_PRIORITY)
    if batch.priority == priority:
        return
    batch.priority = priority
    record(session, at=now, person_id=actor.person_id, action="batch.priority", subject_id=batch.id, priority=priority)


def shares_now(session: Session, now: datetime) -> dict[UUID, float]:
    """What part of the people's time each project with an open batch gets just now."""
    rows = session.execute(
        select(Project.id, Project.weight, Batch.priority, Batch.deadline, Project.task_type)
        .join(Batch, Batch.project_id == Project.id)
        .where(Batch.state == BatchState.OPEN)
    )
    claims = [
        Claim(project_id, weight, priority, deadline, template_named(task_type).seconds_hint)
        for project_id, weight, priority, deadline, task_type in rows
    ]
    return shares(claims, now)
