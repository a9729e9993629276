"""A lot for people: the partner inspects a sample and accepts or sends back; the coordinator follows it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse, Response

from leye_platform.delivery.api import file_urls, report_of_batch, report_of_lot
from leye_platform.delivery.errors import ItemNotInLot, NothingChosen, NothingToDeliver, ReasonMissing
from leye_platform.delivery.models import Lot
from leye_platform.delivery.quality_report import QualityInBrief, Report, context_of, in_brief
from leye_platform.delivery.queries import (
    LotItemView,
    chosen_of,
    next_to_settle,
    sample_of,
    sent_back_of,
    view_lot,
)
from leye_platform.delivery.rules import LotState
from leye_platform.delivery.service import accept_lot, assemble_lot, lot_for, send_back
from leye_platform.endpoint import Work, endpoint
from leye_platform.errors import N_, LeyeError
from leye_platform.permissions import Permission
from leye_platform.projects.models import Batch
from leye_platform.projects.pictures_api import picture_links
from leye_platform.projects.service import batch_for
from leye_platform.web.pages import sentence_for

router = APIRouter(include_in_schema=False)

STATE_WORDS: dict[LotState, tuple[str, str]] = {
    LotState.ASSEMBLING: ("info", N_("制作中")),
    LotState.DELIVERED: ("attention", N_("待验收")),
    LotState.ACCEPTED: ("good", N_("已验收")),
    LotState.INVOICED: ("good", N_("已验收，已开账单")),
    LotState.REWORK: ("attention", N_("已退回，返工中")),
}
"""A lot's state as a badge: its kind and its word."""
Field = Annotated[str, Form()]


@router.get("/partner/lots/{lot_id}")
@endpoint(Permission.VIEW_LOT)
def partner_lot(work: Work, lot_id: UUID) -> Response:
    """The lot with a random sample; who may settle it does so here."""
    lot = lot_for(work.session, work.actor, lot_id, Permission.VIEW_LOT)
    return _partner_page(work, lot)


@router.post("/partner/lots/{lot_id}/accept")
@endpoint(Permission.SETTLE_LOT, form=True)
def accept(work: Work, lot_id: UUID) -> Response:
    """Accept the lot."""
    accept_lot(work.session, work.actor, lot_id, work.now)
    return RedirectResponse(f"/partner/lots/{lot_id}", status_code=303)


