"""Files of labels that are written in the background: asking for one, finding it again."""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from leye_platform.actor import Actor
from leye_platform.audit import record
from leye_platform.errors import N_, NotFound
from leye_platform.exports.models import ExportFile
from leye_platform.exports.service import Names, check_format, class_names, erased_lots, lot_sequence
from leye_platform.outbox import JobName, OutboxRow, ask_for
from leye_platform.permissions import Permission
from leye_platform.projects.models import Project

LISTED = 50
"""How many a project's list holds."""


class ExportMissing(NotFound):
    sentence = N_("没有找到这个导出文件。可能不属于您的单位。请从项目的导出页打开。")


class AskedFile(NamedTuple):
    """A file that was asked for. failed: its job has failed for good."""

    file: ExportFile
    failed: bool


def ask_for_export(
    session: Session,
    actor: Actor,
    project: Project,
    *,
    format_name: str,
    since: str = "",
    names: Names = Names.WANTED,
    now: datetime,
) -> ExportFile:
    """Have a file written of what the partner holds now.

    since: a lot's name or id; then only what later lots hold. Raises FormatUnknown, FormatUnfit, SinceUnknown,
    DataErased.
    """
    form = check_format(session, project.id, format_name)
    after_lot = lot_sequence(session, project.id, since) if since else 0
    erased_lots(session, project.id, after_lot=after_lot)
    file = ExportFile(
        project_id=project.id,
        format=form.name,
        original_names=names is Names.ORIGINAL,
        class_names=dict(class_names(session, project.id, names)),
        after_lot=after_lot,
        asked_at=now,
        asked_by=actor.person_id,
    )
    session.add(file)
    session.flush()
    file.job_id = ask_for(session, JobName.WRITE_EXPORT, {"export_id": str(file.id)}, now)
    record(session, at=now, person_id=actor.person_id, action="export.ask", subject_id=file.id, format=form.name)
    session.flush()
    return file


def export_for(session: Session, actor: Actor, export_id: UUID) -> AskedFile:
    """A file within the actor's reach.

    Raises ExportMissing.
    """
    scope = actor.partner_scope(Permission.EXPORT)
    query = _asked().join(Project, Project.id == ExportFile.project_id).where(ExportFile.id == export_id)
    found = session.execute(query if scope is None else query.where(Project.organisation_id.in_(scope))).one_or_none()
    if found is None:
        raise ExportMissing
    return _told(found)


def exports_of(session: Session, project_id: UUID) -> list[AskedFile]:
    """A project's newest files, from the newest on."""
    query = (
        _asked().where(ExportFile.project_id == project_id).order_by(ExportFile.asked_at.desc(), ExportFile.id.desc())
    )
    return [_told(found) for found in session.execute(query.limit(LISTED))]


def _asked() -> Select[ExportFile, datetime | None]:
    return select(ExportFile, OutboxRow.failed_at).outerjoin(OutboxRow, OutboxRow.id == ExportFile.job_id)


def _told(found: Row[Any, Any]) -> AskedFile:
    file, failed_at = found
    return AskedFile(file, failed_at is not None)
