"""The forecast that is kept when a batch opens, and what came, to be held against it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leye_platform.assignments.models import Response
from leye_platform.assignments.rules import GOLD_ROUND
from leye_platform.billing.rules import MICROS
from leye_platform.delivery.quality_counting import count_checks
from leye_platform.projects.batch_queries import count_tasks
from leye_platform.projects.estimate import Quantity, Way
from leye_platform.projects.forecasting import Basis, Outlook, outlook_of
from leye_platform.projects.models import Batch, Item, Project
from leye_platform.projects.queries import BatchProgress, terms_of
from leye_platform.projects.rules import FINISHED_ITEMS, BatchState, DataState, ItemState, Pipeline, PipelineKind
from leye_platform.projects.task_type import task_type
from leye_platform.review.confidence import REVIEWER_ACCURACY
from leye_platform.review.models import Review
from leye_platform.review.rules import ReviewState
from leye_quality.agreement import Interval, wilson


@dataclass(frozen=True)
class Figures:
    """Of a batch: its items, answers an item (gold aside), reviews an item, what people were paid, and how much is
    right, 0 to 1, as far as that is known; `checks`: single answers that a reviewer looked at for it."""

    items: int
    answers_per_item: Decimal
    reviewed: float
    cost_micros: int
    accuracy: Interval | None = None
    checks: int = 0

    @property
    def cost_per_item(self) -> Decimal:
        """In the currency unit, to a hundredth of a cent."""
        each = Decimal(self.cost_micros) / MICROS / self.items if self.items else Decimal(0)
        return each.quantize(Decimal("0.0001"), ROUND_HALF_EVEN)


@dataclass(frozen=True)
class KeptForecast:
    """What was foretold, by which way, and on what it rested. name: of a batch; count: of its items, or of projects."""

    basis: Basis
    way: Way
    figures: Figures
    name: str = ""
    count: int = 0

    @classmethod
    def of(cls, outlook: Outlook) -> "KeptForecast":
        """Of assumed crowds the likely one."""
        case = outlook.chosen.case if outlook.chosen else outlook.assumed.likely
        items, known = outlook.quantity.items, outlook.evidence
        figures = Figures(
            items=items,
            answers_per_item=case.answers_per_item,
            reviewed=case.reviews / items,
            cost_micros=case.cost_micros,
            accuracy=outlook.chosen.accuracy if outlook.chosen else None,
        )
        name, count = (known.name, known.items or known.projects) if known else ("", 0)
        return cls(outlook.basis, Way(outlook.pipeline.kind.value), figures, name, count)

    def stored(self) -> dict[str, Any]:
        """As plain JSON; `read` reads it. Decimals are texts."""
        told, accuracy = self.figures, self.figures.accuracy
        return {
            "basis": self.basis.value,
            "way": self.way.value,
            "name": self.name,
            "count": self.count,
            "items": told.items,
            "answers_per_item": str(told.answers_per_item),
            "reviewed": told.reviewed,
            "cost_micros": told.cost_micros,
            "accuracy": None if accuracy is None else [accuracy.value, accuracy.low, accuracy.high],
        }

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> "KeptForecast":
        told = data["accuracy"]
        accuracy = None if told is None else Interval(told[0], told[1], told[2], data["items"])
        figures = Figures(
            data["items"], Decimal(data["answers_per_item"]), data["reviewed"], data["cost_micros"], accuracy
        )
        return cls(Basis(data["basis"]), Way(data["way"]), figures, data["name"], data["count"])


def keep_forecast(session: Session, batch: Batch, now: datetime) -> None:
    """Write down what a batch that opens is foretold to take; where it was opened before, that stands."""
    if batch.opened_at is not None:
        return
    project = session.get_one(Project, batch.project_id)
    here = Item.batch_id == batch.id, Item.gold_result.is_(None), Item.state != ItemState.WITHDRAWN
    items = session.scalar(select(func.count()).select_from(Item).where(*here)) or 0
    quantity = Quantity(items, count_tasks(session, batch) if project.splitting else items)
    outlook = outlook_of(session, batch, project, quantity, terms_of(session, project.id, now))
    batch.forecast = KeptForecast.of(outlook).stored() if outlook else None


@dataclass(frozen=True)
class CheckedForecast:
    """A forecast beside what came."""

    told: KeptForecast
    came: Figures


def can_be_checked(batch: Batch, progress: BatchProgress) -> bool:
    """Whether something was foretold of a batch that is closed, or of which all is done, and something came."""
    over = batch.state is BatchState.CLOSED or (
        batch.state in {BatchState.OPEN, BatchState.PAUSED} and progress.done == progress.items
    )
    return batch.forecast is not None and over and progress.with_result > 0


def check_forecast(session: Session, batch: Batch, project: Project, progress: BatchProgress) -> CheckedForecast | None:
    """None where it cannot be checked. It reads all answers of the batch, so it is for a look of its own.

    Answers and pay are of the whole batch, answers to unfinished items aside from the answers an item.
    """
    if batch.forecast is None or not can_be_checked(batch, progress):
        return None
    return CheckedForecast(KeptForecast.read(batch.forecast), _came(session, batch, project, progress.with_result))


def _came(session: Session, batch: Batch, project: Project, items: int) -> Figures:
    with_result = [state for state in FINISHED_ITEMS if state is not ItemState.WITHDRAWN]
    answers = session.scalar(
        select(func.count())
        .select_from(Response)
        .join(Item, Item.id == Response.item_id)
        .where(Response.batch_id == batch.id, Response.gold.is_(False), Item.state.in_(with_result))
    )
    # Answers to its decided items as gold are not what the batch cost.
    own_answers = (Response.batch_id == batch.id, Response.round != GOLD_ROUND)
    pay = session.scalar(select(func.sum(Response.pay_micros)).where(*own_answers)) or 0
    reviews, review_pay = session.execute(
        select(func.count(Review.microtask_id.distinct()), func.coalesce(func.sum(Review.pay_micros), 0)).where(
            Review.batch_id == batch.id, Review.state == ReviewState.SETTLED
        )
    ).one()
    reviewed = reviews / items
    accuracy, checks = _checked_accuracy(session, batch, project, min(reviewed, 1.0))
    each = (Decimal(answers or 0) / items).quantize(Decimal("0.01"), ROUND_HALF_EVEN)
    return Figures(items, each, reviewed, int(pay) + int(review_pay), accuracy, checks)


def _checked_accuracy(session: Session, batch: Batch, project: Project, reviewed: float) -> tuple[Interval | None, int]:
    """From the answers drawn at random and looked over, for those that nobody looked over; reviewers as assumed.

    None where nothing was looked over, or where the answers are erased.
    """
    pipeline = Pipeline.model_validate(project.pipeline)
    if pipeline.kind is not PipelineKind.SINGLE_CHECK or batch.data_state is not DataState.KEPT:
        return None, 0
    kind = task_type(project.task_type, project.label_config)
    checked, right = count_checks(session, batch.id, kind, pipeline.check_share)
    found = wilson(right, checked) if checked else None
    if found is None:
        return None, 0
    value, low, high = (
        reviewed * REVIEWER_ACCURACY + (1 - reviewed) * bound for bound in (found.value, found.low, found.high)
    )
    return Interval(value, low, high, checked), checked
