"""Pictures of guides: looked at, kept by their content, and put at the end of the draft's pictures."""

from datetime import datetime
from typing import IO
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from leye_platform.actor import Actor
from leye_platform.guides.errors import TooManyPictures
from leye_platform.guides.models import GuidePicture
from leye_platform.guides.rules import MOST_PICTURES, GuideText, PlacedPicture
from leye_platform.projects.pictures.keeping import JPEG, Keeper, KeptPicture, keep_picture, key_of
from leye_storage import ObjectStore

SHOWN = "shown"


def store_picture(objects: ObjectStore, stream: IO[bytes], keeper: Keeper) -> KeptPicture:
    """Look a picture through and keep it, without its place and other notes. Takes its time: no session is open.

    Raises PictureRefused (of projects/pictures), OSError.
    """
    return keep_picture(objects, stream, keeper=keeper)


def add_picture(
    session: Session,
    actor: Actor,
    project_id: UUID,
    kept: KeptPicture,
    *,
    text: GuideText,
    description: str,
    now: datetime,
) -> GuideText:
    """The text with one more picture. The same picture twice is one row, and stands twice.

    Raises TooManyPictures.
    """
    if len(text.pictures) >= MOST_PICTURES:
        raise TooManyPictures
    picture = session.scalar(
        select(GuidePicture).where(GuidePicture.project_id == project_id, GuidePicture.sha256 == kept.sha256)
    )
    if picture is None:
        picture = GuidePicture(
            project_id=project_id,
            sha256=kept.sha256,
            key=key_of(kept.sha256, SHOWN),
            media_type=JPEG,
            width=kept.width,
            height=kept.height,
            uploaded_at=now,
            uploaded_by=actor.person_id,
        )
        session.add(picture)
        session.flush()
    placed = PlacedPicture(picture.id, text.next_number, description)
    return GuideText(text.body, text.examples, (*text.pictures, placed))
