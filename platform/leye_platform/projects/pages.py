"""The coordinator's desk: what needs somebody today, the projects, a new one, and one project with its terms."""

from datetime import datetime, time
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import select

from leye_platform.accounts.models import Organisation
from leye_platform.accounts.rules import OrganisationKind
from leye_platform.endpoint import Work, endpoint
from leye_platform.errors import N_
from leye_platform.guides.publish import newest_version, text_of
from leye_platform.guides.shown import guide_html
from leye_platform.ids import new_id
from leye_platform.permissions import Permission
from leye_platform.projects import service
from leye_platform.projects.at_work import count_at_work
from leye_platform.projects.batch_words import PURPOSE_WORDS, STATE_WORDS
from leye_platform.projects.days import read_day
from leye_platform.projects.desk import matters_today, states_of
from leye_platform.projects.errors import PriceInThePast, RateRefused
from leye_platform.projects.models import Project
from leye_platform.projects.new_project import create_project
from leye_platform.projects.pace import decided_by_day, paces_of
from leye_platform.projects.project_form import Field, ProjectForm
from leye_platform.projects.project_matters import project_matters
from leye_platform.projects.queries import batches_page, progress_of, projects_page, terms_of
from leye_platform.projects.rates import exact_rate, set_pay, set_price
from leye_platform.projects.rules import PaidWork, Pipeline
from leye_platform.projects.splitting import Splitting, problems_of_splitting
from leye_platform.projects.splitting_form import SplittingForm
from leye_platform.projects.task_type import task_type
from leye_platform.teams.flags import how_many_flagged
from leye_platform.teams.help_queries import long_waits
from leye_platform.web import formats
from leye_platform.web.pages import sentence_for

router = APIRouter(include_in_schema=False)


@router.get("/projects")
@endpoint(Permission.VIEW_PROJECTS)
def home(work: Work, page: int = 1) -> Response:
    """What needs somebody today, and the projects."""
    listed = projects_page(work.session, work.actor, page)
    shown = [project.id for project, _ in listed.rows]
    return work.page(
        "projects/home.html",
        matters=matters_today(work.session, work.now) if listed.number == 1 else [],
        project_matters=project_matters(work.session, work.now) if listed.number == 1 else [],
        listed=listed,
        at_work=count_at_work(work.session),
        states=states_of(work.session, shown),
        paces=paces_of(work.session, shown, work.now),
        days=decided_by_day(work.session, work.now) if listed.number == 1 else [],
        may_manage=work.actor.may(Permission.MANAGE_PROJECTS),
        flagged=how_many_flagged(work.session, work.actor) if work.actor.may(Permission.MANAGE_TEAMS) else 0,
        help_waits=long_waits(work.session, work.actor, work.now) if work.actor.may(Permission.MANAGE_TEAMS) else 0,
    )


@router.get("/projects/new")
@endpoint(Permission.MANAGE_PROJECTS)
def new_form(work: Work) -> Response:
    """The empty form."""
    return _form(work, ProjectForm(key=str(new_id())), {})


@router.post("/projects/new")
@endpoint(Permission.MANAGE_PROJECTS, form=True)
def make_project(work: Work, given: Annotated[ProjectForm, Depends()], do: Field = "") -> Response:
    """Make the project, or say what is to change. do: `count` only says how many parts large items would have."""
    if do == "count":
        return _form(work, given, {})
    problems = given.problems(work.session, work.actor, work.gettext)
    if problems:
        return _form(work, given, problems)
    project = create_project(work.session, work.actor, given.meant(), work.now, work.gettext)
    return RedirectResponse(f"/projects/{project.id}", status_code=303)


def _form(work: Work, given: ProjectForm, problems: dict[str, str]) -> Response:
    partners = work.session.execute(
        select(Organisation.id, Organisation.name)
        .where(Organisation.kind == OrganisationKind.PARTNER)
        .order_by(Organisation.name)
    ).all()
    return work.page(
        "projects/new.html", status=422 if problems else 200, given=given, partners=partners, problems=problems
    )


@router.get("/projects/{project_id}")
@endpoint(Permission.VIEW_PROJECTS)
def show(work: Work, project_id: UUID, page: int = 1) -> Response:
    """One project: its batches, guide, prices and pay."""
    project = service.project_for(work.session, work.actor, project_id, Permission.VIEW_PROJECTS)
    return _shown(work, project, page=page)


