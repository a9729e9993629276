"""Answers held against each other, each pair once: what flags (`flags`) and the share of gold (`trust`) both ask.

What a comparison costs depends on the task type; of boxes it is a matching. An answer is held against its nearest
neighbours on its item at most, so that an item which thousands answer does not cost the square of them.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

MOST_BESIDE = 12
"""Other answers to its item that an answer is held against: half of them before it, half after, in a ring."""


@dataclass(frozen=True, slots=True)
class Compared:
    """An answer to an item, as whatever the task type compares. gold: the known answer, None where there is none.
    batch: what it came with, so that a hard batch is told from somebody's falling off. number: its place among all
    answers."""

    item: Hashable
    person: Hashable
    answer: Any
    gold: Any | None
    fresh: bool
    batch: Hashable = None
    number: int = 0


class Comparing:
    """Answers in the order in which they came, by person and by item. agreement: of two of them, 0 to 1, whichever
    comes first. It is asked once of each pair and remembered."""

    def __init__(self, answers: Sequence[Compared], agreement: Callable[[Any, Any], float]) -> None:
        self.answers, self.agreement = answers, agreement
        self.mine: dict[Hashable, list[int]] = defaultdict(list)
        self._beside: dict[Hashable, list[int]] = defaultdict(list)
        self._place: list[int] = []
        for at, one in enumerate(answers):
            self.mine[one.person].append(at)
            beside = self._beside[one.item]
            self._place.append(len(beside))
            beside.append(at)
        self._known: dict[tuple[int, int], float] = {}

    def stands_alone(self, at: int) -> bool:
        """Whether nobody else's answer and nothing known stands beside an answer."""
        return len(self._beside[self.answers[at].item]) + (self.answers[at].gold is not None) < 2

    def with_others(self, at: int) -> list[float]:
        """How much an answer agrees with other people's to its item."""
        one = self.answers[at]
        beside, place = self._beside[one.item], self._place[at]
        if len(beside) > MOST_BESIDE + 1:
            half = MOST_BESIDE // 2
            beside = [beside[(place + step) % len(beside)] for step in range(-half, half + 1)]
        return [self._of(at, other) for other in beside if self.answers[other].person != one.person]

    def _of(self, one: int, other: int) -> float:
        pair = (one, other) if one < other else (other, one)
        if (found := self._known.get(pair)) is None:
            found = self.agreement(self.answers[pair[0]].answer, self.answers[pair[1]].answer)
            self._known[pair] = found
        return found
