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
ENOUGH_TO_TELL = 4_000_000  # bytes, after which the encodings' own planes have told themselves apart
_DOUBLE = re.compile(rb"([\x81-\xfe])([\x40-\x7e\x80-\xfe])")
_UNDECODED = re.compile("[\udc80-\udcff]")


class Encoding(StrEnum):
    UTF_8 = "utf-8"
    GB18030 = "gb18030"
    BIG5 = "cp950"


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
    """UTF-8, or a national encoding where the lines that are only that outnumber the UTF-8 ones and none is neither.

    Only lines beyond ASCII count. A file in UTF-8 with some broken lines stays UTF-8: those rows are
    refused one by one. The others are strict, because almost any bytes look like them. Raises EncodingUnknown.
    """
    if _is_utf8(open_blocks()):  # most are, and this is far quicker than line by line
        return Encoding.UTF_8
    national = _gb18030_or_big5(open_blocks())
    utf8 = others = neither = 0
    for number, line in enumerate(read_lines(open_blocks()), start=1):
        if line.raw.isascii() or not line.whole:
            continue
        if _decodes(line.raw, Encoding.UTF_8):
            utf8 += 1
        elif _decodes(line.raw, national):
            others += 1
        else:
            neither = neither or number
    if others <= utf8:
        return Encoding.UTF_8
    if neither:
        raise EncodingUnknown(name=name, line=neither)
    return national


def _gb18030_or_big5(blocks: Iterable[bytes]) -> Encoding:
    """Which of the two most of the double bytes belong to, by the planes of their common characters.

    Bytes of the one nearly always decode as the other, as characters that nobody writes: GB 2312 has its 3,755 common
    ones from B0A1 to D7FE, second bytes from A1; Big5 its 5,401 from A440 to C67E, half of the second bytes below 7F.
    """
    common = {Encoding.GB18030: 0, Encoding.BIG5: 0}
    looked_at = 0
    for block in blocks:
        for lead, trail in _DOUBLE.findall(block[:HEAD]):
            common[Encoding.GB18030] += b"\xb0" <= lead <= b"\xd7" and trail >= b"\xa1"
            common[Encoding.BIG5] += b"\xa4" <= lead <= b"\xc6" and (trail <= b"\x7e" or trail >= b"\xa1")
        looked_at += len(block)
        if looked_at > ENOUGH_TO_TELL:
            break
    return Encoding.BIG5 if common[Encoding.BIG5] > common[Encoding.GB18030] else Encoding.GB18030


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