@router.post("/partner/lots/{lot_id}/send-back")
@endpoint(Permission.SETTLE_LOT, form=True)
def send_lot_back(
    work: Work,
    lot_id: UUID,
    *,
    what: Field = "items",
    items: Annotated[list[UUID] | None, Form()] = None,
    shown: Annotated[list[UUID] | None, Form()] = None,
    reason: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Send back the ticked items, or the whole lot (`what`: items, all). `shown` is the sample on the page."""
    chosen = None if what == "all" else items or []
    try:
        send_back(work.session, work.actor, lot_id, item_ids=chosen, reason=reason, now=work.now)
    except (NothingChosen, ReasonMissing, ItemNotInLot) as refused:
        lot = lot_for(work.session, work.actor, lot_id, Permission.VIEW_LOT)
        sample = chosen_of(work.session, view_lot(work.session, lot), picture_links(work), shown or [])
        return _partner_page(work, lot, sample=sample, ticked=items or [], reason=reason, refused=refused)
    return RedirectResponse(f"/partner/lots/{lot_id}", status_code=303)


def _partner_page(
    work: Work,
    lot: Lot,
    *,
    sample: list[LotItemView] | None = None,
    ticked: list[UUID] | None = None,
    reason: str = "",
    refused: LeyeError | None = None,
) -> Response:
    shown = view_lot(work.session, lot)
    open_to_answer = lot.state is LotState.DELIVERED and work.actor.may(Permission.SETTLE_LOT)
    problems = {}
    if refused is not None:
        problems = {"reason" if isinstance(refused, ReasonMissing) else "items": sentence_for(work.request, refused)}
    return work.page(
        "delivery/partner_lot.html",
        status=422 if problems else 200,
        shown=shown,
        quality=in_brief(work.session, [lot.id]).get(lot.id, QualityInBrief()),
        state=STATE_WORDS[lot.state],
        may_settle=open_to_answer,
        sample=sample_of(work.session, shown, picture_links(work)) if sample is None else sample,
        sent_back=sent_back_of(work.session, shown, picture_links(work)) if shown.sent_back else [],
        files=file_urls(work, lot) if work.actor.may(Permission.EXPORT) else {},
        may_see_invoice=work.actor.may(Permission.VIEW_INVOICE),
        ticked={str(item_id) for item_id in ticked or []},
        reason=reason,
        problems=problems,
    )


@router.get("/lots/{lot_id}")
@endpoint(Permission.VIEW_PROJECTS)
def coordinator_lot(work: Work, lot_id: UUID) -> Response:
    """The lot as the operator's people follow it."""
    lot = lot_for(work.session, work.actor, lot_id, Permission.VIEW_PROJECTS)
    shown = view_lot(work.session, lot)
    return work.page(
        "delivery/lot.html",
        shown=shown,
        quality=in_brief(work.session, [lot.id]).get(lot.id, QualityInBrief()),
        state=STATE_WORDS[lot.state],
        sample=sample_of(work.session, shown, picture_links(work)),
        sent_back=sent_back_of(work.session, shown, picture_links(work)) if shown.sent_back else [],
        files=file_urls(work, lot) if work.actor.may(Permission.EXPORT) else {},
        may_see_invoice=work.actor.may(Permission.VIEW_INVOICE),
    )


@router.get("/lots/{lot_id}/quality")
@endpoint(Permission.VIEW_LOT)
def lot_quality(work: Work, lot_id: UUID) -> Response:
    """The lot's quality report."""
    shown = view_lot(work.session, lot_for(work.session, work.actor, lot_id, Permission.VIEW_LOT))
    report = report_of_lot(work, shown)
    return _quality_page(work, report, shown.lot, shown.batch, path=f"/lots/{lot_id}", lot_name=shown.name)


@router.get("/batches/{batch_id}/quality")
@endpoint(Permission.VIEW_LOT)
def batch_quality(work: Work, batch_id: UUID) -> Response:
    """The quality report of all that was delivered of a batch."""
    batch = batch_for(work.session, work.actor, batch_id, Permission.VIEW_LOT)
    lot = next_to_settle(work.session, batch_id)
    return _quality_page(work, report_of_batch(work, batch), lot, batch, path=f"/batches/{batch_id}")


def _quality_page(
    work: Work, report: Report, lot: Lot | None, batch: Batch, *, path: str, lot_name: str = ""
) -> Response:
    """lot: which one to go on to, where it waits for an answer. path: of the lot or batch, as the operator's people
    find it; a partner's page of it lies below /partner.
    """
    waits = lot is not None and lot.state is LotState.DELIVERED
    return work.page(
        "delivery/quality.html",
        batch=batch,
        path=path,
        lot_name=lot_name,
        to_settle=lot if waits and work.actor.may(Permission.SETTLE_LOT) else None,
        root="/partner" if work.actor.partner_scope(Permission.VIEW_LOT) is not None else "",
        **context_of(report),
    )


@router.post("/batches/{batch_id}/lots")
@endpoint(Permission.CUT_LOT, form=True)
def cut_lot(work: Work, batch_id: UUID) -> Response:
    """Put what is decided so far into a lot, and show it."""
    batch = batch_for(work.session, work.actor, batch_id, Permission.CUT_LOT)
    lot = assemble_lot(work.session, batch.id, work.now)
    if lot is None:
        raise NothingToDeliver
    return RedirectResponse(f"/lots/{lot.id}", status_code=303)
