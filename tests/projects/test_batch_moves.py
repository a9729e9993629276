"""A batch from open to closed or cancelled: what was done is paid, nobody is asked for the rest."""

from uuid import UUID

import pytest
from sqlalchemy import select

from leye_platform.accounts.rules import Role
from leye_platform.assignments.claim import Nothing
from leye_platform.assignments.models import Response, Slot
from leye_platform.assignments.own import Annotator
from leye_platform.assignments.rules import SlotState
from leye_platform.billing.books import check_books
from leye_platform.billing.models import Posting
from leye_platform.errors import MoveNotAllowed
from leye_platform.installation import Installation
from leye_platform.permissions import Permission
from leye_platform.projects import service
from leye_platform.projects.errors import ProjectNotComplete
from leye_platform.projects.models import Batch, Item, PriceCard
from leye_platform.projects.rules import BatchState, ItemState, Pipeline
from leye_platform.review.models import Review
from leye_platform.review.rules import ReviewState
from support.clock import MovableClock
from support.crowd import OpenBatch
from support.factories import make_batch
from support.shipping import Shipping

TWO = Pipeline.model_validate({"overlap_start": 2, "overlap_limit": 2, "confidence": 0.5, "gold_share": 0})


@pytest.fixture
def shipping(installation: Installation, clock: MovableClock) -> Shipping:
    return Shipping(installation, clock)


def opened(shipping: Shipping, items: int, pipeline: Pipeline = TWO) -> OpenBatch:
    """An open batch that knows how many rows came in."""
    batch = shipping.batch(items, pipeline=pipeline)
    with shipping.database.write() as session:
        session.get_one(Batch, batch.batch_id).rows_in = items
    return batch


def move(shipping: Shipping, batch_id: UUID, wanted: BatchState) -> None:
    coordinator = shipping.actor(Role.COORDINATOR)
    with shipping.database.write() as session:
        batch = service.batch_for(session, coordinator, batch_id, Permission.RUN_BATCH, lock=True)
        if wanted is BatchState.OPEN:
            service.open_batch(session, coordinator, batch, shipping.clock.now())
        else:
            service.move_batch(session, coordinator, batch, wanted, shipping.clock.now())


def owed(shipping: Shipping, who: Annotator) -> tuple[int, int]:
    """Pending and payable, in micros."""
    with shipping.database.read() as session:
        assert check_books(session) == []
        sums = {"Pending": 0, "Payable": 0}
        for account, micros in session.execute(select(Posting.account, Posting.amount_micros)):
            if account.endswith(f":Person-{who.number}"):
                sums[account.split(":")[2]] -= micros
        return sums["Pending"], sums["Payable"]


def states(shipping: Shipping, batch_id: UUID) -> list[ItemState]:
    with shipping.database.read() as session:
        return list(session.scalars(select(Item.state).where(Item.batch_id == batch_id).order_by(Item.row)))


def test_cancelling_pays_what_was_done_and_takes_back_the_rest(shipping: Shipping) -> None:
    batch = opened(shipping, 3)
    first, second = shipping.person(), shipping.person()
    shipping.finish(first, batch.project_id, 3)
    shipping.finish(second, batch.project_id, 2)
    held = shipping.claims(second, batch.project_id)
    assert owed(shipping, first) == (50_000, 100_000)
    move(shipping, batch.batch_id, BatchState.CANCELLED)
    assert owed(shipping, first) == (0, 150_000)
    assert sorted(states(shipping, batch.batch_id)) == [ItemState.DECIDED, ItemState.DECIDED, ItemState.WITHDRAWN]
    with shipping.database.read() as session:
        assert not session.scalars(select(Slot).where(Slot.state == SlotState.OPEN)).all()
    assert isinstance(shipping.claim(shipping.person(), batch.project_id), Nothing)
    # Who has begun may finish, and is paid at once.
    shipping.answers(second, held)
    assert owed(shipping, second) == (0, 150_000)
    assert sorted(states(shipping, batch.batch_id))[-1] is ItemState.WITHDRAWN
    move(shipping, batch.batch_id, BatchState.CANCELLED)
    with pytest.raises(MoveNotAllowed):
        move(shipping, batch.batch_id, BatchState.OPEN)


def test_cancelling_withdraws_what_waits_for_a_reviewer(shipping: Shipping) -> None:
    batch = opened(shipping, 1, pipeline=Pipeline.model_validate({"kind": "single_check", "check_share": 1}))
    who = shipping.person()
    shipping.answers(who, shipping.claims(who, batch.project_id))
    assert owed(shipping, who) == (50_000, 0)
    move(shipping, batch.batch_id, BatchState.CANCELLED)
    with shipping.database.read() as session:
        assert session.scalars(select(Review.state)).one() is ReviewState.WITHDRAWN
    assert owed(shipping, who) == (0, 50_000)


def test_closing_pays_what_was_done_and_opening_again_goes_on_without_paying_twice(shipping: Shipping) -> None:
    batch = opened(shipping, 1)
    first, second = shipping.person(), shipping.person()
    shipping.answers(first, shipping.claims(first, batch.project_id))
    move(shipping, batch.batch_id, BatchState.CLOSED)
    assert owed(shipping, first) == (0, 50_000)
    assert isinstance(shipping.claim(second, batch.project_id), Nothing)
    move(shipping, batch.batch_id, BatchState.OPEN)
    shipping.answers(second, shipping.claims(second, batch.project_id))
    assert (owed(shipping, first), owed(shipping, second)) == ((0, 50_000), (0, 50_000))
    assert states(shipping, batch.batch_id) == [ItemState.DECIDED]


def test_paying_what_was_done_takes_every_answer_of_a_large_batch(
    shipping: Shipping, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leye_platform.projects.withdrawal.PART", 2)
    batch = opened(shipping, 5)
    who = shipping.person()
    shipping.finish(who, batch.project_id, 5)
    move(shipping, batch.batch_id, BatchState.CANCELLED)
    with shipping.database.read() as session:
        assert len(session.scalars(select(Response)).all()) == 5
    assert owed(shipping, who) == (0, 250_000)


def test_pausing_hands_out_nothing_and_opening_goes_on(shipping: Shipping) -> None:
    batch = opened(shipping, 2)
    who = shipping.person()
    for _ in range(2):
        move(shipping, batch.batch_id, BatchState.PAUSED)
    assert isinstance(shipping.claim(who, batch.project_id), Nothing)
    with pytest.raises(MoveNotAllowed):
        move(shipping, batch.batch_id, BatchState.CLOSED)
    for _ in range(2):
        move(shipping, batch.batch_id, BatchState.OPEN)
    assert not isinstance(shipping.claim(who, batch.project_id), Nothing)


def test_a_batch_opens_only_when_nothing_is_missing(shipping: Shipping) -> None:
    project_id = shipping.batch(1).project_id
    with shipping.database.write() as session:
        batch = make_batch(session, shipping.project(project_id), state=BatchState.READY)
        batch_id = batch.id
        session.delete(session.scalars(select(PriceCard)).one())
    with pytest.raises(ProjectNotComplete) as refused:
        move(shipping, batch_id, BatchState.OPEN)
    assert "单价、条目" in str(refused.value)
    with shipping.database.read() as session:
        assert session.get_one(Batch, batch_id).state is BatchState.READY
