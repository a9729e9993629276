"""A batch read from the partner's own bucket: a real S3 server, whose owner changes things while we read."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select

from leye_platform.accounts.rules import Role
from leye_platform.installation import Installation
from leye_platform.matching.models import SealedRecord
from leye_platform.projects.ingest import run, run_ingest
from leye_platform.projects.ingest.bucket_files import listing_key
from leye_platform.projects.ingest.picture_rows import with_pictures
from leye_platform.projects.models import BatchBucket
from leye_platform.projects.rules import BatchState
from leye_storage.errors import AddressRefused
from leye_storage.guarded import public_address
from leye_workers.key_rotation import rotate_keys
from support.boxes import PictureBatches, photos
from support.clock import MovableClock
from support.pictures import packed, photo, written
from support.s3_server import S3Server, s3_server
from support.shipping import Shipping

ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with s3_server(tmp_path_factory.mktemp("partner")) as running:
        yield running


class BucketBatches(PictureBatches):
    """A coordinator, whose batches lie in a partner's bucket."""

    def __init__(self, shipping: Shipping, server: S3Server, folder: Path) -> None:
        super().__init__(shipping)
        settings = shipping.installation.settings.model_copy(update={"private_sources": True})
        self.installation = replace(shipping.installation, settings=settings)
        self.server, self.folder = server, folder
        self.texts: UUID = shipping.batch(1).project_id
        self.script = shipping.script(self.coordinator.person_id)

    def lay(self, files: dict[str, bytes]) -> None:
        """Put files into the bucket, as its owner does."""
        for name, content in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)

    def asked(self, project_id: UUID, **given: Any) -> UUID:
        """A batch that is to be read from the bucket."""
        s3 = {
            "endpoint": f"http://{self.server.address}",
            "bucket": self.folder.name,
            "key": self.server.key,
            "secret": self.server.secret,
        } | given
        made = self.script.post(f"/api/v1/projects/{project_id}/batches", json={"name": "桶", "s3": s3})
        assert made.status_code == 201, made.text
        assert made.json()["upload_url"] is None
        assert self.script.post(f"/api/v1/batches/{made.json()['id']}/ingest").status_code == 202
        return UUID(made.json()["id"])

    def read_from(self, project_id: UUID, **given: Any) -> UUID:
        """A batch that was read from the bucket."""
        batch_id = self.asked(project_id, **given)
        self.go_on(batch_id)
        return batch_id

    def go_on(self, batch_id: UUID) -> None:
        job = self.batch(batch_id).ingest_job
        assert job is not None
        run_ingest(self.installation, job, batch_id)

    def problem(self, batch_id: UUID) -> str:
        return self.batch(batch_id).problem or ""


@pytest.fixture
def batches(
    installation: Installation, clock: MovableClock, server: S3Server, request: pytest.FixtureRequest
) -> BucketBatches:
    folder = server.folder / f"bucket-{abs(hash(request.node.name)) % 10**9}"
    folder.mkdir()
    return BucketBatches(Shipping(installation, clock), server, folder)


def test_tables_are_read_where_they_lie_and_nothing_is_written_there(batches: BucketBatches) -> None:
    files = {
        "day/1.jsonl": '{"review": "很好", "external_id": "a"}\n{"review": ""}\n'.encode(),
        "day/2.csv": "review,external_id\n一般,b\n又来,a\n".encode(),
        "night/3.csv": b"nothing\nof this\n",
    }
    batches.lay(files)
    batch_id = batches.read_from(batches.texts, prefix="day/")
    assert batches.batch(batch_id).state is BatchState.READY
    assert [(row, external_id) for row, external_id, _ in batches.items(batch_id)] == [(1, "a"), (3, "b")]
    assert batches.refused(batch_id) == {2: "review 是空的", 4: "external_id“a”与第 1 行重复"}
    found = {str(path.relative_to(batches.folder)): path.read_bytes() for path in batches.folder.rglob("*.*")}
    assert found == files
    assert list(batches.installation.objects.keys()) == [listing_key(batch_id)]


@ON_SQLITE
def test_pictures_stay_in_the_bucket_and_their_originals_are_opened_by_a_signed_link(batches: BucketBatches) -> None:
    content = photos(2)
    batches.lay(
        {f"一月/{name}": data for name, data in content.items()} | {"一月/notes.txt": b"x", "一月/x.zip": b"PK"}
    )
    batch_id = batches.read_from(batches.project_id, prefix="一月/")
    assert [external_id for _, external_id, _ in batches.items(batch_id)] == ["p001.jpg", "p002.jpg"]
    told = batches.refused(batch_id)
    assert list(told) == [1, 4]
    assert "不是能用的图片" in told[1]
    assert "压缩包里的压缩包" in told[4]
    kept = [key.rpartition("/")[2] for key in batches.installation.objects.keys("pictures/")]
    assert sorted(set(kept)) == ["facts.json", "shown", "thumb"]
    listed = batches.script.get(f"/api/v1/batches/{batch_id}").json()
    assert listed["items"] == {"waiting": 2}
    links = batches.script.get(f"/api/v1/batches/{batch_id}/originals").json()
    assert [(link["row"], link["external_id"]) for link in links] == [(2, "p001.jpg"), (3, "p002.jpg")]
    assert httpx.get(links[0]["url"]).content == content["p001.jpg"]
    assert httpx.get(links[0]["url"].replace("p001", "p002")).status_code == 403
    assert len(batches.script.get(f"/api/v1/batches/{batch_id}/originals?after=2").json()) == 1


