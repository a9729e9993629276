"""What a quality report tells, counted from what was delivered: how right it should be, how it came about, its spread.

It tells nothing of people, pay or gold items: it is the partner's. Items and answers are streamed; agreement is taken
from a sample, so that memory is the same for a hundred items and for a million.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from random import Random
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import ColumnElement, Select, and_, case, select
from sqlalchemy.orm import Session

from leye_platform.assignments.core_tables import is_split
from leye_platform.assignments.models import Response
from leye_platform.delivery.models import Lot, LotItem
from leye_platform.delivery.queries import LotView
from leye_platform.delivery.rules import LotItemState
from leye_platform.errors import N_
from leye_platform.projects.models import Batch, Project
from leye_platform.projects.rules import Pipeline, PipelineKind
from leye_platform.projects.task_type import TaskType, task_type
from leye_platform.review.models import Decision, Review
from leye_platform.review.queries import verdict_counts
from leye_platform.review.rules import DecisionMethod, ReviewCause, ReviewState, Verdict
from leye_quality.agreement import Interval
from leye_quality.estimate import AccuracyEstimate, Certainty, estimated_accuracy
from leye_quality.structure_agreement import agreement_by_likeness
from leye_task_templates.consensus import Labels

READ_AT_ONCE = 1000
SAMPLE = 2000
"""So many micro-tasks with two answers or more tell how much people agree; more would move no digit that is shown."""
BANDS = ((0.99, N_("99% 以上")), (0.95, N_("95% 到 99%")), (0.9, N_("90% 到 95%")), (0.0, N_("90% 以下")))
"""The confidence that a band begins at, and its words; the highest first."""


@dataclass
class ClassFigures:
    """Of one class: how often it was delivered, in items of what mean confidence, and how far the answers agree.

    answers: answers to items where they or the delivery hold the class. agreeing: the sum of how much each agrees.
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
    """What the report tells. `agreeing`: answers that say what was delivered, each by how much.

    confusion: (delivered, answered) → answers, where an answer is one class. likeness: how much two answers to one
    task agree; beyond_chance: the same above what answers to different tasks have in common (1 perfect, 0 chance).
    limit: how many answers the project allows a task. answers_at_limit: all of them; None where it asks for one.
    """

    items: int = 0
    answers: int = 0
    agreeing: float = 0.0
    reviewed: int = 0
    certainty: Certainty = field(default_factory=Certainty)
    bands: Counter[str] = field(default_factory=Counter)
    labels: Counter[str] = field(default_factory=Counter)
    classes: dict[str, ClassFigures] = field(default_factory=dict)
    confusion: Counter[tuple[str, str]] = field(default_factory=Counter)
    guides: set[int] = field(default_factory=set)
    verdicts: Mapping[Verdict, int] = field(default_factory=dict)
    accuracy: AccuracyEstimate | None = None
    checked: int = 0
    found_right: int = 0
    likeness: Interval | None = None
    beyond_chance: Interval | None = None
    answers_at_limit: int | None = None
    limit: int = 1

    def share(self, count: int) -> float:
        """Of the items."""
        return count / self.items if self.items else 0.0

    @property
    def mean_confidence(self) -> float:
        return self.certainty.mean

    @property
    def agreement(self) -> float:
        return self.agreeing / self.answers if self.answers else 0.0

    @property
    def answers_an_item(self) -> float:
        return self.answers / self.items if self.items else 0.0

    @property
    def several(self) -> bool:
        """Whether the project asks several people for each task."""
        return self.answers_at_limit is not None

    @property
    def answers_saved(self) -> float | None:
        """The share, 0 to 1, of the answers that a fixed number of answers each would have taken."""
        return 1 - self.answers / self.answers_at_limit if self.answers_at_limit else None

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


def _quality(session: Session, which: ColumnElement[bool], batch: Batch, project: Project) -> Quality:
    kind = task_type(project.task_type, project.label_config)
    included = and_(which, LotItem.state == LotItemState.INCLUDED)
    quality = Quality(verdicts=verdict_counts(session, batch.id))
    settled = _read_items(session, included, kind, quality)
    tasks = _read_answers(session, included, kind, quality)
    pipeline = Pipeline.model_validate(project.pipeline)
    consensus = pipeline.kind is PipelineKind.CONSENSUS
    if consensus:
        quality.limit = pipeline.overlap_limit()
        quality.answers_at_limit = tasks * quality.limit
    else:
        quality.checked, quality.found_right = _checks(session, batch.id, kind)
    others = Certainty(
        quality.items - settled.items,
        quality.certainty.total - settled.total,
        max(0.0, quality.certainty.spread - settled.spread),
    )
    quality.accuracy = estimated_accuracy(
        settled, others, checked=quality.checked, found_right=quality.found_right, confident=consensus
    )
    return quality


