"""Items as Label Studio's tasks: lists page by page along an index, single ones, and their predictions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, and_, case, func, literal_column, select
from sqlalchemy.orm import Session

from leye_platform.actor import Actor
from leye_platform.assignments.core_tables import batches, decisions, is_split, items, micro_tasks, projects
from leye_platform.partner_api.annotations import KEPT, annotations_of_tasks
from leye_platform.partner_api.bodies import at
from leye_platform.partner_api.pictures import with_plain_pictures
from leye_platform.partner_api.reach import oversees
from leye_platform.projects.pictures.links import PictureLinks
from leye_platform.projects.rules import ItemState
from leye_platform.review.join import joined_of

DONE = frozenset({ItemState.DECIDED, ItemState.DELIVERED, ItemState.ACCEPTED})
DECIDED_BY = "leye-consensus"
"""What the model is called whose prediction is the decision of the task."""


class TaskRow(NamedTuple):
    """An item with what its first micro-task holds."""

    id: UUID
    number: int
    project: int
    data: dict[str, Any]
    state: ItemState
    external_id: str | None
    row: int
    created_at: datetime
    gold_result: list[Any] | None
    overlap: int
    proposal: dict[str, Any] | None


@dataclass(frozen=True)
class TaskPage:
    """Some tasks of a project, and how many there are in all."""

    rows: list[TaskRow]
    total: int


TASKS: Select[*tuple[Any, ...]] = (
    select(
        items.c.id,
        items.c.number,
        projects.c.number,
        items.c.data,
        items.c.state,
        items.c.external_id,
        items.c.row,
        items.c.created_at,
        items.c.gold_result,
        micro_tasks.c.overlap_wanted,
        case((~is_split(items.c.id), micro_tasks.c.proposal)),
    )
    .select_from(items)
    .join(projects, projects.c.id == items.c.project_id)
    .join(micro_tasks, (micro_tasks.c.item_id == items.c.id) & (micro_tasks.c.step == 1) & (micro_tasks.c.part == 1))
)


def task_page(session: Session, projects: Sequence[UUID], page: int, page_size: int) -> TaskPage:
    """A page of the projects' tasks in the order of their numbers; withdrawn ones aside.

    While none is withdrawn, all but the page itself is read from an index.
    """
    there = items.c.project_id == projects[0] if len(projects) == 1 else items.c.project_id.in_(projects)
    gone = no_longer_kept(session, projects)
    if gone:
        there = and_(there, items.c.batch_id.not_in(gone))
    withdrawn = _withdrawn(session, projects)
    if withdrawn:
        there = and_(there, items.c.state != ItemState.WITHDRAWN)
    rows_in = select(func.coalesce(func.sum(batches.c.rows_in), 0)).where(
        batches.c.project_id.in_(projects), batches.c.data_state == KEPT
    )
    total = session.execute(rows_in).scalar_one() - withdrawn
    if (page - 1) * page_size >= total:
        return TaskPage([], total)
    numbers = select(items.c.number).where(there).order_by(items.c.number)
    wanted = session.execute(numbers.offset((page - 1) * page_size).limit(page_size)).scalars().all()
    rows = session.execute(TASKS.where(items.c.number.in_(wanted)).order_by(items.c.number))
    return TaskPage([TaskRow(*row) for row in rows], total)


def no_longer_kept(session: Session, projects: Sequence[UUID]) -> list[UUID]:
    """The batches of some projects whose content was erased, or is being: their tasks are told of no more."""
    gone = select(batches.c.id).where(batches.c.project_id.in_(projects), batches.c.data_state != KEPT)
    return list(session.execute(gone).scalars())


def _withdrawn(session: Session, projects: Sequence[UUID]) -> int:
    query = (
        select(func.count())
        .select_from(items)
        .join(batches, batches.c.id == items.c.batch_id)
        .where(
            batches.c.project_id.in_(projects),
            batches.c.data_state == KEPT,
            items.c.state == literal_column("'withdrawn'"),
            items.c.gold_result.is_(None),
        )
    )
    return session.execute(query).scalar_one()


def task_row(session: Session, item_id: UUID) -> TaskRow:
    """One task."""
    return TaskRow(*session.execute(TASKS.where(items.c.id == item_id)).one())


def task_answers(
    session: Session, actor: Actor, rows: Sequence[TaskRow], links: PictureLinks, *, full: bool = True
) -> list[dict[str, Any]]:
    """Tasks in Label Studio's form. full: with their annotations and predictions, not only how many there are."""
    annotations = annotations_of_tasks(session, actor, [row.number for row in rows])
    decided = decisions_of(session, rows) if oversees(actor) else {}
    told = []
    for row in rows:
        given = [annotation.answer() for annotation in annotations.get(row.number, ())]
        if row.gold_result is not None and oversees(actor):
            given = [_known_answer(row)]
        predicted = list(predictions_of(row, decided.get(row.id))) if oversees(actor) else []
        told.append(
            {
                "id": row.number,
                "data": with_plain_pictures(row.data, links),
                "meta": {} if row.external_id is None else {"external_id": row.external_id},
                "project": row.project,
                "inner_id": row.row,
                "created_at": at(row.created_at),
                "updated_at": at(row.created_at),
                "is_labeled": row.state in DONE,
                "overlap": row.overlap,
                "total_annotations": len(given),
                "cancelled_annotations": 0,
                "total_predictions": len(predicted),
                **_at_a_glance(row, given, predicted),
                "annotations": given if full else [],
                "predictions": predicted if full else [],
                "drafts": [],
                "file_upload": None,
                "storage_filename": None,
                "comment_count": 0,
                "unresolved_comment_count": 0,
                "last_comment_updated_at": None,
                "updated_by": [],
                "comment_authors": [],
            }
        )
    return told


