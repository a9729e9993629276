"""Our exports beside those of Label Studio's own converter, for the same annotations; run by `make oracle`.

Where the two differ, Label Studio's is known to lose something, and the test says what.
"""

import csv
import io
import json
import subprocess
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring

from support.boxes import BOXES
from support.exporting import HEIGHT, WIDTH, framed, span, write
from support.factories import ENTITIES, SENTIMENT, TOPICS, chosen

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv-oracle" / "bin" / "python"
Items = list[tuple[dict[str, Any], list[Any]]]
THEIRS_ALONE = {"annotator", "created_at", "updated_at", "lead_time"}
"""Whose answer, and when: a delivery names nobody, and says how sure it is instead."""
TEXT = "John Smith lives in New York . He likes Paris and Rome ."


def theirs(folder: Path, config: str, kind: str, items: Items, *formats: str) -> dict[str, Path]:
    """What Label Studio makes of our own JSON."""
    tasks = json.loads(write("JSON", config, kind, items).content)
    for task in tasks:
        for annotation in task["annotations"]:
            annotation["completed_by"] = {"id": 1, "email": "nobody@demo.example"}
    (folder / "config.xml").write_text(config, encoding="utf-8")
    (folder / "tasks.json").write_text(json.dumps(tasks), encoding="utf-8")
    command = [PYTHON, Path(__file__).with_name("convert.py"), folder / "config.xml", folder / "tasks.json", folder]
    subprocess.run([*command, *formats], check=True, capture_output=True)
    return {name: folder / name for name in formats}


CLASSES: Items = [({"review": '味道\n好，"真"好'}, chosen("正面")), ({"review": "等了五天"}, chosen("负面"))]
SEVERAL: Items = [
    ({"review": "好"}, chosen("价格", "味道", control="topic")),
    ({"review": "坏"}, chosen("服务", control="topic")),
]
SPANS: Items = [
    ({"review": TEXT}, [span(TEXT, "John Smith", "人名"), span(TEXT, "New York", "地名")]),
    ({"review": "Rome"}, []),
]
FRAMES: Items = [
    (
        {"photo": "a.jpg"},
        [framed(10, 20, 30, 40, "狗"), framed(0, 0, 100, 100, "猫"), framed(12.5, 7.3, 3.21, 4.56, "猫")],
    ),
    ({"photo": "b.jpg"}, [framed(50, 50, 10, 10, "猫")]),
]
TURNED: Items = [({"photo": "a.jpg"}, [framed(50, 50, 12.5, 10, "猫", 30), framed(40, 10, 20, 5, "狗", -75)])]


@pytest.mark.parametrize(
    ("config", "kind", "items"),
    [
        (SENTIMENT, "text_classification", CLASSES),
        (TOPICS, "text_classification", SEVERAL),
        (ENTITIES, "named_entities", SPANS),
        (BOXES, "image_boxes", FRAMES),
    ],
)
def test_short_json_and_tables_say_the_same(tmp_path: Path, config: str, kind: str, items: Items) -> None:
    found = theirs(tmp_path, config, kind, items, "JSON_MIN", "CSV", "TSV")
    short = json.loads((found["JSON_MIN"] / "result.json").read_text(encoding="utf-8"))
    for their, our in zip(short, json.loads(write("JSON_MIN", config, kind, items).content), strict=True):
        assert {name: our.get(name) for name in their if name not in THEIRS_ALONE} == {
            name: value for name, value in their.items() if name not in THEIRS_ALONE
        }
    for name, parting in (("CSV", ","), ("TSV", "\t")):
        text = (found[name] / "result.csv").read_text(encoding="utf-8")
        ours = io.StringIO(write(name, config, kind, items).content.decode("utf-8-sig"), newline="")
        rows = csv.DictReader(ours, delimiter=parting)
        for their, our in zip(csv.DictReader(io.StringIO(text), delimiter=parting), rows, strict=True):
            for column in their.keys() - THEIRS_ALONE - {"annotation_id"}:
                assert _value(our[column]) == _value(their[column]), column


def _value(cell: str) -> Any:
    try:
        return json.loads(cell)
    except ValueError:
        return cell


def test_words_carry_the_same_tags_where_blanks_part_them(tmp_path: Path) -> None:
    folder = theirs(tmp_path, ENTITIES, "named_entities", SPANS, "CONLL2003")["CONLL2003"]
    their = (folder / "result.conll").read_text(encoding="utf-8")
    assert write("CONLL2003", ENTITIES, "named_entities", SPANS).text.rstrip() == their.rstrip()


