"""What partners upload, read row by row: every kind of bad file and bad row of issue 3, and some more."""

import csv
import io
import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leye_platform.projects.ingest import refusals
from leye_platform.projects.ingest.formats import FileKind, plan_file, read_rows
from leye_platform.projects.ingest.lines import LONGEST_ROW, Encoding
from leye_platform.projects.ingest.rows import Row, RowRefused, plain_row, storable
from leye_platform.projects.ingest.source import Source

WANTED = ("review",)


def source_of(content: bytes, name: str = "reviews.csv", block: int = 65536) -> Source:
    def blocks() -> Iterator[bytes]:
        yield from (content[at : at + block] for at in range(0, len(content), block))

    return Source(name, len(content), blocks, lambda: io.BytesIO(content))


def rows_of(content: bytes, name: str = "reviews.csv", block: int = 65536) -> list[Row]:
    source = source_of(content, name, block)
    return list(read_rows(source, plan_file(source, WANTED)))


def told(content: bytes, name: str = "reviews.csv") -> list[tuple[int, str | None]]:
    """Row numbers with their problem, those of values included."""
    found: list[tuple[int, str | None]] = []
    for row in rows_of(content, name):
        problem = row.problem
        if problem is None:
            try:
                plain_row(row.content)
            except RowRefused as refused:
                problem = str(refused)
        found.append((row.number, problem))
    return found


def test_a_csv_with_a_byte_order_mark_keeps_its_first_column_name() -> None:
    rows = rows_of("\ufeffreview,id\n很好,1\n".encode())
    assert [row.content for row in rows] == [{"review": "很好", "id": "1"}]


@pytest.mark.parametrize("encoding", ["gbk", "gb18030"])
def test_a_csv_in_a_chinese_national_encoding_is_read(encoding: str) -> None:
    content = "external_id,review\r\n1,房间干净\r\n2,联通\r\n3,早餐一般，“不错”\r\n".encode(encoding)
    assert plan_file(source_of(content), WANTED).encoding is Encoding.GB18030
    assert [row.content["review"] for row in rows_of(content)] == ["房间干净", "联通", "早餐一般，“不错”"]


def test_bytes_of_no_known_encoding_among_gbk_lines_refuse_the_file() -> None:
    content = "review\n房间干净\n服务热情\n".encode("gbk") + b"\xff\xff\xff\n"
    with pytest.raises(refusals.EncodingUnknown, match="第 4 行"):
        rows_of(content)


def test_one_broken_line_in_a_utf8_file_is_refused_alone() -> None:
    content = "review\n房间干净\n服务热情\n".encode() + b"\xb7\xbf\n" + "还可以\n".encode()
    assert told(content) == [(1, None), (2, None), (3, refusals.NOT_DECODED), (4, None)]


@pytest.mark.parametrize(
    "content",
    [
        "review\n好\n".encode("utf-16"),
        "review\n好\n".encode("utf-16-be"),
        "review\n好\n".encode("utf-16-le"),
        "review\n好\n".encode("utf-32"),
    ],
)
def test_utf16_is_refused_whole_with_what_to_do(content: bytes) -> None:
    with pytest.raises(refusals.FileInUtf16, match="CSV UTF-8"):
        rows_of(content)


@pytest.mark.parametrize("content", [b"", b"  \n\n\t ", b"\xef\xbb\xbf", b"\xef\xbb\xbf\n"])
@pytest.mark.parametrize("name", ["a.csv", "a.json", "a.jsonl", "a"])
def test_an_empty_file_is_refused_by_name(content: bytes, name: str) -> None:
    with pytest.raises(refusals.FileEmpty, match=name):
        rows_of(content, name)


@pytest.mark.parametrize(
    ("content", "name"), [(b"review,id\n", "a.csv"), (b"review", "a.csv"), (b"[]", "a.json"), (b"[ \n ] ", "a")]
)
def test_a_header_or_brackets_without_rows_are_refused(content: bytes, name: str) -> None:
    with pytest.raises(refusals.FileWithoutRows):
        rows_of(content, name)


@pytest.mark.parametrize(
    ("content", "kind"),
    [(b"\xd0\xcf\x11\xe0abc", "Excel"), (b"%PDF-1.7", "PDF"), (b"\x89PNG\r\n", "图片"), (b"\xff\xd8\xff\xe0", "图片")],
)
def test_binary_files_are_refused_by_what_they_are(content: bytes, kind: str) -> None:
    with pytest.raises(refusals.FileNotText, match=kind):
        rows_of(content)


