"""The next version while it is being written: saved as often as wished, pictures and all, and thrown away."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from leye_platform.actor import Actor
from leye_platform.errors import FieldsRefused
from leye_platform.guides.models import GuideDraft
from leye_platform.guides.publish import newest_version, text_of
from leye_platform.guides.rules import GuideText, problems_of_sizes
from leye_platform.projects.models import Project


def draft_of(session: Session, project_id: UUID) -> tuple[GuideText, int]:
    """What is being written and how often it was saved; what is in force and 0 where nothing was saved."""
    draft = session.get(GuideDraft, project_id)
    if draft is None:
        return text_of(newest_version(session, project_id)), 0
    return text_of(draft), draft.revision


def save_draft(session: Session, actor: Actor, project: Project, text: GuideText, now: datetime) -> int:
    """Keep what is written so far; the number of the save.

    Raises FieldsRefused for what is too long.
    """
    text = text.tidy()
    if problems := problems_of_sizes(text):
        raise FieldsRefused(problems)
    session.get_one(Project, project.id, with_for_update={"key_share": True})
    draft = session.get(GuideDraft, project.id, with_for_update=True)
    if draft is None:
        draft = GuideDraft(project_id=project.id, revision=0)
        session.add(draft)
    draft.body, draft.examples, draft.pictures = text.body, text.stored_examples, text.stored_pictures
    draft.revision += 1
    draft.saved_at, draft.saved_by = now, actor.person_id
    session.flush()
    return draft.revision


def throw_draft_away(session: Session, project_id: UUID) -> None:
    """Forget what was written; the version in force stays."""
    draft = session.get(GuideDraft, project_id, with_for_update=True)
    if draft is not None:
        session.delete(draft)
