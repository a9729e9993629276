"""Files that come in parts, over HTTP: in any order, again, after a crash, to both stores."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from leye_platform.accounts.rules import Role
from leye_platform.app import create_app
from leye_platform.installation import Installation
from leye_platform.projects.models import Batch
from leye_platform.projects.rules import BatchState
from leye_platform.projects.service import upload_key
from leye_platform.uploads import rules
from leye_platform.uploads.models import UploadPart, UploadSession
from leye_platform.uploads.rules import UploadState
from leye_storage import open_store
from support.clock import MovableClock
from support.s3_server import s3_server
from support.shipping import Shipping
from support.uploading import batch_of, hidden_key, read_batch

PART = 5 << 20  # bytes; S3 takes no smaller part that is not the last
ROW = b'{"review": "' + b"x" * 1000 + b'"}\n'


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of a few parts stay small enough for tests."""
    monkeypatch.setattr(rules, "SMALLEST_PART", PART)


@pytest.fixture(scope="module")
def s3_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with s3_server(tmp_path_factory.mktemp("s3"), behind_its_back=False) as server:
        yield f"s3://{server.key}:{server.secret}@{server.address}/leye?secure=false"


class Sender:
    """A partner's engineer with a file for a project."""

    def __init__(self, installation: Installation, clock: MovableClock, size: int = 2 * PART + 7) -> None:
        self.shipping = Shipping(installation, clock)
        self.project_id = self.shipping.batch(1).project_id
        self.who = self.shipping.browser(self.shipping.actor(Role.COORDINATOR).person_id)
        rows = ROW * (size // len(ROW))
        self.content = rows + b" " * (size - len(rows))

    def part(self, number: int) -> bytes:
        return self.content[(number - 1) * PART : number * PART]

    @property
    def sums(self) -> list[str]:
        count = -(-len(self.content) // PART)
        return [hashlib.sha256(self.part(number)).hexdigest() for number in range(1, count + 1)]

    def ask(self, method: str, path: str, **more: Any) -> Any:
        headers = {"X-CSRF-Token": self.who.csrf} | more.pop("headers", {})
        return self.who.client.request(method, path, headers=headers, **more)

    def begin(self, **more: Any) -> dict[str, Any]:
        body = {"file_name": "七月.jsonl", "size": len(self.content)} | more
        answer = self.ask("POST", f"/api/v1/projects/{self.project_id}/uploads", json=body)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def batch(self) -> str:
        body = {"name": "七月", "file_name": "七月.jsonl"}
        found: str = self.ask("POST", f"/api/v1/projects/{self.project_id}/batches", json=body).json()["id"]
        return found

    def put(self, upload: dict[str, Any], number: int, content: bytes | None = None, query: str = "") -> Any:
        content = self.part(number) if content is None else content
        return self.ask("PUT", f"{upload['parts_url']}/{number}{query}", content=content)

    def look(self, upload: dict[str, Any]) -> dict[str, Any]:
        answer = self.ask("GET", f"/api/v1/uploads/{upload['id']}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def complete(self, upload: dict[str, Any], **body: Any) -> Any:
        return self.ask("POST", f"/api/v1/uploads/{upload['id']}/complete", json=body)


@pytest.fixture
def sender(installation: Installation, clock: MovableClock) -> Sender:
    return Sender(installation, clock)


@pytest.fixture
def in_s3(installation: Installation, clock: MovableClock, s3_url: str) -> Installation:
    settings = installation.settings.model_copy(update={"storage_url": s3_url, "uploads_direct": True})
    objects = open_store(s3_url, secret=installation.secret, base_url="", clock=clock)
    return replace(installation, settings=settings, objects=objects)


def test_a_script_sends_a_batchs_file_in_parts_and_has_it_read(sender: Sender) -> None:
    batch_id = sender.batch()
    upload = sender.begin(subject=batch_id)
    assert (upload["parts_total"], upload["missing"], upload["direct"]) == (3, [1, 2, 3], False)
    for number in (2, 3):
        assert sender.put(upload, number, query=f"?sha256={sender.sums[number - 1]}").status_code == 200
    assert sender.look(upload)["missing"] == [1]
    told = sender.complete(upload)
    assert (told.status_code, told.json()["parts"]) == (409, [1])
    assert told.json()["type"].endswith("parts-missing")
    assert sender.ask("POST", f"/api/v1/batches/{batch_id}/ingest").status_code == 409
    sender.put(upload, 1)
    found = sender.look(upload)
    assert [part["sha256"] for part in found["parts"]] == sender.sums
    assert sender.complete(upload, parts=sender.sums).json()["state"] == "complete"
    assert sender.complete(upload).json()["state"] == "complete"
    assert b"".join(sender.shipping.installation.objects.read(upload_key(UUID(batch_id)))) == sender.content
    assert sender.ask("POST", f"/api/v1/batches/{batch_id}/ingest").status_code == 202
    batch = read_batch(sender.shipping, UUID(batch_id))
    assert batch.state is BatchState.READY
    assert batch.rows_in == sender.content.count(b"\n")


def test_a_part_that_is_wrong_is_refused_with_what_is_wrong(sender: Sender) -> None:
    upload = sender.begin()
    for number, content, query, code in (
        (1, b"short", "", "part-of-other-size"),
        (1, sender.part(1) + b"x" * PART, "", "part-of-other-size"),
        (4, b"x", "", "no-such-part"),
        (1, os.urandom(PART), f"?sha256={sender.sums[0]}", "part-damaged"),
    ):
        answer = sender.put(upload, number, content, query)
        assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (422, code)
    assert sender.look(upload)["parts"] == []
    sender.put(upload, 1, os.urandom(PART))
    for number in (2, 3):
        sender.put(upload, number)
    told = sender.complete(upload, parts=sender.sums)
    assert (told.status_code, told.json()["parts"]) == (409, [1])
    sender.put(upload, 1)
    assert sender.complete(upload, parts=sender.sums).status_code == 200
    assert sender.put(upload, 1).status_code == 409


def test_a_file_chosen_again_goes_on_where_it_was_broken_off(sender: Sender) -> None:
    first = hashlib.sha256(sender.content[: 8 << 20]).hexdigest()
    upload = sender.begin(first_part=first)
    sender.put(upload, 1)
    again = sender.begin(first_part=first)
    assert (again["id"], again["missing"]) == (upload["id"], [2, 3])
    assert sender.begin(first_part="0" * 64)["id"] != upload["id"], "another file of the same name and size"
    assert sender.begin()["id"] != upload["id"]
    colleague = Sender.__new__(Sender)
    colleague.__dict__.update(sender.__dict__)
    colleague.who = sender.shipping.browser(sender.shipping.actor(Role.COORDINATOR).person_id)
    assert colleague.begin(first_part=first)["id"] != upload["id"], "somebody else's"
    for number in (2, 3):
        sender.put(upload, number)
    sender.complete(upload)
    assert sender.begin(first_part=first)["state"] == "complete", "whole, but its form was not sent in"


def test_a_form_takes_a_file_that_came_before_it(sender: Sender) -> None:
    upload, path = sender.begin(), f"/projects/{sender.project_id}/batches/new"
    form = {"csrf": sender.who.csrf, "purpose": "production", "upload": upload["id"]}
    form["key"] = hidden_key(sender.who.get(path).text)
    early = sender.who.client.post(path, data=form)
    assert early.status_code == 422
    assert "没有找到这次上传" in early.text
    for number in (1, 2, 3):
        sender.put(upload, number)
    sender.complete(upload)
    wrong = sender.who.client.post(path, data=form | {"deadline": "1999-01-01"})
    assert wrong.status_code == 422
    assert "文件已经传到" in wrong.text
    assert f'name="upload" value="{upload["id"]}"' in wrong.text
    batch_id = batch_of(sender.who.client.post(path, data=form))
    assert batch_id == batch_of(sender.who.client.post(path, data=form)) == UUID(upload["subject"])
    batch = read_batch(sender.shipping, batch_id)
    assert (batch.name, batch.state) == ("七月", BatchState.READY)


def test_a_form_takes_a_further_file_that_came_before_it(sender: Sender) -> None:
    first = sender.begin()
    for number in (1, 2, 3):
        sender.put(first, number)
    sender.complete(first)
    form = {"csrf": sender.who.csrf, "purpose": "production", "upload": first["id"], "key": ""}
    batch_id = batch_of(sender.who.client.post(f"/projects/{sender.project_id}/batches/new", data=form))
    read_batch(sender.shipping, batch_id)
    upload = sender.begin(kind="addition")
    for number in (1, 2, 3):
        sender.put(upload, number)
    sender.complete(upload)
    answer = sender.who.client.post(
        f"/batches/{batch_id}/additions/new", data={"csrf": sender.who.csrf, "key": "", "upload": upload["id"]}
    )
    assert answer.status_code == 303
    additions = sender.ask("GET", f"/api/v1/batches/{batch_id}/additions").json()
    assert [one["id"] for one in additions] == [upload["subject"]]


def test_a_process_killed_between_the_store_and_the_row_loses_nothing(sender: Sender) -> None:
    upload = sender.begin()
    for number in (1, 2, 3):
        sender.put(upload, number)
    objects = sender.shipping.installation.objects
    with sender.shipping.database.write() as session:
        row = session.get_one(UploadSession, UUID(upload["id"]))
        key, begun = row.key, row.store_upload
        for part in session.scalars(select(UploadPart).where(UploadPart.upload_id == row.id, UploadPart.number == 2)):
            session.delete(part)  # as if killed after the store had the part
    assert sender.look(upload)["missing"] == []
    objects.parts.complete(key, begun, objects.parts.arrived(key, begun))  # killed before it could say so
    assert sender.complete(upload, parts=sender.sums).json()["state"] == "complete"
    assert b"".join(objects.read(key)) == sender.content


def test_an_upload_that_the_store_forgot_is_told_and_begun_anew(sender: Sender) -> None:
    first = hashlib.sha256(sender.content[: 8 << 20]).hexdigest()
    upload = sender.begin(first_part=first)
    with sender.shipping.database.read() as session:
        row = session.get_one(UploadSession, UUID(upload["id"]))
    sender.shipping.installation.objects.parts.abort(row.key, row.store_upload)
    assert sender.begin(first_part=first)["id"] != upload["id"]
    answer = sender.put(upload, 1)
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (409, "upload-ended")
    again = sender.begin()
    with sender.shipping.database.read() as session:
        row = session.get_one(UploadSession, UUID(again["id"]))
    sender.shipping.installation.objects.parts.abort(row.key, row.store_upload)
    assert sender.put(again, 1).json()["type"].endswith("upload-lost")


def test_an_upload_that_is_given_up_takes_nothing_more(sender: Sender) -> None:
    upload = sender.begin()
    sender.put(upload, 1)
    for _ in range(2):
        assert sender.ask("DELETE", f"/api/v1/uploads/{upload['id']}").status_code == 204
    assert sender.put(upload, 2).status_code == 409
    assert sender.complete(upload).status_code == 409
    assert list(sender.shipping.installation.objects.parts.underway()) == []
    with sender.shipping.database.read() as session:
        assert session.get_one(UploadSession, UUID(upload["id"])).state is UploadState.ABORTED


def test_a_file_above_the_limit_is_refused_before_a_byte_has_come(sender: Sender) -> None:
    body = {"file_name": "x.zip", "size": sender.shipping.installation.settings.upload_limit + 1}
    answer = sender.ask("POST", f"/api/v1/projects/{sender.project_id}/uploads", json=body)
    assert answer.status_code == 413


def test_a_batch_that_has_its_file_takes_no_other_and_anothers_is_not_there(sender: Sender) -> None:
    batch_id = sender.batch()
    with sender.shipping.database.write() as session:
        session.get_one(Batch, UUID(batch_id)).state = BatchState.READY
    body = {"file_name": "x", "size": 5, "subject": batch_id}
    path = f"/api/v1/projects/{sender.project_id}/uploads"
    assert sender.ask("POST", path, json=body).status_code == 409
    other = str(sender.shipping.batch(1).batch_id)
    assert sender.ask("POST", path, json=body | {"subject": other}).status_code == 404
    assert sender.ask("POST", path, json=body | {"kind": "addition"}).status_code == 404


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_parts_go_through_our_origin_or_straight_to_a_bucket(in_s3: Installation, clock: MovableClock) -> None:
    sender = Sender(in_s3, clock)
    upload = sender.begin()
    assert upload["direct"] is True
    for _ in range(2):  # the second one is not sent on: the store has it
        assert sender.put(upload, 1).status_code == 200
    for number in (2, 3):
        url = sender.ask("GET", f"{upload['parts_url']}/{number}/url").json()["url"]
        assert httpx.put(url, content=sender.part(number)).status_code == 200
    parts = sender.look(upload)["parts"]
    assert [part["sha256"] for part in parts] == [sender.sums[0], None, None]
    assert parts[1]["etag"] == hashlib.md5(sender.part(2), usedforsecurity=False).hexdigest()
    assert sender.complete(upload, parts=sender.sums).json()["state"] == "complete"
    assert b"".join(in_s3.objects.read(upload_key(UUID(upload["subject"])))) == sender.content
    policy = TestClient(create_app(in_s3)).get("/").headers["content-security-policy"]
    assert f"connect-src 'self' {in_s3.objects.parts.origin};" in policy


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_where_no_browser_reaches_the_bucket_there_is_no_address_of_it(sender: Sender) -> None:
    upload = sender.begin()
    assert sender.ask("GET", f"{upload['parts_url']}/1/url").json() == {"url": None}
    assert sender.ask("GET", f"{upload['parts_url']}/4/url").status_code == 422
