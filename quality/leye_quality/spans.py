"""Spans marked in a text: what a label may hold, how alike two answers are, and what one might have meant.

A span is start, end (exclusive) and a type; positions are whatever the project counts, mostly characters.
Possible truths are only spans that somebody marked. Those that overlap, directly or through others, are rivals and
form a region; a region's truth is a set of its spans that do not overlap.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

LAST_POSITION = 10**9

MOST_SPANS = 5000
"""In one answer: more than anybody marks in one micro-task."""


class SpansRefused(ValueError):
    """The label cannot be read as spans; the text says which span and why."""


@dataclass(frozen=True, order=True)
class Span:
    """From `start` up to, but without, `end`."""

    start: int
    end: int
    type: str

    def shared(self, other: "Span") -> int:
        """How many positions both cover."""
        return max(0, min(self.end, other.end) - max(self.start, other.start))


def read_spans(text: str) -> tuple[Span, ...]:
    """A label as files write it: JSON [[start, end, type], ...]. A span that stands there twice is taken once.

    Raises SpansRefused.
    """
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError):
        raise SpansRefused("spans are written as JSON [[start,end,type],...]") from None
    if not isinstance(rows, list):
        raise SpansRefused("spans are written as JSON [[start,end,type],...]")
    if len(rows) > MOST_SPANS:
        raise SpansRefused(f"{len(rows)} spans in one answer; at most {MOST_SPANS} are taken")
    return tuple(sorted({_read_span(number, row) for number, row in enumerate(rows, start=1)}))


def _read_span(number: int, row: Any) -> Span:
    if not isinstance(row, list) or len(row) != 3 or not isinstance(row[2], str):
        raise SpansRefused(f"span {number} is not [start,end,type]")
    if any(isinstance(place, bool) or not isinstance(place, int) for place in row[:2]):
        raise SpansRefused(f"span {number} has a position that is not a whole number")
    span = Span(*row)
    if not 0 <= span.start < span.end <= LAST_POSITION:
        raise SpansRefused(f"span {number} does not run forwards from 0 or later")
    return span


def write_spans(spans: Sequence[Span]) -> str:
    """The label as `read_spans` reads it."""
    rows = [[span.start, span.end, span.type] for span in spans]
    return json.dumps(rows, separators=(",", ":"), ensure_ascii=False)


def span_likeness(first: Sequence[Span], second: Sequence[Span]) -> float:
    """How alike two answers are, 0 to 1: the mean of the F1 of whole spans and the F1 of typed positions.

    1 for the same spans, and where both say that there is nothing; the same word marked one letter short is nearly so.
    """
    ours, theirs = set(first), set(second)
    if not ours and not theirs:
        return 1.0
    whole = 2 * len(ours & theirs) / (len(ours) + len(theirs))
    length = sum(span.end - span.start for span in (*ours, *theirs))
    shared = sum(a.shared(b) for a in ours for b in theirs if a.type == b.type)
    return (whole + min(1.0, 2 * shared / length)) / 2


@dataclass(frozen=True)
class Region:
    """One knot of overlapping spans. places: the rival (start, end), sorted by end. marked: for each answer of the
    text, the spans of that answer inside the region."""

    places: tuple[tuple[int, int], ...]
    marked: tuple[tuple[Span, ...], ...]


def regions(answers: Sequence[Sequence[Span]]) -> list[Region]:
    """The regions of one text, from left to right."""
    knots: list[list[tuple[int, int]]] = []
    reach = -1
    for start, end in sorted({(span.start, span.end) for spans in answers for span in spans}):
        if start < reach:
            knots[-1].append((start, end))
        else:
            knots.append([(start, end)])
        reach = max(reach, end)
    marked: list[list[list[Span]]] = [[[] for _ in answers] for _ in knots]
    knot_of = {place: n for n, knot in enumerate(knots) for place in knot}
    for who, spans in enumerate(answers):
        for span in spans:
            marked[knot_of[span.start, span.end]][who].append(span)
    return [
        Region(tuple(sorted(knot, key=lambda place: (place[1], place[0]))), tuple(map(tuple, inside)))
        for knot, inside in zip(knots, marked, strict=True)
    ]
