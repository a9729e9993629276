"""COCO, YOLO, YOLO_OBB and VOC: the same boxes in each, turned ones right, and archives with each picture once."""

import csv
import io
import math
from collections.abc import Sequence
from typing import Any
from xml.etree.ElementTree import Element

import orjson
import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given
from hypothesis import strategies as st

from leye_platform.exports.formats import formats_for
from leye_platform.exports.shapes import Frame, PictureSize, Shape
from leye_platform.projects.task_type import task_type
from support.boxes import BOXES
from support.exporting import HEIGHT, WIDTH, Written, framed, photo, write

KIND = "image_boxes"
PLAIN = [(photo("a/猫.jpg"), [framed(10, 20, 30, 40, "狗"), framed(0, 0, 100, 100, "猫")]), (photo("b.png"), [])]
NUMBERS = {"狗": 0, "猫": 1}  # by their names, as Label Studio counts


def boxes(name: str, items: Sequence[Any], **options: Any) -> Written:
    return write(name, BOXES, KIND, items, **options)


def test_coco_has_images_categories_and_boxes_in_pixels() -> None:
    written = boxes("COCO", PLAIN)
    told = orjson.loads(written.content)
    assert told["categories"] == [{"id": 0, "name": "狗"}, {"id": 1, "name": "猫"}]
    first, second = told["images"]
    assert (first["id"], first["file_name"], first["width"], first["height"]) == (0, "a/猫.jpg", WIDTH, HEIGHT)
    assert (first["confidence"], first["guide_version"], first["external_id"], first["lot"]) == (
        0.987654,
        3,
        "x-1",
        "L-01",
    )
    assert (second["id"], second["file_name"]) == (1, "b.png")
    dog, cat = told["annotations"]
    assert (dog["bbox"], dog["area"], dog["category_id"], dog["image_id"]) == ([40, 60, 120, 120], 14400, 0, 0)
    assert (cat["bbox"], cat["segmentation"], cat["id"]) == ([0, 0, 400, 300], [], 1)
    assert written.lost == {}
    assert orjson.loads(boxes("COCO", []).content)["images"] == []


def test_coco_keeps_a_turned_box_as_a_polygon_with_right_angles() -> None:
    told = orjson.loads(boxes("COCO", [(photo("a.jpg"), [framed(50, 50, 12.5, 10, "猫", 30)])]).content)
    [turned] = told["annotations"]
    [corners] = turned["segmentation"]
    points = list(zip(corners[::2], corners[1::2], strict=True))
    sides = [math.dist(points[n], points[(n + 1) % 4]) for n in range(4)]
    assert sides == pytest.approx([50, 30, 50, 30])
    assert math.dist(points[0], points[2]) == pytest.approx(math.hypot(50, 30))
    assert points[0] == (200, 150)
    assert turned["area"] == pytest.approx(1500)
    x, y, width, height = turned["bbox"]
    assert (x, y) == (pytest.approx(200 - 30 * math.sin(math.pi / 6)), 150)
    assert (width, height) == pytest.approx((58.301270, 50.980762))


def test_yolo_has_shares_of_the_picture_and_lists_what_its_lines_cannot_hold() -> None:
    written = boxes("YOLO", PLAIN)
    files = written.files
    assert files["classes.txt"].decode() == "狗\n猫\n"
    assert files["labels/a/猫.txt"].decode() == "0 0.25 0.4 0.3 0.4\n1 0.5 0.5 1 1\n"
    assert files["labels/b.txt"] == b""
    assert orjson.loads(files["notes.json"])["categories"] == [{"id": 0, "name": "狗"}, {"id": 1, "name": "猫"}]
    first, second = csv.DictReader(io.StringIO(files["items.csv"].decode()))
    assert first == {
        "file": "a/猫",
        "picture": "a/猫.jpg",
        "item_id": "00000000-0000-0000-0000-000000000001",
        "external_id": "x-1",
        "confidence": "0.9877",
        "guide_version": "3",
        "lot": "L-01",
    }
    assert second["file"] == "b"
    report = orjson.loads(files["report.json"])
    assert (report["format"], report["items"]) == ("YOLO", 2)
    assert [loss["code"] for loss in report["losses"]] == ["aside"]


