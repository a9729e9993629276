"""Delivered labels for scripts: as a download, or as a file that is written in the background."""

from collections.abc import Callable, Iterator
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import Response, StreamingResponse
from sqlalchemy.orm import Session

from leye_platform.delivery.api import DOWNLOAD_TIME
from leye_platform.delivery.service import lot_for
from leye_platform.endpoint import Work, endpoint
from leye_platform.exports.asking import AskedFile, ask_for_export, export_for, exports_of
from leye_platform.exports.format import Format
from leye_platform.exports.formats import FORMATS, formats_for
from leye_platform.exports.models import ExportFile
from leye_platform.exports.rules import ExportState
from leye_platform.exports.schemas import ExportIn, ExportOut, FormatOut
from leye_platform.exports.service import (
    Export,
    Names,
    check_format,
    erased_lots,
    export_lot,
    export_project,
    lot_sequence,
)
from leye_platform.permissions import Permission
from leye_platform.projects.models import Batch
from leye_platform.projects.service import project_for
from leye_platform.projects.task_type import task_type
from leye_platform.retention.service import check_kept
from leye_platform.web.openapi import file_of

router = APIRouter(prefix="/api/v1", tags=["exports"])

FILES = file_of(*(form.content_type for form in FORMATS.values()))
FormatName = Annotated[str, Query(alias="format", max_length=40)]
Since = Annotated[str, Query(max_length=40)]


@router.get("/projects/{project_id}/export/formats", response_model=list[FormatOut])
@endpoint(Permission.EXPORT)
def list_formats(work: Work, project_id: UUID) -> list[FormatOut]:
    """The formats that have a place for the project's annotations, and what each can never hold."""
    project = project_for(work.session, work.actor, project_id, Permission.EXPORT)
    kind = task_type(project.task_type, project.label_config)
    return [FormatOut.of(form, work.gettext) for form in formats_for(kind.config)]


@router.get("/projects/{project_id}/export", **FILES)
@endpoint(Permission.EXPORT)
def export(
    work: Work, project_id: UUID, format_name: FormatName = "JSON", names: Names = Names.WANTED, since: Since = ""
) -> Response:
    """What was delivered and not sent back, in one of the formats that fit the project.

    `names`: what the classes are called; `wanted` by the project's map of names as it is now, `original` as in the
    label config. The header `Leye-Class-Names` repeats it. `since`: a lot's name (`L-02`) or id; then only what later
    lots hold, which is all that is new or changed. `Leye-Not-Held` names what the format can never hold; what else
    was lost is told by an export of its own (`POST …/exports`). `Leye-Erased-Lots` says how many lots are left out
    because their content was erased; where it leaves nothing, the answer is 410.
    """
    project = project_for(work.session, work.actor, project_id, Permission.EXPORT)
    form = check_format(work.session, project_id, format_name)
    name, after_lot = f"labels-{project.number}", 0
    if since:
        after_lot = lot_sequence(work.session, project_id, since)
        name = f"{name}-since-L-{after_lot:02}"
    erased = erased_lots(work.session, project_id, after_lot=after_lot)
    objects = work.installation.objects

    def written(session: Session) -> Export:
        return export_project(session, project_id, format_name, names, since=since, objects=objects)

    return _download(work, name, form, names, written, erased=erased)


@router.get("/lots/{lot_id}/export", **FILES)
@endpoint(Permission.EXPORT)
def export_one_lot(work: Work, lot_id: UUID, format_name: FormatName = "JSON", names: Names = Names.WANTED) -> Response:
    """What stands in one lot now, written anew; `format` and `names` as of a project's export.

    The files that the lot names itself stay as they were delivered.
    """
    lot = lot_for(work.session, work.actor, lot_id, Permission.EXPORT)
    check_kept(work.session.get_one(Batch, lot.batch_id))
    form = check_format(work.session, lot.project_id, format_name)
    objects = work.installation.objects
    return _download(
        work,
        f"lot-{lot.number}",
        form,
        names,
        lambda session: export_lot(session, lot_id, format_name, names, objects=objects),
    )


@router.post("/projects/{project_id}/exports", status_code=201, response_model=ExportOut)
@endpoint(Permission.EXPORT)
def ask(work: Work, project_id: UUID, body: ExportIn) -> ExportOut:
    """Have a file written of what was delivered so far; `GET` of its address tells how far it is.

    For large projects: it goes on when a machine stops, and tells what the format could not hold.
    """
    project = project_for(work.session, work.actor, project_id, Permission.EXPORT)
    file = ask_for_export(
        work.session,
        work.actor,
        project,
        format_name=body.format,
        since=body.since,
        names=body.names,
        now=work.now,
    )
    return _out(work, AskedFile(file, failed=False))


@router.get("/projects/{project_id}/exports", response_model=list[ExportOut])
@endpoint(Permission.EXPORT)
def list_asked(work: Work, project_id: UUID) -> list[ExportOut]:
    """The project's newest fifty files, from the newest on."""
    project_for(work.session, work.actor, project_id, Permission.EXPORT)
    return [_out(work, asked) for asked in exports_of(work.session, project_id)]


@router.get("/exports/{export_id}", response_model=ExportOut)
@endpoint(Permission.EXPORT)
def read_asked(work: Work, export_id: UUID) -> ExportOut:
    """A file that was asked for: how far it is, where it lies, what it could not hold."""
    return _out(work, export_for(work.session, work.actor, export_id))


def _out(work: Work, asked: AskedFile) -> ExportOut:
    return ExportOut.of(asked, link_to(work, asked.file), work.gettext)


def link_to(work: Work, file: ExportFile) -> str | None:
    """Where a file can be fetched for a quarter of an hour; None where it is not ready."""
    if file.key is None or file.state is ExportState.ERASED:
        return None
    name = file.key.rpartition("/")[2]
    return work.installation.objects.download_url(file.key, DOWNLOAD_TIME, f"{file.format.lower()}-{name}")


def _download(
    work: Work, name: str, form: Format, names: Names, written: Callable[[Session], Export], *, erased: int = 0
) -> Response:
    """A stream under a name that tells which names of classes are in it."""
    database = work.installation.database

    def stream() -> Iterator[bytes]:
        # The answer outlives the request's own session.
        with database.read() as session:
            yield from written(session).chunks()

    file_name = f"{name}-original-names.{form.extension}" if names is Names.ORIGINAL else f"{name}.{form.extension}"
    headers = {
        "Content-Disposition": f'attachment; filename="{file_name}"',
        "Leye-Class-Names": names.value,
        "Leye-Not-Held": ", ".join(loss.value for loss in form.always),
        "Leye-Erased-Lots": str(erased),
    }
    return StreamingResponse(stream(), media_type=form.content_type, headers=headers)
