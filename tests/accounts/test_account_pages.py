"""Signing in on the page, and one's own account: password, devices, tokens."""

import re
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from leye_platform.accounts.models import ApiToken, Credential, Person, SignInSession
from leye_platform.accounts.rules import PersonState, Role
from leye_platform.accounts.service import add_user
from leye_platform.accounts.tokens import SESSION_COOKIE, hash_token
from leye_platform.app import create_app
from leye_platform.installation import Installation
from support.clock import MovableClock
from support.factories import AT
from support.reading import Reader
from support.shipping import Shipping, SignedIn

NAME, PASSWORD = "annotator-03@demo.example", "correct horse 电池"
ELSEWHERE = (
    "//evil.example/work",
    "https://evil.example/work",
    "/\\evil.example",
    "javascript:alert(1)",
    "evil.example",
    "/work\r\nSet-Cookie: a=b",
)


@pytest.fixture
def person(installation: Installation) -> Any:
    with installation.database.write() as session:
        return add_user(session, NAME, "annotator", None, PASSWORD, AT)[0].id


def site(installation: Installation) -> TestClient:
    return Reader(create_app(installation), follow_redirects=False)


def signed_in(client: TestClient, password: str = PASSWORD, **form: str) -> SignedIn:
    """Sign in on the page and read the CSRF token off the next one."""
    answer = client.post("/sign-in", data={"name": NAME, "password": password, **form})
    assert answer.status_code == 303, answer.text
    return SignedIn(client, csrf_of(client.get("/me/password").text), client.cookies[SESSION_COOKIE])


def csrf_of(page: str) -> str:
    found = re.search(r'<meta name="csrf" content="([^"]+)"', page)
    assert found, "the page carries no CSRF token"
    return found[1]


def must_change(installation: Installation) -> None:
    with installation.database.write() as session:
        session.scalars(select(Credential)).one().must_change = True


@pytest.mark.usefixtures("person")
def test_signing_in_leads_home_and_lasts_as_long_as_the_browser(installation: Installation) -> None:
    answer = site(installation).post("/sign-in", data={"name": NAME, "password": PASSWORD})
    assert (answer.status_code, answer.headers["location"]) == (303, "/work")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Max-Age" not in cookie
    assert "Secure" not in cookie


@pytest.mark.usefixtures("person")
def test_who_stays_keeps_the_cookie_for_thirty_days_and_only_over_https(installation: Installation) -> None:
    settings = installation.settings.model_copy(update={"base_url": "https://leye.example"})
    client = site(replace(installation, settings=settings))
    cookie = client.post("/sign-in", data={"name": NAME, "password": PASSWORD, "stay": "1"}).headers["set-cookie"]
    assert f"Max-Age={30 * 24 * 3600}" in cookie
    assert "Secure" in cookie


@pytest.mark.usefixtures("person")
def test_signing_in_goes_on_to_the_page_that_was_wanted(installation: Installation) -> None:
    client = site(installation)
    wanted = client.get("/me")
    assert (wanted.status_code, wanted.headers["location"]) == (303, "/?next=/me")
    assert 'name="next" value="/me"' in client.get("/?next=/me").text
    wanted = client.get("/projects?page=2&find=好 评")
    assert 'name="next" value="/projects?page=2&amp;find=' in client.get(wanted.headers["location"]).text
    answer = client.post("/sign-in", data={"name": NAME, "password": PASSWORD, "next": "/me"})
    assert answer.headers["location"] == "/me"


@pytest.mark.usefixtures("person")
@pytest.mark.parametrize("address", ELSEWHERE)
def test_signing_in_never_leads_to_another_site(installation: Installation, address: str) -> None:
    client = site(installation)
    assert 'name="next" value=""' in client.get("/", params={"next": address}).text
    answer = client.post("/sign-in", data={"name": NAME, "password": PASSWORD, "next": address})
    assert answer.headers["location"] == "/work"
    assert client.get("/", params={"next": address}).headers["location"] == "/work"


