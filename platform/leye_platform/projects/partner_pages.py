"""The partner's desk: what waits for the firm, every batch in a sentence, one batch, and the upload."""

from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import RedirectResponse, Response

from leye_platform.actor import Actor
from leye_platform.billing.queries import invoices_in_reach, invoices_total
from leye_platform.billing.rules import amount_in_minor
from leye_platform.delivery.api import file_urls
from leye_platform.delivery.pages import STATE_WORDS as LOT_WORDS
from leye_platform.delivery.quality_report import QualityInBrief, in_brief
from leye_platform.delivery.queries import LotView, lots_of_batch, sample_of
from leye_platform.delivery.rules import LotState
from leye_platform.endpoint import Work, endpoint
from leye_platform.holdings.limits import in_words, storages_in_reach
from leye_platform.ids import new_id
from leye_platform.permissions import Permission
from leye_platform.projects import service
from leye_platform.projects.addition_queries import additions_of, refused_rows
from leye_platform.projects.batch_pages import Uploaded, receive_upload, upload_page
from leye_platform.projects.batch_words import ADDITION_WORDS, PURPOSE_WORDS, STATE_WORDS
from leye_platform.projects.ingest.proposals import refused_proposals
from leye_platform.projects.ingest.uploads import waits_for_room
from leye_platform.projects.models import Project
from leye_platform.projects.partner_queries import cannot_open, money_of, settled_money, waiting_for
from leye_platform.projects.pictures_api import picture_links
from leye_platform.projects.queries import (
    batches_page,
    price_that_binds,
    progress_of,
    projects_in_reach,
)
from leye_platform.projects.rules import APPENDABLE, BatchState
from leye_platform.projects.upload import UploadForm
from leye_platform.projects.upload_limit import UploadRoute

router = APIRouter(prefix="/partner", include_in_schema=False, route_class=UploadRoute)

SAMPLE = 5
OVER = frozenset({BatchState.CLOSED, BatchState.CANCELLED})


@router.get("")
@endpoint(Permission.VIEW_BATCH)
def home(work: Work, page: int = 1) -> Response:
    """What waits for the firm, and its batches. The operator's people have a desk of their own."""
    if work.actor.partner_scope(Permission.VIEW_BATCH) is None:
        return RedirectResponse("/projects", status_code=303)
    listed = batches_page(work.session, work.actor, page)
    may_upload = work.actor.may(Permission.UPLOAD_BATCH)
    waiting = waiting_for(work.session, work.actor, work.now) if listed.number == 1 else None
    shown = [batch for batch, _ in [*listed.rows, *(waiting.ready if waiting else [])]]
    return work.page(
        "partner/home.html",
        waiting=waiting,
        quality=in_brief(work.session, [shown.lot.id for shown in waiting.lots]) if waiting else {},
        cannot_open=cannot_open(work.session, shown, work.now),
        listed=listed,
        progress=progress_of(work.session, [batch for batch, _ in listed.rows], work.now),
        settled=settled_money(work.session, [batch for batch, _ in listed.rows if batch.state in OVER]),
        projects=projects_in_reach(work.session, work.actor, Permission.VIEW_BATCH),
        state_words=STATE_WORDS,
        may_settle=work.actor.may(Permission.SETTLE_LOT),
        may_upload=may_upload,
        may_make=work.actor.may(Permission.MAKE_PROJECT),
        storages=_storages(work) if listed.number == 1 else [],
        invoices=invoices_in_reach(work.session, work.actor, limit=3) if _pays(work.actor) else [],
        invoices_in_all=invoices_total(work.session, work.actor) if _pays(work.actor) else (0, 0),
    )


def _storages(work: Work) -> list[dict[str, Any]]:
    """The storage of each firm that the person belongs to; named where there are several."""
    found = storages_in_reach(work.session, work.actor, work.installation.settings.partner_storage)
    return [in_words(one, named=len(found) > 1) for one in found]


def _pays(actor: Actor) -> bool:
    """Whether invoices are what this person comes for: those who settle lots have something else first."""
    return actor.may(Permission.VIEW_INVOICE) and not actor.may(Permission.SETTLE_LOT)


@router.get("/batches/{batch_id}")
@endpoint(Permission.VIEW_BATCH)
def show(work: Work, batch_id: UUID, stale: bool = False, withdrawn: int | None = None) -> Response:
    """Progress, lots, a sample, files and money of one batch. `stale`: a button was pressed that no longer fitted.

    `withdrawn`: so many items have just been taken back.
    """
    session = work.session
    batch = service.batch_for(session, work.actor, batch_id, Permission.VIEW_BATCH)
    lots = lots_of_batch(session, batch.id, delivered_only=True)
    sampled = next((shown for shown in lots if shown.included), None)
    progress = progress_of(session, [batch], work.now)[batch.id]
    money = money_of(lots, price_that_binds(session, batch, work.now))
    return work.page(
        "partner/batch.html",
        batch=batch,
        project=session.get_one(Project, batch.project_id),
        progress=progress,
        lots=lots,
        missing=[work.gettext(word) for word in service.missing_for_open(session, batch, work.now)],
        to_settle=[shown for shown in lots if shown.lot.state is LotState.DELIVERED],
        money=money,
        full_minor=amount_in_minor(Decimal(progress.items), money.unit_price or Decimal(0)),
        quality=sum(in_brief(session, [shown.lot.id for shown in lots]).values(), QualityInBrief()),
        sampled=sampled,
        sample=sample_of(session, sampled, picture_links(work), SAMPLE) if sampled else [],
        files=_files(work, lots),
        refused=refused_rows(session, batch.id) if batch.rows_refused else [],
        additions=additions_of(session, batch.id),
        proposals_refused=refused_proposals(batch.proposals_refused),
        state_words=STATE_WORDS,
        addition_words=ADDITION_WORDS,
        purpose_words=PURPOSE_WORDS,
        lot_words=LOT_WORDS,
        may_run=work.actor.may(Permission.RUN_BATCH),
        may_upload=work.actor.may(Permission.UPLOAD_BATCH),
        may_append=work.actor.may(Permission.UPLOAD_BATCH) and batch.state in APPENDABLE,
        may_settle=work.actor.may(Permission.SETTLE_LOT),
        for_room=waits_for_room(session, batch.id),
        stale=stale,
        withdrawn=withdrawn,
    )


def _files(work: Work, lots: list[LotView]) -> dict[UUID, dict[str, str]]:
    """The files of each lot by format, for those who may take them away."""
    if not work.actor.may(Permission.EXPORT):
        return {}
    return {shown.lot.id: file_urls(work, shown.lot) for shown in lots}


@router.get("/projects/{project_id}/upload")
@endpoint(Permission.UPLOAD_BATCH)
def upload_form(work: Work, project_id: UUID) -> Response:
    """The empty form."""
    project = service.project_for(work.session, work.actor, project_id, Permission.UPLOAD_BATCH)
    return upload_page(work, project, UploadForm(key=str(new_id())), {}, partner=True)


@router.post("/projects/{project_id}/upload")
@endpoint(Permission.UPLOAD_BATCH, form=True, session=False)
def upload(work: Work, project_id: UUID, form: Annotated[UploadForm, Depends()], file: Uploaded = None) -> Response:
    """Store the file, have it read, and show the batch."""
    return receive_upload(work, project_id, form, file, partner=True)
