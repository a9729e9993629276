"""Lots: assembled once, delivered, accepted once, sent back whole or item by item, accepted by silence."""

from uuid import UUID, uuid4

import orjson
import pytest
from sqlalchemy import func, select

from leye_platform.accounts.models import Organisation
from leye_platform.accounts.rules import Role
from leye_platform.billing.books import check_books
from leye_platform.billing.errors import NoPrice
from leye_platform.billing.models import InvoiceItem, LedgerEntry
from leye_platform.billing.rules import EntryKind
from leye_platform.delivery.deliver import deliver_lot
from leye_platform.delivery.errors import (
    ItemNotInLot,
    ItemsMovedOn,
    LotMissing,
    LotNotDelivered,
    NothingChosen,
    ReasonMissing,
)
from leye_platform.delivery.models import Lot, LotItem
from leye_platform.delivery.rules import LotState
from leye_platform.delivery.service import accept_by_silence, ask_for_due_lots, assemble_lot
from leye_platform.installation import Installation
from leye_platform.outbox import JobName, OutboxRow
from leye_platform.projects.models import Item
from leye_platform.projects.rules import ItemState
from leye_workers.jobs.lots import assemble_lot as assemble_by_job
from support.clock import MovableClock
from support.shipping import Shipping


@pytest.fixture
def shipping(installation: Installation, clock: MovableClock) -> Shipping:
    return Shipping(installation, clock)


def states(shipping: Shipping, batch_id: object) -> dict[ItemState, int]:
    with shipping.database.read() as session:
        rows = session.execute(select(Item.state, func.count()).where(Item.batch_id == batch_id).group_by(Item.state))
        return dict(rows.all())


def acceptances(shipping: Shipping) -> int:
    with shipping.database.read() as session:
        query = select(func.count()).select_from(LedgerEntry).where(LedgerEntry.kind == EntryKind.ACCEPTANCE)
        return session.scalar(query) or 0


def test_decided_items_come_into_one_lot_and_never_into_a_second(shipping: Shipping) -> None:
    batch, _ = shipping.answered(3)
    lot_id = shipping.cut(batch.batch_id)
    assert len(shipping.items_of(lot_id)) == 3
    with shipping.database.write() as session:
        assert assemble_lot(session, batch.batch_id, shipping.clock.now()) is None


def test_delivery_writes_every_format_and_says_until_when_to_answer(shipping: Shipping) -> None:
    shipped = shipping.shipped(2)
    lot = shipping.lot(shipped.lot_id)
    assert lot.state is LotState.DELIVERED
    assert set(lot.files) == {"JSON", "JSONL", "CSV"}
    labels = orjson.loads(b"".join(shipping.installation.objects.read(lot.files["JSON"])))
    assert {task["annotations"][0]["result"][0]["value"]["choices"][0] for task in labels} == {"正面"}
    assert lot.accept_by is not None
    assert (lot.accept_by - shipping.clock.now()).days == 7
    assert states(shipping, shipped.batch.batch_id) == {ItemState.DELIVERED: 2}


def test_a_delivery_that_runs_again_changes_nothing(shipping: Shipping) -> None:
    shipped = shipping.shipped(1)
    before = shipping.lot(shipped.lot_id).delivered_at
    shipping.clock.move(hours=1)
    deliver_lot(shipping.installation, shipped.lot_id)
    assert shipping.lot(shipped.lot_id).delivered_at == before


def test_gold_items_are_not_delivered(shipping: Shipping) -> None:
    batch = shipping.batch(1, gold=1)
    with shipping.database.write() as session:
        for item in session.scalars(select(Item).where(Item.gold_result.is_not(None))):
            item.state = ItemState.DECIDED
    with shipping.database.write() as session:
        assert assemble_lot(session, batch.batch_id, shipping.clock.now()) is None


def test_accepting_twice_posts_once(shipping: Shipping) -> None:
    shipped = shipping.shipped(3)
    who = shipping.actor(Role.PARTNER_QA, shipped.organisation_id)
    shipping.accept(shipped.lot_id, who)
    shipping.accept(shipped.lot_id, who)
    assert acceptances(shipping) == 3
    assert states(shipping, shipped.batch.batch_id) == {ItemState.ACCEPTED: 3}
    with shipping.database.read() as session:
        assert check_books(session) == []


def test_a_lot_without_a_price_is_not_accepted(shipping: Shipping) -> None:
    firm = shipping.firm()
    with shipping.database.write() as session:
        organisation = session.get_one(Organisation, firm)
        session.expunge(organisation)
    batch, _ = shipping.answered(1, organisation=organisation, price=None)
    lot_id = shipping.cut(batch.batch_id)
    with pytest.raises(NoPrice):
        shipping.accept(lot_id, shipping.actor(Role.PARTNER_QA, firm))
    assert shipping.lot(lot_id).state is LotState.DELIVERED


