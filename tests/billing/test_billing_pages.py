"""Invoices, the books and earnings over HTTP: who sees what, and that figures agree with the books."""

import csv
import io
import re
from decimal import Decimal

import pytest
from sqlalchemy import select, update

from leye_platform.accounts.rules import Role
from leye_platform.assignments.models import Response
from leye_platform.billing.models import Invoice
from leye_platform.billing.queries import INVOICES_A_PAGE
from leye_platform.installation import Installation
from support.clock import MovableClock
from support.shipping import Shipped, Shipping
from support.statements import statements_of


@pytest.fixture
def shipping(installation: Installation, clock: MovableClock) -> Shipping:
    return Shipping(installation, clock)


@pytest.fixture
def billed(shipping: Shipping) -> tuple[Shipped, str]:
    shipped = shipping.shipped(3)
    shipping.accept(shipped.lot_id, shipping.actor(Role.PARTNER_QA, shipped.organisation_id))
    [invoice_id] = shipping.invoice(shipped.organisation_id)
    return shipped, str(invoice_id)


INVOICE_PATHS = (
    "/api/v1/invoices/{}",
    "/api/v1/invoices/{}.csv",
    "/api/v1/invoices/{}.html",
    "/api/v1/invoices/{}/items.csv",
)


def test_a_partner_reads_its_own_invoices_in_every_form(shipping: Shipping, billed: tuple[Shipped, str]) -> None:
    shipped, invoice_id = billed
    script = shipping.script(shipping.actor(Role.PARTNER_FINANCE, shipped.organisation_id).person_id)
    [listed] = script.get("/api/v1/invoices").json()
    whole = script.get(f"/api/v1/invoices/{invoice_id}").json()
    assert (listed["id"], whole["total_minor"]) == (invoice_id, 90)
    assert sum(line["amount_minor"] for line in whole["lines"]) == whole["total_minor"]
    lines = list(csv.DictReader(io.StringIO(script.get(f"/api/v1/invoices/{invoice_id}.csv").text)))
    assert [line["amount_minor"] for line in lines] == ["90"]
    items = list(csv.DictReader(io.StringIO(script.get(f"/api/v1/invoices/{invoice_id}/items.csv").text)))
    assert {item["item_id"] for item in items} == {str(item) for item in shipping.items_of(shipped.lot_id)}
    assert "attachment" in script.get(f"/api/v1/invoices/{invoice_id}.html").headers["content-disposition"]


def test_another_firms_people_find_no_invoice(shipping: Shipping, billed: tuple[Shipped, str]) -> None:
    person = shipping.actor(Role.PARTNER_ADMIN, shipping.firm()).person_id
    script, browser = shipping.script(person), shipping.browser(person)
    assert script.get("/api/v1/invoices").json() == []
    for path in INVOICE_PATHS:
        assert script.get(path.format(billed[1])).status_code == 404, path
    assert browser.get(f"/partner/invoices/{billed[1]}").status_code == 404
    assert billed[1] not in browser.get("/partner/invoices").text


PAY_PATHS = (
    "/billing",
    "/billing/pay",
    "/billing/ledger",
    "/work/earnings",
    "/work/earnings/2026-03",
    "/work/earnings/2026-03.csv",
    "/api/v1/me/earnings",
    "/api/v1/ledger.beancount",
)


@pytest.mark.parametrize("path", PAY_PATHS)
def test_a_partner_never_sees_pay(shipping: Shipping, billed: tuple[Shipped, str], path: str) -> None:
    browser = shipping.browser(shipping.actor(Role.PARTNER_ADMIN, billed[0].organisation_id).person_id)
    assert browser.get(path).status_code == 403


def test_what_a_partner_reads_names_no_pay(shipping: Shipping, billed: tuple[Shipped, str]) -> None:
    shipped, invoice_id = billed
    browser = shipping.browser(shipping.actor(Role.PARTNER_ADMIN, shipped.organisation_id).person_id)
    paths = [path.format(invoice_id) for path in INVOICE_PATHS]
    paths += [f"/partner/lots/{shipped.lot_id}", f"/partner/invoices/{invoice_id}", f"/api/v1/lots/{shipped.lot_id}"]
    for path in paths:
        answer = browser.get(path)
        assert answer.status_code == 200, path
        assert "0.05" not in answer.text, path
        assert "50000" not in answer.text, path


