"""Lines of a stream of bytes, with bounded memory, and how their text is encoded. Pure."""

import codecs
import re
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from itertools import chain
from typing import NamedTuple

from leye_platform.projects.ingest.refusals import EncodingUnknown

LONGEST_ROW = 1 << 20  # bytes; a row is a text and some fields, never a book
HEAD = 64 * 1024  # bytes from which the format is told
UTF8_MARK = b"\xef\xbb\xbf"
_UNDECODED = re.compile("[\udc80-\udcff]")


class Encoding(StrEnum):
    UTF_8 = "utf-8"
    GB18030 = "gb18030"


class Line(NamedTuple):
    """One physical line with its line end. `end`: bytes of the stream up to here.

    Where the line is longer than LONGEST_ROW, `raw` is its beginning and `whole` is False.
    """

    raw: bytes
    end: int
    whole: bool = True

    def text(self, encoding: Encoding) -> str:
        """The text; bytes that don't decode become lone surrogates (see `undecoded`)."""
        return self.raw.decode(encoding, "surrogateescape")


def undecoded(text: str) -> bool:
    """Whether bytes were left that the encoding doesn't know."""
    return _UNDECODED.search(text) is not None


def read_lines(blocks: Iterable[bytes]) -> Iterator[Line]:
    """Split blocks at line ends (LF, CR LF; CR alone where the head has no LF). A UTF-8 mark is dropped."""
    flow = _with_whole_head(blocks)
    head = next(flow, b"")
    separator = b"\r" if b"\r" in head and b"\n" not in head else b"\n"
    end = len(UTF8_MARK) if head.startswith(UTF8_MARK) else 0
    rest, cut = b"", False
    for block in chain((head[end:],), flow):
        pieces = (rest + block).split(separator)
        rest = pieces.pop()
        for piece in pieces:
            end += len(piece) + 1
            if cut or len(piece) >= LONGEST_ROW:
                yield Line((piece + separator)[:LONGEST_ROW], end, not cut and len(piece) < LONGEST_ROW)
                cut = False
            else:
                yield Line(piece + separator, end, True)
        if len(rest) > LONGEST_ROW:
            # Keep the beginning for the error report and let the rest go by; `end` counts what went.
            end += len(rest) - LONGEST_ROW
            rest, cut = rest[:LONGEST_ROW], True
    if rest:
        yield Line(rest, end + len(rest), not cut)


def _with_whole_head(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes, the first block being HEAD bytes long or all there is."""
    flow = iter(blocks)
    head = b""
    for block in flow:
        head += block
        if len(head) >= HEAD:
            break
    yield head
    yield from flow


def find_encoding(open_blocks: Callable[[], Iterable[bytes]], name: str) -> Encoding:
    """GB18030 where the lines that are only that outnumber the UTF-8 ones and none is neither; else UTF-8.

    Only lines beyond ASCII count. A file in UTF-8 with some broken lines stays UTF-8: those rows are
    refused one by one. GB18030 is strict, because almost any bytes look like it. Raises EncodingUnknown.
    """
    if _is_utf8(open_blocks()):  # most are, and this is far quicker than line by line
        return Encoding.UTF_8
    utf8 = gb18030 = neither = 0
    for number, line in enumerate(read_lines(open_blocks()), start=1):
        if line.raw.isascii() or not line.whole:
            continue
        if _decodes(line.raw, Encoding.UTF_8):
            utf8 += 1
        elif _decodes(line.raw, Encoding.GB18030):
            gb18030 += 1
        else:
            neither = neither or number
    if gb18030 <= utf8:
        return Encoding.UTF_8
    if neither:
        raise EncodingUnknown(name=name, line=neither)
    return Encoding.GB18030


def _is_utf8(blocks: Iterable[bytes]) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for block in blocks:
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _decodes(raw: bytes, encoding: Encoding) -> bool:
    try:
        raw.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
