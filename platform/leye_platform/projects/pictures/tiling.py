"""Tiles of a large picture, kept as pictures of their own: cut once, when the picture comes in.

A tile is shown pixel for pixel; it has no original, which stays the whole picture's.
"""

from collections.abc import Sequence
from io import BytesIO

import orjson

from leye_platform.projects.pictures.keeping import JPEG, Keeper, key_of
from leye_platform.projects.pictures.looking import tiles_of
from leye_quality.tiles import Tile
from leye_storage import ObjectStore
from leye_storage.errors import ObjectMissing


def keep_tiles(
    objects: ObjectStore, content: bytes, wanted: Sequence[tuple[Tile, str]], keeper: Keeper | None = None
) -> None:
    """Cut the tiles that are not kept yet out of a sound picture (its file) and store each under its name.

    A tile's facts are written last: where they are, all that is shown of it is. So whoever is killed here goes on with
    the tiles that are missing. keeper: is told, where a sweep may come by. Raises OSError.
    """
    if keeper is not None:
        for _, name in wanted:
            keeper.hold(name)
    missing = [(tile, name) for tile, name in wanted if not _is_there(objects, name)]
    if not missing:
        return
    for (_, name), looked in zip(missing, tiles_of(content, [tile for tile, _ in missing]), strict=True):
        facts = orjson.dumps({"kind": looked.kind, "width": looked.width, "height": looked.height})
        if keeper is not None:
            keeper.measured(name, len(looked.shown) + len(looked.thumb) + len(facts))
        objects.put(key_of(name, "shown"), BytesIO(looked.shown), content_type=JPEG)
        objects.put(key_of(name, "thumb"), BytesIO(looked.thumb), content_type=JPEG)
        objects.put(key_of(name, "facts.json"), BytesIO(facts), content_type="application/json")


def _is_there(objects: ObjectStore, name: str) -> bool:
    try:
        objects.stat(key_of(name, "facts.json"))
    except ObjectMissing:
        return False
    return True