def test_yolo_tells_of_a_turned_box_and_obb_keeps_it() -> None:
    items = [(photo("a.jpg"), [framed(50, 50, 12.5, 10, "猫", 30), framed(90, 90, 20, 5, "狗")])]
    upright = boxes("YOLO", items)
    assert upright.lost == {"aside": None, "rotation": 1, "beyond_picture": 1}
    turned, cut = upright.files["labels/a.txt"].decode().splitlines()
    assert cut == "0 0.95 0.925 0.1 0.05"
    obb = boxes("YOLO_OBB", items)
    assert obb.lost == {"aside": None}
    number, *corners = (float(word) for word in obb.files["labels/a.txt"].decode().splitlines()[0].split())
    points = [(x * WIDTH, y * HEIGHT) for x, y in zip(corners[::2], corners[1::2], strict=True)]
    assert number == 1
    assert [math.dist(points[n], points[(n + 1) % 4]) for n in range(4)] == pytest.approx([50, 30, 50, 30], rel=1e-6)
    _, x, y, width, height = (float(word) for word in turned.split())
    across, down = zip(*points, strict=True)
    assert (x * WIDTH, width * WIDTH) == pytest.approx(((min(across) + max(across)) / 2, max(across) - min(across)))
    assert (y * HEIGHT, height * HEIGHT) == pytest.approx(((min(down) + max(down)) / 2, max(down) - min(down)))


def voc(written: Written, name: str) -> Element:
    root: Element = fromstring(written.files[f"Annotations/{name}.xml"])
    return root


def test_voc_has_whole_pixels_and_tells_where_that_moved_a_side() -> None:
    config = BOXES.replace("猫", "<b>&amp;".replace("<", "&lt;").replace(">", "&gt;"))
    items = [(photo("a&b.jpg"), [framed(10, 20, 30, 40, "狗"), framed(0.1, 0, 50, 50, "<b>&")])]
    written = write("VOC", config, KIND, items)
    root = voc(written, "a&b")
    assert (root.findtext("filename"), root.findtext("size/width"), root.findtext("size/height")) == (
        "a&b.jpg",
        "400",
        "300",
    )
    assert (root.findtext("source/confidence"), root.findtext("source/guide_version")) == ("0.987654", "3")
    assert [found.findtext("name") for found in root.findall("object")] == ["狗", "<b>&"]
    frames = [[int(side.text or "") for side in frame] for frame in root.findall("object/bndbox")]
    assert frames == [[40, 60, 160, 180], [0, 0, 200, 150]]
    assert written.lost == {"whole_pixels": 1}


def test_a_box_of_a_picture_without_a_size_is_told_and_what_is_no_box_too() -> None:
    bare = {"id": "b", "from_name": "box", "to_name": "photo", "type": "rectanglelabels"}
    value = {"x": 1, "y": 1, "width": 1, "height": 1, "rectanglelabels": ["猫"]}
    polygon = bare | {"type": "polygonlabels", "value": {"points": [[0, 0]], "polygonlabels": ["猫"]}}
    items = [({"photo": "https://example.org/x/p.jpg?key=1"}, [bare | {"value": value}, polygon])]
    for name in ("COCO", "YOLO", "YOLO_OBB", "VOC"):
        lost = boxes(name, items).lost
        assert (lost["no_size"], lost["other_region"]) == (1, 1)
    [image] = orjson.loads(boxes("COCO", items).content)["images"]
    assert (image["file_name"], image["width"]) == ("p.jpg", None)


HOSTILE = [
    *("../../etc/passwd", "/abs/x.jpg", "C:\\w\\x.jpg", "a/../../b.jpg", "CON.jpg", "x.jpg", "X.JPG", "x.png"),
    *("é.jpg", "e\u0301.jpg", "a\u202egpj.exe", "n\x00ul.jpg", "..", "", "   ", "a:b*?.jpg", "trail. ", ".jpg"),
    f"{'长' * 200}.jpg",
]


@pytest.mark.parametrize("name", ["YOLO", "YOLO_OBB", "VOC", "COCO_WITH_IMAGES"])
def test_names_in_an_archive_never_collide_nor_leave_it(name: str) -> None:
    items = [(photo(given), [framed(0, 0, 10, 10, "猫")]) for given in HOSTILE]
    written = boxes(name, items, open_picture=lambda _: b"\xff\xd8\xff picture")
    files = written.files
    folder, ending = {"VOC": ("Annotations", ".xml"), "COCO_WITH_IMAGES": ("images", "")}.get(name, ("labels", ".txt"))
    found = [path for path in files if path.startswith(f"{folder}/") and path.endswith(ending)]
    assert len(found) == len(HOSTILE), "one file for each picture"
    for path in files:
        assert not path.startswith("/")
        assert ".." not in path.split("/")
        assert not set(path) & set('\\:*?"<>|\x00\u202e')
        assert all(len(part.encode()) <= 130 for part in path.split("/"))
    assert written.lost["file_renamed"] is not None
    listed = list(csv.DictReader(io.StringIO(files["items.csv"].decode())))
    assert len({row["file"].casefold() for row in listed}) == len(HOSTILE)


