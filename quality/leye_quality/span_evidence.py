"""What the marks of several people say of every possible span, as arrays, and sums over sets that do not overlap.

The sums are the forward-backward algorithm over segments (S. Sarawagi, W. W. Cohen, Semi-Markov conditional random
fields for information extraction, NIPS 2004), here over the places that somebody marked.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leye_quality.spans import Region, Span, regions

Whole = NDArray[np.intp]
Real = NDArray[np.float64]

ENOUGH = 1.3
"""A mark counts as explained by a true span once this times their likeness reaches 1: ragged edges are usual."""


@dataclass(frozen=True)
class Evidence:
    """Marks of one or many texts. A place is a (start, end) of a region that somebody marked.

    place_*: one entry a place. said_*: for each place and each person who answered its text, what they said there
    (0 nothing, 1 + type the very place, 1 + types + type something overlapping). mark_*: one entry a mark, its
    person and type. cover_*: marks that overlap a place, and the share of the mark that the place explains.
    quiet_*: region and person for everybody who marked nothing there. slots: (regions, most places), the places of
    each region sorted by end, -1 for none; before: how many places of its region end where a place starts, or before.
    """

    text_of_region: Whole
    place_region: Whole
    place_start: Whole
    place_end: Whole
    said_place: Whole
    said_person: Whole
    said_what: Whole
    mark_person: Whole
    mark_type: Whole
    cover_place: Whole
    cover_mark: Whole
    cover_share: Real
    quiet_region: Whole
    quiet_person: Whole
    slots: Whole
    before: Whole
    answers_of: Real

    @property
    def places(self) -> int:
        return len(self.place_region)

    @property
    def regions(self) -> int:
        return len(self.text_of_region)


class _Columns:
    """Rows collected while walking the regions."""

    def __init__(self) -> None:
        self.texts: list[int] = []
        self.places: list[tuple[int, int, int]] = []
        self.said: list[tuple[int, int, int]] = []
        self.marks: list[tuple[int, int]] = []
        self.cover: list[tuple[int, int]] = []
        self.shares: list[float] = []
        self.quiet: list[tuple[int, int]] = []

    def add(self, text: int, region: Region, people: Sequence[int], type_of: Mapping[str, int]) -> None:
        number, first = len(self.texts), len(self.places)
        self.texts.append(text)
        self.places += [(number, start, end) for start, end in region.places]
        for person, spans in zip(people, region.marked, strict=True):
            mark = len(self.marks)
            self.marks += [(person, type_of[span.type]) for span in spans]
            if not spans:
                self.quiet.append((number, person))
            for place, (start, end) in enumerate(region.places, start=first):
                self.said.append((place, person, _said(start, end, spans, type_of)))
                for n, span in enumerate(spans):
                    shared = span.shared(Span(start, end, ""))
                    if shared:
                        self.cover.append((place, mark + n))
                        self.shares.append(explained(shared, end - start, span.end - span.start))


def explained(shared: int, place: int, mark: int) -> float:
    """How far a true span explains a mark, by their lengths: Dice's coefficient. Neither what is longest, and so covers
    most of every mark, nor what is shortest, and so lies in all of them, is favoured."""
    return min(1.0, ENOUGH * 2 * shared / (place + mark))


def _said(start: int, end: int, spans: Sequence[Span], type_of: Mapping[str, int]) -> int:
    best, what = 0, 0
    for span in spans:
        if (span.start, span.end) == (start, end):
            return 1 + type_of[span.type]
        shared = span.shared(Span(start, end, ""))
        if shared > best:
            best, what = shared, 1 + len(type_of) + type_of[span.type]
    return what


def gather(texts: Sequence[Sequence[tuple[int, Sequence[Span]]]], people: int, type_of: Mapping[str, int]) -> Evidence:
    """Lay out the marks of each text. texts: for each, its answers as (person, spans), one a person."""
    columns = _Columns()
    answers_of = Counter(person for answers in texts for person, _ in answers)
    for text, answers in enumerate(texts):
        who = [person for person, _ in answers]
        for region in regions([spans for _, spans in answers]):
            columns.add(text, region, who, type_of)
    place_region, starts, ends = _split(columns.places, 3)
    slots, before = _rivals(place_region, starts, ends, len(columns.texts))
    said_place, said_person, said_what = _split(columns.said, 3)
    mark_person, mark_type = _split(columns.marks, 2)
    cover_place, cover_mark = _split(columns.cover, 2)
    quiet_region, quiet_person = _split(columns.quiet, 2)
    return Evidence(
        text_of_region=np.array(columns.texts, dtype=np.intp),
        place_region=place_region,
        place_start=starts,
        place_end=ends,
        said_place=said_place,
        said_person=said_person,
        said_what=said_what,
        mark_person=mark_person,
        mark_type=mark_type,
        cover_place=cover_place,
        cover_mark=cover_mark,
        cover_share=np.array(columns.shares, dtype=np.float64),
        quiet_region=quiet_region,
        quiet_person=quiet_person,
        slots=slots,
        before=before,
        answers_of=np.array([answers_of[person] for person in range(people)], dtype=np.float64),
    )


def _split(rows: Sequence[tuple[int, ...]], width: int) -> list[Whole]:
    return list(np.array(rows, dtype=np.intp).reshape(-1, width).T)


def _rivals(region: Whole, starts: Whole, ends: Whole, regions_: int) -> tuple[Whole, Whole]:
    """`slots` and `before` of `Evidence`. Places stand in order of their region, and in it of their end."""
    sizes = np.bincount(region, minlength=regions_)
    first = np.cumsum(sizes) - sizes
    slots = np.full((regions_, int(sizes.max()) if len(sizes) else 0), -1, dtype=np.intp)
    slots[region, np.arange(len(region)) - first[region]] = np.arange(len(region))
    before = np.zeros(len(region), dtype=np.intp)
    for column in slots.T:
        end = np.where(column >= 0, ends[column] if len(ends) else 0, np.iinfo(np.intp).max)
        before += end[region] <= starts
    return slots, before


def marginals(evidence: Evidence, weights: Real) -> tuple[Real, Real]:
    """Per place, the probability of being in the true set; per region, minus the log of all sets' weights.

    weights: log-odds of each place against nothing. The second, exponentiated, is how probable nothing is.
    """
    slots, before = evidence.slots, evidence.before
    count, most = slots.shape
    rows = [np.flatnonzero(column >= 0) for column in slots.T]
    ahead = np.zeros((count, most + 1))
    for n, row in enumerate(rows):
        ahead[:, n + 1] = ahead[:, n]
        place = slots[row, n]
        ahead[row, n + 1] = np.logaddexp(ahead[row, n], weights[place] + ahead[row, before[place]])
    reached = np.zeros((count, most + 1))
    reached[:, most] = 1.0
    inside = np.zeros(evidence.places)
    for n in range(most - 1, -1, -1):
        row = rows[n]
        place = slots[row, n]
        taken = reached[row, n + 1] * np.exp(weights[place] + ahead[row, before[place]] - ahead[row, n + 1])
        inside[place] = taken
        reached[:, n] += reached[:, n + 1]
        reached[row, n] -= taken
        np.add.at(reached, (row, before[place]), taken)
    return np.clip(inside, 0.0, 1.0), -ahead[:, most]
