"""The batch that a project's imports by the API go to: one, open at once, that grows with each import."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leye_platform.actor import Actor
from leye_platform.audit import record
from leye_platform.projects.models import Batch, Item, PayRate, PriceCard, Project
from leye_platform.projects.rules import APPENDABLE, BatchState, PaidWork

NAME = "API"


def standing_batch(session: Session, actor: Actor, project: Project, now: datetime) -> Batch:
    """The project's batch for imports, locked; a new one where there is none, or the last has ended.

    It is open unless the project has a price without a pay, or a pay without a price: then the crowd would work
    for nothing, or the partner would pay nothing.
    """
    session.refresh(project, with_for_update={"key_share": True})  # its label config may just have changed
    batch = session.scalar(
        select(Batch)
        .where(Batch.project_id == project.id, Batch.source_key.is_(None), Batch.state.in_(APPENDABLE))
        .order_by(Batch.number.desc())
        .limit(1)
        .with_for_update(key_share=True)
    )
    if batch is not None:
        return batch
    opens = _prices_are_whole(session, project.id)
    batch = Batch(
        project_id=project.id,
        name=NAME,
        state=BatchState.OPEN if opens else BatchState.READY,
        created_at=now,
        created_by=actor.person_id,
        opened_at=now if opens else None,
    )
    session.add(batch)
    session.flush()
    record(session, at=now, person_id=actor.person_id, action="batch.create", subject_id=batch.id)
    return batch


def last_row(session: Session, batch_id: UUID) -> int:
    """The number of the batch's last row; 0 where there is none."""
    return session.scalar(select(func.coalesce(func.max(Item.row), 0)).where(Item.batch_id == batch_id)) or 0


def _prices_are_whole(session: Session, project_id: UUID) -> bool:
    priced = select(PriceCard.id).where(PriceCard.project_id == project_id).exists()
    paying = select(PayRate.id).where(PayRate.project_id == project_id, PayRate.work == PaidWork.ANNOTATE).exists()
    one, other = session.execute(select(priced, paying)).one()
    return bool(one) == bool(other)
