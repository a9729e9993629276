"""Who works on a project or a batch: its share of the people, its priority, and what is kept for a team."""

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import select

from leye_platform.accounts.models import Organisation
from leye_platform.assignments.errors import NoSuchTeam, QuotaRefused, ReservationInThePast, ReservedAlready
from leye_platform.assignments.reservations import Wanted, kept_in, lift, reserve
from leye_platform.assignments.sharing import RUN_ANSWERS
from leye_platform.endpoint import Work, endpoint
from leye_platform.errors import N_, LeyeError
from leye_platform.permissions import Permission
from leye_platform.projects.days import read_deadline
from leye_platform.projects.models import Batch, Project
from leye_platform.projects.service import batch_for, project_for
from leye_platform.projects.staffing import set_priority, set_weight, shares_now
from leye_platform.teams.models import Team
from leye_platform.web.pages import sentence_for

router = APIRouter(include_in_schema=False)

Field = Annotated[str, Form()]
WEIGHT_WORDS: dict[int, str] = {
    1: N_("少一些，是平常的一半"),
    2: N_("平常"),
    4: N_("多一些，是平常的两倍"),
    8: N_("尽量多，是平常的四倍"),
}
PRIORITY_WORDS: dict[int, str] = {
    -1: N_("不急，排在这个项目别的批次后面"),
    0: N_("平常"),
    1: N_("优先，排在前面，项目的人手加倍"),
    2: N_("很急，排在最前面，项目的人手是四倍"),
}
FIELD_OF: dict[type[LeyeError], str] = {
    NoSuchTeam: "team",
    QuotaRefused: "quota",
    ReservationInThePast: "until",
    ReservedAlready: "team",
}


def _project(work: Work, project_id: UUID) -> Project:
    return project_for(work.session, work.actor, project_id, Permission.MANAGE_PROJECTS)


def _batch(work: Work, batch_id: UUID) -> Batch:
    return batch_for(work.session, work.actor, batch_id, Permission.MANAGE_PROJECTS)


@router.get("/projects/{project_id}/staffing")
@endpoint(Permission.MANAGE_PROJECTS)
def of_project(work: Work, project_id: UUID, done: str = "") -> Response:
    """A project's share of the people, and what of it is kept for teams."""
    return _shown(work, _project(work, project_id), done=done)


@router.get("/batches/{batch_id}/staffing")
@endpoint(Permission.MANAGE_PROJECTS)
def of_batch(work: Work, batch_id: UUID, done: str = "") -> Response:
    """A batch's priority, and whether it is kept for a team."""
    return _shown(work, _batch(work, batch_id), done=done)


@router.post("/projects/{project_id}/weight")
@endpoint(Permission.MANAGE_PROJECTS, form=True)
def weigh(work: Work, project_id: UUID, weight: Annotated[int, Form()] = 0) -> Response:
    """Give the project more of the people, or fewer."""
    set_weight(work.session, work.actor, _project(work, project_id), weight, work.now)
    return RedirectResponse(f"/projects/{project_id}/staffing?done=weight", status_code=303)


@router.post("/batches/{batch_id}/priority")
@endpoint(Permission.MANAGE_PROJECTS, form=True)
def prefer(work: Work, batch_id: UUID, priority: Annotated[int, Form()] = 0) -> Response:
    """Serve the batch before others, or after them."""
    set_priority(work.session, work.actor, _batch(work, batch_id), priority, work.now)
    return RedirectResponse(f"/batches/{batch_id}/staffing?done=priority", status_code=303)


@router.post("/projects/{project_id}/reservation")
@endpoint(Permission.MANAGE_PROJECTS, form=True)
def keep_project(work: Work, project_id: UUID, team: Field = "", quota: Field = "", until: Field = "") -> Response:
    """Keep the whole project for a team."""
    return _keep(work, _project(work, project_id), {"team": team, "quota": quota, "until": until})


@router.post("/batches/{batch_id}/reservation")
@endpoint(Permission.MANAGE_PROJECTS, form=True)
def keep_batch(work: Work, batch_id: UUID, team: Field = "", quota: Field = "", until: Field = "") -> Response:
    """Keep the batch for a team."""
    return _keep(work, _batch(work, batch_id), {"team": team, "quota": quota, "until": until})


