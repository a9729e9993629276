"""The API of who works on what: a project's weight, a batch's priority, and what is kept for a team."""

from uuid import UUID

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, ConfigDict
from starlette.responses import Response

from leye_platform.assignments.reservations import Kept, Wanted, kept_in, lift, reserve
from leye_platform.endpoint import Work, endpoint
from leye_platform.permissions import Permission
from leye_platform.projects.models import Batch, Project
from leye_platform.projects.service import batch_for, project_for
from leye_platform.projects.staffing import set_priority, set_weight, shares_now

router = APIRouter(prefix="/api/v1", tags=["projects"])


class WeightIn(BaseModel):
    """A whole number from 1 to 100; 2 is usual."""

    model_config = ConfigDict(extra="forbid")
    weight: int


class PriorityIn(BaseModel):
    """A whole number from -3 to 3; 0 is usual, and every step doubles the share of the batch's project."""

    model_config = ConfigDict(extra="forbid")
    priority: int


class ReservationIn(BaseModel):
    """`quota` tasks for a team (its id), until a moment at the latest; others come after either."""

    model_config = ConfigDict(extra="forbid")
    team: UUID
    quota: int
    until: AwareDatetime

    def wanted(self) -> Wanted:
        """As the service takes it."""
        return Wanted(self.team, self.quota, self.until)


class ReservationOut(BaseModel):
    """What is kept for a team. batch: null where the whole project is. used: how many its people have taken of it."""

    id: UUID
    project: UUID
    batch: UUID | None
    team: UUID
    team_name: str
    quota: int
    used: int
    until: AwareDatetime

    @classmethod
    def of(cls, kept: Kept) -> "ReservationOut":
        return cls(
            id=kept.id,
            project=kept.project_id,
            batch=kept.batch_id,
            team=kept.team_id,
            team_name=kept.team_name,
            quota=kept.quota,
            used=kept.used,
            until=kept.until,
        )


class StaffingOut(BaseModel):
    """A project's weight, and what is kept for teams. share: its part of people's time now, 0 while nothing is open."""

    weight: int
    share: float
    reservations: list[ReservationOut]


def _staffing(work: Work, project: Project) -> StaffingOut:
    kept = [ReservationOut.of(one) for one in kept_in(work.session, project.id, work.now)]
    share = shares_now(work.session, work.now).get(project.id, 0.0)
    return StaffingOut(weight=project.weight, share=round(share, 4), reservations=kept)


def _project(work: Work, project_id: UUID) -> Project:
    return project_for(work.session, work.actor, project_id, Permission.MANAGE_PROJECTS)


def _batch(work: Work, batch_id: UUID) -> tuple[Project, Batch]:
    batch = batch_for(work.session, work.actor, batch_id, Permission.MANAGE_PROJECTS)
    return work.session.get_one(Project, batch.project_id), batch


@router.get("/projects/{project_id}/staffing", response_model=StaffingOut)
@endpoint(Permission.MANAGE_PROJECTS)
def staffing(work: Work, project_id: UUID) -> StaffingOut:
    """How many of the people a project gets, and what is kept for teams."""
    return _staffing(work, _project(work, project_id))


@router.put("/projects/{project_id}/weight", response_model=StaffingOut)
@endpoint(Permission.MANAGE_PROJECTS)
def weigh_project(work: Work, project_id: UUID, body: WeightIn) -> StaffingOut:
    """Give a project more or fewer of the people who have not chosen one."""
    project = _project(work, project_id)
    set_weight(work.session, work.actor, project, body.weight, work.now)
    work.session.flush()
    return _staffing(work, project)


@router.put("/projects/{project_id}/reservation", status_code=201, response_model=StaffingOut)
@endpoint(Permission.MANAGE_PROJECTS)
def reserve_project(work: Work, project_id: UUID, body: ReservationIn) -> StaffingOut:
    """Keep all of a project for a team."""
    project = _project(work, project_id)
    reserve(work.session, work.actor, project, body.wanted(), work.now)
    return _staffing(work, project)


@router.delete("/projects/{project_id}/reservation", status_code=204)
@endpoint(Permission.MANAGE_PROJECTS)
def free_project(work: Work, project_id: UUID) -> Response:
    """Open a project to everybody again."""
    lift(work.session, work.actor, _project(work, project_id), work.now)
    return Response(status_code=204)


@router.put("/batches/{batch_id}/priority", status_code=204)
@endpoint(Permission.MANAGE_PROJECTS)
def prefer_batch(work: Work, batch_id: UUID, body: PriorityIn) -> Response:
    """Serve a batch before others of its project, or after them."""
    _, batch = _batch(work, batch_id)
    set_priority(work.session, work.actor, batch, body.priority, work.now)
    return Response(status_code=204)


@router.put("/batches/{batch_id}/reservation", status_code=201, response_model=StaffingOut)
@endpoint(Permission.MANAGE_PROJECTS)
def reserve_batch(work: Work, batch_id: UUID, body: ReservationIn) -> StaffingOut:
    """Keep a batch for a team."""
    project, batch = _batch(work, batch_id)
    reserve(work.session, work.actor, batch, body.wanted(), work.now)
    return _staffing(work, project)


@router.delete("/batches/{batch_id}/reservation", status_code=204)
@endpoint(Permission.MANAGE_PROJECTS)
def free_batch(work: Work, batch_id: UUID) -> Response:
    """Open a batch to everybody again."""
    _, batch = _batch(work, batch_id)
    lift(work.session, work.actor, batch, work.now)
    return Response(status_code=204)
