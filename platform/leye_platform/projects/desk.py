"""What needs the coordinator today, in order, each with its number. Read only, in a constant number of queries."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from leye_platform.delivery.models import Lot, LotItem
from leye_platform.delivery.rules import LotItemState
from leye_platform.outbox import OutboxRow
from leye_platform.projects.batch_queries import in_no_lot
from leye_platform.projects.models import Addition, Batch, Item, Project
from leye_platform.projects.project_matters import is_priced
from leye_platform.projects.queries import BatchProgress, progress_of
from leye_platform.projects.rules import FINISHED_ITEMS, AdditionState, BatchState, ItemState
from leye_platform.review.models import Review
from leye_platform.review.rules import UNSETTLED

NEAR = timedelta(days=2)
"""A deadline this near is told while something is left to do."""
REMEMBERED = timedelta(days=7)
SHOWN = 10
"""How many matters of one kind are shown; the rest follows when these are settled."""
LOOKED_AT = 100
"""How many batches are looked at for them."""
IN_WORK = (BatchState.READY, BatchState.OPEN, BatchState.PAUSED)
WAITING_ITEMS = tuple(state for state in ItemState if state not in FINISHED_ITEMS)
WORKED_ON = (BatchState.OPEN, BatchState.PAUSED, BatchState.CLOSED)


class MatterKind(StrEnum):
    """In the order in which they are told."""

    NOT_READ = "not_read"
    NOT_ADDED = "not_added"
    OVERDUE = "overdue"
    SENT_BACK = "sent_back"
    DUE_SOON = "due_soon"
    TO_OPEN = "to_open"
    PAUSED = "paused"
    TO_DELIVER = "to_deliver"
    IN_REVIEW = "in_review"


@dataclass(frozen=True)
class Matter:
    """One thing to settle. `count`: rows, items or reviews; `since`: the oldest of them, or the deadline."""

    kind: MatterKind
    batch: Batch
    project: Project
    count: int = 0
    since: datetime | None = None
    progress: BatchProgress | None = None


def matters_today(session: Session, now: datetime) -> list[Matter]:
    """What needs somebody, the most pressing first."""
    found = [
        *_not_read(session),
        *_not_added(session, now),
        *_deadlines(session, now),
        *_sent_back(session),
        *_to_open(session, now),
        *_to_deliver(session, now),
        *_in_review(session),
    ]
    told = {matter.batch.id for matter in found}
    found += [matter for matter in _paused(session) if matter.batch.id not in told]
    order = list(MatterKind)
    return sorted(found, key=lambda matter: order.index(matter.kind))


def _not_read(session: Session) -> Iterable[Matter]:
    """Files that were refused whole, and readings that broke off for good."""
    broken = exists().where(OutboxRow.id == Batch.ingest_job, OutboxRow.failed_at.is_not(None))
    wanted = or_(Batch.state == BatchState.FAILED, (Batch.state == BatchState.INGESTING) & broken)
    return [Matter(MatterKind.NOT_READ, batch, project) for batch, project in _batches(session, wanted)]


def _not_added(session: Session, now: datetime) -> Iterable[Matter]:
    """Further files that could not be read, until another one comes for the same batch, or for a week."""
    later = aliased(Addition)
    broken = exists().where(OutboxRow.id == Addition.job_id, OutboxRow.failed_at.is_not(None))
    lately = Addition.created_at > now - REMEMBERED
    failed = exists().where(
        Addition.batch_id == Batch.id,
        or_(Addition.state == AdditionState.FAILED, (Addition.state == AdditionState.READING) & broken),
        lately,
        ~exists().where(later.batch_id == Addition.batch_id, later.number > Addition.number),
    )
    wanted = Batch.state.in_(IN_WORK) & failed
    return [Matter(MatterKind.NOT_ADDED, batch, project) for batch, project in _batches(session, wanted)]


def _to_open(session: Session, now: datetime) -> Iterable[Matter]:
    """Batches that were read. Where the price is lacking, the project itself is told."""
    ready = _batches(session, (Batch.state == BatchState.READY) & is_priced(now))
    return [Matter(MatterKind.TO_OPEN, batch, project, count=batch.rows_in) for batch, project in ready]


def _deadlines(session: Session, now: datetime) -> Iterable[Matter]:
    """Batches with something left to do whose time is over, or nearly."""
    wanted = Batch.state.in_(IN_WORK) & (Batch.deadline < now + NEAR) & _unfinished()
    rows = _batches(session, wanted, Batch.deadline)
    progress = progress_of(session, [batch for batch, _ in rows], now) if rows else {}
    for batch, project in rows:
        assert batch.deadline is not None  # noqa: S101 -- compared in the query
        shown = progress[batch.id]
        kind = MatterKind.OVERDUE if batch.deadline <= now else MatterKind.DUE_SOON
        yield Matter(kind, batch, project, shown.items - shown.done, batch.deadline, shown)


def _unfinished() -> ColumnElement[bool]:
    return exists().where(Item.batch_id == Batch.id, Item.state.in_(WAITING_ITEMS), Item.gold_result.is_(None))


def _batches(
    session: Session,
    wanted: ColumnElement[bool],
    order: InstrumentedAttribute[datetime | None] | InstrumentedAttribute[datetime] = Batch.created_at,
) -> Sequence[tuple[Batch, Project]]:
    query = (
        select(Batch, Project).join(Project, Project.id == Batch.project_id).where(wanted).order_by(order).limit(SHOWN)
    )
    return [(batch, project) for batch, project in session.execute(query)]


def _sent_back(session: Session) -> Iterable[Matter]:
    """Items that a partner sent back and that are still waiting for their new answers."""
    by_partner = (
        exists()
        .where(Lot.batch_id == Item.batch_id, LotItem.lot_id == Lot.id, LotItem.item_id == Item.id)
        .where(LotItem.state == LotItemState.SENT_BACK)
    )
    found = _with_items(session, Batch.state.in_(WORKED_ON), Item.state == ItemState.REWORK, by_partner)
    return [Matter(MatterKind.SENT_BACK, *row) for row in found[:SHOWN]]


def _to_deliver(session: Session, now: datetime) -> Iterable[Matter]:
    """Decided items that no lot will take by itself, because their batch rests; or whose lot is due at once."""
    resting = or_(Batch.state.in_((BatchState.PAUSED, BatchState.CLOSED)), ~_unfinished())
    found = _with_items(session, Batch.state.in_(WORKED_ON) & resting, Item.state == ItemState.DECIDED)
    decided = {batch.id: count for batch, _, count in found}
    in_none = in_no_lot(session, decided, now) if found else {}
    left = [(batch, project, in_none[batch.id]) for batch, project, _ in found]
    return [Matter(MatterKind.TO_DELIVER, *row) for row in left if row[2] > 0][:SHOWN]


def _with_items(
    session: Session, wanted: ColumnElement[bool], *items: ColumnElement[bool]
) -> Sequence[tuple[Batch, Project, int]]:
    """The batches that hold such items, with how many. From the side of the items: most batches hold none."""
    counted = (
        select(Item.batch_id, func.count().label("count"))
        .where(Item.gold_result.is_(None), *items)
        .group_by(Item.batch_id)
        .subquery()
    )
    query = (
        select(Batch, Project, counted.c.count)
        .join(counted, counted.c.batch_id == Batch.id)
        .join(Project, Project.id == Batch.project_id)
        .where(wanted)
        .order_by(Batch.created_at)
        .limit(LOOKED_AT)
    )
    return [(batch, project, count) for batch, project, count in session.execute(query)]


def _paused(session: Session) -> Iterable[Matter]:
    """Batches that somebody paused with work left in them: nobody can take it until they go on."""
    rows = _batches(session, (Batch.state == BatchState.PAUSED) & _unfinished())
    left = (
        select(Item.batch_id, func.count())
        .where(Item.batch_id.in_([batch.id for batch, _ in rows]))
        .where(Item.gold_result.is_(None), Item.state.in_(WAITING_ITEMS))
        .group_by(Item.batch_id)
    )
    count = dict(session.execute(left).all())
    return [Matter(MatterKind.PAUSED, batch, project, count.get(batch.id, 0)) for batch, project in rows]


def _in_review(session: Session) -> Iterable[Matter]:
    """Batches whose micro-tasks wait for a reviewer, the longest wait first."""
    waiting = (
        select(Review.batch_id, func.count().label("number"), func.min(Review.opened_at).label("since"))
        .where(Review.state.in_(UNSETTLED))
        .group_by(Review.batch_id)
        .subquery()
    )
    query = (
        select(Batch, Project, waiting.c.number, waiting.c.since)
        .join(waiting, waiting.c.batch_id == Batch.id)
        .join(Project, Project.id == Batch.project_id)
        .order_by(waiting.c.since)
        .limit(SHOWN)
    )
    return [
        Matter(MatterKind.IN_REVIEW, batch, project, number, since)
        for batch, project, number, since in session.execute(query)
    ]


@dataclass(frozen=True)
class ProjectState:
    """How a project stands: its batches by state, and the items of those being worked on."""

    batches: dict[BatchState, int]
    items: int
    done: int


def states_of(session: Session, projects: Sequence[UUID]) -> dict[UUID, ProjectState]:
    """The projects' states in two queries."""
    batches: dict[UUID, dict[BatchState, int]] = {project_id: {} for project_id in projects}
    for project_id, state, number in session.execute(
        select(Batch.project_id, Batch.state, func.count())
        .where(Batch.project_id.in_(projects))
        .group_by(Batch.project_id, Batch.state)
    ):
        batches[project_id][state] = number
    items, done = dict.fromkeys(projects, 0), dict.fromkeys(projects, 0)
    for project_id, item_state, number in session.execute(
        select(Batch.project_id, Item.state, func.count())
        .join(Item, Item.batch_id == Batch.id)
        .where(
            Batch.project_id.in_(projects),
            Batch.state.in_((BatchState.OPEN, BatchState.PAUSED)),
            Item.gold_result.is_(None),
        )
        .group_by(Batch.project_id, Item.state)
    ):
        items[project_id] += number
        done[project_id] += number if item_state in FINISHED_ITEMS else 0
    return {
        project_id: ProjectState(batches[project_id], items[project_id], done[project_id]) for project_id in projects
    }
