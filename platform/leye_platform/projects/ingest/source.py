"""One uploaded file, as readers see it. Pure."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO

from leye_platform.projects.ingest.picture_folder import PictureFolder


@dataclass(frozen=True, slots=True)
class Source:
    """`open_blocks` starts reading it anew, in blocks of any size; `size` in bytes.

    `open_file` opens it for seeking in, as a zip wants. packed: whether `open_blocks` unpacks what `open_file` opens.
    folder: opens what is no file at all, but pictures that lie together.
    """

    name: str
    size: int
    open_blocks: Callable[[], Iterator[bytes]]
    open_file: Callable[[], IO[bytes]]
    packed: bool = False
    folder: Callable[[], PictureFolder] | None = None
