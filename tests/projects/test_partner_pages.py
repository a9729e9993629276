"""The partner's desk over HTTP: what waits for the firm, progress, lots, files and money, and never more than that."""

import re
from decimal import Decimal
from uuid import UUID

import pytest

from leye_platform.accounts.models import Organisation
from leye_platform.accounts.rules import PARTNER_ROLES, Role
from leye_platform.installation import Installation
from leye_platform.projects.models import Batch
from leye_platform.projects.rates import set_price
from leye_platform.projects.rules import BatchState
from support.clock import MovableClock
from support.factories import make_batch, make_project
from support.shipping import Shipping, SignedIn
from support.statements import statements_of
from support.uploading import batch_of, csv_file, read_batch, upload

ROWS = "review,external_id\n很好,1\n坏\n不错,2\n"


@pytest.fixture
def shipping(installation: Installation, clock: MovableClock) -> Shipping:
    return Shipping(installation, clock)


def partner(shipping: Shipping, firm: UUID, role: Role = Role.PARTNER_ADMIN) -> SignedIn:
    return shipping.browser(shipping.actor(role, firm).person_id)


def project_for(shipping: Shipping, firm: UUID) -> UUID:
    with shipping.database.write() as session:
        return make_project(session, organisation=session.get_one(Organisation, firm)).id


def test_the_home_begins_with_what_waits_for_the_firm(shipping: Shipping) -> None:
    shipped = shipping.shipped(3)
    firm = shipped.organisation_id
    browser = partner(shipping, firm)
    path = f"/partner/projects/{shipped.batch.project_id}/upload"
    ready = batch_of(upload(browser, path, csv_file(ROWS), name="等开始"))
    read_batch(shipping, ready)
    failed = batch_of(upload(browser, path, csv_file("text\n错列\n"), name="错列"))
    read_batch(shipping, failed)
    page = browser.get("/partner").text
    waiting, others = page[page.index('id="waiting"') :].split('id="upload"')
    assert "交付批 L-01 有 3 条" in waiting
    assert f'href="/partner/lots/{shipped.lot_id}"' in waiting
    assert "收下 2 条。另有 1 行没有收下。看过行数和单价，就可以开始。" in waiting
    assert "缺少列“review”" in waiting
    assert waiting.count("button main") == 1
    assert "3 条都有了结果。" in waiting
    assert 'id="running"' not in others, "nothing stands twice"
    shipping.accept(shipped.lot_id)
    page = browser.get("/partner").text
    assert "L-01" not in page
    assert "3 条都有了结果。" in page.partition('id="running"')[2]


def test_a_batch_that_lacks_something_is_not_said_to_be_ready_to_open(shipping: Shipping) -> None:
    firm = shipping.firm()
    with shipping.database.write() as session:
        organisation = session.get_one(Organisation, firm)
        priced, unpriced = (
            make_project(session, organisation=organisation, price=price) for price in (Decimal(1), None)
        )
        ready, waiting = (make_batch(session, project, state=BatchState.READY) for project in (priced, unpriced))
        for batch in (ready, waiting):
            batch.rows_in = 2
        pages = [f"/partner/batches/{waiting.id}", f"/partner/projects/{unpriced.id}"]
        complete = [f"/partner/batches/{ready.id}", f"/partner/projects/{priced.id}"]
    browser = partner(shipping, firm)
    home = browser.get("/partner").text
    assert home.count("还不能开始") == 1
    assert home.count("可以开始</span>") == 1, "among what waits, and not in the list again"
    assert all("还不能开始" in browser.get(page).text for page in pages)
    assert not any("还不能开始" in browser.get(page).text for page in complete)


def test_each_role_of_a_firm_begins_with_what_is_theirs(shipping: Shipping) -> None:
    firm = shipping.firm()
    shipping.accept(shipping.shipped(2, firm=firm).lot_id)
    [invoice] = shipping.invoice(firm)
    waiting = shipping.shipped(3, firm=firm)
    home = {role: partner(shipping, firm, role).get("/partner").text for role in sorted(PARTNER_ROLES)}
    accept = f'href="/partner/lots/{waiting.lot_id}"'
    for role in (Role.PARTNER_ADMIN, Role.PARTNER_QA):
        assert accept in home[role], role
        assert "用程序上传" not in home[role]
    for role in (Role.PARTNER_FINANCE, Role.PARTNER_ENGINEER):
        assert accept not in home[role], role
        assert "1 个交付批待验收" in home[role]
    for role, page in home.items():
        assert (f"/partner/invoices/{invoice}" in page) is (role is Role.PARTNER_FINANCE), role
        assert ("用程序上传" in page) is (role is Role.PARTNER_ENGINEER), role
        assert page.count("button main") <= 1, role


