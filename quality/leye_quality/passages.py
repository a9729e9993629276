"""A long text cut into passages that people read one at a time, and spans brought from one to the other.

Positions count code points, as Python's do, so that `text[start:end]` is a passage. Passages lie end to end: together
they are the text, and none overlaps another. They end where a paragraph does, else a sentence, else a clause, a word.

Where a sentence ends follows Unicode Standard Annex #29 (Unicode Text Segmentation, 5: Sentence Boundaries) in short:
a terminator with the closing marks and blanks behind it; a full stop only before a blank. Text tiling by meaning
(M. A. Hearst, TextTiling, Computational Linguistics 23, 1997) is not wanted here: a cut must be one that people expect.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from typing import NamedTuple

COMFORTABLE = 0.75
"""Of the limit: about so long are passages, so that there is room to end one where a paragraph does."""

SHORTEST = 0.5
"""Of the usual length: no passage is shorter for the sake of a better end."""

_CLOSING = "[”’』」》）\\])\"']*"
_PARAGRAPH = re.compile(r"\n\s*")
_SENTENCE = re.compile(rf"(?:[。！？!?；…]+{_CLOSING}\s*|\.{_CLOSING}\s+)")
_CLAUSE = re.compile(r"[，、：,:;]\s*")
_BLANK = re.compile(r"\s+")


class Passage(NamedTuple):
    """A part of a text: positions of its first character and behind its last."""

    start: int
    end: int


def passages(text: str, limit: int, may_cut: Callable[[int], bool] | None = None) -> list[Passage]:
    """Cut a text into passages of at most `limit` characters; one passage where that is all.

    may_cut: whether a cut may stand at a position, so that it never parts what belongs together, such as a letter and
    the marks on it; where a stretch as long as the limit has no such place, it is cut all the same.
    """
    if limit < 1:
        raise ValueError("a passage holds one character at least")
    ends = [[found.end() for found in kind.finditer(text)] for kind in (_PARAGRAPH, _SENTENCE, _CLAUSE, _BLANK)]
    found, start = [], 0
    while len(text) - start > limit:
        end = _end(ends, start, len(text), limit, may_cut)
        found.append(Passage(start, end))
        start = end
    if start < len(text):
        found.append(Passage(start, len(text)))
    return found


def _end(
    ends: Sequence[Sequence[int]], start: int, length: int, limit: int, may_cut: Callable[[int], bool] | None
) -> int:
    """Where the passage that begins at `start` ends: the best kind of place, and of those the one nearest to usual."""
    left = length - start
    usual = left / -(-left // max(1, int(limit * COMFORTABLE)))
    first, last = start + max(1, int(usual * SHORTEST)), start + min(limit, left - 1)
    for places in ends:
        near = places[bisect_left(places, first) : bisect_right(places, last)]
        for place in sorted(near, key=lambda at: abs(at - start - usual)):
            if may_cut is None or may_cut(place):
                return place
    return next((at for at in range(last, start, -1) if may_cut is None or may_cut(at)), last)


def passage_of(parts: Sequence[Passage], start: int, end: int) -> int | None:
    """Which passage a span lies in whole; None where it crosses the end of one, or lies in none."""
    at = bisect_right(parts, start, key=lambda part: part.start) - 1
    return at if at >= 0 and start >= parts[at].start and end <= parts[at].end else None
