"""Label Studio's import: tasks in the body or in files, in one unit of work."""

import time
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from leye_platform.endpoint import Work, endpoint
from leye_platform.partner_api.bodies import JsonOrFiles, Number, UploadedFile, answer
from leye_platform.partner_api.errors import ImportBodyEmpty, ImportByUrl, NothingToImport
from leye_platform.partner_api.files import tasks_in_file
from leye_platform.partner_api.intake import MOST_NAMED, Taken, take_tasks
from leye_platform.partner_api.reach import project_numbered
from leye_platform.permissions import Permission
from leye_platform.projects.models import Project
from leye_platform.projects.task_type import task_type
from leye_platform.projects.upload_limit import UploadRoute

router = APIRouter(prefix="/api/projects", tags=["label-studio"], route_class=UploadRoute)

EXAMPLE = '[{"data": {"text": "…"}}]'
TAKES_TASKS: dict[str, Any] = {
    "requestBody": {
        "content": {
            "application/json": {"schema": {"type": "array", "items": {"type": "object"}}},
            "multipart/form-data": {
                "schema": {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}}}
            },
        }
    }
}


@router.post("/{project_number}/import", status_code=201, openapi_extra=TAKES_TASKS)
@endpoint(Permission.UPLOAD_BATCH)
def import_tasks(
    work: Work, project_number: Number, body: JsonOrFiles, *, return_task_ids: Annotated[bool, Query()] = False
) -> Response:
    """Tasks into the project, open for work at once. Bad ones are named and left out; 400 where none was good."""
    began = time.perf_counter()
    project = project_numbered(work.session, work.actor, project_number, Permission.UPLOAD_BATCH)
    tasks = _tasks(project, body)
    taken = take_tasks(work.session, work.actor, project, tasks, work.now, numbers=return_task_ids)
    if not taken.tasks and not taken.known:
        raise NothingToImport(problem=taken.refused[0][1]) if taken.refused else ImportBodyEmpty(example=EXAMPLE)
    return answer(_told(taken, time.perf_counter() - began, numbers=return_task_ids), 201)


def _tasks(project: Project, body: Any) -> Iterable[object]:
    if isinstance(body, list) and body and isinstance(body[0], UploadedFile):
        kind = task_type(project.task_type, project.label_config)
        read: Iterator[Iterator[object]] = (tasks_in_file(kind, file) for file in body)
        return chain.from_iterable(read)
    if isinstance(body, dict):
        if set(body) == {"url"}:
            raise ImportByUrl
        return [body]
    if not isinstance(body, list) or not body:
        raise ImportBodyEmpty(example=EXAMPLE)
    return body


def _told(taken: Taken, seconds: float, *, numbers: bool) -> dict[str, Any]:
    told: dict[str, Any] = {
        "task_count": taken.tasks,
        "annotation_count": taken.annotations,
        "prediction_count": taken.predictions,
        "duration": round(seconds, 4),
        "file_upload_ids": [],
        "could_be_tasks_list": False,
        "found_formats": [],
        "data_columns": [],
        "known_count": taken.known,
        "refused_count": len(taken.refused),
        "refused": [{"index": place, "problem": why} for place, why in taken.refused[:MOST_NAMED]],
    }
    if numbers:
        told["task_ids"] = taken.numbers
    return told
