"""Which project a person works in next, where they leave it to the platform. Pure.

People are shared out by runs, not by tasks: whoever is in a project stays there for some twenty answers, since every
change of project tires. Where a run has ended, the next project is drawn by weight. The draw keeps no state but the
number of the person's run: it is the fractional part of a start of their own plus that number times the golden ratio,
a sequence that fills every interval evenly (Weyl 1916; with a random start, Cranley & Patterson 1976). So each
person's runs follow the weights as closely as stride scheduling would (Waldspurger & Weihl 1995: the error is some
constant, not the square root of a lottery's), while no row is shared by two people.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from leye_platform.assignments.rules import share_of_hash
from leye_platform.projects.rules import MOST_PRIORITY

RUN_ANSWERS = 20
"""After so many answers a run has ended."""
RUN_TIME = timedelta(hours=4)
"""So long after its beginning too: the person has rested since, or needs a change."""
DUE_SOON = timedelta(days=3)
GOLDEN = (5**0.5 - 1) / 2


class RunOrigin(StrEnum):
    """Whose choice a run was: the person's, who named the project, or the draw's."""

    CHOSEN = "chosen"
    SHARED = "shared"


@dataclass(frozen=True, slots=True)
class Run:
    """A person's run of tasks. number: how many were drawn for them so far. answers: given in it so far."""

    project_id: UUID
    origin: RunOrigin
    number: int
    began_at: datetime
    answers: int

    def is_over(self, now: datetime) -> bool:
        """Whether the next task may be another project's."""
        return self.answers >= RUN_ANSWERS or now - self.began_at >= RUN_TIME


@dataclass(frozen=True, slots=True)
class Claim:
    """A batch's claim on people. weight: its project's. seconds: what one answer takes."""

    project_id: UUID
    weight: int
    priority: int
    deadline: datetime | None
    seconds: float

    def urgency(self, now: datetime) -> float:
        """Every step of priority doubles the share, and so does a deadline within three days or past."""
        steps = max(-MOST_PRIORITY, min(MOST_PRIORITY, self.priority))
        due = self.deadline is not None and self.deadline - now <= DUE_SOON
        return float(2**steps * (2 if due else 1))


def shares(claims: Iterable[Claim], now: datetime) -> dict[UUID, float]:
    """Each project's part of the people's time, adding up to 1: by its weight and by its most urgent batch."""
    weights: dict[UUID, float] = {}
    for claim in claims:
        asked = claim.weight * claim.urgency(now)
        weights[claim.project_id] = max(weights.get(claim.project_id, 0.0), asked)
    total = sum(weights.values())
    return {project: weight / total for project, weight in weights.items()}


def chances(claims: Sequence[Claim], now: datetime) -> dict[UUID, float]:
    """How likely each project is to be drawn for a run, adding up to 1.

    A run is a number of answers, a share is of time: a project whose answers take long is drawn less often
    (Waldspurger & Weihl's compensation for unequal quanta).
    """
    seconds = {claim.project_id: claim.seconds for claim in claims}
    tickets = {project: share / seconds[project] for project, share in shares(claims, now).items()}
    total = sum(tickets.values())
    return {project: ticket / total for project, ticket in tickets.items()}


def drawn_order(person_id: UUID, number: int, chance: Mapping[UUID, float]) -> list[UUID]:
    """The projects in the order in which the person's run `number` tries them: the one drawn, then the likeliest."""
    point = (share_of_hash("share", person_id) + number * GOLDEN) % 1.0
    drawn, reached = None, 0.0
    for project in sorted(chance):
        drawn = project
        reached += chance[project]
        if point < reached:
            break
    rest = sorted((project for project in chance if project != drawn), key=lambda one: (-chance[one], one))
    return rest if drawn is None else [drawn, *rest]
