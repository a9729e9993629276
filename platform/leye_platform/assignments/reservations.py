"""Keeping a batch, or a whole project, for a team: set, lifted, and shown with what the team has taken of it."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Uuid, literal, or_, select
from sqlalchemy.orm import Session

from leye_platform.actor import Actor
from leye_platform.assignments.core_tables import batches, projects, reservations, teams
from leye_platform.assignments.errors import NoSuchTeam, QuotaRefused, ReservationInThePast, ReservedAlready
from leye_platform.assignments.models import Reservation
from leye_platform.assignments.reserved import stands, taken_of_batch, taken_of_project, used_of
from leye_platform.audit import record
from leye_platform.projects.models import Batch, Project
from leye_platform.teams.models import Team

MOST_QUOTA = 10_000_000


class Kept(NamedTuple):
    """A reservation that keeps others away. batch_id: None where the whole project is kept.

    used: how many tasks the team's people have taken of it.
    """

    id: UUID
    project_id: UUID
    project_title: str
    batch_id: UUID | None
    batch_name: str | None
    team_id: UUID
    team_name: str
    quota: int
    used: int
    until: datetime


class Wanted(NamedTuple):
    """What is asked for: `quota` tasks for a team, until a moment."""

    team_id: UUID
    quota: int
    until: datetime


def reserve(session: Session, actor: Actor, what: Project | Batch, wanted: Wanted, now: datetime) -> Reservation:
    """Keep a project, or one batch, for a team.

    Raises NoSuchTeam, QuotaRefused, ReservationInThePast, ReservedAlready.
    """
    project_id, batch_id = _named(what)
    # Two who reserve at once: the project's row is the lock, and the unique indexes the net under it.
    session.get_one(Project, project_id, with_for_update={"key_share": True})
    team = session.get(Team, wanted.team_id)
    if team is None:
        raise NoSuchTeam
    if not 1 <= wanted.quota <= MOST_QUOTA:
        raise QuotaRefused(most=MOST_QUOTA)
    if wanted.until <= now:
        raise ReservationInThePast
    for kept in kept_in(session, project_id, now, batch_id):
        raise ReservedAlready(team=kept.team_name)
    _end(session, project_id, batch_id, now)
    kept_now = Reservation(
        project_id=project_id,
        batch_id=batch_id,
        team_id=team.id,
        quota=wanted.quota,
        until=wanted.until,
        taken_before=_taken(session, team, project_id, batch_id),
        created_at=now,
        created_by=actor.person_id,
    )
    session.add(kept_now)
    session.flush()
    told = {"team": str(team.id), "quota": wanted.quota, "until": wanted.until.isoformat()}
    record(session, at=now, person_id=actor.person_id, action="reservation.set", subject_id=what.id, **told)
    return kept_now


def lift(session: Session, actor: Actor, what: Project | Batch, now: datetime) -> None:
    """Open to everybody what was kept for a team. Again: nothing more happens."""
    if _end(session, *_named(what), now):
        record(session, at=now, person_id=actor.person_id, action="reservation.lift", subject_id=what.id)


def _named(what: Project | Batch) -> tuple[UUID, UUID | None]:
    """The project, and the batch where it is only that."""
    return (what.project_id, what.id) if isinstance(what, Batch) else (what.id, None)


def _end(session: Session, project_id: UUID, batch_id: UUID | None, now: datetime) -> bool:
    """End what is written for this very project or batch, used up or not; whether there was anything."""
    own = Reservation.batch_id.is_(None) if batch_id is None else Reservation.batch_id == batch_id
    found = session.scalars(
        select(Reservation).where(Reservation.project_id == project_id, own, Reservation.ended_at.is_(None))
    ).all()
    for one in found:
        one.ended_at = now
    session.flush()
    return bool(found)


def _taken(session: Session, team: Team, project_id: UUID, batch_id: UUID | None) -> int:
    whose = literal(team.id, Uuid)
    if batch_id is None:
        return int(session.execute(select(taken_of_project(whose, literal(project_id, Uuid)))).scalar_one())
    return int(session.execute(select(taken_of_batch(whose, literal(batch_id, Uuid)))).scalar_one())


def _kept(
    *conditions: ColumnElement[bool],
) -> Select[UUID, UUID, str, UUID | None, str | None, UUID, str, int, int, datetime]:
    r = reservations.c
    return (
        select(
            r.id,
            r.project_id,
            projects.c.title,
            r.batch_id,
            batches.c.name,
            r.team_id,
            teams.c.name,
            r.quota,
            used_of(),
            r.until,
        )
        .select_from(reservations)
        .join(projects, projects.c.id == r.project_id)
        .join(teams, teams.c.id == r.team_id)
        .outerjoin(batches, batches.c.id == r.batch_id)
        .where(stands(), *conditions)
        .order_by(r.until, r.created_at)
    )


def kept_in(session: Session, project_id: UUID, now: datetime, batch_id: UUID | None = None) -> list[Kept]:
    """What is kept for teams in a project; with `batch_id`, what of that concerns this batch."""
    r = reservations.c
    conditions = [r.project_id == project_id]
    if batch_id is not None:
        conditions.append(or_(r.batch_id.is_(None), r.batch_id == batch_id))
    return [Kept(*row) for row in session.execute(_kept(*conditions), {"now": now})]


def kept_for(session: Session, team_id: UUID, now: datetime) -> list[Kept]:
    """What is kept for a team, what ends next first."""
    return [Kept(*row) for row in session.execute(_kept(reservations.c.team_id == team_id), {"now": now})]
