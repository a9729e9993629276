"""Pictures looked at to their end: what is refused, by which sentence, and what is made of the others."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from leye_platform.projects.pictures.keeping import keep_picture, key_of
from leye_platform.projects.pictures.looking import NEAR_ENOUGH, SHOWN_SIDE, THUMB_SIDE, Looked, look_at
from leye_platform.projects.pictures.refusals import LARGEST_PICTURE, PictureRefused
from leye_storage import ObjectStore, open_store
from support.clock import MovableClock
from support.pictures import damaged, photo, written


@pytest.fixture
def objects(tmp_path: Path) -> ObjectStore:
    return open_store(f"file://{tmp_path}/objects", secret="s" * 40, base_url="http://testserver", clock=MovableClock())


def looked(content: bytes) -> tuple[Looked, Image.Image]:
    """What look_at says, and what is shown as a picture."""
    found = look_at(content)
    return found, Image.open(BytesIO(found.shown))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP"])
def test_each_kind_is_shown_as_a_jpeg_of_the_same_size(kind: str) -> None:
    found, shown = looked(written(photo(300, 200), kind))
    assert (found.kind, found.width, found.height) == (kind, 300, 200)
    assert (shown.format, shown.mode, shown.size) == ("JPEG", "RGB", (300, 200))


def test_a_large_picture_is_shown_smaller_and_measured_whole() -> None:
    found, shown = looked(written(photo(4200, 2100)))
    assert (found.width, found.height) == (4200, 2100)
    assert shown.size == (SHOWN_SIDE, SHOWN_SIDE // 2)
    assert NEAR_ENOUGH * THUMB_SIDE <= max(Image.open(BytesIO(found.thumb)).size) <= THUMB_SIDE


def test_a_picture_taken_sideways_stands_upright_and_tells_no_place() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x8825] = {1: "N", 2: (38.0, 55.0, 30.0)}
    picture = photo(300, 200)
    picture.paste((255, 0, 0), (0, 0, 60, 60))  # the corner that comes to lie at the top right
    found, shown = looked(written(picture, exif=exif))
    assert (found.width, found.height) == (200, 300)
    assert not shown.getexif()
    red, green, blue = np.asarray(shown)[20, 180]
    assert red > 200
    assert max(green, blue) < 60


def test_printing_colours_are_shown_as_a_screen_can() -> None:
    _, shown = looked(written(Image.new("CMYK", (80, 60), (0, 255, 255, 0))))
    red, green, blue = np.asarray(shown)[30, 40]
    assert red > 200
    assert max(green, blue) < 90


def test_what_lets_light_through_lies_on_white() -> None:
    _, shown = looked(written(Image.new("RGBA", (80, 60), (0, 0, 0, 0)), "PNG"))
    assert np.asarray(shown).min() > 250


def test_sixteen_bits_are_shown_from_darkest_to_brightest() -> None:
    grey = np.linspace(1000, 9000, 100 * 50).reshape(50, 100).astype(np.uint16)
    _, shown = looked(written(Image.fromarray(grey), "PNG"))
    values = np.asarray(shown.convert("L"))
    assert (values.min() < 10, values.max() > 245) == (True, True)


def test_the_name_says_nothing_the_content_does() -> None:
    found, _ = looked(written(photo(30, 20), "JPEG"))  # whatever it was called
    assert found.kind == "JPEG"


def frames(count: int) -> bytes:
    pictures = [photo(40, 40, seed) for seed in range(count)]
    return written(pictures[0], "GIF", save_all=True, append_images=pictures[1:])


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "空的"),
        (b"once upon a time" * 9, "不是能用的图片"),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "内容是 SVG"),
        (written(photo(30, 20), "TIFF"), "内容是 TIFF"),
        (b"\x00\x00\x00\x20ftypheic" + b"\x00" * 90, "内容是 HEIC"),
        (written(Image.new("L", (30_000, 8)), "PNG"), "最长边有 30000 像素，最多 16384"),
        (written(Image.new("1", (10_000, 10_000)), "PNG"), "有 100 百万像素，最多 64 百万"),
        (frames(3), "有 3 帧"),
        (written(photo(900, 700))[:-9000], "读不到底"),
        (written(photo(300, 200), "PNG")[:-900], "读不到底"),
        (written(photo(900, 700), "WEBP")[:-9000], "读不到底"),
        (damaged(written(photo(900, 700)), 600), "600 个零字节"),
        (damaged(written(photo(900, 700), "WEBP", quality=95), 4096), "4096 个零字节"),
        (damaged(written(photo(300, 200), "PNG"), 64), "读不到底"),
    ],
)
def test_what_cannot_be_worked_on_is_refused_with_a_reason(content: bytes, told: str) -> None:
    with pytest.raises(PictureRefused, match=told):
        look_at(content)


@pytest.mark.parametrize("options", [{"optimize": True}, {"progressive": True}, {}])
def test_a_plain_picture_is_no_damaged_one(options: dict[str, bool]) -> None:
    """Tables made for a white page code it as zeros: thousands of them on end are true."""
    found, _ = looked(written(Image.new("RGB", (3000, 3000), "white"), "JPEG", **options))
    assert found.width == 3000


def test_the_same_picture_is_kept_once(objects: ObjectStore) -> None:
    content = written(photo(300, 200))
    kept = keep_picture(objects, BytesIO(content))
    assert keep_picture(objects, BytesIO(content)) == kept
    keys = list(objects.keys())
    assert keys == sorted(key_of(kept.sha256, part) for part in ("facts.json", "original", "shown", "thumb"))
    assert b"".join(objects.read(key_of(kept.sha256, "original"))) == content


def test_what_was_half_kept_is_kept_again(objects: ObjectStore) -> None:
    content = written(photo(300, 200))
    kept = keep_picture(objects, BytesIO(content))
    objects.delete(key_of(kept.sha256, "facts.json"))  # killed before the last step
    objects.delete(key_of(kept.sha256, "thumb"))
    assert keep_picture(objects, BytesIO(content)) == kept
    assert objects.stat(key_of(kept.sha256, "thumb")).size > 0


def test_a_file_of_too_many_bytes_is_refused_before_it_is_looked_at(objects: ObjectStore) -> None:
    with pytest.raises(PictureRefused, match="最多 50 MB"):
        keep_picture(objects, BytesIO(b"\xff\xd8\xff" + bytes(LARGEST_PICTURE)))
    assert list(objects.keys()) == []
