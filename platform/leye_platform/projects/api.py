"""Projects and batches for scripts."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import Response
from sqlalchemy import select

from leye_platform.accounts.models import Organisation
from leye_platform.accounts.rules import OrganisationKind
from leye_platform.endpoint import Work, endpoint
from leye_platform.errors import N_, FieldsRefused
from leye_platform.guides import publish
from leye_platform.holdings.files import claim_stored
from leye_platform.permissions import Permission
from leye_platform.projects import service
from leye_platform.projects.addition_queries import span_of
from leye_platform.projects.buckets import keep_bucket, original_links
from leye_platform.projects.error_report import report_answer
from leye_platform.projects.ingest.read_on import ask_to_read_on
from leye_platform.projects.item_withdrawal import ItemNames, withdraw_items
from leye_platform.projects.models import Batch
from leye_platform.projects.new_project import NewProject, create_project
from leye_platform.projects.queries import progress_of, projects_in_reach
from leye_platform.projects.rates import exact_rate, set_pay, set_price
from leye_platform.projects.rules import BatchState, PaidWork, one_line
from leye_platform.projects.schemas import (
    BatchIn,
    BatchOut,
    GuideIn,
    GuideOut,
    OriginalOut,
    PayIn,
    PriceIn,
    ProjectIn,
    ProjectOut,
    WithdrawIn,
    WithdrawOut,
)
from leye_platform.retention.service import check_kept
from leye_platform.web.openapi import file_of

router = APIRouter(prefix="/api/v1", tags=["projects"])


def batch_out(work: Work, batch: Batch, upload_url: str | None = None) -> BatchOut:
    """A batch as the API shows it."""
    return BatchOut.of(progress_of(work.session, [batch], work.now)[batch.id], upload_url)


@router.get("/projects", response_model=list[ProjectOut])
@endpoint(Permission.VIEW_BATCH)
def list_projects(work: Work) -> list[ProjectOut]:
    """The projects in one's reach, newest first."""
    found = projects_in_reach(work.session, work.actor, Permission.VIEW_BATCH)
    return [ProjectOut.of(project, name) for project, name in found]


@router.post("/projects", status_code=201, response_model=ProjectOut)
@endpoint(Permission.MAKE_PROJECT)
def create(work: Work, body: ProjectIn) -> ProjectOut:
    """A project with its first guide, price and pay; a partner's people name no firm and no prices."""
    partner = _firm(work, body.organisation)
    given = NewProject(organisation_id=partner.id, **body.model_dump(exclude={"organisation"}, mode="python"))
    return ProjectOut.of(create_project(work.session, work.actor, given, work.now, work.gettext), partner.name)


def _firm(work: Work, name: str) -> Organisation:
    """The partner of this name within reach; without a name, the one that the person belongs to."""
    scope = work.actor.partner_scope(Permission.MAKE_PROJECT)
    query = select(Organisation).where(Organisation.kind == OrganisationKind.PARTNER)
    if scope is not None:
        query = query.where(Organisation.id.in_(scope))
    if scope is None or name or len(scope) > 1:
        query = query.where(Organisation.name == one_line(name))
    partner = work.session.scalar(query)
    if partner is None:
        raise FieldsRefused({"organisation": N_("没有叫这个名字的合作企业。请先请管理员建好。")})
    return partner


@router.get("/projects/{project_id}", response_model=ProjectOut)
@endpoint(Permission.VIEW_BATCH)
def read_project(work: Work, project_id: UUID) -> ProjectOut:
    """One project."""
    project = service.project_for(work.session, work.actor, project_id, Permission.VIEW_BATCH)
    return ProjectOut.of(project, work.session.get_one(Organisation, project.organisation_id).name)


@router.post("/projects/{project_id}/guides", status_code=201, response_model=GuideOut)
@endpoint(Permission.WRITE_GUIDE)
def add_guide(work: Work, project_id: UUID, body: GuideIn) -> GuideOut:
    """The next version of the guide: another text; its examples and pictures stay."""
    project = service.project_for(work.session, work.actor, project_id, Permission.WRITE_GUIDE)
    guide = publish.add_guide(work.session, work.actor, project, body.body, work.now, change=body.change)
    return GuideOut(id=guide.id, version=guide.version)


