"""One contract for both stores: a folder, and a real S3 server (rclone's, from its package)."""

import hashlib
import io
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

import httpx
import pytest

from leye_storage import ObjectInfo, ObjectStore, open_object, open_store
from leye_storage.errors import (
    KeyRefused,
    ObjectMissing,
    ObjectTooLarge,
    SignatureExpired,
    SignatureRefused,
    StorageUrlRefused,
    StoreUnavailable,
)
from leye_storage.s3_client import client_for
from leye_storage.sign import verify
from support.clock import MovableClock
from support.s3_server import s3_server
from support.servers import free_port

SECRET = "a secret of at least thirty-two characters"


@pytest.fixture(scope="module")
def s3_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with s3_server(tmp_path_factory.mktemp("s3")) as server:
        yield f"s3://{server.key}:{server.secret}@{server.address}/leye?secure=false"


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path, clock: MovableClock) -> ObjectStore:
    url = f"file://{tmp_path / 'objects'}" if request.param == "folder" else request.getfixturevalue("s3_url")
    return open_store(url, secret=SECRET, base_url="http://testserver", clock=clock)


def put(store: ObjectStore, key: str, content: bytes, limit: int | None = None) -> str | None:
    return store.put(key, io.BytesIO(content), content_type="text/plain", limit=limit).sha256


def test_what_is_put_is_read_back_whole_and_in_part(store: ObjectStore) -> None:
    content = bytes(range(256)) * 10_000
    digest = put(store, "a/文件 1.bin", content)
    assert digest == hashlib.sha256(content).hexdigest()
    assert b"".join(store.read("a/文件 1.bin")) == content
    assert b"".join(store.read("a/文件 1.bin", 255, 300)) == content[255:300]
    assert b"".join(store.read("a/文件 1.bin", len(content) - 3)) == content[-3:]
    assert b"".join(store.read("a/文件 1.bin", len(content) - 3, len(content) + 3)) == content[-3:]
    assert store.stat("a/文件 1.bin").size == len(content)


@pytest.mark.parametrize(("start", "end"), [(3, 3), (3, 2), (5, None), (9, None), (9, 12)])
def test_a_range_without_bytes_is_empty(store: ObjectStore, start: int, end: int | None) -> None:
    put(store, "five", b"12345")
    assert b"".join(store.read("five", start, end)) == b""


def test_an_object_of_several_parts_is_hashed_and_read_back_whole(store: ObjectStore) -> None:
    content = bytes(range(256)) * (70 << 10)  # 17.5 MiB: more than one part of an upload
    info = store.put("large", io.BytesIO(content), content_type="application/octet-stream")
    assert info == ObjectInfo(len(content), hashlib.sha256(content).hexdigest())
    assert hashlib.sha256(b"".join(store.read("large"))).hexdigest() == info.sha256


def test_putting_again_replaces(store: ObjectStore) -> None:
    put(store, "again", b"one")
    put(store, "again", b"two")
    assert b"".join(store.read("again")) == b"two"


def test_an_empty_object_is_an_object(store: ObjectStore) -> None:
    put(store, "empty", b"")
    assert b"".join(store.read("empty")) == b""


def test_what_is_not_there_is_named_missing(store: ObjectStore) -> None:
    with pytest.raises(ObjectMissing):
        store.stat("nothing")
    with pytest.raises(ObjectMissing):
        list(store.read("nothing"))
    store.delete("nothing")


def test_the_folder_of_an_object_is_no_object_itself(store: ObjectStore) -> None:
    put(store, "outer/inner", b"x")
    for key in ("outer", "outer/inner/deeper"):
        with pytest.raises(ObjectMissing):
            store.stat(key)
        with pytest.raises(ObjectMissing):
            store.read(key)


def test_an_object_that_goes_away_while_it_is_read_is_named_missing(store: ObjectStore) -> None:
    put(store, "brief", b"x")
    chunks = store.read("brief")
    store.delete("brief")
    with pytest.raises(ObjectMissing):
        next(chunks)


def test_keys_are_listed_by_prefix_and_gone_once_deleted(store: ObjectStore) -> None:
    for key in ("list/b", "list/a", "other/c"):
        put(store, key, b"x")
    assert list(store.keys("list/")) == ["list/a", "list/b"]
    assert list(store.keys("list/a")) == ["list/a"]
    assert list(store.keys("no/such/")) == []
    store.delete("list/a")
    assert list(store.keys("list/")) == ["list/b"]


@pytest.mark.parametrize("prefix", ["../", "/", "a/../b/", ".drafts/"])
def test_a_prefix_that_no_key_can_begin_with_is_refused(store: ObjectStore, prefix: str) -> None:
    with pytest.raises(KeyRefused):
        store.keys(prefix)


def test_too_many_bytes_store_nothing(store: ObjectStore) -> None:
    with pytest.raises(ObjectTooLarge):
        put(store, "big", b"x" * 101, limit=100)
    with pytest.raises(ObjectMissing):
        store.stat("big")
    put(store, "big", b"x" * 100, limit=100)
    assert store.stat("big").size == 100


