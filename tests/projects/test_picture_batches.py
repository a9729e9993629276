"""A zip of pictures becomes items: good pictures go on, bad ones are told by their number, nothing leads out."""

import struct
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from PIL import Image

from leye_platform.installation import Installation
from leye_platform.projects.additions import ask_for_addition, create_addition, store_addition
from leye_platform.projects.ingest import run, run_addition, run_ingest
from leye_platform.projects.ingest.picture_rows import with_pictures
from leye_platform.projects.models import Addition, Batch
from leye_platform.projects.pictures.keeping import key_of
from leye_platform.projects.rules import BatchState
from support.boxes import HEIGHT, WIDTH, PictureBatches, photos
from support.clock import MovableClock
from support.pictures import damaged, packed, photo, written
from support.shipping import Shipping


@pytest.fixture
def batches(installation: Installation, clock: MovableClock) -> PictureBatches:
    return PictureBatches(Shipping(installation, clock))


def test_each_picture_is_a_row_named_by_its_file(batches: PictureBatches) -> None:
    content = photos(2)
    batch_id = batches.read(packed({"一月/": b"", **{f"一月/{name}": data for name, data in content.items()}}))
    assert batches.items(batch_id) == [
        (1, "一月/p001.jpg", {"photo": "一月/p001.jpg"}),
        (2, "一月/p002.jpg", {"photo": "一月/p002.jpg"}),
    ]
    [first, second] = batches.contents(batch_id)
    assert (first["photo"]["width"], first["photo"]["height"]) == (WIDTH, HEIGHT)
    assert first["photo"]["sha256"] != second["photo"]["sha256"]
    original = key_of(first["photo"]["sha256"], "original")
    assert b"".join(batches.installation.objects.read(original)) == content["p001.jpg"]


def test_a_manifest_names_the_pictures_and_their_numbers(batches: PictureBatches) -> None:
    manifest = "external_id,photo,place\nA-1,p001.jpg,甘肃\nA-2,missing.jpg,\nA-3,P002.JPG,\nA-4,./p002.jpg,宁夏\n"
    files = {"manifest.csv": manifest.encode("gb18030"), **photos(3)}
    batch_id = batches.read(packed({f"批次/{name}": data for name, data in files.items()}))
    assert batches.items(batch_id) == [
        (1, "A-1", {"photo": "p001.jpg", "place": "甘肃"}),
        (4, "A-4", {"photo": "p002.jpg", "place": "宁夏"}),
    ]
    assert batches.refused(batch_id) == {
        2: "压缩包里没有“missing.jpg”这个文件，请检查文件名",
        3: "压缩包里没有“P002.JPG”，只有大小写不同的“p002.jpg”，请改成一样的",
        5: "压缩包里有“批次/p003.jpg”，但 manifest.csv 没有写到",
    }


def test_the_same_picture_twice_is_two_rows_and_one_object(batches: PictureBatches) -> None:
    content = written(photo(WIDTH, HEIGHT))
    batch_id = batches.read(packed({"a.jpg": content, "b.jpg": content}))
    assert len(batches.items(batch_id)) == 2
    assert len(list(batches.installation.objects.keys("pictures/"))) == 4


def encrypted(content: bytes) -> bytes:
    """The zip with the mark of encryption on every file."""
    marked = bytearray(content)
    for signature, offset in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        at = marked.find(signature)
        while at >= 0:
            flags = struct.unpack_from("<H", marked, at + offset)[0]
            struct.pack_into("<H", marked, at + offset, flags | 1)
            at = marked.find(signature, at + 4)
    return bytes(marked)


def test_bad_pictures_are_told_by_number_and_the_others_go_on(batches: PictureBatches) -> None:
    good = written(photo(WIDTH, HEIGHT))
    batch_id = batches.read(
        packed(
            {
                "good.jpg": good,
                "30000.png": written(Image.new("L", (30_000, 4)), "PNG"),
                "bomb.png": written(Image.new("1", (10_000, 10_000)), "PNG"),
                "tail.jpg": good[:-4000],
                "zeros.jpg": damaged(written(photo(900, 700)), 700),
                "drawing.png": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
                "../../etc/passwd.jpg": good,
                "C:/boot.jpg": good,
                "inner.zip": packed({"x.jpg": good}),
                "empty.jpg": b"",
                "GOOD.jpg": good,
                "__MACOSX/._good.jpg": b"x",
                ".DS_Store": b"x",
                "lies.png": written(photo(60, 40)),
            }
        )
    )
    assert [row for row, _, _ in batches.items(batch_id)] == [1, 12]
    told = batches.refused(batch_id)
    assert list(told) == list(range(2, 12))
    for row, words in {
        2: "最长边有 30000 像素",
        3: "100 百万像素",
        4: "读不到底",
        5: "700 个零字节",
        6: "内容是 SVG",
        7: "文件名不能用",
        8: "文件名不能用",
        9: "压缩包里的压缩包",
        10: "空的",
        11: "和“good.jpg”只差大小写",
    }.items():
        assert words in told[row], row


