"""The desks in a browser: a coordinator who has only a keyboard brings a project to work, and its partner sees it."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page

from leye_platform.accounts.models import Organisation
from leye_platform.accounts.rules import Role
from leye_platform.accounts.tokens import SESSION_COOKIE
from leye_platform.installation import Installation
from leye_platform.projects.models import Batch, Project
from leye_platform.projects.rules import BatchState
from support.browse import Browse, chromium, new_context
from support.clock import MovableClock
from support.live_site import live_site
from support.shipping import Shipping, SignedIn
from support.uploading import additions_of, batch_of, csv_file, read_addition, read_batch, upload

ROWS = "text,external_id\n很好,1\n坏\n不错,2\n"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def shipping(installation: Installation, clock: MovableClock) -> Shipping:
    return Shipping(installation, clock)


def browse(browser: Browser, base: str, who: SignedIn, width: int = 1280) -> Browse:
    context = new_context(browser, width=width)
    context.add_cookies([{"name": SESSION_COOKIE, "value": who.token, "url": base}])
    return Browse(context.new_page(), base)


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the element has the focus, as somebody without a mouse does."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("(wanted) => document.activeElement.matches(wanted)", selector):
            return
    raise AssertionError(f"the keyboard does not reach {selector}")


def press(page: Page, selector: str, key: str = "Enter") -> None:
    """Go to a link or button by Tab, press it, and wait for the page that follows."""
    tab_to(page, selector)
    with page.expect_navigation():
        page.keyboard.press(key)


def write(page: Page, name: str, text: str) -> None:
    tab_to(page, f"[name={name}]")
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.insert_text(text)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_by_keyboard_a_project_is_made_a_file_uploaded_read_and_opened(browser: Browser, shipping: Shipping) -> None:
    firm = shipping.firm()
    who = shipping.browser(shipping.actor(Role.COORDINATOR).person_id)
    partner = shipping.browser(shipping.actor(Role.PARTNER_ADMIN, firm).person_id)
    with live_site(shipping.installation) as base:
        desk = browse(browser, base, who)
        page = desk.open("/projects")
        # Asked for early: switched on at the moment of the key, the browser may open its own dialog first.
        page.on("filechooser", lambda _chooser: None)
        press(page, "a[href='/projects/new']")
        desk.check()
        _fill_project(page, desk)
        assert page.get_by_role("heading", level=1).inner_text() == "短评情感分类"
        desk.check()
        press(page, "a[href$='/batches/new']")
        desk.check()
        batch_id = _upload_file(page)
        desk.check()
        assert page.locator("main").get_attribute("data-state") == "loading"
        read_batch(shipping, batch_id)
        page.wait_for_selector("[data-done]:not([hidden])")
        assert "读完了" in page.locator("#announcer").inner_text()
        press(page, "[data-done] a")
        desk.check()
        press(page, "form[action$='/open'] button")
        desk.check()
        assert "已完成 0 条，共 2 条" in page.locator("main").inner_text().replace("\u00a0", " ")
        seen = browse(browser, base, partner).open("/partner")
        assert "已完成 0 条，共 2 条" in seen.locator("main").inner_text().replace("\u00a0", " ")
        press(seen, f"a[href='/partner/batches/{batch_id}']")
        assert "没有收下的行" in seen.locator("main").inner_text()
    with shipping.database.read() as session:
        assert session.get_one(Batch, batch_id).state is BatchState.OPEN


def _fill_project(page: Page, desk: Browse) -> None:
    """First with a field left out, which takes the focus to the summary; then whole."""
    write(page, "title", "短评情感分类")
    tab_to(page, "#organisation")
    page.keyboard.press("ArrowDown")
    write(page, "question", "写的人是什么态度？")
    write(page, "labels", "正面 | 满意\n负面 | 不满意")
    write(page, "guide", "# 怎么选\n\n按整条评论的意思选。")
    write(page, "unit_price", "0.30")
    write(page, "review_pay", "0.10")
    press(page, "main button.main")
    assert page.evaluate("document.activeElement.id") == "problems"
    desk.check()
    tab_to(page, "#problems a[href='#answer_pay']")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "answer_pay"
    page.keyboard.insert_text("0.05")
    assert page.locator("#labels").input_value() == "正面 | 满意\n负面 | 不满意"
    press(page, "main button.main")


def _upload_file(page: Page) -> UUID:
    write(page, "name", "三月第一批")
    _choose_file(page, "三月.csv", ROWS)
    press(page, "main button.main")
    return UUID(page.url.rsplit("/", 1)[1])


def _choose_file(page: Page, name: str, rows: str) -> None:
    tab_to(page, "#file")
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    chooser.value.set_files({"name": name, "mimeType": "text/csv", "buffer": rows.encode("gbk")})


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("width", [1280, pytest.param(320, marks=pytest.mark.audit)])
def test_every_page_of_the_desks_holds(browser: Browser, shipping: Shipping, width: int) -> None:
    shipped = shipping.shipped(4)
    firm, project_id = shipped.organisation_id, shipped.batch.project_id
    shipping.send_back(shipping.actor(Role.PARTNER_QA, firm), shipped.lot_id, shipping.items_of(shipped.lot_id)[:1])
    coordinator = shipping.browser(shipping.actor(Role.COORDINATOR).person_id)
    partner = shipping.browser(shipping.actor(Role.PARTNER_ADMIN, firm).person_id)
    new = f"/projects/{project_id}/batches/new"
    rows = ROWS.replace("text,", "review,")
    reading, ready, failed = (
        batch_of(upload(coordinator, new, csv_file(content))) for content in (rows, rows, "别的\n列\n")
    )
    for batch_id in (ready, failed):
        read_batch(shipping, batch_id)
    with shipping.database.write() as session:
        session.get_one(Organisation, firm).name = "远山仓配供应链管理股份有限公司"
        session.get_one(Project, project_id).title = "很长的项目名称，长到一行放不下，还要再长一些才看得出来"
    batches = (reading, ready, failed, shipped.batch.batch_id)
    with live_site(shipping.installation) as base:
        desk = browse(browser, base, coordinator, width)
        for path in ("/projects", "/projects/new", f"/projects/{project_id}", new):
            desk.open(path)
        for batch_id in batches:
            desk.open(f"/batches/{batch_id}")
            desk.open(f"/batches/{batch_id}/cancel")
        desk.open(f"/batches/{ready}?stale=1")
        theirs = browse(browser, base, partner, width)
        for path in ("/partner", f"/partner/projects/{project_id}/upload", f"/partner/batches/{ready}?stale=1"):
            theirs.open(path)
        for batch_id in batches:
            theirs.open(f"/partner/batches/{batch_id}")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_without_javascript_a_file_is_uploaded_and_its_reading_followed(browser: Browser, shipping: Shipping) -> None:
    batch, _ = shipping.answered(1)
    firm = shipping.project(batch.project_id).organisation_id
    who = shipping.browser(shipping.actor(Role.PARTNER_ENGINEER, firm).person_id)
    with live_site(shipping.installation) as base:
        context = new_context(browser, java_script_enabled=False)
        context.add_cookies([{"name": SESSION_COOKIE, "value": who.token, "url": base}])
        page = context.new_page()
        page.goto(f"{base}/partner/projects/{batch.project_id}/upload")
        file = {"name": "a.csv", "mimeType": "text/csv", "buffer": "review\n好\n".encode()}
        page.locator("#file").set_input_files(file)  # type: ignore[arg-type]  # a dict is as good as the typed one
        page.get_by_role("button", name="上传").click()
        read_batch(shipping, UUID(page.url.rsplit("/", 1)[1]))
        page.get_by_role("link", name="刷新").click()
        page.get_by_role("button", name="开始标注").click()
        assert "已完成 0 条，共 1 条" in page.locator("main").inner_text().replace("\u00a0", " ")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("width", [1280, pytest.param(320, marks=pytest.mark.audit)])
def test_by_keyboard_a_file_is_added_to_an_open_batch_and_its_reading_followed(
    browser: Browser, shipping: Shipping, width: int
) -> None:
    batch, _ = shipping.answered(1)
    firm = shipping.project(batch.project_id).organisation_id
    who = shipping.browser(shipping.actor(Role.PARTNER_ENGINEER, firm).person_id)
    with live_site(shipping.installation) as base:
        desk = browse(browser, base, who, width)
        page = desk.open(f"/partner/batches/{batch.batch_id}")
        page.on("filechooser", lambda _chooser: None)
        press(page, "a[href$='/additions/new']")
        desk.check()
        press(page, "main button.main")
        assert page.evaluate("document.activeElement.id") == "problems"
        desk.check()
        _choose_file(page, "补.csv", "review,external_id\n好,N-1\n坏\n")
        press(page, "main button.main")
        desk.check()
        assert page.locator("main").get_attribute("data-state") == "loading"
        [addition] = additions_of(shipping, batch.batch_id)
        read_addition(shipping, addition.id)
        page.wait_for_selector("[data-done]:not([hidden])")
        assert "读完了" in page.locator("#announcer").inner_text()
        press(page, "[data-done] a")
        desk.check()
        shown = page.locator("main").inner_text().replace("\u00a0", " ")
        assert "加入 1 条。没有收下 1 行。" in shown
        assert "已完成 1 条，共 2 条" in shown


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_without_javascript_a_file_is_added_and_its_reading_followed(browser: Browser, shipping: Shipping) -> None:
    batch, _ = shipping.answered(1)
    firm = shipping.project(batch.project_id).organisation_id
    who = shipping.browser(shipping.actor(Role.PARTNER_ENGINEER, firm).person_id)
    with live_site(shipping.installation) as base:
        context = new_context(browser, java_script_enabled=False)
        context.add_cookies([{"name": SESSION_COOKIE, "value": who.token, "url": base}])
        page = context.new_page()
        page.goto(f"{base}/partner/batches/{batch.batch_id}")
        page.get_by_role("link", name="追加文件").click()
        file = {"name": "补.csv", "mimeType": "text/csv", "buffer": "review\n好\n".encode()}
        page.locator("#file").set_input_files(file)  # type: ignore[arg-type]  # a dict is as good as the typed one
        page.get_by_role("button", name="追加").click()
        [addition] = additions_of(shipping, batch.batch_id)
        read_addition(shipping, addition.id)
        page.get_by_role("link", name="刷新").click()
        assert "已完成 1 条，共 2 条" in page.locator("main").inner_text().replace("\u00a0", " ")