def test_too_many_bytes_are_found_out_after_whole_parts_too(store: ObjectStore) -> None:
    with pytest.raises(ObjectTooLarge):
        put(store, "huge", b"x" * (34 << 20), limit=33 << 20)
    with pytest.raises(ObjectMissing):
        store.stat("huge")


def test_a_write_that_breaks_off_leaves_the_old_object(store: ObjectStore) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError("the line went dead")

    put(store, "kept", b"old")
    with pytest.raises(OSError, match="line"):
        store.put("kept", Broken(), content_type="text/plain")
    assert b"".join(store.read("kept")) == b"old"


NO_KEYS = ["", "/a", "a/../b", "a//b", "a/", ".", "a/.hidden", "a\x00b", "a\nb", "a\\b", "a?b", "a\ud800b"]
LONG = ["长" * 86, "/".join(["x" * 200] * 5)]


@pytest.mark.parametrize("key", NO_KEYS + LONG)
def test_what_is_no_key_is_refused_by_every_method(store: ObjectStore, key: str) -> None:
    hour = timedelta(hours=1)
    uses: list[Callable[[], object]] = [
        lambda: put(store, key, b"x"),
        lambda: store.read(key),
        lambda: store.stat(key),
        lambda: store.delete(key),
        lambda: store.upload_url(key, hour),
        lambda: store.download_url(key, hour, "x"),
    ]
    for use in uses:
        with pytest.raises(KeyRefused) as refused:
            use()
        str(refused.value).encode()


def test_the_longest_key_is_one(store: ObjectStore) -> None:
    key = "/".join(["长" * 85] * 3)
    put(store, key, b"x")
    assert list(store.keys("长")) == [key]


def test_s3_urls_take_and_give_an_object_until_tampered_with(s3_url: str, clock: MovableClock) -> None:
    store = open_store(s3_url, secret=SECRET, base_url="http://testserver", clock=clock)
    url = store.upload_url("signed.txt", timedelta(minutes=5))
    assert httpx.put(url, content=b"hello", headers={"Content-Type": "text/plain"}).status_code == 200
    assert b"".join(store.read("signed.txt")) == b"hello"
    download = store.download_url("signed.txt", timedelta(minutes=5), "好.txt")
    assert httpx.get(download).content == b"hello"
    assert httpx.get(download.replace("signed.txt", "other.txt")).status_code in {400, 403, 404}


def signed_parts(url: str, base: str = "http://testserver/objects/") -> dict[str, str]:
    """What the site takes from a request for a signed URL."""
    split = urlsplit(url)
    query = dict(parse_qsl(split.query))
    assert url.startswith(base)
    return {
        "key": unquote(split.path.removeprefix("/objects/")),
        "until": query["until"],
        "filename": query.get("name", ""),
        "limit": query.get("limit", ""),
        "signature": query["signature"],
    }


def folder_store(tmp_path: Path, clock: MovableClock) -> ObjectStore:
    return open_store(f"file://{tmp_path}", secret=SECRET, base_url="http://testserver", clock=clock)


def test_a_folder_url_is_good_for_one_key_one_method_and_some_time(tmp_path: Path, clock: MovableClock) -> None:
    right = signed_parts(folder_store(tmp_path, clock).download_url("a/乙 b.txt", timedelta(minutes=5), "好 &.txt"))
    assert (right["key"], right["filename"]) == ("a/乙 b.txt", "好 &.txt")
    verify(SECRET, method="GET", **right, now=clock.move(minutes=5))
    with pytest.raises(SignatureExpired):
        verify(SECRET, method="GET", **right, now=clock.move(seconds=1))
    with pytest.raises(SignatureRefused):
        verify(SECRET, method="PUT", **right, now=clock.now())
    with pytest.raises(SignatureRefused):
        verify("another installation's secret, as long as ours", method="GET", **right, now=clock.now())


@pytest.mark.parametrize(
    "change",
    [
        {"key": "a/c.txt"},
        {"until": "99999999999"},
        {"until": "soon"},
        {"filename": "x"},
        {"limit": "1000000"},
        {"limit": ""},
        {"signature": ""},
        {"signature": "é\ud800"},
        {"key": "\ud800"},
    ],
)
def test_a_changed_folder_url_is_refused(tmp_path: Path, clock: MovableClock, change: dict[str, str]) -> None:
    right = signed_parts(folder_store(tmp_path, clock).upload_url("a/b.txt", timedelta(minutes=5), limit=1000))
    assert right["limit"] == "1000"
    verify(SECRET, method="PUT", **right, now=clock.now())
    with pytest.raises(SignatureRefused):
        verify(SECRET, method="PUT", **(right | change), now=clock.now())


def test_a_file_name_cannot_be_made_to_stand_for_a_key_and_a_time(tmp_path: Path, clock: MovableClock) -> None:
    name = "x\n99999999999\ny"
    right = signed_parts(folder_store(tmp_path, clock).download_url("k", timedelta(minutes=5), name))
    moved = right | {"key": f"k\n{right['until']}\nx", "until": "99999999999", "filename": "y"}
    with pytest.raises(SignatureRefused):
        verify(SECRET, method="GET", **moved, now=clock.now())


