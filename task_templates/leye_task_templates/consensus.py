"""How the answers to a micro-task combine: what a task type decides and the platform asks for. All pure.

The platform never looks into an answer. It keeps what an answer says as `Labels`, plain JSON whose shape belongs to
the task type, and hands it back to the type's `Consensus`, with whatever JSON that strategy keeps about people
(`SkillRecord`) and about the project (the prior).
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from leye_quality.comparing import Compared, Comparing
from leye_quality.flags import Flags

Labels = list[Any]
"""What an answer says, without ids and texts: plain JSON, in canonical order, so that equal answers are equal lists.

Class indices of a classification, `[start, end, class]` of each span, `[x, y, width, height, class]` of each box.
"""

SkillRecord = dict[str, Any]
"""What is known of one person's answers in one project, as plain JSON."""


@dataclass(frozen=True, slots=True)
class Combined:
    """What some answers come to.

    confidence: how probable it is, 0 to 1, that `labels` are right as a whole; the pipeline's threshold is held
    against it. posterior: plain JSON, kept with the micro-task for whoever wants to know more. probability_of: how
    probable another answer is in the same light. contradictory: people differ more than their skills explain.
    """

    labels: Labels
    confidence: float
    posterior: list[Any]
    probability_of: Callable[[Labels], float]
    contradictory: bool = False


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """One answer of a project as a fit reads it; `gold` holds the known answer of a gold item.

    fresh: no human has looked at it yet, so that it may still flag its author. batch: what it came with. number: its
    place among all answers, tests too. again: its item stands among the others as well, so that it tells of its author
    and of nothing else.
    """

    task: Hashable
    person: Hashable
    labels: Labels
    gold: Labels | None
    fresh: bool = True
    batch: Hashable = None
    number: int = 0
    again: bool = False


@dataclass(frozen=True, slots=True)
class FittedProject:
    """A record for each person seen, and the project's prior (plain JSON, as `combine` wants it).

    flags: of everybody who was looked at, what a human should see; mostly nothing. gold_factors: what each person's
    share of gold is multiplied with from now on (`leye_quality.trust`).
    """

    skills: dict[Hashable, SkillRecord]
    prior: list[Any]
    flags: Flags
    gold_factors: Mapping[Hashable, float]


class Consensus(Protocol):
    """How the answers of one project combine. Made from its label config, kept between requests; holds no state."""

    def combine(
        self, answers: Sequence[Labels], skills: Sequence[SkillRecord | None], prior: list[Any] | None
    ) -> Combined:
        """Combine the answers of one micro-task, at least one; their order does not matter.

        `skills[i]` belongs to who gave `answers[i]`, None for a stranger. prior: None before the first fit. It runs
        inside the submit's transaction: milliseconds, not seconds.
        """

    def fit(self, answers: Sequence[GivenAnswer], tests: Sequence[GivenAnswer] = ()) -> FittedProject:
        """What the answers of a project, at least one, in the order in which they came, say about its people and its
        prior. tests: answers to gold of which people alone have said what is true: they tell of shares of gold, and of
        nothing else. A job calls it."""

    def same(self, one: Labels, other: Labels) -> bool:
        """Whether two answers say the same: gold items count as right, a decision stands, an author was followed."""

    def agreement(self, one: Labels, other: Labels) -> float:
        """How much two answers agree, 0 to 1; 1 where they say the same. For reports."""

    def able(self, accuracy: float, evidence: int) -> SkillRecord:
        """The record of somebody who is right with `accuracy`, resting on `evidence` answers: a reviewer's."""


def comparing_of(
    answers: Sequence[GivenAnswer], agreement: Callable[[Any, Any], float], read: Callable[[Labels], Any]
) -> Comparing:
    """The answers to be held against each other, for flags and for shares of gold: each is read once, and each pair
    compared once. agreement: of answers as `read` gives them."""
    return Comparing(compared(answers, read), agreement)


def compared(answers: Sequence[GivenAnswer], read: Callable[[Labels], Any]) -> list[Compared]:
    """The answers as they are compared, each read once."""
    return [
        Compared(
            one.task,
            one.person,
            read(one.labels),
            None if one.gold is None else read(one.gold),
            one.fresh,
            one.batch,
            one.number,
        )
        for one in answers
    ]