@router.post("/projects/{project_id}/prices", status_code=204)
@endpoint(Permission.MANAGE_PROJECTS)
def add_price(work: Work, project_id: UUID, body: PriceIn) -> Response:
    """A price from a date on."""
    project = service.project_for(work.session, work.actor, project_id, Permission.MANAGE_PROJECTS)
    rate = exact_rate(body.unit_price)
    set_price(work.session, work.actor, project, rate, valid_from=body.valid_from or work.now, now=work.now)
    return Response(status_code=204)


@router.post("/projects/{project_id}/pay-rates", status_code=204)
@endpoint(Permission.MANAGE_PROJECTS)
def add_pay(work: Work, project_id: UUID, body: PayIn) -> Response:
    """What an answer or a review pays from now on."""
    project = service.project_for(work.session, work.actor, project_id, Permission.MANAGE_PROJECTS)
    for paid, text in ((PaidWork.ANNOTATE, body.answer_pay), (PaidWork.REVIEW, body.review_pay)):
        if text is not None:
            rate = exact_rate(text)
            set_pay(work.session, work.actor, project, paid, rate, now=work.now)
    return Response(status_code=204)


@router.get("/projects/{project_id}/batches", response_model=list[BatchOut])
@endpoint(Permission.VIEW_BATCH)
def list_batches(work: Work, project_id: UUID) -> list[BatchOut]:
    """A project's batches, newest first."""
    project = service.project_for(work.session, work.actor, project_id, Permission.VIEW_BATCH)
    found = work.session.scalars(
        select(Batch).where(Batch.project_id == project.id).order_by(Batch.number.desc())
    ).all()
    progress = progress_of(work.session, found, work.now)
    return [BatchOut.of(progress[batch.id]) for batch in found]


@router.post("/projects/{project_id}/batches", status_code=201, response_model=BatchOut)
@endpoint(Permission.UPLOAD_BATCH)
def create_batch(work: Work, project_id: UUID, body: BatchIn) -> BatchOut:
    """A batch, and the URL to PUT its file to; or one that is read from a bucket. Then ask for the ingest."""
    project = service.project_for(work.session, work.actor, project_id, Permission.UPLOAD_BATCH)
    batch = service.create_batch(
        work.session,
        work.actor,
        project,
        body.name,
        purpose=body.purpose,
        file_names=[body.file_name if body.s3 is None else f"s3://{body.s3.bucket}/{body.s3.prefix}"],
        deadline=body.deadline,
        now=work.now,
    )
    if body.s3 is not None:
        keep_bucket(work.session, work.installation.key_ring, batch, body.s3.given(), work.now)
        return batch_out(work, batch)
    url = work.installation.objects.upload_url(service.upload_key(batch.id), service.UPLOAD_TIME)
    return batch_out(work, batch, url)


@router.get("/batches/{batch_id}", response_model=BatchOut)
@endpoint(Permission.VIEW_BATCH)
def read_batch(work: Work, batch_id: UUID) -> BatchOut:
    """State, progress and report of a batch."""
    return batch_out(work, service.batch_for(work.session, work.actor, batch_id, Permission.VIEW_BATCH))


@router.post("/batches/{batch_id}/ingest", status_code=202, response_model=BatchOut)
@endpoint(Permission.UPLOAD_BATCH)
def ingest(work: Work, batch_id: UUID) -> BatchOut:
    """Have the uploaded file read."""
    batch = service.batch_for(work.session, work.actor, batch_id, Permission.UPLOAD_BATCH, lock=True)
    installation = work.installation
    service.check_size(installation.objects, batch, installation.settings)
    claim_stored(
        work.session, installation.objects, f"{batch.source_key}/", installation.settings.partner_storage, work.now
    )
    service.ask_for_ingest(work.session, work.actor, batch, work.installation.objects, work.now)
    return batch_out(work, batch)


