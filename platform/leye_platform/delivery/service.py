"""Lots: assembled from decided items, delivered, then accepted or sent back, whole or item by item."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, insert, select, update
from sqlalchemy.orm import Session, aliased

from leye_platform.accounts.models import Organisation
from leye_platform.actor import Actor
from leye_platform.assignments.rework import start_round
from leye_platform.audit import record
from leye_platform.billing.errors import NoPrice
from leye_platform.billing.invoicing import price_of
from leye_platform.billing.ledger import AcceptedItem, accept_items
from leye_platform.delivery.errors import (
    ItemNotInLot,
    ItemsMovedOn,
    LotMissing,
    LotNotDelivered,
    NothingChosen,
    ReasonMissing,
)
from leye_platform.delivery.models import Lot, LotItem
from leye_platform.delivery.rules import LOT_MOVES, LotItemState, LotState
from leye_platform.notices.events import lot_was_accepted, lot_was_sent_back
from leye_platform.outbox import JobName, ask_for
from leye_platform.permissions import Permission
from leye_platform.projects.models import Batch, GuideVersion, Item, MicroTask, Project
from leye_platform.projects.rules import FINISHED_ITEMS, ITEM_MOVES, BatchState, ItemState
from leye_platform.projects.task_type import task_type
from leye_platform.review.join import joined_of
from leye_platform.review.models import Decision
from leye_platform.states import check_move
from leye_platform.webhooks.rules import Event
from leye_platform.webhooks.service import tell_webhooks

PART = 1000  # items in one statement: databases limit its parameters
LOT_MOST = 10_000  # items: annotators wait for whoever writes on SQLite, and a batch of a million is no lot to check


def lot_for(session: Session, actor: Actor, lot_id: UUID, permission: Permission, *, lock: bool = False) -> Lot:
    """A lot within the actor's reach.

    Raises LotMissing.
    """
    lot = session.get(Lot, lot_id, with_for_update=lock or None)
    scope = actor.partner_scope(permission)
    if lot is None or (scope is not None and lot.organisation_id not in scope):
        raise LotMissing
    if scope is not None and lot.state is LotState.ASSEMBLING:
        raise LotMissing  # a partner sees a lot once it is delivered
    return lot


def assemble_lot(session: Session, batch_id: UUID, now: datetime, *, after: int | None = None) -> Lot | None:
    """Put the decided items of a batch that stand in no lot into one; None where there are none.

    At most LOT_MOST of them, the first by number; a job is asked to put the rest into lots of their own. after: the
    number of the last item that the caller has put into a lot just now, 0 at first; they come back for the rest.
    The batch's row is locked, so that two runs at once make one lot, and the project's, so that its batches
    number their lots one by one; never their keys, so that answers go on meanwhile. The annotation is taken as
    it is now.
    """
    batch = session.get_one(Batch, batch_id, with_for_update={"key_share": True})
    project = session.get_one(Project, batch.project_id, with_for_update={"key_share": True})
    item_ids = session.scalars(
        select(Item.id)
        .where(Item.batch_id == batch_id, Item.state == ItemState.DECIDED, Item.gold_result.is_(None), _in_no_lot())
        .where(Item.number > (after or 0))
        .order_by(Item.number)
        .limit(LOT_MOST + 1)
        .with_for_update(key_share=True)
    ).all()
    if not item_ids:
        return None
    lot = Lot(
        project_id=project.id,
        batch_id=batch_id,
        organisation_id=project.organisation_id,
        sequence=1 + (session.scalar(select(func.max(Lot.sequence)).where(Lot.project_id == project.id)) or 0),
        files={},
        created_at=now,
    )
    session.add(lot)
    session.flush()
    for start in range(0, min(len(item_ids), LOT_MOST), PART):
        part = item_ids[start : min(start + PART, LOT_MOST)]
        session.execute(insert(LotItem), _snapshots(session, project, lot, part))
    ask_for(session, JobName.DELIVER_LOT, {"lot_id": str(lot.id)}, now)
    if len(item_ids) > LOT_MOST and after is None:
        ask_for(session, JobName.ASSEMBLE_LOT, {"batch_id": str(batch_id)}, now, once_for=batch_id)
    return lot


def end_of_full(session: Session, lot: Lot) -> int | None:
    """The number of the last item of a lot that holds as many as one may: behind it there may be more to deliver."""
    numbers = select(func.count(), func.max(Item.number)).join(LotItem, LotItem.item_id == Item.id)
    count, last = session.execute(numbers.where(LotItem.lot_id == lot.id)).one()
    return last if count == LOT_MOST else None


def _in_no_lot() -> ColumnElement[bool]:
    return ~exists().where(LotItem.item_id == Item.id, LotItem.state == LotItemState.INCLUDED)


def _snapshots(session: Session, project: Project, lot: Lot, item_ids: Sequence[UUID]) -> list[dict[str, Any]]:
    """Each item's annotation with its confidence and its newest guide version; of an item in parts, as joined."""
    kind = task_type(project.task_type, project.label_config)
    later = aliased(Decision)
    newest = select(func.max(later.version)).where(later.microtask_id == MicroTask.id).scalar_subquery()
    rows = session.execute(
        select(MicroTask.item_id, Decision.result, Decision.confidence, GuideVersion.version)
        .select_from(MicroTask)
        .join(Decision, (Decision.microtask_id == MicroTask.id) & (Decision.version == newest))
        .join(GuideVersion, GuideVersion.id == Decision.guide_id)
        .where(MicroTask.item_id.in_(item_ids))
    ).all()
    parts = Counter(row.item_id for row in rows)
    decided = {
        row.item_id: (kind.template.merge([row.result]), row.confidence, row.version)
        for row in rows
        if parts[row.item_id] == 1
    }
    joined = joined_of(session, [item_id for item_id, count in parts.items() if count > 1])
    decided |= {item_id: (one.result, one.confidence, one.guide_version) for item_id, one in joined.items()}
    return [
        {
            "lot_id": lot.id,
            "item_id": item_id,
            "quantity": Decimal(kind.template.quantity(project.unit, decided[item_id][0])),
            "result": decided[item_id][0],
            "confidence": decided[item_id][1],
            "guide_version": decided[item_id][2],
        }
        for item_id in item_ids
        if item_id in decided
    ]


