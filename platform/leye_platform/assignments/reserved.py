"""What is kept for a team, as the claim asks it: in SQL, beside each open batch.

Whether the quota is used up is a sum over the team's cursors, a few rows for each of its people: nobody writes a
counter that others write too. It is reckoned only for who is not of the team, and only while something is kept.
Indexes: `ix_reservations_project_id`, `ix_team_members_team_id`, and the primary keys of `cursors` and `team_members`.
"""

from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import ColumnElement, ScalarSelect, and_, bindparam, case, exists, func, or_, select
from sqlalchemy.orm import Session

from leye_platform.assignments.core_tables import OPEN, batches, cursors, reservations, team_members
from leye_platform.prepared import Prepared


def taken_of_batch(team_id: ColumnElement[Any], batch_id: ColumnElement[Any]) -> ScalarSelect[Any]:
    """How many tasks of a batch the people of a team have taken so far."""
    member, cursor = team_members.alias("tm"), cursors.alias("tc")
    return (
        select(func.coalesce(func.sum(cursor.c.taken), 0))
        .select_from(member)
        .join(cursor, (cursor.c.person_id == member.c.person_id) & (cursor.c.batch_id == batch_id))
        .where(member.c.team_id == team_id)
        .scalar_subquery()
    )


def taken_of_project(team_id: ColumnElement[Any], project_id: ColumnElement[Any]) -> ScalarSelect[Any]:
    """How many tasks of a project the people of a team have taken so far, over all its batches."""
    member, cursor, batch = team_members.alias("tm"), cursors.alias("tc"), batches.alias("tb")
    return (
        select(func.coalesce(func.sum(cursor.c.taken), 0))
        .select_from(member)
        .join(batch, batch.c.project_id == project_id)
        .join(cursor, (cursor.c.person_id == member.c.person_id) & (cursor.c.batch_id == batch.c.id))
        .where(member.c.team_id == team_id)
        .scalar_subquery()
    )


def used_of() -> ColumnElement[int]:
    """How many tasks a team has taken of a reservation."""
    kept = reservations.c
    of_project = taken_of_project(kept.team_id, kept.project_id)
    of_batch = taken_of_batch(kept.team_id, kept.batch_id)
    taken: ColumnElement[int] = case((kept.batch_id.is_(None), of_project), else_=of_batch)
    return taken - kept.taken_before


def stands() -> ColumnElement[bool]:
    """Whether a reservation still keeps others away."""
    now = bindparam("now", type_=reservations.c.until.type)
    return and_(reservations.c.ended_at.is_(None), reservations.c.until > now, used_of() < reservations.c.quota)


def _kept_for_others() -> ColumnElement[bool]:
    own = exists().where(
        team_members.c.person_id == bindparam("person", type_=sa.Uuid),
        team_members.c.team_id == reservations.c.team_id,
    )
    return and_(
        reservations.c.project_id == batches.c.project_id,
        or_(reservations.c.batch_id.is_(None), reservations.c.batch_id == batches.c.id),
        ~own,
        stands(),
    )


def not_kept_for_others() -> ColumnElement[bool]:
    """Whether a batch is open to the claimant: kept for no team, or for theirs."""
    return ~exists().where(_kept_for_others()).correlate(batches)


@cache
def _kept_until(in_project: bool) -> Prepared:
    return Prepared(
        select(func.min(reservations.c.until))
        .select_from(reservations)
        .join(batches, batches.c.project_id == reservations.c.project_id)
        .where(
            _kept_for_others(),
            batches.c.state == OPEN,
            batches.c.project_id == bindparam("project") if in_project else sa.true(),
        )
    )


def kept_until(session: Session, person_id: UUID, now: datetime, project_id: UUID | None) -> datetime | None:
    """Until when the first of the open batches kept for other teams is theirs alone; None where none is."""
    named = {} if project_id is None else {"project": project_id}
    found: datetime | None = _kept_until(project_id is not None).scalar(
        session, {"person": person_id, "now": now} | named
    )
    return found
