"""The books: what the database itself refuses, and what posting twice, reversing and accepting again come to."""

from collections.abc import Callable
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import DatabaseError, IntegrityError
from sqlalchemy.orm import Session

from leye_platform.accounts.models import Organisation
from leye_platform.accounts.rules import Role
from leye_platform.billing.books import check_books
from leye_platform.billing.errors import EntryReversed, ReversalStays
from leye_platform.billing.ledger import AcceptedItem, Entry, accept_items, make_payable, post, reverse
from leye_platform.billing.models import LedgerEntry, Posting
from leye_platform.billing.rules import EntryKind
from leye_platform.ids import new_id
from leye_platform.installation import Installation
from support.clock import MovableClock
from support.shipping import Shipped, Shipping


@pytest.fixture
def shipping(installation: Installation, clock: MovableClock) -> Shipping:
    return Shipping(installation, clock)


@pytest.fixture
def accepted(shipping: Shipping) -> Shipped:
    shipped = shipping.shipped(2)
    shipping.accept(shipped.lot_id, shipping.actor(Role.PARTNER_QA, shipped.organisation_id))
    return shipped


def entry(key: str, **amounts: int) -> Entry:
    named = {f"Equity:{name}": micros for name, micros in amounts.items()}
    return Entry(kind=EntryKind.INVOICE, key=key, description="a test", currency="CNY", amounts=named)


@pytest.mark.parametrize("table", ["ledger_entries", "postings", "responses"])
@pytest.mark.parametrize("deed", ["UPDATE {} SET id = id", "DELETE FROM {}"])
@pytest.mark.usefixtures("accepted")
def test_the_database_refuses_to_change_or_remove_rows(shipping: Shipping, table: str, deed: str) -> None:
    with shipping.database.read() as session:
        before = session.scalar(text(f"SELECT count(*) FROM {table}"))  # noqa: S608 -- a literal of this test
    assert before
    with pytest.raises(DatabaseError, match="never changed or removed"), shipping.database.write() as session:
        session.execute(text(deed.format(table)))
    with shipping.database.read() as session:
        assert session.scalar(text(f"SELECT count(*) FROM {table}")) == before  # noqa: S608 -- likewise


def test_an_unbalanced_entry_is_refused_with_its_postings(shipping: Shipping) -> None:
    with pytest.raises(DatabaseError, match="does not balance"), shipping.database.write() as session:
        post(session, entry("crooked", A=5, B=-4), shipping.clock.now())
    with shipping.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Posting)) == 0


def test_an_entry_of_a_single_posting_is_refused(shipping: Shipping) -> None:
    with pytest.raises(DatabaseError, match="does not balance"), shipping.database.write() as session:
        post(session, entry("lonely", A=0), shipping.clock.now())


def test_a_closed_entry_takes_no_more_postings(shipping: Shipping) -> None:
    with shipping.database.write() as session:
        entry_id = post(session, entry("closed", A=5, B=-5), shipping.clock.now())
    with pytest.raises(DatabaseError, match="closed"), shipping.database.write() as session:
        session.execute(insert(Posting).values(entry_id=entry_id, account="Equity:C", amount_micros=0))


def test_a_posting_without_an_entry_does_not_outlive_its_transaction(shipping: Shipping) -> None:
    with pytest.raises(IntegrityError), shipping.database.write() as session:
        session.add(Posting(id=new_id(), entry_id=new_id(), account="Equity:C", amount_micros=5))


def test_the_same_key_posts_once(shipping: Shipping) -> None:
    ids = []
    for _ in range(2):
        with shipping.database.write() as session:
            ids.append(post(session, entry("once", A=5, B=-5), shipping.clock.now()))
    assert ids[0] == ids[1]
    with shipping.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Posting)) == 2


def _accept_again(shipping: Shipping, shipped: Shipped, item_id: UUID) -> Callable[[Session], None]:
    project, lot = shipping.project(shipped.batch.project_id), shipping.lot(shipped.lot_id)

    def accept(session: Session) -> None:
        accept_items(
            session,
            [AcceptedItem(item_id, Decimal(1))],
            unit_price=Decimal("0.30"),
            lot_id=lot.id,
            partner_number=session.get_one(Organisation, shipped.organisation_id).number,
            project_id=project.id,
            project_number=project.number,
            currency="CNY",
            now=shipping.clock.now(),
        )

    return accept


