"""Counting what a quality report tells of one lot: its items, and in a sample the answers held against them.

Items are streamed and all counted; the sample is drawn by their ids, so that counting again draws the same.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from leye_platform.assignments.models import Response
from leye_platform.assignments.rules import GOLD_ROUND
from leye_platform.delivery.models import Lot, LotItem
from leye_platform.delivery.quality_figures import BANDS, Compared, Part, depth_for
from leye_platform.delivery.rules import LotItemState
from leye_platform.projects.models import MicroTask, Project
from leye_platform.projects.rules import Pipeline
from leye_platform.projects.task_type import TaskType, task_type
from leye_platform.review.drawn_checks import drawn_checks
from leye_platform.review.models import Decision, Review
from leye_platform.review.rules import DecisionMethod
from leye_quality.structure_agreement import likeness_by_chance
from leye_task_templates.consensus import Labels

READ_AT_ONCE = 500
Beginnings = dict[UUID, dict[UUID, Labels]]


def level_of(item_id: UUID) -> int:
    """At which level of the sample an item lies: of all items one in 2, 4, 8 … lies at level 1, 2, 3 … or above."""
    drawn = int.from_bytes(hashlib.sha256(b"sample:" + item_id.bytes).digest()[:8], "big")
    return 64 - drawn.bit_length()


def count_part(session: Session, lot: Lot, project: Project) -> Part:
    """What stands in a lot now, counted."""
    included = and_(LotItem.lot_id == lot.id, LotItem.state == LotItemState.INCLUDED)
    kind, part = task_type(project.task_type, project.label_config), Part()
    count = session.scalar(select(func.count()).select_from(LotItem).where(included)) or 0
    if not count:
        return part
    depth, repeated = depth_for(count), Pipeline.model_validate(project.pipeline).overlap_start() > 1
    begun: Beginnings = {}
    for items in _streamed(session, included):
        tasks = _tasks_of(session, items)
        part.answers += _count_answers(session, tasks)
        for item in items:
            part.tasks += len(tasks[item.item_id])
            _count_item(kind, item, tasks[item.item_id], part)
        drawn = {item.item_id: item for item in items if level_of(item.item_id) >= depth}
        compared = {item_id: tasks[item_id] for item_id in drawn}
        begun |= _compare(session, kind, drawn, compared, part, repeated=repeated)
    answered = [list(given.values()) for given in begun.values()]
    part.by_chance = likeness_by_chance(answered, kind.consensus.agreement, np.random.default_rng(1))
    return part


class _Delivered(NamedTuple):
    item_id: UUID
    result: list[Any]
    confidence: float
    guide: int


def _streamed(session: Session, included: ColumnElement[bool]) -> Iterator[list[_Delivered]]:
    """What was delivered, some hundred items at a time, always in the same order, by which fractions are summed up."""
    query = select(LotItem.item_id, LotItem.result, LotItem.confidence, LotItem.guide_version).where(included)
    rows = session.execute(query.order_by(LotItem.item_id).execution_options(yield_per=READ_AT_ONCE))
    found = (_Delivered(*row) for row in rows)
    while part := list(islice(found, READ_AT_ONCE)):
        yield part


@dataclass
class _Task:
    """A micro-task of a delivered item, with its newest decision."""

    id: UUID
    round: int
    by_review: bool = False
    result: list[Any] | None = None


def _tasks_of(session: Session, items: Iterable[_Delivered]) -> dict[UUID, list[_Task]]:
    ids = [item.item_id for item in items]
    tasks, by_item = dict[UUID, _Task](), defaultdict[UUID, list[_Task]](list)
    known = select(MicroTask.item_id, MicroTask.id, MicroTask.round).where(MicroTask.item_id.in_(ids))
    for item_id, task_id, round_ in session.execute(known):
        tasks[task_id] = _Task(task_id, round_)
        by_item[item_id].append(tasks[task_id])
    decided = (
        select(Decision.microtask_id, Decision.method, Decision.result)
        .where(Decision.item_id.in_(ids))
        .order_by(Decision.version)
    )
    for task_id, method, result in session.execute(decided):
        tasks[task_id].by_review, tasks[task_id].result = method is DecisionMethod.REVIEW, result
    return by_item


def _count_answers(session: Session, tasks: Mapping[UUID, Sequence[_Task]]) -> int:
    ids = [task.id for several in tasks.values() for task in several]
    counted = (
        select(func.count()).where(
            Response.microtask_id.in_(ids[start : start + READ_AT_ONCE]), Response.round != GOLD_ROUND
        )
        for start in range(0, len(ids), READ_AT_ONCE)
    )
    return sum(session.scalar(query) or 0 for query in counted)


def _count_item(kind: TaskType, item: _Delivered, tasks: Sequence[_Task], part: Part) -> None:
    """Of an item in parts a reviewer has settled all, or it is not counted as settled."""
    part.items += 1
    (part.settled if tasks and all(task.by_review for task in tasks) else part.others).add(item.confidence)
    band = next((words for start, words in BANDS if item.confidence >= start), BANDS[-1][1])
    part.bands[band] = part.bands.get(band, 0) + 1
    part.guides.add(item.guide)
    for word, objects in kind.template.by_class(kind.config, item.result).items():
        figures = part.classes[word]
        figures.delivered += len(objects)
        figures.items += 1
        figures.confidence_sum += item.confidence


class _Given(NamedTuple):
    person_id: UUID
    round: int
    result: list[Any]
    labels: Labels


def _compare(
    session: Session,
    kind: TaskType,
    items: Mapping[UUID, _Delivered],
    tasks: Mapping[UUID, list[_Task]],
    part: Part,
    *,
    repeated: bool,
) -> Beginnings:
    """Hold the answers to some tasks against what was delivered; where tasks have several, their first two."""
    given: dict[UUID, list[_Given]] = {task.id: [] for several in tasks.values() for task in several}
    rows = select(Response.microtask_id, Response.person_id, Response.round, Response.result, Response.labels)
    for task_id, *answer in session.execute(rows.where(Response.microtask_id.in_(given)).order_by(Response.number)):
        given[task_id].append(_Given(*answer))
    begun: Beginnings = {}
    for item_id, several in tasks.items():
        compared = part.compared[level_of(item_id)]
        compared.items += 1
        for task in several:
            whole = len(several) == 1 or task.result is None
            delivered = items[item_id].result if whole else task.result
            stands = kind.template.labels_of(kind.config, delivered or [])
            for one in given[task.id]:
                if one.round == task.round:
                    _against(kind, one, delivered or [], stands, compared)
            if repeated and (first := _beginning(given[task.id])):
                begun[task.id] = first
                compared.count_likeness(kind.consensus.agreement(*first.values()))
    return begun


def _beginning(answers: Sequence[_Given]) -> dict[UUID, Labels] | None:
    """The first two answers to a task by two people: more are asked for where these differ, and would tell less."""
    first = {one.person_id: one.labels for one in answers if one.round == 1}
    return dict(islice(first.items(), 2)) if len(first) > 1 else None


def _against(kind: TaskType, answer: _Given, delivered: list[Any], stands: Labels, compared: Compared) -> None:
    agreed = kind.consensus.agreement(answer.labels, stands)
    compared.answers += 1
    compared.agreeing += agreed
    parts, wanted = (kind.template.by_class(kind.config, result) for result in (answer.result, delivered))
    if kind.template.one_class(kind.config):
        for answered, right in zip(parts, wanted, strict=False):
            compared.count_mix_up(right, answered)
    for word in {*parts, *wanted}:
        one, other = (
            kind.template.labels_of(kind.config, objects[word]) if word in objects else []
            for objects in (parts, wanted)
        )
        figures = compared.classes[word]
        figures.answers += 1
        figures.agreeing += kind.consensus.agreement(one, other)


def count_checks(session: Session, batch_id: UUID, kind: TaskType, check_share: float) -> tuple[int, int]:
    """How many answers of a batch the draw gave to a reviewer, and how many of them stood."""
    stood = [check.stood for check in drawn_checks(session, Review.batch_id == batch_id, kind, check_share)]
    return len(stood), sum(stood)
