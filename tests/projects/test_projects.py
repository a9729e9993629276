"""Projects over the API: made whole or refused with a sentence for each field; guides, prices and pay by date."""

import json
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient

from leye_platform.accounts.models import Organisation
from leye_platform.accounts.rules import Role
from leye_platform.installation import Installation
from leye_platform.projects.errors import PriceInThePast, RateMissing, RateRefused
from leye_platform.projects.models import Batch, GuideVersion, PayRate, PriceCard, Project
from leye_platform.projects.queries import terms_of
from leye_platform.projects.rates import exact_rate, set_pay, set_price
from leye_platform.projects.rules import PaidWork, one_line, problems_of_pipeline, storable_text
from support.boxes import BOXES
from support.clock import MovableClock
from support.factories import SENTIMENT
from support.shipping import Shipping

HALF_A_PAIR = "\ud83d"


@pytest.fixture
def shipping(installation: Installation, clock: MovableClock) -> Shipping:
    return Shipping(installation, clock)


@pytest.fixture
def script(shipping: Shipping) -> TestClient:
    return shipping.script(shipping.actor(Role.COORDINATOR).person_id)


@pytest.fixture
def firm(shipping: Shipping) -> Iterator[str]:
    with shipping.database.read() as session:
        yield session.get_one(Organisation, shipping.firm()).name


def wanted(firm: str, **other: Any) -> dict[str, Any]:
    return {
        "title": "短评情感分类",
        "organisation": firm,
        "label_config": SENTIMENT,
        "guide": "# 怎么选",
        "unit_price": "0.30",
        "answer_pay": "0.05",
        "review_pay": "0.10",
    } | other


def made(script: TestClient, firm: str, **other: Any) -> UUID:
    answer = script.post("/api/v1/projects", json=wanted(firm, **other))
    assert answer.status_code == 201, answer.text
    return UUID(answer.json()["id"])


def refused(script: TestClient, firm: str, **other: Any) -> dict[str, str]:
    answer = script.post("/api/v1/projects", json=wanted(firm, **other))
    assert answer.status_code == 422, answer.text
    errors: dict[str, str] = answer.json()["errors"]
    return errors


def test_a_project_is_made_with_its_first_guide_price_and_pay(
    shipping: Shipping, script: TestClient, firm: str
) -> None:
    project_id = made(script, firm, pipeline={"kind": "single_check", "check_share": 0.2})
    with shipping.database.read() as session:
        terms = terms_of(session, project_id, shipping.clock.now())
        assert terms.price is not None
        assert terms.answer_pay is not None
        assert terms.review_pay is not None
        rates = (terms.price.unit_price, terms.answer_pay.rate, terms.review_pay.rate)
        assert rates == (Decimal("0.3"), Decimal("0.05"), Decimal("0.1"))
        guides = session.scalars(select(GuideVersion.version).where(GuideVersion.project_id == project_id)).all()
        assert guides == [1]
    shown = script.get(f"/api/v1/projects/{project_id}").json()
    assert shown["organisation"] == firm
    assert shown["pipeline"] == {"kind": "single_check", "check_share": 0.2, "gold_share": 0.05}


BAD_CONFIGS = {
    "doctype": ('<!DOCTYPE View SYSTEM "http://x/y"><View/>', "DOCTYPE"),
    "entity": ('<!DOCTYPE View [<!ENTITY a "b">]><View><Text name="t" value="$t"/>&a;</View>', "ENTITY"),
    "duplicate names": (SENTIMENT.replace('name="sentiment"', 'name="text"'), "用了两次"),
    "unknown tag": (SENTIMENT.replace("<Header", "<Video").replace("Header>", "Video>"), "不认识标签 Video"),
    "nowhere": (SENTIMENT.replace('toName="text"', 'toName="elsewhere"'), "elsewhere"),
    "script": (SENTIMENT.replace("</View>", "<script>alert(1)</script></View>"), "不认识标签 script"),
    "not xml": ("<View>", "不是完整的 XML"),
    "half a character": (f"<View>{HALF_A_PAIR}</View>", "不是完整的 XML"),
    "reserved": (SENTIMENT.replace("$review", "$external_id"), "保留"),
    "one choice": (SENTIMENT.replace('<Choice value="负面"/>', ""), "至少要有两个"),
    "empty": ("", "不是完整的 XML"),
}


def test_a_label_config_that_cannot_be_used_is_refused_with_why(
    shipping: Shipping, script: TestClient, firm: str
) -> None:
    for kind, (config, said) in BAD_CONFIGS.items():
        # Half a surrogate pair travels only as an escape, which the client's own JSON would refuse.
        body = json.dumps(wanted(firm, label_config=config)).encode()
        answer = script.post("/api/v1/projects", content=body, headers={"content-type": "application/json"})
        assert answer.status_code == 422, kind
        assert said in answer.json()["errors"]["label_config"], kind
    with shipping.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Project)) == 0


