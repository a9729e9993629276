"""Tokens as clients of Label Studio use them, and how errors look to them."""

import jwt
import pytest

from leye_platform.accounts.rules import Role
from support.label_studio import Face

ON_ONE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def test_who_one_is_with_and_without_a_slash_at_the_end(face: Face) -> None:
    partner = face.partner()
    for path in ("/api/current-user/whoami", "/api/current-user/whoami/"):
        told = partner.get(path)
        assert told.status_code == 200
        assert told.json()["id"] == partner.number
    assert partner.get("/api/version/").json()["edition"] == "Community"
    assert face.http.get("/health").json() == {"status": "UP"}


def test_a_long_token_is_exchanged_for_a_short_one_that_ends(face: Face) -> None:
    partner = face.partner()
    long = partner.post("/api/token").json()["token"]
    assert jwt.decode(long, options={"verify_signature": False})["exp"] > face.clock.now().timestamp()
    short = face.http.post("/api/token/refresh/", json={"refresh": long}).json()["access"]
    bearer = {"Authorization": f"Bearer {short}"}
    assert face.http.get("/api/current-user/whoami", headers=bearer).json()["id"] == partner.number
    face.clock.move(minutes=6)
    assert face.http.get("/api/current-user/whoami", headers=bearer).status_code == 401
    assert face.http.post("/api/token/refresh", json={"refresh": long}).status_code == 200
    face.clock.move(days=366)
    assert face.http.post("/api/token/refresh", json={"refresh": long}).status_code == 401


@pytest.mark.parametrize("scheme", ["Token", "Bearer"])
def test_a_long_token_opens_nothing_by_itself(face: Face, scheme: str) -> None:
    long = face.partner().post("/api/token").json()["token"]
    for days in (0, 366):
        face.clock.move(days=days)
        told = face.http.get("/api/current-user/whoami", headers={"Authorization": f"{scheme} {long}"})
        assert told.status_code == 401, "else it would go on after its end"


def test_a_long_token_that_is_ended_ends_the_short_ones_made_from_it(face: Face) -> None:
    partner = face.partner()
    long = partner.post("/api/token").json()["token"]
    short = face.http.post("/api/token/refresh", json={"refresh": long}).json()["access"]
    other = face.client(Role.ANNOTATOR)
    assert other.post("/api/token/blacklist", {"refresh": long}).status_code == 404, "only its owner ends it"
    assert partner.post("/api/token/blacklist", {"refresh": long}).status_code == 204
    bearer = {"Authorization": f"Bearer {short}"}
    assert face.http.get("/api/current-user/whoami", headers=bearer).status_code == 401


@ON_ONE
@pytest.mark.parametrize("token", ["", "x", "a.b.c", "eyJhbGciOiJub25lIn0.eyJ0b2tlbl90eXBlIjoiYWNjZXNzIn0."])
def test_what_is_no_token_is_refused_in_label_studios_shape(face: Face, token: str) -> None:
    for scheme in ("Token", "Bearer"):
        refused = face.http.get("/api/current-user/whoami", headers={"Authorization": f"{scheme} {token}"})
        assert refused.status_code == refused.json()["status_code"] == 401
        assert refused.json()["detail"]
    assert face.http.post("/api/token/refresh", json={"refresh": token}).status_code == 401


@ON_ONE
def test_an_access_token_signed_with_another_key_opens_nothing(face: Face) -> None:
    partner = face.partner()
    long = partner.post("/api/token").json()["token"]
    forged = jwt.encode(jwt.decode(long, options={"verify_signature": False}), "another key of thirty-two bytes!!")
    assert face.http.post("/api/token/refresh", json={"refresh": forged}).status_code == 401
    wrong_kind = {"Authorization": f"Bearer {long}x"}
    assert face.http.get("/api/current-user/whoami", headers=wrong_kind).status_code == 401


@ON_ONE
@pytest.mark.parametrize("body", [b"{", b"[1,", b'{"title": NaN}', b"\xff\xfe", b"[" * 2000])
def test_a_body_that_is_no_json_is_told_so(face: Face, body: bytes) -> None:
    partner = face.partner()
    headers = partner.headers | {"Content-Type": "application/json"}
    refused = face.http.post("/api/projects", content=body, headers=headers)
    assert refused.status_code == 400
    assert "JSON" in refused.json()["detail"]


@ON_ONE
def test_a_path_that_is_not_served_says_so_and_asks_for_no_retry(face: Face) -> None:
    partner = face.partner()
    for path in ("/api/dm/views", "/api/storages/s3", "/api/webhooks", "/api/ml", "/api/projects/1/exports/9"):
        refused = partner.get(path)
        assert refused.status_code == 404
        assert refused.json()["detail"]
