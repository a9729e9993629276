"""The coordinator's desk over HTTP: what needs somebody, projects and their terms, and every move of a batch."""

import re
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from leye_platform.accounts.models import Organisation
from leye_platform.accounts.rules import Role
from leye_platform.installation import Installation
from leye_platform.outbox import JobName, OutboxRow
from leye_platform.projects.models import Batch, Item, PriceCard, Project
from leye_platform.projects.queries import terms_of
from leye_platform.projects.rules import BatchState, Pipeline
from leye_platform.projects.task_type import task_type
from support.clock import MovableClock
from support.shipping import Shipping, SignedIn
from support.statements import statements_of
from support.uploading import batch_of, csv_file, hidden_key, read_batch, upload

ROWS = "review,external_id\n很好,1\n坏\n不错,2\n"


@pytest.fixture
def shipping(installation: Installation, clock: MovableClock) -> Shipping:
    return Shipping(installation, clock)


@pytest.fixture
def coordinator(shipping: Shipping) -> SignedIn:
    return shipping.browser(shipping.actor(Role.COORDINATOR).person_id)


def form(shipping: Shipping, coordinator: SignedIn, **other: str) -> dict[str, str]:
    return {
        "key": hidden_key(coordinator.get("/projects/new").text),
        "title": "短评情感分类",
        "organisation": str(shipping.firm()),
        "question": "什么态度？",
        "labels": '正面 | 满意 & "愿意再买"\n负面｜<不满意>\n\n中性',
        "work": "single",
        "variable": "评论",
        "guide": "# 怎么选",
        "unit_price": "０．３０",
        "answer_pay": "0.05",
        "review_pay": "0.10",
        "kind": "consensus",
        "overlap_start": "1",
        "overlap_limit": "４",
        "confidence": "95%",
        "check_share": "不用",
        "gold_share": "5",
        **other,
    }


def project_of(coordinator: SignedIn, fields: dict[str, str]) -> UUID:
    answer = coordinator.post("/projects/new", **fields)
    assert answer.status_code == 303, re.findall(r'id="error-[^>]*>(.*?)</p>', answer.text)
    return UUID(answer.headers["location"].rsplit("/", 1)[1])


def test_a_project_is_made_from_a_plain_list_of_labels(shipping: Shipping, coordinator: SignedIn) -> None:
    project_id = project_of(coordinator, form(shipping, coordinator))
    with shipping.database.read() as session:
        project = session.get_one(Project, project_id)
        config = task_type(project.task_type, project.label_config).config
        assert config.variables == ("评论",)
        [control] = config.controls
        assert (control.question, control.multiple) == ("什么态度？", False)
        assert [(choice.label, choice.hint) for choice in control.choices] == [
            ("正面", '满意 & "愿意再买"'),
            ("负面", "<不满意>"),
            ("中性", ""),
        ]
        pipeline = Pipeline.model_validate(project.pipeline)
        assert (pipeline.start, pipeline.limit, pipeline.confidence, pipeline.gold_share) == (1, 4, 0.95, 0.05)
    page = coordinator.get(f"/projects/{project_id}").text
    assert "每条开始请 1 个人，最多 4 个；整批要 95% 正确" in page
    assert "标注员看文件里“评论”这一列的文字" in page
    assert "0.30 元一条" in page


def test_a_pasted_label_config_goes_before_the_list(shipping: Shipping, coordinator: SignedIn) -> None:
    pasted = (
        '<View><Text name="t" value="$body"/><Choices name="c" toName="t" choice="multiple">'
        '<Choice value="甲"/><Choice value="乙"/></Choices></View>'
    )
    project_id = project_of(coordinator, form(shipping, coordinator, label_config=pasted, labels="", variable="1"))
    with shipping.database.read() as session:
        assert session.get_one(Project, project_id).label_config == pasted


def test_a_form_sent_twice_makes_one_project(shipping: Shipping, coordinator: SignedIn) -> None:
    fields = form(shipping, coordinator)
    assert project_of(coordinator, fields) == project_of(coordinator, fields)
    other = shipping.browser(shipping.actor(Role.COORDINATOR).person_id)
    assert project_of(other, fields) != UUID(fields["key"])


