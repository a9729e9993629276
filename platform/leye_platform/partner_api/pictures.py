"""Pictures in a task's data as Label Studio has them: one text, where ours is the facts of a file."""

from collections.abc import Mapping
from typing import Any

from leye_platform.projects.pictures.links import FACTS, PictureLinks


def with_plain_pictures(data: Any, links: PictureLinks | None = None) -> Any:
    """The data with an address in place of each picture; without links, with the file's name as it was sent."""
    if not isinstance(data, Mapping):
        return data
    if data.keys() >= FACTS:
        return data["file"] if links is None else links.url(data["sha256"], "shown")
    return {name: with_plain_pictures(value, links) for name, value in data.items()}