NO_RATES = (
    "0.0000001",
    "NaN",
    "sNaN",
    "Infinity",
    "-0.1",
    "-0",
    "1e3",
    "1_000",
    "0,06",
    "六分",
    "0.06元",
    "1000001",
    "9" * 400,
    "٣",
)


@pytest.mark.parametrize("rate", NO_RATES)
def test_what_is_no_exact_rate_is_refused(rate: str) -> None:
    with pytest.raises(RateRefused):
        exact_rate(rate)


def test_rates_are_refused_by_field_with_what_was_typed(script: TestClient, firm: str) -> None:
    errors = refused(script, firm, unit_price="0.0000001", answer_pay="0.05", review_pay="NaN")
    assert set(errors) == {"unit_price", "review_pay"}
    assert "0.0000001" in errors["unit_price"]
    assert "NaN" in errors["review_pay"]


def test_a_rate_as_typed_on_a_chinese_keyboard_counts() -> None:
    assert exact_rate("０．０６") == exact_rate(" 0.06 ") == exact_rate(".06") == Decimal("0.06")
    assert exact_rate("0.0125000000") == Decimal("0.0125")
    assert exact_rate("0") == 0
    with pytest.raises(RateMissing):
        exact_rate("  ")
    with pytest.raises(RateRefused):
        exact_rate("0.00000١")


def test_a_rate_as_a_json_number_is_refused_because_it_was_a_float(script: TestClient, firm: str) -> None:
    assert script.post("/api/v1/projects", json=wanted(firm, unit_price=0.1)).status_code == 422


BAD_PIPELINES: tuple[tuple[dict[str, Any], str], ...] = (
    ({"overlap_start": 3}, "overlap_start"),
    ({"overlap_start": 2, "overlap_limit": 1}, "overlap_limit"),
    ({"overlap_limit": 99}, "overlap_limit"),
    ({"confidence": 1}, "confidence"),
    ({"confidence": "surely"}, "confidence"),
    ({"kind": "single_check", "check_share": -1}, "check_share"),
    ({"gold_share": 0.9}, "gold_share"),
    ({"kind": "vote"}, "pipeline"),
    ({"kind": None}, "pipeline"),
    ({"votes": 3}, "pipeline"),
)


@pytest.mark.parametrize(("pipeline", "field"), BAD_PIPELINES)
def test_each_setting_of_a_pipeline_is_told_by_its_name(pipeline: dict[str, Any], field: str) -> None:
    assert set(problems_of_pipeline(pipeline)) == {field}


def test_a_pipeline_is_refused_by_its_setting(script: TestClient, firm: str) -> None:
    assert set(refused(script, firm, pipeline={"overlap_limit": 99})) == {"overlap_limit"}


def test_all_that_is_wrong_is_told_at_once(script: TestClient, firm: str) -> None:
    errors = refused(
        script, firm, title=" \t\n", guide=" ", label_config="x", unit_price="", task_type="text_classification"
    )
    assert list(errors) == ["title", "label_config", "guide", "unit_price"]


def test_a_firm_that_is_not_there_or_no_partner_is_refused(shipping: Shipping, script: TestClient, firm: str) -> None:
    assert set(refused(script, firm, organisation="没有这家")) == {"organisation"}
    assert set(refused(script, firm, organisation="a\x00b")) == {"organisation"}
    with shipping.database.write() as session:
        session.scalars(select(Organisation).where(Organisation.kind == "operator").limit(1)).one().name = "运营方"
    assert set(refused(script, firm, organisation="运营方")) == {"organisation"}


def test_an_unknown_task_type_is_refused(script: TestClient, firm: str) -> None:
    assert set(refused(script, firm, task_type="telepathy")) == {"task_type"}


def test_what_no_database_keeps_is_left_out_of_names_and_guides(
    shipping: Shipping, script: TestClient, firm: str
) -> None:
    project_id = made(script, firm, title="短评\x00 情感\n分类\u200b", guide="一\x00二\r\n三")
    with shipping.database.read() as session:
        assert session.get_one(Project, project_id).title == "短评 情感 分类"
        assert session.scalars(select(GuideVersion.body)).one() == "一二\n三"
    assert one_line(f"a{HALF_A_PAIR}\tb") == "a b"
    assert storable_text(f"a{HALF_A_PAIR}\tb") == "a\tb"