def test_another_firm_finds_no_such_lot(shipping: Shipping) -> None:
    shipped = shipping.shipped(1)
    stranger = shipping.actor(Role.PARTNER_ADMIN, shipping.firm())
    with pytest.raises(LotMissing):
        shipping.accept(shipped.lot_id, stranger)
    with pytest.raises(LotMissing):
        shipping.send_back(stranger, shipped.lot_id, None)


def test_single_items_sent_back_come_in_a_later_lot_and_are_billed_once(shipping: Shipping) -> None:
    shipped = shipping.shipped(3)
    who = shipping.actor(Role.PARTNER_QA, shipped.organisation_id)
    returned, *kept = shipping.items_of(shipped.lot_id)
    shipping.send_back(who, shipped.lot_id, [returned])
    assert set(shipping.items_of(shipped.lot_id)) == set(kept)
    shipping.accept(shipped.lot_id, who)
    shipping.invoice(shipped.organisation_id)
    shipping.finish(shipped.author, shipped.batch.project_id, 1)
    later = shipping.cut(shipped.batch.batch_id)
    assert shipping.items_of(later) == [returned]
    shipping.accept(later, who)
    shipping.invoice(shipped.organisation_id)
    with shipping.database.read() as session:
        billed = session.scalars(select(InvoiceItem.item_id)).all()
        assert sorted(billed) == sorted([returned, *kept])
        assert check_books(session) == []


def test_a_whole_lot_sent_back_is_reworked_and_costs_nothing(shipping: Shipping) -> None:
    shipped = shipping.shipped(2)
    who = shipping.actor(Role.PARTNER_QA, shipped.organisation_id)
    shipping.send_back(who, shipped.lot_id, None, "标签和规范不合")
    lot = shipping.lot(shipped.lot_id)
    assert (lot.state, lot.reason) == (LotState.REWORK, "标签和规范不合")
    assert states(shipping, shipped.batch.batch_id) == {ItemState.REWORK: 2}
    assert shipping.invoice(shipped.organisation_id) == []
    with pytest.raises(LotNotDelivered):
        shipping.accept(shipped.lot_id, who)


def test_all_items_sent_back_one_after_another_end_the_lot(shipping: Shipping) -> None:
    shipped = shipping.shipped(2)
    who = shipping.actor(Role.PARTNER_QA, shipped.organisation_id)
    for item_id in shipping.items_of(shipped.lot_id):
        shipping.send_back(who, shipped.lot_id, [item_id])
    assert shipping.lot(shipped.lot_id).state is LotState.REWORK


def test_sending_back_wants_a_reason_and_items_of_the_lot(shipping: Shipping) -> None:
    shipped = shipping.shipped(1)
    who = shipping.actor(Role.PARTNER_QA, shipped.organisation_id)
    with pytest.raises(ReasonMissing):
        shipping.send_back(who, shipped.lot_id, None, "  ")
    with pytest.raises(NothingChosen):
        shipping.send_back(who, shipped.lot_id, [])
    with pytest.raises(ItemNotInLot):
        shipping.send_back(who, shipped.lot_id, [uuid4()])
    assert len(shipping.items_of(shipped.lot_id)) == 1


def test_silence_accepts_after_the_agreed_days_and_not_before(shipping: Shipping) -> None:
    shipped = shipping.shipped(2)
    shipping.clock.move(days=7)
    with shipping.database.write() as session:
        assert accept_by_silence(session, shipping.clock.now()) == 0
    shipping.clock.move(seconds=1)
    with shipping.database.write() as session:
        assert accept_by_silence(session, shipping.clock.now()) == 1
    lot = shipping.lot(shipped.lot_id)
    assert (lot.state, lot.settled_by) == (LotState.ACCEPTED, None)
    assert acceptances(shipping) == 2


def test_a_lot_without_a_price_does_not_hold_up_the_others(shipping: Shipping) -> None:
    batch, _ = shipping.answered(1, price=None)
    unpriced = shipping.cut(batch.batch_id)
    priced = shipping.shipped(1)
    shipping.clock.move(days=8)
    with shipping.database.write() as session:
        assert accept_by_silence(session, shipping.clock.now()) == 1
    assert shipping.lot(unpriced).state is LotState.DELIVERED
    assert shipping.lot(priced.lot_id).state is LotState.ACCEPTED