def test_finance_sees_the_month_and_that_the_books_hold(shipping: Shipping, billed: tuple[Shipped, str]) -> None:
    browser = shipping.browser(shipping.actor(Role.FINANCE).person_id)
    home = browser.get("/billing").text
    assert "验收的都开了账单。" in home
    assert "2026 年 3 月" in home
    assert home.count("button main") == 1
    assert "待发放的报酬" in home
    assert "0.90" in home
    assert "0.15" in home
    assert billed[1] in browser.get("/billing/invoices").text
    assert "0.90" in browser.get(f"/billing/invoices/{billed[1]}").text
    assert "0.15" in browser.get("/billing/pay").text
    ledger = browser.get("/billing/ledger").text
    assert ledger.count("<dt>报酬，待发放<span") == 3
    for words in ("<dt>验收收入", "<dt>已验收，未开账单", "<dt>标注和质检的报酬"):
        assert words in ledger
    assert "Income:Revenue:Project-" not in ledger
    for exact in (">0.05 元</dd>", ">−0.05 元</dd>"):
        assert exact in ledger
    assert "账是平的" not in ledger
    assert "账是平的" in browser.get("/billing/ledger?check=1").text
    assert browser.get("/billing/ledger?page=99").status_code == 200
    books = browser.get("/api/v1/ledger.beancount")
    assert books.text.startswith('option "title"')


def test_the_check_tells_finance_what_does_not_hold(shipping: Shipping, billed: tuple[Shipped, str]) -> None:
    with shipping.database.write() as session:
        session.execute(update(Invoice).values(total_minor=Invoice.total_minor + 1))
    page = shipping.browser(shipping.actor(Role.FINANCE).person_id).get("/billing/ledger?check=1").text
    assert "处对不上" in page
    assert f"invoice {billed[1]}" in page


def test_every_invoice_is_reached_from_the_newest_to_the_oldest(shipping: Shipping) -> None:
    firm, now, total = shipping.firm(), shipping.clock.now(), 2 * INVOICES_A_PAGE + 1
    with shipping.database.write() as session:
        for number in range(1, total + 1):
            session.add(Invoice(number=number, organisation_id=firm, currency="CNY", total_minor=90, issued_at=now))
    for role, path in ((Role.FINANCE, "/billing/invoices"), (Role.PARTNER_FINANCE, "/partner/invoices")):
        actor = shipping.actor(role, firm) if role is Role.PARTNER_FINANCE else shipping.actor(role)
        browser, seen, queries, address = shipping.browser(actor.person_id), [], set(), path
        while address:
            with statements_of(shipping.database) as statements:
                page = browser.get(address).text
            queries.add(len(statements))
            seen += [int(number) for number in re.findall(r">Z-(\d+)<", page)]
            older = re.search(rf'href="({path}\?before=\d+)"', page)
            address = older[1] if older else ""
        assert seen == list(range(total, 0, -1))
        assert len(queries) == 1, "as many queries on each part"


def test_finance_looks_back_at_earlier_months_and_reads_every_fraction(shipping: Shipping) -> None:
    shipping.clock.move(days=-2)  # 28 February, 9:00
    shipped = shipping.shipped(1, pay="0.0555")
    shipping.accept(shipped.lot_id)
    shipping.clock.move(days=2)
    browser = shipping.browser(shipping.actor(Role.FINANCE).person_id)
    home = browser.get("/billing").text
    assert "0.0555 元" in home
    assert 'href="/billing?month=2026-02"' in home
    assert 'href="/billing?month=2026-04"' not in home
    february = browser.get("/billing?month=2026-02").text
    assert "财务，2026 年 2 月" in february
    assert 'href="/billing?month=2026-01"' not in february
    assert 'href="/billing?month=2026-03"' in february
    assert browser.get("/billing?month=2026-13").status_code == 404
    assert "条目 " in browser.get("/billing/ledger").text


def test_finance_is_told_why_an_amount_has_parts_of_a_fen(shipping: Shipping) -> None:
    browser = shipping.browser(shipping.actor(Role.FINANCE).person_id)
    shipping.accept(shipping.shipped(1).lot_id)
    assert "账单开到分" not in browser.get("/billing").text
    shipping.accept(shipping.shipped(1, price="0.125").lot_id)
    home = browser.get("/billing").text
    assert "0.425" in home
    assert "账单开到分，差的零头记在下面。" in home


def test_finance_is_told_of_lots_that_stand_still(shipping: Shipping) -> None:
    firm = shipping.firm()
    shipping.accept(shipping.shipped(1, firm=firm).lot_id)
    batch, _ = shipping.answered(1, price=None)
    shipping.cut(batch.batch_id)
    browser = shipping.browser(shipping.actor(Role.FINANCE).person_id)
    assert "验收的都开了账单。" in browser.get("/billing").text
    shipping.clock.move(hours=2)
    assert "还没有账单" in browser.get("/billing").text
    shipping.clock.move(days=7)
    shipping.invoice(firm)
    home = browser.get("/billing").text
    assert "还没有账单。" not in home
    assert "过了验收期限，还没有结算" in home


