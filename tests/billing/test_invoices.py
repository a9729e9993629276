"""Invoices: their lines agree with their items and with the books, and each lot is billed once."""

import csv
import io
from collections.abc import Callable, Iterable
from decimal import Decimal

import pytest
from beancount import loader
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from leye_platform.accounts.rules import Role
from leye_platform.assignments.submit import Submission, submit
from leye_platform.billing.books import check_books, export_beancount, export_csv
from leye_platform.billing.documents import billed_items, document_of, render_invoice_html, write_items, write_lines
from leye_platform.billing.ledger import Entry, post
from leye_platform.billing.models import Invoice, InvoiceItem, InvoiceLine, Posting
from leye_platform.billing.rules import MICROS_A_MINOR, EntryKind, payable
from leye_platform.delivery.models import LotItem
from leye_platform.delivery.rules import LotItemState, LotState
from leye_platform.installation import Installation
from leye_platform.projects.models import Item, PriceCard
from leye_platform.projects.rules import ItemState
from leye_platform.web.formats import local
from support.clock import MovableClock
from support.factories import chosen
from support.shipping import ONE, Shipping


@pytest.fixture
def shipping(installation: Installation, clock: MovableClock) -> Shipping:
    return Shipping(installation, clock)


def rows(chunks: Iterable[str]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO("".join(chunks))))


def balance(shipping: Shipping, prefix: str) -> int:
    with shipping.database.read() as session:
        query = select(func.sum(Posting.amount_micros)).where(Posting.account.startswith(prefix))
        return int(session.scalar(query) or 0)


def test_lines_agree_with_items_and_with_the_books(shipping: Shipping) -> None:
    firm = shipping.firm()
    who = shipping.actor(Role.PARTNER_QA, firm)
    for size, price in ((3, "0.125"), (1, "0.335"), (5, "0.30")):
        shipping.accept(shipping.shipped(size, price=price, firm=firm).lot_id, who)
    assert balance(shipping, "Assets:Unbilled:") == 375_000 + 335_000 + 1_500_000
    [invoice_id] = shipping.invoice(firm)
    with shipping.database.read() as session:
        invoice = session.get_one(Invoice, invoice_id)
        document = document_of(session, invoice)
        items = rows(write_items(billed_items(session, invoice_id)))
        assert check_books(session) == []
    lines = rows(write_lines(document))
    assert [int(line["amount_minor"]) for line in lines] == [38, 34, 150]
    for line in lines:
        exact = Decimal(line["quantity"]) * Decimal(line["unit_price"]) * 100
        assert abs(int(line["amount_minor"]) - exact) <= Decimal("0.5")
        assert sum(Decimal(item["quantity"]) for item in items if item["line"] == line["line"]) == int(line["quantity"])
    assert len({item["item_id"] for item in items}) == len(items) == 9
    assert invoice.total_minor == 222
    assert balance(shipping, "Assets:Unbilled:") == 0
    assert balance(shipping, "Assets:Receivable:") == 222 * MICROS_A_MINOR
    assert balance(shipping, "Equity:Rounding") == 2_210_000 - 2_220_000


def test_the_headers_of_the_files_stay(shipping: Shipping) -> None:
    shipped = shipping.shipped(1)
    shipping.accept(shipped.lot_id)
    [invoice_id] = shipping.invoice(shipped.organisation_id)
    with shipping.database.read() as session:
        document = document_of(session, session.get_one(Invoice, invoice_id))
        items = "".join(write_items(billed_items(session, invoice_id)))
    first, line = "".join(write_lines(document)).splitlines()
    assert first == "line,lot,description,quantity,unit,unit_price,amount_minor,currency"
    assert line.startswith(f"1,{shipped.lot_id},")
    assert line.endswith(",1,item,0.3,30,CNY")
    assert items.splitlines()[0] == "line,item_id,external_id,quantity"


def test_a_lot_is_invoiced_once(shipping: Shipping) -> None:
    shipped = shipping.shipped(2)
    shipping.accept(shipped.lot_id)
    assert len(shipping.invoice(shipped.organisation_id)) == 1
    assert shipping.invoice(shipped.organisation_id) == []
    assert shipping.lot(shipped.lot_id).state is LotState.INVOICED
    with shipping.database.read() as session:
        assert session.scalar(select(func.count()).select_from(InvoiceItem)) == 2


def test_nothing_is_invoiced_before_it_is_accepted(shipping: Shipping) -> None:
    shipped = shipping.shipped(1)
    assert shipping.invoice(shipped.organisation_id) == []


def test_a_later_price_does_not_touch_work_under_way(shipping: Shipping) -> None:
    shipped = shipping.shipped(1, price="0.30")
    with shipping.database.write() as session:
        project = shipping.project(shipped.batch.project_id)
        session.add(
            PriceCard(
                project_id=project.id,
                unit_price=Decimal("9.99"),
                valid_from=shipping.clock.move(days=1),
                created_at=shipping.clock.now(),
                created_by=project.created_by,
            )
        )
    shipping.clock.move(days=1)
    shipping.accept(shipped.lot_id)
    [invoice_id] = shipping.invoice(shipped.organisation_id)
    with shipping.database.read() as session:
        assert session.get_one(Invoice, invoice_id).total_minor == 30


