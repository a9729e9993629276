"""Names of files in an archive: taken from the partner's own, safe on every system, and never the same twice. Pure."""

import re
import unicodedata
from hashlib import blake2b

LONGEST_PART = 120  # bytes of UTF-8: leaves room for an ending on every file system
MOST_PARTS, LONGEST_ENDING = 8, 10
_PARTING = re.compile(r"[/\\]+")
_FORBIDDEN = re.compile(r'[<>:"|?*]')
_RESERVED = re.compile(r"(?i)\A(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|\Z)")
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode's categories of control signs, signs that turn the writing, half pairs, and breaks of lines."""


def safe_path(given: str) -> str:
    """A relative path that names the same file on every system, and nothing outside its folder; perhaps empty."""
    parts = [_safe_part(part) for part in _PARTING.split(given)]
    return "/".join([part for part in parts if part][-MOST_PARTS:])


def _safe_part(part: str) -> str:
    seen = "".join(sign for sign in unicodedata.normalize("NFC", part) if unicodedata.category(sign) not in _UNSEEN)
    # Windows drops dots and blanks at the end of a name; `..` is nothing but dots.
    plain = _FORBIDDEN.sub("_", seen).strip().rstrip(". ")
    if len(plain.encode()) > LONGEST_PART:
        stem, dot, ending = plain.rpartition(".")
        kept = f"{dot}{ending}" if dot and len(ending.encode()) <= LONGEST_ENDING else ""
        plain = _cut(stem if kept else plain, LONGEST_PART - len(kept.encode())) + kept
    return f"_{plain}" if _RESERVED.match(plain) else plain


def _cut(text: str, size: int) -> str:
    return text.encode()[:size].decode("utf-8", "ignore").rstrip(". ")


def stem_of(path: str) -> str:
    """A path without its last ending."""
    folder, slash, name = path.rpartition("/")
    stem, dot, _ = name.rpartition(".")
    return f"{folder}{slash}{stem if dot and stem else name}"


class FileNames:
    """Gives each file of an archive a name of its own, also where capital letters count for nothing.

    Keeps eight bytes for each name, so that a million of them fit.
    """

    def __init__(self) -> None:
        self._taken: set[int] = set()

    def claim(self, wanted: str, number: int) -> str:
        """The name, or with the item's number behind it where it is taken already. number: of the item, once each."""
        name, tries = wanted, 0
        while (key := _key(name)) in self._taken:
            tries += 1
            name = f"{wanted}-{number}" if tries == 1 else f"{wanted}-{number}-{tries}"
        self._taken.add(key)
        return name


def _key(name: str) -> int:
    folded = unicodedata.normalize("NFKC", name).casefold()
    return int.from_bytes(blake2b(folded.encode(), digest_size=8).digest(), "big")
