"""What annotators ask about a guide, and the coordinator's answers, which stand in the guide for all."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from leye_platform.actor import Actor
from leye_platform.audit import record
from leye_platform.guides.errors import AnswerEmpty, GuideMissing, QuestionEmpty, QuestionMissing
from leye_platform.guides.models import GuideQuestion
from leye_platform.guides.publish import newest_version
from leye_platform.guides.rules import LONGEST_QUESTION
from leye_platform.notices.events import question_was_answered, question_was_asked
from leye_platform.projects.rules import storable_text


def ask(session: Session, actor: Actor, project_id: UUID, question: str, now: datetime) -> GuideQuestion:
    """Ask about the guide in force.

    Raises GuideMissing, QuestionEmpty.
    """
    guide = newest_version(session, project_id)
    if guide is None:
        raise GuideMissing
    words = storable_text(question).strip()
    if not 0 < len(words) <= LONGEST_QUESTION:
        raise QuestionEmpty
    asked = GuideQuestion(
        project_id=project_id, guide_id=guide.id, question=words, asked_by=actor.person_id, asked_at=now
    )
    session.add(asked)
    session.flush()
    question_was_asked(session, asked, now)
    return asked


def answer(
    session: Session, actor: Actor, project_id: UUID, question_id: UUID, words: str, *, shared: bool, now: datetime
) -> GuideQuestion:
    """Answer a question, or answer it better. shared: whether all see it in the guide, or who asked alone.

    Raises QuestionMissing, AnswerEmpty.
    """
    asked = session.get(GuideQuestion, question_id, with_for_update=True)
    if asked is None or asked.project_id != project_id:
        raise QuestionMissing
    words = storable_text(words).strip()
    if not 0 < len(words) <= LONGEST_QUESTION:
        raise AnswerEmpty
    asked.answer, asked.shared = words, shared
    asked.answered_by, asked.answered_at = actor.person_id, now
    record(session, at=now, person_id=actor.person_id, action="guide.answer", subject_id=asked.id, shared=shared)
    question_was_answered(session, asked, now)
    return asked