def test_everything_typed_is_kept_and_every_field_says_what_to_change(
    shipping: Shipping, coordinator: SignedIn
) -> None:
    wrong = {
        "title": " ",
        "organisation": "",
        "labels": "只有一个<b>",
        "variable": "2号",
        "guide": "",
        "unit_price": "0.0000001",
        "answer_pay": "",
        "overlap_limit": "99",
        "confidence": "nan",
        "gold_share": "1e9",
    }
    answer = coordinator.post("/projects/new", **form(shipping, coordinator, **wrong))
    assert answer.status_code == 422
    assert set(re.findall(r'id="error-([a-z_]+)"', answer.text)) == set(wrong)
    assert set(re.findall(r'<li><a class="link-button" href="#([a-z_]+)"', answer.text)) == set(wrong)
    assert "有 10 处要改" in answer.text
    for kept in ("只有一个&lt;b&gt;", 'value="2号"', 'value="0.0000001"', 'value="1e9"', 'value="什么态度？"'):
        assert kept in answer.text
    with shipping.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Project)) == 0


@pytest.mark.parametrize(
    ("wrong", "field", "said"),
    [
        ({"labels": "正面\n正面 | 又一次"}, "labels", "写了两次"),
        ({"variable": "external_id"}, "labels", "保留"),
        ({"label_config": "<!DOCTYPE x><View/>"}, "label_config", "DOCTYPE"),
        ({"kind": "vote"}, "kind", "没有这种流程"),
        ({"kind": "single_check", "check_share": "101"}, "check_share", "0% 到 100%"),
        ({"overlap_start": "2", "overlap_limit": "1"}, "overlap_limit", "不能少于起始人数"),
    ],
)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_is_wrong_is_told_at_its_own_field(
    shipping: Shipping, coordinator: SignedIn, wrong: dict[str, str], field: str, said: str
) -> None:
    answer = coordinator.post("/projects/new", **form(shipping, coordinator, **wrong))
    assert answer.status_code == 422
    told = re.search(rf'id="error-{field}">(.*?)</p>', answer.text, re.DOTALL)
    assert told is not None
    assert said in told[1]


def test_a_project_is_made_only_for_a_partner(shipping: Shipping, coordinator: SignedIn) -> None:
    with shipping.database.read() as session:
        operator = session.scalars(select(Organisation.id).where(Organisation.kind == "operator")).first()
    answer = coordinator.post("/projects/new", **form(shipping, coordinator, organisation=str(operator)))
    assert 'id="error-organisation"' in answer.text


def test_prices_and_pay_change_by_form(shipping: Shipping, coordinator: SignedIn) -> None:
    project_id = project_of(coordinator, form(shipping, coordinator))
    shipping.clock.move(minutes=5)
    path = f"/projects/{project_id}"
    assert coordinator.post(f"{path}/prices", unit_price="0.4", valid_from="2026-03-09").status_code == 303
    assert coordinator.post(f"{path}/pay-rates", answer_pay="0.06", review_pay="").status_code == 303
    with shipping.database.read() as session:
        now = terms_of(session, project_id, shipping.clock.now())
        assert now.prices[0].valid_from.isoformat() == "2026-03-08T16:00:00+00:00"
        assert now.price is now.prices[1]
    page = coordinator.get(path).text
    assert "以后用" in page


@pytest.mark.parametrize(
    ("form_name", "fields", "problems"),
    [
        ("prices", {"unit_price": "", "valid_from": ""}, {"unit_price"}),
        ("prices", {"unit_price": "x", "valid_from": "soon"}, {"unit_price", "valid_from"}),
        ("prices", {"unit_price": "0.4", "valid_from": "2026-03-01"}, {"valid_from"}),
        ("pay-rates", {"answer_pay": "-1", "review_pay": "x"}, {"answer_pay", "review_pay"}),
    ],
)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_refused_term_keeps_what_was_typed(
    shipping: Shipping, coordinator: SignedIn, form_name: str, fields: dict[str, str], problems: set[str]
) -> None:
    project_id = project_of(coordinator, form(shipping, coordinator))
    answer = coordinator.post(f"/projects/{project_id}/{form_name}", **fields)
    assert answer.status_code == 422
    assert set(re.findall(r'id="error-([a-z_]+)"', answer.text)) == problems
    for typed in filter(str.strip, fields.values()):
        assert f'value="{typed}"' in answer.text
    with shipping.database.read() as session:
        assert session.scalar(select(func.count()).select_from(PriceCard)) == 1