def test_only_some_roles_make_a_project(shipping: Shipping, firm: str) -> None:
    for role in (Role.FINANCE, Role.REVIEWER, Role.PARTNER_FINANCE):
        who = shipping.actor(role, shipping.firm() if role is Role.PARTNER_FINANCE else None)
        assert shipping.script(who.person_id).post("/api/v1/projects", json=wanted(firm)).status_code == 403


def test_a_guide_gets_the_next_version_and_the_same_words_none(
    shipping: Shipping, script: TestClient, firm: str
) -> None:
    path = f"/api/v1/projects/{made(script, firm)}/guides"
    assert [script.post(path, json={"body": body}).json()["version"] for body in ("二", "二", "三")] == [2, 2, 3]
    assert script.post(path, json={"body": "\x00"}).status_code == 422


def test_a_price_holds_from_its_day_and_never_goes_back_behind_an_opened_batch(shipping: Shipping) -> None:
    batch, _ = shipping.answered(1)
    coordinator, now = shipping.actor(Role.COORDINATOR), shipping.clock.now()
    with shipping.database.write() as session:
        project = session.get_one(Project, batch.project_id)
        session.get_one(Batch, batch.batch_id).opened_at = now
        session.flush()
        with pytest.raises(PriceInThePast):
            set_price(session, coordinator, project, Decimal("0.4"), valid_from=now, now=now)
        later = now + timedelta(days=3)
        set_price(session, coordinator, project, Decimal("0.4"), valid_from=later, now=now)
        before, after = terms_of(session, project.id, now), terms_of(session, project.id, later)
        assert before.price is not None
        assert after.price is not None
        assert (before.price.unit_price, after.price.unit_price) == (Decimal("0.3"), Decimal("0.4"))


def test_a_price_sent_twice_stands_once_and_one_of_the_same_moment_is_replaced(shipping: Shipping) -> None:
    batch, _ = shipping.answered(1)
    coordinator = shipping.actor(Role.COORDINATOR)
    now = shipping.clock.move(days=1)
    with shipping.database.write() as session:
        project = session.get_one(Project, batch.project_id)
        for price in ("0.4", "0.4", "0.5"):
            set_price(session, coordinator, project, Decimal(price), valid_from=now + timedelta(days=1), now=now)
        for pay in ("0.06", "0.06", "0.07"):
            set_pay(session, coordinator, project, PaidWork.ANNOTATE, Decimal(pay), now=now)
        prices = session.scalars(select(PriceCard.unit_price).order_by(PriceCard.valid_from)).all()
        pays = session.scalars(
            select(PayRate.rate).where(PayRate.work == PaidWork.ANNOTATE).order_by(PayRate.valid_from)
        ).all()
        assert prices == [Decimal("0.3"), Decimal("0.5")]
        assert pays == [Decimal("0.05"), Decimal("0.07")]


def test_times_without_a_zone_are_refused(script: TestClient, firm: str) -> None:
    project_id = made(script, firm)
    price = {"unit_price": "0.4", "valid_from": "2026-12-01T00:00:00"}
    assert script.post(f"/api/v1/projects/{project_id}/prices", json=price).status_code == 422
    batch = {"name": "一", "deadline": "2026-12-01T18:00:00"}
    assert script.post(f"/api/v1/projects/{project_id}/batches", json=batch).status_code == 422
    assert (
        script.post(
            f"/api/v1/projects/{project_id}/prices", json=price | {"valid_from": "2026-12-01T00:00:00+08:00"}
        ).status_code
        == 204
    )


def test_pay_is_set_by_itself_for_answers_and_for_reviews(shipping: Shipping, script: TestClient, firm: str) -> None:
    project_id = made(script, firm)
    shipping.clock.move(minutes=1)
    path = f"/api/v1/projects/{project_id}/pay-rates"
    assert script.post(path, json={"review_pay": "0.12"}).status_code == 204
    assert script.post(path, json={"answer_pay": "-1"}).status_code == 422
    with shipping.database.read() as session:
        terms = terms_of(session, project_id, shipping.clock.now())
        assert terms.answer_pay is not None
        assert terms.review_pay is not None
        assert (terms.answer_pay.rate, terms.review_pay.rate) == (Decimal("0.05"), Decimal("0.12"))


@pytest.mark.parametrize("told", ["", "image_boxes"])
def test_a_project_takes_the_task_type_that_its_label_config_is_for(script: TestClient, firm: str, told: str) -> None:
    answer = script.post("/api/v1/projects", json=wanted(firm, label_config=BOXES, task_type=told))
    assert (answer.status_code, answer.json()["task_type"]) == (201, "image_boxes")
    other = wanted(firm, label_config=BOXES, task_type="text_classification")
    assert "label_config" in script.post("/api/v1/projects", json=other).text
