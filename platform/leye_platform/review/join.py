"""The annotation of an item that was cut into parts, joined from their decisions.

Called where the last part is decided, and again where a part's decision changes afterwards. The caller holds the item's
row lock, so that versions follow each other and a lot takes the newest.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, func, insert, select
from sqlalchemy.orm import Session

from leye_platform.assignments.core_tables import decisions, guide_versions, item_decisions, micro_tasks, projects
from leye_platform.projects.splitting import joined_confidence, joined_result
from leye_platform.projects.task_type import task_type


class Joined(NamedTuple):
    """The newest annotation of a cut item."""

    item_id: UUID
    result: list[Any]
    confidence: float
    guide_version: int
    decided_at: datetime


def _parts(item_id: UUID) -> Select[*tuple[Any, ...]]:
    """Each part with its decisions, the newest last."""
    return (
        select(
            micro_tasks.c.id,
            micro_tasks.c.content,
            decisions.c.result,
            decisions.c.confidence,
            guide_versions.c.id,
            guide_versions.c.version,
            projects.c.task_type,
            projects.c.label_config,
        )
        .join(decisions, decisions.c.microtask_id == micro_tasks.c.id)
        .join(guide_versions, guide_versions.c.id == decisions.c.guide_id)
        .join(projects, projects.c.id == micro_tasks.c.project_id)
        .where(micro_tasks.c.item_id == item_id)
        .order_by(micro_tasks.c.step, micro_tasks.c.part, decisions.c.version)
    )


def join_parts(session: Session, item_id: UUID, now: datetime) -> None:
    """Store the item's annotation as its parts' newest decisions make it: the next version."""
    newest = {row[0]: row for row in session.execute(_parts(item_id))}
    rows = list(newest.values())
    kind = task_type(rows[0].task_type, rows[0].label_config)
    version = select(func.coalesce(func.max(item_decisions.c.version), 0) + 1).where(
        item_decisions.c.item_id == item_id
    )
    session.execute(
        insert(item_decisions).values(
            item_id=item_id,
            version=version.scalar_subquery(),
            result=joined_result(kind, [row.content for row in rows], [row.result for row in rows]),
            confidence=joined_confidence([row.confidence for row in rows]),
            guide_id=max(rows, key=lambda row: row.version)[4],
            decided_at=now,
        )
    )


def joined_of(session: Session, item_ids: Collection[UUID]) -> dict[UUID, Joined]:
    """The annotations of cut items, by item; nothing for items of one part."""
    if not item_ids:
        return {}
    rows = session.execute(
        select(
            item_decisions.c.item_id,
            item_decisions.c.result,
            item_decisions.c.confidence,
            guide_versions.c.version,
            item_decisions.c.decided_at,
        )
        .join(guide_versions, guide_versions.c.id == item_decisions.c.guide_id)
        .where(item_decisions.c.item_id.in_(item_ids))
        .order_by(item_decisions.c.version)
    )
    return {row[0]: Joined(*row) for row in rows}