def _acceptance_of(shipping: Shipping, item_id: UUID) -> UUID:
    """The newest acceptance entry of an item."""
    query = select(LedgerEntry.id).where(LedgerEntry.item_id == item_id, LedgerEntry.kind == EntryKind.ACCEPTANCE)
    with shipping.database.read() as session:
        return session.scalars(query.order_by(LedgerEntry.acceptance_sequence.desc())).first() or UUID(int=0)


def test_an_item_has_no_second_acceptance_while_one_stands(shipping: Shipping, accepted: Shipped) -> None:
    item_id = shipping.items_of(accepted.lot_id)[0]
    with pytest.raises(DatabaseError), shipping.database.write() as session:
        _accept_again(shipping, accepted, item_id)(session)


def test_reversed_it_can_be_accepted_again_once(shipping: Shipping, accepted: Shipped) -> None:
    item_id = shipping.items_of(accepted.lot_id)[0]
    with shipping.database.write() as session:
        reverse(session, _acceptance_of(shipping, item_id), reason="a test", now=shipping.clock.now())
    with shipping.database.write() as session:
        _accept_again(shipping, accepted, item_id)(session)
    with pytest.raises(DatabaseError), shipping.database.write() as session:
        _accept_again(shipping, accepted, item_id)(session)
    with shipping.database.read() as session:
        assert check_books(session) == []
        revenue = session.scalar(
            select(func.sum(Posting.amount_micros)).where(Posting.account.startswith("Income:Revenue:"))
        )
        assert revenue == -2 * 300_000


def test_a_raw_row_that_skips_a_sequence_is_refused(shipping: Shipping, accepted: Shipped) -> None:
    item_id = shipping.items_of(accepted.lot_id)[0]
    skipping = Entry(
        kind=EntryKind.ACCEPTANCE,
        key="skipping",
        description="a test",
        currency="CNY",
        amounts={"Equity:A": 1, "Equity:B": -1},
        about={"item_id": item_id, "acceptance_sequence": 5},
    )
    with pytest.raises(DatabaseError, match="not reversed"), shipping.database.write() as session:
        post(session, skipping, shipping.clock.now())


def test_an_entry_is_reversed_once_and_stays(shipping: Shipping, accepted: Shipped) -> None:
    acceptance = _acceptance_of(shipping, shipping.items_of(accepted.lot_id)[0])
    with shipping.database.write() as session:
        reverse(session, acceptance, reason="a test", now=shipping.clock.now())
    with pytest.raises(EntryReversed), shipping.database.write() as session:
        reverse(session, acceptance, reason="again", now=shipping.clock.now())
    with shipping.database.read() as session:
        assert session.get(LedgerEntry, acceptance) is not None
        assert check_books(session) == ["1 accepted items have no acceptance entry"]


def test_a_reversal_is_not_reversed(shipping: Shipping, accepted: Shipped) -> None:
    with shipping.database.write() as session:
        acceptance = _acceptance_of(shipping, shipping.items_of(accepted.lot_id)[0])
        undone = reverse(session, acceptance, reason="a test", now=shipping.clock.now())
    with pytest.raises(ReversalStays), shipping.database.write() as session:
        reverse(session, undone, reason="a test", now=shipping.clock.now())


def test_pay_becomes_payable_once(shipping: Shipping, accepted: Shipped) -> None:
    with shipping.database.read() as session:
        responses = session.scalars(
            select(LedgerEntry.response_id).where(LedgerEntry.kind == EntryKind.EARNING_PENDING)
        ).all()
        before = session.scalar(select(func.count()).select_from(LedgerEntry))
    with shipping.database.write() as session:
        make_payable(session, response_ids=[found for found in responses if found], now=shipping.clock.now())
        assert session.scalar(select(func.count()).select_from(LedgerEntry)) == before
        owed = session.scalar(
            select(func.sum(Posting.amount_micros)).where(
                Posting.account == f"Liabilities:Pay:Payable:Person-{accepted.author.number}"
            )
        )
        assert owed == -2 * 50_000
