"""How often somebody should meet an item whose answer is known, from what their answers have shown so far.

Whoever is surely right on gold, and surely agrees with the others as usual people do, has little left to show: gold
comes to them seldom. Whose gold or agreement is surely worse than usual gets it more often, so that it is known soon
whether they need another guide, a rest or practice. In between nothing changes. Only what was answered is looked at,
never how fast.

Both shares are read at the end of Wilson's interval that speaks against the conclusion, so few answers conclude
nothing. An agreement between 0 and 1 counts as that part of a success: its variance is at most that of a yes or no
with the same mean (Bhatia & Davis 2000), so the interval errs on the careful side.

E. B. Wilson: Probable inference, the law of succession, and statistical inference. JASA 22, 1927. R. Bhatia, C. Davis:
A better bound on the variance. American Mathematical Monthly 107, 2000. Gold by what is known of a person: P. G.
Ipeirotis, E. Gabrilovich: Quizz, WWW 2014 (calibration questions by how much they still tell).
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from leye_quality.agreement import wilson
from leye_quality.comparing import Compared, Comparing
from leye_quality.flags import MOST_COMPARED, NEWEST

LEAST_FACTOR, MOST_FACTOR = 0.4, 2.0
STEP = 0.05
"""Factors come in such steps: a change too small to matter is no change."""

SURE = 1.645
"""Standard errors: wrong one time in twenty on either side."""

NEARLY_USUAL, BELOW_USUAL, FAR_BELOW = 0.95, 0.8, 0.5
"""Of what is usual: surely that much and all is known; surely no more than the second, and something is amiss; than
the third, and it is as amiss as can be."""

ABLE = 0.9
"""Gold answers right of a person who knows the task: proof is held against no less, whatever is usual."""

NEWEST_GOLD = 60
LEAST_PEOPLE, LEAST_TOLD = 5, 15
"""With so many answers held against others', so many people make something usual."""


@dataclass(frozen=True, slots=True)
class Share:
    """Successes out of tries, parts of a success among them. Raises ValueError where that cannot be."""

    right: float = 0.0
    given: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.right <= self.given:
            raise ValueError("successes lie between none and the number of tries")

    @property
    def least(self) -> float:
        """What the true share surely is at least; 0 where nothing is known."""
        return max(0.0, bounds.low) if (bounds := wilson(self.right, self.given, SURE)) else 0.0

    @property
    def most(self) -> float:
        """What the true share surely is at most; 1 where nothing is known."""
        return min(1.0, bounds.high) if (bounds := wilson(self.right, self.given, SURE)) else 1.0


@dataclass(frozen=True, slots=True)
class Shown:
    """What a person's answers have shown: gold items right, and agreement with each item's other answers."""

    gold: Share = Share()
    agreed: Share = Share()


@dataclass(frozen=True, slots=True)
class Usual:
    """What people of the project usually reach, 0 to 1. agreed: None where too few answers stand beside others', as
    where one answer an item is asked for; then gold speaks alone."""

    gold: float = ABLE
    agreed: float | None = None


def gold_factor(shown: Shown, usual: Usual) -> float:
    """What to multiply a project's share of gold with for this person: LEAST_FACTOR to MOST_FACTOR, 1 for who has
    shown nothing. It never grows with a gold item right, nor with more agreement."""
    proof = _proof(shown.gold, max(usual.gold, ABLE))
    doubt = _doubt(shown.gold, min(usual.gold, ABLE))
    if usual.agreed is not None:
        proof = min(proof, _proof(shown.agreed, usual.agreed))
        doubt = max(doubt, _doubt(shown.agreed, usual.agreed))
    factor = 1.0 - (1.0 - LEAST_FACTOR) * proof + (MOST_FACTOR - 1.0) * doubt
    return round(round(factor / STEP) * STEP, 2)


def factors(
    comparing: Comparing, same: Callable[[Any, Any], bool], tests: Sequence[Compared] = ()
) -> dict[Hashable, float]:
    """The factor of each person who answered, by name. tests: answers to gold besides, anywhere among the rest.

    Each person's newest answers count, gold and tests in the order of their numbers. Gold is `same` as what is known or
    is not; all else is held against what others said of its item, their own answers left out.
    """
    answers, tested = comparing.answers, defaultdict[Hashable, list[Compared]](list)
    for one in tests:
        tested[one.person].append(one)
    people = comparing.mine.keys() | tested.keys()
    each = min(NEWEST, max(1, MOST_COMPARED // max(len(people), 1)))
    shown = {}
    for person in people:
        given = comparing.mine.get(person, [])
        gold = [answers[at] for at in given if answers[at].gold is not None] + tested.get(person, [])
        gold.sort(key=lambda one: one.number)
        agreed = _agreed(comparing, [at for at in given if answers[at].gold is None][-each:])
        shown[person] = Shown(_gold(gold[-NEWEST_GOLD:], same), agreed)
    usual = usual_of(list(shown.values()))
    return {person: gold_factor(one, usual) for person, one in shown.items()}


def usual_of(shown: Sequence[Shown]) -> Usual:
    """The medians of the project's people, of those with answers enough; what an able person reaches until then."""
    gold = [one.gold.right / one.gold.given for one in shown if one.gold.given >= LEAST_TOLD]
    agreed = [one.agreed.right / one.agreed.given for one in shown if one.agreed.given >= LEAST_TOLD]
    return Usual(
        median(gold) if len(gold) >= LEAST_PEOPLE else ABLE,
        median(agreed) if len(agreed) >= LEAST_PEOPLE else None,
    )


def _proof(share: Share, usual: float) -> float:
    """How surely somebody is nearly as good as usual, 0 to 1."""
    return _part(share.least, BELOW_USUAL * usual, NEARLY_USUAL * usual)


def _doubt(share: Share, usual: float) -> float:
    """How surely somebody is worse than usual, 0 to 1."""
    return 1.0 - _part(share.most, FAR_BELOW * usual, BELOW_USUAL * usual)


def _part(value: float, none: float, all_of_it: float) -> float:
    if all_of_it <= none:  # nothing is usual: whatever shows at all is more
        return float(value > none)
    return min(1.0, max(0.0, (value - none) / (all_of_it - none)))


def _gold(given: Sequence[Compared], same: Callable[[Any, Any], bool]) -> Share:
    return Share(float(sum(same(one.answer, one.gold) for one in given)), len(given))


def _agreed(comparing: Comparing, given: Sequence[int]) -> Share:
    total, told = 0.0, 0
    for at in given:
        if others := comparing.with_others(at):
            total += sum(others) / len(others)
            told += 1
    return Share(min(total, float(told)), told)
