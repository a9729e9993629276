"""Segments of a recording: what a label may hold, and how alike two answers are.

Times are seconds from the beginning; arrays of edges have the shape (segments, 2): start, end. Intersection over union
in time is the measure of temporal detection: F. Caba Heilbron et al., ActivityNet: a large-scale video benchmark for
human activity understanding, CVPR 2015. Optimal matching: H. W. Kuhn, The Hungarian method, 1955.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy  # its parts load where they are used: a web process combines answers and fits nothing
from numpy.typing import NDArray

Edges = NDArray[np.float64]

LAST_SECOND = 10.0**7

MOST_SEGMENTS = 2000
"""In one answer: more than anybody marks in one micro-task."""


class SegmentsRefused(ValueError):
    """The label cannot be read as segments; the text says which segment and why."""


@dataclass(frozen=True, order=True)
class Segment:
    """From `start` to `end`, in seconds."""

    start: float
    end: float
    label: str


def read_segments(text: str, length: float | None = None) -> tuple[Segment, ...]:
    """A label as files write it: JSON [[start, end, class], ...], sorted; the same segment twice is taken once.

    length: the recording's, where it is known; what runs on behind it is cut off there. Raises SegmentsRefused.
    """
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError):
        raise SegmentsRefused("segments are written as JSON [[start,end,class],...]") from None
    if not isinstance(rows, list):
        raise SegmentsRefused("segments are written as JSON [[start,end,class],...]")
    if len(rows) > MOST_SEGMENTS:
        raise SegmentsRefused(f"{len(rows)} segments in one answer; at most {MOST_SEGMENTS} are taken")
    return tuple(sorted({_read_segment(number, row, length) for number, row in enumerate(rows, start=1)}))


def _read_segment(number: int, row: Any, length: float | None) -> Segment:
    if not isinstance(row, list) or len(row) != 3 or not isinstance(row[2], str):
        raise SegmentsRefused(f"segment {number} is not [start,end,class]")
    if any(isinstance(time, bool) or not isinstance(time, int | float) for time in row[:2]):
        raise SegmentsRefused(f"segment {number} has a time that is not a number")
    start, end, label = row
    if not (0 <= start < LAST_SECOND and 0 <= end < LAST_SECOND):  # NaN compares false
        raise SegmentsRefused(f"segment {number} has a time below 0, or that is not a finite number")
    if end <= start:
        raise SegmentsRefused(f"segment {number} does not run forwards")
    if length is not None and start >= length:
        raise SegmentsRefused(f"segment {number} lies behind the end of the recording")
    return Segment(float(start), float(end if length is None else min(end, length)), label)


def write_segments(segments: Sequence[Segment]) -> str:
    """The label as `read_segments` reads it, to a thousandth of a second."""
    rows = [[round(segment.start, 3), round(segment.end, 3), segment.label] for segment in segments]
    return json.dumps(rows, separators=(",", ":"), ensure_ascii=False)


def edges(segments: Sequence[Segment]) -> Edges:
    """Starts and ends, shape (segments, 2)."""
    return np.array([(one.start, one.end) for one in segments], dtype=np.float64).reshape(-1, 2)


def overlaps_in_time(first: Edges, second: Edges) -> NDArray[np.float64]:
    """Intersection over union of all pairs, shape (first, second)."""
    a, b = first[:, None, :], second[None, :, :]
    shared = np.clip(np.minimum(a[..., 1], b[..., 1]) - np.maximum(a[..., 0], b[..., 0]), 0, None)
    together = (a[..., 1] - a[..., 0]) + (b[..., 1] - b[..., 0]) - shared
    shares: NDArray[np.float64] = shared / np.maximum(together, 1e-9)
    return shares


def matched_segments(first: Sequence[Segment], second: Sequence[Segment]) -> list[tuple[int, int, float]]:
    """Pairs of one class, each segment in one pair at most, of the greatest total overlap, and theirs."""
    same = np.array([[a.label == b.label for b in second] for a in first], dtype=bool).reshape(len(first), len(second))
    shares = np.where(same, overlaps_in_time(edges(first), edges(second)), 0.0)
    rows, columns = scipy.optimize.linear_sum_assignment(-shares)
    pairs = zip(rows.tolist(), columns.tolist(), shares[rows, columns].tolist(), strict=True)
    return [(i, j, share) for i, j, share in pairs if share > 0]


def segment_likeness(first: Sequence[Segment], second: Sequence[Segment]) -> float:
    """How alike two answers are, 0 to 1: twice the matched overlap, over the number of segments in both.

    1 for the same segments, and where both say that there is nothing.
    """
    if not first and not second:
        return 1.0
    shared = math.fsum(share for *_, share in matched_segments(first, second))
    return min(1.0, 2 * shared / (len(first) + len(second)))
