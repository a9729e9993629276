"""Keeping a project's stock of gold: what has served goes, decided items come, what stands in a closed batch moves on.

A look first, which locks nothing (`look_at`); then all that it found in one transaction (`renew`), where each is looked
at again once its row is locked. Run twice, or killed in between, it leaves nothing half-made. The claim has no part in
it: a decided item that may not serve any more is not handed out from that moment (assignments/known_truth.py), whenever
this comes round to it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from leye_platform.assignments.known_truth import DECISION_STANDS, GUIDE_IN_FORCE, MAY_BE_LENT, decided, home, of, task
from leye_platform.assignments.models import Response
from leye_platform.assignments.rules import GOLD_ROUND
from leye_platform.audit import record
from leye_platform.gold.candidates import candidates_of
from leye_platform.gold.doubt import doubt
from leye_platform.gold.lanes import Lanes, give_places, lanes_of, move_on, take_out_of_lanes
from leye_platform.gold.models import RenewedGold
from leye_platform.gold.rules import (
    LOOK_EVERY,
    MOST_IN_USE,
    STEP,
    WANTED,
    Retired,
    chosen_for,
    doubted,
    worn,
)
from leye_platform.gold.stock import known_by, stock_of
from leye_platform.gold.vouchers import vouchers
from leye_platform.outbox import JobName, ask_for
from leye_platform.projects.models import Batch, MicroTask, Project
from leye_platform.projects.rules import BatchState, Pipeline
from leye_platform.projects.task_type import TaskType, task_type
from leye_task_templates.consensus import Labels

PROJECTS_AT_ONCE = 50
OF_ITS_OWN_ROWS = frozenset({Retired.GONE, Retired.CHANGED, Retired.OLD_GUIDE})
"""What may be otherwise again: an erasure is called off. Answers only become more, and doubts are looked at above."""


@dataclass(frozen=True)
class Found:
    """What is to be done, by micro-task: take out of use, put into an open batch's lane, take into use."""

    to_retire: Mapping[UUID, Retired]
    to_move: Sequence[UUID]
    to_take: Sequence[UUID]


@dataclass(frozen=True)
class _InUse:
    """A decided item in use. reason: why it may serve no more, as far as its own rows tell."""

    microtask_id: UUID
    labels: Labels
    reason: Retired | None


def ask_for_gold(session: Session, now: datetime) -> int:
    """Have the stock of projects with open batches looked at, each once an hour; how many were due."""
    open_batches = select(Batch.project_id).where(Batch.state == BatchState.OPEN)
    due = session.scalars(
        select(Project)
        .where(
            Project.id.in_(open_batches),
            Project.put_away_at.is_(None),
            Project.gold_looked_at.is_(None) | (Project.gold_looked_at <= now - LOOK_EVERY),
        )
        .order_by(Project.number)
        .limit(PROJECTS_AT_ONCE)
        .with_for_update(skip_locked=True, key_share=True)
    ).all()
    for project in due:
        project.gold_looked_at = now
        if Pipeline.model_validate(project.pipeline).gold_share > 0:
            ask_for(session, JobName.RENEW_GOLD, {"project_id": str(project.id)}, now, once_for=project.id)
    return len(due)


def look_at(session: Session, project_id: UUID, now: datetime) -> Found:
    """What is to be done about a project's gold. Reads only; at most STEP each way."""
    project = session.get_one(Project, project_id)
    in_use = list(_in_use(session, project_id))
    standing = [one for one in in_use if one.reason is None]
    answers = _answers(session, project, standing)
    reasons = {one.microtask_id: one.reason for one in in_use if one.reason is not None}
    reasons |= _served(answers, vouchers(session, project))
    stock = stock_of(session, project_id, now, without=reasons.keys())
    to_take: list[UUID] = []
    if any(count < WANTED for count in stock.unseen.values()):
        candidates = candidates_of(session, project)
        known = known_by(session, candidates, stock.unseen.keys())
        to_take = chosen_for(stock.unseen, {one: known.get(one, set()) for one in candidates}, STEP)
    left = [one.microtask_id for one in standing if one.microtask_id not in reasons]
    # Full, and yet somebody has seen nearly all of it: for what serves them those go that most people have had.
    too_many = max(0, len(left) + len(to_take) - MOST_IN_USE)
    most_had = sorted(left, key=lambda one: len(answers.get(one, ())), reverse=True)[:too_many]
    reasons |= dict.fromkeys(most_had, Retired.WORN)
    to_move = [one for one in left if one not in stock.tasks and one not in reasons]
    return Found(dict(list(reasons.items())[:STEP]), to_move[:STEP], to_take)


def _served(answers: Mapping[UUID, Mapping[UUID, bool]], vouching: Collection[UUID]) -> dict[UUID, Retired]:
    """Those whose truth is in doubt, and those that many people have had."""
    doubts = {one: Retired.DOUBTED for one, right in answers.items() if doubted(right, vouching)}
    return {one: Retired.WORN for one, right in answers.items() if worn(len(right))} | doubts


def _in_use(session: Session, project_id: UUID) -> Iterator[_InUse]:
    """Those of a batch that is paused keep their place: they serve again once it goes on."""
    rows = session.execute(
        select(
            of.c.microtask_id,
            decided.c.labels,
            DECISION_STANDS,
            MAY_BE_LENT,
            GUIDE_IN_FORCE,
            home.c.state,
            home.c.erase_at,
        )
        .select_from(of)
        .join(decided, decided.c.id == of.c.decision_id)
        .join(task, task.c.id == of.c.microtask_id)
        .join(home, home.c.id == of.c.batch_id)
        .where(of.c.project_id == project_id, of.c.retired_at.is_(None))
        .order_by(of.c.renewed_at, of.c.microtask_id)
    )
    for microtask_id, labels, stands, lent, in_force, state, erase_at in rows:
        paused = state is BatchState.PAUSED and erase_at is None
        reasons = {
            Retired.GONE: not lent and not paused,
            Retired.CHANGED: not stands,
            Retired.OLD_GUIDE: not in_force,
        }
        reason = next((reason for reason, holds in reasons.items() if holds), None)
        if reason is not None or not paused:
            yield _InUse(microtask_id, labels, reason)