def test_pages_say_so_where_there_is_nothing_yet(shipping: Shipping) -> None:
    finance = shipping.browser(shipping.actor(Role.FINANCE).person_id)
    for path in ("/billing", "/billing/invoices", "/billing/pay", "/billing/ledger"):
        assert finance.get(path).status_code == 200, path
    annotator = shipping.browser(shipping.actor(Role.ANNOTATOR).person_id)
    assert "还没有收入" in annotator.get("/work/earnings").text
    assert "这个月没有收入" in annotator.get("/work/earnings/2026-01").text
    assert annotator.get("/work/earnings/2026-13").status_code == 404


def test_earnings_by_month_day_and_answer_agree(shipping: Shipping) -> None:
    shipping.clock.move(days=-2)  # 28 February, 9:00
    shipped = shipping.shipped(2)
    shipping.clock.move(days=2)
    batch = shipping.batch(2, pay=Decimal("0.07"))
    waiting = shipping.claims(shipped.author, batch.project_id)
    shipping.answers(shipped.author, waiting)
    browser, script = shipping.browser(shipped.author.person_id), shipping.script(shipped.author.person_id)
    earned = script.get("/api/v1/me/earnings").json()
    assert (earned["pending_micros"], earned["payable_micros"]) == (70_000, 100_000)
    assert [(month["month"], month["answers"]) for month in earned["months"]] == [("2026-03", 1), ("2026-02", 2)]
    assert sum(month["pending_micros"] for month in earned["months"]) == earned["pending_micros"]
    assert sum(month["payable_micros"] for month in earned["months"]) == earned["payable_micros"]
    february = browser.get("/work/earnings/2026-02").text
    assert "2 月 28 日" in february
    assert "0.10" in february
    rows = list(csv.DictReader(io.StringIO(browser.get("/work/earnings/2026-03.csv").text.removeprefix("\ufeff"))))
    assert [(row["报酬（元）"], row["状态"], row["答案"]) for row in rows] == [("0.07", "待确认", "正面")]
    assert browser.get("/work/earnings").status_code == 200


def test_one_answers_story_tells_what_was_decided_delivered_and_returned(shipping: Shipping) -> None:
    shipped = shipping.shipped(2)
    returned_item = shipping.items_of(shipped.lot_id)[0]
    with shipping.database.read() as session:
        response_id = session.scalars(select(Response.id).where(Response.item_id == returned_item)).one()
    browser = shipping.browser(shipped.author.person_id)
    page = browser.get(f"/work/earnings/answers/{response_id}").text
    assert "按一份答案判定：正面" in page
    assert "交付给合作企业" in page
    assert "转为待发放" in page
    shipping.clock.move(days=3)
    qa = shipping.actor(Role.PARTNER_QA, shipped.organisation_id)
    shipping.send_back(qa, shipped.lot_id, [returned_item], "门牌写错了")
    story = browser.get(f"/work/earnings/answers/{response_id}").text
    earlier, returned = story[story.index('class="steps"') :].split("合作企业退回了这一条")
    assert "今天" in earlier[earlier.rindex("<li>") :]
    assert "门牌写错了" in returned


def test_anothers_answer_is_not_found(shipping: Shipping) -> None:
    shipping.shipped(1)
    with shipping.database.read() as session:
        response_id = session.scalars(select(Response.id)).one()
    other = shipping.browser(shipping.actor(Role.ANNOTATOR).person_id)
    assert other.get(f"/work/earnings/answers/{response_id}").status_code == 404


@pytest.mark.parametrize("path", ["/work/earnings", "/work/earnings/2026-03"])
def test_earnings_pages_ask_the_same_number_of_questions_at_any_size(shipping: Shipping, path: str) -> None:
    counts = []
    for size in (1, 9):
        browser = shipping.browser(shipping.shipped(size).author.person_id)
        with statements_of(shipping.database) as statements:
            assert browser.get(path).status_code == 200
        counts.append(len(statements))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("path", ["/billing", "/billing/pay", "/billing/ledger", "/billing/invoices"])
def test_finance_pages_ask_the_same_number_of_questions_at_any_size(shipping: Shipping, path: str) -> None:
    browser = shipping.browser(shipping.actor(Role.FINANCE).person_id)
    counts = []
    for size in (1, 4):
        shipped = shipping.shipped(size)
        shipping.accept(shipped.lot_id)
        shipping.invoice(shipped.organisation_id)
        with statements_of(shipping.database) as statements:
            assert browser.get(path).status_code == 200
        counts.append(len(statements))
    assert counts[0] == counts[1]
