"""Boxes drawn on a picture: what a label may hold, how alike two answers are, and which boxes mean one object.

Coordinates are per cent of the picture; arrays of corners have the shape (boxes, 4): left, top, right, bottom.
Intersection over union: P. Jaccard, 1912; as the measure of boxes, M. Everingham et al., The PASCAL Visual Object
Classes (VOC) Challenge, IJCV 88, 2010. Optimal matching: H. W. Kuhn, The Hungarian method, 1955.
Average linkage: R. R. Sokal, C. D. Michener, A statistical method for evaluating systematic relationships, 1958.
"""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy  # its parts load where they are used: a web process combines answers and fits nothing
from numpy.typing import NDArray

Corners = NDArray[np.float64]

MOST_BOXES = 1000
"""In one answer: more than anybody draws in one micro-task."""

LEAST_LIKENESS = 0.25
"""Average intersection over union from which two people's boxes are taken for one object."""

FEW_PAIRS = 400
"""Of boxes of two answers: up to so many, plain numbers are faster than arrays."""

OTHER_CLASS = 0.8
"""What the likeness of two boxes of different classes counts: the class is more often mistaken than the place."""


class BoxesRefused(ValueError):
    """The label cannot be read as boxes; the text says which box and why."""


@dataclass(frozen=True)
class Box:
    """x, y: the upper left corner; all in per cent of the picture, inside it, and larger than nothing."""

    x: float
    y: float
    width: float
    height: float
    label: str


def read_boxes(text: str) -> tuple[Box, ...]:
    """A label as files write it: JSON [[x, y, width, height, class], ...]. What hangs over the edge is cut off there.

    Raises BoxesRefused.
    """
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError):
        raise BoxesRefused("boxes are written as JSON [[x,y,width,height,class],...]") from None
    if not isinstance(rows, list):
        raise BoxesRefused("boxes are written as JSON [[x,y,width,height,class],...]")
    if len(rows) > MOST_BOXES:
        raise BoxesRefused(f"{len(rows)} boxes in one answer; at most {MOST_BOXES} are taken")
    return tuple(_read_box(number, row) for number, row in enumerate(rows, start=1))


def _read_box(number: int, row: Any) -> Box:
    if not isinstance(row, list) or len(row) != 5 or not isinstance(row[4], str):
        raise BoxesRefused(f"box {number} is not [x,y,width,height,class]")
    if any(isinstance(value, bool) or not isinstance(value, int | float) for value in row[:4]):
        raise BoxesRefused(f"box {number} has a coordinate that is not a number")
    x, y, width, height, label = row
    box = Box(x, y, width, height, label)
    try:
        return clipped(box)
    except BoxesRefused as refused:
        raise BoxesRefused(f"box {number} {refused}") from None


def clipped(box: Box) -> Box:
    """The part of a box inside the picture; the same box where that is all.

    Raises BoxesRefused where a coordinate is no finite number, the size is not above zero, or nothing lies inside.
    """
    if not all(abs(value) < 1e9 for value in (box.x, box.y, box.width, box.height)):  # NaN compares false
        raise BoxesRefused("has a coordinate that is not a finite number")
    if box.width <= 0 or box.height <= 0:
        raise BoxesRefused("has no size")
    right, bottom = box.x + box.width, box.y + box.height
    if box.x >= 0 and box.y >= 0 and right <= 100 and bottom <= 100:
        return box
    left, top, right, bottom = max(box.x, 0.0), max(box.y, 0.0), min(right, 100.0), min(bottom, 100.0)
    if left >= right or top >= bottom:
        raise BoxesRefused("lies outside the picture")
    return Box(left, top, right - left, bottom - top, box.label)


def write_boxes(boxes: Sequence[Box]) -> str:
    """The label as `read_boxes` reads it, to a thousandth of a per cent."""
    rows = [[*(round(value, 3) for value in (b.x, b.y, b.width, b.height)), b.label] for b in boxes]
    return json.dumps(rows, separators=(",", ":"), ensure_ascii=False)


def corners(boxes: Sequence[Box]) -> Corners:
    """The corners, shape (boxes, 4)."""
    return np.array([(b.x, b.y, b.x + b.width, b.y + b.height) for b in boxes], dtype=np.float64).reshape(-1, 4)


def overlaps(first: Corners, second: Corners) -> NDArray[np.float64]:
    """Intersection over union of all pairs, shape (first, second)."""
    if not len(first) or not len(second):
        return np.zeros((len(first), len(second)))
    a, b = first[:, None, :], second[None, :, :]
    width = np.clip(np.minimum(a[..., 2], b[..., 2]) - np.maximum(a[..., 0], b[..., 0]), 0, None)
    height = np.clip(np.minimum(a[..., 3], b[..., 3]) - np.maximum(a[..., 1], b[..., 1]), 0, None)
    together = _areas(a) + _areas(b) - width * height
    shares: NDArray[np.float64] = width * height / np.maximum(together, 1e-9)
    return shares


