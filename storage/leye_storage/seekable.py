"""An object as a file that can be sought in, read piece by piece: what archives want."""

import errno
import io
from collections.abc import Iterator
from typing import IO, Protocol, cast

from leye_storage.store import ObjectInfo

BLOCK = 1 << 18  # bytes fetched at once


class Readable(Protocol):
    """What of a store it takes."""

    def stat(self, key: str) -> ObjectInfo: ...

    def read(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]: ...


class _ObjectReader(io.RawIOBase):
    """Reads ranges of one object. The object must not change meanwhile."""

    def __init__(self, store: Readable, key: str) -> None:
        self._store, self._key = store, key
        self._size, self._at = store.stat(key).size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise OSError(errno.EINVAL, "before the beginning")  # as of a file on disk
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # any writable buffer
        end = min(self._at + len(buffer), self._size)
        if self._at >= end:
            return 0
        content = b"".join(self._store.read(self._key, self._at, end))
        buffer[: len(content)] = content
        self._at += len(content)
        return len(content)


def open_object(store: Readable, key: str) -> IO[bytes]:
    """An object opened for reading, with blocks of `BLOCK` bytes kept.

    Raises ObjectMissing, KeyRefused; reading raises what the store raises.
    """
    return cast(IO[bytes], io.BufferedReader(_ObjectReader(store, key), BLOCK))
