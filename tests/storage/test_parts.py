"""Uploads in parts: one contract for a folder and for a real S3 server."""

import hashlib
import io
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from leye_storage import ObjectStore, open_store
from leye_storage.errors import KeyRefused, ObjectMissing, UploadGone
from leye_storage.parts import StoredPart
from support.clock import MovableClock
from support.s3_server import s3_server

SECRET = "a secret of at least thirty-two characters"
PART = 5 << 20  # bytes: the least that S3 takes of a part that is not the last


@pytest.fixture
def s3_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with s3_server(tmp_path_factory.mktemp("s3"), behind_its_back=False) as server:
        yield f"s3://{server.key}:{server.secret}@{server.address}/leye?secure=false"


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path, clock: MovableClock) -> ObjectStore:
    url = f"file://{tmp_path / 'objects'}" if request.param == "folder" else request.getfixturevalue("s3_url")
    return open_store(url, secret=SECRET, base_url="http://testserver", clock=clock)


def send(store: ObjectStore, key: str, upload: str, number: int, content: bytes) -> StoredPart:
    return store.parts.put(key, upload, number, io.BytesIO(content))


def test_parts_in_any_order_make_the_object_and_the_upload_is_gone(store: ObjectStore) -> None:
    content, key = os.urandom(2 * PART + 3), "uploads/some/0001"
    upload = store.parts.begin(key)
    assert store.parts.arrived(key, upload) == []
    for number in (3, 1, 2):
        send(store, key, upload, number, content[(number - 1) * PART : number * PART])
    with pytest.raises(ObjectMissing):
        store.stat(key)
    arrived = store.parts.arrived(key, upload)
    assert [(part.number, part.size) for part in arrived] == [(1, PART), (2, PART), (3, 3)]
    store.parts.complete(key, upload, arrived)
    assert hashlib.sha256(b"".join(store.read(key))).digest() == hashlib.sha256(content).digest()
    with pytest.raises(UploadGone):
        store.parts.arrived(key, upload)
    with pytest.raises(UploadGone):
        store.parts.complete(key, upload, arrived)
    assert store.stat(key).size == len(content)


def test_a_part_that_comes_again_takes_its_own_place(tmp_path: Path, clock: MovableClock) -> None:
    """Of a folder: rclone's server takes no part twice, and answers nobody any more after it was asked to."""
    store, key = open_store(f"file://{tmp_path}", secret=SECRET, base_url="", clock=clock), "uploads/again/0001"
    upload = store.parts.begin(key)
    first = send(store, key, upload, 1, b"wrong")
    second = send(store, key, upload, 1, b"right")
    assert first.etag != second.etag
    assert send(store, key, upload, 1, b"right") == second == store.parts.arrived(key, upload)[-1]
    store.parts.complete(key, upload, [second])
    assert b"".join(store.read(key)) == b"right"


def test_an_upload_that_is_given_up_leaves_nothing_and_takes_nothing_more(store: ObjectStore) -> None:
    key = "uploads/given-up/0001"
    upload = store.parts.begin(key)
    send(store, key, upload, 1, b"x")
    store.parts.abort(key, upload)
    store.parts.abort(key, upload)
    with pytest.raises(UploadGone):
        send(store, key, upload, 1, b"x")
    with pytest.raises(UploadGone):
        store.parts.arrived(key, "0" * 32)
    assert list(store.keys("uploads/given-up/")) == []


def test_what_is_under_way_is_no_object_and_tells_when_it_was_begun(store: ObjectStore) -> None:
    key = "uploads/under-way/0001"
    upload = store.parts.begin(key)
    send(store, key, upload, 1, b"x")
    assert list(store.keys()) == []
    assert list(store.listed()) == []
    [found] = store.parts.underway()
    assert (found.key, found.upload) == (key, upload)
    assert abs((found.begun_at - datetime.now(UTC)).total_seconds()) < 60


