"""Sessions for scripts, and who one is, over the API."""

from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from leye_platform.accounts.models import Credential, SignInSession
from leye_platform.accounts.rules import Role
from leye_platform.accounts.service import add_user, issue_token
from leye_platform.accounts.tokens import hash_token
from leye_platform.app import create_app
from leye_platform.installation import Installation
from support.clock import MovableClock
from support.factories import AT

EMAIL, PASSWORD = "leader@demo.example", "correct horse 电池"
SESSIONS = "/api/v1/sessions"


@pytest.fixture
def client(installation: Installation) -> TestClient:
    """A script, and a leader of a base who has an account."""
    with installation.database.write() as session:
        person, _ = add_user(session, EMAIL, "leader", "演示基地", PASSWORD, AT, name="组长 01", staff_number="3001")
        person.phone = "13800000000"
    return TestClient(create_app(installation), follow_redirects=False)


def opened(client: TestClient, **more: Any) -> dict[str, Any]:
    answer = client.post(SESSIONS, json={"email": EMAIL, "password": PASSWORD} | more)
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_a_script_signs_in_and_is_told_who_it_is(client: TestClient) -> None:
    body = opened(client)
    client.cookies.clear()
    me = client.get("/api/v1/me", headers=bearer(body["token"])).json()
    assert (me["name"], me["email"], me["staff_number"], me["roles"]) == ("组长 01", EMAIL, "3001", ["leader"])
    assert [(seen["role"], seen["organisation_name"], seen["organisation_kind"]) for seen in me["standings"]] == [
        (Role.LEADER, "演示基地", "base")
    ]
    assert (body["roles"], body["must_change_password"]) == (["leader"], False)
    assert me["person"] == body["person"]


@pytest.mark.parametrize("name", [EMAIL.upper(), "138 0000 0000", "3001"])
def test_the_name_may_be_a_phone_or_a_staff_number_too(client: TestClient, name: str) -> None:
    opened(client, email=name)


def test_the_token_is_kept_as_a_hash(client: TestClient, installation: Installation) -> None:
    body = opened(client)
    with installation.database.read() as session:
        kept = session.scalars(select(SignInSession)).one()
    assert kept.token_hash == hash_token(body["token"])
    assert body["token"] not in str(vars(kept))


@pytest.mark.parametrize("given", [{"password": "wrong"}, {"email": "nobody@demo.example"}, {"email": ""}])
def test_a_refusal_is_a_problem_and_does_not_tell_which_part_was_wrong(
    client: TestClient, given: dict[str, str]
) -> None:
    answer = client.post(SESSIONS, json={"email": EMAIL, "password": PASSWORD} | given)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "/problems/sign-in-refused"


def test_guessing_is_throttled_and_says_when_to_come_back(client: TestClient, clock: MovableClock) -> None:
    for _ in range(5):
        assert client.post(SESSIONS, json={"email": EMAIL, "password": "wrong"}).status_code == 401
    answer = client.post(SESSIONS, json={"email": EMAIL, "password": PASSWORD})
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "30")
    assert answer.json()["type"] == "/problems/sign-in-throttled"
    clock.move(seconds=30)
    opened(client)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b'{"email": "leader@demo.example"}', "application/json"),
        (b'{"email": "leader@demo.example", "password": "correct horse"}', "text/plain"),
        (b'{"email": "x", "password": "' + b"x" * 4001 + b'"}', "application/json"),
    ],
)
def test_what_is_no_sign_in_is_refused(client: TestClient, body: bytes, kind: str) -> None:
    answer = client.post(SESSIONS, content=body, headers={"content-type": kind})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_bearer_needs_no_csrf_token_and_a_cookie_does(client: TestClient) -> None:
    current = f"{SESSIONS}/current"
    body = opened(client)
    refused = client.delete(current)
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/stale-page")
    assert client.delete(current, headers={"X-CSRF-Token": body["csrf_token"]}).status_code == 204
    assert client.get("/api/v1/me", headers=bearer(body["token"])).status_code == 401
    token = opened(client)["token"]
    client.cookies.clear()
    assert client.delete(current, headers=bearer(token)).status_code == 204
    assert client.delete(current, headers=bearer(token)).status_code == 401


def test_an_api_token_has_no_session_to_end(client: TestClient, installation: Installation) -> None:
    with installation.database.write() as session:
        token = issue_token(session, EMAIL, "script", AT)
    answer = client.delete(f"{SESSIONS}/current", headers={"Authorization": f"Token {token}"})
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/not-signed-in-by-session")
    assert client.get("/api/v1/me", headers={"Authorization": f"Token {token}"}).status_code == 200


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Bearer wrong", "Basic abc", "Token \xff", "wrong"])
def test_what_is_no_token_is_nobody(client: TestClient, header: str) -> None:
    answer = client.get("/api/v1/me", headers={"Authorization": header.encode("latin-1")})
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(("stay", "hours"), [(False, 24), (True, 30 * 24)])
def test_a_session_ends_by_itself(client: TestClient, clock: MovableClock, stay: bool, hours: int) -> None:
    token = opened(client, stay=stay)["token"]
    client.cookies.clear()
    clock.move(hours=hours, seconds=-1)
    assert client.get("/api/v1/me", headers=bearer(token)).status_code == 200
    clock.move(seconds=1)
    assert client.get("/api/v1/me", headers=bearer(token)).status_code == 401


def test_a_script_is_told_that_the_password_must_be_changed(client: TestClient, installation: Installation) -> None:
    with installation.database.write() as session:
        session.scalars(select(Credential)).one().must_change = True
    body = opened(client)
    client.cookies.clear()
    assert body["must_change_password"]
    assert client.get("/api/v1/me", headers=bearer(body["token"])).json()["must_change_password"]
    answer = client.post("/api/v1/claims", json={}, headers=bearer(body["token"]))
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/password-must-change")


@pytest.mark.parametrize("scheme", ["Bearer", "Token", "token"])
def test_a_token_that_does_not_work_is_told_from_none_at_all(client: TestClient, scheme: str) -> None:
    refused = client.get("/api/v1/me", headers={"Authorization": f"{scheme} wrong"})
    assert (refused.status_code, refused.json()["type"]) == (401, "/problems/token-not-valid")
    assert "我的账号" in refused.json()["title"]
    for headers in ({}, {"Authorization": f"{scheme} "}, {"Authorization": "Basic eDp5"}):
        unsigned = client.get("/api/v1/me", headers=headers)
        assert (unsigned.status_code, unsigned.json()["type"]) == (401, "/problems/sign-in-ended-here")


def test_a_revoked_token_is_told_so(client: TestClient, installation: Installation) -> None:
    token = opened(client)["token"]
    client.cookies.clear()
    assert client.delete(f"{SESSIONS}/current", headers=bearer(token)).status_code == 204
    assert client.get("/api/v1/me", headers=bearer(token)).json()["type"] == "/problems/token-not-valid"
