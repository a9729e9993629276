"""Rows whose pictures are looked at and kept: done before the row's transaction, because it takes its time."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any

from leye_platform.projects.ingest import refusals
from leye_platform.projects.ingest.rows import Row
from leye_platform.projects.ingest.zip_rows import PackedPicture
from leye_platform.projects.pictures.keeping import Keeper, keep_picture
from leye_platform.projects.pictures.refusals import NoRoom, PictureRefused
from leye_platform.projects.pictures.tiling import keep_tiles
from leye_storage import ObjectStore
from leye_task_templates.splitting import WHOLE, SplitRule, picture_tiles

FILE = "file"
"""Of a kept picture's facts: the name under which the partner sent it."""


def with_pictures(
    objects: ObjectStore, variables: Sequence[str], row: Row, rule: SplitRule = WHOLE, *, keeper: Keeper | None = None
) -> Row:
    """The row with the facts of each kept picture in its place, or with a problem. rule: which are cut into tiles.

    Only what stands in the row's own archive becomes a picture: a row cannot name another one's. Raises OSError
    where the store is away.
    """
    if row.problem is not None or not variables:
        return row
    content, source_key = dict(row.content), None
    if keeper is not None:
        keeper.begin()
    for variable in variables:
        packed = content.get(variable)
        if not isinstance(packed, PackedPicture):
            return row._replace(content=None, problem=refusals.NOT_PACKED)
        try:
            stays = packed.member.source_key is not None
            file = packed.content()
            kept = keep_picture(objects, BytesIO(file), original=not stays, keeper=keeper)
            content[variable] = {FILE: packed.name} | kept._asdict()
            if tiles := picture_tiles(content[variable], rule):
                keep_tiles(objects, file, [(tile, facts["sha256"]) for tile, facts in tiles], keeper)
        except PictureRefused as refused:
            return row._replace(content=None, problem=str(refused), for_room=isinstance(refused, NoRoom))
        source_key = source_key or packed.member.source_key
    return row._replace(content=content, source_key=source_key)


def as_sent(data: dict[str, Any], variables: Sequence[str]) -> dict[str, Any]:
    """What the partner sent and gets back: of a picture its name."""
    if not variables:
        return data
    return {name: value[FILE] if name in variables else value for name, value in data.items()}
