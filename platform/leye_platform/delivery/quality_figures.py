"""What a quality report tells: how right a delivery should be, how it came about, its spread. From counted parts.

It tells nothing of people, pay or gold items: it is the partner's. A lot is one part; a batch is the sum of its lots'.
Two figures do not add up and are reckoned from counts that do. The interval of how much answers agree is drawn anew
from how often each likeness was found. What answers have in common by chance is estimated within each lot, and the
batch has the mean, each lot by the tasks it gives.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated

import numpy as np
from pydantic import BaseModel, Field

from leye_platform.errors import N_
from leye_platform.projects.models import Project
from leye_platform.projects.rules import Pipeline, PipelineKind
from leye_platform.review.rules import Verdict
from leye_quality.agreement import Interval
from leye_quality.estimate import AccuracyEstimate, Certainty, estimated_accuracy
from leye_quality.structure_agreement import agreement_of_counted

SAMPLE = 5_000
"""So many items at most tell how answers and delivery compare; more would move no digit that is shown."""
FINENESS = 1000
"""Likenesses are counted in thousandths."""
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


Classes = defaultdict[str, Annotated[ClassFigures, Field(default_factory=ClassFigures)]]


def _no_classes() -> Classes:
    return defaultdict(ClassFigures)


class Compared(BaseModel):
    """Of items at one level of the sample: answers held against what was delivered, as `Quality` tells them.

    alike: of tasks with two answers or more, how alike the first two are, in thousandths → so many tasks.
    """

    items: int = 0
    answers: int = 0
    agreeing: float = 0.0
    confusion: dict[str, dict[str, int]] = Field(default_factory=dict)
    classes: Classes = Field(default_factory=_no_classes)
    alike: dict[int, int] = Field(default_factory=dict)

    def count_mix_up(self, delivered: str, answered: str) -> None:
        """One answer that said `answered`."""
        row = self.confusion.setdefault(delivered, {})
        row[answered] = row.get(answered, 0) + 1

    def count_likeness(self, likeness: float) -> None:
        """One task whose first two answers agree so far, 0 to 1."""
        step = round(likeness * FINENESS)
        self.alike[step] = self.alike.get(step, 0) + 1


class Part(BaseModel):
    """What is counted of one lot; all of it adds up over lots. compared: by level of the sample (`depth_for`).

    by_chance: how much answers to different items of the lot have in common, None where that is not known.
    """

    items: int = 0
    tasks: int = 0
    answers: int = 0
    settled: Certainty = Field(default_factory=Certainty)
    others: Certainty = Field(default_factory=Certainty)
    bands: dict[str, int] = Field(default_factory=dict)
    classes: Classes = Field(default_factory=_no_classes)
    guides: set[int] = Field(default_factory=set)
    compared: defaultdict[int, Annotated[Compared, Field(default_factory=Compared)]] = Field(
        default_factory=lambda: defaultdict(Compared)
    )
    by_chance: float | None = None

    def compared_from(self, depth: int) -> Iterator[Compared]:
        """What was compared at this level of the sample or above, always in the same order."""
        return (self.compared[level] for level in sorted(self.compared) if level >= depth)


def depth_for(items: int) -> int:
    """From which level on items are compared, so that of so many about SAMPLE are, and at least half of that.

    A batch is deeper than each of its lots. So its sample is part of theirs, and drawn evenly from all of them.
    """
    return max(0, math.ceil(math.log2(items / SAMPLE))) if items else 0


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
        ordered = sorted(self.confusion.items(), key=lambda counted: (-counted[1], counted[0]))
        return [(*pair, count) for pair, count in ordered if pair[0] != pair[1]]


@dataclass(frozen=True)
class Checks:
    """Of a batch's answers that the draw gave to reviewers, how many there were and how many stood."""

    checked: int = 0
    found_right: int = 0


def quality_from(parts: Collection[Part], project: Project, verdicts: Mapping[Verdict, int], checks: Checks) -> Quality:
    """The figures of some lots of one batch together. verdicts, checks: how its reviews ended; they are the batch's."""
    pipeline = Pipeline.model_validate(project.pipeline)
    several = pipeline.kind is PipelineKind.CONSENSUS
    quality = Quality(several=several, limit=pipeline.overlap_limit(), task_type=project.task_type)
    quality.items = sum(part.items for part in parts)
    if not quality.items:
        return quality
    depth, compared_in = depth_for(quality.items), list[tuple[Part, Compared]]()
    for part in parts:
        _add_counts(quality, part)
        compared_in += [(part, compared) for compared in part.compared_from(depth)]
    for _, compared in compared_in:
        _add_compared(quality, compared)
    quality.classes = defaultdict(ClassFigures, sorted(quality.classes.items()))
    quality.likeness, quality.beyond_chance = _agreement(compared_in)
    quality.verdicts = verdicts
    quality.checked, quality.found_right = checks.checked, checks.found_right
    quality.accuracy = estimated_accuracy(
        quality.settled,
        quality.others,
        checked=quality.checked,
        found_right=quality.found_right,
        confident=quality.several,
    )
    return quality


def _add_counts(quality: Quality, part: Part) -> None:
    quality.tasks += part.tasks
    quality.answers += part.answers
    for total, more in ((quality.settled, part.settled), (quality.others, part.others)):
        total.items += more.items
        total.total += more.total
        total.spread += more.spread
    quality.bands.update(part.bands)
    quality.guides |= part.guides
    _add_classes(quality.classes, part.classes)


def _add_compared(quality: Quality, compared: Compared) -> None:
    quality.compared += compared.items
    quality.compared_answers += compared.answers
    quality.agreeing += compared.agreeing
    for delivered, row in compared.confusion.items():
        quality.confusion.update({(delivered, answered): count for answered, count in row.items()})
    _add_classes(quality.classes, compared.classes)


def _add_classes(classes: dict[str, ClassFigures], more: Mapping[str, ClassFigures]) -> None:
    for word, figures in more.items():
        total = classes[word]
        total.delivered += figures.delivered
        total.items += figures.items
        total.confidence_sum += figures.confidence_sum
        total.answers += figures.answers
        total.agreeing += figures.agreeing


def _agreement(compared_in: Collection[tuple[Part, Compared]]) -> tuple[Interval | None, Interval | None]:
    """How much the first two answers to a task agree, and that beyond chance."""
    alike, chance, by_chance = Counter[int](), 0, 0.0
    for part, compared in compared_in:
        alike.update(compared.alike)
        if part.by_chance is not None:
            tasks = sum(compared.alike.values())
            chance += tasks
            by_chance += part.by_chance * tasks
    counted = {step / FINENESS: count for step, count in sorted(alike.items())}
    found = agreement_of_counted(counted, by_chance / chance if chance else None, np.random.default_rng(1))
    return (None, None) if found is None else (found.likeness, found.beyond_chance)
