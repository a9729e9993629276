"""Tables that are no plain text: workbooks, Parquet, gzip; and text of other shores."""

import gzip
import io
from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pyarrow
import pyarrow.parquet
import pytest
from openpyxl import Workbook

from leye_platform.projects.ingest import excel_rows, packed_text, parquet_rows, refusals
from leye_platform.projects.ingest.formats import plan_file, read_rows
from leye_platform.projects.ingest.packed_text import unpacked
from leye_platform.projects.ingest.rows import Row
from leye_platform.projects.ingest.source import Source

WANTED = ("review",)


def source_of(content: bytes, name: str) -> Source:
    return Source(name, len(content), lambda: iter([content]), lambda: io.BytesIO(content))


def rows_of(content: bytes, name: str) -> list[Row]:
    source = unpacked(source_of(content, name))
    return list(read_rows(source, plan_file(source, WANTED)))


def contents_of(content: bytes, name: str) -> list[Any]:
    return [row.content for row in rows_of(content, name)]


def workbook(*rows: Sequence[Any], sheets: int = 1) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    for number in range(1, sheets):
        book.create_sheet(f"{number}").append(["other"])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def changed(content: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    """The same workbook with its parts changed."""
    written = io.BytesIO()
    with ZipFile(io.BytesIO(content)) as old, ZipFile(written, "w", ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return written.getvalue()


def parquet(**columns: Any) -> bytes:
    file = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table(columns), file, row_group_size=300)
    return file.getvalue()


def test_a_workbook_is_read_as_its_cells_show() -> None:
    moment = datetime(2026, 3, 1, 8, 30)  # noqa: DTZ001 -- a workbook's time has no zone
    content = workbook(
        ["review", "external_id", "n", None],
        ["很好", 12, 1.5],
        ["第一行\n第二行", "A-2", True],
        [],
        ["x", 3.0, moment],
        ["y", 2**40, date(2026, 3, 1)],
        ["z", None, time(8, 30)],
        sheets=2,
    )
    rows = rows_of(content, "评论.xlsx")
    assert [(row.number, row.content) for row in rows] == [
        (1, {"review": "很好", "external_id": "12", "n": "1.5"}),
        (2, {"review": "第一行\n第二行", "external_id": "A-2", "n": "TRUE"}),
        (4, {"review": "x", "external_id": "3", "n": "2026-03-01 08:30:00"}),
        (5, {"review": "y", "external_id": str(2**40), "n": "2026-03-01"}),
        (6, {"review": "z", "external_id": "", "n": "08:30:00"}),
    ]
    assert rows[0].original == "很好\t12\t1.5"
    assert [row.end for row in rows] == sorted(row.end for row in rows)
    assert rows[-1].end <= len(content)


def test_a_row_of_a_workbook_with_too_many_cells_is_refused_alone() -> None:
    rows = rows_of(workbook([], [None], ["review"], ["a", "b"], ["c"]), "a.xlsx")
    assert [(row.number, row.problem) for row in rows] == [(1, "这一行有 2 列，表头有 1 列"), (2, None)]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (workbook(["text"], ["a"]), "缺少列“review”"),
        (workbook(["review"]), "一行数据也没有"),
        (workbook(), "是空的"),
        (workbook(["review"], ["a"])[:-400], "没有传完"),
        (b"PK\x03\x04abc", "Excel 工作簿"),
        (changed(workbook(["review"], ["a"]), lambda name, part: b"<" if "sheet1" in name else part), "打不开"),
        (gzip.compress(workbook(["review"], ["a"])), "里不是文本"),
    ],
)
def test_a_workbook_that_cannot_be_used_is_refused_whole(content: bytes, told: str) -> None:
    with pytest.raises(refusals.FileRefused, match=told):
        rows_of(content, "a.xlsx")


def test_a_zip_that_is_no_workbook_is_named_as_what_it_is() -> None:
    file = io.BytesIO()
    with ZipFile(file, "w") as archive:
        archive.writestr("a.csv", "review\n好\n")
    with pytest.raises(refusals.FileNotText, match="压缩包"):
        rows_of(file.getvalue(), "a.zip")


