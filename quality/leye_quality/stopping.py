"""When to stop asking: sure enough, out of budget, contradictory, hopeless, or one more answer. Pure.

A partner wants an accuracy of the whole: sure items may pay for unsure ones. So the confidence from which an item is
decided is learned from how the confidences of the project's own items ran, answer by answer: the lowest with which the
items decided are as right in the mean as wanted. Confidence is not accuracy: what it was too sure of on items whose
truth is known is taken off first, and where too few are known nothing is lowered. And asking goes on only while it
decides (hiring until an answer is not worth its cost: E. Kamar, S. Hacker, E. Horvitz, AAMAS 2012): where most items as
unsure as this one ran into the limit, a reviewer looks at once, until items as unsure show otherwise.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

ENOUGH_RUNS = 100
"""Fewer items tell too little of a project: each of them is decided as sure as the whole is wanted."""

MOST_DOUBT = 2.0
"""Times what is wanted of the whole that one item may be in doubt at most. Posteriors of a young project are too sure,
and below this its people would be judged by answers that hardly overlap."""

ENOUGH_CHECKS = 30
"""Items with a known truth; fewer do not tell whether confidence keeps its word."""

SHARES = 33  # thresholds tried

SPARED_REVIEW = 8.0
"""Answers that it is worth to have an item decided without a reviewer: there are far fewer of them. Asking ends where
it takes more than this for each item that it decides."""

ENOUGH_ALIKE = 30
"""Items that were as unsure and have ended; of fewer nobody can say that asking is hopeless."""


class NextStep(StrEnum):
    DECIDE = "decide"
    ASK_MORE = "ask_more"
    REVIEW = "review"


@dataclass(frozen=True)
class Asking:
    """How long a project asks. enough: the confidence that decides. hopeless: by how many answers there are, from one
    on, the confidence up to which another is not worth its cost; -1 where it always is, and beyond its end."""

    enough: float
    hopeless: tuple[float, ...] = ()

    def hopeless_at(self, answers: int) -> float:
        """The confidence up to which so many answers are left to a reviewer; -1 where none is."""
        return self.hopeless[answers - 1] if 0 < answers <= len(self.hopeless) else -1.0

    def to_json(self) -> dict[str, Any]:
        """As plain JSON; `from_json` reads it."""
        return {"enough": self.enough, "hopeless": list(self.hopeless)}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Asking":
        return cls(data["enough"], tuple(data["hopeless"]))


def next_step(
    confidence: float,
    *,
    answers: int,
    wanted: int,
    limit: int,
    enough: float,
    pending: int = 0,
    contradictory: bool = False,
    hopeless: float = -1.0,
) -> NextStep | None:
    """What follows from `answers` given so far, with `pending` slots still open or held.

    wanted: answers that every micro-task gets at least. enough: the confidence that decides. None: wait for the
    answers already asked for. Below the limit an unsure micro-task gets one more; at the limit it goes to review.
    So does a contradictory one, sure or not: more answers would only enlarge the two camps. And one that is no surer
    than `hopeless`: it would most likely end with a reviewer all the same.
    """
    contradicted = contradictory and answers >= wanted
    if answers >= wanted and confidence >= enough and not contradicted:
        return NextStep.DECIDE
    if pending > 0:
        return None
    if contradicted or answers >= limit or (answers >= wanted and confidence <= hopeless):
        return NextStep.REVIEW
    return NextStep.ASK_MORE


@dataclass(frozen=True)
class Run:
    """How sure an item's answers made us, one after the other. contradicted: by the last of them, which ended it."""

    confidences: Sequence[float]
    contradicted: bool = False


def too_sure(checks: Sequence[tuple[float, bool]]) -> float | None:
    """By how much confidences lie above the share that was right, and a standard error more: never below 0.

    checks: (confidence, whether it was right), of items with a known truth; None where they are too few.
    """
    if len(checks) < ENOUGH_CHECKS:
        return None
    said = math.fsum(confidence for confidence, _ in checks) / len(checks)
    right = sum(right for _, right in checks) / len(checks)
    return max(0.0, said - right + math.sqrt(said * (1.0 - said) / len(checks)))


