"""A zip archive written from front to back, in memory that does not grow with its files (PKWARE, APPNOTE 6.3.10).

Python's own writer keeps an object for each file until the end; here the directory is kept as the bytes that it will
be, on disk where it grows. The same files give the same bytes: every date is the first that the format knows.
"""

import struct
import zlib
from collections.abc import Iterator
from tempfile import SpooledTemporaryFile

KEPT_IN_MEMORY = 4 << 20  # bytes of the directory
UTF8_NAMES = 0x0800
STORED, DEFLATED = 0, 8
FIRST_DAY = 0x0021  # 1 January 1980
FULL_16, FULL_32 = 0xFFFF, 0xFFFFFFFF
_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR_64 = struct.Struct("<4sLQL")


class ZipStream:
    """`add` gives the bytes of one file, `finish` those of the directory; nothing may be added after it."""

    def __init__(self) -> None:
        self._directory = SpooledTemporaryFile(KEPT_IN_MEMORY)  # noqa: SIM115 -- closed by finish
        self._at, self._files, self._listed = 0, 0, 0

    def add(self, name: str, content: bytes, *, packed: bool = True) -> bytes:
        """One file. packed: whether to make it smaller, which pictures are already."""
        path, check = name.encode(), zlib.crc32(content)
        body, method = _deflated(content) if packed else content, DEFLATED
        if len(body) >= len(content):
            body, method = content, STORED
        needed = 45 if self._at > FULL_32 else 20
        facts = (UTF8_NAMES, method, 0, FIRST_DAY, check, len(body), len(content), len(path))
        head = _LOCAL.pack(b"PK\x03\x04", 20, *facts, 0) + path
        offset, extra = self._at, b""
        if offset >= FULL_32:
            offset, extra = FULL_32, struct.pack("<2HQ", 1, 8, self._at)
        entry = _CENTRAL.pack(b"PK\x01\x02", needed, needed, *facts, len(extra), 0, 0, 0, 0, offset) + path + extra
        self._directory.write(entry)
        self._listed += len(entry)
        self._files += 1
        self._at += len(head) + len(body)
        return head + body

    def finish(self) -> Iterator[bytes]:
        """The directory and the archive's end."""
        self._directory.seek(0)
        while block := self._directory.read(1 << 16):
            yield block
        self._directory.close()
        start, files = self._at, self._files
        if files >= FULL_16 or start >= FULL_32 or self._listed >= FULL_32:
            yield _END_64.pack(b"PK\x06\x06", 44, 45, 45, 0, 0, files, files, self._listed, start)
            yield _LOCATOR_64.pack(b"PK\x06\x07", 0, start + self._listed, 1)
        short = min(files, FULL_16)
        yield _END.pack(b"PK\x05\x06", 0, 0, short, short, min(self._listed, FULL_32), min(start, FULL_32), 0)


def _deflated(content: bytes) -> bytes:
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    return packer.compress(content) + packer.flush()
