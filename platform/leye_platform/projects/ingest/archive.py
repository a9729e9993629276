"""A zip of pictures, looked into where it lies. Pure.

Nothing is unpacked to disk, so no name in it can lead anywhere. The rule against small files that unpack to more than
can be read in a day: a picture has at most `LARGEST_PICTURE` bytes, all of them together at most `MOST_TIMES` the
archive's own, where that is above `ALWAYS_FINE`. What the archive says of its sizes is enough to hold it to: never is
more of a file unpacked than its entry says.
"""

import io
import lzma
import stat
import zlib
from typing import IO
from zipfile import BadZipFile, ZipFile, ZipInfo

from leye_platform.projects.ingest import refusals
from leye_platform.projects.ingest.picture_folder import Member, Members, checked
from leye_platform.projects.pictures.keeping import too_heavy
from leye_platform.projects.pictures.refusals import LARGEST_PICTURE, PictureRefused

MOST_MEMBERS = 100_000
MOST_TIMES, ALWAYS_FINE = 50, 2_000_000_000
LARGEST_MANIFEST = 64_000_000  # bytes
NAMED_IN_UTF8, ENCRYPTED = 0x800, 0x1
_BROKEN = (BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, RuntimeError, ValueError)
_OFFICE_MARKS = {"[Content_Types].xml": "Excel 工作簿或 Office 文档", "mimetype": "OpenDocument 文档"}


class Archive:
    """An open zip. `members`: its files in their order, without folders and what systems add unasked.

    Raises the kinds of FileRefused; OSError where the store is away.
    """

    def __init__(self, file: IO[bytes], name: str) -> None:
        try:
            self._zip = ZipFile(file)
        except (BadZipFile, ValueError, NotImplementedError):
            raise refusals.ArchiveBroken(name=name) from None
        infos = [info for info in self._zip.infolist() if not info.is_dir()]
        for mark, kind in _OFFICE_MARKS.items():
            if any(info.filename == mark for info in infos):
                raise refusals.FileNotText(name=name, kind=kind)
        if len(infos) > MOST_MEMBERS:
            raise refusals.ArchiveTooFull(name=name, count=len(infos), limit=MOST_MEMBERS)
        limit = max(ALWAYS_FINE, MOST_TIMES * file.seek(0, io.SEEK_END))
        if sum(info.file_size for info in infos) > limit:
            raise refusals.UnpacksTooFar(name=name, megabytes=limit // 1_000_000)
        self.members = Members(checked(_member(info) for info in infos))

    def content(self, member: Member, limit: int = LARGEST_PICTURE) -> bytes:
        """A member's content, whole.

        Raises PictureRefused (broken, or above `limit` bytes), OSError where the store is away.
        """
        # The size is the archive's own word; reading stops one byte behind the limit whatever it says.
        info: ZipInfo = member.entry
        if info.file_size > limit:
            raise too_heavy(info.file_size)
        try:
            with self._zip.open(info) as file:
                return file.read(limit + 1)
        except _BROKEN:
            raise PictureRefused(refusals.MEMBER_BROKEN) from None


def _member(info: ZipInfo) -> Member:
    return Member(_readable_name(info), info.header_offset + info.compress_size, info, _problem(info))


def _readable_name(info: ZipInfo) -> str:
    """The name as it was meant: Windows packs Chinese names in its own code page and does not say so."""
    if info.flag_bits & NAMED_IN_UTF8:
        return info.filename
    try:
        raw = info.filename.encode("cp437")
    except UnicodeEncodeError:
        return info.filename
    # Short Chinese names in the code page may look like UTF-8 too, but then of letters that no Chinese name has.
    meant = _decoded(raw, "utf-8")
    if meant is None or all(sign < "\u0800" for sign in meant):
        meant = _decoded(raw, "gb18030") or meant
    return info.filename if meant is None else meant.replace("\\", "/")


def _decoded(raw: bytes, encoding: str) -> str | None:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        return None


def _problem(info: ZipInfo) -> str | None:
    if info.flag_bits & ENCRYPTED:
        return refusals.ENCRYPTED
    return refusals.LINK if stat.S_ISLNK(info.external_attr >> 16) else None
