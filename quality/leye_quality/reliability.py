"""Whether confidence keeps its word: of cases said to be so sure, the share that was right.

A reliability diagram: A. H. Murphy and R. L. Winkler, Reliability of subjective probability forecasts of precipitation
and temperature, Applied Statistics 26, 1977. In bands, because they are what a reader is told. Each share has Wilson's
score interval (E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 22, 1927):
bands hold few cases, and without intervals chance looks like a fault (J. Bröcker and L. A. Smith, Increasing the
reliability of reliability diagrams, Weather and Forecasting 22, 2007). Only counting: nothing is fitted.
"""

import math
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from leye_quality.agreement import Interval, wilson

ENOUGH = 30
"""Fewer cases tell nothing: even with all of them right the interval is wider than a tenth."""
EDGES = (0.7, 0.8, 0.9, 0.95, 0.99)
"""Where a band ends and the next begins; a confidence on an edge is in the upper one."""


@dataclass(frozen=True)
class Band:
    """Cases with a confidence from `low` to below `high` (the last: to 1): the mean said, the share right."""

    low: float
    high: float
    said: float
    right: Interval

    @property
    def cases(self) -> int:
        return self.right.cases


@dataclass(frozen=True)
class Reliability:
    """All cases as one band, and the bands that hold any, the least sure first."""

    whole: Band
    bands: tuple[Band, ...]

    @property
    def fits(self) -> bool:
        """Whether what was said in the mean lies where the share that was right most likely does."""
        return self.whole.right.low <= self.whole.said <= self.whole.right.high

    @property
    def too_sure(self) -> bool:
        return self.whole.said > self.whole.right.high


def reliability(cases: Iterable[tuple[float, bool]], enough: int = ENOUGH) -> Reliability | None:
    """How confidence and truth compare. cases: (confidence, whether it was right); None where they are too few.

    A confidence above 1 or below 0 counts as the nearer of them, NaN as 0.
    """
    marks = (0.0, *EDGES, 1.0)
    counts, said, right = [0] * (len(marks) - 1), [0.0] * (len(marks) - 1), [0] * (len(marks) - 1)
    for confidence, was_right in cases:
        kept = 0.0 if math.isnan(confidence) else min(1.0, max(0.0, confidence))
        at = bisect_right(EDGES, kept)
        counts[at] += 1
        said[at] += kept
        right[at] += was_right
    if sum(counts) < max(1, enough):
        return None
    bands = [_band((marks[at], marks[at + 1]), said[at], right[at], count) for at, count in enumerate(counts) if count]
    return Reliability(_band((0.0, 1.0), sum(said), sum(right), sum(counts)), tuple(bands))


def _band(edges: tuple[float, float], said: float, right: int, cases: int) -> Band:
    share = wilson(right, cases)
    assert share is not None, "a band without cases is left out"  # noqa: S101
    return Band(*edges, said / cases, share)
