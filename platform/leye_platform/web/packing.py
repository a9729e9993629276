"""What goes over the wire, packed for thin lines: Brotli (RFC 7932), else gzip (RFC 1952), as the client accepts."""

import gzip
from functools import lru_cache

import brotli

WINDOW_BITS = 18
"""A page fits in it; larger windows cost memory for nothing."""
QUICK = 5
"""For what is made anew each time: Brotli then takes no longer than gzip at GZIP_LEVEL, and packs a tenth better."""
THOROUGH = 11
"""For what is packed once and sent to many."""
GZIP_LEVEL = 6


def packed(content: bytes, accept_encoding: str) -> tuple[bytes, dict[str, str]]:
    """What was made for this request, and the headers that say how it is packed."""
    coding = _coding(accept_encoding)
    return _pack(content, coding, QUICK), _headers(coding)


def packed_once(content: bytes, accept_encoding: str) -> tuple[bytes, dict[str, str]]:
    """As `packed`, for what many requests get: as small as it can be, and kept."""
    coding = _coding(accept_encoding)
    return _kept(content, coding) if coding else content, _headers(coding)


@lru_cache(maxsize=128)
def _kept(content: bytes, coding: str) -> bytes:
    return _pack(content, coding, THOROUGH)


def _pack(content: bytes, coding: str, quality: int) -> bytes:
    if coding == "br":
        return bytes(brotli.compress(content, quality=quality, lgwin=WINDOW_BITS))
    return gzip.compress(content, GZIP_LEVEL, mtime=0) if coding == "gzip" else content


def _headers(coding: str) -> dict[str, str]:
    return {"vary": "Accept-Encoding"} | ({"content-encoding": coding} if coding else {})


def _coding(accept_encoding: str) -> str:
    """The better of the two that the client takes (RFC 9110, 12.5.3); empty for neither."""
    named = {}
    for part in accept_encoding.lower().split(","):
        name, _, weight = part.partition(";")
        named[name.strip()] = weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return next((coding for coding in ("br", "gzip") if named.get(coding)), "")