@pytest.mark.usefixtures("person")
def test_a_wrong_password_and_an_unknown_name_look_the_same(installation: Installation) -> None:
    seen = set()
    for name in (NAME, "nobody@demo.example", "\x00@demo.example", "工号 3"):
        answer = site(installation).post("/sign-in", data={"name": name, "password": "a wrong one"})
        assert answer.status_code == 422
        assert 'id="error-password"' in answer.text
        assert "a wrong one" not in answer.text
        seen.add(re.sub(r'(value|nonce|content)="[^"]*"', "", answer.text))
    assert len(seen) == 1


def test_what_is_not_filled_in_is_named(installation: Installation) -> None:
    answer = site(installation).post("/sign-in", data={"name": " ", "password": ""})
    assert answer.status_code == 422
    assert {'id="error-name"', 'id="error-password"'} <= set(re.findall(r'id="error-\w+"', answer.text))


@pytest.mark.usefixtures("person")
def test_after_five_wrong_passwords_the_page_says_how_long_to_wait(
    installation: Installation, clock: MovableClock
) -> None:
    client = site(installation)
    for _ in range(5):
        assert client.post("/sign-in", data={"name": NAME, "password": "wrong"}).status_code == 422
    answer = client.post("/sign-in", data={"name": NAME, "password": PASSWORD})
    assert answer.status_code == 429
    assert "请过 30 秒再试" in answer.text
    clock.move(seconds=30)
    signed_in(client)


