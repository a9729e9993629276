"""Taking single items back from a batch: name them, look at what that means, then say yes."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse, Response

from leye_platform.endpoint import Work, endpoint
from leye_platform.errors import N_
from leye_platform.permissions import Permission
from leye_platform.projects import service
from leye_platform.projects.errors import BatchBeingRead, TooManyNames
from leye_platform.projects.item_withdrawal import ItemNames, Sorted, sort_out, withdraw_items
from leye_platform.projects.models import Batch, Project
from leye_platform.web.pages import sentence_for

router = APIRouter(include_in_schema=False)


@router.get("/batches/{batch_id}/withdraw")
@endpoint(Permission.RUN_BATCH)
def withdraw_form(work: Work, batch_id: UUID) -> Response:
    """The empty form."""
    batch = service.batch_for(work.session, work.actor, batch_id, Permission.RUN_BATCH)
    return _form(work, batch)


@router.post("/batches/{batch_id}/withdraw")
@endpoint(Permission.RUN_BATCH, form=True)
def withdraw(
    work: Work, batch_id: UUID, names: Annotated[str, Form()] = "", sure: Annotated[str, Form()] = ""
) -> Response:
    """Show what withdrawing these items means; with `sure`, do it."""
    batch = service.batch_for(work.session, work.actor, batch_id, Permission.RUN_BATCH)
    given = ItemNames.from_lines(names)
    try:
        found = sort_out(work.session, batch, given)
    except (BatchBeingRead, TooManyNames) as refused:
        return _form(work, batch, names, problem=sentence_for(work.request, refused))
    if not found.items and not sure:
        return _form(work, batch, names, problem=_nothing(work, found))
    if not sure:
        return _form(work, batch, names, found=found)
    withdrawn = len(withdraw_items(work.session, work.actor, batch, given, work.now).items)
    return RedirectResponse(f"{_back(work, batch)}?withdrawn={withdrawn}", status_code=303)


def _nothing(work: Work, found: Sorted) -> str:
    if found.unknown:
        return work.gettext(N_("这一批里没有找到这些条目。请核对编号，一行写一个。"))
    if found.kept:
        return work.gettext(N_("这些条目已经有结果，不能撤回了。不想要的，可以在验收时退回。"))
    return work.gettext(N_("请写要撤回的条目，一行写一个编号。"))


def _form(work: Work, batch: Batch, names: str = "", *, found: Sorted | None = None, problem: str = "") -> Response:
    return work.page(
        "projects/withdraw.html",
        status=422 if problem else 200,
        batch=batch,
        project=work.session.get_one(Project, batch.project_id),
        names=names,
        found=found,
        problem=problem,
        back=_back(work, batch),
        staff=work.actor.may(Permission.VIEW_PROJECTS),
    )


def _back(work: Work, batch: Batch) -> str:
    side = "" if work.actor.may(Permission.VIEW_PROJECTS) else "/partner"
    return f"{side}/batches/{batch.id}"
