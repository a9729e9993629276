"""The names of a project's classes in deliveries as a form: a row for each class."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from fastapi.routing import APIRoute

from leye_platform.class_names.service import classes_in, set_names
from leye_platform.endpoint import Work, endpoint
from leye_platform.errors import Conflict, FieldsRefused
from leye_platform.permissions import Permission
from leye_platform.projects.models import Project
from leye_platform.projects.service import project_for
from leye_task_templates.label_config import MOST_LABELS


class LongForm(APIRoute):
    """Reads a form with a field for every class that a label config may have; Starlette's own limit is below that."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()

        async def run(request: Request) -> Response:
            if request.method == "POST":
                await request.form(max_fields=MOST_LABELS + 1)  # kept with the request; one is the CSRF token
            return await answer(request)

        return run


router = APIRouter(prefix="/partner", include_in_schema=False, route_class=LongForm)

MANY = 12
"""From so many classes on, a button stands above the rows as well."""


@router.get("/projects/{project_id}/names")
@endpoint(Permission.UPLOAD_BATCH)
def show(work: Work, project_id: UUID, saved: bool = False) -> Response:
    """The names as they are."""
    project = project_for(work.session, work.actor, project_id, Permission.UPLOAD_BATCH)
    return _page(work, project, project.class_names, {}, saved=saved)


@router.post("/projects/{project_id}/names")
@endpoint(Permission.UPLOAD_BATCH, form=True)
def save(work: Work, project_id: UUID, names: Annotated[list[str] | None, Form()] = None) -> Response:
    """Keep the names; `names` holds a field for each class, in the order of the page."""
    project = project_for(work.session, work.actor, project_id, Permission.UPLOAD_BATCH)
    classes = [known.value for known in classes_in(project)]
    if len(names or ()) != len(classes):
        raise Conflict  # it is not the page's form, or not all of it
    typed = dict(zip(classes, names or (), strict=True))
    try:
        set_names(work.session, work.actor, project, typed, now=work.now, translate=work.gettext)
    except FieldsRefused as refused:
        return _page(work, project, typed, refused.problems)
    return RedirectResponse(f"/partner/projects/{project_id}/names?saved=1", status_code=303)


def _page(
    work: Work, project: Project, typed: dict[str, str], problems: dict[str, str], *, saved: bool = False
) -> Response:
    classes = classes_in(project)
    fields = {known.value: f"name-{number}" for number, known in enumerate(classes, start=1)}
    return work.page(
        "class_names/names.html",
        status=422 if problems else 200,
        project=project,
        classes=classes,
        fields=fields,
        typed=typed,
        problems={fields[known]: sentence for known, sentence in problems.items()},
        partner=work.actor.partner_scope(Permission.UPLOAD_BATCH) is not None,
        many=len(classes) >= MANY,
        saved=saved,
    )