@router.post("/projects/{project_id}/prices")
@endpoint(Permission.MANAGE_PROJECTS, form=True)
def add_price(work: Work, project_id: UUID, unit_price: Field = "", valid_from: Field = "") -> Response:
    """A price from a day on; from now where none is given."""
    project = service.project_for(work.session, work.actor, project_id, Permission.MANAGE_PROJECTS)
    problems = {}
    begins, problem = _beginning(work, valid_from)
    if problem:
        problems["valid_from"] = problem
    try:
        price = exact_rate(unit_price)
        if not problems:
            set_price(work.session, work.actor, project, price, valid_from=begins, now=work.now)
    except RateRefused as refused:
        problems = {"unit_price": sentence_for(work.request, refused)} | problems
    except PriceInThePast as refused:
        problems["valid_from"] = sentence_for(work.request, refused)
    if problems:
        typed = {"unit_price": unit_price, "valid_from": valid_from}
        return _shown(work, project, problems=problems, typed=typed)
    return RedirectResponse(f"/projects/{project_id}#prices-title", status_code=303)


def _beginning(work: Work, text: str) -> tuple[datetime, str | None]:
    """The midnight that a day begins with; today, and no day at all, mean now."""
    day, problem = read_day(text, work.now, work.gettext)
    today = formats.local(work.now).date()
    if day is not None and day < today:
        return work.now, work.gettext(N_("请填今天或以后的日期；不填就从现在起。"))
    if day is None or day == today:
        return work.now, problem
    return datetime.combine(day, time(), formats.ZONE), None


@router.post("/projects/{project_id}/pay-rates")
@endpoint(Permission.MANAGE_PROJECTS, form=True)
def add_pay(work: Work, project_id: UUID, answer_pay: Field = "", review_pay: Field = "") -> Response:
    """What an answer and a review pay from now on; a field left empty stays as it is."""
    project = service.project_for(work.session, work.actor, project_id, Permission.MANAGE_PROJECTS)
    given = {"answer_pay": (PaidWork.ANNOTATE, answer_pay), "review_pay": (PaidWork.REVIEW, review_pay)}
    problems, rates = {}, []
    for name, (paid, text) in given.items():
        try:
            rates += [(paid, exact_rate(text))] if text.strip() else []
        except RateRefused as refused:
            problems[name] = sentence_for(work.request, refused)
    if problems:
        return _shown(work, project, problems=problems, typed={name: text for name, (_, text) in given.items()})
    for paid, rate in rates:
        set_pay(work.session, work.actor, project, paid, rate, now=work.now)
    return RedirectResponse(f"/projects/{project_id}#pay-title", status_code=303)


@router.post("/projects/{project_id}/proposals")
@endpoint(Permission.MANAGE_PROJECTS, form=True)
def choose_proposals(work: Work, project_id: UUID, show_proposals: Field = "") -> Response:
    """Show annotators what a model has proposed, or nothing; from the next task they claim."""
    project = service.project_for(work.session, work.actor, project_id, Permission.MANAGE_PROJECTS)
    service.show_proposals(work.session, work.actor, project, bool(show_proposals), work.now)
    return RedirectResponse(f"/projects/{project_id}#proposals-title", status_code=303)


@router.post("/projects/{project_id}/splitting")
@endpoint(Permission.MANAGE_PROJECTS, form=True)
def choose_splitting(
    work: Work, project_id: UUID, given: Annotated[SplittingForm, Depends()], do: Field = ""
) -> Response:
    """What is cut into parts, of items that come in from now on. do: `count` only says into how many."""
    project = service.project_for(work.session, work.actor, project_id, Permission.MANAGE_PROJECTS)
    problems = problems_of_splitting(given.meant(), work.gettext)
    if problems or do == "count":
        return _shown(work, project, problems=problems, splitting=given)
    splitting = Splitting.model_validate(given.meant())
    service.set_splitting(work.session, work.actor, project, splitting, work.now)
    return RedirectResponse(f"/projects/{project_id}#splitting-title", status_code=303)


def _shown(
    work: Work,
    project: Project,
    *,
    page: int = 1,
    problems: dict[str, str] | None = None,
    typed: dict[str, str] | None = None,
    splitting: SplittingForm | None = None,
) -> Response:
    listed = batches_page(work.session, work.actor, page, project_id=project.id)
    kind = task_type(project.task_type, project.label_config)
    guide = newest_version(work.session, project.id)
    return work.page(
        "projects/project.html",
        status=422 if problems else 200,
        project=project,
        organisation=work.session.get_one(Organisation, project.organisation_id).name,
        listed=listed,
        progress=progress_of(work.session, [batch for batch, _ in listed.rows], work.now),
        guide=guide,
        guide_html=guide_html(work.session, text_of(guide), work.gettext, top=3) if guide else "",
        terms=terms_of(work.session, project.id, work.now),
        pipeline=Pipeline.model_validate(project.pipeline),
        splitting=splitting or SplittingForm.of(Splitting.model_validate(project.splitting)),
        being_split=splitting is not None,
        cuts=kind.cutting is not None,
        kind=kind,
        state_words=STATE_WORDS,
        purpose_words=PURPOSE_WORDS,
        may_manage=work.actor.may(Permission.MANAGE_PROJECTS),
        may_run=work.actor.may(Permission.RUN_BATCH),
        problems=problems or {},
        typed=typed or {},
    )
