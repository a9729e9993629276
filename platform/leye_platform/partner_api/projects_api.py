"""Label Studio's projects: made, listed, changed, put away, validated, summed up."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from sqlalchemy import func, select
from starlette.responses import Response

from leye_platform.endpoint import Work, endpoint
from leye_platform.partner_api.bodies import TAKES_OBJECT, Number, Object, Page, answer
from leye_platform.partner_api.errors import PageNotThere
from leye_platform.partner_api.project_answers import project_answer, summary_answer
from leye_platform.partner_api.projects import change_project, check_label_config, found_project, put_away
from leye_platform.partner_api.reach import oversees, project_numbered, project_to_read, within
from leye_platform.permissions import Permission
from leye_platform.projects.models import Project

router = APIRouter(prefix="/api/projects", tags=["label-studio"])

PAGE_SIZE, MOST = 30, 1000
PageSize = Annotated[int, Query(ge=-1, le=10_000)]


@router.get("")
@endpoint(Permission.EXPORT)
def list_projects(
    work: Work,
    *,
    page: Page = 1,
    page_size: PageSize = PAGE_SIZE,
    title: Annotated[str, Query(max_length=200)] = "",
    ids: Annotated[str, Query(max_length=2000)] = "",
) -> Response:
    """The projects that one oversees, newest first."""
    size = MOST if page_size <= 0 else min(page_size, MOST)
    query = select(Project).where(within(work.actor, Permission.EXPORT), Project.put_away_at.is_(None))
    if title:
        query = query.where(Project.title.icontains(title, autoescape=True))
    if ids:
        numbers = [int(one) for one in ids.split(",") if one.strip().isascii() and one.strip().isdigit()]
        query = query.where(Project.number.in_([number for number in numbers if number < 2**63]))
    total = work.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    if page > 1 and (page - 1) * size >= total:
        raise PageNotThere
    found = work.session.scalars(query.order_by(Project.number.desc()).offset((page - 1) * size).limit(size)).all()
    return answer(
        {
            "count": total,
            "next": _page_url(work.request, page + 1) if page * size < total else None,
            "previous": _page_url(work.request, page - 1) if page > 1 else None,
            "results": [project_answer(work.session, project, counts=True) for project in found],
        }
    )


def _page_url(request: Request, page: int) -> str:
    return str(request.url.include_query_params(page=page))


@router.post("", status_code=201, openapi_extra=TAKES_OBJECT)
@endpoint(Permission.MAKE_PROJECT)
def create(work: Work, body: Object) -> Response:
    """A project that needs no quote: its firm's own members may label at once, the crowd once it has a price."""
    project = found_project(work.session, work.actor, body, work.now)
    return answer(project_answer(work.session, project, counts=True), 201)


@router.post("/validate", status_code=204, openapi_extra=TAKES_OBJECT)
@endpoint(Permission.MAKE_PROJECT)
def validate_config(work: Work, body: Object) -> Response:
    """Whether a project could be made of a label config."""
    check_label_config(body.get("label_config"))
    return Response(status_code=204)


@router.get("/{project_number}")
@endpoint(Permission.LABEL)
def read(work: Work, project_number: Number) -> Response:
    """A project; how far it is, for those who oversee it."""
    project = project_to_read(work.session, work.actor, project_number)
    return answer(project_answer(work.session, project, counts=oversees(work.actor)))


@router.patch("/{project_number}", openapi_extra=TAKES_OBJECT)
@endpoint(Permission.MAKE_PROJECT)
def change(work: Work, project_number: Number, body: Object) -> Response:
    """Title, description, instruction, most answers, predictions shown or not; the config while there are no tasks."""
    project = project_numbered(work.session, work.actor, project_number, Permission.MAKE_PROJECT, lock=True)
    change_project(work.session, work.actor, project, body, work.now)
    return answer(project_answer(work.session, project, counts=True))


@router.delete("/{project_number}", status_code=204)
@endpoint(Permission.MAKE_PROJECT)
def delete(work: Work, project_number: Number) -> Response:
    """Put a project away: open work is cancelled, what was done is paid, nothing is lost."""
    project = project_numbered(work.session, work.actor, project_number, Permission.MAKE_PROJECT, lock=True)
    put_away(work.session, work.actor, project, work.now)
    return Response(status_code=204)


@router.post("/{project_number}/validate", openapi_extra=TAKES_OBJECT)
@endpoint(Permission.MAKE_PROJECT)
def validate(work: Work, project_number: Number, body: Object) -> Response:
    """Whether the project could have this label config."""
    project = project_numbered(work.session, work.actor, project_number, Permission.MAKE_PROJECT)
    config = body.get("label_config")
    check_label_config(config)
    return answer({"config_essential_data_has_changed": config != project.label_config, "config_valid": True})


@router.get("/{project_number}/summary")
@endpoint(Permission.EXPORT)
def summary(work: Work, project_number: Number) -> Response:
    """Which columns the tasks have, which labels were given."""
    project = project_numbered(work.session, work.actor, project_number, Permission.EXPORT)
    told: dict[str, Any] = summary_answer(work.session, project)
    return answer(told)
