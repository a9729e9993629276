"""Who works under which version: begun with the first task, or confirmed after a change."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leye_platform.guides.errors import GuideMissing, GuideMovedOn
from leye_platform.guides.models import GuideReading, ReadingHow
from leye_platform.guides.publish import newest_version
from leye_platform.projects.models import GuideVersion


def known_version(session: Session, person_id: UUID, project_id: UUID) -> int | None:
    """The version under which a person works in a project; None before their first task of it."""
    return session.scalar(
        select(func.max(GuideReading.version)).where(
            GuideReading.person_id == person_id, GuideReading.project_id == project_id
        )
    )


def confirm(session: Session, person_id: UUID, project_id: UUID, version: int, now: datetime) -> GuideVersion:
    """The person has read what changed up to `version`, and works under it from now on. Again: nothing more happens.

    Raises GuideMissing, GuideMovedOn where another version has come out meanwhile.
    """
    newest = newest_version(session, project_id)
    if newest is None:
        raise GuideMissing
    if newest.version != version:
        raise GuideMovedOn
    if session.get(GuideReading, (person_id, project_id, version)) is None:
        session.add(
            GuideReading(
                person_id=person_id,
                project_id=project_id,
                version=version,
                guide_id=newest.id,
                how=ReadingHow.CONFIRMED,
                at=now,
            )
        )
        session.flush()
    return newest
