"""Further files for a batch, for scripts."""

from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from leye_platform.endpoint import Work, endpoint
from leye_platform.holdings.files import claim_stored
from leye_platform.permissions import Permission
from leye_platform.projects import additions, service
from leye_platform.projects.addition_queries import additions_of, span_of, view_additions
from leye_platform.projects.error_report import report_answer
from leye_platform.projects.models import Addition
from leye_platform.projects.schemas import AdditionIn, AdditionOut
from leye_platform.retention.service import check_kept
from leye_platform.web.openapi import file_of

router = APIRouter(prefix="/api/v1/batches/{batch_id}/additions", tags=["projects"])


def _out(work: Work, addition: Addition, upload_url: str | None = None) -> AdditionOut:
    [view] = view_additions(work.session, [addition])
    return AdditionOut.of(view, upload_url)


@router.get("", response_model=list[AdditionOut])
@endpoint(Permission.VIEW_BATCH)
def list_additions(work: Work, batch_id: UUID) -> list[AdditionOut]:
    """A batch's additions, the first one first."""
    batch = service.batch_for(work.session, work.actor, batch_id, Permission.VIEW_BATCH)
    return [AdditionOut.of(view) for view in additions_of(work.session, batch.id)]


@router.post("", status_code=201, response_model=AdditionOut)
@endpoint(Permission.UPLOAD_BATCH)
def create_addition(work: Work, batch_id: UUID, body: AdditionIn) -> AdditionOut:
    """A further file for a batch that was read, and the URL to PUT it to; then ask for its ingest."""
    batch = service.batch_for(work.session, work.actor, batch_id, Permission.UPLOAD_BATCH, busy=True)
    addition = additions.create_addition(work.session, work.actor, batch, [body.file_name], work.now)
    url = work.installation.objects.upload_url(additions.addition_file(addition.id), service.UPLOAD_TIME)
    return _out(work, addition, url)


@router.get("/{addition_id}", response_model=AdditionOut)
@endpoint(Permission.VIEW_BATCH)
def read_addition(work: Work, batch_id: UUID, addition_id: UUID) -> AdditionOut:
    """State, progress and report of an addition."""
    batch = service.batch_for(work.session, work.actor, batch_id, Permission.VIEW_BATCH)
    return _out(work, additions.addition_for(work.session, batch, addition_id))


@router.post("/{addition_id}/ingest", status_code=202, response_model=AdditionOut)
@endpoint(Permission.UPLOAD_BATCH)
def ingest_addition(work: Work, batch_id: UUID, addition_id: UUID) -> AdditionOut:
    """Have the uploaded file read into the batch."""
    batch = service.batch_for(work.session, work.actor, batch_id, Permission.UPLOAD_BATCH, busy=True)
    addition = additions.addition_for(work.session, batch, addition_id)
    installation = work.installation
    additions.check_addition_size(installation.objects, addition.id, installation.settings)
    folder, usual_limit = f"{additions.addition_folder(addition.id)}/", installation.settings.partner_storage
    claim_stored(work.session, installation.objects, folder, usual_limit, work.now)
    additions.ask_for_addition(work.session, work.actor, addition, work.installation.objects, work.now)
    return _out(work, addition)


@router.get("/{addition_id}/report", **file_of("text/csv"))
@endpoint(Permission.VIEW_BATCH)
def addition_report(work: Work, batch_id: UUID, addition_id: UUID) -> Response:
    """The addition's refused rows as CSV: row,external_id,problem,original. Rows are counted as in its own file."""
    batch = service.batch_for(work.session, work.actor, batch_id, Permission.VIEW_BATCH)
    check_kept(batch)
    addition = additions.addition_for(work.session, batch, addition_id)
    span = span_of(work.session, batch.id, addition)
    name = f"refused-rows-{batch.number}-{addition.number}.csv"
    return report_answer(work.installation.database, batch.id, span, name)
