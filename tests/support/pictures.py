"""Pictures drawn by code, whole and damaged, and zips of them."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any
from zipfile import ZIP_STORED, ZipFile

import numpy as np
from PIL import Image


def photo(width: int, height: int, seed: int = 1) -> Image.Image:
    """Something like a photograph: soft shapes with noise over them."""
    draw = np.random.default_rng(seed)
    coarse = Image.fromarray(draw.integers(0, 255, (8, 8, 3), dtype=np.uint8)).resize((width, height))
    noise = draw.integers(-20, 20, (height, width, 3))
    return Image.fromarray(np.clip(np.asarray(coarse).astype(int) + noise, 0, 255).astype(np.uint8))


def written(picture: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    """A picture as a file."""
    file = BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def damaged(content: bytes, zeros: int) -> bytes:
    """The file with some zero bytes in its middle."""
    middle = len(content) // 2
    return content[:middle] + bytes(zeros) + content[middle + zeros :]


def packed(files: Mapping[str, bytes]) -> bytes:
    """A zip of some files in their order."""
    file = BytesIO()
    with ZipFile(file, "w", ZIP_STORED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return file.getvalue()
