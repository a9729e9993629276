"""The next version of a guide: written once, told to those who work by it, and in force from then on."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from leye_platform.actor import Actor
from leye_platform.audit import record
from leye_platform.errors import FieldsRefused
from leye_platform.gold.models import RenewedGold
from leye_platform.guides.errors import DraftMissing, GuideMovedOn
from leye_platform.guides.models import GuideDraft
from leye_platform.guides.rules import (
    GuideText,
    problem_of_body,
    problem_of_change,
    problems_of_text,
)
from leye_platform.notices.events import guide_was_changed
from leye_platform.outbox import JobName, ask_for
from leye_platform.projects.models import GuideVersion, Project
from leye_platform.projects.rules import one_line


def newest_version(session: Session, project_id: UUID) -> GuideVersion | None:
    """The guide in force; None where there is none yet."""
    return session.scalars(
        select(GuideVersion).where(GuideVersion.project_id == project_id).order_by(GuideVersion.version.desc()).limit(1)
    ).first()


def text_of(version: GuideVersion | GuideDraft | None) -> GuideText:
    """What a version or a draft says; nothing where there is none."""
    return GuideText("") if version is None else GuideText.stored(version.body, version.examples, version.pictures)


def add_guide(
    session: Session, actor: Actor, project: Project, body: str, now: datetime, *, change: str = ""
) -> GuideVersion:
    """The next version with another text; examples and pictures stay. The same words again make no new one.

    Raises FieldsRefused.
    """
    if sentence := problem_of_body(body):
        raise FieldsRefused({"guide": sentence})
    newest = _locked_newest(session, project)
    standing = text_of(newest)
    text = GuideText(body, standing.examples, standing.pictures).tidy()
    if newest is not None and text == standing:
        return newest
    return _add_version(session, actor, project, newest, text=text, change=change, now=now)


def publish_draft(
    session: Session,
    actor: Actor,
    project: Project,
    change: str,
    now: datetime,
    *,
    over: int,
    translate: Callable[[str], str] = str,
) -> GuideVersion:
    """Make the draft the next version. over: the version that the author saw in force (0: none).

    Raises DraftMissing, GuideMovedOn, FieldsRefused.
    """
    newest = _locked_newest(session, project)
    if (newest.version if newest else 0) != over:
        raise GuideMovedOn
    draft = session.get(GuideDraft, project.id, with_for_update=True)
    if draft is None:
        raise DraftMissing
    text = text_of(draft).tidy()
    problems = problems_of_text(text, translate)
    if problem := problem_of_change(change, translate):
        problems = {"change": problem} | problems
    if problems:
        raise FieldsRefused(problems)
    session.delete(draft)
    if newest is not None and text == text_of(newest):
        return newest
    return _add_version(session, actor, project, newest, text=text, change=change, now=now)


def _locked_newest(session: Session, project: Project) -> GuideVersion | None:
    """The guide in force, once nobody else is adding one."""
    session.get_one(Project, project.id, with_for_update={"key_share": True})
    return newest_version(session, project.id)


def _add_version(
    session: Session,
    actor: Actor,
    project: Project,
    newest: GuideVersion | None,
    *,
    text: GuideText,
    change: str,
    now: datetime,
) -> GuideVersion:
    guide = GuideVersion(
        project_id=project.id,
        version=newest.version + 1 if newest else 1,
        body=text.body,
        examples=text.stored_examples,
        pictures=text.stored_pictures,
        change=one_line(change),
        created_at=now,
        created_by=actor.person_id,
    )
    session.add(guide)
    session.flush()
    record(
        session, at=now, person_id=actor.person_id, action="project.guide", subject_id=project.id, version=guide.version
    )
    if newest is not None:
        guide_was_changed(session, project, guide, now)
        # Decided items serve as gold only under their own guide: what there is of them is looked at now.
        in_use = exists().where(RenewedGold.project_id == project.id, RenewedGold.retired_at.is_(None))
        if session.scalar(select(in_use)):
            ask_for(session, JobName.RENEW_GOLD, {"project_id": str(project.id)}, now, once_for=project.id)
    return guide