def test_a_lot_with_an_item_that_moved_on_is_neither_delivered_nor_billed(shipping: Shipping) -> None:
    shipped, waiting = shipping.shipped(2), shipping.shipped(1)
    moved = shipping.items_of(shipped.lot_id)[0]
    with shipping.database.write() as session:
        session.get_one(Item, moved).state = ItemState.REVIEW
    with pytest.raises(ItemsMovedOn):
        shipping.accept(shipped.lot_id, shipping.actor(Role.PARTNER_QA, shipped.organisation_id))
    assert acceptances(shipping) == 0
    shipping.clock.move(days=8)
    with shipping.database.write() as session:
        assert accept_by_silence(session, shipping.clock.now()) == 1
    assert shipping.lot(shipped.lot_id).state is LotState.DELIVERED
    assert shipping.lot(waiting.lot_id).state is LotState.ACCEPTED


def test_a_finished_batch_is_asked_for_once_however_often_the_net_looks(shipping: Shipping) -> None:
    finished, _ = shipping.answered(1)
    shipping.batch(1)
    for _ in range(2):
        with shipping.database.write() as session:
            ask_for_due_lots(session, shipping.clock.now())
    with shipping.database.read() as session:
        asked = session.scalars(select(OutboxRow.arguments).where(OutboxRow.job == JobName.ASSEMBLE_LOT)).all()
    assert asked == [{"batch_id": str(finished.batch_id)}]


@pytest.fixture
def small_lots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leye_platform.delivery.service.LOT_MOST", 3)
    monkeypatch.setattr("leye_platform.delivery.service.PART", 2)


@pytest.mark.parametrize(("items", "sizes"), [(8, [3, 3, 2]), (6, [3, 3]), (2, [2])])
@pytest.mark.usefixtures("small_lots")
def test_a_batch_too_large_for_one_lot_comes_in_several(shipping: Shipping, items: int, sizes: list[int]) -> None:
    batch, _ = shipping.answered(items)
    job_id = _asked_for_its_lot(shipping, batch.batch_id)
    assemble_by_job(shipping.installation, job_id, {"batch_id": str(batch.batch_id)})
    lots = _lots_of(shipping, batch.batch_id)
    assert [len(shipping.items_of(lot_id)) for lot_id in lots] == sizes
    numbers = [number for lot_id in lots for number in sorted(_numbers(shipping, lot_id))]
    assert numbers == sorted(numbers), "the first items come first"
    with shipping.database.read() as session:
        assert session.get_one(OutboxRow, job_id).done_at is not None
        delivered = session.scalars(select(OutboxRow).where(OutboxRow.job == JobName.DELIVER_LOT)).all()
    assert sorted(row.arguments["lot_id"] for row in delivered) == sorted(map(str, lots))


@pytest.mark.usefixtures("small_lots")
def test_who_cuts_a_lot_that_is_full_gets_it_at_once_and_a_job_cuts_the_rest(shipping: Shipping) -> None:
    batch, _ = shipping.answered(5)
    with shipping.database.write() as session:
        for row in session.scalars(select(OutboxRow).where(OutboxRow.job == JobName.ASSEMBLE_LOT)):
            row.done_at = shipping.clock.now()
    assert len(shipping.items_of(shipping.cut(batch.batch_id))) == 3
    job_id = _asked_for_its_lot(shipping, batch.batch_id)
    assemble_by_job(shipping.installation, job_id, {"batch_id": str(batch.batch_id)})
    assert [len(shipping.items_of(lot_id)) for lot_id in _lots_of(shipping, batch.batch_id)] == [3, 2]
    with shipping.database.read() as session:
        again = select(OutboxRow).where(OutboxRow.job == JobName.ASSEMBLE_LOT, OutboxRow.done_at.is_(None))
        assert session.scalars(again).all() == []


def _asked_for_its_lot(shipping: Shipping, batch_id: UUID) -> UUID:
    with shipping.database.read() as session:
        rows = session.scalars(
            select(OutboxRow).where(OutboxRow.job == JobName.ASSEMBLE_LOT, OutboxRow.done_at.is_(None))
        ).all()
    [row] = [row for row in rows if row.arguments == {"batch_id": str(batch_id)}]
    return row.id


def _lots_of(shipping: Shipping, batch_id: UUID) -> list[UUID]:
    with shipping.database.read() as session:
        return list(session.scalars(select(Lot.id).where(Lot.batch_id == batch_id).order_by(Lot.sequence)))


def _numbers(shipping: Shipping, lot_id: UUID) -> list[int]:
    with shipping.database.read() as session:
        query = select(Item.number).join(LotItem, LotItem.item_id == Item.id).where(LotItem.lot_id == lot_id)
        return list(session.scalars(query))
