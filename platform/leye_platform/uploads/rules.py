"""How a file is cut into parts, which are there, and the states of its upload. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

SMALLEST_PART = 8 << 20
"""Bytes. S3 wants 5 MiB at least; on a line of 2 Mbit/s a part takes half a minute, which is what a break costs."""
MOST_PARTS = 10_000
"""What S3 takes."""
ABANDONED_AFTER = timedelta(days=7)
"""Without a part for so long, an upload is thrown away."""
SENT_IN_AFTER = timedelta(days=7)
"""A file that came whole waits so long for the form that it belongs to."""


class UploadKind(StrEnum):
    BATCH = "batch"
    ADDITION = "addition"


class UploadState(StrEnum):
    OPEN = "open"
    COMPLETE = "complete"
    ABORTED = "aborted"


UPLOAD_MOVES: dict[UploadState, frozenset[UploadState]] = {
    UploadState.OPEN: frozenset({UploadState.COMPLETE, UploadState.ABORTED}),
    UploadState.COMPLETE: frozenset(),
    UploadState.ABORTED: frozenset(),
}


def part_size_of(size: int) -> int:
    """How large each part of a file of `size` bytes is, but the last: whole MiB, so that it never has too many."""
    least = -(-size // MOST_PARTS)
    return max(SMALLEST_PART, -(-least // (1 << 20)) << 20)


@dataclass(frozen=True, slots=True)
class Cut:
    """A file of `size` bytes, cut into parts of `part_size`, numbered from 1; only the last may be smaller."""

    size: int
    part_size: int

    @property
    def count(self) -> int:
        return -(-self.size // self.part_size)

    def size_of(self, number: int) -> int | None:
        """How many bytes a part has; None where there is no such part."""
        if not 1 <= number <= self.count:
            return None
        return min(self.part_size, self.size - (number - 1) * self.part_size)


@dataclass(frozen=True, slots=True)
class ArrivedPart:
    """A part that is there. `sha256` is unknown where it went straight to the bucket."""

    number: int
    size: int
    etag: str
    sha256: str | None


def missing(cut: Cut, arrived: Collection[ArrivedPart]) -> list[int]:
    """The numbers of parts that did not come, or not with the size that they must have."""
    there = {part.number for part in arrived if part.size == cut.size_of(part.number)}
    return [number for number in range(1, cut.count + 1) if number not in there]


def other_content(arrived: Collection[ArrivedPart], told: Sequence[str]) -> list[int]:
    """The numbers of parts whose SHA-256 is not the one that the sender tells, in the order of the parts.

    A part of which none is known is taken as it is.
    """
    known: Mapping[int, str] = {part.number: part.sha256 for part in arrived if part.sha256 is not None}
    return [number for number, sha256 in enumerate(told, start=1) if known.get(number, sha256) != sha256.lower()]
