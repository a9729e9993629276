"""One batch for the operator's people: the upload, its progress, and every move it can make."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, File, UploadFile
from fastapi.responses import RedirectResponse, Response

from leye_platform.delivery.pages import STATE_WORDS as LOT_WORDS
from leye_platform.delivery.queries import lots_of_batch
from leye_platform.endpoint import Work, endpoint
from leye_platform.errors import FieldsRefused, MoveNotAllowed
from leye_platform.ids import new_id
from leye_platform.permissions import Permission
from leye_platform.projects import service
from leye_platform.projects.addition_queries import additions_of, refused_rows
from leye_platform.projects.batch_queries import count_tasks, quality_of, standing_still
from leye_platform.projects.batch_words import (
    ADDITION_WORDS,
    METHOD_WORDS,
    PURPOSE_HINTS,
    PURPOSE_WORDS,
    STATE_WORDS,
    WAY_WORDS,
)
from leye_platform.projects.estimate import Quantity
from leye_platform.projects.forecasting import outlook_of
from leye_platform.projects.ingest.proposals import refused_proposals
from leye_platform.projects.ingest.uploads import waits_for_room
from leye_platform.projects.kept_forecast import can_be_checked, check_forecast
from leye_platform.projects.models import Project
from leye_platform.projects.queries import progress_of, terms_of
from leye_platform.projects.rules import APPENDABLE, BATCH_MOVES, BatchState, ItemState
from leye_platform.projects.task_type import task_type
from leye_platform.projects.upload import UploadForm, take_upload
from leye_platform.projects.upload_limit import UploadRoute

router = APIRouter(include_in_schema=False, route_class=UploadRoute)

Uploaded = Annotated[UploadFile | None, File()]


@router.get("/projects/{project_id}/batches/new")
@endpoint(Permission.MANAGE_PROJECTS)
def upload_form(work: Work, project_id: UUID) -> Response:
    """The empty form."""
    project = service.project_for(work.session, work.actor, project_id, Permission.MANAGE_PROJECTS)
    return upload_page(work, project, UploadForm(key=str(new_id())), {}, partner=False)


@router.post("/projects/{project_id}/batches/new")
@endpoint(Permission.MANAGE_PROJECTS, form=True, session=False)
def upload(work: Work, project_id: UUID, form: Annotated[UploadForm, Depends()], file: Uploaded = None) -> Response:
    """Store the file, have it read, and show the batch."""
    return receive_upload(work, project_id, form, file, partner=False)


def receive_upload(
    work: Work, project_id: UUID, form: UploadForm, file: UploadFile | None, *, partner: bool
) -> Response:
    """The answer to an upload, on the coordinator's side or on the partner's."""
    right = Permission.UPLOAD_BATCH if partner else Permission.MANAGE_PROJECTS
    try:
        batch_id = take_upload(work, project_id, form, file, right)
    except FieldsRefused as refused:
        with work.installation.database.read() as session:
            project = service.project_for(session, work.actor, project_id, right)
            return upload_page(work, project, form, refused.problems, partner=partner)
    return RedirectResponse(f"/partner/batches/{batch_id}" if partner else f"/batches/{batch_id}", status_code=303)


def upload_page(work: Work, project: Project, form: UploadForm, problems: dict[str, str], *, partner: bool) -> Response:
    """The form, with what was typed; the file has to be chosen again, which no page can do for anybody."""
    config = task_type(project.task_type, project.label_config).config
    return work.page(
        "partner/upload.html" if partner else "projects/upload.html",
        status=422 if problems else 200,
        project=project,
        form=form,
        problems=problems,
        purposes=[
            {"value": purpose.value, "label": work.gettext(words), "hint": work.gettext(PURPOSE_HINTS[purpose])}
            for purpose, words in PURPOSE_WORDS.items()
        ],
        limit_mb=work.installation.settings.upload_limit_mb,
        variables=config.variables,
        pictures=bool(config.images),
    )


@router.get("/batches/{batch_id}")
@endpoint(Permission.VIEW_PROJECTS)
def show(
    work: Work, batch_id: UUID, stale: bool = False, withdrawn: int | None = None, compare: bool = False
) -> Response:
    """How it stands, and what can be done now. `stale`: a button was pressed that no longer fitted.

    `withdrawn`: so many items have just been taken back. `compare`: whether the forecast is held against what came.
    """
    session = work.session
    batch = service.batch_for(session, work.actor, batch_id, Permission.VIEW_PROJECTS)
    project = session.get_one(Project, batch.project_id)
    terms = terms_of(session, project.id, work.now)
    progress = progress_of(session, [batch], work.now)[batch.id]
    ready = batch.state is BatchState.READY
    tasks = count_tasks(session, batch) if project.splitting and ready else None
    items = progress.items - progress.of(ItemState.WITHDRAWN)
    quantity = Quantity(items, tasks or items)
    return work.page(
        "projects/batch.html",
        batch=batch,
        project=project,
        progress=progress,
        still=standing_still(session, batch, work.now),
        quality=quality_of(session, batch.id),
        outlook=outlook_of(session, batch, project, quantity, terms) if ready else None,
        forecast=check_forecast(session, batch, project, progress) if compare else None,
        may_compare=not compare and can_be_checked(batch, progress),
        tasks=tasks,
        terms=terms,
        missing=[work.gettext(word) for word in service.missing_for_open(session, batch, work.now)],
        refused=refused_rows(session, batch.id) if batch.rows_refused else [],
        additions=additions_of(session, batch.id),
        proposals_refused=refused_proposals(batch.proposals_refused),
        lots=lots_of_batch(session, batch.id, delivered_only=False),
        moves=BATCH_MOVES[batch.state],
        state_words=STATE_WORDS,
        addition_words=ADDITION_WORDS,
        purpose_words=PURPOSE_WORDS,
        method_words=METHOD_WORDS,
        way_words=WAY_WORDS,
        lot_words=LOT_WORDS,
        may_run=work.actor.may(Permission.RUN_BATCH),
        may_upload=work.actor.may(Permission.MANAGE_PROJECTS),
        may_append=work.actor.may(Permission.MANAGE_PROJECTS) and batch.state in APPENDABLE,
        may_cut=work.actor.may(Permission.CUT_LOT),
        for_room=waits_for_room(session, batch.id),
        stale=stale,
        withdrawn=withdrawn,
    )


def after_move(work: Work, batch_id: UUID, *, stale: bool = False) -> Response:
    """Back to the batch, on the actor's own side; `stale`: it had moved on since the page was opened."""
    side = "" if work.actor.may(Permission.VIEW_PROJECTS) else "/partner"
    return RedirectResponse(f"{side}/batches/{batch_id}{'?stale=1' if stale else ''}", status_code=303)