def test_coco_has_the_same_boxes_of_which_none_is_turned(tmp_path: Path) -> None:
    folder = theirs(tmp_path, BOXES, "image_boxes", FRAMES, "COCO")["COCO"]
    their = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    our = json.loads(write("COCO", BOXES, "image_boxes", FRAMES).content)
    assert our["categories"] == their["categories"]
    for one, other in zip(our["images"], their["images"], strict=True):
        assert (one["id"], one["width"], one["height"]) == (other["id"], other["width"], other["height"])
        assert Path(one["file_name"]).name == Path(other["file_name"]).name.rpartition("__")[2]
    for one, other in zip(our["annotations"], their["annotations"], strict=True):
        for name in ("bbox", "area"):
            assert one[name] == pytest.approx(other[name])
        assert {**one, "bbox": 0, "area": 0} == {**other, "bbox": 0, "area": 0}


def test_their_coco_bends_a_turned_box_on_a_picture_that_is_not_square(tmp_path: Path) -> None:
    folder = theirs(tmp_path, BOXES, "image_boxes", TURNED, "COCO")["COCO"]
    [their, _] = json.loads((folder / "result.json").read_text(encoding="utf-8"))["annotations"]
    [our, _] = json.loads(write("COCO", BOXES, "image_boxes", TURNED).content)["annotations"]
    assert our["bbox"] != pytest.approx(their["bbox"], rel=0.01), "they have mended it: say so in ADR 0010"


@pytest.mark.parametrize(("name", "items"), [("YOLO", FRAMES), ("YOLO_OBB", FRAMES), ("YOLO_OBB", TURNED)])
def test_yolo_has_the_same_lines(tmp_path: Path, name: str, items: Items) -> None:
    folder = theirs(tmp_path, BOXES, "image_boxes", items, name)[name]
    files = write(name, BOXES, "image_boxes", items).files
    assert files["classes.txt"].decode() == (folder / "classes.txt").read_text(encoding="utf-8")
    notes = json.loads((folder / "notes.json").read_text(encoding="utf-8"))
    assert json.loads(files["notes.json"])["categories"] == notes["categories"]
    for path in sorted((folder / "labels").iterdir()):
        our = _numbers(files[f"labels/{path.name.rpartition('__')[2]}"].decode())
        their = _numbers(path.read_text(encoding="utf-8"))
        assert len(our) == len(their) > 0
        for one, other in zip(our, their, strict=True):
            assert one == pytest.approx(other, abs=1e-8)


def _numbers(lines: str) -> list[list[float]]:
    return [[float(word) for word in line.split()] for line in lines.splitlines()]


def test_their_yolo_ignores_that_a_box_is_turned(tmp_path: Path) -> None:
    folder = theirs(tmp_path, BOXES, "image_boxes", TURNED, "YOLO")["YOLO"]
    [path] = (folder / "labels").iterdir()
    their = _numbers(path.read_text(encoding="utf-8"))[0]
    written = write("YOLO", BOXES, "image_boxes", TURNED)
    our = _numbers(written.files["labels/a.txt"].decode())[0]
    assert our != pytest.approx(their, rel=0.01), "they have mended it: say so in ADR 0010"
    assert written.lost["rotation"] == 2


def test_their_yolo_and_voc_overwrite_a_picture_of_the_same_name(tmp_path: Path) -> None:
    items: Items = [
        ({"photo": "/data/upload/1/a.jpg"}, [framed(10, 20, 30, 40, "狗")]),
        ({"photo": "s3://bucket/x/a.jpg"}, [framed(50, 50, 10, 10, "猫")]),
    ]
    found = theirs(tmp_path, BOXES, "image_boxes", items, "YOLO", "VOC")
    for folder, part in ((found["YOLO"], "labels"), (found["VOC"], "Annotations")):
        assert len(list((folder / part).iterdir())) < len(items), "they have mended it: say so in ADR 0010"
    for name, part in (("YOLO", "labels/"), ("VOC", "Annotations/")):
        assert sum(path.startswith(part) for path in write(name, BOXES, "image_boxes", items).files) == len(items)


def test_voc_has_the_same_boxes_but_for_their_rounding_down_twice(tmp_path: Path) -> None:
    folder = theirs(tmp_path, BOXES, "image_boxes", FRAMES, "VOC")["VOC"]
    files = write("VOC", BOXES, "image_boxes", FRAMES).files
    for path in sorted((folder / "Annotations").iterdir()):
        our, their = (
            fromstring(files[f"Annotations/{path.name.rpartition('__')[2]}"]),
            fromstring(path.read_text(encoding="utf-8")),
        )
        assert [int(our.findtext(f"size/{side}")) for side in ("width", "height")] == [WIDTH, HEIGHT]
        for name in ("size/width", "size/height", "segmented", "object/name"):
            assert our.findtext(name) == their.findtext(name), name
        for one, other in zip(our.findall("object"), their.findall("object"), strict=True):
            assert one.findtext("name") == other.findtext("name")
            assert _frame(one) == pytest.approx(_frame(other), abs=2)


def _frame(found: Element) -> list[int]:
    return [int(found.findtext(f"bndbox/{side}") or "") for side in ("xmin", "ymin", "xmax", "ymax")]
