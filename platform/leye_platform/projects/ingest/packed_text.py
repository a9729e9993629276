"""A text file packed with gzip, read as what is in it. Pure over `Source`.

The rule against files that unpack to more than any disk holds: at most `MOST_UNPACKED` bytes, and at most
`MOST_TIMES` its own size where that is above `ALWAYS_FINE`. It is counted while unpacking, before any row is taken,
whatever the file says of itself.
"""

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import replace

from leye_platform.projects.ingest import refusals
from leye_platform.projects.ingest.source import Source

GZIP_MARK = b"\x1f\x8b"
MOST_UNPACKED, MOST_TIMES, ALWAYS_FINE = 8_000_000_000, 200, 50_000_000
_BLOCK = 1 << 20


def unpacked(source: Source) -> Source:
    """The file itself, or what is packed in it, by the same name. `size` is then that of the text.

    Raises GzipBroken, UnpacksTooFar; OSError where the store is away.
    """
    if next(source.open_blocks(), b"")[:2] != GZIP_MARK:
        return source
    limit, size = min(MOST_UNPACKED, max(ALWAYS_FINE, MOST_TIMES * source.size)), 0
    for block in _blocks(source):
        size += len(block)
        if size > limit:
            raise refusals.UnpacksTooFar(name=source.name, megabytes=limit // 1_000_000)
    return replace(source, size=size, open_blocks=lambda: _blocks(source), packed=True)


def _blocks(source: Source) -> Iterator[bytes]:
    try:
        with source.open_file() as file, gzip.GzipFile(fileobj=file) as text:
            while block := text.read(_BLOCK):
                yield block
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise refusals.GzipBroken(name=source.name) from None
