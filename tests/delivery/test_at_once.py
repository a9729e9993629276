"""Several at the same moment: a lot is cut, accepted and billed once, and nobody waits for it without need."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar
from uuid import UUID

import pytest
from sqlalchemy import func, select, text

from leye_platform.accounts.rules import Role
from leye_platform.assignments.submit import Submission, submit
from leye_platform.billing.books import check_books
from leye_platform.billing.invoicing import issue_invoices
from leye_platform.billing.ledger import Entry, post
from leye_platform.billing.models import Invoice, LedgerEntry, Posting
from leye_platform.billing.rules import EntryKind
from leye_platform.delivery.models import Lot, LotItem
from leye_platform.delivery.service import assemble_lot
from leye_platform.installation import Installation
from leye_platform.review.decide import NEAR_THE_END
from support.clock import MovableClock
from support.factories import chosen
from support.shipping import ONE, Shipping

AT_ONCE = 8
Done = TypeVar("Done")


@pytest.fixture
def shipping(installation: Installation, clock: MovableClock) -> Shipping:
    return Shipping(installation, clock)


def at_once(deed: Callable[[int], Done]) -> list[Done]:
    """The deed by eight threads that all begin when the last of them is there."""
    start = Barrier(AT_ONCE)

    def begin(n: int) -> Done:
        start.wait()
        return deed(n)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(begin, range(AT_ONCE)))


def test_a_lot_accepted_eight_times_at_once_is_accepted_once(shipping: Shipping) -> None:
    shipped = shipping.shipped(5)
    who = shipping.actor(Role.PARTNER_QA, shipped.organisation_id)
    at_once(lambda _: shipping.accept(shipped.lot_id, who))
    with shipping.database.read() as session:
        counted = select(func.count()).where(LedgerEntry.kind == EntryKind.ACCEPTANCE)
        assert session.scalar(counted) == 5
        assert check_books(session) == []


def test_invoices_issued_eight_times_at_once_bill_each_lot_once(shipping: Shipping) -> None:
    firm = shipping.firm()
    for size in (2, 3):
        shipping.accept(shipping.shipped(size, firm=firm).lot_id)
    issued = at_once(lambda _: shipping.invoice(firm))
    assert sorted(map(len, issued)) == [0] * (AT_ONCE - 1) + [1]
    with shipping.database.read() as session:
        assert session.scalars(select(Invoice.total_minor)).all() == [150]
        assert check_books(session) == []


def test_batches_of_one_project_cut_at_once_get_lots_of_their_own(shipping: Shipping) -> None:
    first, author = shipping.answered(1)
    batches = [first.batch_id]
    for _ in range(AT_ONCE - 1):
        batches.append(shipping.batch(1, pipeline=ONE, project_id=first.project_id).batch_id)
        shipping.finish(author, first.project_id, 1)

    def cut(n: int) -> int | None:
        with shipping.database.write() as session:
            lot = assemble_lot(session, batches[n], shipping.clock.now())
            return None if lot is None else lot.sequence

    assert sorted(at_once(cut), key=str) == list(range(1, AT_ONCE + 1))


def test_one_batch_cut_eight_times_at_once_makes_one_lot(shipping: Shipping) -> None:
    batch, _ = shipping.answered(4)

    def cut(_: int) -> UUID | None:
        with shipping.database.write() as session:
            lot = assemble_lot(session, batch.batch_id, shipping.clock.now())
            return None if lot is None else lot.id

    assert Counter(made is not None for made in at_once(cut)) == {True: 1, False: AT_ONCE - 1}
    with shipping.database.read() as session:
        assert session.scalar(select(func.count()).select_from(LotItem)) == 4
        assert session.scalar(select(func.count()).select_from(Lot)) == 1


def test_a_key_posted_eight_times_at_once_stands_once(shipping: Shipping) -> None:
    keys = [f"once {n}" for n in range(10)]

    def posted(_: int) -> list[UUID]:
        found = []
        for key in keys:
            entry = Entry(EntryKind.INVOICE, key, "a test", "CNY", {"Equity:A": 5, "Equity:B": -5})
            with shipping.database.write() as session:
                found.append(post(session, entry, shipping.clock.now()))
        return found

    assert len({tuple(ids) for ids in at_once(posted)}) == 1
    with shipping.database.read() as session:
        assert session.scalar(select(func.count()).select_from(LedgerEntry)) == len(keys)
        assert session.scalar(select(func.count()).select_from(Posting)) == 2 * len(keys)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_who_answers_does_not_wait_for_a_lot_or_an_invoice_in_the_making(shipping: Shipping) -> None:
    """On PostgreSQL; SQLite has one writer at a time by design."""
    firm = shipping.firm()
    shipping.accept(shipping.shipped(1, firm=firm).lot_id)
    # So many are left that nobody looks yet whether the batch is finished, which does go one by one.
    batch = shipping.batch(NEAR_THE_END + 3, pipeline=ONE)
    author = shipping.person()
    shipping.finish(author, batch.project_id, 1)
    assignment = shipping.claims(author, batch.project_id)
    with shipping.database.write() as making:
        assert assemble_lot(making, batch.batch_id, shipping.clock.now()) is not None
        issue_invoices(making, firm, shipping.clock.now())
        with shipping.database.write() as session:
            session.execute(text("SET LOCAL lock_timeout = '5s'"))
            given = Submission(chosen("正面"), "a key")
            stored = submit(session, author, assignment, given, key_ring=shipping.keys, now=shipping.clock.now())
    assert stored.new
