"""Delivered labels as a download: a whole project's, or one lot's."""

from collections.abc import Callable, Iterator
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import Response, StreamingResponse
from sqlalchemy.orm import Session

from leye_platform.delivery.service import lot_for
from leye_platform.endpoint import Work, endpoint
from leye_platform.exports.formats import FORMATS, format_named
from leye_platform.exports.service import Names, export_lot, export_project
from leye_platform.permissions import Permission
from leye_platform.projects.service import project_for
from leye_platform.web.openapi import file_of

router = APIRouter(prefix="/api/v1", tags=["exports"])

FILES = file_of(*(form.content_type for form in FORMATS.values()))
FormatName = Annotated[str, Query(alias="format", max_length=40)]


@router.get("/projects/{project_id}/export", **FILES)
@endpoint(Permission.EXPORT)
def export(work: Work, project_id: UUID, format_name: FormatName = "JSON", names: Names = Names.WANTED) -> Response:
    """What was delivered and not sent back, as JSON, JSONL or CSV.

    `names`: what the classes are called; `wanted` by the project's map of names as it is now, `original` as in the
    label config. The header `Leye-Class-Names` repeats it.
    """
    project = project_for(work.session, work.actor, project_id, Permission.EXPORT)
    name = f"labels-{project.number}"
    return _download(
        work, name, format_name, names, lambda session: export_project(session, project_id, format_name, names)
    )


@router.get("/lots/{lot_id}/export", **FILES)
@endpoint(Permission.EXPORT)
def export_one_lot(work: Work, lot_id: UUID, format_name: FormatName = "JSON", names: Names = Names.WANTED) -> Response:
    """What stands in one lot now, written anew; `format` and `names` as of a project's export.

    The files that the lot names itself stay as they were delivered.
    """
    lot = lot_for(work.session, work.actor, lot_id, Permission.EXPORT)
    name = f"lot-{lot.number}"
    return _download(work, name, format_name, names, lambda session: export_lot(session, lot_id, format_name, names))


def _download(
    work: Work, name: str, format_name: str, names: Names, write: Callable[[Session], Iterator[bytes]]
) -> Response:
    """A stream under a name that tells which names of classes are in it."""
    form = format_named(format_name)
    database = work.installation.database

    def stream() -> Iterator[bytes]:
        # The answer outlives the request's own session.
        with database.read() as session:
            yield from write(session)

    file_name = f"{name}-original-names.{form.extension}" if names is Names.ORIGINAL else f"{name}.{form.extension}"
    headers = {"Content-Disposition": f'attachment; filename="{file_name}"', "Leye-Class-Names": names.value}
    return StreamingResponse(stream(), media_type=form.content_type, headers=headers)
