"""What the pages show of requests for help; reading only."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, aliased

from leye_platform.accounts.models import Person
from leye_platform.actor import Actor
from leye_platform.assignments.models import Assignment, Draft, Response
from leye_platform.permissions import Permission
from leye_platform.projects.models import MicroTask, Project
from leye_platform.projects.pictures.links import PictureLinks
from leye_platform.projects.task_type import task_type
from leye_platform.teams.help_requests import within_reach
from leye_platform.teams.models import HelpRequest, HelpTopic, TeamMember
from leye_task_templates.template import ResultRefused

SHOWN = 50
LONGEST_TEXT = 1000
LONG_WAIT = timedelta(minutes=30)


class HelpWanted(NamedTuple):
    """A request that waits, as its leader sees it. `project` is None where it is about no task.

    item: which task it is about. draft: what is chosen so far, in words; empty where nothing is, or where the leader
    may still be given this task and is to answer it uninfluenced.
    """

    id: UUID
    name: str
    staff_number: str | None
    project: str | None
    assignment_id: UUID | None
    topic: HelpTopic
    words: str
    asked_at: datetime
    item: "ItemShown"
    draft: str


class ItemShown(NamedTuple):
    """A task by the beginning of its text, or by its pictures with their links."""

    text: str
    pictures: list[dict[str, Any]]


class HelpGiven(NamedTuple):
    """An answer that the asker has not read yet. `by` is who gave it."""

    project: str | None
    assignment_id: UUID | None
    answer: str
    by: str
    settled_at: datetime | None


def waiting_for_help(
    session: Session, actor: Actor, links: PictureLinks, team_id: UUID | None = None
) -> Sequence[HelpWanted]:
    """The open requests in the actor's reach, the oldest first; of one team where it is named. One query."""
    answered = exists().where(Response.microtask_id == MicroTask.id, Response.person_id == actor.person_id)
    query = (
        select(
            HelpRequest.id,
            Person.name,
            Person.staff_number,
            Project.title,
            HelpRequest.assignment_id,
            HelpRequest.topic,
            HelpRequest.words,
            HelpRequest.asked_at,
            Project.task_type,
            Project.label_config,
            MicroTask.content,
            Draft.result,
            answered,
        )
        .join(Person, Person.id == HelpRequest.person_id)
        .outerjoin(Assignment, Assignment.id == HelpRequest.assignment_id)
        .outerjoin(Project, Project.id == Assignment.project_id)
        .outerjoin(MicroTask, MicroTask.id == Assignment.microtask_id)
        .outerjoin(Draft, Draft.assignment_id == Assignment.id)
        .where(HelpRequest.settled_at.is_(None), within_reach(actor))
        .order_by(HelpRequest.asked_at, HelpRequest.id)
        .limit(SHOWN)
    )
    if team_id is not None:
        members = select(TeamMember.person_id).where(TeamMember.team_id == team_id)
        query = query.where(HelpRequest.person_id.in_(members))
    may_be_given = actor.may(Permission.WORK)
    return [
        HelpWanted(
            *row[:8],
            item=_item(row.task_type, row.label_config, row.content, links),
            draft=""
            if may_be_given and not row[-1]
            else _chosen(row.task_type, row.label_config, row.content, row.result),
        )
        for row in session.execute(query)
    ]


def _item(kind: str | None, label_config: str, content: dict[str, Any], links: PictureLinks) -> ItemShown:
    if kind is None:
        return ItemShown("", [])
    pictures = links.pictures(content)
    return ItemShown("" if pictures else task_type(kind, label_config).glimpse(content, LONGEST_TEXT), pictures)


def _chosen(kind: str | None, label_config: str, content: dict[str, Any], draft: list[Any] | None) -> str:
    if kind is None or not draft:
        return ""
    type_of_task = task_type(kind, label_config)
    try:
        result = type_of_task.template.validate_result(type_of_task.config, content, draft)
    except ResultRefused:
        return ""
    return type_of_task.template.describe(type_of_task.config, result)


def how_many_wait(session: Session, actor: Actor) -> int:
    """How many open requests are in the actor's reach."""
    query = select(func.count()).select_from(HelpRequest)
    return session.scalar(query.where(HelpRequest.settled_at.is_(None), within_reach(actor))) or 0


def long_waits(session: Session, actor: Actor, now: datetime) -> int:
    """How many people have waited longer than half an hour for help."""
    query = select(func.count(HelpRequest.person_id.distinct()))
    waiting = (HelpRequest.settled_at.is_(None), HelpRequest.asked_at < now - LONG_WAIT)
    return session.scalar(query.where(*waiting, within_reach(actor))) or 0


def unread_answers(session: Session, person_id: UUID) -> Sequence[HelpGiven]:
    """What the person was answered and has not taken note of, the newest first."""
    by = aliased(Person)
    query = (
        select(Project.title, HelpRequest.assignment_id, HelpRequest.answer, by.name, HelpRequest.settled_at)
        .join(by, by.id == HelpRequest.settled_by)
        .outerjoin(Assignment, Assignment.id == HelpRequest.assignment_id)
        .outerjoin(Project, Project.id == Assignment.project_id)
        .where(HelpRequest.person_id == person_id, HelpRequest.settled_at.is_not(None), HelpRequest.read_at.is_(None))
        .order_by(HelpRequest.settled_at.desc())
        .limit(SHOWN)
    )
    return [HelpGiven(*row) for row in session.execute(query)]