def test_a_workbook_that_breaks_half_way_keeps_what_stands_before() -> None:
    def cut(name: str, part: bytes) -> bytes:
        return part[: part.rindex(b'<row r="700"')] + b"<row" if "sheet1" in name else part

    rows = rows_of(changed(workbook(["review"], *([f"第 {n} 条"] for n in range(1, 900))), cut), "a.xlsx")
    assert [row.number for row in rows] == list(range(1, len(rows) + 1))
    assert [row.problem for row in rows[:-1]] == [None] * (len(rows) - 1)
    assert len(rows) > 600
    assert rows[-1].problem == refusals.READS_NO_FURTHER


def test_entities_in_a_workbook_are_not_expanded() -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "' + b"a" * 99 + b'"><!ENTITY b "&a;&a;&a;">]>'

    def with_entities(name: str, part: bytes) -> bytes:
        return part.replace(b"<worksheet", bomb + b"<worksheet", 1) if "sheet1" in name else part

    with pytest.raises(refusals.WorkbookBroken):
        rows_of(changed(workbook(["review"], ["a"]), with_entities), "a.xlsx")


def test_a_row_beyond_what_sheets_have_does_not_fill_up_the_space_between() -> None:
    def far(name: str, part: bytes) -> bytes:
        return part.replace(b'<row r="2"', b'<row r="2000000000"').replace(b'"A2"', b'"A2000000000"')

    with pytest.raises(refusals.FileWithoutRows):
        rows_of(changed(workbook(["review"], ["a"]), far), "a.xlsx")


def test_a_workbook_that_unpacks_too_far_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    content = workbook(["review"], *([f"第 {n} 条"] for n in range(99)))
    monkeypatch.setattr(excel_rows, "LARGEST_PART", 500)
    with pytest.raises(refusals.UnpacksTooFar):
        rows_of(content, "a.xlsx")
    monkeypatch.setattr(excel_rows, "LARGEST_PART", 10**9)
    monkeypatch.setattr(excel_rows, "LARGEST_TEXTS", 500)
    with pytest.raises(refusals.UnpacksTooFar):
        rows_of(content, "a.xlsx")


def test_a_parquet_file_is_read_with_its_own_kinds_of_value() -> None:
    content = parquet(
        review=["很好", None],
        external_id=[1, 2],
        score=pyarrow.array([Decimal("1.50"), None]),
        at=[datetime(2026, 3, 1, 8, 30), None],  # noqa: DTZ001 -- a column without a zone
        raw=[b"ab\xff", b""],
        predictions=[[{"result": [{"value": {"choices": ["正面"]}}]}], []],
    )
    first, second = rows_of(content, "a.parquet")
    assert first.content == {
        "review": "很好",
        "external_id": 1,
        "score": "1.50",
        "at": "2026-03-01T08:30:00",
        "raw": "ab\\xff",
        "predictions": [{"result": [{"value": {"choices": ["正面"]}}]}],
    }
    assert (second.number, second.content["review"], second.end) == (2, None, len(content))


def test_a_parquet_file_of_many_row_groups_is_read_in_order() -> None:
    content = parquet(review=[f"第 {n} 条" for n in range(1000)])
    assert [row["review"] for row in contents_of(content, "a.parquet")] == [f"第 {n} 条" for n in range(1000)]


def test_a_text_in_parquet_that_is_not_utf8_costs_its_own_row() -> None:
    binary = pyarrow.array([b"a", b"\xff\xfe", b"c"])
    content = parquet(review=pyarrow.Array.from_buffers(pyarrow.utf8(), 3, binary.buffers()))
    assert [(row.number, row.problem) for row in rows_of(content, "a.parquet")] == [
        (1, None),
        (2, refusals.NOT_DECODED),
        (3, None),
    ]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"PAR1", "Parquet 文件“a.parquet”打不开"),
        (parquet(review=["a"])[:-9], "没有传完"),
        (parquet(text=["a"]), "缺少列“review”"),
        (parquet(review=pyarrow.array([], pyarrow.string())), "一行数据也没有"),
        (gzip.compress(parquet(review=["a"])), "里不是文本"),
    ],
)
def test_a_parquet_file_that_cannot_be_used_is_refused_whole(content: bytes, told: str) -> None:
    with pytest.raises(refusals.FileRefused, match=told):
        rows_of(content, "a.parquet")


