"""A partner makes a project of its own: says what is to be marked, writes the guide; the operator sets the price."""

from uuid import UUID

import pytest
from sqlalchemy import select

from leye_platform.accounts.models import Organisation
from leye_platform.accounts.rules import Role
from leye_platform.installation import Installation
from leye_platform.projects.models import Batch, PayRate, PriceCard, Project
from leye_platform.projects.rules import BatchState
from leye_platform.projects.task_type import task_type
from support.clock import MovableClock
from support.factories import SENTIMENT
from support.shipping import Shipping, SignedIn
from support.uploading import batch_of, csv_file, hidden_key, read_batch, upload

NEW = "/partner/projects/new"


@pytest.fixture
def shipping(installation: Installation, clock: MovableClock) -> Shipping:
    return Shipping(installation, clock)


def partner(shipping: Shipping, firm: UUID, role: Role = Role.PARTNER_ADMIN) -> SignedIn:
    return shipping.browser(shipping.actor(role, firm).person_id)


def fields(browser: SignedIn, **other: str) -> dict[str, str]:
    given = {"title": "短评", "work": "single", "labels": "正面\n负面", "guide": "看整句。"}
    return {"key": hidden_key(browser.get(NEW).text)} | given | other


def made(browser: SignedIn, **other: str) -> UUID:
    answer = browser.post(NEW, **fields(browser, **other))
    assert answer.status_code == 303, answer.text
    return UUID(answer.headers["location"].rsplit("/", 1)[1])


@pytest.mark.parametrize(
    ("typed", "kind", "told"),
    [
        (("single", "正面\n负面"), ("text_classification", "text"), "选一个："),
        (("multiple", "口味\n服务"), ("text_classification", "text"), "可以选几个："),
        (("entities", "人名 | 真名和笔名"), ("named_entities", "text"), "在文字里标出词语"),
        (("boxes", "杯子"), ("image_boxes", "image"), "在图片上画框"),
    ],
)
def test_each_kind_of_work_becomes_a_project(
    shipping: Shipping, typed: tuple[str, str], kind: tuple[str, str], told: str
) -> None:
    firm = shipping.firm()
    browser = partner(shipping, firm)
    project_id = made(browser, work=typed[0], labels=typed[1], question="请看仔细")
    with shipping.database.read() as session:
        project = session.get_one(Project, project_id)
        [variable] = task_type(project.task_type, project.label_config).config.variables
        assert (project.organisation_id, project.task_type, variable) == (firm, *kind)
        assert not session.scalars(select(PriceCard)).all()
        assert not session.scalars(select(PayRate)).all()
    page = browser.get(f"/partner/projects/{project_id}").text
    for words in (told, "请看仔细", "等乐业定单价。", "单价：还没有定。", "现在用的是第 1 版"):
        assert words in page
    assert f'href="/partner/projects/{project_id}"' in browser.get("/partner").text


def test_it_opens_once_the_operator_has_set_its_price(shipping: Shipping) -> None:
    firm = shipping.firm()
    browser = partner(shipping, firm, Role.PARTNER_ENGINEER)
    project_id = made(browser)
    batch_id = batch_of(upload(browser, f"/partner/projects/{project_id}/upload", csv_file("text\n很好\n")))
    read_batch(shipping, batch_id)
    waiting = browser.get(f"/partner/batches/{batch_id}").text
    assert "还缺：单价、计酬标准。" in waiting
    assert f'action="/batches/{batch_id}/open"' not in waiting
    coordinator = shipping.browser(shipping.actor(Role.COORDINATOR).person_id)
    home, desk = browser.get("/partner").text, coordinator.get("/projects").text
    assert ("等乐业定单价。" in home, "去开始" in home) == (True, False)
    assert ("短评：等定单价和报酬" in desk, "看估算，开始" in desk) == (True, False)
    assert "定单价" in coordinator.get(f"/projects/{project_id}").text
    assert "还没有定单价和报酬。" in coordinator.get(f"/projects/{project_id}").text
    assert coordinator.post(f"/projects/{project_id}/prices", unit_price="0.30").status_code == 303
    assert (
        coordinator.post(f"/projects/{project_id}/pay-rates", answer_pay="0.06", review_pay="0.10").status_code == 303
    )
    home, desk = browser.get("/partner").text, coordinator.get("/projects").text
    assert ("等乐业定单价。" in home, "去开始" in home) == (False, True)
    assert ("等定单价和报酬" in desk, "看估算，开始" in desk) == (False, True)
    assert f'href="/batches/{batch_id}">看估算，开始' in coordinator.get(f"/projects/{project_id}").text
    assert "每条 0.30 元" in browser.get(f"/partner/batches/{batch_id}").text
    assert browser.post(f"/batches/{batch_id}/open").status_code == 303
    with shipping.database.read() as session:
        assert session.get_one(Batch, batch_id).state is BatchState.OPEN


