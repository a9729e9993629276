"""Looks a picture through to its end, and makes what annotators see of it. Pure: bytes in, bytes out.

The original is never changed. What is shown is turned as the camera meant (EXIF), without its place and other
notes, in eight-bit RGB, at most `SHOWN_SIDE` pixels long.
"""

import struct
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from leye_platform.projects.pictures import refusals
from leye_platform.projects.pictures.gaps import gap_in
from leye_platform.projects.pictures.refusals import PictureRefused
from leye_quality.tiles import Tile

SHOWN_SIDE, THUMB_SIDE = 2000, 360  # pixels
SHOWN_QUALITY, THUMB_QUALITY = 80, 70
NEAR_ENOUGH = 0.8
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
MOVING = frozenset({"GIF", "PNG", "WEBP"})
OTHER_KINDS = (
    (b"<svg", "SVG"),
    (b"<!DOCTYPE html", "HTML"),
    (b"<html", "HTML"),
    (b"%PDF", "PDF"),
    (b"PK\x03\x04", "ZIP"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"ftypheic", "HEIC"),
    (b"ftypmif1", "HEIC"),
    (b"ftypavif", "AVIF"),
    (b"8BPS", "PSD"),
    (b"WAVEfmt ", "WAV 录音"),
)
PICTURE_MARKS = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"RIFF", b"BM")
_BROKEN = (OSError, SyntaxError, ValueError, EOFError, OverflowError, struct.error, zlib.error)

Image.init()
# Our own limits are stricter, and looked at before anything is decoded.
Image.MAX_IMAGE_PIXELS = None


@dataclass(frozen=True, slots=True)
class Looked:
    """A sound picture. width, height: pixels of the original, turned as it is shown; shown, thumb: JPEG."""

    kind: str
    width: int
    height: int
    shown: bytes
    thumb: bytes


def look_at(content: bytes) -> Looked:
    """Decode a picture to its end.

    Raises PictureRefused.
    """
    if not content:
        raise PictureRefused(refusals.EMPTY)
    try:
        picture = Image.open(BytesIO(content), formats=FORMATS)
    except (UnidentifiedImageError, *_BROKEN):
        raise _no_picture(content) from None
    kind = picture.format or ""
    _refuse_large(picture)
    try:
        _refuse_moving(picture, kind)
        if kind == "PNG":
            Image.open(BytesIO(content), formats=("PNG",)).verify()  # the checksums, which decoding passes over
        if gap := gap_in(content, kind):
            raise PictureRefused(refusals.GAP, count=gap)
        turned = _is_turned(picture)
        width, height = reversed(picture.size) if turned else picture.size
        # A JPEG is decoded at a half, a quarter or an eighth where that is enough to show; every bit is read.
        picture.draft("RGB", _fitting(picture.size, SHOWN_SIDE))
        picture.load()
        shown = _as_shown(picture)
    except _BROKEN:
        raise PictureRefused(refusals.BROKEN) from None
    return Looked(kind, width, height, _jpeg(shown, SHOWN_QUALITY), _jpeg(_small(shown), THUMB_QUALITY))


def tiles_of(content: bytes, wanted: Sequence[Tile]) -> Iterator[Looked]:
    """Parts of a picture that was looked at and found sound, pixel for pixel, turned as it is shown."""
    picture = Image.open(BytesIO(content), formats=FORMATS)
    kind, profile = picture.format or "", picture.info.get("icc_profile")
    ImageOps.exif_transpose(picture, in_place=True)
    # Colours are converted tile by tile: never are there two of a large picture in memory.
    deep = _in_eight_bits(picture) if picture.mode.startswith("I") else picture
    for tile in wanted:
        part = deep.crop((tile.left, tile.top, tile.right, tile.bottom))
        part.info = dict(picture.info)
        shown = _in_rgb(part, profile)
        yield Looked(kind, tile.width, tile.height, _jpeg(shown, SHOWN_QUALITY), _jpeg(_small(shown), THUMB_QUALITY))


