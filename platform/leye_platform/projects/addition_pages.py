"""The form for a further file of a batch, on the coordinator's side and on the partner's."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, UploadFile
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from leye_platform.endpoint import Work, endpoint
from leye_platform.errors import FieldsRefused
from leye_platform.holdings.files import claim_stored
from leye_platform.ids import new_id
from leye_platform.permissions import Permission
from leye_platform.projects import additions, service
from leye_platform.projects.batch_pages import Uploaded, after_move
from leye_platform.projects.errors import AdditionRefused, AdditionUnderway
from leye_platform.projects.models import Batch, Project
from leye_platform.projects.rules import check_appendable
from leye_platform.projects.task_type import task_type
from leye_platform.projects.upload import take_addition
from leye_platform.projects.upload_limit import UploadRoute

router = APIRouter(include_in_schema=False, route_class=UploadRoute)

Key = Annotated[str, Form()]


@router.get("/batches/{batch_id}/additions/new")
@endpoint(Permission.MANAGE_PROJECTS)
def form(work: Work, batch_id: UUID) -> Response:
    """The empty form; for a batch that takes no file now, the sentence that says what to do instead."""
    return _empty(work, batch_id, Permission.MANAGE_PROJECTS)


@router.post("/batches/{batch_id}/additions/new")
@endpoint(Permission.MANAGE_PROJECTS, form=True, session=False)
def append(work: Work, batch_id: UUID, key: Key = "", upload: Key = "", file: Uploaded = None) -> Response:
    """Store the file, have it read, and show the batch."""
    return _take(work, batch_id, _Handed(key, upload, file), Permission.MANAGE_PROJECTS)


@router.get("/partner/batches/{batch_id}/additions/new")
@endpoint(Permission.UPLOAD_BATCH)
def partner_form(work: Work, batch_id: UUID) -> Response:
    """The same for the partner."""
    return _empty(work, batch_id, Permission.UPLOAD_BATCH)


@router.post("/partner/batches/{batch_id}/additions/new")
@endpoint(Permission.UPLOAD_BATCH, form=True, session=False)
def partner_append(work: Work, batch_id: UUID, key: Key = "", upload: Key = "", file: Uploaded = None) -> Response:
    """The same for the partner."""
    return _take(work, batch_id, _Handed(key, upload, file), Permission.UPLOAD_BATCH)


@router.post("/batches/{batch_id}/additions/{addition_id}/ingest")
@endpoint(Permission.UPLOAD_BATCH, form=True)
def ingest(work: Work, batch_id: UUID, addition_id: UUID) -> Response:
    """Have a file read that waited for another one, or read on where that broke off."""
    batch = service.batch_for(work.session, work.actor, batch_id, Permission.UPLOAD_BATCH, busy=True)
    addition = additions.addition_for(work.session, batch, addition_id)
    installation = work.installation
    additions.check_addition_size(installation.objects, addition.id, installation.settings)
    folder, usual_limit = f"{additions.addition_folder(addition.id)}/", installation.settings.partner_storage
    claim_stored(work.session, installation.objects, folder, usual_limit, work.now)
    additions.ask_for_addition(work.session, work.actor, addition, work.installation.objects, work.now)
    return after_move(work, batch_id)


def _empty(work: Work, batch_id: UUID, right: Permission) -> Response:
    batch = service.batch_for(work.session, work.actor, batch_id, right)
    return _form_page(work, work.session, batch, right, key=str(new_id()))


@dataclass(frozen=True)
class _Handed:
    """What the form held: see projects/upload.py:UploadForm."""

    key: str
    upload: str
    file: UploadFile | None


def _take(work: Work, batch_id: UUID, handed: _Handed, right: Permission) -> Response:
    try:
        take_addition(work, batch_id, handed.key, handed.file, right, handed.upload)
    except FieldsRefused as refused:
        with work.installation.database.read() as session:
            batch = service.batch_for(session, work.actor, batch_id, right)
            return _form_page(work, session, batch, right, key=handed.key, problems=refused.problems)
    return RedirectResponse(_batch_page(batch_id, right), status_code=303)


def _batch_page(batch_id: UUID, right: Permission) -> str:
    return f"/partner/batches/{batch_id}" if right is Permission.UPLOAD_BATCH else f"/batches/{batch_id}"


def _form_page(
    work: Work,
    session: Session,
    batch: Batch,
    right: Permission,
    *,
    key: str,
    problems: dict[str, str] | None = None,
) -> Response:
    project = session.get_one(Project, batch.project_id)
    config = task_type(project.task_type, project.label_config).config
    return work.page(
        "partner/append.html" if right is Permission.UPLOAD_BATCH else "projects/append.html",
        status=422 if problems else 200,
        batch=batch,
        project=project,
        href=_batch_page(batch.id, right),
        key=key,
        problems=problems or {},
        instead=_instead(work, batch),
        waits=additions.underway(session, batch.id),
        underway=work.gettext(AdditionUnderway.sentence),
        limit_mb=work.installation.settings.upload_limit_mb,
        variables=config.variables,
        pictures=bool(config.images),
    )


def _instead(work: Work, batch: Batch) -> str:
    """What to do where the batch takes no file; empty where it does."""
    try:
        check_appendable(batch.state)
    except AdditionRefused as refused:
        return work.gettext(refused.sentence)
    return ""
