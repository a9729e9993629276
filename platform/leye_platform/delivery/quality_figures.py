"""What a quality report tells, counted from what was delivered: how right it should be, how it came about, its spread.

It tells nothing of people, pay or gold items: it is the partner's. Items are streamed and all counted; answers are held
against them in a sample, drawn at random, so that a large delivery takes no more memory and little more time.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from random import Random
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from leye_platform.assignments.models import Response
from leye_platform.delivery.models import Lot, LotItem
from leye_platform.delivery.queries import LotView
from leye_platform.delivery.rules import LotItemState
from leye_platform.errors import N_
from leye_platform.projects.models import Batch, MicroTask, Project
from leye_platform.projects.rules import Pipeline, PipelineKind
from leye_platform.projects.task_type import TaskType, task_type
from leye_platform.review.checks import check_due
from leye_platform.review.models import Decision, Review
from leye_platform.review.queries import verdict_counts
from leye_platform.review.rules import DecisionMethod, ReviewCause, ReviewState, Verdict
from leye_quality.agreement import Interval
from leye_quality.estimate import AccuracyEstimate, Certainty, estimated_accuracy
from leye_quality.structure_agreement import agreement_by_likeness
from leye_task_templates.consensus import Labels

READ_AT_ONCE = 500
SAMPLE = 5_000
"""So many items tell how answers and delivery compare; more would move no digit that is shown."""
BANDS = ((0.99, N_("99% 以上")), (0.95, N_("95% 到 99%")), (0.9, N_("90% 到 95%")), (0.0, N_("90% 以下")))
"""The confidence that a band begins at, and its words; the highest first."""


@dataclass
class ClassFigures:
    """Of one class: how often it was delivered, in items of what mean confidence, and how far the answers agree.

    answers: answers of the sample where they or the delivery hold the class. agreeing: by how much, summed up.
    """

    delivered: int = 0
    items: int = 0
    confidence_sum: float = 0.0
    answers: int = 0
    agreeing: float = 0.0

    @property
    def mean_confidence(self) -> float:
        return self.confidence_sum / self.items if self.items else 0.0

    @property
    def agreement(self) -> float:
        return self.agreeing / self.answers if self.answers else 0.0


@dataclass
class Quality:
    """What the report tells. `several`: whether the project asks several people for each task. task_type: its name.

    settled, others: how sure the items are that reviewers decided, and the rest. answers: all that were given.
    compared: items whose answers of the last round were held against what was delivered, `compared_answers` of them;
    they agree by `agreeing`, and `confusion` counts (delivered, answered) where an answer is one class. likeness: how
    much the first two answers to a task agree, before anybody knew that more are wanted; beyond_chance: the same above
    what answers to different tasks have in common (1 perfect, 0 chance). limit: how many answers the project allows.
    """

    several: bool = False
    limit: int = 1
    task_type: str = ""
    items: int = 0
    tasks: int = 0
    answers: int = 0
    settled: Certainty = field(default_factory=Certainty)
    others: Certainty = field(default_factory=Certainty)
    bands: Counter[str] = field(default_factory=Counter)
    classes: dict[str, ClassFigures] = field(default_factory=lambda: defaultdict(ClassFigures))
    guides: set[int] = field(default_factory=set)
    compared: int = 0
    compared_answers: int = 0
    agreeing: float = 0.0
    confusion: Counter[tuple[str, str]] = field(default_factory=Counter)
    likeness: Interval | None = None
    beyond_chance: Interval | None = None
    verdicts: Mapping[Verdict, int] = field(default_factory=dict)
    checked: int = 0
    found_right: int = 0
    accuracy: AccuracyEstimate | None = None

    def share(self, count: int) -> float:
        """Of the items."""
        return count / self.items if self.items else 0.0

    @property
    def reviewed(self) -> int:
        return self.settled.items

    @property
    def mean_confidence(self) -> float:
        return (self.settled.total + self.others.total) / self.items if self.items else 0.0

    @property
    def agreement(self) -> float:
        return self.agreeing / self.compared_answers if self.compared_answers else 0.0

    @property
    def answers_an_item(self) -> float:
        return self.answers / self.items if self.items else 0.0

    @property
    def answers_at_limit(self) -> int:
        return self.tasks * self.limit

    @property
    def answers_saved(self) -> float | None:
        """The share, 0 to 1, of the answers that the limit for every task would have taken; None where it is one."""
        if not self.several or not self.answers_at_limit:
            return None
        return max(0.0, 1 - self.answers / self.answers_at_limit)

    @property
    def mistaken(self) -> list[tuple[str, str, int]]:
        """(delivered, answered, how often), what was mixed up most comes first."""
        return [(*pair, count) for pair, count in self.confusion.most_common() if pair[0] != pair[1]]


def quality_of(session: Session, shown: LotView) -> Quality:
    """The figures of what stands in a lot."""
    return _quality(session, LotItem.lot_id == shown.lot.id, shown.batch, shown.project)


def quality_of_batch(session: Session, batch: Batch, project: Project) -> Quality:
    """The figures of all that was delivered of a batch."""
    lots = select(Lot.id).where(Lot.batch_id == batch.id, Lot.delivered_at.is_not(None))
    return _quality(session, LotItem.lot_id.in_(lots), batch, project)


class _Delivered(NamedTuple):
    item_id: UUID
    result: list[Any]
    confidence: float
    guide: int


def _quality(session: Session, which: ColumnElement[bool], batch: Batch, project: Project) -> Quality:
    included = and_(which, LotItem.state == LotItemState.INCLUDED)
    pipeline, kind = Pipeline.model_validate(project.pipeline), task_type(project.task_type, project.label_config)
    several = pipeline.kind is PipelineKind.CONSENSUS
    quality = Quality(several=several, limit=pipeline.overlap_limit(), task_type=project.task_type)
    count = session.scalar(select(func.count()).select_from(LotItem).where(included)) or 0
    if not count:
        return quality
    draw, beginnings = Random(1), dict[UUID, dict[UUID, Labels]]()
    for items in _parts(session, included):
        tasks = _tasks_of(session, items)
        for item in items:
            quality.tasks += len(tasks[item.item_id])
            _count_item(kind, item, tasks[item.item_id], quality)
        for item in items:
            if draw.random() * count >= SAMPLE:
                del tasks[item.item_id]
        given = _compare(session, kind, {item.item_id: item for item in items}, tasks, quality)
        if pipeline.overlap_start() > 1:
            beginnings |= _beginnings(given)
    answers = select(func.count()).select_from(Response).join(LotItem, LotItem.item_id == Response.item_id)
    quality.answers = session.scalar(answers.where(included, Response.batch_id == batch.id)) or 0
    if (found := agreement_by_likeness(beginnings, kind.consensus.agreement, np.random.default_rng(1))) is not None:
        quality.likeness, quality.beyond_chance = found.likeness, found.beyond_chance
    quality.verdicts = verdict_counts(session, batch.id)
    if not quality.several:
        quality.checked, quality.found_right = count_checks(session, batch.id, kind, pipeline.check_share)
    quality.accuracy = estimated_accuracy(
        quality.settled,
        quality.others,
        checked=quality.checked,
        found_right=quality.found_right,
        confident=quality.several,
    )
    return quality


def _parts(session: Session, included: ColumnElement[bool]) -> Iterator[list[_Delivered]]:
    """What was delivered, some hundred items at a time."""
    rows = select(LotItem.item_id, LotItem.result, LotItem.confidence, LotItem.guide_version).where(included)
    found = (_Delivered(*row) for row in session.execute(rows.execution_options(yield_per=READ_AT_ONCE)))
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


def _count_item(kind: TaskType, item: _Delivered, tasks: Sequence[_Task], quality: Quality) -> None:
    """Of an item in parts a reviewer has settled all, or it is not counted as settled."""
    quality.items += 1
    (quality.settled if tasks and all(task.by_review for task in tasks) else quality.others).add(item.confidence)
    quality.bands[next((words for start, words in BANDS if item.confidence >= start), BANDS[-1][1])] += 1
    quality.guides.add(item.guide)
    for word, part in kind.template.by_class(kind.config, item.result).items():
        figures = quality.classes[word]
        figures.delivered += len(part)
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
    quality: Quality,
) -> dict[UUID, list[_Given]]:
    """Hold the answers to some tasks against what was delivered; the answers by task, in the order they came."""
    given: dict[UUID, list[_Given]] = {task.id: [] for several in tasks.values() for task in several}
    rows = select(Response.microtask_id, Response.person_id, Response.round, Response.result, Response.labels)
    for task_id, *answer in session.execute(rows.where(Response.microtask_id.in_(given)).order_by(Response.number)):
        given[task_id].append(_Given(*answer))
    for item_id, several in tasks.items():
        quality.compared += 1
        for task in several:
            whole = len(several) == 1 or task.result is None
            delivered = items[item_id].result if whole else task.result
            stands = kind.template.labels_of(kind.config, delivered or [])
            for one in given[task.id]:
                if one.round == task.round:
                    _against(kind, one, delivered or [], stands, quality)
    return given


def _beginnings(given: Mapping[UUID, Sequence[_Given]]) -> dict[UUID, dict[UUID, Labels]]:
    """The first two answers to each task by two people: more are asked for where these differ, and would tell less."""
    found = {}
    for task_id, answers in given.items():
        first = {one.person_id: one.labels for one in answers if one.round == 1}
        if len(first) > 1:
            found[task_id] = dict(islice(first.items(), 2))
    return found


def _against(kind: TaskType, answer: _Given, delivered: list[Any], stands: Labels, quality: Quality) -> None:
    agreed = kind.consensus.agreement(answer.labels, stands)
    quality.compared_answers += 1
    quality.agreeing += agreed
    parts, wanted = (kind.template.by_class(kind.config, result) for result in (answer.result, delivered))
    if kind.template.one_class(kind.config):
        for answered, right in zip(parts, wanted, strict=False):
            quality.confusion[right, answered] += 1
    for word in {*parts, *wanted}:
        one, other = (
            kind.template.labels_of(kind.config, objects[word]) if word in objects else []
            for objects in (parts, wanted)
        )
        quality.classes[word].answers += 1
        quality.classes[word].agreeing += kind.consensus.agreement(one, other)


def count_checks(session: Session, batch_id: UUID, kind: TaskType, check_share: float) -> tuple[int, int]:
    """How many first answers the draw would have given to a reviewer whoever gave them, and how many of them stood.

    Newcomers' answers are drawn more often; those that only this brought to review are left out, for they are not
    like the rest.
    """
    drawn = (
        select(Response.id)
        .where(Response.microtask_id == Review.microtask_id, Response.round == Review.round)
        .order_by(Response.number)
        .limit(1)
        .correlate(Review)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Review.microtask_id, Review.verdict, Review.result, Review.chosen, Response.id, Response.labels)
        .join(Response, Response.id == drawn)
        .where(
            Review.batch_id == batch_id,
            Review.cause == ReviewCause.CHECK,
            Review.state == ReviewState.SETTLED,
            Review.round == 1,
            Review.verdict != Verdict.UNUSABLE,
        )
        .execution_options(yield_per=READ_AT_ONCE)
    )
    checked = right = 0
    for task_id, verdict, result, chosen, answer_id, labels in rows:
        if check_due(task_id, 1, check_share):
            checked += 1
            unchanged = verdict is Verdict.FIX and kind.consensus.same(
                kind.template.labels_of(kind.config, result), labels
            )
            right += (verdict is Verdict.ACCEPT and chosen == answer_id) or unchanged
    return checked, right
