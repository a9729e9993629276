"""Label Studio's exports: what there is, and a project in one of them, as a stream."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response, StreamingResponse

from leye_platform.endpoint import Work, endpoint
from leye_platform.exports.formats import FORMATS
from leye_platform.exports.service import check_format, export_decided
from leye_platform.partner_api.bodies import Number, answer
from leye_platform.partner_api.export import check_some_kept, export_tasks
from leye_platform.partner_api.reach import project_numbered
from leye_platform.permissions import Permission
from leye_platform.projects.task_type import task_type

router = APIRouter(prefix="/api/projects", tags=["label-studio"])

TASKS = "JSON"
"""With the answers as annotations and the decision as a prediction; the other formats hold the decisions alone."""


@router.get("/{project_number}/export/formats")
@endpoint(Permission.EXPORT)
def list_formats(work: Work, project_number: Number) -> Response:
    """The formats that this server writes; those that have no place for the project's labels are disabled."""
    project = project_numbered(work.session, work.actor, project_number, Permission.EXPORT)
    config = task_type(project.task_type, project.label_config).config
    return answer(
        [
            {
                "name": name,
                "title": name,
                "description": work.gettext(form.title),
                "link": "",
                "tags": [],
                "disabled": not form.fits(config),
            }
            for name, form in FORMATS.items()
        ]
    )


@router.get("/{project_number}/export", response_class=StreamingResponse)
@endpoint(Permission.EXPORT)
def export(
    work: Work,
    project_number: Number,
    *,
    export_type: Annotated[str, Query(alias="exportType", max_length=40)] = TASKS,
    export_type_too: Annotated[str, Query(alias="export_type", max_length=40)] = "",
    download_all_tasks: Annotated[bool, Query()] = False,
) -> Response:
    """A project's tasks. As JSON every answer and the decision; in other formats each decided item once."""
    project = project_numbered(work.session, work.actor, project_number, Permission.EXPORT)
    form = check_format(work.session, project.id, export_type_too or export_type)
    raw, project_id = form.name == TASKS, project.id
    check_some_kept(work.session, project_id)
    pictures = bool(task_type(project.task_type, project.label_config).config.images)
    database, objects = work.installation.database, work.installation.objects

    def stream() -> Iterator[bytes]:
        # The answer outlives the request's own session.
        with database.read() as session:
            if raw:
                yield from export_tasks(
                    session, project_id, project_number, unanswered=download_all_tasks, pictures=pictures
                )
            else:
                yield from export_decided(session, project_id, form.name, objects=objects).chunks()

    headers = {"Content-Disposition": f'attachment; filename="project-{project_number}.{form.extension}"'}
    headers["filename"] = f"project-{project_number}.{form.extension}"
    return StreamingResponse(stream(), media_type=form.content_type, headers=headers)
