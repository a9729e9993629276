"""Whether what the system calls sure is right, on a page for whoever runs the project."""

from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from leye_platform.endpoint import Work, endpoint
from leye_platform.permissions import Permission
from leye_platform.projects.service import project_for
from leye_platform.review.certainty import certainty_of
from leye_quality.reliability import ENOUGH

router = APIRouter(include_in_schema=False)


@router.get("/projects/{project_id}/certainty")
@endpoint(Permission.MANAGE_PROJECTS)
def show(work: Work, project_id: UUID) -> Response:
    """How sure the system was, and how often it was right: a plot, a sentence and a table."""
    project = project_for(work.session, work.actor, project_id, Permission.MANAGE_PROJECTS)
    certainty = certainty_of(work.session, project)
    return work.page("projects/certainty.html", project=project, certainty=certainty, enough=ENOUGH)