def _at_a_glance(row: TaskRow, given: list[dict[str, Any]], predicted: list[dict[str, Any]]) -> dict[str, Any]:
    """What Label Studio's table of tasks shows of the answers and predictions, drawn together."""
    spent = [one["lead_time"] for one in given if one.get("lead_time")]
    scores = [one["score"] for one in predicted if one["score"] is not None]
    moments = [one["created_at"] for one in given if "created_at" in one]
    return {
        "annotators": sorted({one["completed_by"] for one in given if "completed_by" in one}),
        "annotations_ids": ",".join(str(one["id"]) for one in given),
        "completed_at": max(moments, default=None) if row.state in DONE else None,
        "avg_lead_time": sum(spent) / len(spent) if spent else None,
        "predictions_score": sum(scores) / len(scores) if scores else None,
        "predictions_model_versions": ",".join(one["model_version"] for one in predicted),
    }


def _known_answer(row: TaskRow) -> dict[str, Any]:
    """The answer that the partner itself gave as known; what people answer to it is not told."""
    return {"id": 0, "result": row.gold_result, "ground_truth": True, "was_cancelled": False, "task": row.number}


class Decided(NamedTuple):
    """The decision that stands for a task."""

    item_id: UUID
    result: list[Any]
    confidence: float
    decided_at: datetime


def decisions_of(session: Session, rows: Iterable[TaskRow]) -> dict[UUID, Decided]:
    """The decisions of the tasks that have one, the newest version of each."""
    wanted = [row.id for row in rows if row.state in DONE]
    if not wanted:
        return {}
    query = (
        select(decisions.c.item_id, decisions.c.result, decisions.c.confidence, decisions.c.decided_at)
        .where(decisions.c.item_id.in_(wanted))
        .order_by(decisions.c.version)
    )
    found = {row[0]: Decided(*row) for row in session.execute(query)}
    joined = joined_of(session, wanted)
    return found | {item: Decided(item, one.result, one.confidence, one.decided_at) for item, one in joined.items()}


def predictions_of(row: TaskRow, decided: Decided | None) -> Iterable[dict[str, Any]]:
    """A task's predictions: a model's proposal (twice the task's number), the decision (one more)."""
    if row.proposal is not None:
        yield _prediction(
            row,
            row.number * 2,
            result=row.proposal["result"],
            score=row.proposal.get("score"),
            model=row.proposal.get("model_version") or "",
            moment=row.created_at,
        )
    if decided is not None:
        yield _prediction(
            row,
            row.number * 2 + 1,
            result=decided.result,
            score=round(decided.confidence, 6),
            model=DECIDED_BY,
            moment=decided.decided_at,
        )


def _prediction(
    row: TaskRow, number: int, *, result: list[Any], score: float | None, model: str, moment: datetime
) -> dict[str, Any]:
    return {
        "id": number,
        "result": result,
        "score": score,
        "model_version": model,
        "task": row.number,
        "project": row.project,
        "created_at": at(moment),
        "updated_at": at(moment),
        "created_ago": "",
        "cluster": None,
        "neighbors": None,
        "mislabeling": 0.0,
        "model": None,
        "model_run": None,
    }