def test_names_packed_by_windows_are_read_as_they_were_meant(batches: PictureBatches) -> None:
    content = packed({"xxxx.jpg": written(photo(60, 40))}).replace(b"xxxx", "图片".encode("gb18030"))
    assert [external_id for _, external_id, _ in batches.items(batches.read(content))] == ["图片.jpg"]


@pytest.mark.parametrize(
    ("content", "name", "told"),
    [
        (packed(photos(2))[:-40], "a.zip", "打不开，多半没有传完"),
        (b"PK\x03\x04rubbish", "a.zip", "打不开，多半没有传完"),
        (packed({}), "a.zip", "一行数据也没有"),
        (packed({"[Content_Types].xml": b"<x/>"}), "表.xlsx", "Excel"),
        (encrypted(packed(photos(1))), "a.zip", "全都有问题"),
        (b"photo\np001.jpg\n", "a.csv", "打成一个 zip"),
        (b'[{"photo": {"file": "x", "sha256": "0", "width": 1, "height": 1}}]', "a.json", "打成一个 zip"),
        (written(photo(60, 40)), "a.jpg", "打成一个 zip"),
        (packed({"manifest.csv": b"external_id,picture\n1,a.jpg\n"}), "a.zip", "缺少列“photo”"),
        (packed({"manifest.csv": b""}), "a.zip", "空的"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_whole(
    batches: PictureBatches, content: bytes, name: str, told: str
) -> None:
    batch = batches.batch(batches.read(content, name))
    assert batch.state is BatchState.FAILED
    assert told in (batch.problem or "")


def test_an_archive_that_swells_is_stopped_at_the_limit(batches: PictureBatches) -> None:
    file = BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        archive.writestr("a.jpg", bytes(60_000_000))
        archive.writestr("b.jpg", written(photo(60, 40)))
    batch_id = batches.read(file.getvalue())
    assert batches.refused(batch_id) == {1: "图片文件有 60 MB，最多 50 MB，请压缩后再传"}
    assert len(batches.items(batch_id)) == 1


def test_a_reading_that_was_killed_goes_on_where_it_was(
    batches: PictureBatches, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = packed({**photos(5), "bad.jpg": b"x", **photos(4, 6)})
    whole = batches.read(content)
    batch_id = batches.stored(content)
    job = batches.batch(batch_id).ingest_job
    assert job is not None
    monkeypatch.setattr(run, "PICTURES", 3)
    calls = 0

    def killed(*given: Any, **more: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls in {5, 9}:
            raise ConnectionError("killed")
        return with_pictures(*given, **more)

    monkeypatch.setattr(run, "with_pictures", killed)
    for _ in range(2):
        with pytest.raises(ConnectionError):
            run_ingest(batches.installation, job, batch_id)
    run_ingest(batches.installation, job, batch_id)
    assert batches.batch(batch_id).state is BatchState.READY
    assert batches.items(batch_id) == batches.items(whole)
    assert batches.refused(batch_id) == batches.refused(whole)


def test_pictures_added_later_are_known_by_their_content_not_by_their_name_alone(batches: PictureBatches) -> None:
    batch_id = batches.read(packed(photos(2)))
    content = {**photos(3), "p002.jpg": written(photo(WIDTH, HEIGHT, 77))}
    now, objects = batches.shipping.clock.now(), batches.installation.objects
    with batches.shipping.database.write() as session:
        batch = session.get_one(Batch, batch_id)
        addition = create_addition(session, batches.coordinator, batch, ["more.zip"], now)
        store_addition(objects, addition.id, 1, BytesIO(packed(content)), 100_000_000)
        addition_id, job = addition.id, ask_for_addition(session, batches.coordinator, addition, objects, now).job_id
    assert job is not None
    run_addition(batches.installation, job, addition_id)
    with batches.shipping.database.read() as session:
        addition = session.get_one(Addition, addition_id)
    assert (addition.rows_known, addition.rows_refused, addition.rows_in) == (1, 1, 1)
    assert [external_id for _, external_id, _ in batches.items(batch_id)] == ["p001.jpg", "p002.jpg", "p003.jpg"]
    [sentence] = batches.refused(batch_id).values()
    assert sentence.startswith("external_id“p002.jpg”已经在这个批次里，内容和这一行不一样")
