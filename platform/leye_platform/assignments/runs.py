"""A person's run of tasks: read with what else a claim reads, written only when another one begins.

The row is the person's own, so nobody waits for anybody (ADR 0015).
"""

from collections.abc import Sequence
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import ColumnElement, FromClause, bindparam, func, select
from sqlalchemy.orm import Session

from leye_platform.assignments.core_tables import dialect_of, insert_into, work_records, work_runs
from leye_platform.assignments.lanes import Claimant, LaneState
from leye_platform.assignments.rules import Lane
from leye_platform.assignments.sharing import Claim, Run, RunOrigin, chances, drawn_order
from leye_platform.prepared import Prepared
from leye_task_templates.registry import template_named

# The answers are counted where the submit counts them.
RUN_COLUMNS: tuple[ColumnElement[Any], ...] = (
    work_runs.c.project_id,
    work_runs.c.origin,
    work_runs.c.number,
    work_runs.c.began_at,
    (func.coalesce(work_records.c.answers, 0) - work_runs.c.answers_before).label("answers_in_run"),
)


def one_row_with_run() -> FromClause:
    """One row in any case, with the person's run beside it where they had one: to select RUN_COLUMNS from."""
    one = select(sa.literal_column("1").label("one")).subquery("one")
    person = bindparam("person", type_=sa.Uuid)
    return one.outerjoin(work_runs, work_runs.c.person_id == person).outerjoin(
        work_records,
        (work_records.c.person_id == work_runs.c.person_id) & (work_records.c.project_id == work_runs.c.project_id),
    )


RUN = Prepared(select(*RUN_COLUMNS).select_from(one_row_with_run()))


def run_from(columns: Sequence[Any]) -> Run | None:
    """The run that RUN_COLUMNS tell of; None for who never had one."""
    return None if columns[0] is None else Run(*columns)


def run_of(session: Session, person_id: UUID) -> Run | None:
    """The run that a person is in, or was in last."""
    return run_from(RUN.one(session, {"person": person_id}))


def in_order(lanes: Sequence[LaneState], who: Claimant, run: Run | None) -> list[LaneState]:
    """The lanes as the claimant's next run tries them: project by project, each in its own order.

    Projects with nothing for them take no part in the draw, and come last.
    """
    hits = [lane for lane in lanes if lane.found is not None and lane.lane is not Lane.GOLD]
    claims = [_claim_of(lane) for lane in hits]
    order = drawn_order(who.person_id, 0 if run is None else run.number, chances(claims, who.now)) if claims else []
    if run is not None and run.project_id in order and not run.is_over(who.now):
        order.remove(run.project_id)
        order.insert(0, run.project_id)
    place = {project: n for n, project in enumerate(order)}
    return sorted(lanes, key=lambda lane: place.get(lane.project_id, len(order)))


def _claim_of(lane: LaneState) -> Claim:
    seconds = template_named(lane.task_type).seconds_hint
    return Claim(lane.project_id, lane.weight, lane.priority, lane.deadline, seconds)


@cache
def _put(dialect: str) -> Prepared:
    adding = insert_into(dialect, work_runs)
    new = adding.excluded
    values = {name: new[name] for name in ("project_id", "origin", "number", "began_at", "answers_before")}
    return Prepared(adding.on_conflict_do_update(index_elements=[work_runs.c.person_id], set_=values))


def begin_run(session: Session, who: Claimant, run: Run | None, lane: LaneState) -> None:
    """Note the run that a task just claimed begins; nothing where it goes on.

    Whoever names a project has chosen it. What was drawn counts as drawn, so that the next draw is another.
    """
    origin = RunOrigin.CHOSEN if who.project_id is not None else RunOrigin.SHARED
    if who.in_run or (
        run is not None and origin is RunOrigin.CHOSEN and (run.project_id, run.origin) == (lane.project_id, origin)
    ):
        return
    number = 0 if run is None else run.number
    row = {
        "person_id": who.person_id,
        "project_id": lane.project_id,
        "origin": origin,
        "number": number + (origin is RunOrigin.SHARED),
        "began_at": who.now,
        "answers_before": lane.answers,
    }
    _put(dialect_of(session)).run(session, row)
