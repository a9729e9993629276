"""What a partner's pages show beside progress: what waits for their answer, and the money of a batch. Read only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

from leye_platform.actor import Actor
from leye_platform.delivery.models import Lot
from leye_platform.delivery.queries import LotView, view_lots
from leye_platform.delivery.rules import LotState
from leye_platform.permissions import Permission
from leye_platform.projects.models import Batch, GuideVersion, Project
from leye_platform.projects.project_matters import is_priced
from leye_platform.projects.rules import BatchState

SHOWN = 50
SETTLED = frozenset({LotState.ACCEPTED, LotState.INVOICED})


@dataclass(frozen=True)
class WaitingForPartner:
    """What the firm has to decide: lots to accept, batches to open, files that were not taken.

    unpriced: batches that were read and wait for the operator, so that there is nothing to decide yet.
    """

    lots: list[LotView]
    ready: list[tuple[Batch, Project]]
    failed: list[tuple[Batch, Project]]
    unpriced: list[tuple[Batch, Project]]

    def __bool__(self) -> bool:
        return bool(self.lots or self.ready or self.failed)


def waiting_for(session: Session, actor: Actor, now: datetime) -> WaitingForPartner:
    """What waits for this actor's firm, as far as the actor may settle it."""
    return WaitingForPartner(
        lots=_lots(session, actor),
        ready=_batches(session, actor, Permission.RUN_BATCH, (Batch.state == BatchState.READY) & is_priced(now)),
        failed=_batches(session, actor, Permission.UPLOAD_BATCH, Batch.state == BatchState.FAILED),
        unpriced=_batches(session, actor, Permission.RUN_BATCH, (Batch.state == BatchState.READY) & ~is_priced(now)),
    )


def _lots(session: Session, actor: Actor) -> list[LotView]:
    query = select(Lot).where(Lot.state == LotState.DELIVERED).order_by(Lot.accept_by, Lot.number).limit(SHOWN)
    scope = actor.partner_scope(Permission.VIEW_LOT)
    if scope is not None:
        query = query.where(Lot.organisation_id.in_(scope))
    return view_lots(session, session.scalars(query).all())


def _batches(
    session: Session, actor: Actor, right: Permission, wanted: ColumnElement[bool]
) -> list[tuple[Batch, Project]]:
    if not actor.may(right):
        return []
    query = (
        select(Batch, Project)
        .join(Project, Project.id == Batch.project_id)
        .where(wanted)
        .order_by(Batch.created_at)
        .limit(SHOWN)
    )
    scope = actor.partner_scope(right)
    if scope is not None:
        query = query.where(Project.organisation_id.in_(scope))
    return [(batch, project) for batch, project in session.execute(query)]


def cannot_open(session: Session, batches: Sequence[Batch], now: datetime) -> set[UUID]:
    """Which of these were read and still lack a price, pay, a guide or rows. One query."""
    read = {batch.id for batch in batches if batch.state is BatchState.READY}
    has_guide = exists().where(GuideVersion.project_id == Project.id)
    complete = select(Batch.id).join(Project, Project.id == Batch.project_id).where(is_priced(now), has_guide)
    return read - set(session.scalars(complete.where(Batch.id.in_(read), Batch.rows_in > 0)))


@dataclass(frozen=True)
class BatchMoney:
    """What a batch has come to for its partner. Amounts in minor units; unit_price None while there is none."""

    unit_price: Decimal | None
    accepted: int
    accepted_minor: int
    waiting_minor: int


def settled_money(session: Session, batches: Sequence[Batch]) -> dict[UUID, BatchMoney]:
    """What was accepted of those of the batches that have such lots. A constant number of queries."""
    ids = {batch.id for batch in batches}
    lots = view_lots(session, session.scalars(select(Lot).where(Lot.batch_id.in_(ids), Lot.state.in_(SETTLED))).all())
    return {
        one: money_of([shown for shown in lots if shown.batch.id == one], None) for one in {v.batch.id for v in lots}
    }


def money_of(lots: Sequence[LotView], price_now: Decimal | None) -> BatchMoney:
    """From the batch's lots; `price_now` stands in before the first of them."""
    settled = [shown for shown in lots if shown.lot.state in SETTLED]
    waiting = [shown for shown in lots if shown.lot.state is LotState.DELIVERED]
    return BatchMoney(
        unit_price=lots[0].unit_price if lots else price_now,
        accepted=sum(shown.included for shown in settled),
        accepted_minor=sum(shown.amount_minor or 0 for shown in settled),
        waiting_minor=sum(shown.amount_minor or 0 for shown in waiting),
    )
