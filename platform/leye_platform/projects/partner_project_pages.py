"""The partner's own projects: making one, and how it stands."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import select

from leye_platform.accounts.models import Organisation
from leye_platform.endpoint import Work, endpoint
from leye_platform.guides.publish import newest_version
from leye_platform.ids import new_id
from leye_platform.permissions import Permission
from leye_platform.projects import service
from leye_platform.projects.batch_words import PURPOSE_WORDS, STATE_WORDS
from leye_platform.projects.new_project import create_project
from leye_platform.projects.project_form import ProjectForm
from leye_platform.projects.queries import batches_page, progress_of, terms_of
from leye_platform.projects.task_type import task_type

router = APIRouter(prefix="/partner/projects", include_in_schema=False)


@router.get("/new")
@endpoint(Permission.MAKE_PROJECT)
def new_form(work: Work) -> Response:
    """The empty form. The operator's people have a form of their own, which asks for prices too."""
    if work.actor.partner_scope(Permission.MAKE_PROJECT) is None:
        return RedirectResponse("/projects/new", status_code=303)
    return _form(work, ProjectForm(key=str(new_id())), {})


@router.post("/new")
@endpoint(Permission.MAKE_PROJECT, form=True)
def make_project(work: Work, given: Annotated[ProjectForm, Depends()]) -> Response:
    """Make the project, or say what is to change."""
    scope = work.actor.partner_scope(Permission.MAKE_PROJECT)
    if scope is None:
        return RedirectResponse("/projects/new", status_code=303)
    firm = next((one for one in scope if len(scope) == 1 or str(one) == given.organisation), None)
    problems = given.problems(work.session, work.actor, work.gettext, firm)
    if problems:
        return _form(work, given, problems)
    project = create_project(work.session, work.actor, given.meant(firm), work.now, work.gettext)
    return RedirectResponse(f"/partner/projects/{project.id}", status_code=303)


def _form(work: Work, given: ProjectForm, problems: dict[str, str]) -> Response:
    scope = work.actor.partner_scope(Permission.MAKE_PROJECT) or frozenset()
    firms = work.session.execute(
        select(Organisation.id, Organisation.name).where(Organisation.id.in_(scope)).order_by(Organisation.name)
    ).all()
    return work.page("projects/new.html", status=422 if problems else 200, given=given, firms=firms, problems=problems)


@router.get("/{project_id}")
@endpoint(Permission.VIEW_BATCH)
def show(work: Work, project_id: UUID, page: int = 1) -> Response:
    """One project: what is still lacking, its labels, guide, price and batches."""
    project = service.project_for(work.session, work.actor, project_id, Permission.VIEW_BATCH)
    if work.actor.partner_scope(Permission.VIEW_BATCH) is None:
        return RedirectResponse(f"/projects/{project_id}", status_code=303)
    listed = batches_page(work.session, work.actor, page, project_id=project_id)
    terms = terms_of(work.session, project_id, work.now)
    return work.page(
        "partner/project.html",
        project=project,
        kind=task_type(project.task_type, project.label_config),
        guide=newest_version(work.session, project_id),
        unit_price=terms.price.unit_price if terms.price else None,
        priced=terms.price is not None and terms.answer_pay is not None,
        listed=listed,
        progress=progress_of(work.session, [batch for batch, _ in listed.rows], work.now),
        state_words=STATE_WORDS,
        purpose_words=PURPOSE_WORDS,
        may_write=work.actor.may(Permission.WRITE_GUIDE),
        may_upload=work.actor.may(Permission.UPLOAD_BATCH),
        may_webhooks=work.actor.may(Permission.WEBHOOKS),
        may_export=work.actor.may(Permission.EXPORT),
        may_retain=work.actor.may(Permission.SET_RETENTION),
    )