@pytest.mark.parametrize(
    "url",
    [
        "ftp://x",
        "objects",
        "file://host/x",
        "file:///x?y=1",
        "file:///x%00y",
        "s3://host/bucket",
        "s3://k:hush@host/",
        "s3://k:hush@host/a/b",
        "s3://k:hush@host/Big_Bucket",
        "s3://k:hush@host:port/bucket",
        "s3://k:hush@host:99999/bucket",
        "s3://k:hush@[::1/bucket",
        "s3://k:hush@host/bucket?region=_x",
        "s3://k:hush@host/bucket?colour=red",
        "s3://k:hush@host/bucket?secure=perhaps",
        "s3://k:hush@host/bucket?style=",
    ],
)
def test_a_storage_url_that_cannot_be_used_is_refused_without_telling_its_secret(url: str, clock: MovableClock) -> None:
    with pytest.raises(StorageUrlRefused) as refused:
        open_store(url, secret=SECRET, base_url="http://testserver", clock=clock)
    assert str(refused.value)
    assert "hush" not in str(refused.value)


def test_a_server_that_does_not_answer_or_refuses_the_key_is_named(s3_url: str, clock: MovableClock) -> None:
    silent = f"s3://k:hush@127.0.0.1:{free_port()}/bucket?secure=false"
    for url in (silent, s3_url.replace("leyesecret", "hush-hush")):
        with pytest.raises(StoreUnavailable) as refused:
            open_store(url, secret=SECRET, base_url="http://testserver", clock=clock)
        assert "hush" not in str(refused.value)


def test_the_bucket_is_made_once_and_found_again(s3_url: str, clock: MovableClock) -> None:
    url = s3_url.replace("/leye?", "/made-here?")
    put(open_store(url, secret=SECRET, base_url="", clock=clock), "kept", b"x")
    assert list(open_store(url, secret=SECRET, base_url="", clock=clock).keys()) == ["kept"]


def test_virtual_style_puts_the_bucket_into_the_host_name(clock: MovableClock) -> None:
    parts = urlsplit("s3://k:s@oss.example.com/bucket?style=virtual&region=cn-hangzhou")
    client = client_for(parts, {"style": "virtual", "region": "cn-hangzhou"})
    url = urlsplit(client.presigned_get_object(bucket_name="bucket", object_name="a/b"))
    assert (url.scheme, url.netloc, url.path) == ("https", "bucket.oss.example.com", "/a/b")
    assert "cn-hangzhou" in url.query


def test_deleting_the_folder_of_an_object_leaves_the_object(tmp_path: Path, clock: MovableClock) -> None:
    store = folder_store(tmp_path, clock)
    put(store, "outer/inner", b"x")
    for key in ("outer", "outer/inner/deeper"):
        store.delete(key)
    assert list(store.keys()) == ["outer/inner"]


def test_drafts_of_killed_writers_are_swept_and_those_of_living_ones_stay(tmp_path: Path, clock: MovableClock) -> None:
    folder_store(tmp_path, clock)
    for name, age in (("abandoned", timedelta(days=2)), ("being-written", timedelta(minutes=2))):
        draft, moment = tmp_path / ".drafts" / name, (clock.now() - age).timestamp()
        draft.touch()
        os.utime(draft, (moment, moment))
    store = folder_store(tmp_path, clock)
    assert [path.name for path in (tmp_path / ".drafts").iterdir()] == ["being-written"]
    assert list(store.keys()) == []


def test_a_write_that_breaks_off_leaves_no_draft(tmp_path: Path, clock: MovableClock) -> None:
    store = folder_store(tmp_path, clock)
    with pytest.raises(ObjectTooLarge):
        put(store, "big", b"xx", limit=1)
    assert list((tmp_path / ".drafts").iterdir()) == []


def test_an_object_is_read_as_a_file_that_can_be_sought_in(store: ObjectStore) -> None:
    content = bytes(range(256)) * 4000
    store.put("a/b", io.BytesIO(content), content_type="application/octet-stream")
    with open_object(store, "a/b") as file:
        assert file.read(10) == content[:10]
        assert file.seek(-6, 2) == len(content) - 6
        assert file.read() == content[-6:]
        file.seek(500_000)
        assert file.read(300_000) == content[500_000:800_000]
    with pytest.raises(ObjectMissing):
        open_object(store, "a/c")


def test_objects_are_listed_with_their_sizes_and_times(store: ObjectStore) -> None:
    before = {found.key for found in store.listed()}
    for key, content in (("listing/a/c", b"123"), ("listing/a-b", b"12")):
        put(store, key, content)
    found = {one.key: one for one in store.listed("listing/")}
    assert {key: one.size for key, one in found.items()} == {"listing/a-b": 2, "listing/a/c": 3}
    assert all(abs((one.modified_at - datetime.now(UTC)).total_seconds()) < 60 for one in found.values())
    assert {found.key for found in store.listed()} == before | set(found)
    assert list(store.keys("listing/")) == sorted(found)
    with pytest.raises(KeyRefused):
        list(store.listed("../"))