def learn_asking(
    runs: Sequence[Run],
    checks: Sequence[tuple[float, bool]],
    *,
    wanted: float,
    start: int,
    limit: int,
    before: Asking | None = None,
) -> Asking:
    """How long to ask in a project whose items ran so. wanted: the accuracy of the whole; start, limit: answers.
    before: what was in force until now, for the same settings.

    checks: as in `too_sure`, by the first `start` answers to each. Where they are too few, the threshold stays what is
    wanted. So it does where one answer may decide: below it single answers would pass, of people who then are known by
    nothing but themselves.
    """
    told = [run for run in runs if len(run.confidences) >= start]
    if len(told) < ENOUGH_RUNS:
        return Asking(wanted)
    table = _Table.of(told, start, limit)
    enough, flattered = wanted, too_sure(checks)
    if start >= 2 and flattered is not None:
        least = max(0.5, 1.0 - MOST_DOUBT * (1.0 - wanted))
        for lower in np.linspace(wanted, least, SHARES).tolist():
            if table.sure_in_the_mean(lower) - flattered < wanted:
                break
            enough = round(lower, 6)
    return Asking(enough, table.hopeless(enough, before or Asking(wanted)))


@dataclass(frozen=True)
class _Table:
    """sure: (items, answers), the confidence that may decide after so many, 0 where nothing can. seen: the same with
    what was too early to decide. length: answers of each. ended: whether it can get no more."""

    sure: NDArray[np.float64]
    seen: NDArray[np.float64]
    length: NDArray[np.intp]
    ended: NDArray[np.bool_]
    start: int

    @classmethod
    def of(cls, runs: Sequence[Run], start: int, limit: int) -> "_Table":
        seen = np.zeros((len(runs), limit))
        length = np.array([min(len(run.confidences), limit) for run in runs], dtype=np.intp)
        contradicted = np.array([run.contradicted and len(run.confidences) <= limit for run in runs])
        for row, run, answers in zip(seen, runs, length.tolist(), strict=True):
            row[:answers] = run.confidences[:answers]
        sure = seen.copy()
        sure[:, : start - 1] = 0.0
        sure[contradicted, length[contradicted] - 1] = 0.0
        ended: NDArray[np.bool_] = np.logical_or(contradicted, length >= limit)
        return cls(sure, seen, length, ended, start)

    def sure_in_the_mean(self, enough: float) -> float:
        """Of the items that such a threshold decides. Who still waits for answers counts as barely sure enough."""
        reached = self.sure >= enough
        decided = reached.any(axis=1)
        waiting = int((~decided & ~self.ended).sum())
        if not decided.any():
            return enough
        at = reached.argmax(axis=1)
        total = self.sure[decided, at[decided]].sum() + waiting * enough
        return float(total / (decided.sum() + waiting))

    def hopeless(self, enough: float, before: Asking) -> tuple[float, ...]:
        """Up to which confidence asking costs more than `SPARED_REVIEW` answers for each item it decides, by answers.

        Who is left to a reviewer early shows no more what asking would have brought. So a bound of before stands until
        enough items below it were asked on about all the same. It rises only where those above it cost a standard
        error more than chance: else it would climb from refit to refit.
        """
        reached = self.sure >= enough
        decided = reached.any(axis=1)
        end = np.where(decided, reached.argmax(axis=1) + 1, self.length)
        cost: NDArray[np.float64] = end - SPARED_REVIEW * decided
        bounds = []
        for answers in range(1, self.seen.shape[1]):
            alike = (decided | self.ended) & (end > answers)
            seen, former = self.seen[:, answers - 1][alike], before.hopeless_at(answers)
            kept = former if (seen <= former).sum() < ENOUGH_ALIKE else -1.0
            above = seen > kept
            if answers < self.start or above.sum() < ENOUGH_ALIKE:
                bounds.append(kept if answers >= self.start else -1.0)
                continue
            order = np.argsort(seen[above], kind="stable")
            rising, costs = seen[above][order], (cost[alike] - answers)[above][order]
            lost = np.cumsum(costs)
            lost[: ENOUGH_ALIKE - 1] = 0.0
            lost[:-1][rising[1:] == rising[:-1]] = 0.0  # a bound takes in all who are as sure
            worst = int(lost.argmax())
            needed = math.sqrt(float((costs[: worst + 1] ** 2).sum())) if kept >= 0 else 0.0
            bounds.append(float(rising[worst]) if lost[worst] > needed else kept)
        return tuple(bounds)
