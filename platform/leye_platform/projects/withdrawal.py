"""Work that ends before it is finished: what was done is paid, and nobody is asked for the rest."""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, exists, select, update
from sqlalchemy.orm import Session

from leye_platform.assignments.models import Response, Slot
from leye_platform.assignments.rules import SlotState
from leye_platform.billing.ledger import make_payable
from leye_platform.projects.models import Item, MicroTask
from leye_platform.projects.rules import FINISHED_ITEMS, ITEM_MOVES, ItemState
from leye_platform.review.models import Review
from leye_platform.review.rules import UNSETTLED, ReviewState

PART = 1000  # answers in one statement: databases limit its parameters
WITHDRAWABLE = frozenset(state for state, moves in ITEM_MOVES.items() if ItemState.WITHDRAWN in moves)

Work = type[Item] | type[MicroTask] | type[Slot] | type[Review] | type[Response]
Scope = Callable[[Work], ColumnElement[bool]]
"""Which rows of a table are concerned."""


def whole_batch(batch_id: UUID) -> Scope:
    """All of a batch's rows."""
    return lambda table: table.batch_id == batch_id


def some_items(item_ids: Sequence[UUID]) -> Scope:
    """The rows of at most PART items; each table along the index that it has."""

    def of(table: Work) -> ColumnElement[bool]:
        if table is Item:
            return Item.id.in_(item_ids)
        if table is MicroTask:
            return MicroTask.item_id.in_(item_ids)
        assert table is Slot or table is Review or table is Response  # noqa: S101 -- the rest of the union
        return table.microtask_id.in_(select(MicroTask.id).where(MicroTask.item_id.in_(item_ids)))

    return of


def pay_what_was_done(session: Session, scope: Scope, now: datetime) -> None:
    """The answers that still wait for a decision become payable. Again: nothing more happens."""
    undecided = exists().where(MicroTask.id == Response.microtask_id, MicroTask.state.not_in(FINISHED_ITEMS))
    last = 0
    while True:
        part = session.execute(
            select(Response.number, Response.id)
            .where(scope(Response), Response.number > last, undecided)
            .order_by(Response.number)
            .limit(PART)
        ).all()
        make_payable(session, response_ids=[response_id for _, response_id in part], now=now)
        if len(part) < PART:
            return
        last = part[-1].number


def withdraw_unfinished(session: Session, scope: Scope) -> None:
    """Take back what is not decided: items, micro-tasks, open slots and reviews. Leases may still be answered.

    Call after `pay_what_was_done`, which looks for the undecided.
    """
    here = {"synchronize_session": False}
    session.execute(
        update(Slot).where(scope(Slot), Slot.state == SlotState.OPEN).values(state=SlotState.WITHDRAWN),
        execution_options=here,
    )
    session.execute(
        update(Review).where(scope(Review), Review.state.in_(UNSETTLED)).values(state=ReviewState.WITHDRAWN),
        execution_options=here,
    )
    for table in (MicroTask, Item):
        session.execute(
            update(table).where(scope(table), table.state.in_(WITHDRAWABLE)).values(state=ItemState.WITHDRAWN),
            execution_options=here,
        )
    session.expire_all()
