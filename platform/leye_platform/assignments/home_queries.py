"""The annotator's home: what is held, what may be claimed and why, how long one takes. Reading only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from statistics import median
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import and_, bindparam, func, literal_column, or_, select, union_all
from sqlalchemy.orm import Session

from leye_platform.assignments.core_tables import (
    LEASED,
    assignments,
    batches,
    drafts,
    guide_readings,
    guide_versions,
    micro_tasks,
    pay_rates,
    projects,
    responses,
    work_records,
)
from leye_platform.assignments.known_truth import IN_GOLD_ROUND
from leye_platform.assignments.lanes import Claimant, LaneState, look_over
from leye_platform.assignments.rules import Lane, NoTask, no_task_reason
from leye_platform.assignments.runs import in_order, run_of
from leye_platform.projects.rules import FINISHED_ITEMS, BatchState, PaidWork
from leye_task_templates.registry import template_named
from leye_task_templates.template import Need

ANSWERS_MEASURED = 101
ANSWERS_TO_TRUST = 20
PEOPLE_TO_TRUST = 3
LEAST_BELIEVED_MS = 3000
"""Nobody reads and answers faster; a median below is of programs, and measures nothing."""
PREPARED = (BatchState.UPLOADING, BatchState.INGESTING, BatchState.READY, BatchState.PAUSED)
MOST_PREPARED = 3


class HeldTask(NamedTuple):
    """The task under the person's live lease. saved_at: when its draft was saved last."""

    assignment_id: UUID
    project_title: str
    lease_expires_at: datetime
    saved_at: datetime | None


class Unfinished(NamedTuple):
    """A task begun and not answered in time, which may still be answered."""

    assignment_id: UUID
    project_title: str
    leased_at: datetime


@dataclass(frozen=True, slots=True)
class OpenProject:
    """A project with an open batch, as one person sees it.

    rate: what one answer pays now (currency unit), None without a rate. seconds: the measured median of
    active time, or the task type's estimate where `measured` is False. answers: the person's own so far.
    why_not: why it has no task for this person just now; None where it has. guide_changed: its guide has to be
    read again before the next task.
    """

    id: UUID
    title: str
    needs: frozenset[Need]
    rate: Decimal | None
    seconds: float
    measured: bool
    answers: int
    guide_changed: bool
    why_not: NoTask | None


@dataclass(frozen=True, slots=True)
class Home:
    """What the home page shows of work. `prepared`: titles of projects whose next batch is being prepared."""

    held: HeldTask | None
    unfinished: Sequence[Unfinished]
    projects: Sequence[OpenProject]
    prepared: Sequence[str]
    lease_ends_at: datetime | None

    @property
    def why_not(self) -> NoTask | None:
        """Why there is no task in any project; None where there is one."""
        reasons = [project.why_not for project in self.projects]
        if None in reasons:
            return None
        return next((reason for reason in NoTask if reason in reasons), NoTask.NO_OPEN_BATCH)


class _ProjectRow(NamedTuple):
    id: UUID
    title: str
    task_type: str
    rate: Decimal | None
    answers: int
    guide_version: int
    guide_known: int | None
    held_until: datetime | None


HELD = (
    select(assignments.c.id, projects.c.title, assignments.c.lease_expires_at, drafts.c.saved_at)
    .join(projects, projects.c.id == assignments.c.project_id)
    .outerjoin(drafts, drafts.c.assignment_id == assignments.c.id)
    .where(assignments.c.person_id == bindparam("person"), assignments.c.state == LEASED)
    .order_by(assignments.c.place)
    .limit(1)
)
UNFINISHED = (
    select(assignments.c.id, projects.c.title, assignments.c.leased_at)
    .join(projects, projects.c.id == assignments.c.project_id)
    .join(micro_tasks, micro_tasks.c.id == assignments.c.microtask_id)
    .where(
        assignments.c.person_id == bindparam("person"),
        assignments.c.state == literal_column("'expired'"),
        # A decided item that serves as gold (round 0) can be answered late like any other.
        or_(
            assignments.c.round == IN_GOLD_ROUND,
            and_(micro_tasks.c.round == assignments.c.round, micro_tasks.c.state.not_in(FINISHED_ITEMS)),
        ),
    )
    .order_by(assignments.c.leased_at.desc())
    .limit(5)
)
RATE = (
    select(pay_rates.c.rate)
    .where(
        pay_rates.c.project_id == projects.c.id,
        pay_rates.c.work == PaidWork.ANNOTATE,
        pay_rates.c.valid_from <= bindparam("now", type_=pay_rates.c.valid_from.type),
    )
    .order_by(pay_rates.c.valid_from.desc())
    .limit(1)
    .scalar_subquery()
)
# One row for each lease that runs: as many as there are people at work.
HELD_BY_OTHERS = (
    select(assignments.c.project_id, func.min(assignments.c.lease_expires_at).label("until"))
    .where(assignments.c.state == LEASED, assignments.c.person_id != bindparam("person"))
    .group_by(assignments.c.project_id)
    .subquery("held_by_others")
)
GUIDE_VERSION = (
    select(func.max(guide_versions.c.version)).where(guide_versions.c.project_id == projects.c.id).scalar_subquery()
)
GUIDE_KNOWN = (
    select(func.max(guide_readings.c.version))
    .where(guide_readings.c.project_id == projects.c.id, guide_readings.c.person_id == bindparam("person"))
    .scalar_subquery()
)
OPEN_PROJECTS = (
    select(
        projects.c.id,
        projects.c.title,
        projects.c.task_type,
        RATE,
        func.coalesce(work_records.c.answers, 0),
        GUIDE_VERSION,
        GUIDE_KNOWN,
        HELD_BY_OTHERS.c.until,
    )
    .outerjoin(
        work_records, (work_records.c.project_id == projects.c.id) & (work_records.c.person_id == bindparam("person"))
    )
    .outerjoin(HELD_BY_OTHERS, HELD_BY_OTHERS.c.project_id == projects.c.id)
    .where(projects.c.id.in_(bindparam("wanted", expanding=True)))
)
PREPARED_BATCHES = (
    select(projects.c.title)
    .join(batches, batches.c.project_id == projects.c.id)
    .where(batches.c.state.in_(PREPARED))
    .group_by(projects.c.id, projects.c.title)
    .order_by(func.min(batches.c.created_at))
    .limit(MOST_PREPARED)
)


