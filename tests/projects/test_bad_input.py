"""Everything that issue 5 lists as bad input, by its name: told in a sentence, and the batch's good part usable."""

import errno
import json
import stat
import struct
import zlib
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from typing import IO, Any
from uuid import UUID
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import event

from leye_platform.installation import Installation
from leye_platform.outbox import OutboxRow
from leye_platform.projects.ingest import archive, run
from leye_platform.projects.ingest.formats import plan_file, read_rows
from leye_platform.projects.ingest.refusals import BROKEN_JSON
from leye_platform.projects.ingest.source import Source
from leye_platform.projects.rules import BatchState
from leye_storage import ObjectStore
from leye_workers.execution import Execution
from leye_workers.jobs.registry import RETRY_AFTER
from leye_workers.locks import locks_for
from support.boxes import PictureBatches, photos
from support.clock import MovableClock
from support.pictures import damaged, packed, photo, written
from support.shipping import Shipping

ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
GOOD = written(photo(400, 300))


@pytest.fixture
def batches(installation: Installation, clock: MovableClock) -> PictureBatches:
    return PictureBatches(Shipping(installation, clock))


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def vast_png() -> bytes:
    """30,000 × 30,000 pixels in 40 kB, which deflate packs no smaller than 109: the rest of its zeros is missing."""
    body = zlib.compress(bytes(50_000_000), 9)[:40_000]
    head = struct.pack(">IIBBBBB", 30_000, 30_000, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def lying_wav() -> bytes:
    """A second of nothing whose header speaks of four gigabytes."""
    return b"RIFF" + b"\xff" * 4 + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 16000, 2, 16) + b"data" * 99


def animation() -> bytes:
    return written(photo(40, 40), "GIF", save_all=True, append_images=[photo(40, 40, 2)])


def with_link(name: str, target: str) -> bytes:
    link = ZipInfo(name)
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    file = BytesIO()
    with ZipFile(file, "w") as written_to:
        written_to.writestr("good.jpg", GOOD)
        written_to.writestr(link, target)
    return file.getvalue()


BAD_FILES: dict[str, tuple[str, bytes, str]] = {
    "30,000 × 30,000 PNG of 40 kB": ("a.png", vast_png(), "最长边有 30000 像素，最多 16384"),
    "JPEG with a broken tail": ("a.jpg", GOOD[:-3000], "图片读不到底"),
    "zeros in the middle": ("a.jpg", damaged(written(photo(900, 700)), 700), "中间有一段空白（700 个零字节）"),
    "animated GIF": ("a.gif", animation(), "是动图，有 2 帧"),
    "HEIC": ("a.heic", b"\x00\x00\x00\x20ftypheic" + bytes(90), "内容是 HEIC"),
    "SVG named .png": ("a.png", b'<svg xmlns="http://www.w3.org/2000/svg"/>', "内容是 SVG"),
    "WAV with a lying header": ("a.wav", lying_wav(), "内容是 WAV 录音，不是能用的图片"),
    "a name with ../": ("../../etc/a.jpg", GOOD, "文件名不能用"),
    "an absolute name": ("/etc/a.jpg", GOOD, "文件名不能用"),
    "a name with a drive": ("C:\\a.jpg", GOOD, "文件名不能用"),
    "case collision": ("GOOD.JPG", GOOD, "和“good.jpg”只差大小写"),
    "the same name twice": ("good.jpg", GOOD, "两个同名的文件"),
    "nested zip": ("a.zip", packed({"b.jpg": GOOD}), "压缩包里的压缩包"),
}


@ON_SQLITE
@pytest.mark.parametrize("name", BAD_FILES)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_bad_file_in_a_zip_is_told_by_its_reason_and_the_good_one_beside_it_comes_in(
    batches: PictureBatches, name: str
) -> None:
    member, content, told = BAD_FILES[name]
    file = BytesIO()
    with ZipFile(file, "w") as zipped:
        zipped.writestr("good.jpg", GOOD)
        zipped.writestr(member, content)
    batch_id = batches.read(file.getvalue())
    assert [external_id for _, external_id, _ in batches.items(batch_id)] == ["good.jpg"]
    assert told in batches.refused(batch_id)[2]
    assert batches.batch(batch_id).state is BatchState.READY


def test_the_vast_png_is_as_small_and_as_large_as_it_says() -> None:
    assert len(vast_png()) < 41_000
    assert Image.open(BytesIO(vast_png())).size == (30_000, 30_000)


@ON_SQLITE
@pytest.mark.parametrize(
    ("name", "content"),
    {
        "CMYK": written(Image.new("CMYK", (80, 60), (0, 255, 255, 0))),
        "16-bit": written(Image.fromarray(np.linspace(0, 65535, 4800).reshape(60, 80).astype(np.uint16)), "PNG"),
    }.items(),
)
def test_pictures_of_other_depths_and_colours_come_in(batches: PictureBatches, name: str, content: bytes) -> None:
    batch_id = batches.read(packed({name: content}))
    [shown] = batches.contents(batch_id)
    assert (shown["photo"]["width"], shown["photo"]["height"]) == (80, 60)


