"""Gold items made under an older guide: looked at again, then confirmed or taken out of use."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session

from leye_platform.actor import Actor
from leye_platform.assignments.core_tables import OPEN
from leye_platform.assignments.models import Slot
from leye_platform.assignments.rules import SLOT_MOVES, Lane, SlotState
from leye_platform.audit import record
from leye_platform.guides.models import GoldCheck
from leye_platform.guides.publish import newest_version
from leye_platform.projects.models import Batch, GuideVersion, Item, MicroTask, Project
from leye_platform.states import check_move

GOLD_A_PAGE = 20


@dataclass(frozen=True)
class OldGold:
    """Gold items in use that were made, or looked at last, before the guide in force. `rows`: the oldest of them."""

    guide: GuideVersion | None
    total: int
    rows: list[tuple[Item, MicroTask]]


def old_gold(session: Session, project_id: UUID, *, limit: int = GOLD_A_PAGE) -> OldGold:
    """What has to be looked at again since the guide in force came out. Three queries."""
    guide = newest_version(session, project_id)
    if guide is None:
        return OldGold(None, 0, [])
    of_older_guide = _is_old(project_id, guide)
    total = session.scalar(select(func.count()).select_from(Item).where(*of_older_guide)) or 0
    rows = session.execute(
        select(Item, MicroTask)
        .join(MicroTask, (MicroTask.item_id == Item.id) & (MicroTask.part == 1))
        .where(*of_older_guide)
        .order_by(Item.number)
        .limit(limit)
    )
    return OldGold(guide, total, [(item, task) for item, task in rows])


def _is_old(project_id: UUID, guide: GuideVersion) -> tuple[ColumnElement[bool], ...]:
    # The project's stock of gold is found by its slots, which are few: never by a walk over the items.
    batches = select(Batch.id).where(Batch.project_id == project_id)
    in_stock = select(Slot.item_id).where(Slot.batch_id.in_(batches), Slot.lane == Lane.GOLD, Slot.state == OPEN)
    looked_at = exists().where(GoldCheck.item_id == Item.id, GoldCheck.guide_id == guide.id)
    # A decided item serves as gold only while its guide is in force (assignments/known_truth.py).
    return (Item.id.in_(in_stock), Item.gold_result.is_not(None), Item.created_at < guide.created_at, ~looked_at)


def confirm_gold(
    session: Session, actor: Actor, project: Project, item_ids: Collection[UUID], now: datetime, *, version: int
) -> int:
    """Say that these gold items are right under the guide in force too; how many were waiting for that."""
    guide, items = _waiting(session, project, item_ids, version)
    if guide is None:
        return 0
    session.add_all(
        GoldCheck(item_id=item.id, guide_id=guide.id, checked_by=actor.person_id, checked_at=now) for item in items
    )
    _note(session, actor, project, "gold.confirm", now, items=len(items))
    return len(items)


def retire_gold(
    session: Session, actor: Actor, project: Project, item_ids: Collection[UUID], now: datetime, *, version: int
) -> int:
    """Hand these gold items out no more; how many were in use. Answers given to them stay as they were judged."""
    _, items = _waiting(session, project, item_ids, version)
    tasks = select(MicroTask.id).where(MicroTask.item_id.in_([item.id for item in items]))
    stock = select(Slot).where(Slot.microtask_id.in_(tasks), Slot.lane == Lane.GOLD, Slot.state == OPEN)
    for slot in session.scalars(stock.with_for_update()).all():
        slot.state = check_move(SLOT_MOVES, slot.state, SlotState.WITHDRAWN)
    _note(session, actor, project, "gold.retire", now, items=len(items))
    return len(items)


def _waiting(
    session: Session, project: Project, item_ids: Collection[UUID], version: int
) -> tuple[GuideVersion | None, list[Item]]:
    """The guide in force and the items that wait to be looked at; none where the reader saw another version."""
    guide = newest_version(session, project.id)
    if guide is None or guide.version != version:
        return None, []
    wanted = select(Item).where(Item.id.in_(item_ids), *_is_old(project.id, guide))
    return guide, list(session.scalars(wanted))


def _note(session: Session, actor: Actor, project: Project, action: str, now: datetime, **detail: Any) -> None:
    record(session, at=now, person_id=actor.person_id, action=action, subject_id=project.id, **detail)
