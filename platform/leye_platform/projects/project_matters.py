"""What projects need of the coordinator, whatever their batches do: a price, an answer, a look at old gold items."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session

from leye_platform.accounts.models import Organisation
from leye_platform.assignments.models import Slot
from leye_platform.assignments.rules import Lane, SlotState
from leye_platform.guides.models import GoldCheck, GuideQuestion
from leye_platform.projects.models import Batch, GuideVersion, Item, PayRate, PriceCard, Project
from leye_platform.projects.rules import BatchState, PaidWork

SHOWN = 10
"""How many of one kind are shown; the rest follows when these are settled."""


class ProjectNeed(StrEnum):
    """In the order in which they are told."""

    PRICE = "price"
    ANSWERS = "answers"
    GOLD = "gold"


@dataclass(frozen=True)
class ProjectMatter:
    """`firm`: the partner's name; `count`: questions or gold items."""

    need: ProjectNeed
    project: Project
    firm: str
    count: int = 0


def project_matters(session: Session, now: datetime) -> list[ProjectMatter]:
    """What projects need. Three queries."""
    return [*_without_price(session, now), *_with_questions(session), *_with_old_gold(session)]


def is_priced(now: datetime) -> ColumnElement[bool]:
    """Whether a project has what its batches need before they open: a price, and pay for an answer, both in force."""
    priced = exists().where(PriceCard.project_id == Project.id, PriceCard.valid_from <= now)
    paid = exists().where(
        PayRate.project_id == Project.id, PayRate.work == PaidWork.ANNOTATE, PayRate.valid_from <= now
    )
    return priced & paid


def _without_price(session: Session, now: datetime) -> Iterable[ProjectMatter]:
    """Projects that a partner made and nobody has priced."""
    query = (
        select(Project, Organisation.name)
        .join(Organisation, Organisation.id == Project.organisation_id)
        .where(~is_priced(now), Project.put_away_at.is_(None))
        .order_by(Project.created_at)
        .limit(SHOWN)
    )
    return [ProjectMatter(ProjectNeed.PRICE, project, firm) for project, firm in session.execute(query)]


def _with_questions(session: Session) -> Iterable[ProjectMatter]:
    """Projects whose annotators wait for an answer about the guide, the longest wait first."""
    waiting = (
        select(GuideQuestion.project_id, func.count().label("count"), func.min(GuideQuestion.asked_at).label("since"))
        .where(GuideQuestion.answered_at.is_(None))
        .group_by(GuideQuestion.project_id)
        .subquery()
    )
    query = (
        select(Project, Organisation.name, waiting.c.count)
        .join(waiting, waiting.c.project_id == Project.id)
        .join(Organisation, Organisation.id == Project.organisation_id)
        .order_by(waiting.c.since)
        .limit(SHOWN)
    )
    return [ProjectMatter(ProjectNeed.ANSWERS, *row) for row in session.execute(query)]


def _with_old_gold(session: Session) -> Iterable[ProjectMatter]:
    """Projects with gold items in use that nobody has looked at since the guide in force came out."""
    newest = (
        select(GuideVersion.project_id, func.max(GuideVersion.version).label("version"))
        .group_by(GuideVersion.project_id)
        .subquery()
    )
    looked_at = exists().where(GoldCheck.item_id == Item.id, GoldCheck.guide_id == GuideVersion.id)
    old = (
        select(Batch.project_id, func.count(Item.id.distinct()).label("count"))
        .join(Slot, Slot.batch_id == Batch.id)
        .join(Item, Item.id == Slot.item_id)
        .join(newest, newest.c.project_id == Batch.project_id)
        .join(
            GuideVersion,
            (GuideVersion.project_id == newest.c.project_id) & (GuideVersion.version == newest.c.version),
        )
        .where(
            Batch.state == BatchState.OPEN,
            Slot.lane == Lane.GOLD,
            Slot.state == SlotState.OPEN,
            Item.gold_result.is_not(None),
            Item.created_at < GuideVersion.created_at,
            ~looked_at,
        )
        .group_by(Batch.project_id)
        .subquery()
    )
    query = (
        select(Project, Organisation.name, old.c.count)
        .join(old, old.c.project_id == Project.id)
        .join(Organisation, Organisation.id == Project.organisation_id)
        .order_by(Project.number)
        .limit(SHOWN)
    )
    return [ProjectMatter(ProjectNeed.GOLD, *row) for row in session.execute(query)]