@ON_SQLITE
def test_a_link_in_a_zip_is_refused_whatever_it_points_to(batches: PictureBatches) -> None:
    batch_id = batches.read(with_link("link.jpg", "/etc/passwd"))
    assert batches.refused(batch_id) == {2: "这是一个链接，不是文件本身，请把图片本身打包"}
    assert len(batches.items(batch_id)) == 1


@ON_SQLITE
def test_a_truncated_zip_is_refused_whole_and_a_damaged_member_alone(batches: PictureBatches) -> None:
    whole = packed(photos(3))
    cut = batches.batch(batches.read(whole[: len(whole) // 2]))
    assert cut.state is BatchState.FAILED
    assert "多半没有传完" in (cut.problem or "")
    at = whole.index(b"p002.jpg") + 200
    batch_id = batches.read(whole[:at] + b"\xff" * 40 + whole[at + 40 :])
    assert batches.refused(batch_id) == {2: "这个文件在压缩包里已经损坏，请重新打包"}
    assert len(batches.items(batch_id)) == 2


@ON_SQLITE
def test_an_encrypted_file_is_refused_alone(batches: PictureBatches) -> None:
    content = bytearray(packed(photos(2)))
    for mark, offset in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        content[content.index(mark) + offset] |= 1
    batch_id = batches.read(bytes(content))
    assert batches.refused(batch_id) == {1: "这个文件加了密码，请打成不加密码的 zip"}
    assert len(batches.items(batch_id)) == 1


@ON_SQLITE
def test_a_zip_bomb_is_refused_before_anything_of_it_is_unpacked(
    batches: PictureBatches, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "ALWAYS_FINE", 1_000_000)
    bomb = BytesIO()
    with ZipFile(bomb, "w", ZIP_DEFLATED) as zipped:
        for number in range(40):
            zipped.writestr(f"{number}.bmp", bytes(1_000_000))
    read: list[str] = []
    monkeypatch.setattr(ZipFile, "open", lambda *given, **_more: read.append(given[1]))
    batch = batches.batch(batches.read(bomb.getvalue()))
    assert batch.state is BatchState.FAILED
    assert "解开后超过 2 MB" in (batch.problem or "")
    assert read == []


@ON_SQLITE
def test_a_zip_whose_entry_says_less_than_it_holds_is_held_to_its_word(batches: PictureBatches) -> None:
    file = BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED) as zipped:
        zipped.writestr("good.jpg", GOOD)
        zipped.writestr("liar.bmp", bytes(30_000_000))
    content = file.getvalue().replace(struct.pack("<I", 30_000_000), struct.pack("<I", 10))
    batch_id = batches.read(content)
    assert list(batches.refused(batch_id)) == [2]
    assert len(batches.items(batch_id)) == 1


def problems_of(lines: Iterator[bytes]) -> list[tuple[int, str]]:
    def blocks() -> Iterator[bytes]:
        yield b""

    source = Source("a.jsonl", 1, blocks, BytesIO)
    found = []
    for row in read_rows(replace(source, open_blocks=lambda: lines), plan_file(_first_line(), ["review"])):
        if row.problem is not None:
            found.append((row.number, row.problem))
    return found


def _first_line() -> Source:
    line = b'{"review": "a"}\n'
    return Source("a.jsonl", len(line), lambda: iter([line]), lambda: BytesIO(line))


def test_one_broken_line_in_a_million_is_the_only_one_refused() -> None:
    def million() -> Iterator[bytes]:
        for block in range(1000):
            first = block * 1000
            lines = [b'{"review": "%d", "external_id": "R-%d"}\n' % (n, n) for n in range(first, first + 1000)]
            if block == 700:
                lines[1] = b'{"review": "half\n'
            yield b"".join(lines)

    [(number, problem)] = problems_of(million())
    assert number == 700_002
    assert problem == BROKEN_JSON.format(column=12)


BAD_ROWS: dict[str, tuple[str, str]] = {
    "NUL in text": ('{"review": "a\\u0000b"}', "空字符（NUL）"),
    "NUL as a byte": ('{"review": "a\x00b"}', "空字符（NUL）"),
    "NaN": ('{"review": "a", "score": NaN}', "“score”不是有限的数"),
    "Infinity": ('{"review": "a", "score": -Infinity}', "“score”不是有限的数"),
    "a number past 64 bits": ('{"review": "a", "id": 9223372036854775808}', "“id”的数太大"),
    "a number of 400 digits": ('{"review": "a", "id": 1' + "0" * 400 + "}", "太大"),
    "1e400": ('{"review": "a", "id": 1e400}', "不是有限的数"),
    "nested 10,000 deep": ('{"review": "a", "x": ' + "[" * 10_000 + "]" * 10_000 + "}", "JSON 格式不对"),
    "nested 33 deep": ('{"review": "a", "x": ' + "[" * 33 + "]" * 33 + "}", "嵌套太深"),
    "half a character": ('{"review": "a\\ud83d"}', "半个字符"),
    "bytes that are no UTF-8": ('{"review": "a\udcff"}', "编码读不出来"),
}


@ON_SQLITE
@pytest.mark.parametrize("name", BAD_ROWS)
def test_a_bad_row_costs_itself_and_is_told(installation: Installation, clock: MovableClock, name: str) -> None:
    line, told = BAD_ROWS[name]
    uploads = TextUploads(installation, clock)
    good = '{"review": "好"}'
    batch_id = uploads.read("\n".join([good, line, good]).encode("utf-8", "surrogateescape"))
    assert [row for row, *_ in uploads.items(batch_id)] == [1, 3]
    assert told in uploads.refused(batch_id)[2]


@pytest.mark.parametrize("number", [2**53 + 1, 2**63 - 1, -(2**63) + 1, 0.1, 1.7e18])
def test_numbers_past_what_a_browser_counts_to_come_back_as_they_were_sent(
    installation: Installation, clock: MovableClock, number: float
) -> None:
    uploads = TextUploads(installation, clock)
    batch_id = uploads.read(json.dumps({"review": "好", "n": number}).encode() + b"\n")
    assert [data for _, _, data in uploads.items(batch_id)] == [{"review": "好", "n": number}]


class TextUploads(PictureBatches):
    """The same for rows of text."""

    def __init__(self, installation: Installation, clock: MovableClock) -> None:
        super().__init__(Shipping(installation, clock))
        self.project_id = self.shipping.batch(1).project_id

    def read(self, content: bytes, name: str = "a.jsonl") -> UUID:
        return super().read(content, name)


class Full:
    """A store whose disk has room for some objects only, until somebody makes more."""

    def __init__(self, objects: ObjectStore, room: int) -> None:
        self._objects, self.room = objects, room

    def __getattr__(self, name: str) -> Any:
        return getattr(self._objects, name)

    def put(self, key: str, stream: IO[bytes], **given: Any) -> Any:
        if self.room == 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.room -= 1
        return self._objects.put(key, stream, **given)


@ON_SQLITE
def test_a_full_disk_under_the_objects_has_the_job_wait_and_go_on(batches: PictureBatches) -> None:
    content = packed(photos(6))
    batch_id = batches.stored(content)
    full = Full(batches.installation.objects, 10)
    short = replace(batches.installation, objects=full)
    job = _wait_out(batches, short, batch_id)
    full.room = 1000
    assert Execution(short, locks_for(short)).run(job)
    assert batches.batch(batch_id).state is BatchState.READY
    assert batches.items(batch_id) == batches.items(batches.read(content))


@pytest.mark.audit  # a database that is full takes its time to say so
@ON_SQLITE
def test_a_full_disk_under_the_database_has_the_job_wait_and_go_on(
    installation: Installation, clock: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "CHUNK", 50)
    uploads = TextUploads(installation, clock)
    content = b"".join(b'{"review": "%d", "external_id": "R-%d"}\n' % (n, n) for n in range(400))
    batch_id, database = uploads.stored(content, "a.jsonl"), installation.database
    with database.read() as session:
        pages = session.connection().exec_driver_sql("PRAGMA page_count").scalar_one()
    limit = [pages + 100]

    def as_large_as(connection: Any, *_more: Any) -> None:
        connection.connection.driver_connection.execute(f"PRAGMA max_page_count={limit[0]}")

    event.listen(database.engine, "begin", as_large_as)
    try:
        job = _wait_out(uploads, installation, batch_id)
        assert 0 < uploads.batch(batch_id).rows_in < 400
        limit[0] = 1 << 30
        assert Execution(installation, locks_for(installation)).run(job)
    finally:
        event.remove(database.engine, "begin", as_large_as)
    assert uploads.batch(batch_id).state is BatchState.READY
    assert [external_id for _, external_id, _ in uploads.items(batch_id)] == [f"R-{n}" for n in range(400)]


def _wait_out(batches: PictureBatches, installation: Installation, batch_id: UUID) -> UUID:
    """Run the job against a full disk more often than any other failure would be tried again; its id."""
    job = batches.batch(batch_id).ingest_job
    assert job is not None
    for _ in range(len(RETRY_AFTER) + 3):
        assert Execution(installation, locks_for(installation)).run(job)
        batches.shipping.clock.move(hours=1)
    with batches.shipping.database.read() as session:
        row = session.get_one(OutboxRow, job)
    assert (row.failed_at, row.done_at) == (None, None)
    assert "space" in (row.problem or "") or "full" in (row.problem or "")
    assert batches.batch(batch_id).state is BatchState.INGESTING
    return job