def ask_for_due_lots(session: Session, now: datetime) -> int:
    """Ask for the lots of batches where nothing waits any more; how many. A net under the submit's own asking."""
    unfinished = exists().where(
        Item.batch_id == Batch.id, Item.state.not_in(FINISHED_ITEMS), Item.gold_result.is_(None)
    )
    decided = exists().where(
        Item.batch_id == Batch.id,
        Item.state == ItemState.DECIDED,
        Item.gold_result.is_(None),
        _in_no_lot(),
    )
    due = session.scalars(
        select(Batch.id).where(Batch.state.in_((BatchState.OPEN, BatchState.CLOSED)), ~unfinished, decided)
    ).all()
    asked = [
        ask_for(session, JobName.ASSEMBLE_LOT, {"batch_id": str(batch_id)}, now, once_for=batch_id) for batch_id in due
    ]
    return sum(job is not None for job in asked)


def accept_lot(session: Session, actor: Actor | None, lot_id: UUID, now: datetime) -> Lot:
    """The partner accepts a lot: its items are accepted and billed. Again: nothing more happens.

    actor: None where silence accepts. Raises LotMissing, LotNotDelivered, NoPrice, ItemsMovedOn; all of them
    before anything is written.
    """
    if actor is None:
        lot = session.get_one(Lot, lot_id, with_for_update=True)
    else:
        lot = lot_for(session, actor, lot_id, Permission.SETTLE_LOT, lock=True)
    if lot.state in {LotState.ACCEPTED, LotState.INVOICED}:
        return lot
    if lot.state is not LotState.DELIVERED:
        raise LotNotDelivered(state=lot.state.value)
    included = session.scalars(
        select(LotItem).where(LotItem.lot_id == lot.id, LotItem.state == LotItemState.INCLUDED)
    ).all()
    project, batch = session.get_one(Project, lot.project_id), session.get_one(Batch, lot.batch_id)
    partner = session.get_one(Organisation, lot.organisation_id)
    unit_price = price_of(session, project.id, batch)
    move_items(session, lot, ItemState.DELIVERED, ItemState.ACCEPTED)
    accept_items(
        session,
        [AcceptedItem(item.item_id, item.quantity) for item in included],
        unit_price=unit_price,
        lot_id=lot.id,
        partner_number=partner.number,
        project_id=project.id,
        project_number=project.number,
        currency=project.currency,
        now=now,
    )
    _settle(session, lot, LotState.ACCEPTED, actor, now)
    lot_was_accepted(session, lot, now)
    tell_webhooks(session, lot.project_id, Event.LOT_ACCEPTED, about_lot(lot), now)
    ask_for(session, JobName.ISSUE_INVOICE, {"organisation_id": str(partner.id)}, now, once_for=partner.id)
    return lot