@router.post("/batches/{batch_id}/ingest")
@endpoint(Permission.UPLOAD_BATCH, form=True)
def ingest(work: Work, batch_id: UUID) -> Response:
    """Have the file read, or read on where that broke off."""
    batch = service.batch_for(work.session, work.actor, batch_id, Permission.UPLOAD_BATCH, lock=True)
    try:
        service.ask_for_ingest(work.session, work.actor, batch, work.installation.objects, work.now)
    except MoveNotAllowed:
        return after_move(work, batch_id, stale=True)
    return after_move(work, batch_id)


@router.post("/batches/{batch_id}/open")
@endpoint(Permission.RUN_BATCH, form=True)
def open_batch(work: Work, batch_id: UUID) -> Response:
    """Let annotators work on it, or go on with it."""
    batch = service.batch_for(work.session, work.actor, batch_id, Permission.RUN_BATCH, lock=True)
    try:
        service.open_batch(work.session, work.actor, batch, work.now)
    except MoveNotAllowed:
        return after_move(work, batch_id, stale=True)
    return after_move(work, batch_id)


def _move(work: Work, batch_id: UUID, wanted: BatchState) -> Response:
    batch = service.batch_for(work.session, work.actor, batch_id, Permission.RUN_BATCH, lock=True)
    try:
        service.move_batch(work.session, work.actor, batch, wanted, work.now)
    except MoveNotAllowed:
        return after_move(work, batch_id, stale=True)
    return after_move(work, batch_id)


@router.post("/batches/{batch_id}/pause")
@endpoint(Permission.RUN_BATCH, form=True)
def pause(work: Work, batch_id: UUID) -> Response:
    """Hand out nothing more for now."""
    return _move(work, batch_id, BatchState.PAUSED)


@router.post("/batches/{batch_id}/close")
@endpoint(Permission.RUN_BATCH, form=True)
def close(work: Work, batch_id: UUID) -> Response:
    """End it; it can be opened again."""
    return _move(work, batch_id, BatchState.CLOSED)


@router.get("/batches/{batch_id}/cancel")
@endpoint(Permission.RUN_BATCH)
def ask_before_cancel(work: Work, batch_id: UUID) -> Response:
    """What cancelling means for this batch, before it is done: there is no way back."""
    batch = service.batch_for(work.session, work.actor, batch_id, Permission.RUN_BATCH)
    if BatchState.CANCELLED not in BATCH_MOVES[batch.state]:
        return after_move(work, batch_id, stale=True)
    return work.page(
        "projects/cancel.html",
        batch=batch,
        project=work.session.get_one(Project, batch.project_id),
        progress=progress_of(work.session, [batch], work.now)[batch.id],
        staff=work.actor.may(Permission.VIEW_PROJECTS),
    )


@router.post("/batches/{batch_id}/cancel")
@endpoint(Permission.RUN_BATCH, form=True)
def cancel(work: Work, batch_id: UUID) -> Response:
    """Give it up."""
    return _move(work, batch_id, BatchState.CANCELLED)
