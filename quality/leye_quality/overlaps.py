"""Transcripts of overlapping segments put together: what both heard is written once.

The end of one text is aligned with the beginning of the next, free to begin anywhere in the first and to end anywhere
in the second: S. B. Needleman, C. D. Wunsch, A general method applicable to the search for similarities, Journal of
Molecular Biology 48, 1970, with free ends (overlap alignment, as in D. Gusfield, Algorithms on Strings, Trees and
Sequences, 1997, 11.6.4). Where the two differ, the first is believed up to the middle of what they share and the second
from there on: each is cut off at its own edge.
"""

import unicodedata
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

MATCH, MISMATCH, GAP = 2, -2, -2
LEAST_SHARED = 2
"""Characters that must be alike before two texts are taken to share something."""


def join(texts: Sequence[str], longest_shared: int) -> str:
    """One text from those of segments that overlap, in their order.

    longest_shared: how many characters two neighbours share at most, by the length of the overlap; 0: none overlap.
    """
    whole = ""
    for text in texts:
        whole = _joined(whole, text.strip(), longest_shared) if whole else text.strip()
    return whole


def _joined(one: str, other: str, longest: int) -> str:
    tail, head = one[len(one) - min(longest, len(one)) :], other[:longest]
    shared = aligned(tail, head)
    if len(shared) < LEAST_SHARED:
        return one + _between(one, other) + other
    here, there = shared[len(shared) // 2]
    return one[: len(one) - len(tail) + here] + other[there:]


def aligned(tail: str, head: str) -> list[tuple[int, int]]:
    """The places at which the end of one text and the beginning of another are alike; none where they share nothing."""
    rows, columns = len(tail), len(head)
    best = np.zeros((rows + 1, columns + 1), dtype=np.int32)
    best[0, :] = GAP * np.arange(columns + 1)
    for i in range(1, rows + 1):
        for j in range(1, columns + 1):
            step = MATCH if tail[i - 1] == head[j - 1] else MISMATCH
            best[i, j] = max(best[i - 1, j - 1] + step, best[i - 1, j] + GAP, best[i, j - 1] + GAP)
    at = int(np.argmax(best[rows]))
    if best[rows, at] <= 0:
        return []
    return _traced(tail, head, best, at)


def _traced(tail: str, head: str, best: NDArray[np.int32], at: int) -> list[tuple[int, int]]:
    found, i, j = [], len(tail), at
    while i > 0 and j > 0:
        alike = tail[i - 1] == head[j - 1]
        if best[i, j] == best[i - 1, j - 1] + (MATCH if alike else MISMATCH):
            i, j = i - 1, j - 1
            if alike:
                found.append((i, j))
        elif best[i, j] == best[i - 1, j] + GAP:
            i -= 1
        else:
            j -= 1
    return found[::-1]


def _between(one: str, other: str) -> str:
    """A blank between words that are written with blanks; nothing between Chinese characters or where one stands."""
    if not one or not other or one[-1].isspace():
        return ""
    wide = any(unicodedata.east_asian_width(sign) in {"W", "F"} for sign in (one[-1], other[0]))
    return "" if wide else " "
