"""CSV, TSV, JSON_MIN and PARQUET: what stands where, and nothing that a spreadsheet program would run."""

import csv
import io
from typing import Any

import orjson
import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from leye_platform.exports.cells import FORMULA, safe_cell
from support.exporting import Written, span, write
from support.factories import ENTITIES, SENTIMENT, TOPICS, chosen

TEXT = "text_classification"


def table(written: Written, parting: str = ",") -> list[dict[str, str]]:
    text = written.content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=parting))


@pytest.mark.parametrize(("name", "parting"), [("CSV", ","), ("TSV", "\t")])
def test_a_table_has_a_column_for_each_variable_and_each_control(name: str, parting: str) -> None:
    items = [({"review": '一,二\t三\n"四"'}, chosen("正面")), ({"review": "五"}, chosen("负面"))]
    first, second = table(write(name, SENTIMENT, TEXT, items), parting)
    assert first["review"] == '一,二\t三\n"四"'
    assert [first["sentiment"], second["sentiment"]] == ["正面", "负面"]
    assert [first["label"], first["external_id"], first["lot"]] == ["正面", "x-1", "L-01"]
    assert [first["confidence"], first["guide_version"], first["id"]] == ["0.9877", "3", "1"]
    assert second["item_id"] == "00000000-0000-0000-0000-000000000002"


def test_several_choices_and_spans_stand_in_their_cell_as_label_studio_writes_them() -> None:
    [row] = table(write("CSV", TOPICS, TEXT, [({"review": "好"}, chosen("价格", "味道", control="topic"))]))
    assert orjson.loads(row["topic"]) == {"choices": ["价格", "味道"]}
    assert row["label"] == "价格|味道"
    text = "李娜在上海"
    [row] = table(write("CSV", ENTITIES, "named_entities", [({"review": text}, [span(text, "上海", "地名")])]))
    assert orjson.loads(row["label"]) == [{"start": 3, "end": 5, "text": "上海", "labels": ["地名"]}]
    assert row["leye_label"] == "3-5 地名 上海", "ours gives way to the control of that name"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_a_cell_that_would_be_a_formula_is_neutral_and_counted(start: str) -> None:
    hostile = f"{start}cmd|' /C calc'!A0"
    for name, parting in (("CSV", ","), ("TSV", "\t")):
        written = write(name, SENTIMENT, TEXT, [({"review": hostile}, chosen("正面")), ({"review": "好"}, [])])
        assert [row["review"] for row in table(written, parting)] == [f"'{hostile}", "好"]
        assert written.lost == {"cell_changed": 1}
    raw = write("JSON", SENTIMENT, TEXT, [({"review": hostile}, chosen("正面"))])
    assert orjson.loads(raw.content)[0]["data"]["review"] == hostile
    assert raw.lost == {}


def test_a_class_or_an_id_is_no_formula_either() -> None:
    config = SENTIMENT.replace("正面", "=1+1")
    written = write("CSV", config, TEXT, [({"review": "好"}, chosen("=1+1"))])
    [row] = table(written)
    assert (row["sentiment"], row["label"]) == ("'=1+1", "'=1+1")


@given(st.text(alphabet=st.sampled_from("=+-@\t\r\n ,\"'a\x00\u202e\u202c\u2066\u2067\u2069＝中")))
def test_no_text_begins_as_a_formula_or_turns_what_follows(text: str) -> None:
    cell = safe_cell(text)
    assert cell[:1] not in FORMULA or not cell
    assert "\x00" not in cell
    depth: list[str] = []
    for sign in cell:
        if sign == "\u202e":
            depth.append("\u202c")
        elif sign in "\u2066\u2067":
            depth.append("\u2069")
        elif sign == "\u202c" and depth and depth[-1] == "\u202c":
            depth.pop()
        elif sign == "\u2069" and "\u2069" in depth:
            while depth.pop() != "\u2069":
                pass
    assert depth == []
    assert safe_cell("一句平常的话 -1") == "一句平常的话 -1"


def test_columns_that_the_config_does_not_name_are_told_as_lost_and_kept_in_json_min() -> None:
    items = [({"review": "好", "shop": 5, "sentiment": "=given"}, chosen("正面"))]
    written = write("CSV", SENTIMENT, TEXT, items)
    assert written.lost == {"other_fields": 1}
    assert written.losses.lines()[0].items == (1,)
    short = write("JSON_MIN", SENTIMENT, TEXT, items)
    [task] = orjson.loads(short.content)
    assert short.lost == {}
    assert task == {
        "review": "好",
        "shop": 5,
        "data_sentiment": "=given",
        "id": 1,
        "sentiment": "正面",
        "annotation_id": 1,
        "item_id": "00000000-0000-0000-0000-000000000001",
        "external_id": "x-1",
        "lot": "L-01",
        "confidence": 0.987654,
        "guide_version": 3,
    }


def test_a_variable_of_one_of_our_names_keeps_it() -> None:
    config = SENTIMENT.replace("$review", "$id")
    items: list[tuple[dict[str, Any], list[Any]]] = [({"id": "mine", "lot": "7"}, chosen("正面"))]
    [row] = table(write("CSV", config, TEXT, items))
    assert (row["id"], row["data_id"], row["lot"]) == ("1", "mine", "L-01")
    [task] = orjson.loads(write("JSON_MIN", config, TEXT, items).content)
    assert (task["id"], task["data_id"], task["lot"], task["leye_lot"]) == (1, "mine", "7", "L-01")


def test_parquet_has_types_and_holds_everything() -> None:
    items = [({"review": f"第 {n} 条\x1f\u202e", "shop": n}, chosen("正面")) for n in range(12_000)]
    written = write("PARQUET", SENTIMENT, TEXT, items)
    read = parquet.read_table(io.BytesIO(written.content))
    assert read.schema.field("id").type == pyarrow.int64()
    assert read.schema.field("confidence").type == pyarrow.float64()
    assert read.num_rows == len(items)
    last = read.slice(11_999).to_pylist()[0]
    assert (last["review"], last["label"], last["lot"], last["guide_version"]) == (
        items[-1][0]["review"],
        "正面",
        "L-01",
        3,
    )
    assert orjson.loads(last["data"]) == items[-1][0]
    assert orjson.loads(last["result"]) == items[-1][1]
    assert parquet.ParquetFile(io.BytesIO(written.content)).metadata.num_row_groups == 3
    assert written.content == write("PARQUET", SENTIMENT, TEXT, items).content
    assert parquet.read_table(io.BytesIO(write("PARQUET", SENTIMENT, TEXT, []).content)).num_rows == 0