def test_the_form_keeps_what_was_typed_and_says_what_to_change(shipping: Shipping) -> None:
    browser = partner(shipping, shipping.firm())
    answer = browser.post(NEW, **fields(browser, title="", labels="只有一个", guide=""))
    assert answer.status_code == 422
    for name in ("title", "labels", "guide"):
        assert f'id="error-{name}"' in answer.text, name
    for name in ("unit_price", "organisation", "overlap_limit"):
        assert f'name="{name}"' not in answer.text, name
    assert "只有一个" in answer.text
    entities = browser.post(NEW, **fields(browser, work="entities", labels=" \n"))
    assert "请写标签，一行一个。" in entities.text


def test_sent_twice_it_makes_one_and_never_in_another_firms_name(shipping: Shipping) -> None:
    firm, other = shipping.firm(), shipping.firm()
    browser = partner(shipping, firm)
    given = fields(browser, organisation=str(other), unit_price="0.01")
    for _ in range(2):
        browser.post(NEW, **given)
    with shipping.database.read() as session:
        [project] = session.scalars(select(Project)).all()
        assert project.organisation_id == firm
        assert not session.scalars(select(PriceCard)).all()
    assert partner(shipping, other).get(f"/partner/projects/{project.id}").status_code == 404
    assert partner(shipping, firm, Role.PARTNER_QA).get(NEW).status_code == 403


def test_the_operators_people_have_a_form_of_their_own(shipping: Shipping) -> None:
    coordinator = shipping.browser(shipping.actor(Role.COORDINATOR).person_id)
    for answer in (coordinator.get(NEW), coordinator.post(NEW)):
        assert (answer.status_code, answer.headers["location"]) == (303, "/projects/new")


def test_a_script_makes_one_without_naming_firm_or_price(shipping: Shipping) -> None:
    firm, other = shipping.firm(), shipping.firm()
    script = shipping.script(shipping.actor(Role.PARTNER_ENGINEER, firm).person_id)
    body = {"title": "短评", "label_config": SENTIMENT, "guide": "看整句。"}
    made = script.post("/api/v1/projects", json=body)
    with shipping.database.read() as session:
        assert (made.status_code, made.json()["organisation"]) == (201, session.get_one(Organisation, firm).name)
        elsewhere = session.get_one(Organisation, other).name
    priced = script.post("/api/v1/projects", json=body | {"unit_price": "0.01"})
    assert (priced.status_code, list(priced.json()["errors"])) == (422, ["unit_price"])
    assert script.post("/api/v1/projects", json=body | {"organisation": elsewhere}).status_code == 422


def test_its_guide_is_written_by_the_partner_and_gold_stays_out_of_sight(shipping: Shipping) -> None:
    firm = shipping.firm()
    browser = partner(shipping, firm, Role.PARTNER_QA)
    project_id = made(partner(shipping, firm))
    guide = f"/projects/{project_id}/guide"
    desk = browser.get(guide).text
    assert f'href="{guide}/draft"' in desk
    assert f"/projects/{project_id}/gold" not in desk
    assert f'href="/partner/projects/{project_id}"' in desk
    saved = browser.post(f"{guide}/draft", body="先看图，再选。", do="publish", revision="0")
    assert saved.headers["location"] == f"{guide}/publish", saved.text
    assert (
        browser.post(f"{guide}/publish", over="1", change="说得更清楚").headers["location"] == f"{guide}?done=published"
    )
    assert "现在用的是第 2 版" in browser.get(f"/partner/projects/{project_id}").text
    assert browser.get(f"/projects/{project_id}/gold").status_code == 403
    stranger = partner(shipping, shipping.firm(), Role.PARTNER_QA)
    for path in (guide, f"{guide}/draft", f"{guide}/publish"):
        assert stranger.get(path).status_code == 404, path
    assert partner(shipping, firm, Role.PARTNER_FINANCE).get(f"{guide}/draft").status_code == 403
