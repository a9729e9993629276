"""Answers that come with tasks, in files and by the Label Studio face: stored as answers of whoever gave them, unpaid,
each filling a slot.

Where they settle a task, it is decided with the import; a task that wants more answers waits for them.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, count
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from leye_platform.accounts.models import Person
from leye_platform.accounts.rules import PersonState
from leye_platform.assignments.core_tables import (
    assignments,
    decisions,
    responses,
    reviews,
    slots,
)
from leye_platform.assignments.rules import BROUGHT, AssignmentState, Lane, ProposalUse, SlotState
from leye_platform.assignments.submit import counted_work
from leye_platform.ids import new_id
from leye_platform.prepared import write_together
from leye_platform.projects.ingest.chunks import Chunk, Reading
from leye_platform.projects.ingest.insertion import NewItem
from leye_platform.projects.ingest.rows import RowRefused, check_value
from leye_platform.projects.models import ImportedAnnotator
from leye_platform.projects.rules import ItemState, PipelineKind
from leye_platform.projects.task_type import TaskType
from leye_platform.review.rules import DecisionMethod, ReviewCause, ReviewState
from leye_task_templates.consensus import Labels
from leye_task_templates.template import ResultRefused

MOST_ANSWERS = 15  # of one task; as many as a pipeline may ask for


class Brought(NamedTuple):
    """One annotation of an imported task. key: how its tool calls the author; empty for whoever imports."""

    key: str
    result: list[Any]
    active_ms: int


class Checked(NamedTuple):
    """A brought annotation that the label config allows."""

    key: str
    as_sent: list[Any]
    result: list[dict[str, Any]]
    labels: Labels
    active_ms: int


@dataclass
class Rows:
    """Rows of the hot tables, to be stored at once."""

    slots: list[dict[str, Any]] = field(default_factory=list)
    assignments: list[dict[str, Any]] = field(default_factory=list)
    responses: list[dict[str, Any]] = field(default_factory=list)
    decisions: list[dict[str, Any]] = field(default_factory=list)
    reviews: list[dict[str, Any]] = field(default_factory=list)

    def store(self, session: Session) -> None:
        """Write them, in the order in which they name each other."""
        for table, rows in (
            (slots, self.slots),
            (assignments, self.assignments),
            (responses, self.responses),
            (decisions, self.decisions),
            (reviews, self.reviews),
        ):
            if rows:
                session.execute(insert(table), rows)
        for (person_id, project_id), answers in Counter(
            (row["person_id"], row["project_id"]) for row in self.responses
        ).items():
            write_together(session, [counted_work(session, person_id, project_id, answers=answers)])


def annotations_of(task: Mapping[str, Any]) -> list[Brought]:
    """The annotations that a task of Label Studio brings along; cancelled ones, and those marked as gold, aside.

    Raises RowRefused.
    """
    given = task.get("annotations", task.get("completions"))
    if given is None:
        return []
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise RowRefused("annotations 要是一个列表，每个标注是一个对象")
    found: list[Brought] = []
    for one in given:
        if one.get("was_cancelled") or one.get("ground_truth"):
            continue
        result = one.get("result")
        if not isinstance(result, list):
            raise RowRefused("annotations 里的每个标注要有 result：答案的区域，是一个列表")
        check_value(result, "annotations")
        found.append(Brought(_key(one.get("completed_by"), found), result, active_ms_of(one.get("lead_time"))))
    if len(found) > MOST_ANSWERS:
        raise RowRefused("annotations 太多，一条任务最多 {limit} 个", limit=MOST_ANSWERS)
    return found


def gold_of(task: Mapping[str, Any]) -> list[Any] | None:
    """The annotation that is marked as the known answer; None where none is."""
    given = task.get("annotations")
    if isinstance(given, list):
        for one in given:
            if isinstance(one, dict) and one.get("ground_truth") is True and isinstance(one.get("result"), list):
                return list(one["result"])
    return None


def active_ms_of(lead_time: object) -> int:
    """Label Studio's seconds as milliseconds; 0 where there is nothing sensible."""
    if isinstance(lead_time, bool) or not isinstance(lead_time, int | float) or not 0 < lead_time < 1e7:
        return 0
    return int(lead_time * 1000)


def _key(completed_by: object, before: Sequence[Brought]) -> str:
    """How the author is called; a second annotation of the same author is somebody else's to us, and is not lost."""
    if isinstance(completed_by, Mapping):
        completed_by = completed_by.get("email") or completed_by.get("id")
    name = "" if completed_by is None else str(completed_by)[:150].replace("\x00", "")
    taken = {other.key for other in before}
    others = (f"{name}#{times}" for times in count(2))
    return next(key for key in chain((name,), others) if key not in taken)


def checked(kind: TaskType, content: Mapping[str, Any], brought: Iterable[Brought]) -> list[Checked]:
    """The annotations in their canonical form.

    Raises RowRefused.
    """
    found = []
    for one in brought:
        try:
            result = kind.template.validate_result(kind.config, content, one.result)
        except ResultRefused as refused:
            raise RowRefused("annotations：{problem}", problem=refused) from None
        labels = kind.template.labels_of(kind.config, result)
        found.append(Checked(one.key, one.result, result, labels, one.active_ms))
    return found