class Bucket(BaseHTTPRequestHandler):
    """A bucket that holds nothing but uploads, told two pages of one each; it forgets those that are given up."""

    uploads: ClassVar[dict[str, str]] = {}

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_HEAD(self) -> None:
        self.answer(b"")

    def do_DELETE(self) -> None:
        self.uploads.pop(parse_qs(urlsplit(self.path).query)["uploadId"][0])
        self.answer(b"", 204)

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query, keep_blank_values=True)
        after = query.get("key-marker", [""])[0]
        rest = sorted((key, upload) for upload, key in self.uploads.items() if key > after)
        told = "".join(
            f"<Upload><Key>{key}</Key><UploadId>{upload}</UploadId>"
            "<Initiated>2026-01-01T00:00:00.000Z</Initiated></Upload>"
            for key, upload in rest[:1]
        )
        more = f"<IsTruncated>{str(len(rest) > 1).lower()}</IsTruncated>"
        marker = f"<NextKeyMarker>{rest[0][0]}</NextKeyMarker>" if len(rest) > 1 else ""
        name = "ListMultipartUploadsResult" if "uploads" in query else "ListBucketResult"
        self.answer(f"<{name}>{more}{marker}{told if 'uploads' in query else ''}</{name}>".encode())

    def answer(self, body: bytes, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def test_all_uploads_of_a_bucket_are_told_page_by_page_and_given_up(clock: MovableClock) -> None:
    Bucket.uploads = {"u1": "a", "u2": "b", "u3": "c"}
    server = ThreadingHTTPServer(("127.0.0.1", 0), Bucket)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        url = f"s3://k:s@127.0.0.1:{server.server_port}/leye?secure=false"
        store = open_store(url, secret=SECRET, base_url="", clock=clock)
        found = list(store.parts.underway())
        assert [(one.key, one.upload) for one in found] == [("a", "u1"), ("b", "u2"), ("c", "u3")]
        assert found[0].begun_at == datetime(2026, 1, 1, tzinfo=UTC)
        for one in found[:2]:
            store.parts.abort(one.key, one.upload)
        assert [one.upload for one in store.parts.underway()] == ["u3"]
    finally:
        server.shutdown()
        server.server_close()


def test_what_is_no_key_is_refused(store: ObjectStore) -> None:
    with pytest.raises(KeyRefused):
        store.parts.begin("../x")
    with pytest.raises(KeyRefused):
        send(store, "a/../b", "0" * 32, 1, b"x")


def test_an_upload_outlives_the_process_that_began_it(tmp_path: Path, clock: MovableClock) -> None:
    url = f"file://{tmp_path}"
    before = open_store(url, secret=SECRET, base_url="", clock=clock)
    upload = before.parts.begin("a/b")
    send(before, "a/b", upload, 1, b"x")
    after = open_store(url, secret=SECRET, base_url="", clock=clock)
    send(after, "a/b", upload, 2, b"y")
    after.parts.complete("a/b", upload, after.parts.arrived("a/b", upload))
    assert b"".join(before.read("a/b")) == b"xy"


def test_a_name_that_is_no_upload_leads_out_of_no_folder(tmp_path: Path, clock: MovableClock) -> None:
    store = open_store(f"file://{tmp_path}", secret=SECRET, base_url="", clock=clock)
    for upload in ("../.drafts", "", "x" * 32, "."):
        with pytest.raises(UploadGone):
            store.parts.arrived("a", upload)
        store.parts.abort("a", upload)
    assert (tmp_path / ".drafts").is_dir()


def test_a_bucket_takes_a_part_by_a_signed_url_until_it_expires_or_is_changed(s3_url: str, clock: MovableClock) -> None:
    store, key = open_store(s3_url, secret=SECRET, base_url="", clock=clock), "uploads/signed/0001"
    upload = store.parts.begin(key)
    url = store.parts.url(key, upload, 1, timedelta(minutes=5))
    assert url is not None
    assert url.startswith(store.parts.origin + "/")
    answer = httpx.put(url, content=b"hello")
    assert answer.status_code == 200
    [part] = store.parts.arrived(key, upload)
    assert answer.headers["etag"].strip('"') == part.etag
    # The same address for another part, or past its time, is refused.
    assert httpx.put(url.replace("partNumber=1", "partNumber=2"), content=b"x").status_code >= 400
    brief = store.parts.url(key, upload, 2, timedelta(seconds=1))
    assert brief is not None
    time.sleep(2.1)
    assert httpx.put(brief, content=b"late").status_code >= 400
    assert store.parts.arrived(key, upload) == [part]
    store.parts.complete(key, upload, [part])
    assert b"".join(store.read(key)) == b"hello"


def test_reading_by_a_signed_url_ends_with_its_time(s3_url: str, clock: MovableClock) -> None:
    store = open_store(s3_url, secret=SECRET, base_url="", clock=clock)
    store.put("brief", io.BytesIO(b"hello"), content_type="text/plain")
    assert httpx.get(store.download_url("brief", timedelta(minutes=5), "brief.txt")).content == b"hello"
    url = store.download_url("brief", timedelta(seconds=1), "brief.txt")
    time.sleep(2.1)
    assert httpx.get(url).status_code in {400, 403}