def _areas(sides: NDArray[np.float64]) -> NDArray[np.float64]:
    areas: NDArray[np.float64] = (sides[..., 2] - sides[..., 0]) * (sides[..., 3] - sides[..., 1])
    return areas


def matched(first: Sequence[Box], second: Sequence[Box]) -> list[tuple[int, int, float]]:
    """Pairs of one class, each box in one pair at most, of the greatest total intersection over union, and theirs."""
    if len(first) * len(second) <= FEW_PAIRS:
        touching = _touching(first, second)
        if len({i for i, _, _ in touching}) == len({j for _, j, _ in touching}) == len(touching):
            return touching  # no box has a choice
    same = np.array([[a.label == b.label for b in second] for a in first], dtype=bool).reshape(len(first), len(second))
    shares = np.where(same, overlaps(corners(first), corners(second)), 0.0)
    rows, columns = scipy.optimize.linear_sum_assignment(-shares)
    pairs = zip(rows.tolist(), columns.tolist(), shares[rows, columns].tolist(), strict=True)
    return [(i, j, share) for i, j, share in pairs if share > 0]


def _touching(first: Sequence[Box], second: Sequence[Box]) -> list[tuple[int, int, float]]:
    """Pairs of one class that overlap, with the intersection over union as `overlaps` has it, without arrays."""
    sides = [(b.x, b.y, b.x + b.width, b.y + b.height, b.label) for b in second]
    found = []
    for i, one in enumerate(first):
        left, top, right, bottom = one.x, one.y, one.x + one.width, one.y + one.height
        for j, (x, y, end, below, label) in enumerate(sides):
            if label == one.label and x < right and left < end and y < bottom and top < below:
                shared = (min(right, end) - max(left, x)) * (min(bottom, below) - max(top, y))
                both = (right - left) * (bottom - top) + (end - x) * (below - y) - shared
                if share := shared / max(both, 1e-9):
                    found.append((i, j, share))
    return found


def box_likeness(first: Sequence[Box], second: Sequence[Box]) -> float:
    """How alike two answers are, 0 to 1: twice the matched intersection over union, over the number of boxes in both.

    1 for the same boxes, and where both say that there is nothing; an F1 in which a loose match counts in part.
    """
    return matched_likeness(matched(first, second), len(first) + len(second))


def matched_likeness(pairs: Sequence[tuple[int, int, float]], boxes: int) -> float:
    """The same from the pairs that `matched` found among so many boxes of both answers."""
    return min(1.0, 2 * math.fsum(share for *_, share in pairs) / boxes) if boxes else 1.0


def same_object(
    places: NDArray[np.float64],
    labels: NDArray[np.intp],
    people: NDArray[np.intp],
    overlap: Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]] = overlaps,
) -> NDArray[np.intp]:
    """Which marks on one item mean one object: a group number each, counted from 0.

    Joins by average linkage, likest first, never two marks of one person. overlap: of boxes unless it says otherwise.
    """
    shares = overlap(places, places) * np.where(labels[:, None] == labels[None, :], 1.0, OTHER_CLASS)
    shares[people[:, None] == people[None, :]] = -1.0
    group_of = np.zeros(len(places), dtype=np.intp)
    groups, touching = scipy.sparse.csgraph.connected_components(
        scipy.sparse.csr_matrix(shares >= LEAST_LIKENESS), directed=False
    )
    total = 0
    for group in range(groups):
        members = np.flatnonzero(touching == group)
        linked = _linked(shares[np.ix_(members, members)])
        group_of[members] = total + linked
        total += int(linked.max()) + 1
    return group_of


def _linked(shares: NDArray[np.float64]) -> NDArray[np.intp]:
    """Average linkage over a matrix of likenesses, in which -1 forbids. The nearest neighbour of each row is kept."""
    n = len(shares)
    group, sizes = np.arange(n), np.ones(n)
    nearest = shares.argmax(axis=1)
    likeness = shares[np.arange(n), nearest]
    while n > 1:
        i = int(likeness.argmax())
        j = int(nearest[i])
        if likeness[i] < LEAST_LIKENESS:
            break
        joined = (shares[i] * sizes[i] + shares[j] * sizes[j]) / (sizes[i] + sizes[j])
        joined[(shares[i] < 0) | (shares[j] < 0)] = -1.0
        shares[i], shares[:, i], shares[j], shares[:, j] = joined, joined, -1.0, -1.0
        shares[i, i] = -1.0
        sizes[i] += sizes[j]
        group[group == j] = i
        stale = np.flatnonzero((nearest == i) | (nearest == j) | (np.arange(n) == i) | (np.arange(n) == j))
        nearest[stale] = shares[stale].argmax(axis=1)
        closer = shares[:, i] > shares[np.arange(n), nearest]
        nearest[closer] = i
        likeness = shares[np.arange(n), nearest]
    _, numbered = np.unique(group, return_inverse=True)
    return numbered.astype(np.intp)
