"""Delivered items in a partner's format, as a stream."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from uuid import UUID

from sqlalchemy.orm import Session

from leye_platform.delivery.models import Lot
from leye_platform.exports.formats import format_named
from leye_platform.exports.rows import lot_rows, project_rows
from leye_platform.projects.models import Project


class Names(StrEnum):
    """What a download calls the classes."""

    WANTED = "wanted"
    """As the partner wants them, by the project's map as it is now."""
    ORIGINAL = "original"
    """As the label config has them."""


def export_project(
    session: Session, project_id: UUID, format_name: str, names: Names = Names.WANTED
) -> Iterator[bytes]:
    """What the partner has been given so far, and not sent back.

    Raises FormatUnknown.
    """
    return format_named(format_name).write(project_rows(session, project_id, _map(session, project_id, names)))


def export_lot(session: Session, lot_id: UUID, format_name: str, names: Names = Names.WANTED) -> Iterator[bytes]:
    """What stands in a lot now. Its own files are another thing: they stay as they were delivered.

    Raises FormatUnknown.
    """
    project_id = session.get_one(Lot, lot_id).project_id
    return format_named(format_name).write(lot_rows(session, lot_id, _map(session, project_id, names)))


def _map(session: Session, project_id: UUID, names: Names) -> Mapping[str, str]:
    return {} if names is Names.ORIGINAL else session.get_one(Project, project_id).class_names