def test_a_missing_column_is_named_with_those_that_are_there() -> None:
    with pytest.raises(refusals.ColumnMissing, match=r"缺少列“review”.*text，id"):
        rows_of(b"text,id\na,1\n")


def test_a_column_named_twice_or_not_at_all_is_refused() -> None:
    with pytest.raises(refusals.ColumnTwice, match="review"):
        rows_of(b"review,review\na,b\n")
    with pytest.raises(refusals.ColumnWithoutName, match="第 2 列"):
        rows_of(b"review,\na,b\n")


def test_an_unclosed_quote_in_the_header_is_refused() -> None:
    with pytest.raises(refusals.HeaderTooLong):
        rows_of(b'"review,id\na,1\n')


def test_ragged_rows_are_refused_and_the_others_go_on() -> None:
    content = b"review,id\ngood,1\nbad\nworse,2,3\nfine,4\n"
    assert told(content) == [
        (1, None),
        (2, "这一行有 1 列，表头有 2 列"),
        (3, "这一行有 3 列，表头有 2 列"),
        (4, None),
    ]


def test_an_embedded_newline_is_one_row_and_the_numbers_stay_right() -> None:
    content = 'review,id\r\n"第一行\n第二行, ""引号""",1\r\nshort\r\n好,3\r\n'.encode()
    rows = rows_of(content)
    assert rows[0].content == {"review": '第一行\n第二行, "引号"', "id": "1"}
    assert [(row.number, row.problem is None) for row in rows] == [(1, True), (2, False), (3, True)]
    assert rows[2].end == len(content)


def test_a_stray_quote_costs_only_its_own_line() -> None:
    content = b'review,id\n"never closed,1\ngood,2\n"also" bad,3\nfine,4\n"open at the end,5\n'
    assert told(content) == [
        (1, refusals.OPEN_QUOTE),
        (2, None),
        (3, refusals.OPEN_QUOTE),
        (4, None),
        (5, refusals.OPEN_QUOTE),
    ]
    assert rows_of(content)[0].original == '"never closed,1'


