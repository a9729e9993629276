"""A batch's content for people: how long it stays, how it goes, and the proof; for partner and operator alike."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse, Response

from leye_platform.endpoint import Work, endpoint
from leye_platform.errors import N_
from leye_platform.holdings.rules import in_units
from leye_platform.permissions import Permission
from leye_platform.projects.errors import NothingWaitsForRoom
from leye_platform.projects.ingest.read_on import ask_to_read_on
from leye_platform.projects.models import Batch, Project
from leye_platform.projects.rules import DataState
from leye_platform.projects.service import batch_for, project_for
from leye_platform.retention import service
from leye_platform.retention.errors import ErasureRefused, NameNotTyped, ReasonNeeded, RetentionOutOfRange
from leye_platform.retention.queries import DataView, data_of, in_full
from leye_platform.retention.rules import LONGEST_RETENTION, UNTIL_ASKED
from leye_platform.retention.words import GOES, KIND_WORDS, ROW_WORDS, RULE_WORDS, STAY_WORDS, STEP_WORDS
from leye_platform.web.pages import sentence_for

router = APIRouter(include_in_schema=False)

Field = Annotated[str, Form()]
CHOOSE = N_("请选数据留多久。")
WORDS: Mapping[str, Any] = {
    "rule_words": RULE_WORDS,
    "step_words": STEP_WORDS,
    "kind_words": KIND_WORDS,
    "row_words": ROW_WORDS,
    "stay_words": STAY_WORDS,
    "size": in_units,
    "in_full": in_full,
}


def _staff(work: Work) -> bool:
    return work.actor.may(Permission.VIEW_PROJECTS)


@router.get("/batches/{batch_id}/data")
@endpoint(Permission.VIEW_BATCH)
def show(work: Work, batch_id: UUID, done: str = "") -> Response:
    """How the batch's content stands."""
    return _page(work, batch_for(work.session, work.actor, batch_id, Permission.VIEW_BATCH), done=done)


def _page(
    work: Work,
    batch: Batch,
    *,
    choice: str | None = None,
    days: str | None = None,
    reason: str = "",
    problems: dict[str, str] | None = None,
    done: str = "",
) -> Response:
    project = work.session.get_one(Project, batch.project_id)
    view = data_of(work.session, batch, project)
    return work.page(
        "retention/data.html",
        status=422 if problems else 200,
        view=view,
        project=project,
        refused=sentence_for(work.request, view.refused) if view.refused else "",
        staff=_staff(work),
        may_set=work.actor.may(Permission.SET_RETENTION),
        may_erase=work.actor.may(Permission.ERASE_DATA),
        may_hold=work.actor.may(Permission.ADMINISTER),
        choice=_choice_of(batch) if choice is None else choice,
        days=str(batch.retention_days or "") if days is None else days,
        reason=reason,
        problems=problems or {},
        done=done,
        **WORDS,
    )


def _choice_of(batch: Batch) -> str:
    if batch.retention_days is None:
        return "project"
    return "asked" if batch.retention_days == UNTIL_ASKED else "days"


def _days(work: Work, choice: str, days: str, allowed: set[str]) -> tuple[int | None, dict[str, str]]:
    """The days of a form, and what is to change in it."""
    if choice not in allowed:
        return None, {"choice": work.gettext(CHOOSE)}
    if choice != "days":
        return None, {}
    typed = days.strip()
    try:
        if not typed.isascii() or not typed.isdecimal() or len(typed) > 6:
            raise RetentionOutOfRange(most=LONGEST_RETENTION)
        service.check_days(int(typed))
    except RetentionOutOfRange as refused:
        return None, {"days": sentence_for(work.request, refused)}
    return int(typed), {}


@router.post("/batches/{batch_id}/retention")
@endpoint(Permission.SET_RETENTION, form=True)
def set_retention(work: Work, batch_id: UUID, choice: Field = "", days: Field = "") -> Response:
    """The batch's own period, or its project's."""
    batch = batch_for(work.session, work.actor, batch_id, Permission.SET_RETENTION, lock=True)
    wanted, problems = _days(work, choice, days, {"project", "asked", "days"})
    if problems:
        return _page(work, batch, choice=choice, days=days, problems=problems)
    service.set_batch_retention(work.session, work.actor, batch, wanted, work.now, as_project=choice == "project")
    return RedirectResponse(f"/batches/{batch_id}/data?done=retention", status_code=303)


