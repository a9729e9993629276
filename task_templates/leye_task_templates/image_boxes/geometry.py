"""Boxes in per cent of their picture, as they are stored, and in pixels, as people read and type them. Pure."""

import unicodedata
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

DIGITS = 4
"""Decimals of a pixel in what a form shows: finer than any screen, coarse enough to read back exactly."""


class Size(NamedTuple):
    """A picture's size in pixels."""

    width: int
    height: int


class Box(NamedTuple):
    """x, y: the upper left corner; all four in per cent of the picture's width and height. label: index of a class."""

    x: float
    y: float
    width: float
    height: float
    label: int


def in_pixels(box: Box, size: Size) -> list[str]:
    """x, y, width and height as a form shows them, without decimals where there are none."""
    shares = (box.x, box.y, box.width, box.height)
    return [_written(share * side / 100) for share, side in zip(shares, (*size, *size), strict=True)]


def in_per_cent(pixels: list[float], size: Size, label: int) -> Box:
    """A box of four numbers of pixels."""
    x, y, width, height = (length * 100 / side for length, side in zip(pixels, (*size, *size), strict=True))
    return Box(x, y, width, height, label)


def read_number(text: str) -> float | None:
    """A number as somebody typed it, full-width digits and a Chinese full stop included; None where it is none."""
    try:
        number = Decimal(unicodedata.normalize("NFKC", text).replace("。", ".").strip())
    except InvalidOperation:
        return None
    return float(number) if number.is_finite() and abs(number) < 1_000_000 else None


def lies_inside(box: Box) -> bool:
    """Whether the box is one, and within its picture but for a rounding error."""
    slack = 1e-6
    ends = box.x + box.width, box.y + box.height
    return min(box.width, box.height) > 0 and min(box.x, box.y) >= -slack and max(ends) <= 100 + slack


def _written(pixels: float) -> str:
    return f"{pixels:.{DIGITS}f}".rstrip("0").rstrip(".") or "0"