@pytest.mark.usefixtures("person")
def test_another_sites_page_cannot_sign_anybody_in(installation: Installation) -> None:
    form = {"name": NAME, "password": PASSWORD}
    answer = site(installation).post("/sign-in", data=form, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert SESSION_COOKIE not in answer.cookies


@pytest.mark.usefixtures("person")
def test_a_session_planted_before_signing_in_is_worth_nothing(installation: Installation) -> None:
    client = site(installation)
    client.cookies.set(SESSION_COOKIE, "planted")
    answer = client.post("/sign-in", data={"name": NAME, "password": PASSWORD})
    assert answer.cookies[SESSION_COOKIE] != "planted"
    other = site(installation)
    other.cookies.set(SESSION_COOKIE, "planted")
    assert other.get("/me").status_code == 303


@pytest.mark.usefixtures("person")
def test_a_form_without_this_sessions_token_changes_nothing(installation: Installation) -> None:
    here, there = signed_in(site(installation)), signed_in(site(installation))
    assert here.csrf != there.csrf
    for token in ("", "wrong", "错", there.csrf):
        answer = here.client.post("/me/tokens", data={"csrf": token, "name": "a script"})
        assert answer.status_code == 403
        assert "请刷新页面" in answer.text
        assert here.client.post("/sign-out", data={"csrf": token}).status_code == 403
    with installation.database.read() as session:
        assert session.scalars(select(ApiToken)).all() == []
    assert here.get("/me").status_code == 200


@pytest.mark.usefixtures("person")
def test_signing_out_ends_the_session_itself_not_only_the_cookie(installation: Installation) -> None:
    here = signed_in(site(installation))
    answer = here.post("/sign-out")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    thief = site(installation)
    thief.cookies.set(SESSION_COOKIE, here.token)
    assert thief.get("/me").headers["location"] == "/?next=/me"


@pytest.mark.usefixtures("person")
def test_a_person_signs_out_everywhere_but_here(installation: Installation) -> None:
    here, *others = [signed_in(site(installation)) for _ in range(3)]
    assert here.get("/me").text.count("/me/sessions/") == 3, "two devices, and all of them"
    assert here.post("/me/sessions/end").headers["location"] == "/me?done=sessions"
    assert [other.get("/me").status_code for other in others] == [303, 303]
    assert here.get("/me").status_code == 200


@pytest.mark.usefixtures("person")
def test_a_person_signs_out_on_one_device_of_their_own(installation: Installation, clock: MovableClock) -> None:
    here, lost = signed_in(site(installation)), signed_in(site(installation))
    shipping = Shipping(installation, clock)
    stranger = shipping.browser(shipping.actor(Role.FINANCE).person_id)
    with installation.database.read() as session:
        query = select(SignInSession.id).where(SignInSession.token_hash == hash_token(lost.token))
        session_id = session.scalars(query).one()
    assert stranger.post(f"/me/sessions/{session_id}/end").status_code == 404
    assert lost.get("/me").status_code == 200
    assert here.post(f"/me/sessions/{session_id}/end").status_code == 303
    assert lost.get("/me").status_code == 303
    assert here.post(f"/me/sessions/{session_id}/end").status_code == 404


@pytest.mark.usefixtures("person")
def test_a_new_password_ends_the_other_sign_ins(installation: Installation) -> None:
    here, other = signed_in(site(installation)), signed_in(site(installation))
    answer = here.post("/me/password", current=PASSWORD, new="battery staple", again="battery staple")
    assert (answer.status_code, answer.headers["location"]) == (303, "/me?done=password")
    assert "密码换好了" in here.get("/me?done=password").text
    assert other.get("/me").status_code == 303
    signed_in(site(installation), "battery staple")
    assert site(installation).post("/sign-in", data={"name": NAME, "password": PASSWORD}).status_code == 422


@pytest.mark.usefixtures("person")
@pytest.mark.parametrize(
    ("form", "fields"),
    [
        ({"current": "wrong", "new": "battery staple", "again": "battery staple"}, {"current"}),
        ({"current": PASSWORD, "new": "short", "again": "short"}, {"new"}),
        ({"current": PASSWORD, "new": "battery staple", "again": "battery"}, {"again"}),
        ({"current": PASSWORD, "new": PASSWORD, "again": PASSWORD}, {"new"}),
        ({"current": PASSWORD, "new": NAME.upper(), "again": NAME.upper()}, {"new"}),
        ({"current": PASSWORD, "new": "x" * 1001, "again": "x" * 1001}, {"new"}),
        ({}, {"current", "new"}),
    ],
)
def test_a_password_that_will_not_do_is_refused_beside_its_field(
    installation: Installation, form: dict[str, str], fields: set[str]
) -> None:
    here = signed_in(site(installation))
    answer = here.post("/me/password", **form)
    assert answer.status_code == 422
    assert set(re.findall(r'id="error-(\w+)"', answer.text)) == fields
    signed_in(site(installation))


@pytest.mark.usefixtures("person")
def test_a_browser_left_open_is_no_place_to_guess_the_password(installation: Installation) -> None:
    here = signed_in(site(installation))
    told = here.post("/me/password", current="wrong", new=PASSWORD, again=PASSWORD).text
    assert "和现在的一样" not in told, "the new password's field would tell the present one"
    for _ in range(4):
        here.post("/me/password", current="wrong", new="battery staple", again="battery staple")
    answer = here.post("/me/password", current=PASSWORD, new="battery staple", again="battery staple")
    assert "请过 30 秒再试" in answer.text
    at_the_door = site(installation).post("/sign-in", data={"name": NAME, "password": PASSWORD})
    assert at_the_door.status_code == 429, "one throttle for both"


@pytest.mark.usefixtures("person")
def test_who_was_given_a_password_chooses_their_own_first(installation: Installation) -> None:
    must_change(installation)
    client = site(installation)
    answer = client.post("/sign-in", data={"name": NAME, "password": PASSWORD, "next": "/work"})
    assert answer.headers["location"] == "/me/password"
    page = client.get("/me/password").text
    here = SignedIn(client, csrf_of(page), client.cookies[SESSION_COOKIE])
    assert 'name="current"' not in page, "they have just typed it"
    assert here.get("/me").headers["location"] == "/me/password"
    assert here.post("/me/tokens", name="a script").status_code == 403
    assert client.get("/api/v1/me/preferences").status_code == 403
    same = here.post("/me/password", new=PASSWORD, again=PASSWORD)
    assert "新密码和现在的一样" in same.text
    done = here.post("/me/password", new="battery staple", again="battery staple")
    assert (done.status_code, done.headers["location"]) == (303, "/work")
    assert here.get("/me").status_code == 200
    signed_in(site(installation), "battery staple")


@pytest.mark.usefixtures("person")
def test_a_script_cannot_choose_the_password_of_whoever_was_given_one(
    installation: Installation, clock: MovableClock
) -> None:
    with installation.database.read() as session:
        person_id = session.scalars(select(Person.id)).one()
    script = Shipping(installation, clock).script(person_id)
    must_change(installation)
    answer = script.post("/me/password", data={"new": "battery staple", "again": "battery staple"})
    assert answer.status_code == 422
    signed_in(site(installation))


@pytest.mark.usefixtures("person")
def test_a_token_is_shown_once_kept_as_a_hash_and_refused_when_revoked(
    installation: Installation, clock: MovableClock
) -> None:
    here = signed_in(site(installation))
    found = re.search(r'<p class="secret">([\w-]+)</p>', here.post("/me/tokens", name="上传脚本").text)
    assert found
    token = found[1]
    with installation.database.read() as session:
        kept = session.scalars(select(ApiToken)).one()
    assert (kept.token_hash, kept.name) == (hash_token(token), "上传脚本")
    page = here.get("/me").text
    assert token not in page
    assert "上传脚本" in page
    script = site(installation)
    script.headers["Authorization"] = f"Bearer {token}"
    assert script.get("/api/v1/me").json()["email"] == NAME
    shipping = Shipping(installation, clock)
    stranger = shipping.browser(shipping.actor(Role.ADMIN).person_id)
    assert stranger.post(f"/me/tokens/{kept.id}/revoke").status_code == 404
    assert script.get("/api/v1/me").status_code == 200
    assert here.post(f"/me/tokens/{kept.id}/revoke").status_code == 303
    assert script.get("/api/v1/me").status_code == 401
    assert here.post(f"/me/tokens/{kept.id}/revoke").status_code == 404


@pytest.mark.usefixtures("person")
@pytest.mark.parametrize("name", ["", "  ", "x" * 121, "a\x00b"])
def test_a_token_wants_a_name(installation: Installation, name: str) -> None:
    here = signed_in(site(installation))
    answer = here.post("/me/tokens", name=name)
    assert answer.status_code == 422
    assert 'id="error-name"' in answer.text
    assert 'class="secret"' not in answer.text


def test_who_has_left_is_refused_at_once_by_session_bearer_and_token(
    installation: Installation, clock: MovableClock, person: Any
) -> None:
    here, script = signed_in(site(installation)), Shipping(installation, clock).script(person)
    bearer = site(installation)
    bearer.headers["Authorization"] = f"Bearer {here.token}"
    doors = (here.client, bearer, script)
    assert [client.get("/api/v1/me").status_code for client in doors] == [200, 200, 200]
    with installation.database.write() as session:
        session.get_one(Person, person).state = PersonState.LEFT
    assert [client.get("/api/v1/me").status_code for client in doors] == [401, 401, 401]
    assert here.get("/me").status_code == 303


@pytest.mark.usefixtures("person")
def test_high_contrast_is_one_of_the_colours_and_any_other_ends_it(installation: Installation) -> None:
    here = signed_in(site(installation))
    assert here.post("/me/preferences", theme="contrast").status_code == 303
    assert re.search(r'name="theme" value="contrast" checked', here.get("/me/preferences").text)
    assert here.get("/api/v1/me/preferences").json()["contrast"] == "high"
    here.post("/me/preferences", theme="dark")
    kept = here.get("/api/v1/me/preferences").json()
    assert (kept["contrast"], kept["theme"]) == ("normal", "dark")


def test_the_door_leads_to_an_address_only_where_there_is_one(installation: Installation) -> None:
    assert "怎么找他们" not in site(installation).get("/").text
    settings = installation.settings.model_copy(update={"help_contact": "0571 1234"})
    with_contact = site(replace(installation, settings=settings)).get("/").text
    assert 'href="/help#contact">怎么找他们' in with_contact


def test_each_sign_in_is_listed_by_its_device(installation: Installation, person: Any) -> None:
    phone, script = site(installation), site(installation)
    phone.headers["User-Agent"] = "Mozilla/5.0 (Linux; Android 14) Chrome/131.0 Mobile Safari/537.36"
    page = signed_in(phone).client
    signed_in(script)
    listed = page.get("/me").text
    assert listed.count("<b>安卓手机，Chrome</b>") == 1
    assert listed.count("<b>没有记下是什么设备</b>") == 1
    assert 'aria-label="退出 没有记下是什么设备 的登录，' in listed
    assert "Mozilla" not in listed
