"""The batches that are being worked on, across projects: pace against deadline, people, what waits, what is ready."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leye_platform.actor import Actor
from leye_platform.assignments.models import Assignment
from leye_platform.assignments.rules import AssignmentState
from leye_platform.errors import MoveNotAllowed
from leye_platform.outbox import JobName, ask_for
from leye_platform.permissions import Permission
from leye_platform.projects import service
from leye_platform.projects.batch_queries import being_delivered, in_no_lot
from leye_platform.projects.errors import ProjectNotComplete
from leye_platform.projects.models import Batch, Item, Project
from leye_platform.projects.queries import ROWS_A_PAGE, BatchProgress, Listed, progress_of
from leye_platform.projects.rules import BatchState, ItemState
from leye_platform.review.models import Review
from leye_platform.review.rules import UNSETTLED

AT_WORK = (BatchState.OPEN, BatchState.PAUSED)


@dataclass(frozen=True)
class BatchAtWork:
    """`people` hold a task now; `reviews` wait for a reviewer; `ready` items are decided and in no lot yet."""

    batch: Batch
    project: Project
    progress: BatchProgress
    people: int
    reviews: int
    ready: int


def count_at_work(session: Session) -> int:
    """How many batches are open or paused."""
    return session.scalar(select(func.count()).where(Batch.state.in_(AT_WORK))) or 0


def batches_at_work(session: Session, number: int, now: datetime) -> Listed[BatchAtWork]:
    """A page of them, the nearest deadline first, those without one last. A constant number of queries."""
    total = count_at_work(session)
    pages = max(1, -(-total // ROWS_A_PAGE))
    number = min(max(number, 1), pages)
    rows = session.execute(
        select(Batch, Project)
        .join(Project, Project.id == Batch.project_id)
        .where(Batch.state.in_(AT_WORK))
        .order_by(Batch.deadline.is_(None), Batch.deadline, Batch.created_at, Batch.id)
        .limit(ROWS_A_PAGE)
        .offset((number - 1) * ROWS_A_PAGE)
    ).all()
    ids = [batch.id for batch, _ in rows]
    progress = progress_of(session, [batch for batch, _ in rows], now)
    people, reviews = _people(session, ids), _reviews(session, ids)
    ready = in_no_lot(session, {batch_id: progress[batch_id].of(ItemState.DECIDED) for batch_id in ids}, now)
    shown = [
        BatchAtWork(
            batch=batch,
            project=project,
            progress=progress[batch.id],
            people=people.get(batch.id, 0),
            reviews=reviews.get(batch.id, 0),
            ready=ready[batch.id],
        )
        for batch, project in rows
    ]
    return Listed(number, pages, total, shown)


def _people(session: Session, ids: Sequence[UUID]) -> dict[UUID, int]:
    query = select(Assignment.batch_id, func.count(Assignment.person_id.distinct())).where(
        Assignment.state == AssignmentState.LEASED, Assignment.batch_id.in_(ids)
    )
    return dict(session.execute(query.group_by(Assignment.batch_id)).all())


def _reviews(session: Session, ids: Sequence[UUID]) -> dict[UUID, int]:
    query = select(Review.batch_id, func.count()).where(Review.state.in_(UNSETTLED), Review.batch_id.in_(ids))
    return dict(session.execute(query.group_by(Review.batch_id)).all())


class Deed(StrEnum):
    """What can be done to several batches at once."""

    FREEZE = "freeze"
    RESUME = "resume"
    DELIVER = "deliver"


DEED_NEEDS = {
    Deed.FREEZE: Permission.RUN_BATCH,
    Deed.RESUME: Permission.RUN_BATCH,
    Deed.DELIVER: Permission.CUT_LOT,
}


def do_to_all(session: Session, actor: Actor, deed: Deed, batch_ids: Sequence[UUID], now: datetime) -> int:
    """Freeze the claims of several batches, resume them, or deliver what is decided; to how many it was done.

    A batch that it no longer fits (another state, nothing to deliver) is passed over. Raises BatchMissing.
    """
    # Always in the same order: two people who freeze the same batches never wait for each other in a ring.
    done = [_do(session, actor, deed, batch_id, now) for batch_id in sorted(set(batch_ids))]
    return sum(done)


def _do(session: Session, actor: Actor, deed: Deed, batch_id: UUID, now: datetime) -> bool:
    batch = service.batch_for(session, actor, batch_id, DEED_NEEDS[deed], lock=deed is not Deed.DELIVER)
    if deed is Deed.DELIVER:
        return _deliver(session, batch, now)
    before = batch.state
    try:
        if deed is Deed.FREEZE:
            service.move_batch(session, actor, batch, BatchState.PAUSED, now)
        else:
            service.open_batch(session, actor, batch, now)
    except (MoveNotAllowed, ProjectNotComplete):
        return False
    return batch.state is not before


def _deliver(session: Session, batch: Batch, now: datetime) -> bool:
    decided = session.scalar(
        select(func.count()).where(
            Item.batch_id == batch.id, Item.state == ItemState.DECIDED, Item.gold_result.is_(None)
        )
    )
    if not (decided or 0) > being_delivered(session, [batch.id]).get(batch.id, 0):
        return False
    ask_for(session, JobName.ASSEMBLE_LOT, {"batch_id": str(batch.id)}, now, once_for=batch.id)
    return True