def home(session: Session, person_id: UUID, now: datetime) -> Home:
    """The work of a person's home page; projects in the order in which a claim serves them."""
    person = {"person": person_id}
    held = session.execute(HELD, person).first()
    who = Claimant(person_id, now)
    lanes = in_order(look_over(session, who), who, run_of(session, person_id))
    wanted = list(dict.fromkeys(lane.project_id for lane in _those_with_work_first(lanes)))
    rows = _project_rows(session, person_id, now, wanted)
    times = _active_times(session, wanted)
    return Home(
        held=None if held is None else HeldTask(*held),
        unfinished=[Unfinished(*row) for row in session.execute(UNFINISHED, person)],
        projects=[_seen(row, lanes, times.get(row.id, [])) for row in rows],
        prepared=list(session.execute(PREPARED_BATCHES).scalars()),
        lease_ends_at=min((row.held_until for row in rows if row.held_until is not None), default=None),
    )


def _those_with_work_first(lanes: Sequence[LaneState]) -> list[LaneState]:
    return sorted((lane for lane in lanes if lane.lane is not Lane.GOLD), key=lambda lane: lane.found is None)


def _project_rows(session: Session, person_id: UUID, now: datetime, wanted: Sequence[UUID]) -> list[_ProjectRow]:
    if not wanted:
        return []
    rows = session.execute(OPEN_PROJECTS, {"person": person_id, "now": now, "wanted": list(wanted)})
    return sorted((_ProjectRow(*row) for row in rows), key=lambda row: wanted.index(row.id))


def _active_times(session: Session, wanted: Sequence[UUID]) -> dict[UUID, list[tuple[UUID, int]]]:
    """Who gave each project's newest answers and in how many active milliseconds, in one statement."""
    if not wanted:
        return {}
    newest = [
        select(responses.c.project_id, responses.c.person_id, responses.c.active_ms)
        .where(responses.c.project_id == project_id)
        .order_by(responses.c.number.desc())
        .limit(ANSWERS_MEASURED)
        .subquery()
        for project_id in wanted
    ]
    times: dict[UUID, list[tuple[UUID, int]]] = {}
    for project_id, person_id, active_ms in session.execute(union_all(*(select(one) for one in newest))):
        if active_ms > 0:
            times.setdefault(project_id, []).append((person_id, active_ms))
    return times


def _seen(row: _ProjectRow, lanes: Sequence[LaneState], times: Sequence[tuple[UUID, int]]) -> OpenProject:
    template = template_named(row.task_type)
    own = [lane for lane in lanes if lane.project_id == row.id and lane.lane is not Lane.GOLD]
    why_not = no_task_reason(
        open_batches=True,
        leftovers=any(lane.last is not None for lane in own),
        held_by_others=row.held_until is not None,
        looked_everywhere=True,
    )
    taken = median(active_ms for _, active_ms in times) if times else 0.0
    enough = len(times) >= ANSWERS_TO_TRUST and len({person_id for person_id, _ in times}) >= PEOPLE_TO_TRUST
    measured = enough and taken >= LEAST_BELIEVED_MS
    return OpenProject(
        id=row.id,
        title=row.title,
        needs=template.needs,
        rate=row.rate,
        seconds=taken / 1000 if measured else template.seconds_hint,
        measured=measured,
        answers=row.answers,
        guide_changed=row.guide_known not in {None, row.guide_version},
        why_not=None if any(lane.found is not None for lane in own) else why_not,
    )
