"""What an annotator sees of one task: its content, its guide, whom to ask. Reading only."""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, bindparam, case, exists, func, select
from sqlalchemy.orm import Session

from leye_platform.assignments.core_tables import (
    assignments,
    batches,
    drafts,
    guide_versions,
    micro_tasks,
    people,
    projects,
    responses,
    slots,
    team_members,
    teams,
    work_runs,
)
from leye_platform.assignments.errors import AssignmentMissing, TaskErased
from leye_platform.assignments.known_truth import IN_GOLD_ROUND
from leye_platform.assignments.rules import AssignmentState
from leye_platform.assignments.sharing import RunOrigin
from leye_platform.guides.rules import GuideText
from leye_platform.prepared import Prepared


class TaskSeen(NamedTuple):
    """One assignment with all that its page and the API show. `draft` is None where nothing was saved.

    proposal: what the work begins from; None where the person is not to see any. chosen: the person named the project,
    so that what comes next is of it too.
    """

    assignment_id: UUID
    state: AssignmentState
    round: int
    leased_at: datetime
    lease_expires_at: datetime
    active_ms: int
    microtask_id: UUID
    content: dict[str, Any]
    project_id: UUID
    project_number: int
    project_title: str
    task_type: str
    label_config: str
    currency: str
    batch_id: UUID
    batch_number: int
    batch_name: str
    guide_id: UUID
    guide_version: int
    draft: list[Any] | None
    draft_saved_at: datetime | None
    result: list[Any] | None
    proposal: dict[str, Any] | None
    chosen: bool

    @property
    def stays_in(self) -> UUID | None:
        """The project to ask for next; None where that is left to the platform."""
        return self.project_id if self.chosen else None


def _task() -> Select[*tuple[Any, ...]]:
    a, p, b = assignments.c, projects.c, batches.c
    shown_as = select(slots.c.shown_as).where(slots.c.id == a.slot_id).scalar_subquery()
    return (
        select(
            a.id,
            a.state,
            # Whoever answers gold sees nothing that tells it.
            case((a.round == IN_GOLD_ROUND, 1), else_=a.round),
            a.leased_at,
            a.lease_expires_at,
            a.active_ms,
            case((a.round == IN_GOLD_ROUND, func.coalesce(shown_as, micro_tasks.c.id)), else_=micro_tasks.c.id),
            micro_tasks.c.content,
            p.id,
            p.number,
            p.title,
            p.task_type,
            p.label_config,
            p.currency,
            b.id,
            b.number,
            b.name,
            guide_versions.c.id,
            guide_versions.c.version,
            drafts.c.result,
            drafts.c.saved_at,
            responses.c.result,
            case((a.proposal_shown, micro_tasks.c.proposal)),
            exists().where(
                work_runs.c.person_id == a.person_id,
                work_runs.c.project_id == a.project_id,
                work_runs.c.origin == RunOrigin.CHOSEN,
            ),
        )
        .join(micro_tasks, micro_tasks.c.id == a.microtask_id)
        .join(projects, p.id == a.project_id)
        .join(batches, b.id == a.batch_id)
        .join(guide_versions, guide_versions.c.id == a.guide_id)
        .outerjoin(drafts, drafts.c.assignment_id == a.id)
        .outerjoin(responses, responses.c.assignment_id == a.id)
        .where(a.id == bindparam("assignment"), a.person_id == bindparam("person"))
    )


TASK = Prepared(_task())


def task_seen(session: Session, assignment_id: UUID, person_id: UUID) -> TaskSeen:
    """The person's own assignment.

    Raises AssignmentMissing, for another's too; TaskErased.
    """
    row = TASK.first(session, {"assignment": assignment_id, "person": person_id})
    if row is None:
        raise AssignmentMissing
    seen = TaskSeen(*row)
    if not seen.content:
        raise TaskErased
    return seen


def project_id_of(session: Session, project: UUID | int) -> UUID | None:
    """A project's id by its id or its number; None where there is none."""
    if isinstance(project, UUID):
        return project
    return session.execute(select(projects.c.id).where(projects.c.number == project)).scalar()


class Guide(NamedTuple):
    """One version of a project's instruction. worked: whether the reader has answered under it."""

    project_id: UUID
    project_title: str
    version: int
    body: str
    examples: list[Any]
    pictures: list[Any]
    worked: bool

    @property
    def text(self) -> GuideText:
        return GuideText.stored(self.body, self.examples, self.pictures)


def _guide() -> Select[*tuple[Any, ...]]:
    answered = exists().where(
        responses.c.person_id == bindparam("person"),
        responses.c.guide_id == guide_versions.c.id,
        # Nothing is answered under a guide before there is one: no walk over years of answers.
        responses.c.submitted_at >= guide_versions.c.created_at,
    )
    g, p = guide_versions.c, projects.c
    columns = (p.id, p.title, g.version, g.body, g.examples, g.pictures, answered)
    return select(*columns).join(projects, p.id == g.project_id)


GUIDE_BY_ID = _guide().where(guide_versions.c.id == bindparam("guide"))


def guide_of(session: Session, seen: TaskSeen, person_id: UUID) -> Guide:
    """The guide that an assignment was handed out under."""
    row = session.execute(GUIDE_BY_ID, {"guide": seen.guide_id, "person": person_id}).one()
    return Guide(*row)


ANSWERS_SINCE = select(func.count()).where(
    responses.c.person_id == bindparam("person"), responses.c.submitted_at >= bindparam("since")
)


def answers_since(session: Session, person_id: UUID, since: datetime) -> int:
    """How many answers a person has given since a moment."""
    return session.execute(ANSWERS_SINCE, {"person": person_id, "since": since}).scalar_one()


LEADER = (
    select(people.c.name)
    .join(teams, teams.c.leader_id == people.c.id)
    .join(team_members, team_members.c.team_id == teams.c.id)
    .where(team_members.c.person_id == bindparam("person"), people.c.id != bindparam("person"))
)


def leader_of(session: Session, person_id: UUID) -> str | None:
    """Who leads the person's team; None for somebody without a team, or who leads it."""
    return session.execute(LEADER, {"person": person_id}).scalar()
