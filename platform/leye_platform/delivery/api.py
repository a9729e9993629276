"""Lots for scripts."""

from datetime import timedelta
from uuid import UUID

import structlog
from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy.exc import SQLAlchemyError

from leye_platform.delivery.errors import NothingToDeliver
from leye_platform.delivery.models import Lot
from leye_platform.delivery.quality_kept import keep
from leye_platform.delivery.quality_report import Report, render_quality_html
from leye_platform.delivery.queries import LotView, lots_of_batch, view_lot
from leye_platform.delivery.schemas import LotOut, QualityOut, SendBackIn
from leye_platform.delivery.service import accept_lot, assemble_lot, lot_for, send_back
from leye_platform.endpoint import Work, endpoint
from leye_platform.exports.formats import FORMATS
from leye_platform.permissions import Permission
from leye_platform.projects.models import Batch
from leye_platform.projects.service import batch_for
from leye_platform.web.display import display_of
from leye_platform.web.openapi import file_of

router = APIRouter(prefix="/api/v1", tags=["lots"])

log = structlog.get_logger(__name__)
DOWNLOAD_TIME = timedelta(minutes=15)


def file_urls(work: Work, lot: Lot) -> dict[str, str]:
    """Where a lot's files can be fetched for a quarter of an hour, by format."""
    objects = work.installation.objects
    return {
        name: objects.download_url(key, DOWNLOAD_TIME, f"lot-{lot.number}.{FORMATS[name].extension}")
        for name, key in sorted(lot.files.items())
    }


def lot_out(work: Work, lot: Lot) -> LotOut:
    """A lot as the API shows it."""
    return LotOut.of(view_lot(work.session, lot), file_urls(work, lot))


def report_of_lot(work: Work, shown: LotView) -> Report:
    """The quality report of a lot; what had to be counted for it is kept. Raises DataGoing and DataErased."""
    report = Report.of_lot(work.session, shown, work.now)
    _keep(work, report)
    return report


def report_of_batch(work: Work, batch: Batch) -> Report:
    """The same of all that was delivered of a batch."""
    report = Report.of_batch(work.session, batch, work.now)
    _keep(work, report)
    return report


def _keep(work: Work, report: Report) -> None:
    """A report that is ready is shown, also where it cannot be kept just now: the next look counts it again."""
    try:
        keep(work.installation.database, report.reckoned)
    except SQLAlchemyError:
        log.warning("quality_not_kept", exc_info=True)


def _document(work: Work, report: Report, name: str) -> Response:
    html = render_quality_html(report, display_of(work.request).language)
    disposition = f'attachment; filename="quality-{name}.html"'
    return Response(html, media_type="text/html; charset=utf-8", headers={"Content-Disposition": disposition})


@router.get("/lots/{lot_id}/quality.html", **file_of("text/html"))
@endpoint(Permission.VIEW_LOT)
def lot_quality_document(work: Work, lot_id: UUID) -> Response:
    """The lot's quality report as one printable page, in the caller's language."""
    shown = view_lot(work.session, lot_for(work.session, work.actor, lot_id, Permission.VIEW_LOT))
    return _document(work, report_of_lot(work, shown), str(shown.lot.number))


@router.get("/lots/{lot_id}/quality", response_model=QualityOut)
@endpoint(Permission.VIEW_LOT)
def lot_quality(work: Work, lot_id: UUID) -> QualityOut:
    """The lot's quality: estimated accuracy, agreement, classes, what was mixed up."""
    shown = view_lot(work.session, lot_for(work.session, work.actor, lot_id, Permission.VIEW_LOT))
    return QualityOut.of(report_of_lot(work, shown).quality)


@router.get("/batches/{batch_id}/quality.html", **file_of("text/html"))
@endpoint(Permission.VIEW_LOT)
def batch_quality_document(work: Work, batch_id: UUID) -> Response:
    """The same of all that was delivered of a batch so far."""
    batch = batch_for(work.session, work.actor, batch_id, Permission.VIEW_LOT)
    return _document(work, report_of_batch(work, batch), f"batch-{batch.number}")


@router.get("/batches/{batch_id}/quality", response_model=QualityOut)
@endpoint(Permission.VIEW_LOT)
def batch_quality(work: Work, batch_id: UUID) -> QualityOut:
    """The quality of all that was delivered of a batch so far."""
    batch = batch_for(work.session, work.actor, batch_id, Permission.VIEW_LOT)
    return QualityOut.of(report_of_batch(work, batch).quality)


@router.get("/lots/{lot_id}", response_model=LotOut)
@endpoint(Permission.VIEW_LOT)
def read_lot(work: Work, lot_id: UUID) -> LotOut:
    """State, figures, amount and files of a lot."""
    return lot_out(work, lot_for(work.session, work.actor, lot_id, Permission.VIEW_LOT))


@router.get("/batches/{batch_id}/lots", response_model=list[LotOut])
@endpoint(Permission.VIEW_LOT)
def list_lots(work: Work, batch_id: UUID) -> list[LotOut]:
    """A batch's lots, newest first; a partner sees those that are delivered."""
    batch = batch_for(work.session, work.actor, batch_id, Permission.VIEW_LOT)
    partner = work.actor.partner_scope(Permission.VIEW_LOT) is not None
    found = lots_of_batch(work.session, batch.id, delivered_only=partner)
    return [LotOut.of(shown, file_urls(work, shown.lot)) for shown in found]


@router.post("/batches/{batch_id}/lots", status_code=201, response_model=LotOut)
@endpoint(Permission.CUT_LOT)
def cut_lot(work: Work, batch_id: UUID) -> LotOut:
    """Put what is decided so far into a lot, without waiting for the rest of the batch."""
    batch = batch_for(work.session, work.actor, batch_id, Permission.CUT_LOT)
    lot = assemble_lot(work.session, batch.id, work.now)
    if lot is None:
        raise NothingToDeliver
    return lot_out(work, lot)


@router.post("/lots/{lot_id}/accept", response_model=LotOut)
@endpoint(Permission.SETTLE_LOT)
def accept(work: Work, lot_id: UUID) -> LotOut:
    """Accept a lot; again: nothing more happens."""
    return lot_out(work, accept_lot(work.session, work.actor, lot_id, work.now))


@router.post("/lots/{lot_id}/send-back", response_model=LotOut)
@endpoint(Permission.SETTLE_LOT)
def send_lot_back(work: Work, lot_id: UUID, body: SendBackIn) -> LotOut:
    """Send back single items, or the whole lot, with a reason."""
    lot = send_back(work.session, work.actor, lot_id, item_ids=body.items, reason=body.reason, now=work.now)
    return lot_out(work, lot)