@router.post("/batches/{batch_id}/read-on", status_code=202, response_model=BatchOut)
@endpoint(Permission.UPLOAD_BATCH)
def read_on(work: Work, batch_id: UUID) -> BatchOut:
    """Have the rows read again that were refused only for lack of storage."""
    batch = service.batch_for(work.session, work.actor, batch_id, Permission.UPLOAD_BATCH, lock=True)
    return batch_out(work, ask_to_read_on(work.session, work.actor, batch, work.now))


@router.get("/batches/{batch_id}/originals", response_model=list[OriginalOut])
@endpoint(Permission.VIEW_BATCH)
def originals(
    work: Work,
    batch_id: UUID,
    after: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> list[OriginalOut]:
    """Links to pictures in the bucket that the batch was read from, for 15 minutes, in the order of the rows."""
    batch = service.batch_for(work.session, work.actor, batch_id, Permission.VIEW_BATCH)
    check_kept(batch)
    links = original_links(work.session, work.installation, batch, after, limit)
    return [OriginalOut(row=one.row, external_id=one.external_id, url=one.url) for one in links]


@router.post("/batches/{batch_id}/open", response_model=BatchOut)
@endpoint(Permission.RUN_BATCH)
def open_batch(work: Work, batch_id: UUID) -> BatchOut:
    """Let annotators work on it."""
    batch = service.batch_for(work.session, work.actor, batch_id, Permission.RUN_BATCH, lock=True)
    return batch_out(work, service.open_batch(work.session, work.actor, batch, work.now))


def _move(work: Work, batch_id: UUID, wanted: BatchState) -> BatchOut:
    batch = service.batch_for(work.session, work.actor, batch_id, Permission.RUN_BATCH, lock=True)
    return batch_out(work, service.move_batch(work.session, work.actor, batch, wanted, work.now))


@router.post("/batches/{batch_id}/pause", response_model=BatchOut)
@endpoint(Permission.RUN_BATCH)
def pause_batch(work: Work, batch_id: UUID) -> BatchOut:
    """Hand out nothing more for now; `open` goes on."""
    return _move(work, batch_id, BatchState.PAUSED)


@router.post("/batches/{batch_id}/close", response_model=BatchOut)
@endpoint(Permission.RUN_BATCH)
def close_batch(work: Work, batch_id: UUID) -> BatchOut:
    """No more work on it."""
    return _move(work, batch_id, BatchState.CLOSED)


@router.post("/batches/{batch_id}/cancel", response_model=BatchOut)
@endpoint(Permission.RUN_BATCH)
def cancel_batch(work: Work, batch_id: UUID) -> BatchOut:
    """Give it up; answers already given stay paid."""
    return _move(work, batch_id, BatchState.CANCELLED)


@router.post("/batches/{batch_id}/withdraw", response_model=WithdrawOut)
@endpoint(Permission.RUN_BATCH)
def withdraw(work: Work, batch_id: UUID, body: WithdrawIn) -> WithdrawOut:
    """Take single items back, by external id or by row; answers already given stay paid."""
    batch = service.batch_for(work.session, work.actor, batch_id, Permission.RUN_BATCH)
    found = withdraw_items(work.session, work.actor, batch, ItemNames(body.external_ids, body.rows), work.now)
    return WithdrawOut(withdrawn=len(found.items), kept=found.kept, unknown=found.unknown)


@router.get("/batches/{batch_id}/report", **file_of("text/csv"))
@endpoint(Permission.VIEW_BATCH)
def report(work: Work, batch_id: UUID) -> Response:
    """The refused rows of the batch's own files as CSV: row,external_id,problem,original. Additions have their own."""
    batch = service.batch_for(work.session, work.actor, batch_id, Permission.VIEW_BATCH)
    check_kept(batch)
    span = span_of(work.session, batch.id)
    return report_answer(work.installation.database, batch.id, span, f"refused-rows-{batch.number}.csv")
