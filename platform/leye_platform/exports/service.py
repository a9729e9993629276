"""A project's delivered items in a partner's format, as a stream."""

from collections.abc import Iterator
from uuid import UUID

from sqlalchemy.orm import Session

from leye_platform.exports.formats import format_named
from leye_platform.exports.rows import project_rows


def export_project(session: Session, project_id: UUID, format_name: str) -> Iterator[bytes]:
    """What the partner has been given so far, and not sent back.

    Raises FormatUnknown.
    """
    return format_named(format_name).write(project_rows(session, project_id))