def authors(session: Session, project_id: UUID, importer: UUID, keys: Iterable[str], now: datetime) -> dict[str, UUID]:
    """The person of each key: whoever imports for the empty one, and people without an account for the others."""
    wanted = {key for key in keys if key}
    found = {"": importer}
    if not wanted:
        return found
    known = select(ImportedAnnotator.key, ImportedAnnotator.person_id).where(
        ImportedAnnotator.project_id == project_id, ImportedAnnotator.key.in_(wanted)
    )
    found |= dict(session.execute(known).all())
    for key in sorted(wanted - found.keys()):
        person = Person(name=f"外部标注者 {key}"[:120], state=PersonState.LEFT, created_at=now)
        session.add(person)
        session.flush()
        session.add(ImportedAnnotator(project_id=project_id, key=key, person_id=person.id))
        found[key] = person.id
    session.flush()
    return found


@dataclass(frozen=True)
class Settling:
    """Turns the tasks of a chunk that bring answers into rows: answered slots, answers and, where sure, decisions."""

    reading: Reading
    guide_id: UUID
    people: Mapping[str, UUID]
    now: datetime

    def settle(self, chunk: Chunk, brought: Mapping[UUID, Sequence[Checked]]) -> Rows:
        """brought: the answers by item. The chunk's items take their states, and ask for what is still wanted."""
        rows = Rows()
        chunk.items[:] = [
            self._answered(item, brought[item.id], rows) if brought.get(item.id) else item for item in chunk.items
        ]
        return rows

    def _answered(self, item: NewItem, answers: Sequence[Checked], rows: Rows) -> NewItem:
        kind, pipeline = self.reading.kind, self.reading.pipeline
        part = item.parts[0]._replace(id=new_id())
        where = {
            "microtask_id": part.id,
            "item_id": item.id,
            "batch_id": self.reading.batch_id,
            "round": 1,
        }
        for answer in answers:
            self._add(where, answer, rows)
        single = pipeline.kind is PipelineKind.SINGLE_CHECK
        outcome = kind.consensus.combine([one.labels for one in answers], [None] * len(answers), None)
        part = part._replace(posterior=outcome.posterior)
        sure = single or (len(answers) >= pipeline.overlap_start() and outcome.confidence >= pipeline.confidence)
        if not sure or outcome.contradictory:
            limit = max(item.overlap_limit, len(answers))
            if len(answers) >= limit:
                rows.reviews.append(where | self._review())
                return item._replace(
                    parts=[part], state=ItemState.REVIEW, overlap=len(answers), overlap_limit=limit, open_slots=0
                )
            wanted = max(pipeline.overlap_start(), len(answers) + 1)
            left = wanted - len(answers)
            return item._replace(
                parts=[part], state=ItemState.WORKING, overlap=wanted, overlap_limit=limit, open_slots=left
            )
        labels = answers[0].labels if single else outcome.labels
        decision = {
            "id": new_id(),
            "version": 1,
            "method": DecisionMethod.SINGLE if single else DecisionMethod.CONSENSUS,
            "result": kind.template.result_of(kind.config, part.content, labels),
            "labels": labels,
            "confidence": outcome.probability_of(labels),
            "guide_id": self.guide_id,
            "review_id": None,
            "decided_at": self.now,
        }
        rows.decisions.append(where | decision)
        return item._replace(parts=[part], state=ItemState.DECIDED, open_slots=0)

    def _review(self) -> dict[str, Any]:
        return {
            "id": new_id(),
            "project_id": self.reading.project_id,
            "cause": ReviewCause.UNSURE,
            "state": ReviewState.OPEN,
            "pay_micros": 0,
            "opened_at": self.now,
        }

    def _add(self, where: Mapping[str, Any], answer: Checked, rows: Rows) -> None:
        slot_id, assignment_id, person_id = new_id(), new_id(), self.people[answer.key]
        rows.slots.append(
            {
                **where,
                "id": slot_id,
                "lane": Lane.NORMAL,
                "state": SlotState.ANSWERED,
                "reserved_for": None,
                "reserved_until": None,
            }
        )
        by = {"project_id": self.reading.project_id, "person_id": person_id, "guide_id": self.guide_id}
        rows.assignments.append(
            {
                **where,
                **by,
                "id": assignment_id,
                "slot_id": slot_id,
                "state": AssignmentState.SUBMITTED,
                "leased_at": self.now,
                "lease_expires_at": self.now,
                "ended_at": self.now,
                "active_ms": answer.active_ms,
                "proposal_shown": False,
            }
        )
        rows.responses.append(
            {
                **where,
                **by,
                "id": new_id(),
                "assignment_id": assignment_id,
                "result": answer.result,
                "labels": answer.labels,
                "as_sent": answer.as_sent if answer.as_sent != answer.result else None,
                "idempotency_key": f"{BROUGHT}{assignment_id}",
                "late": False,
                "gold": False,
                "active_ms": answer.active_ms,
                "pay_micros": 0,
                "proposal_use": ProposalUse.NONE,
                "submitted_at": self.now,
            }
        )
