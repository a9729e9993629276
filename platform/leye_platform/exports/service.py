"""Delivered items in a partner's format, as a stream."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leye_platform.delivery.models import Lot
from leye_platform.errors import N_, Refused
from leye_platform.exports.format import Format
from leye_platform.exports.formats import format_named
from leye_platform.exports.losses import Losses
from leye_platform.exports.rows import KEPT, ExportRows, decided_rows, lot_rows, project_rows, rows_given
from leye_platform.projects.models import Batch, Project
from leye_platform.projects.pictures.keeping import key_of
from leye_platform.projects.task_type import task_type
from leye_platform.retention.errors import DataErased
from leye_storage import ObjectStore
from leye_storage.errors import ObjectMissing

_LOT_NAME = re.compile(r"(?i)\A(?:L-)?(\d{1,9})\Z")


class Names(StrEnum):
    """What a download calls the classes."""

    WANTED = "wanted"
    """As the partner wants them, by the project's map as it is now."""
    ORIGINAL = "original"
    """As the label config has them."""


class SinceUnknown(Refused):
    """A delta begins after a lot that was delivered."""

    sentence = N_("这个项目没有已交付的“{since}”。请写交付批的名字，比如 L-01，或者它的 id。")


@dataclass(frozen=True)
class Export:
    """One file on its way: its format, its rows, and what they lose in it, which is whole when all is written."""

    form: Format
    rows: ExportRows
    losses: Losses

    def chunks(self) -> Iterator[bytes]:
        """The file's bytes, in blocks. Raises FormatUnfit, at once."""
        return self.form.write(self.rows, self.losses)


def export_project(
    session: Session,
    project_id: UUID,
    format_name: str,
    names: Names = Names.WANTED,
    *,
    since: str = "",
    objects: ObjectStore | None = None,
) -> Export:
    """What the partner has been given so far, and not sent back.

    since: a lot's name or id; then only what later lots hold. objects: where the pictures lie, for formats that hold
    them. Raises FormatUnknown, FormatUnfit, SinceUnknown.
    """
    after = lot_sequence(session, project_id, since) if since else 0
    rows = project_rows(session, project_id, class_names(session, project_id, names), after_lot=after)
    return _export(format_name, rows, objects)


def export_lot(
    session: Session,
    lot_id: UUID,
    format_name: str,
    names: Names = Names.WANTED,
    *,
    objects: ObjectStore | None = None,
) -> Export:
    """What stands in a lot now. Its own files are another thing: they stay as they were delivered.

    Raises FormatUnknown, FormatUnfit.
    """
    project_id = session.get_one(Lot, lot_id).project_id
    return _export(format_name, lot_rows(session, lot_id, class_names(session, project_id, names)), objects)


def export_decided(
    session: Session, project_id: UUID, format_name: str, *, objects: ObjectStore | None = None
) -> Export:
    """Every decided item, in a lot or not, its classes called as the partner wants them.

    Raises FormatUnknown, FormatUnfit.
    """
    return _export(
        format_name, decided_rows(session, project_id, class_names(session, project_id, Names.WANTED)), objects
    )


def export_as_given(
    session: Session,
    project_id: UUID,
    format_name: str,
    names: Mapping[str, str],
    *,
    at: datetime,
    after_lot: int,
    objects: ObjectStore,
) -> Export:
    """What the partner held at a moment: the same bytes whenever it is written."""
    return _export(format_name, rows_given(session, project_id, names, at=at, after_lot=after_lot), objects)


def _export(format_name: str, rows: ExportRows, objects: ObjectStore | None) -> Export:
    form = format_named(format_name)
    form.check(rows.kind.config)
    if objects is not None:
        rows = replace(rows, open_picture=picture_opener(objects))
    return Export(form, rows, form.losses())


def class_names(session: Session, project_id: UUID, names: Names) -> Mapping[str, str]:
    """What an export calls the classes."""
    return {} if names is Names.ORIGINAL else session.get_one(Project, project_id).class_names


def check_format(session: Session, project_id: UUID, format_name: str) -> Format:
    """The format, where it has a place for the project's annotations.

    Raises FormatUnknown, FormatUnfit.
    """
    form, project = format_named(format_name), session.get_one(Project, project_id)
    form.check(task_type(project.task_type, project.label_config).config)
    return form


def erased_lots(session: Session, project_id: UUID, *, after_lot: int = 0) -> int:
    """How many delivered lots an export leaves out because their content was erased.

    Raises DataErased where that leaves nothing of what was delivered.
    """
    delivered = (Lot.project_id == project_id, Lot.delivered_at.is_not(None), Lot.sequence > after_lot)
    counted = select(KEPT, func.count()).select_from(Lot).join(Batch, Batch.id == Lot.batch_id).where(*delivered)
    found: dict[bool, int] = {bool(kept): count for kept, count in session.execute(counted.group_by(KEPT))}
    if found.get(False) and not found.get(True):
        raise DataErased
    return found.get(False, 0)


def lot_sequence(session: Session, project_id: UUID, since: str) -> int:
    """The number within its project of a delivered lot, by its name (`L-02`, `2`) or its id.

    Raises SinceUnknown.
    """
    found = _LOT_NAME.match(since.strip())
    try:
        which = Lot.sequence == int(found[1]) if found else Lot.id == UUID(since.strip())
    except ValueError:
        raise SinceUnknown(since=since[:40]) from None
    sequence = session.scalar(
        select(Lot.sequence).where(Lot.project_id == project_id, Lot.delivered_at.is_not(None), which)
    )
    if sequence is None:
        raise SinceUnknown(since=since[:40])
    return sequence


def picture_opener(objects: ObjectStore) -> Callable[[Any], bytes | None]:
    """Gives the original bytes of a picture that items' data name, None where they are not kept here."""

    def opened(picture: Any) -> bytes | None:
        if not isinstance(picture, dict) or not isinstance(picture.get("sha256"), str):
            return None
        try:
            return b"".join(objects.read(key_of(picture["sha256"], "original")))
        except ObjectMissing:
            return None

    return opened
