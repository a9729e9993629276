"""How accurate a delivery is, as an estimate with a 95 % interval, from what is known of it.

Items that nobody looked over: where answers were drawn at random and checked, their share is estimated from these
(Wilson's score interval, 1927); else by the confidence of each, whose sum of right ones is a Poisson-binomial variable
(S. D. Poisson 1837; Y. H. Wang, On the number of successes in independent trials, Statistica Sinica 3, 1993), and the
interval is widened by what confidence itself has been measured to be off, mostly upwards.
"""

import math
from dataclasses import dataclass
from enum import StrEnum

from leye_quality.agreement import Interval, wilson

ENOUGH_CHECKS = 30
"""Fewer checked answers tell less than a calibrated confidence does: their interval would be wider than a quarter."""
TOO_SURE, TOO_MODEST = 0.10, 0.03
"""What mean confidence may lie above and below the truth. Of items said to be at least .95 sure it was .09 too high on
the hardest crowd that was recorded, and .006 too low at most (`leye bench consensus`)."""


class Basis(StrEnum):
    """What an estimate rests on: answers checked at random, or confidence alone."""

    CHECKS = "checks"
    CONFIDENCE = "confidence"


@dataclass
class Certainty:
    """Some items with how sure each is. total: the sum of their confidences; spread: the sum of p(1-p)."""

    items: int = 0
    total: float = 0.0
    spread: float = 0.0

    def add(self, confidence: float) -> None:
        """One more item; what is not within 0 and 1 counts as the nearer of them, NaN as 0."""
        kept = min(1.0, max(0.0, confidence)) if not math.isnan(confidence) else 0.0
        self.items += 1
        self.total += kept
        self.spread += kept * (1 - kept)

    @property
    def mean(self) -> float:
        return self.total / self.items if self.items else 0.0


@dataclass(frozen=True)
class AccuracyEstimate:
    """The share of items that are right, 0 to 1, with its interval; `checks`: how many checked answers it rests on."""

    share: Interval
    basis: Basis
    checks: int


def estimated_accuracy(
    settled: Certainty, others: Certainty, *, checked: int = 0, found_right: int = 0, confident: bool = True
) -> AccuracyEstimate | None:
    """The accuracy of a delivery; None without items, and where nothing is known that could tell it.

    settled: items that a reviewer decided. others: the rest. checked: answers drawn at random among the rest's kind
    and looked over by a reviewer, of which `found_right` needed no change. confident: whether the confidence of the
    rest may stand in for checks; that of answers which nobody confirmed is little more than the prior, and may not.

    Raises ValueError where more were right than were checked.
    """
    if not 0 <= found_right <= checked:
        raise ValueError(f"{found_right} right of {checked} checked")
    items = settled.items + others.items
    if not items:
        return None
    by_checks = checked >= (ENOUGH_CHECKS if confident else 1) and others.items > 0
    if others.items and not by_checks and not confident:
        return None
    part = wilson(found_right, checked) if by_checks else _by_confidence(others)
    reviewed = _by_confidence(settled)
    value, low, high = (
        sum(bound * group.items for bound, group in ((one, settled), (other, others)) if group.items) / items
        for one, other in zip(_bounds(reviewed), _bounds(part), strict=True)
    )
    basis = Basis.CHECKS if by_checks else Basis.CONFIDENCE
    value = min(1.0, max(0.0, value))  # sums of fractions round
    share = Interval(value, min(value, max(0.0, low)), max(value, min(1.0, high)), items)
    return AccuracyEstimate(share, basis, checked if by_checks else 0)


def _by_confidence(group: Certainty) -> Interval | None:
    if not group.items:
        return None
    chance = 1.96 * math.sqrt(group.spread) / group.items
    low, high = group.mean - chance - TOO_SURE, group.mean + chance + TOO_MODEST
    return Interval(group.mean, max(0.0, low), min(1.0, high), group.items)


def _bounds(found: Interval | None) -> tuple[float, float, float]:
    return (0.0, 0.0, 0.0) if found is None else (found.value, found.low, found.high)