@ON_SQLITE
def test_a_manifest_in_the_bucket_names_its_pictures(batches: BucketBatches) -> None:
    batches.lay(
        {
            "m/manifest.csv": b"external_id,photo\nA-1,p001.jpg\nA-2,none.jpg\n",
            **{f"m/{n}": c for n, c in photos(1).items()},
        }
    )
    batch_id = batches.read_from(batches.project_id, prefix="m/")
    assert [external_id for _, external_id, _ in batches.items(batch_id)] == ["A-1"]
    assert list(batches.refused(batch_id)) == [2]


@ON_SQLITE
def test_the_keys_are_sealed_and_turn_with_the_ring(batches: BucketBatches) -> None:
    batches.lay({"a.csv": b"review\na\n"})
    batch_id = batches.asked(batches.texts)
    with batches.installation.database.read() as session:
        kept = session.get_one(BatchBucket, batch_id)
        record = session.scalars(select(SealedRecord)).one()
        assert batches.server.secret not in str(vars(kept))
        assert batches.server.secret.encode() not in record.ciphertext
        assert batches.server.secret not in str(session.connection().exec_driver_sql("SELECT * FROM audit_log").all())
    rotated = replace(batches.installation.key_ring, keys={"k2": bytes(32), **batches.installation.key_ring.keys})
    settings = batches.installation.settings.model_copy(update={"sealing_keys": "given"})
    batches.installation = replace(batches.installation, key_ring=rotated, settings=settings)
    assert rotate_keys(batches.installation) == ("k2", 1)
    batches.go_on(batch_id)
    assert len(batches.items(batch_id)) == 1


@ON_SQLITE
@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"secret": "another"}, "读不了，对方回答 HTTP 403"),
        ({"key": "nobody"}, "读不了，对方回答"),
        ({"bucket": "no-such-bucket"}, "读不了，对方回答 HTTP 404"),
        ({"prefix": "nothing/"}, "一个文件也没有"),
    ],
)
def test_a_bucket_that_refuses_fails_the_batch_with_its_answer(
    batches: BucketBatches, given: dict[str, str], told: str
) -> None:
    batches.lay({"a.csv": b"review\na\n"})
    batch_id = batches.read_from(batches.texts, **given)
    assert batches.batch(batch_id).state is BatchState.FAILED
    assert told in batches.problem(batch_id)


@ON_SQLITE
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("endpoint", "ftp://files.example"),
        ("endpoint", "https://user:pass@files.example"),
        ("endpoint", "https://files.example/folder"),
        ("endpoint", "https://files.example:port"),
        ("bucket", "Not A Bucket"),
        ("prefix", "a\nb"),
    ],
)
def test_what_is_no_address_is_refused_by_its_field(batches: BucketBatches, field: str, value: str) -> None:
    s3 = {"endpoint": "https://files.example", "bucket": "one", "key": "k", "secret": "s"} | {field: value}
    answer = batches.script.post(f"/api/v1/projects/{batches.texts}/batches", json={"name": "桶", "s3": s3})
    assert answer.status_code == 422
    assert f"s3.{field}" in answer.text
    assert batches.script.get(f"/api/v1/projects/{batches.texts}/batches").json()[0]["name"] != "桶"


@ON_SQLITE
@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "10.0.0.8", "169.254.169.254", "[::ffff:127.0.0.1]"]
)
def test_an_address_in_the_own_network_is_never_asked(batches: BucketBatches, host: str) -> None:
    batches.installation = batches.shipping.installation  # as it is without the setting
    port = batches.server.address.rpartition(":")[2]
    batch_id = batches.read_from(batches.texts, endpoint=f"http://{host}:{port}")
    assert batches.batch(batch_id).state is BatchState.FAILED
    assert "是内部网络的地址" in batches.problem(batch_id)


