"""By what the answers of a micro-task were weighed, each time: enough to draw the same consequences again.

A row is kept with the micro-task by the statement that keeps its posterior. What people's skills were stands in the
project's fits (`KeptFit`), each kept as it was in force.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from leye_platform.projects.rules import Pipeline
from leye_quality.stopping import Asking, NextStep


class Cause(StrEnum):
    """Why answers were weighed: a new one, one that was corrected, or people's skills that are better known."""

    ANSWER = "answer"
    CORRECTION = "correction"
    LOOK_BACK = "look_back"


class Outcome(StrEnum):
    """What a weighing led to. WAIT: answers asked for are still to come. STANDS and CHANGE: of a decision.

    KEPT: a reviewer has it, and only the posterior was kept.
    """

    DECIDE = "decide"
    ASK_MORE = "ask_more"
    REVIEW = "review"
    WAIT = "wait"
    STANDS = "stands"
    CHANGE = "change"
    KEPT = "kept"

    @classmethod
    def of(cls, step: NextStep | None) -> "Outcome":
        return cls.WAIT if step is None else cls(step.value)


class Weighed(NamedTuple):
    """One weighing. newest: the number of the newest answer then. prior_fit, skills_fit: the numbers of the fits that
    the prior, and the skills, were read from, 0 for none: two statements, between which a refit may have ended.

    at: when, to the microsecond. hopeless: the bound at so many answers. pending: slots that were still open or held.
    check_share: of single answers, None where several are combined. author_answers: given before by who gave the
    newest. cause: a `Cause`; outcome: an `Outcome`.
    """

    round: int
    newest: int
    at: str
    prior_fit: int
    skills_fit: int
    start: int
    limit: int
    enough: float
    hopeless: float
    pending: int
    check_share: float | None
    author_answers: int
    cause: str
    outcome: str


def asking_in_force(learned: dict[str, Any] | None, pipeline: Pipeline) -> Asking:
    """What was learned, where it was learned for the project's settings as they are now."""
    if learned is None or learned["for"] != _settings(pipeline):
        return Asking(pipeline.confidence)
    return Asking.from_json(learned)


def to_keep(asking: Asking, pipeline: Pipeline) -> dict[str, Any]:
    """What was learned, and for which settings, as plain JSON."""
    return asking.to_json() | {"for": _settings(pipeline)}


def _settings(pipeline: Pipeline) -> list[Any]:
    return [pipeline.confidence, pipeline.overlap_start(), pipeline.overlap_limit()]


def with_one_more(rows: Sequence[Any] | None, weighed: Weighed) -> list[Any]:
    """All weighings of a micro-task, as its row keeps them."""
    return [*(rows or ()), list(weighed)]