def _no_picture(content: bytes) -> PictureRefused:
    head = content[:1024]
    for mark, kind in OTHER_KINDS:
        if mark.lower() in head.lower():
            return PictureRefused(refusals.IS_ANOTHER_KIND, kind=kind)
    return PictureRefused(refusals.BROKEN if head.startswith(PICTURE_MARKS) else refusals.NOT_A_PICTURE)


def _refuse_large(picture: Image.Image) -> None:
    side, pixels = max(picture.size), picture.width * picture.height
    if side > refusals.LONGEST_SIDE:
        raise PictureRefused(refusals.TOO_LONG, side=side, limit=refusals.LONGEST_SIDE)
    if pixels > refusals.MOST_PIXELS:
        millions, limit = -(-pixels // 1_000_000), refusals.MOST_PIXELS // 1_000_000
        raise PictureRefused(refusals.TOO_MANY_PIXELS, millions=millions, limit=limit)


def _refuse_moving(picture: Image.Image, kind: str) -> None:
    frames = getattr(picture, "n_frames", 1) if kind in MOVING else 1
    if frames > 1:
        raise PictureRefused(refusals.ANIMATED, frames=frames)


def _is_turned(picture: Image.Image) -> bool:
    """Whether the camera lay on its side: width and height change places."""
    return picture.getexif().get(0x0112) in {5, 6, 7, 8}


def _fitting(size: tuple[int, int], side: int) -> tuple[int, int]:
    scale = min(1.0, side / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _as_shown(picture: Image.Image) -> Image.Image:
    profile = picture.info.get("icc_profile")
    ImageOps.exif_transpose(picture, in_place=True)
    shown = _in_rgb(picture, profile)
    shown.thumbnail((SHOWN_SIDE, SHOWN_SIDE), Image.Resampling.LANCZOS, reducing_gap=2.0)
    return shown


def _small(shown: Image.Image) -> Image.Image:
    """The thumbnail: by whole steps alone where they come near enough to its size, which large pictures always do."""
    side = max(shown.size)
    steps = -(-side // THUMB_SIDE)
    if side >= NEAR_ENOUGH * steps * THUMB_SIDE:
        return shown.reduce(steps)
    small = shown.reduce(max(1, side // THUMB_SIDE))
    small.thumbnail((THUMB_SIDE, THUMB_SIDE), Image.Resampling.LANCZOS)
    return small


def _in_rgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """In eight-bit RGB, over white where it lets light through."""
    if picture.mode.startswith("I"):
        return _in_eight_bits(picture).convert("RGB")
    if picture.mode in {"RGBA", "LA", "PA", "La", "RGBa"} or "transparency" in picture.info:
        above = picture.convert("RGBA")
        ground = Image.new("RGBA", above.size, "white")
        return Image.alpha_composite(ground, above).convert("RGB")
    if profile and picture.mode in {"RGB", "CMYK"}:
        with suppress(ImageCms.PyCMSError, OSError):  # a profile that can't be read: the colours as they are
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            told: Any = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
            return told  # type: ignore[no-any-return]  # None only where it works in place
    return picture if picture.mode == "RGB" else picture.convert("RGB")


def _in_eight_bits(picture: Image.Image) -> Image.Image:
    """Sixteen bits of grey from its darkest to its brightest, so that something can be seen."""
    values = np.asarray(picture, dtype=np.float32)
    low, high = float(values.min()), float(values.max())
    scaled = (values - low) * (255.0 / (high - low) if high > low else 0.0)
    return Image.fromarray(scaled.astype(np.uint8))


def _jpeg(picture: Image.Image, quality: int) -> bytes:
    written = BytesIO()
    # Plain tables: tables made to measure, or progressive scans, save an eighth of the bytes for two to four times
    # the work, and the work is done for every picture of every batch.
    picture.save(written, "JPEG", quality=quality)
    return written.getvalue()