def test_blank_lines_of_a_csv_are_no_rows() -> None:
    assert told(b"review,id\n\ngood,1\n,\n\nfine,2\n\n") == [(1, None), (2, None)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_found_by_the_columns(delimiter: str) -> None:
    content = f"note{delimiter}review\na{delimiter}b\n".encode()
    assert rows_of(content)[0].content == {"note": "a", "review": "b"}
    assert rows_of(b'review;"a,b,c"\nx;y\n')[0].content == {"review": "x", "a,b,c": "y"}


def test_lines_may_end_as_on_old_macs() -> None:
    assert [row.content["review"] for row in rows_of(b"review,id\ra,1\rb,2\r")] == ["a", "b"]


def test_nul_is_refused_and_shown_in_the_report() -> None:
    content = b"review,id\nbe\x00fore,1\nafter,2\n"
    assert told(content) == [(1, refusals.NUL), (2, None)]
    assert storable(rows_of(content)[0].original) == "be\\x00fore,1"


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_a_row_beyond_the_limit_is_refused_without_being_kept(name: str) -> None:
    long = b"x" * (3 * LONGEST_ROW)
    content = (
        b"review\n" + long + b"\ngood\n" if name == "a.csv" else b'{"review":"' + long + b'"}\n{"review":"good"}\n'
    )
    rows = rows_of(content, name)
    assert [row.problem is None for row in rows] == [False, True]
    assert len(rows[0].original) <= LONGEST_ROW
    assert rows[1].end == len(content)


def test_jsonl_rows_are_numbered_by_line_and_broken_ones_refused() -> None:
    lines = [
        '{"review": "好", "external_id": 7}',
        "",
        '{"review": "坏"',
        '["a list"]',
        '"a text"',
        '{"review": NaN}',
        '{"review": "x", "score": [1, {"deep": -Infinity}]}',
        '{"review": "x", "score": 1e999}',
        '{"review": "a\\u0000b"}',
        '{"review": "half \\ud83d"}',
        '{"review": 123456789012345678901234567890}',
        '{"review": "fine"}',
    ]
    found = told("\n".join(lines).encode(), "rows.jsonl")
    assert [number for number, _ in found] == [1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
    assert [number for number, problem in found if problem is None] == [1, 12]
    problems = dict(found)
    assert problems[3] == "JSON 格式不对，第 15 个字符附近"
    assert problems[4] == problems[5] == "要的是一个对象 {…}，这里不是"
    assert "review" in (problems[6] or "")
    assert "score" in (problems[7] or "")
    assert "NaN" in (problems[8] or "")
    assert problems[9] == refusals.NUL
    assert "半个字符" in (problems[10] or "")
    assert "太大" in (problems[11] or "")


def test_deep_nesting_is_refused_and_stops_nothing() -> None:
    deep = '{"review": ' + "[" * 5000 + "]" * 5000 + "}"
    shallow = '{"review": ' + "[" * 40 + "]" * 40 + "}"
    found = told(f'{deep}\n{shallow}\n{{"review": "a"}}\n'.encode(), "rows.jsonl")
    assert [problem is None for _, problem in found] == [False, False, True]


def test_label_studio_tasks_are_unwrapped() -> None:
    task = {"id": 3, "data": {"review": "好", "source": "app"}, "external_id": "r-1", "gold_answer": "正面|负面"}
    (row,) = rows_of(json.dumps([task]).encode(), "tasks.json")
    plain = plain_row(row.content)
    assert plain.data == {"review": "好", "source": "app"}
    assert plain.external_id == "r-1"
    assert plain.gold_answer == ["正面", "负面"]


@pytest.mark.parametrize(
    "content",
    ['[{"review": "a"}, {"review": ]', '[{"review": "a"}', '[{"review": "a"} {"review": "b"}]', '[{"review": "a"}] x'],
)
def test_a_broken_array_is_refused_whole(content: str) -> None:
    with pytest.raises(refusals.ArrayBroken, match="JSONL"):
        rows_of(content.encode(), "rows.json")


def test_an_array_must_be_utf8_and_an_array() -> None:
    with pytest.raises(refusals.ArrayNotUtf8):
        rows_of('[{"review": "好"}]'.encode("gbk"), "rows.json")
    with pytest.raises(refusals.ArrayWanted):
        rows_of(b'{\n  "review": "a"\n}', "rows.json")


@pytest.mark.parametrize(
    ("content", "name", "kind"),
    [
        (b'{"review": "a"}\n{"review": "b"}\n', "rows.json", FileKind.JSON_LINES),
        (b'{"review": "a"}\n', "rows.csv", FileKind.JSON_LINES),
        (b'[{"review": "a"}]', "rows.jsonl", FileKind.JSON_ARRAY),
        (b'[1]\n{"review": "a"}\n', "rows.jsonl", FileKind.JSON_LINES),
        (b"review\na\n", "rows.txt", FileKind.CSV),
        (b"review\na\n", "rows", FileKind.CSV),
    ],
)
def test_content_comes_before_the_name(content: bytes, name: str, kind: FileKind) -> None:
    assert plan_file(source_of(content, name), WANTED).kind is kind


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"review": "a", "external_id": "x" * 201}, "200"),
        ({"review": "a", "external_id": 1.5}, "文字或整数"),
        ({"review": "a", "external_id": True}, "文字或整数"),
        ({"review": "a", "external_id": "a\x00"}, "NUL"),
        ({"review": "a", "gold_answer": 3}, "gold_answer"),
        ({"review": "a", "gold_answer": []}, "gold_answer"),
    ],
)
def test_reserved_fields_are_checked(row: dict[str, object], said: str) -> None:
    with pytest.raises(RowRefused, match=said):
        plain_row(row)


def test_an_integer_id_becomes_text_and_an_empty_one_is_none() -> None:
    assert plain_row({"review": "a", "external_id": 12}).external_id == "12"
    assert plain_row({"review": "a", "external_id": " "}).external_id is None


cell = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)


@given(rows=st.lists(st.tuples(cell, cell), min_size=1, max_size=8), block=st.integers(1, 40))
def test_csv_written_by_the_standard_library_reads_back_whatever_the_blocks(
    rows: list[tuple[str, str]], block: int
) -> None:
    rows = [row for row in rows if "".join(row).strip()]
    text = io.StringIO(newline="")
    csv.writer(text).writerows([("review", "note"), *rows])
    if not rows:
        return
    read = rows_of(text.getvalue().encode(), block=block)
    assert [(row.content["review"], row.content["note"]) for row in read] == rows


whole = st.integers(-(2**63) + 1, 2**63 - 1)


@given(values=st.lists(st.dictionaries(cell, whole | cell | st.none()), min_size=1), block=st.integers(1, 40))
def test_arrays_and_lines_say_the_same_whatever_the_blocks(values: list[dict[str, object]], block: int) -> None:
    array = json.dumps(values, ensure_ascii=False).encode()
    lines = "\n".join(json.dumps(value) for value in values).encode()
    assert [row.content for row in rows_of(array, "a.json", block)] == values
    assert [row.content for row in rows_of(lines, "a.jsonl", block)] == values