def test_a_batch_is_one_sentence_with_when_it_will_be_done(shipping: Shipping) -> None:
    batch, author = shipping.answered(4)
    with shipping.database.write() as session:
        session.get_one(Batch, batch.batch_id).rows_in = 4
    more = shipping.batch(10, project_id=batch.project_id)
    shipping.finish(author, batch.project_id, 5)
    firm = shipping.project(batch.project_id).organisation_id
    page = partner(shipping, firm).get("/partner").text
    assert "已完成 5 条，共 10 条，预计明天完成。" in page
    shown = partner(shipping, firm).get(f"/partner/batches/{more.batch_id}").text
    assert "已完成 5 条，共 10 条，预计明天完成。" in shown
    assert "还没有交付批" in shown


def test_a_batchs_page_shows_lots_sample_files_and_money(shipping: Shipping) -> None:
    shipped = shipping.shipped(6, price="0.0125")
    browser = partner(shipping, shipped.organisation_id)
    path = f"/partner/batches/{shipped.batch.batch_id}"
    page = browser.get(path).text
    assert "交付批 L-01，6 条" in page
    assert "已验收 0 条，每条 0.0125 元。" in page
    assert page.count("味道不错") == 5
    for form in ("CSV", "JSON", "JSONL"):
        assert f"下载 L-01，{form}" in page
    [link] = re.findall(r'href="([^"]+)" download aria-label="下载 L-01，CSV"', page)
    assert browser.get(link.replace("&amp;", "&")).content.startswith(b"\xef\xbb\xbf")
    qa = shipping.actor(Role.PARTNER_QA, shipped.organisation_id)
    shipping.send_back(qa, shipped.lot_id, shipping.items_of(shipped.lot_id)[:2])
    shipping.accept(shipped.lot_id)
    page = browser.get(path).text
    assert "已验收 4 条" in page
    assert "抽检并验收" not in page


def test_pay_margin_gold_and_input_are_nowhere_on_the_partners_pages(shipping: Shipping) -> None:
    shipped = shipping.shipped(3, pay="0.0777")
    firm = shipped.organisation_id
    browser = partner(shipping, firm)
    path = f"/partner/projects/{shipped.batch.project_id}/upload"
    content = "review,gold_answer\n普通,\n标准,正面\n"
    batch_id = batch_of(upload(browser, path, csv_file(content)))
    read_batch(shipping, batch_id)
    for shown in ("/partner", f"/partner/batches/{shipped.batch.batch_id}", f"/partner/batches/{batch_id}", path):
        page = browser.get(shown).text
        for kept_back in ("0.0777", "毛利", "报酬", "标准题", "开关", "键盘"):
            assert kept_back not in page, (shown, kept_back)
    assert "收下 1 条，还没有开始" in browser.get(f"/partner/batches/{batch_id}").text


def test_each_role_is_offered_what_it_may_do(shipping: Shipping) -> None:
    shipped = shipping.shipped(2)
    firm = shipped.organisation_id
    new = f"/partner/projects/{shipped.batch.project_id}/upload"
    ready = batch_of(upload(partner(shipping, firm), new, csv_file(ROWS)))
    read_batch(shipping, ready)
    may_upload = {Role.PARTNER_ADMIN, Role.PARTNER_ENGINEER}
    for role in (Role.PARTNER_ADMIN, Role.PARTNER_QA, Role.PARTNER_FINANCE, Role.PARTNER_ENGINEER):
        browser = partner(shipping, firm, role)
        home = browser.get("/partner").text
        assert (new in home) is (role in may_upload), role
        assert ("抽检并验收" in home) is (role in {Role.PARTNER_ADMIN, Role.PARTNER_QA}), role
        assert browser.get(new).status_code == (200 if role in may_upload else 403)
        page = browser.get(f"/partner/batches/{ready}").text
        assert (f"/batches/{ready}/open" in page) is (role in may_upload), role
        done = browser.get(f"/partner/batches/{shipped.batch.batch_id}").text
        assert ("下载 L-01" in done) is (role is not Role.PARTNER_FINANCE), role


def test_a_partner_opens_pauses_and_cancels_a_batch_of_its_own(shipping: Shipping) -> None:
    firm = shipping.firm()
    browser = partner(shipping, firm, Role.PARTNER_ENGINEER)
    batch_id = batch_of(upload(browser, f"/partner/projects/{project_for(shipping, firm)}/upload", csv_file(ROWS)))
    path = f"/partner/batches/{batch_id}"
    assert "排着队，等着读文件" in browser.get(path).text
    assert browser.post(f"/batches/{batch_id}/open").headers["location"] == f"{path}?stale=1"
    assert "和您刚才看到的不一样" in browser.get(f"{path}?stale=1").text
    read_batch(shipping, batch_id)
    assert "每条 0.30 元，全部验收后共 0.60" in browser.get(path).text
    for move in ("open", "pause", "open", "cancel"):
        assert browser.get(f"/batches/{batch_id}/cancel").status_code == 200
        assert browser.post(f"/batches/{batch_id}/{move}").headers["location"] == path
        assert browser.get(path).status_code == 200
    with shipping.database.read() as session:
        assert session.get_one(Batch, batch_id).state is BatchState.CANCELLED