def test_beancount_reads_the_books_without_a_complaint(shipping: Shipping) -> None:
    shipped = shipping.shipped(2, price="0.335")
    shipping.accept(shipped.lot_id)
    shipping.invoice(shipped.organisation_id)
    with shipping.database.read() as session:
        text = "".join(export_beancount(session))
        postings = rows(export_csv(session))
    found, errors, _options = loader.load_string(text)
    assert errors == []
    transactions = [directive for directive in found if type(directive).__name__ == "Transaction"]
    assert len(transactions) == len({row["entry"] for row in postings}) == 7
    assert sum(int(row["amount_micros"]) for row in postings) == 0


def test_days_in_the_books_are_the_operators(shipping: Shipping) -> None:
    shipping.clock.move(hours=16)  # 1 March 17:00 UTC, and already the 3rd hour of the next day in Shanghai
    shipping.shipped(1)
    with shipping.database.read() as session:
        found, errors, _options = loader.load_string("".join(export_beancount(session)))
        day = local(shipping.clock.now()).date()
    assert errors == []
    assert shipping.clock.now().date() < day
    assert {directive.date for directive in found} == {day}


def corrupt_a_line(session: Session) -> None:
    session.execute(update(InvoiceLine).values(amount_minor=InvoiceLine.amount_minor + 1))


def corrupt_a_price(session: Session) -> None:
    session.execute(update(InvoiceLine).values(unit_price=Decimal("0.31")))


def corrupt_a_quantity(session: Session) -> None:
    session.execute(update(InvoiceItem).values(quantity=Decimal(2)))


def drop_an_item(session: Session) -> None:
    session.execute(delete(InvoiceItem).where(InvoiceItem.item_id == select(InvoiceItem.item_id).limit(1)))


def bill_an_item_that_was_sent_back(session: Session) -> None:
    session.execute(update(LotItem).values(state=LotItemState.SENT_BACK))


def forget_an_acceptance(session: Session) -> None:
    session.execute(update(Item).values(state=ItemState.DELIVERED))


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (corrupt_a_line, "quantity x price is not its amount"),
        (corrupt_a_line, "lines differ from the total"),
        (corrupt_a_price, "differs from what was accepted by 20000 micros"),
        (corrupt_a_quantity, "its items do not add up to its quantity"),
        (drop_an_item, "1 items of invoiced lots stand on no invoice"),
        (bill_an_item_that_was_sent_back, "2 items stand on an invoice without being in an invoiced lot"),
        (forget_an_acceptance, "2 items have an acceptance entry but are not accepted"),
    ],
)
def test_the_check_finds_documents_that_left_the_books(
    shipping: Shipping, spoil: Callable[[Session], None], sentence: str
) -> None:
    shipped = shipping.shipped(2)
    shipping.accept(shipped.lot_id)
    shipping.invoice(shipped.organisation_id)
    with shipping.database.write() as session:
        assert check_books(session) == []
        spoil(session)
    with shipping.database.read() as session:
        assert any(sentence in problem for problem in check_books(session))


def test_the_check_finds_pay_that_is_not_what_was_promised(shipping: Shipping) -> None:
    shipping.batch(1, pipeline=ONE, pay=Decimal("0.05"))
    assignment = shipping.claims(author := shipping.person())
    with shipping.database.write() as session:
        stored = submit(
            session,
            author,
            assignment,
            Submission(chosen("正面"), "a key"),
            key_ring=shipping.keys,
            now=shipping.clock.now(),
        )
        bonus = Entry(
            kind=EntryKind.EARNING_PAYABLE,
            key="a bonus that nobody promised",
            description="a test",
            currency="CNY",
            amounts={"Expenses:Pay:Project-1": 7, payable(author.number): -7},
            about={"response_id": stored.response_id},
        )
        post(session, bonus, shipping.clock.now())
    with shipping.database.read() as session:
        assert check_books(session) == ["1 entries on answers differ from the pay that was promised"]


def test_empty_books_are_books_too(shipping: Shipping) -> None:
    with shipping.database.read() as session:
        assert check_books(session) == []
        _found, errors, _options = loader.load_string("".join(export_beancount(session)))
    assert errors == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_printable_invoice_needs_nothing_from_elsewhere(shipping: Shipping, language: str) -> None:
    shipped = shipping.shipped(2)
    shipping.accept(shipped.lot_id)
    [invoice_id] = shipping.invoice(shipped.organisation_id)
    with shipping.database.read() as session:
        html = render_invoice_html(document_of(session, session.get_one(Invoice, invoice_id)), language)
    assert "0.60" in html
    assert "src=" not in html
    assert "href=" not in html
