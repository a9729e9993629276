"""Finds pictures in whose middle a stretch of zero bytes stands: downloads that were never finished. Pure.

Decoders read over such a gap without a word. Whether zeros can be true is told by the code tables: in canonical
Huffman coding the first symbol of a table is the one whose bits are all zero (ITU-T T.81, annex C). Where some
table's first symbol is not "no change" (0), one block of zeros leaves the picture no longer plain, and hundreds of
zero bytes on end are no picture. Tables that give plain areas the code 0, and the scans of progressive files, may
hold long stretches of true zeros: there nothing can be told, and nothing is.
"""

import re

SHORT_GAP = 512  # bytes: one disk sector
COMPRESSED_GAP = 4_096
"""In arithmetic and LZ coded data (WebP) even a plain picture holds no such stretch."""

_START_OF_SCAN, _HUFFMAN_TABLES = 0xDA, 0xC4
_PROGRESSIVE = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})


def gap_in(content: bytes, kind: str) -> int:
    """How many zero bytes stand in the longest gap of a picture's data; 0 where there is none that shows damage.

    `kind`: Pillow's name of the format.
    """
    if kind in {"JPEG", "MPO"}:
        begin, least = _scan_of_jpeg(content), SHORT_GAP
    elif kind == "WEBP":
        begin, least = 0, COMPRESSED_GAP
    else:
        return 0  # PNG carries checksums; GIF and BMP are read by their own rules
    first = content.find(bytes(least), begin)
    if first < 0:  # nearly always, and this finds it out far quicker than the expression does
        return 0
    found = re.compile(rb"\x00{%d,}" % least).finditer(content, first)
    # Some cameras fill up behind the picture's end.
    return max((len(gap[0]) for gap in found if gap.end() < len(content)), default=0)


def _scan_of_jpeg(content: bytes) -> int:
    """Where the compressed data begin in which a gap can be told; the end where it can't."""
    at, firsts, progressive = 2, set[int](), False
    while at + 4 <= len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        if marker in _WITHOUT_LENGTH or marker == 0xFF:
            at += 1 if marker == 0xFF else 2
            continue
        length = int.from_bytes(content[at + 2 : at + 4])
        if marker == _HUFFMAN_TABLES:
            firsts |= _first_symbols(content[at + 4 : at + 2 + length])
        progressive |= marker in _PROGRESSIVE
        at += 2 + length
        if marker == _START_OF_SCAN:
            break
    return len(content) if progressive or firsts <= {0} else at


def _first_symbols(tables: bytes) -> set[int]:
    """The symbol with the all-zero code of each table in a DHT segment."""
    found, at = set(), 0
    while at + 17 < len(tables):
        found.add(tables[at + 17])
        at += 17 + sum(tables[at + 1 : at + 17])
    return found
