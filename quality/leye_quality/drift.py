"""Whether somebody answers differently from their own past: a sequential test, for a human who may propose practice.

Each answer is compared with what the others' answers, or a gold item, make likely; the yardstick is how often the
person has been right so far, and nobody else. A cumulative sum grows with each answer that somebody would rather give
who has become worse, shrinks with the others, and never falls below nought. Beyond a bound it is no bad hour. An item
of which the others are unsure counts for little. Only what was answered is looked at, never how fast; nothing follows
from it by itself.

E. S. Page: Continuous inspection schemes. Biometrika 41, 1954 (the cumulative sum). D. Siegmund: Sequential analysis,
1985, chapter 2 (how seldom it is wrong).
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

FIRST = 40
"""Answers that say what a person's usual agreement is, before anything can be a change."""

WORSE = 2.0
"""Times the odds of disagreeing that are looked for: less is not worth a human's time, more shows in any case."""

BOUND = 7.0
"""Nats of evidence. Somebody unchanged passes it in 500 answers four times in a hundred where they are right seven
times in ten, once in a hundred where they are right more often (`tests/quality/test_drift.py`)."""

PRIOR = 4.0  # answers that an agreement of `USUAL` counts as
USUAL = 0.8
LEAST = 0.02  # and 1 less it: nobody is taken for infallible


@dataclass(frozen=True)
class Drift:
    """at: the answer, counted from 1, at which the change was beyond doubt, None where there is none; since: the answer
    with which it seems to have begun. before, after: share that agreed with what was likely, until then and since then.
    evidence: of the last answer, in nats."""

    at: int | None
    since: int | None
    before: float
    after: float
    evidence: float

    @property
    def worth_a_look(self) -> bool:
        """Whether a human should look, and perhaps propose a talk, a rest or practice."""
        return self.at is not None


def drift(likely: Iterable[float]) -> Drift:
    """The first lasting fall of a person's agreement.

    likely: of each answer, in order, how probable the others' answers (or gold) make it, 0 to 1; gold is 1 or 0.
    Raises ValueError for what is no probability.
    """
    agreed = list(likely)
    if any(not 0.0 <= share <= 1.0 for share in agreed):
        raise ValueError("how likely an answer is lies between 0 and 1")
    evidence, since = 0.0, 0
    right, given = PRIOR * USUAL, PRIOR
    for number, share in enumerate(agreed):
        usual = min(max(right / given, LEAST), 1.0 - LEAST)
        if number >= FIRST:
            evidence = max(0.0, evidence + _worse(share, usual))
        if evidence > BOUND:
            return Drift(number + 1, since + 1, _mean(agreed[:since]), _mean(agreed[since : number + 1]), evidence)
        if evidence == 0.0:
            since = number + 1
        right += share * usual / _chance(share, usual)
        given += 1.0
    return Drift(None, None, _mean(agreed), _mean(agreed[-FIRST:]), evidence)


def _chance(share: float, right: float) -> float:
    """How probable an answer is that is the true one by `share`, from somebody right so often."""
    return share * right + (1.0 - share) * (1.0 - right)


def _worse(share: float, usual: float) -> float:
    """By how much more probable an answer is from somebody whose odds of being wrong have grown, in nats."""
    fallen = 1.0 / (1.0 + WORSE * (1.0 - usual) / usual)
    return math.log(_chance(share, fallen) / _chance(share, usual))


def _mean(shares: Sequence[float]) -> float:
    return sum(shares) / len(shares) if shares else 0.0
