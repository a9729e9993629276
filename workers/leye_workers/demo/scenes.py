"""Pictures put together from real ones that come with `scikit-image`, so that the truth about them is right by making.

Cut-outs of a cat, a cup and coins lie on real grass, gravel or bricks. A scene's name says all that it is drawn from:
whoever knows the name knows where everything lies.
"""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw, ImageOps

from leye_workers.refusals import CommandRefused

WIDTH, HEIGHT = 640, 480
COIN, CAT, CUP = "硬币", "猫", "咖啡杯"
LABELS = (COIN, CAT, CUP)
CUT_OUTS: dict[str, tuple[tuple[str, tuple[int, int, int, int]], ...]] = {
    COIN: tuple(
        ("coins.png", place)
        for place in ((305, 16, 364, 72), (315, 156, 379, 215), (189, 170, 236, 216), (245, 96, 296, 144))
    ),
    CAT: (("chelsea.png", (115, 10, 355, 288)),),
    CUP: (("coffee.png", (75, 14, 482, 394)),),
}
"""Ovals of the package's pictures: file, and left, top, right, bottom."""
GROUNDS = {"grass.png": "#4C7A34", "gravel.png": "#8C7F70", "brick.png": "#A0523C"}
"""Textures with the colour of what they show; the package has them in grey."""
NAME = re.compile(r"scene-(\d+)-(\d+)-(\d+)\.jpg")
SIZES = (70, 200)  # pixels of a thing's longer side
APART = 8  # pixels between two things at least


class PicturesMissing(CommandRefused):
    """The package that carries the pictures is not installed."""


@dataclass(frozen=True)
class PlacedThing:
    """A thing in a scene: its label and its box in pixels. `cut`: which of its label's cut-outs it is."""

    label: str
    cut: int
    left: int
    top: int
    width: int
    height: int


def scene_name(seed: int, run: int, number: int) -> str:
    """The name of a scene."""
    return f"scene-{seed}-{run}-{number:03}.jpg"


def things_in(name: str) -> list[PlacedThing] | None:
    """What lies in a scene; None of a name that is none."""
    return None if NAME.fullmatch(name) is None else list(_placed(random.Random(name)))


def draw_scene(name: str) -> bytes:
    """The scene as a JPEG.

    Raises PicturesMissing.
    """
    draw = random.Random(f"{name}:ground")
    ground, colour = draw.choice(sorted(GROUNDS.items()))
    scene = ImageOps.colorize(_picture(ground).convert("L"), "#101010", "#F4F1E6", mid=colour).resize((WIDTH, HEIGHT))
    for thing in things_in(name) or []:
        file, oval = CUT_OUTS[thing.label][thing.cut]
        piece = _picture(file).convert("RGB").crop(oval).resize((thing.width, thing.height), Image.Resampling.LANCZOS)
        scene.paste(piece, (thing.left, thing.top), _oval(thing.width, thing.height))
    written = BytesIO()
    scene.save(written, "JPEG", quality=85)
    return written.getvalue()


def _placed(draw: random.Random) -> Iterator[PlacedThing]:
    """Two to five things that do not touch."""
    placed: list[PlacedThing] = []
    wanted = draw.randint(2, 5)
    for _ in range(200):
        if len(placed) == wanted:
            break
        label = draw.choice(LABELS)
        cut = draw.randrange(len(CUT_OUTS[label]))
        left, top, right, bottom = CUT_OUTS[label][cut][1]
        scale = draw.randint(*SIZES) / max(right - left, bottom - top)
        width, height = round((right - left) * scale), round((bottom - top) * scale)
        x, y = draw.randint(2, WIDTH - width - 2), draw.randint(2, HEIGHT - height - 2)
        thing = PlacedThing(label, cut, x, y, width, height)
        if all(_apart(thing, other) for other in placed):
            placed.append(thing)
    yield from placed


def _apart(one: PlacedThing, other: PlacedThing) -> bool:
    beside = one.left + one.width + APART <= other.left or other.left + other.width + APART <= one.left
    return beside or one.top + one.height + APART <= other.top or other.top + other.height + APART <= one.top


def _oval(width: int, height: int) -> Image.Image:
    """A mask with a smooth edge, drawn at four times its size."""
    mask = Image.new("L", (4 * width, 4 * height))
    ImageDraw.Draw(mask).ellipse((0, 0, 4 * width - 1, 4 * height - 1), fill=255)
    return mask.resize((width, height), Image.Resampling.LANCZOS)


@cache
def _picture(name: str) -> Image.Image:
    spec = find_spec("skimage")  # only looked up: its pictures are read, it is not run
    if spec is None or spec.origin is None:
        raise PicturesMissing("the demo's pictures are missing: install the extra with `pip install leye[demo]`")
    with Image.open(Path(spec.origin).parent / "data" / name) as picture:
        picture.load()
        return picture