@ON_SQLITE
def test_a_public_name_is_reached_at_the_very_address_that_was_looked_at(
    batches: BucketBatches, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name itself means nothing here: were it asked for again, as in a rebinding, the connection would fail."""
    batches.installation = batches.shipping.installation
    asked: list[str] = []

    def looked_up(host: str, port: int) -> str:
        asked.append(f"{host}:{port}")
        return "127.0.0.1"

    monkeypatch.setattr("leye_storage.guarded.public_address", looked_up)
    batches.lay({"a.csv": b"review\na\n"})
    name = f"files.example:{batches.server.address.rpartition(':')[2]}"
    batch_id = batches.read_from(batches.texts, endpoint=f"http://{name}")
    assert len(batches.items(batch_id)) == 1
    assert set(asked) == {name}


def test_a_name_with_one_private_address_among_public_ones_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def answers(*_given: Any, **_more: Any) -> list[Any]:
        return [(2, 1, 6, "", (address, 80)) for address in ("93.184.215.14", "192.168.1.1")]

    monkeypatch.setattr("socket.getaddrinfo", answers)
    with pytest.raises(AddressRefused, match=r"files\.example"):
        public_address("files.example", 80)


@ON_SQLITE
def test_a_picture_that_was_changed_or_removed_meanwhile_is_told_and_the_others_come_in(
    batches: BucketBatches, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches.lay(photos(5))
    monkeypatch.setattr(run, "PICTURES", 1)
    calls = 0

    def change(*given: Any, **more: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 2:
            batches.lay({"p003.jpg": written(photo(90, 60, 99)), "p006.jpg": written(photo(90, 60, 98))})
            (batches.folder / "p004.jpg").unlink()
        return with_pictures(*given, **more)

    monkeypatch.setattr(run, "with_pictures", change)
    batch_id = batches.read_from(batches.project_id)
    assert [external_id for _, external_id, _ in batches.items(batch_id)] == ["p001.jpg", "p002.jpg", "p005.jpg"]
    assert batches.refused(batch_id) == {
        3: "这个文件在桶里被换掉了，和开始读的时候不一样，没有收下",
        4: "这个文件已经不在桶里，没有收下",
    }


@ON_SQLITE
def test_a_reading_that_was_cut_goes_on_over_the_same_list(
    batches: BucketBatches, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches.lay(photos(4, 3))
    monkeypatch.setattr(run, "PICTURES", 1)
    batch_id = batches.asked(batches.project_id)
    calls = 0

    def cut(*given: Any, **more: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 3:
            batches.lay(photos(2))  # they would come before the others
            raise ConnectionError("killed")
        return with_pictures(*given, **more)

    monkeypatch.setattr(run, "with_pictures", cut)
    with pytest.raises(ConnectionError):
        batches.go_on(batch_id)
    batches.go_on(batch_id)
    names = [external_id for _, external_id, _ in batches.items(batch_id)]
    assert names == ["p003.jpg", "p004.jpg", "p005.jpg", "p006.jpg"]


@ON_SQLITE
def test_a_table_that_is_changed_while_it_is_read_keeps_what_came_in(
    batches: BucketBatches, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = b"".join(b'{"review": "%d"}\n' % n for n in range(10))
    batches.lay({"1.jsonl": first, "2.jsonl": b'{"review": "x"}\n'})
    monkeypatch.setattr(run, "CHUNK", 10)
    take = run._take

    def take_then_change(*given: Any) -> bool:
        batches.lay({"2.jsonl": b'{"review": "y"}\n'})
        return take(*given)

    monkeypatch.setattr(run, "_take", take_then_change)
    batch_id = batches.read_from(batches.texts)
    assert len(batches.items(batch_id)) == 10
    assert batches.batch(batch_id).state is BatchState.READY
    assert "“2.jsonl”在读的时候被换掉或者删除了" in batches.problem(batch_id)


class Slow(BaseHTTPRequestHandler):
    """A server that takes a request and then says that it is busy."""

    asked: ClassVar[int] = 0

    def do_GET(self) -> None:
        Slow.asked += 1
        body = b"<Error><Code>SlowDown</Code><Message>later</Message><Resource>/</Resource></Error>"
        self.send_response(503)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_given: Any) -> None:
        pass


@contextmanager
def slow_server() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Slow)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@ON_SQLITE
def test_a_bucket_that_is_slow_or_away_leaves_the_job_to_be_tried_again(batches: BucketBatches) -> None:
    batches.lay({"a.csv": b"review\na\n"})
    with slow_server() as url:
        slow = batches.asked(batches.texts, endpoint=url)
        with pytest.raises(OSError, match="does not answer"):
            batches.go_on(slow)
    assert Slow.asked > 1
    with pytest.raises(OSError, match="does not answer"):  # nobody listens there any more
        batches.go_on(slow)
    assert batches.batch(slow).state is BatchState.INGESTING


@ON_SQLITE
def test_annotators_get_no_link_to_an_original_and_uploads_have_none(batches: BucketBatches) -> None:
    batches.lay(photos(1))
    path = f"/api/v1/batches/{batches.read_from(batches.project_id)}/originals"
    annotator = batches.shipping.script(batches.shipping.actor(Role.ANNOTATOR).person_id)
    assert annotator.get(path).status_code == 403
    uploaded = batches.read(packed(photos(1)))
    assert batches.script.get(f"/api/v1/batches/{uploaded}/originals").json() == []
