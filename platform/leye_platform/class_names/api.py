"""The names of a project's classes in deliveries, for scripts."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body

from leye_platform.class_names.service import names_of, set_names
from leye_platform.endpoint import Work, endpoint
from leye_platform.permissions import Permission
from leye_platform.projects.service import project_for
from leye_task_templates.label_config import MOST_LABELS

router = APIRouter(prefix="/api/v1", tags=["projects"])

Names = Annotated[dict[str, str], Body(max_length=MOST_LABELS)]


@router.get("/projects/{project_id}/class-names", response_model=dict[str, str])
@endpoint(Permission.EXPORT)
def read_names(work: Work, project_id: UUID) -> dict[str, str]:
    """Every class of the label config with its name in deliveries."""
    return names_of(project_for(work.session, work.actor, project_id, Permission.EXPORT))


@router.put("/projects/{project_id}/class-names", response_model=dict[str, str])
@endpoint(Permission.UPLOAD_BATCH)
def write_names(work: Work, project_id: UUID, body: Names) -> dict[str, str]:
    """Call the classes so in all that is downloaded from now on; one left out or empty keeps its own name."""
    project = project_for(work.session, work.actor, project_id, Permission.UPLOAD_BATCH)
    set_names(work.session, work.actor, project, body, now=work.now, translate=work.gettext)
    return names_of(project)
