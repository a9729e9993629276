"""What an object's key says about whose it is. Pure."""

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

GRACE = timedelta(days=1)
"""Objects come before the rows that name them: for so long, one that no row names is let be."""
FEW = 100
"""So many orphans are never doubtful."""
SHA256 = re.compile("[0-9a-f]{64}")


class Kind(StrEnum):
    """The first part of a key."""

    UPLOADS = "uploads"
    ADDITIONS = "additions"
    LISTINGS = "listings"
    LOTS = "lots"
    EXPORTS = "exports"
    PICTURES = "pictures"


@dataclass(frozen=True, slots=True)
class Named:
    """What would name an object: a row of this id, or a content of this hash."""

    kind: Kind
    id: UUID | None = None
    sha256: str | None = None


def named_by(key: str) -> Named | None:
    """What would name the object under a key; None for a key that the program never gives.

    `pictures/ab/HASH/shown` belongs to the content HASH; of all others the second part is the id of a row.
    """
    first, *rest = key.split("/")
    if first not in set(Kind) or not rest:
        return None
    kind = Kind(first)
    if kind is Kind.PICTURES:
        whole = len(rest) == 3 and SHA256.fullmatch(rest[1]) is not None and rest[1].startswith(rest[0])
        return Named(kind, sha256=rest[1]) if whole else None
    try:
        return Named(kind, UUID(rest[0].partition(".")[0]))
    except ValueError:
        return None


UNITS = (("TB", 10**12), ("GB", 10**9), ("MB", 10**6), ("KB", 10**3))


def in_units(size: int) -> str:
    """Bytes as people read them, in decimal units, never more than there are: `1.25 GB`."""
    for unit, worth in UNITS:
        if size >= worth:
            hundredths = size * 100 // worth
            return f"{hundredths // 100}.{hundredths % 100:02}".rstrip("0").rstrip(".") + f" {unit}"
    return f"{size} B"


def is_doubtful(orphans: int, objects: int) -> bool:
    """Whether so much of the store is named by no row that the database may be the wrong one: more than half."""
    return orphans > FEW and 2 * orphans > objects
