"""All that the page of one task shows, read at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from leye_platform.assignments.queries import Guide, TaskSeen, answers_since, guide_of, task_seen
from leye_platform.assignments.rules import AssignmentState
from leye_platform.projects.task_type import TaskType, task_type
from leye_platform.web import formats
from leye_task_templates.splitting import PART
from leye_task_templates.template import ResultRefused


@dataclass(frozen=True)
class Bench:
    """One assignment of a person. chosen: its answer, else its draft, else its proposal, as its form shows it. number:
    which of today's it is. late: the lease has run out.
    """

    seen: TaskSeen
    kind: TaskType
    guide: Guide
    chosen: list[str]
    number: int
    late: bool

    @property
    def begins_from_proposal(self) -> bool:
        """Whether what is shown is the proposal as it came."""
        seen = self.seen
        return seen.proposal is not None and seen.result is None and seen.draft is None

    @property
    def answer_words(self) -> str:
        """The answer in a few words; empty before there is one."""
        return "" if self.seen.result is None else self.kind.template.describe(self.kind.config, self.seen.result)

    @property
    def part(self) -> dict[str, Any] | None:
        """Where in its item the task lies (leye_task_templates.splitting.PART); None where it is all of it."""
        return self.seen.content.get(PART)

    @property
    def view(self) -> dict[str, Any]:
        """What the task type shows of the task."""
        return self.kind.template.view(self.kind.config, self.seen.content)


def bench_of(session: Session, assignment_id: UUID, person_id: UUID, now: datetime) -> Bench:
    """The person's own assignment with its guide.

    Raises AssignmentMissing, for another's too.
    """
    seen = task_seen(session, assignment_id, person_id)
    kind = task_type(seen.task_type, seen.label_config)
    return Bench(
        seen=seen,
        kind=kind,
        guide=guide_of(session, seen, person_id),
        chosen=_chosen(kind, seen),
        number=answers_since(session, person_id, formats.day_began(now)) + 1,
        late=seen.state is AssignmentState.EXPIRED or seen.lease_expires_at <= now,
    )


def _chosen(kind: TaskType, seen: TaskSeen) -> list[str]:
    if seen.result is not None:
        return entries_of(kind, seen.content, seen.result)
    if seen.proposal is None:
        return entries_of(kind, seen.content, seen.draft)
    if seen.draft is None:
        return entries_of(kind, seen.content, seen.proposal["result"])
    # Emptied by hand: that there is nothing to mark is for the person to say.
    return entries_of(kind, seen.content, seen.draft) if seen.draft else []


def entries_of(kind: TaskType, content: Mapping[str, Any], result: list[Any] | None) -> list[str]:
    """A draft or an answer as its form shows it; empty where it is not complete."""
    try:
        canonical = kind.template.validate_result(kind.config, content, result)
    except ResultRefused:
        return []
    return kind.template.form_entries(kind.config, canonical)