@router.post("/batches/{batch_id}/hold")
@endpoint(Permission.ADMINISTER, form=True)
def hold(work: Work, batch_id: UUID, do: Field = "set", reason: Field = "") -> Response:
    """Set a legal hold, or lift it (`do`: set, lift)."""
    batch = batch_for(work.session, work.actor, batch_id, Permission.VIEW_BATCH, lock=True)
    if do == "lift":
        service.lift_hold(work.session, work.actor, batch, work.now)
        return RedirectResponse(f"/batches/{batch_id}/data?done=lifted", status_code=303)
    try:
        service.hold(work.session, work.actor, batch, reason, work.now)
    except ReasonNeeded as refused:
        return _page(work, batch, reason=reason, problems={"reason": sentence_for(work.request, refused)})
    return RedirectResponse(f"/batches/{batch_id}/data?done=held", status_code=303)


@router.get("/batches/{batch_id}/erase")
@endpoint(Permission.ERASE_DATA)
def ask_before(work: Work, batch_id: UUID) -> Response:
    """What goes and what stays; where something keeps the content, the page that says so."""
    batch = batch_for(work.session, work.actor, batch_id, Permission.ERASE_DATA)
    project = work.session.get_one(Project, batch.project_id)
    view = data_of(work.session, batch, project)
    if view.refused or batch.data_state is not DataState.KEPT:
        return RedirectResponse(f"/batches/{batch_id}/data", status_code=303)
    return _confirm(work, view, project)


def _confirm(work: Work, view: DataView, project: Project, typed: str = "", problem: str = "") -> Response:
    return work.page(
        "retention/erase.html",
        status=422 if problem else 200,
        view=view,
        project=project,
        staff=_staff(work),
        goes=GOES,
        typed=typed,
        problems={"name": problem} if problem else {},
        **WORDS,
    )


@router.post("/batches/{batch_id}/erase")
@endpoint(Permission.ERASE_DATA, form=True)
def erase(work: Work, batch_id: UUID, name: Field = "") -> Response:
    """Erase, where the name was typed."""
    batch = batch_for(work.session, work.actor, batch_id, Permission.ERASE_DATA, lock=True)
    try:
        service.ask_for_erasure(work.session, work.actor, batch, name, work.now)
    except NameNotTyped as refused:
        project = work.session.get_one(Project, batch.project_id)
        view = data_of(work.session, batch, project)
        return _confirm(work, view, project, name, sentence_for(work.request, refused))
    except ErasureRefused:
        pass  # the page of the batch's content says what keeps it
    return RedirectResponse(f"/batches/{batch_id}/data", status_code=303)


@router.post("/batches/{batch_id}/read-on")
@endpoint(Permission.UPLOAD_BATCH, form=True)
def read_on(work: Work, batch_id: UUID) -> Response:
    """Have the rows read that had no room."""
    batch = batch_for(work.session, work.actor, batch_id, Permission.UPLOAD_BATCH, lock=True)
    side = "" if _staff(work) else "/partner"
    try:
        ask_to_read_on(work.session, work.actor, batch, work.now)
    except NothingWaitsForRoom:
        return RedirectResponse(f"{side}/batches/{batch_id}?stale=1", status_code=303)
    return RedirectResponse(f"{side}/batches/{batch_id}", status_code=303)


@router.get("/projects/{project_id}/retention")
@endpoint(Permission.SET_RETENTION)
def show_project(work: Work, project_id: UUID, done: str = "") -> Response:
    """For how long the project's batches keep their content."""
    project = project_for(work.session, work.actor, project_id, Permission.SET_RETENTION)
    days = project.retention_days
    return _project_page(work, project, "days" if days else "asked", str(days or ""), done=done)


@router.post("/projects/{project_id}/retention")
@endpoint(Permission.SET_RETENTION, form=True)
def set_project_retention(work: Work, project_id: UUID, choice: Field = "", days: Field = "") -> Response:
    """Change it."""
    project = project_for(work.session, work.actor, project_id, Permission.SET_RETENTION)
    wanted, problems = _days(work, choice, days, {"asked", "days"})
    if problems:
        return _project_page(work, project, choice, days, problems=problems)
    service.set_project_retention(work.session, work.actor, project, wanted, work.now)
    return RedirectResponse(f"/projects/{project_id}/retention?done=1", status_code=303)


def _project_page(  # noqa: PLR0917 -- what the form holds
    work: Work, project: Project, choice: str, days: str, problems: dict[str, str] | None = None, done: str = ""
) -> Response:
    return work.page(
        "retention/project.html",
        status=422 if problems else 200,
        project=project,
        staff=_staff(work),
        choice=choice,
        days=days,
        problems=problems or {},
        done=done,
    )