def _read_items(session: Session, included: ColumnElement[bool], kind: TaskType, quality: Quality) -> Certainty:
    """Count what was delivered; how sure the items are that a reviewer settled."""
    by_review = (
        select(Decision.id)
        .where(Decision.item_id == LotItem.item_id, Decision.method == DecisionMethod.REVIEW)
        .exists()
    )
    rows = select(LotItem.result, LotItem.confidence, LotItem.guide_version, by_review).where(included)
    settled = Certainty()
    for result, confidence, guide, reviewed in session.execute(rows.execution_options(yield_per=READ_AT_ONCE)):
        quality.items += 1
        quality.certainty.add(confidence)
        quality.bands[next(words for start, words in BANDS if confidence >= start)] += 1
        words = kind.template.tally(kind.config, result)
        quality.labels.update(words)
        for word, count in Counter(words).items():
            figures = quality.classes.setdefault(word, ClassFigures())
            figures.delivered += count
            figures.items += 1
            figures.confidence_sum += confidence
        quality.guides.add(guide)
        if reviewed:
            settled.add(confidence)
    quality.reviewed = settled.items
    return settled


def _read_answers(session: Session, included: ColumnElement[bool], kind: TaskType, quality: Quality) -> int:
    """Hold each answer against what was delivered, and a sample of them against each other; how many tasks."""
    draw, sample, tasks, repeated = Random(1), dict[UUID, dict[int, Labels]](), 0, 0
    slots: list[UUID] = []
    for task, answers in _by_task(session, included):
        tasks += 1
        given = {number: kind.template.labels_of(kind.config, result) for number, (result, _) in enumerate(answers)}
        _against_delivered(kind, answers, quality)
        if len(given) < 2:
            continue
        repeated += 1
        if len(slots) < SAMPLE:  # a reservoir: each has the same chance to stay
            slots.append(task)
            sample[task] = given
        elif (place := draw.randrange(repeated)) < SAMPLE:
            del sample[slots[place]]
            slots[place], sample[task] = task, given
    found = agreement_by_likeness(sample, kind.consensus.agreement, np.random.default_rng(1))
    if found is not None:
        quality.likeness, quality.beyond_chance = found.likeness, found.beyond_chance
    return tasks


def _by_task(session: Session, included: ColumnElement[bool]) -> Iterator[tuple[UUID, list[tuple[Any, Any]]]]:
    """Each micro-task with its answers, each beside what it is held against."""
    rows = session.execute(_answers().where(included).execution_options(yield_per=READ_AT_ONCE))
    for task, group in groupby(rows, key=lambda row: row[0]):
        yield task, [(given, delivered) for _, given, delivered in group]


def _against_delivered(kind: TaskType, answers: Sequence[tuple[Any, Any]], quality: Quality) -> None:
    for given, delivered in answers:
        says, stands = (kind.template.labels_of(kind.config, result) for result in (given, delivered))
        agreed = kind.consensus.agreement(says, stands)
        quality.answers += 1
        quality.agreeing += agreed
        if any(isinstance(part, list) for part in (*says, *stands)):
            _class_by_class(kind, given, delivered, quality)
            continue
        [answered], [wanted] = (kind.template.tally(kind.config, result) for result in (given, delivered))
        quality.confusion[wanted, answered] += 1
        for word in {answered, wanted}:
            _count(quality, word, agreed)


def _class_by_class(kind: TaskType, given: Any, delivered: Any, quality: Quality) -> None:
    """Hold the objects of each class against each other, by themselves."""
    says, stands = _objects_by_class(kind, given), _objects_by_class(kind, delivered)
    for word in {*says, *stands}:
        one, other = (kind.template.labels_of(kind.config, objects.get(word, [])) for objects in (says, stands))
        _count(quality, word, kind.consensus.agreement(one, other))


def _objects_by_class(kind: TaskType, result: list[Any]) -> dict[str, list[Any]]:
    objects: dict[str, list[Any]] = {}
    for region in result:
        objects.setdefault(kind.template.tally(kind.config, [region])[0], []).append(region)
    return objects


def _count(quality: Quality, word: str, agreed: float) -> None:
    figures = quality.classes.setdefault(word, ClassFigures())
    figures.answers += 1
    figures.agreeing += agreed


def _answers() -> Select[Any]:
    """Each answer with what it is held against: what was delivered; of an item in parts, its own part's decision."""
    newest = (
        select(Decision.result)
        .where(Decision.microtask_id == Response.microtask_id)
        .order_by(Decision.version.desc())
        .limit(1)
        .scalar_subquery()
    )
    delivered = case((is_split(LotItem.item_id), newest), else_=LotItem.result)
    return (
        select(Response.microtask_id, Response.result, delivered)
        .join(LotItem, LotItem.item_id == Response.item_id)
        .order_by(LotItem.lot_id, LotItem.item_id, Response.microtask_id)
    )


def _checks(session: Session, batch_id: UUID, kind: TaskType) -> tuple[int, int]:
    """How many answers of the batch were looked over because the draw fell on them, and how many of them stood."""
    rows = session.execute(
        select(Review.verdict, Review.result, Response.labels)
        .join(Response, and_(Response.microtask_id == Review.microtask_id, Response.round == Review.round))
        .where(
            Review.batch_id == batch_id,
            Review.cause == ReviewCause.CHECK,
            Review.state == ReviewState.SETTLED,
            Review.verdict != Verdict.UNUSABLE,
        )
        .execution_options(yield_per=READ_AT_ONCE)
    )
    checked = right = 0
    for verdict, result, labels in rows:
        checked += 1
        kept = verdict is Verdict.FIX and kind.consensus.same(kind.template.labels_of(kind.config, result), labels)
        right += verdict is Verdict.ACCEPT or kept
    return checked, right