@router.post("/projects/{project_id}/reservation/lift")
@endpoint(Permission.MANAGE_PROJECTS, form=True)
def free_project(work: Work, project_id: UUID) -> Response:
    """Open the project to everybody."""
    return _lift(work, _project(work, project_id))


@router.post("/batches/{batch_id}/reservation/lift")
@endpoint(Permission.MANAGE_PROJECTS, form=True)
def free_batch(work: Work, batch_id: UUID) -> Response:
    """Open the batch to everybody."""
    return _lift(work, _batch(work, batch_id))


def _keep(work: Work, what: Project | Batch, typed: dict[str, str]) -> Response:
    wanted, problems = _wanted(work, typed)
    if wanted is not None:
        try:
            reserve(work.session, work.actor, what, wanted, work.now)
        except (NoSuchTeam, QuotaRefused, ReservationInThePast, ReservedAlready) as refused:
            problems = {FIELD_OF[type(refused)]: sentence_for(work.request, refused)}
    if problems:
        return _shown(work, what, typed=typed, problems=problems)
    return RedirectResponse(f"{_here(what)}/staffing?done=kept", status_code=303)


def _wanted(work: Work, typed: dict[str, str]) -> tuple[Wanted | None, dict[str, str]]:
    """What the form means, or a sentence for each field that has to be changed."""
    problems = {}
    until, problem = read_deadline(typed["until"], work.now, work.gettext)
    if problem or until is None:
        problems["until"] = problem or work.gettext(N_("请填留到哪天。"))
    quota = typed["quota"].strip()
    if not (quota.isascii() and quota.isdigit() and len(quota) < 10):
        problems["quota"] = work.gettext(N_("请填留多少条，写一个整数。"))
    try:
        team = UUID(typed["team"])
    except ValueError:
        problems["team"] = work.gettext(N_("请选一个小组。"))
    if problems or until is None:
        return None, problems
    return Wanted(team, int(quota), until), {}


def _lift(work: Work, what: Project | Batch) -> Response:
    lift(work.session, work.actor, what, work.now)
    return RedirectResponse(f"{_here(what)}/staffing?done=lifted", status_code=303)


def _here(what: Project | Batch) -> str:
    return f"/batches/{what.id}" if isinstance(what, Batch) else f"/projects/{what.id}"


def _options(work: Work, words: Mapping[int, str], now: int) -> list[dict[str, str]]:
    """The choices, with the one in force where the API has set another."""
    shown = {value: work.gettext(label) for value, label in words.items()}
    shown.setdefault(now, work.gettext(N_("现在这样（{value}）")).format(value=now))
    return [{"value": str(value), "label": label} for value, label in sorted(shown.items())]


def _shown(
    work: Work,
    what: Project | Batch,
    *,
    done: str = "",
    typed: dict[str, str] | None = None,
    problems: dict[str, str] | None = None,
) -> Response:
    session, batch = work.session, what if isinstance(what, Batch) else None
    project = what if isinstance(what, Project) else session.get_one(Project, what.project_id)
    kept = kept_in(session, project.id, work.now, None if batch is None else batch.id)
    listed = session.execute(
        select(Team.id, Team.name, Organisation.name)
        .join(Organisation, Organisation.id == Team.organisation_id)
        .order_by(Organisation.number, Team.name)
    )
    return work.page(
        "projects/staffing.html",
        status=422 if problems else 200,
        project=project,
        batch=batch,
        here=_here(what),
        share=shares_now(session, work.now).get(project.id),
        run_answers=RUN_ANSWERS,
        weights=_options(work, WEIGHT_WORDS, project.weight),
        priorities=[] if batch is None else _options(work, PRIORITY_WORDS, batch.priority),
        kept=kept,
        own=next((one for one in kept if one.batch_id == (None if batch is None else batch.id)), None),
        teams=[(str(team_id), f"{name}（{base}）") for team_id, name, base in listed],
        done=done,
        typed=typed or {},
        problems=problems or {},
    )