def _answers(session: Session, project: Project, in_use: Sequence[_InUse]) -> dict[UUID, dict[UUID, bool]]:
    """By micro-task, who has answered it as gold, and whether they said what it was decided to be."""
    kind: TaskType = task_type(project.task_type, project.label_config)
    truth = {one.microtask_id: one.labels for one in in_use}
    given = select(Response.microtask_id, Response.person_id, Response.labels).where(
        Response.microtask_id.in_(truth), Response.round == GOLD_ROUND
    )
    found: dict[UUID, dict[UUID, bool]] = defaultdict(dict)
    for microtask_id, person_id, labels in session.execute(given):
        found[microtask_id][person_id] = kind.consensus.same(labels, truth[microtask_id])
    return found


def renew(session: Session, project_id: UUID, found: Found, now: datetime) -> None:
    """Do what was found. What has changed meanwhile is left for the next time."""
    project, lanes = session.get_one(Project, project_id), lanes_of(session, project_id, now)
    by_reason: dict[Retired, list[UUID]] = defaultdict(list)
    for microtask_id, reason in found.to_retire.items():
        by_reason[reason].append(microtask_id)
    by_reason[Retired.DOUBTED] = _doubt(session, project, by_reason[Retired.DOUBTED], now)
    retired = 0
    for reason, retiring in sorted(by_reason.items()):
        count = _retire(session, project_id, retiring, reason, now)
        retired += count
        if count:
            detail = {"items": count, "reason": reason.value}
            record(session, at=now, person_id=None, action="gold.take_out", subject_id=project_id, **detail)
    move_on(session, found.to_move, lanes)
    taken = _take_into_use(session, found.to_take, lanes, now) if found.to_take else 0
    if taken:
        record(session, at=now, person_id=None, action="gold.renew", subject_id=project_id, items=taken)
    if STEP in {taken, retired}:  # there is more; a new guide ends all at once
        ask_for(session, JobName.RENEW_GOLD, {"project_id": str(project_id)}, now, once_for=project_id)


def _doubt(session: Session, project: Project, microtask_ids: Sequence[UUID], now: datetime) -> list[UUID]:
    """Which of these are in doubt still, under their locks, all taken in one order; then what follows from that."""
    if not microtask_ids:
        return []
    wanted = select(MicroTask).where(MicroTask.id.in_(microtask_ids)).order_by(MicroTask.id)
    locked = session.scalars(
        wanted.with_for_update(key_share=True), execution_options={"populate_existing": True}
    ).all()
    standing = [one for one in _in_use(session, project.id) if one.microtask_id in microtask_ids and not one.reason]
    answers, vouching = _answers(session, project, standing), vouchers(session, project)
    doubts = [
        (microtask, [person for person, same in answers[microtask.id].items() if not same])
        for microtask in locked
        if doubted(answers.get(microtask.id, {}), vouching)
    ]
    if doubts:
        doubt(session, project.id, doubts, now)
    return [microtask.id for microtask, _ in doubts]


def _retire(session: Session, project_id: UUID, microtask_ids: Sequence[UUID], reason: Retired, now: datetime) -> int:
    """Take these out of use, where what speaks against them still does once their rows are locked; how many."""
    if not microtask_ids:
        return 0
    in_use = (RenewedGold.microtask_id.in_(microtask_ids), RenewedGold.retired_at.is_(None))
    locked = select(RenewedGold).where(*in_use).order_by(RenewedGold.microtask_id).with_for_update()
    rows = session.scalars(locked).all()
    if reason in OF_ITS_OWN_ROWS:
        still = {one.microtask_id for one in _in_use(session, project_id) if one.reason is reason}
        rows = [row for row in rows if row.microtask_id in still]
    for row in rows:
        row.retired_at, row.retired_for = now, reason
    session.flush()
    take_out_of_lanes(session, [row.microtask_id for row in rows])
    return len(rows)


def _take_into_use(session: Session, microtask_ids: Sequence[UUID], lanes: Lanes, now: datetime) -> int:
    """How many of them could be: each has its row only once, and its place in an open batch."""
    wanted = MicroTask.id.in_(microtask_ids)
    session.execute(select(MicroTask.id).where(wanted).order_by(MicroTask.id).with_for_update(key_share=True))
    found = session.execute(
        select(decided.c.microtask_id, decided.c.item_id, decided.c.batch_id, task.c.project_id, decided.c.id)
        .select_from(decided)
        .join(task, task.c.id == decided.c.microtask_id)
        .join(home, home.c.id == decided.c.batch_id)
        .where(decided.c.microtask_id.in_(microtask_ids), DECISION_STANDS, MAY_BE_LENT, GUIDE_IN_FORCE)
        .where(~exists().where(RenewedGold.microtask_id == decided.c.microtask_id))
        .order_by(decided.c.microtask_id)
    )
    names = ("microtask_id", "item_id", "batch_id", "project_id", "decision_id")
    new = [
        RenewedGold(**dict(zip(names, row, strict=True)), renewed_at=now)
        for row in found
        if lanes.batch_for(row.batch_id) is not None
    ]
    give_places(session, new, lanes)
    return len(new)
