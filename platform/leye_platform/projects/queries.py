"""What the pages and the API show of projects and batches: counts by state, progress, terms. Read only."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Generic, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from leye_platform.accounts.models import Organisation
from leye_platform.actor import Actor
from leye_platform.assignments.models import Response
from leye_platform.outbox import Checkpoint
from leye_platform.permissions import Permission
from leye_platform.projects.models import Batch, Item, PayRate, PriceCard, Project
from leye_platform.projects.rules import FINISHED_ITEMS, ItemState, PaidWork, rate_on, rate_that_binds
from leye_platform.review.models import Decision

ROWS_A_PAGE = 20
Row = TypeVar("Row")
First = TypeVar("First")
Second = TypeVar("Second")


@dataclass(frozen=True)
class BatchProgress:
    """How far a batch has come. `share_read`: of the file, while it is being read."""

    batch: Batch
    by_state: dict[ItemState, int]
    answers: int
    share_read: float | None
    finish: datetime | None

    @property
    def items(self) -> int:
        return sum(self.by_state.values())

    @property
    def done(self) -> int:
        """Items that nobody has to look at any more; those of a cancelled batch that were taken back included."""
        return sum(count for state, count in self.by_state.items() if state in FINISHED_ITEMS)

    @property
    def with_result(self) -> int:
        """Items with a result, unusable ones included."""
        return self.done - self.of(ItemState.WITHDRAWN)

    @property
    def late(self) -> bool:
        """Whether the deadline comes before the end at the present pace."""
        return self.batch.deadline is not None and self.finish is not None and self.finish > self.batch.deadline

    def of(self, *states: ItemState) -> int:
        return sum(self.by_state.get(state, 0) for state in states)


def _answers_of(session: Session, batch_ids: Sequence[UUID], *which: ColumnElement[bool]) -> dict[UUID, int]:
    counted = select(Response.batch_id, func.count()).where(Response.batch_id.in_(batch_ids), *which)
    return dict(session.execute(counted.group_by(Response.batch_id)).all())


def progress_of(session: Session, batches: Sequence[Batch], now: datetime) -> dict[UUID, BatchProgress]:
    """The progress of several batches in a constant number of queries. Gold, and answers to it, are not counted."""
    ids = [batch.id for batch in batches]
    states: dict[UUID, dict[ItemState, int]] = {batch_id: {} for batch_id in ids}
    for batch_id, state, count in session.execute(
        select(Item.batch_id, Item.state, func.count())
        .where(Item.batch_id.in_(ids), Item.gold_result.is_(None))
        .group_by(Item.batch_id, Item.state)
    ):
        states[batch_id][state] = count
    # Two counts that indexes alone answer.
    answers, to_gold = _answers_of(session, ids), _answers_of(session, ids, Response.gold.is_(True))
    checkpoints = {
        checkpoint.job_id: checkpoint
        for checkpoint in session.scalars(
            select(Checkpoint).where(Checkpoint.job_id.in_([b.ingest_job for b in batches if b.ingest_job]))
        )
    }
    pace = dict(_decided_lately(session, ids, now))
    return {
        batch.id: BatchProgress(
            batch=batch,
            by_state=states[batch.id],
            answers=answers.get(batch.id, 0) - to_gold.get(batch.id, 0),
            share_read=share_read(checkpoints.get(batch.ingest_job) if batch.ingest_job else None),
            finish=finish_at_pace(_left(states[batch.id]), pace.get(batch.id, 0), now),
        )
        for batch in batches
    }


def _decided_lately(session: Session, ids: Sequence[UUID], now: datetime) -> Iterator[tuple[UUID, int]]:
    rows = session.execute(
        select(Decision.batch_id, func.count())
        .where(Decision.batch_id.in_(ids), Decision.decided_at > now - PACE, Decision.fell_at.is_(None))
        .group_by(Decision.batch_id)
    )
    yield from rows.all()


PACE = timedelta(days=1)


def finish_at_pace(left: int, decided_a_day: int, now: datetime) -> datetime | None:
    """When `left` items will be decided at the pace of the last day; None without a pace or a rest."""
    return now + PACE * (left / decided_a_day) if left and decided_a_day else None


def _left(states: dict[ItemState, int]) -> int:
    return sum(count for state, count in states.items() if state not in FINISHED_ITEMS)


def share_read(checkpoint: Checkpoint | None) -> float | None:
    """How much of its files a reading has behind it; None before its first rows."""
    if checkpoint is None or not checkpoint.data.get("of"):
        return None
    return min(1.0, float(checkpoint.data["bytes"]) / float(checkpoint.data["of"]))


def projects_in_reach(session: Session, actor: Actor, permission: Permission) -> Sequence[tuple[Project, str]]:
    """The actor's projects with their firm's name, newest first."""
    query = (
        select(Project, Organisation.name)
        .join(Organisation, Organisation.id == Project.organisation_id)
        .where(Project.put_away_at.is_(None))
        .order_by(Project.number.desc())
    )
    scope = actor.partner_scope(permission)
    if scope is not None:
        query = query.where(Project.organisation_id.in_(scope))
    return [(project, name) for project, name in session.execute(query)]


@dataclass(frozen=True)
class Listed(Generic[Row]):
    """One page of a list, of `total` rows in all. number counts from 1."""

    number: int
    pages: int
    total: int
    rows: Sequence[Row]


def projects_page(session: Session, actor: Actor, number: int) -> Listed[tuple[Project, str]]:
    """The actor's projects with their firm's name, newest first. Two queries."""
    query = select(Project, Organisation.name).join(Organisation, Organisation.id == Project.organisation_id)
    query = query.where(Project.put_away_at.is_(None))
    scope = actor.partner_scope(Permission.VIEW_BATCH)
    if scope is not None:
        query = query.where(Project.organisation_id.in_(scope))
    return _listed(session, query, Project.number, number)


def batches_page(
    session: Session, actor: Actor, number: int, *, project_id: UUID | None = None
) -> Listed[tuple[Batch, Project]]:
    """The batches that the actor may see, or those of one project, newest first. Three queries."""
    query = select(Batch, Project).join(Project, Project.id == Batch.project_id)
    scope = actor.partner_scope(Permission.VIEW_BATCH)
    if scope is not None:
        query = query.where(Project.organisation_id.in_(scope))
    if project_id is not None:
        query = query.where(Batch.project_id == project_id)
    return _listed(session, query, Batch.number, number)


def _listed(
    session: Session, query: Select[First, Second], order: InstrumentedAttribute[int], number: int
) -> Listed[tuple[First, Second]]:
    total = session.scalar(select(func.count()).select_from(query.with_only_columns(order).subquery())) or 0
    pages = max(1, -(-total // ROWS_A_PAGE))
    number = min(max(number, 1), pages)
    # The page's numbers first: sorting whole rows, texts and all, is what makes a long list slow.
    page = query.with_only_columns(order).order_by(order.desc()).offset((number - 1) * ROWS_A_PAGE).limit(ROWS_A_PAGE)
    rows = session.execute(query.where(order.in_(session.scalars(page).all())).order_by(order.desc()))
    return Listed(number, pages, total, [(first, second) for first, second in rows])


@dataclass(frozen=True)
class Terms:
    """A project's prices and pay, those with the latest beginning first; and the ones in force, where there are any."""

    prices: Sequence[PriceCard]
    pays: Sequence[PayRate]
    price: PriceCard | None
    answer_pay: PayRate | None
    review_pay: PayRate | None


def terms_of(session: Session, project_id: UUID, now: datetime) -> Terms:
    """What the project costs the partner and pays people. Two queries."""
    prices = session.scalars(
        select(PriceCard).where(PriceCard.project_id == project_id).order_by(PriceCard.valid_from.desc())
    ).all()
    pays = session.scalars(
        select(PayRate).where(PayRate.project_id == project_id).order_by(PayRate.valid_from.desc(), PayRate.work)
    ).all()
    answer = rate_on([pay for pay in pays if pay.work is PaidWork.ANNOTATE], now)
    review = rate_on([pay for pay in pays if pay.work is PaidWork.REVIEW], now)
    return Terms(prices, pays, rate_on(prices, now), answer, review)


def price_that_binds(session: Session, batch: Batch, now: datetime) -> Decimal | None:
    """The unit price of a batch: fixed when it was opened, or by the first after that; until then the one in force."""
    cards = session.scalars(select(PriceCard).where(PriceCard.project_id == batch.project_id)).all()
    card = rate_on(cards, now) if batch.opened_at is None else rate_that_binds(cards, batch.opened_at)
    return card.unit_price if card else None