def test_another_firms_people_find_nothing(shipping: Shipping) -> None:
    shipped = shipping.shipped(2)
    stranger = partner(shipping, shipping.firm())
    batch_id, project_id = shipped.batch.batch_id, shipped.batch.project_id
    assert "L-01" not in stranger.get("/partner").text
    for path in (
        f"/partner/batches/{batch_id}",
        f"/batches/{batch_id}/cancel",
        f"/partner/projects/{project_id}/upload",
        f"/api/v1/batches/{batch_id}/report",
    ):
        assert stranger.get(path).status_code == 404, path
    for move in ("open", "pause", "close", "cancel", "ingest"):
        assert stranger.post(f"/batches/{batch_id}/{move}").status_code == 404
    new = f"/partner/projects/{project_id}/upload"
    assert upload(stranger, new, csv_file(ROWS), key=str(batch_id)).status_code == 404
    with shipping.database.read() as session:
        assert session.get_one(Batch, batch_id).state is BatchState.OPEN


def test_the_operators_people_are_led_to_their_own_desk(shipping: Shipping) -> None:
    for role in (Role.COORDINATOR, Role.ADMIN, Role.FINANCE):
        answer = shipping.browser(shipping.actor(role).person_id).get("/partner")
        assert (answer.status_code, answer.headers["location"]) == (303, "/projects")


def test_the_price_on_the_page_is_the_one_that_binds(shipping: Shipping) -> None:
    batch, _ = shipping.answered(1)
    project, coordinator = shipping.project(batch.project_id), shipping.actor(Role.COORDINATOR)
    with shipping.database.write() as session:
        session.get_one(Batch, batch.batch_id).opened_at = shipping.clock.now()
    later = shipping.clock.move(hours=1)
    with shipping.database.write() as session:
        set_price(session, coordinator, project, Decimal("0.99"), valid_from=later, now=later)
    firm = project.organisation_id
    assert "每条 0.30 元" in partner(shipping, firm).get(f"/partner/batches/{batch.batch_id}").text


def test_an_empty_desk_says_what_will_be_there(shipping: Shipping) -> None:
    firm = shipping.firm()
    empty = partner(shipping, firm).get("/partner").text
    assert "建好项目、上传第一批之后" in empty
    assert empty.count("button main") == 1
    assert 'href="/partner/projects/new"' in empty
    assert "新建项目" not in partner(shipping, firm, Role.PARTNER_FINANCE).get("/partner").text
    project_for(shipping, firm)
    page = partner(shipping, firm).get("/partner").text
    assert "上传第一批之后" in page
    assert re.search(r'class="button main" href="/partner/projects/[^"]+/upload" aria-label="上传到：', page)


def test_lists_are_paged_and_ask_the_same_number_of_questions_at_any_size(shipping: Shipping) -> None:
    shipped = shipping.shipped(2)
    firm = shipped.organisation_id
    browser = partner(shipping, firm)
    counts: list[list[int]] = []
    for more in (0, 22):
        with shipping.database.write() as session:
            project = session.get_one(Organisation, firm)
            for n in range(more):
                made = make_project(session, organisation=project)
                place = {"project_id": made.id, "created_at": shipping.clock.now(), "created_by": made.created_by}
                session.add(Batch(name=f"第 {n} 批", state=BatchState.READY, **place))
        counts.append([])
        for path in ("/partner", f"/partner/batches/{shipped.batch.batch_id}"):
            with statements_of(shipping.database) as statements:
                assert browser.get(path).status_code == 200
            counts[-1].append(len(statements))
    assert counts[0] == counts[1]
    assert "第 2 页，共 2 页" in browser.get("/partner?page=2").text


def test_what_is_over_stands_with_its_count_and_sum(shipping: Shipping) -> None:
    shipped = shipping.shipped(3)
    shipping.accept(shipped.lot_id)
    with shipping.database.write() as session:
        session.get_one(Batch, shipped.batch.batch_id).state = BatchState.CLOSED
    browser = partner(shipping, shipped.organisation_id)
    over = browser.get("/partner").text.partition('id="over"')[2].partition("</table>")[0]
    assert f'href="/partner/batches/{shipped.batch.batch_id}"' in over
    assert over.count("3\u00a0条") + over.count("3 条") == 2, over
    assert "元" in over
