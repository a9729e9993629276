"""The audit log in words: what each deed was about, and what became of it."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest

from leye_platform.accounts.rules import Role
from leye_platform.administration.details import details
from leye_platform.installation import Installation
from leye_platform.projects.models import Project
from leye_platform.projects.rates import set_pay, set_price
from leye_platform.projects.rules import PaidWork
from support.clock import MovableClock
from support.shipping import Shipping
from support.statements import statements_of


@pytest.fixture
def shipping(installation: Installation, clock: MovableClock) -> Shipping:
    return Shipping(installation, clock)


def lines(page: str) -> list[str]:
    """The records, each as its words."""
    rows = re.findall(r"<li>\s*<p><b>(.*?)</li>", page, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", row).replace("\xa0", " ").split()) for row in rows]


def test_a_deed_says_what_it_was_about_and_what_became_of_it(shipping: Shipping) -> None:
    shipped = shipping.shipped(3)
    qa = shipping.actor(Role.PARTNER_QA, shipped.organisation_id)
    shipping.send_back(qa, shipped.lot_id, shipping.items_of(shipped.lot_id)[:2])
    shipping.accept(shipped.lot_id)
    coordinator = shipping.actor(Role.COORDINATOR)
    with shipping.database.write() as session:
        project = session.get_one(Project, shipped.batch.project_id)
        later = shipping.clock.now() + timedelta(days=2)
        set_price(session, coordinator, project, Decimal("0.3500"), valid_from=later, now=shipping.clock.now())
        set_pay(session, coordinator, project, PaidWork.ANNOTATE, Decimal("0.06"), now=shipping.clock.now())
        title = project.title
    admin = shipping.browser(shipping.actor(Role.ADMIN).person_id)
    pay, price, accepted, sent_back, *_ = lines(admin.get("/admin/audit").text)
    assert re.search(rf"定报酬 .+ {re.escape(title)} 一份答案 0.06 元", pay)
    assert re.search(rf"定单价 .+ {re.escape(title)} 每条 0.35 元，从.+ 起", price)
    assert re.search(rf"验收交付批 .+ {re.escape(title)}，.+，L-01 期限过了没有答复 系统", accepted)
    assert re.search(r"退回条目 .+L-01 2 条", sent_back)


def test_the_subjects_of_a_page_are_named_by_one_query(shipping: Shipping) -> None:
    admin = shipping.browser(shipping.actor(Role.ADMIN).person_id)
    asked = []
    for _ in range(2):
        for _ in range(3):
            shipping.accept(shipping.shipped(1).lot_id)
        with statements_of(shipping.database) as statements:
            admin.get("/admin/audit")
        asked.append(len(statements))
    assert asked[0] == asked[1]


@pytest.mark.parametrize(
    ("detail", "told"),
    [
        ({}, []),
        ({"version": 3}, ["第 3 版"]),
        ({"items": 1200}, ["1,200 条"]),
        ({"shown": False}, ["不给标注员看"]),
        ({"by_silence": False}, []),
        ({"names": {"正面": "positive"}}, ["“正面”写作“positive”"]),
        ({"names": {}}, ["都用原来的名字"]),
        ({"job": "ingest_batch"}, ["读入批次"]),
        ({"role": "annotator", "organisation": "张掖基地"}, ["标注员", "张掖基地"]),
        ({"something": "new"}, ["new"]),
    ],
)
def test_a_detail_is_said_in_words(detail: dict[str, object], told: list[str], clock: MovableClock) -> None:
    assert details(detail, str, "zh", clock.now()) == told
