"""What the pages of guides show: versions, questions, who knows what. Reading only."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leye_platform.accounts.models import Person
from leye_platform.guides.errors import GuideMissing
from leye_platform.guides.models import GuideDraft, GuidePicture, GuideQuestion, GuideReading
from leye_platform.guides.rules import PlacedPicture
from leye_platform.projects.models import GuideVersion

QUESTIONS_SHOWN = 100


class VersionLine(NamedTuple):
    """A version in the list of all of them."""

    version: int
    change: str
    created_at: datetime


class QuestionSeen(NamedTuple):
    """A question as the coordinator sees it."""

    id: UUID
    question: str
    asked_at: datetime
    version: int
    answer: str | None
    shared: bool


class Readers(NamedTuple):
    """How many people have had a task of the project, and how many of them know the guide in force."""

    people: int
    up_to_date: int


def version_of(session: Session, project_id: UUID, version: int | None = None) -> GuideVersion:
    """One version of a project's guide; the one in force where none is named.

    Raises GuideMissing.
    """
    query = select(GuideVersion).where(GuideVersion.project_id == project_id)
    if version is not None:
        query = query.where(GuideVersion.version == version)
    found = session.scalars(query.order_by(GuideVersion.version.desc()).limit(1)).first()
    if found is None:
        raise GuideMissing
    return found


def versions_of(session: Session, project_id: UUID) -> list[VersionLine]:
    """All versions of a project's guide, the newest first."""
    query = (
        select(GuideVersion.version, GuideVersion.change, GuideVersion.created_at)
        .where(GuideVersion.project_id == project_id)
        .order_by(GuideVersion.version.desc())
    )
    return [VersionLine(*row) for row in session.execute(query)]


def pictures_of(session: Session, placed: Iterable[PlacedPicture]) -> Mapping[UUID, GuidePicture]:
    """The stored pictures that a text names, by id. No query where it names none."""
    ids = [picture.id for picture in placed]
    if not ids:
        return {}
    return {picture.id: picture for picture in session.scalars(select(GuidePicture).where(GuidePicture.id.in_(ids)))}


def answered_for_all(session: Session, project_id: UUID) -> Sequence[GuideQuestion]:
    """The questions whose answers stand in the guide, in the order in which they were asked."""
    return session.scalars(
        select(GuideQuestion)
        .where(GuideQuestion.project_id == project_id, GuideQuestion.shared, GuideQuestion.answered_at.is_not(None))
        .order_by(GuideQuestion.asked_at)
        .limit(QUESTIONS_SHOWN)
    ).all()


def own_questions(session: Session, project_id: UUID, person_id: UUID) -> Sequence[GuideQuestion]:
    """What a person has asked and all do not see: open questions, and answers to them alone. The newest first."""
    return session.scalars(
        select(GuideQuestion)
        .where(GuideQuestion.project_id == project_id, GuideQuestion.asked_by == person_id, ~GuideQuestion.shared)
        .order_by(GuideQuestion.asked_at.desc())
        .limit(QUESTIONS_SHOWN)
    ).all()


def questions_of(session: Session, project_id: UUID) -> list[QuestionSeen]:
    """A project's questions: those that wait, the oldest first, then the answered ones, the newest first."""
    query = (
        select(
            GuideQuestion.id,
            GuideQuestion.question,
            GuideQuestion.asked_at,
            GuideVersion.version,
            GuideQuestion.answer,
            GuideQuestion.shared,
        )
        .join(GuideVersion, GuideVersion.id == GuideQuestion.guide_id)
        .where(GuideQuestion.project_id == project_id)
    )
    waiting = query.where(GuideQuestion.answered_at.is_(None)).order_by(GuideQuestion.asked_at)
    answered = query.where(GuideQuestion.answered_at.is_not(None)).order_by(GuideQuestion.answered_at.desc())
    rows = [*session.execute(waiting.limit(QUESTIONS_SHOWN)), *session.execute(answered.limit(QUESTIONS_SHOWN))]
    return [QuestionSeen(*row) for row in rows]


def draft_line(session: Session, project_id: UUID) -> tuple[datetime, str] | None:
    """When and by whom a draft was saved last; None without one."""
    query = (
        select(GuideDraft.saved_at, Person.name)
        .join(Person, Person.id == GuideDraft.saved_by)
        .where(GuideDraft.project_id == project_id)
    )
    row = session.execute(query).first()
    return None if row is None else (row[0], row[1])


def readers_of(session: Session, project_id: UUID, version: int) -> Readers:
    """How many of a project's people know a version."""
    known = (
        select(GuideReading.person_id, func.max(GuideReading.version).label("version"))
        .where(GuideReading.project_id == project_id)
        .group_by(GuideReading.person_id)
        .subquery()
    )
    people = session.scalar(select(func.count()).select_from(known)) or 0
    up_to_date = session.scalar(select(func.count()).select_from(known).where(known.c.version == version)) or 0
    return Readers(people, up_to_date)