def test_a_stale_button_says_how_the_batch_stands_now(shipping: Shipping, coordinator: SignedIn) -> None:
    project_id = shipping.batch(1).project_id
    batch_id = batch_of(upload(coordinator, f"/projects/{project_id}/batches/new", csv_file(ROWS)))
    path = f"/batches/{batch_id}"
    assert coordinator.post(f"{path}/open").headers["location"] == f"{path}?stale=1"
    assert "正在读文件" in coordinator.get(f"{path}?stale=1").text
    read_batch(shipping, batch_id)
    for move, state in (
        ("open", BatchState.OPEN),
        ("pause", BatchState.PAUSED),
        ("open", BatchState.OPEN),
        ("close", BatchState.CLOSED),
        ("open", BatchState.OPEN),
        ("cancel", BatchState.CANCELLED),
    ):
        assert coordinator.post(f"{path}/{move}").headers["location"] == path
        with shipping.database.read() as session:
            assert session.get_one(Batch, batch_id).state is state
        assert coordinator.get(path).status_code == 200
    for move in ("open", "pause", "close", "ingest"):
        assert coordinator.post(f"{path}/{move}").headers["location"] == f"{path}?stale=1"
    assert coordinator.get(f"{path}/cancel").headers["location"] == f"{path}?stale=1"


def test_before_cancelling_the_page_says_what_it_means(shipping: Shipping, coordinator: SignedIn) -> None:
    batch, _ = shipping.answered(2)
    shipping.person()
    page = coordinator.get(f"/batches/{batch.batch_id}/cancel").text
    assert "已经给出的 2 份答案照常计酬" in page
    assert "已经有结果的 2 条不受影响" in page


def test_the_desk_names_what_needs_somebody_in_order_with_its_number(shipping: Shipping, coordinator: SignedIn) -> None:
    assert "都处理完了" in coordinator.get("/projects").text
    checked = shipping.batch(2, pipeline=Pipeline.model_validate({"kind": "single_check", "check_share": 1}))
    who = shipping.person()
    shipping.answers(who, shipping.claims(who, checked.project_id))
    project_id = checked.project_id
    new = f"/projects/{project_id}/batches/new"
    ready = batch_of(upload(coordinator, new, csv_file(ROWS), name="等开始"))
    read_batch(shipping, ready)
    failed = batch_of(upload(coordinator, new, csv_file("text\n错列\n"), name="错列"))
    read_batch(shipping, failed)
    returned = shipping.shipped(3)
    qa = shipping.actor(Role.PARTNER_QA, returned.organisation_id)
    shipping.send_back(qa, returned.lot_id, shipping.items_of(returned.lot_id)[:2])
    undelivered, _ = shipping.answered(2)
    with shipping.database.write() as session:
        session.execute(
            update(OutboxRow).where(OutboxRow.job == JobName.ASSEMBLE_LOT).values(failed_at=OutboxRow.created_at)
        )
        session.get_one(Batch, undelivered.batch_id).state = BatchState.CLOSED
        session.get_one(Batch, checked.batch_id).deadline = shipping.clock.now() - timedelta(hours=1)
        session.get_one(Batch, ready).deadline = shipping.clock.now() + timedelta(hours=30)
    text = coordinator.get("/projects").text
    leads = ["没读成", "剩 2 条", "退回 2 条", "剩 2 条", "2 条", "2 条", "1 条"]
    assert re.findall(r'<p class="lead">(.*?)</p>', text) == leads
    for said in ("过了截止时间", "快到截止时间", "缺少列“review”", "等返工", "还没有交付", "在等质检"):
        assert said in text


def test_a_lot_that_is_on_its_way_is_not_offered_to_be_cut(shipping: Shipping, coordinator: SignedIn) -> None:
    """The last answer asks for it; for a moment the items are decided and no lot holds them yet."""
    done, _ = shipping.answered(2)
    page, cut = f"/batches/{done.batch_id}", f'action="/batches/{done.batch_id}/lots"'
    assert "都处理完了" in coordinator.get("/projects").text
    assert cut not in coordinator.get(page).text
    shipping.clock.move(hours=1)
    assert "去切交付批" in coordinator.get("/projects").text
    assert cut in coordinator.get(page).text


