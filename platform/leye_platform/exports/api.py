"""A project's delivered labels as a download."""

from collections.abc import Iterator
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import Response, StreamingResponse

from leye_platform.endpoint import Work, endpoint
from leye_platform.exports.formats import FORMATS, format_named
from leye_platform.exports.service import export_project
from leye_platform.permissions import Permission
from leye_platform.projects.service import project_for
from leye_platform.web.openapi import file_of

router = APIRouter(prefix="/api/v1", tags=["exports"])


@router.get("/projects/{project_id}/export", **file_of(*(form.content_type for form in FORMATS.values())))
@endpoint(Permission.EXPORT)
def export(work: Work, project_id: UUID, format_name: str = Query("JSON", alias="format", max_length=40)) -> Response:
    """What was delivered and not sent back, as JSON, JSONL or CSV."""
    project = project_for(work.session, work.actor, project_id, Permission.EXPORT)
    form = format_named(format_name)
    database = work.installation.database

    def stream() -> Iterator[bytes]:
        # The answer outlives the request's own session.
        with database.read() as session:
            yield from export_project(session, project_id, format_name)

    headers = {"Content-Disposition": f'attachment; filename="labels-{project.number}.{form.extension}"'}
    return StreamingResponse(stream(), media_type=form.content_type, headers=headers)