def test_a_damaged_page_of_parquet_costs_what_comes_after_it() -> None:
    content = bytearray(parquet(review=[f"第 {n} 条" for n in range(1000)]))
    content[len(content) // 2 : len(content) // 2 + 400] = bytes(400)
    rows = rows_of(bytes(content), "a.parquet")
    assert rows[-1].problem == refusals.READS_NO_FURTHER
    assert {row.problem for row in rows[:-1]} == {None}


def test_parquet_limits_hold_whatever_the_file_packs(monkeypatch: pytest.MonkeyPatch) -> None:
    content = parquet(review=["a"] * 5000)
    monkeypatch.setattr(parquet_rows, "MOST_ROWS", 4999)
    with pytest.raises(refusals.TooManyRows, match="5000 行，最多 4999 行"):
        rows_of(content, "a.parquet")
    monkeypatch.setattr(parquet_rows, "MOST_ROWS", 5000)
    monkeypatch.setattr(parquet_rows, "LARGEST_GROUP", 10)
    with pytest.raises(refusals.UnpacksTooFar):
        rows_of(content, "a.parquet")


class StoreIsAway(io.BytesIO):
    """An upload whose store stops answering once it has been opened."""

    def read(self, size: int | None = -1) -> bytes:
        if self.tell() < 100:
            raise OSError("the store does not answer")
        return super().read(size)


def test_a_store_that_is_away_is_no_broken_parquet_file() -> None:
    content = parquet(review=[f"第 {n} 条" for n in range(1000)])
    source = Source("a.parquet", len(content), lambda: iter([content]), lambda: StoreIsAway(content))
    with pytest.raises(OSError, match="does not answer"):
        plan_file(source, WANTED)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv.gz", "review\n好\n"),
        ("a.jsonl.gz", '{"review": "好"}\n'),
        ("a.json.gz", '[\n{"review": "好"}]'),
        ("a.tsv", "review\tn\n好\t1\n"),
        ("a.gz", '{"review": "好"}\n'),
    ],
)
def test_packed_text_and_tabs_are_read_as_what_they_are(name: str, text: str) -> None:
    packed = gzip.compress(text.encode()) if name.endswith(".gz") else text.encode()
    assert [content["review"] for content in contents_of(packed, name)] == ["好"]


def test_a_gzip_of_several_members_is_one_text_measured_unpacked() -> None:
    packed = gzip.compress(b"review\n") + gzip.compress("好\n很好\n".encode())
    source = unpacked(source_of(packed, "a.csv.gz"))
    rows = list(read_rows(source, plan_file(source, WANTED)))
    assert [row.content["review"] for row in rows] == ["好", "很好"]
    assert rows[-1].end == source.size == len("review\n好\n很好\n".encode())


@pytest.mark.parametrize(
    "damage", [lambda packed: packed[:-12], lambda packed: packed[:20] + b"\x00" * 9 + packed[29:]]
)
def test_a_gzip_that_does_not_unpack_to_its_end_is_refused_whole(damage: Callable[[bytes], bytes]) -> None:
    packed = gzip.compress("".join(["review\n", *(f"第 {n} 条\n" for n in range(99))]).encode())
    with pytest.raises(refusals.GzipBroken, match="没有传完"):
        rows_of(damage(packed), "a.csv.gz")


def test_a_gzip_bomb_is_refused_while_it_unpacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed_text, "ALWAYS_FINE", 1_000_000)
    bomb = gzip.compress(b"review\n" + b"a" * 30_000_000)
    with pytest.raises(refusals.UnpacksTooFar, match="解开后超过"):
        rows_of(bomb, "a.csv.gz")
    assert len(rows_of(gzip.compress(b"review\n" + b"a\n" * 100_000), "a.csv.gz")) == 100_000


@pytest.mark.parametrize(
    "text", ["房間不大，倒也乾淨，前台換了三個人", "你好", "服務態度很差", "聯通", "早餐的粥很好喝"]
)
def test_text_from_taiwan_in_big5_is_told_from_gbk(text: str) -> None:
    for encoding in ("big5", "gbk"):
        content = f"review,external_id\n{text},甲-1\n".encode(encoding)
        assert contents_of(content, "a.csv") == [{"review": text, "external_id": "甲-1"}]
