"""Signing in by keyboard, a password reset by a leader, and every page of accounts, teams and administration."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page
from sqlalchemy import select

from leye_platform.accounts.models import Membership
from leye_platform.accounts.rules import OrganisationKind, Role
from leye_platform.accounts.service import add_user
from leye_platform.accounts.service.organisations import create_organisation
from leye_platform.accounts.tokens import SESSION_COOKIE
from leye_platform.installation import Installation
from leye_platform.outbox import JobName, OutboxRow
from leye_platform.teams.models import Team, TeamMember
from support.browse import Browse, chromium, new_context
from support.clock import MovableClock
from support.live_site import live_site
from support.shipping import Shipping, SignedIn

PASSWORD = "correct horse 电池"
ONLY_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@dataclass(frozen=True)
class House:
    """A base with a team: its leader signs in as 3001, its annotator as 3002."""

    leader: UUID
    annotator: UUID
    team: UUID


@pytest.fixture
def house(installation: Installation, clock: MovableClock) -> House:
    now = clock.now()
    with installation.database.write() as session:
        base = create_organisation(session, OrganisationKind.BASE, "张掖基地", now)
        leader, annotator = (
            add_user(session, email, role, base.name, PASSWORD, now, name=name, staff_number=number)[0].id
            for email, role, name, number in (
                ("leader@demo.example", "leader", "组长 01", "3001"),
                ("annotator@demo.example", "annotator", "标注员 01", "3002"),
            )
        )
        team = Team(organisation_id=base.id, name="张掖一组", leader_id=leader, created_at=now)
        session.add(team)
        session.flush()
        session.add(TeamMember(person_id=annotator, team_id=team.id, joined_at=now))
        return House(leader, annotator, team.id)


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the control with this name has the focus, as somebody without a mouse does."""
    for _ in range(40):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            "() => { const e = document.activeElement; return (e.labels?.[0] || e).textContent.trim(); }"
        )
        if focused == name:
            return
    raise AssertionError(f"{name!r} is not reached by Tab on {page.url}")


def press(page: Page, name: str) -> None:
    """Reach a link or button by Tab, and press it by Enter."""
    tab_to(page, name)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def type_in(page: Page, name: str, text: str) -> None:
    tab_to(page, name)
    page.keyboard.type(text)


def visitor(browser: Browser, base: str) -> Browse:
    person = Browse(new_context(browser).new_page(), base)
    person.open("/")
    return person


@ONLY_SQLITE
@pytest.mark.usefixtures("house")
def test_a_leader_resets_a_password_by_keyboard_and_the_annotator_chooses_a_new_one(
    browser: Browser, installation: Installation
) -> None:
    with live_site(installation) as base:
        leader = visitor(browser, base)
        page = leader.page
        type_in(page, "工号、手机号或邮箱", "3001")
        type_in(page, "密码", PASSWORD)
        press(page, "登录")
        press(page, "小组")
        leader.check()
        press(page, "标注员 01")
        leader.check()
        press(page, "重设密码")
        leader.check()
        temporary = page.locator(".secret").inner_text()

        annotator = visitor(browser, base)
        page = annotator.page
        type_in(page, "工号、手机号或邮箱", "3002")
        type_in(page, "密码", temporary)
        page.keyboard.press("Enter")
        page.wait_for_url("**/me/password")
        annotator.check()
        page.goto(base + "/work")
        assert page.url == base + "/me/password", "a new password comes before anything else"
        type_in(page, "新密码", "short")
        type_in(page, "再输一次新密码", "shorter")
        press(page, "换密码")
        annotator.check()
        assert page.evaluate("document.activeElement.id") == "problems"
        type_in(page, "新密码", "battery staple")
        type_in(page, "再输一次新密码", "battery staple")
        press(page, "换密码")
        assert page.url == base + "/work"


@ONLY_SQLITE
@pytest.mark.usefixtures("house")
def test_a_password_is_pasted_shown_and_left_to_a_password_manager(
    browser: Browser, installation: Installation
) -> None:
    with live_site(installation) as base:
        page = visitor(browser, base).page
        password = page.locator("#password")
        assert password.get_attribute("autocomplete") == "current-password"
        assert page.locator("#name").get_attribute("autocomplete") == "username"
        pasted = page.evaluate(
            """() => {
              const field = document.getElementById("password");
              return field.dispatchEvent(new ClipboardEvent("paste", { bubbles: true, cancelable: true }));
            }"""
        )
        assert pasted, "a page must not stop a paste"
        page.fill("#name", "3001")
        page.fill("#password", PASSWORD)
        tab_to(page, "显示密码")
        page.keyboard.press("Space")
        assert password.get_attribute("type") == "text"
        page.keyboard.press("Space")
        assert password.get_attribute("type") == "password"
        page.keyboard.press("Space")
        page.evaluate(
            """() => document.getElementById("password").form.addEventListener(
              "submit", () => sessionStorage.setItem("sent", document.getElementById("password").type))"""
        )
        page.get_by_role("button", name="登录", exact=True).click()
        page.wait_for_url("**/work")
        assert page.evaluate("sessionStorage.getItem('sent')") == "password", (
            "a browser keeps what is sent from a text field"
        )