def move_items(session: Session, lot: Lot, current: ItemState, wanted: ItemState) -> None:
    """Move all of a lot's included items in one statement.

    Raises ItemsMovedOn where one is not in the state that it should be in: it would be billed and not accepted.
    """
    check_move(ITEM_MOVES, current, wanted)
    included = select(LotItem.item_id).where(LotItem.lot_id == lot.id, LotItem.state == LotItemState.INCLUDED)
    elsewhere = session.scalar(select(func.count()).where(Item.id.in_(included), Item.state != current))
    if elsewhere:
        raise ItemsMovedOn(count=elsewhere)
    session.execute(
        update(Item).where(Item.id.in_(included)).values(state=wanted).execution_options(synchronize_session=False)
    )


def _settle(session: Session, lot: Lot, state: LotState, actor: Actor | None, now: datetime) -> None:
    lot.state = check_move(LOT_MOVES, lot.state, state)
    lot.settled_at, lot.settled_by = now, actor.person_id if actor else None
    record(
        session,
        at=now,
        person_id=actor.person_id if actor else None,
        action=f"lot.{state.value}",
        subject_id=lot.id,
        by_silence=actor is None,
    )


def accept_by_silence(session: Session, now: datetime) -> int:
    """Accept the lots whose time to answer has passed; how many. Those that cannot be settled yet wait."""
    due = session.scalars(select(Lot.id).where(Lot.state == LotState.DELIVERED, Lot.accept_by < now)).all()
    accepted = 0
    for lot_id in due:
        try:
            accept_lot(session, None, lot_id, now)
        except (NoPrice, ItemsMovedOn):
            continue  # raised before anything is written; it must not hold up the other lots
        accepted += 1
    return accepted


def send_back(
    session: Session, actor: Actor, lot_id: UUID, *, item_ids: Sequence[UUID] | None, reason: str, now: datetime
) -> Lot:
    """Send back single items (they leave the lot and come in a later one) or, with None, the whole lot.

    Their micro-tasks begin a new round, which goes to their authors first. Work already paid stays paid.
    Raises LotMissing, LotNotDelivered, ReasonMissing, NothingChosen, ItemNotInLot.
    """
    if not reason.strip():
        raise ReasonMissing
    if item_ids is not None and not item_ids:
        raise NothingChosen
    lot = lot_for(session, actor, lot_id, Permission.SETTLE_LOT, lock=True)
    if lot.state is not LotState.DELIVERED:
        raise LotNotDelivered(state=lot.state.value)
    included = session.scalars(
        select(LotItem).where(LotItem.lot_id == lot.id, LotItem.state == LotItemState.INCLUDED)
    ).all()
    wanted = {item.item_id for item in included} if item_ids is None else set(item_ids)
    leaving = [item for item in included if item.item_id in wanted]
    if len(leaving) < len(wanted):
        raise ItemNotInLot(count=len(wanted) - len(leaving))
    for item in leaving:
        item.state, item.reason, item.sent_back_at = LotItemState.SENT_BACK, reason.strip(), now
    lot.content_version += 1
    session.flush()
    ids = [item.item_id for item in leaving]
    for start in range(0, len(ids), PART):
        for tasks in _tasks_in_turns(session, ids[start : start + PART]):
            start_round(session, tasks, now)
    if len(leaving) == len(included):
        lot.reason = reason.strip()
        _settle(session, lot, LotState.REWORK, actor, now)
    else:
        ask_for(session, JobName.COUNT_LOT, {"lot_id": str(lot.id)}, now, once_for=lot.id)
        record(
            session,
            at=now,
            person_id=actor.person_id,
            action="lot.send_back_items",
            subject_id=lot.id,
            items=len(leaving),
        )
    lot_was_sent_back(session, lot, len(leaving), now)
    told = about_lot(lot) | {"items": len(leaving)}
    tell_webhooks(session, lot.project_id, Event.LOT_SENT_BACK, told, now)
    return lot


def _tasks_in_turns(session: Session, item_ids: Sequence[UUID]) -> Iterator[list[UUID]]:
    """The micro-tasks of items, some PART at a time, those of one item together."""
    query = select(MicroTask.item_id, MicroTask.id).where(MicroTask.item_id.in_(item_ids)).order_by(MicroTask.item_id)
    turn: list[UUID] = []
    for _, parts in groupby(session.execute(query).all(), key=itemgetter(0)):
        turn += [task_id for _, task_id in parts]
        if len(turn) >= PART:
            yield turn
            turn = []
    if turn:
        yield turn


def about_lot(lot: Lot) -> dict[str, Any]:
    """What a webhook is told of a lot."""
    return {"lot": str(lot.id), "lot_name": f"L-{lot.sequence:02}", "batch": str(lot.batch_id)}


def accept_deadline(project: Project, now: datetime) -> datetime:
    """Until when a partner may answer before silence accepts."""
    return now + timedelta(days=project.accept_days)
