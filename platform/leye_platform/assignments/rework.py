"""Rework: a new round of the same micro-task, which goes back to its authors first."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from leye_platform.assignments.core_tables import items, micro_tasks, projects, responses
from leye_platform.assignments.rules import REWORK_RESERVED, Lane
from leye_platform.assignments.slots import WantedAnswer, add_slots, withdraw_open
from leye_platform.notices.events import tasks_were_sent_back
from leye_platform.projects.models import Item, MicroTask
from leye_platform.projects.rules import ITEM_MOVES, ItemState, Pipeline, item_state_of
from leye_platform.states import check_move

TASKS = (
    select(
        micro_tasks.c.id,
        micro_tasks.c.item_id,
        micro_tasks.c.batch_id,
        micro_tasks.c.round,
        micro_tasks.c.state,
        items.c.state.label("item_state"),
        projects.c.pipeline,
        micro_tasks.c.project_id,
    )
    .join(items, items.c.id == micro_tasks.c.item_id)
    .join(projects, projects.c.id == micro_tasks.c.project_id)
    .where(micro_tasks.c.id.in_(bindparam("tasks", expanding=True)))
    .order_by(micro_tasks.c.id)
    .with_for_update(of=(micro_tasks, items), key_share=True)
)
AUTHORS = (
    select(responses.c.microtask_id, responses.c.round, responses.c.person_id)
    .where(responses.c.microtask_id.in_(bindparam("tasks", expanding=True)))
    .order_by(responses.c.number)
)
BEGIN_ROUND = (
    update(micro_tasks)
    .where(micro_tasks.c.id == bindparam("task"))
    .values(round=bindparam("next_round"), state=ItemState.REWORK, overlap_wanted=bindparam("wanted"), posterior=None)
)
PARTS = select(micro_tasks.c.item_id, micro_tasks.c.state).where(
    micro_tasks.c.item_id.in_(bindparam("items", expanding=True))
)
SEND_BACK = update(items).where(items.c.id == bindparam("item")).values(state=bindparam("reached"))


def start_round(session: Session, microtask_ids: Sequence[UUID], now: datetime) -> None:
    """Ask anew for answers to these micro-tasks: the next round, urgent, kept for the former authors for a day.

    Of an item in parts some may go back: the others stay as they are, and the item is where they all leave it.
    Raises MoveNotAllowed where a micro-task or its item is not in a state that can be reworked.
    """
    if not microtask_ids:
        return
    session.flush()
    tasks = session.execute(TASKS, {"tasks": list(microtask_ids)}).all()
    authors = _last_authors(session, microtask_ids)
    wanted: list[WantedAnswer] = []
    told: list[tuple[UUID, UUID]] = []
    for task in tasks:
        check_move(ITEM_MOVES, task.state, ItemState.REWORK)
        withdraw_open(session, task.id, task.round)
        start = Pipeline.model_validate(task.pipeline).overlap_start()
        first = authors.get((task.id, task.round), [])[:start]
        session.execute(BEGIN_ROUND, {"task": task.id, "next_round": task.round + 1, "wanted": start})
        told += [(author, task.project_id) for author in first]
        kept: list[UUID | None] = [*first, *([None] * (start - len(first)))]
        for author in kept:
            until = None if author is None else now + REWORK_RESERVED
            wanted.append(
                WantedAnswer(
                    task.batch_id,
                    task.item_id,
                    task.id,
                    Lane.URGENT,
                    task.round + 1,
                    reserved_for=author,
                    reserved_until=until,
                )
            )
    _move_items(session, {task.item_id: task.item_state for task in tasks})
    add_slots(session, wanted)
    tasks_were_sent_back(session, told, now)
    _refresh(session, [task.id for task in tasks], [task.item_id for task in tasks])


def _move_items(session: Session, before: Mapping[UUID, ItemState]) -> None:
    """Move items to where their parts are now. before: the state that each of them was in."""
    parts: dict[UUID, list[ItemState]] = {}
    for item_id, state in session.execute(PARTS, {"items": list(before)}):
        parts.setdefault(item_id, []).append(state)
    moved = []
    for item_id, state in before.items():
        reached = item_state_of(parts[item_id])
        if reached is not state:
            moved.append({"item": item_id, "reached": check_move(ITEM_MOVES, state, reached)})
    if moved:
        session.execute(SEND_BACK, moved)


def _last_authors(session: Session, microtask_ids: Sequence[UUID]) -> dict[tuple[UUID, int], list[UUID]]:
    """The authors of each micro-task's rounds, in the order of their answers."""
    authors: dict[tuple[UUID, int], list[UUID]] = {}
    for microtask_id, round_, person_id in session.execute(AUTHORS, {"tasks": list(microtask_ids)}):
        authors.setdefault((microtask_id, round_), []).append(person_id)
    return authors


def _refresh(session: Session, microtask_ids: Sequence[UUID], item_ids: Sequence[UUID]) -> None:
    """Objects that the caller has loaded show what Core wrote."""
    for loaded in session.identity_map.values():
        if isinstance(loaded, MicroTask | Item) and loaded.id in {*microtask_ids, *item_ids}:
            session.expire(loaded)