def test_the_same_file_twice_overwrites_nothing() -> None:
    items = [
        (photo("a/1.jpg"), [framed(0, 0, 10, 10, "猫")]),
        (photo("b/1.jpg"), []),
        (photo("a/1.jpg"), []),
        (photo("a/1-3.jpg"), []),
    ]
    files = boxes("YOLO", items).files
    assert [name for name in files if name.startswith("labels/")] == [
        "labels/a/1.txt", "labels/b/1.txt", "labels/a/1-3.txt", "labels/a/1-3-4.txt",
    ]  # fmt: skip
    assert files["labels/a/1.txt"] != b""


@pytest.mark.parametrize("name", ["COCO_WITH_IMAGES", "YOLO_WITH_IMAGES", "YOLO_OBB_WITH_IMAGES"])
def test_pictures_come_along_and_a_missing_one_is_told(name: str) -> None:
    kept = {"1" * 64: b"\xff\xd8\xff one"}
    items = [(photo("x.jpg", sha256="1" * 64), [framed(0, 0, 10, 10, "猫")]), (photo("y.jpg", sha256="2" * 64), [])]
    written = boxes(name, items, open_picture=lambda picture: kept.get(picture["sha256"]))
    assert written.files["images/x.jpg"] == kept["1" * 64]
    assert "images/y.jpg" not in written.files
    assert written.lost["no_picture"] == 1
    assert boxes(name, items).lost["no_picture"] == 2, "nobody could open them"
    if name == "COCO_WITH_IMAGES":
        told = orjson.loads(written.files["result.json"])
        assert [image["file_name"] for image in told["images"]] == ["images/x.jpg", "images/y.jpg"]


def test_formats_without_pictures_open_none() -> None:
    def never(_picture: object) -> bytes:
        raise AssertionError

    for name in ("COCO", "YOLO", "YOLO_OBB", "VOC"):
        boxes(name, PLAIN, open_picture=never)


sides = st.floats(0, 100, allow_nan=False)


@given(sides, sides, sides, sides, st.floats(-360, 360, allow_nan=False))
def test_a_turned_box_keeps_its_sides_and_what_is_around_it_holds_its_corners(
    x: float, y: float, width: float, height: float, rotation: float
) -> None:
    shape = Shape("a", Frame(x, y, width, height), rotation, PictureSize(100, 70))
    points = shape.corners
    assert math.dist(points[0], points[1]) == pytest.approx(width, abs=1e-6)
    assert math.dist(points[1], points[2]) == pytest.approx(height, abs=1e-6)
    around, seen = shape.around, shape.around.within(shape.size)
    for across, down in points:
        assert around.x - 1e-6 <= across <= around.x + around.width + 1e-6
        assert around.y - 1e-6 <= down <= around.y + around.height + 1e-6
    assert min(seen) >= 0
    assert seen.x + seen.width <= 100 + 1e-9
    assert seen.y + seen.height <= 70 + 1e-9


@pytest.mark.parametrize("name", [form.name for form in formats_for(task_type(KIND, BOXES).config)])
def test_classes_are_called_otherwise_in_every_format(name: str) -> None:
    items = [(photo("a.jpg"), [framed(10, 20, 30, 40, "猫")])]
    written = boxes(name, items, names={"猫": "feline"})
    content = b"".join(written.files.values()) if written.content.startswith(b"PK") else written.content
    assert b"feline" in content
    assert "猫".encode() not in content


def test_a_class_that_the_config_no_longer_has_gets_the_next_number() -> None:
    items = [(photo("a.jpg"), [framed(10, 20, 30, 40, "鸟"), framed(10, 20, 30, 40, "猫")])]
    files = boxes("YOLO", items).files
    assert files["labels/a.txt"].decode().split("\n")[0].startswith("2 ")
    assert files["classes.txt"].decode() == "狗\n猫\n鸟\n"
    told = orjson.loads(boxes("COCO", items).content)
    assert [(one["id"], one["name"]) for one in told["categories"]][2] == (2, "鸟")
    assert told["annotations"][0]["category_id"] == 2
    assert "鸟" in boxes("CSV", items).text