def test_the_desk_names_a_paused_batch_that_has_work_left_once(shipping: Shipping, coordinator: SignedIn) -> None:
    """Nobody can take it, and nothing else would remind anybody of it."""
    waiting = shipping.batch(3)
    done, _ = shipping.answered(1)
    shipping.cut(done.batch_id)
    late = shipping.batch(2)
    with shipping.database.write() as session:
        for paused in (waiting, done, late):
            session.get_one(Batch, paused.batch_id).state = BatchState.PAUSED
        session.get_one(Batch, late.batch_id).deadline = shipping.clock.now() - timedelta(hours=1)
    text = coordinator.get("/projects").text
    assert re.findall(r'<p class="lead">(.*?)</p>', text) == ["剩 2 条", "剩 3 条"]
    assert "<h2>暂停着</h2>" in text
    assert "标注员现在领不到。" in text
    assert text.count(f'href="/batches/{waiting.batch_id}"') == 1


def test_finance_and_admin_see_without_being_offered_what_they_may_not(shipping: Shipping) -> None:
    batch, _ = shipping.answered(2)
    finance = shipping.browser(shipping.actor(Role.FINANCE).person_id)
    for path in ("/projects", f"/projects/{batch.project_id}", f"/batches/{batch.batch_id}"):
        page = finance.get(path)
        assert page.status_code == 200
        assert 'method="post" action="/batches' not in page.text
        assert "/projects/new" not in page.text
        assert "/batches/new" not in page.text
    assert finance.get("/projects/new").status_code == 403
    assert finance.post(f"/batches/{batch.batch_id}/close").status_code == 403
    admin = shipping.browser(shipping.actor(Role.ADMIN).person_id)
    assert f"/batches/{batch.batch_id}/close" in admin.get(f"/batches/{batch.batch_id}").text


def test_a_partner_reaches_none_of_it(shipping: Shipping) -> None:
    batch, _ = shipping.answered(1)
    partner = shipping.browser(
        shipping.actor(Role.PARTNER_ADMIN, shipping.project(batch.project_id).organisation_id).person_id
    )
    for path in ("/projects", "/projects/new", f"/projects/{batch.project_id}", f"/batches/{batch.batch_id}"):
        assert partner.get(path).status_code == 403
    assert partner.get(f"/projects/{batch.project_id}/batches/new").status_code == 403


def test_what_is_not_there_is_not_found(shipping: Shipping, coordinator: SignedIn) -> None:
    nowhere = UUID(int=7)
    for path in (f"/projects/{nowhere}", f"/batches/{nowhere}", f"/projects/{nowhere}/batches/new"):
        assert coordinator.get(path).status_code == 404
    assert upload(coordinator, f"/projects/{nowhere}/batches/new", csv_file(ROWS), key=str(nowhere)).status_code == 404
    with shipping.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Item)) == 0


def test_lists_are_paged_and_ask_the_same_number_of_questions_at_any_size(
    shipping: Shipping, coordinator: SignedIn
) -> None:
    batch, _ = shipping.answered(2)
    project = shipping.project(batch.project_id)
    paths = ("/projects", f"/projects/{project.id}", f"/batches/{batch.batch_id}")
    counts: list[list[int]] = []
    for more in (0, 24):
        with shipping.database.write() as session:
            for n in range(more):
                place = {"project_id": project.id, "created_at": shipping.clock.now(), "created_by": project.created_by}
                session.add(Batch(name=f"第 {n} 批", state=BatchState.READY, **place))
        for _ in range(more):
            shipping.batch(1)
        counts.append([])
        for path in paths:
            with statements_of(shipping.database) as statements:
                assert coordinator.get(path).status_code == 200
            counts[-1].append(len(statements))
    assert counts[0] == counts[1]
    assert "第 2 页，共 2 页" in coordinator.get(f"/projects/{project.id}?page=2").text
    assert "第 2 页，共 2 页" in coordinator.get("/projects?page=99").text
