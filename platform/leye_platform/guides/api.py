"""Guides for scripts: the one in force, and that a changed one has been read."""

from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from leye_platform.assignments.api import annotator_of
from leye_platform.endpoint import Work, endpoint
from leye_platform.guides.queries import version_of
from leye_platform.guides.readings import confirm, known_version
from leye_platform.permissions import Permission
from leye_platform.projects.service import project_for

router = APIRouter(prefix="/api/v1", tags=["projects"])


class GuideShown(BaseModel):
    """A guide in force: Markdown, examples, pictures by number. `known`: the version that the reader works under."""

    id: UUID
    version: int
    body: str
    examples: list[Any]
    pictures: list[Any]
    change: str
    created_at: datetime
    known: int | None


class ConfirmIn(BaseModel):
    """The version that was read."""

    model_config = ConfigDict(extra="forbid")
    version: int = Field(ge=1, le=1_000_000)


@router.get("/projects/{project_id}/guide", response_model=GuideShown)
@endpoint(Permission.READ_GUIDE)
def read_guide(work: Work, project_id: UUID) -> GuideShown:
    """The guide in force."""
    project_for(work.session, work.actor, project_id, Permission.READ_GUIDE)
    guide = version_of(work.session, project_id)
    return GuideShown(
        id=guide.id,
        version=guide.version,
        body=guide.body,
        examples=guide.examples,
        pictures=guide.pictures,
        change=guide.change,
        created_at=guide.created_at,
        known=known_version(work.session, work.person_id, project_id),
    )


@router.post("/projects/{project_id}/guide/confirm", status_code=204)
@endpoint(Permission.WORK)
def confirm_guide(work: Work, project_id: UUID, body: ConfirmIn) -> Response:
    """Say that the changed guide has been read; the next claim of the project then gives a task."""
    annotator_of(work.actor)
    project_for(work.session, work.actor, project_id, Permission.READ_GUIDE)
    confirm(work.session, work.person_id, project_id, body.version, work.now)
    return Response(status_code=204)