@ONLY_SQLITE
def test_signing_in_and_resetting_work_without_javascript(
    browser: Browser, installation: Installation, house: House
) -> None:
    with live_site(installation) as base:
        page = new_context(browser, java_script_enabled=False).new_page()
        page.goto(base + "/")
        assert not page.get_by_text("显示密码").is_visible(), "offered only where it works"
        page.fill("#name", "3001")
        page.fill("#password", PASSWORD)
        page.get_by_role("button", name="登录", exact=True).click()
        page.goto(f"{base}/teams/people/{house.annotator}")
        page.get_by_role("button", name="重设密码").click()
        assert page.locator(".secret").inner_text().count("-") == 2


@ONLY_SQLITE
@pytest.mark.usefixtures("house")
def test_the_display_is_changed_before_signing_in(browser: Browser, installation: Installation) -> None:
    with live_site(installation) as base:
        visit = visitor(browser, base)
        page = visit.open("/?next=/me")
        page.get_by_role("button", name="大字版").click()
        assert page.locator("html").get_attribute("data-print") == "150"
        page.get_by_role("button", name="高对比度").click()
        assert page.locator("html").get_attribute("data-theme") == "contrast"
        assert page.locator("input[name=next]").first.get_attribute("value") == "/me"
        visit.check()


def signed_in(browser: Browser, base: str, who: SignedIn, width: int) -> Browse:
    context = new_context(browser, width=width)
    context.add_cookies([{"name": SESSION_COOKIE, "value": who.token, "url": base}])
    return Browse(context.new_page(), base)


@ONLY_SQLITE
@pytest.mark.parametrize("width", [1280, pytest.param(320, marks=pytest.mark.audit)])
def test_every_page_of_accounts_teams_and_administration_holds(
    browser: Browser, installation: Installation, clock: MovableClock, house: House, width: int
) -> None:
    shipping = Shipping(installation, clock)
    now = clock.now()
    with installation.database.write() as session:
        session.add(
            OutboxRow(job=JobName.INGEST_BATCH, arguments={}, created_at=now, sent_at=now, failed_at=now, problem="no")
        )
        base_id = session.scalars(select(Membership.organisation_id).where(Membership.person_id == house.leader)).one()
    pages: dict[UUID, list[str]] = {
        house.leader: ["/me", "/me?done=sessions", "/me/password", f"/teams/{house.team}"],
        shipping.actor(Role.COORDINATOR).person_id: [
            "/teams",
            f"/teams/{house.team}?done=moved",
            "/teams/people",
            "/teams/people?q=没有",
            f"/teams/people/{house.annotator}",
        ],
        shipping.actor(Role.ADMIN).person_id: [
            "/admin",
            "/admin/people",
            "/admin/people?state=left",
            "/admin/people/new",
            f"/admin/people/{house.annotator}",
            "/admin/organisations",
            "/admin/audit",
            f"/admin/audit?about={house.annotator}",
        ],
    }
    refused = {
        "/teams": {"name": "张掖一组", "base": str(base_id)},
        f"/teams/{house.team}?done=moved": {"person": "没有"},
        "/admin/people/new": {"email": "nobody"},
        "/admin/organisations": {"name": ""},
        "/me": {"name": "  "},
    }
    with live_site(installation) as base:
        for person_id, paths in pages.items():
            person = signed_in(browser, base, shipping.browser(person_id), width)
            for path in paths:
                person.open(path)
                if path in refused:
                    submit(person.page, refused[path])
                    person.check()


def submit(page: Page, fields: dict[str, str]) -> None:
    """Send the form that holds these fields as it stands, past the browser's own checks; wait for the refusal."""
    page.evaluate("for (const fold of document.querySelectorAll('main details')) fold.open = true")
    for name, value in fields.items():
        control = page.locator(f"main [name={name}]").first
        if control.evaluate("e => e.tagName") == "SELECT":
            control.select_option(value)
        else:
            control.fill(value)
    with page.expect_navigation():
        page.locator(f"main [name={next(iter(fields))}]").first.evaluate("e => e.form.submit()")
    page.wait_for_selector("#problems")
