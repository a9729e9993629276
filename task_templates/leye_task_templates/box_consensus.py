"""Consensus on boxes: `leye_quality.box_consensus` in the platform's terms.

Labels are `[x, y, width, height, class]` of each box, in per cent of the picture.
"""

import math
from collections.abc import Hashable, Sequence
from typing import Any

from leye_quality.box_consensus import BoxScene, BoxSkill, FoundObject, combine_boxes
from leye_quality.box_skills import fit_boxes
from leye_quality.boxes import Box, matched, matched_likeness
from leye_quality.flags import compared_flags
from leye_quality.trust import factors
from leye_task_templates.consensus import (
    Combined,
    FittedProject,
    GivenAnswer,
    Labels,
    SkillRecord,
    compared,
    comparing_of,
)

SAME = 0.75
"""Intersection over union from which two boxes say the same: what the trade's acceptance rules usually ask for."""

ONE_THING = 0.4
"""The same from which a box is of an object that was found."""

UNFOUND = 0.05
"""How probable a box is that nobody's answer knows of."""

KNOWING = 2
"""A known answer speaks as so many people who never err; of their own no record is kept."""

STEADY = 0.02
"""Error of a reviewer's edges, in shares of the box's side."""

NEAR = 1e-6  # per cent of the picture: a difference that reckoning makes


class BoxConsensus:
    """See `leye_task_templates.consensus.Consensus`. The prior holds one record: what the project's pictures hold."""

    def combine(
        self, answers: Sequence[Labels], skills: Sequence[SkillRecord | None], prior: list[Any] | None
    ) -> Combined:
        given = [_boxes(answer) for answer in answers]
        people = [None if skill is None else BoxSkill(**skill) for skill in skills]
        outcome = combine_boxes(given, people, BoxScene(**prior[0]) if prior else None)
        found = [(_label(_as_drawn(one.box, given)), one) for one in outcome.objects]
        found.sort(key=lambda pair: _reading_order(pair[0]))
        labels = [label for label, _one in found]
        # What is left of the whole's probability beside the objects': that nothing was forgotten.
        rest = outcome.confidence / math.prod(one.confidence * one.fits for _label_, one in found)

        def probability_of(wanted: Labels) -> float:
            return outcome.confidence if wanted == labels else rest * _probability(found, wanted)

        return Combined(
            labels=labels,
            confidence=outcome.confidence,
            posterior=[[*label, round(one.confidence, 4)] for label, one in found],
            probability_of=probability_of,
        )

    def fit(self, answers: Sequence[GivenAnswer], tests: Sequence[GivenAnswer] = ()) -> FittedProject:
        pictures: dict[Hashable, dict[Hashable, tuple[Box, ...]]] = {}
        for answer in answers:
            picture = pictures.setdefault(answer.task, {})
            picture["person", answer.person] = _boxes(answer.labels)
            if answer.gold is not None:
                picture |= {("known", n): _boxes(answer.gold) for n in range(KNOWING)}
        fitted = fit_boxes(pictures, counted_already={answer.task for answer in answers if answer.again})
        skills = {answer.person: fitted.skills["person", answer.person].to_json() for answer in answers}
        comparing = comparing_of(answers, _agreement, _boxes)
        gold_factors = factors(comparing, _same, compared(tests, _boxes))
        return FittedProject(dict(skills), [fitted.scene.to_json()], compared_flags(comparing), gold_factors)

    def same(self, one: Labels, other: Labels) -> bool:
        return _same(_boxes(one), _boxes(other))

    def agreement(self, one: Labels, other: Labels) -> float:
        return _agreement(_boxes(one), _boxes(other))

    def able(self, accuracy: float, evidence: int) -> SkillRecord:
        wrong = 1 - accuracy
        skill = BoxSkill(missed=wrong, ghosts=wrong, edge_error=STEADY, right_class=accuracy, answers=evidence)
        return dict(skill.to_json())


def _same(one: Sequence[Box], other: Sequence[Box]) -> bool:
    return len(one) == len(other) and _all_close(matched(one, other), len(one))


def _all_close(pairs: Sequence[tuple[int, int, float]], boxes: int) -> bool:
    """Whether so many boxes of each answer say the same, by their pairs, which are of one class each."""
    return len(pairs) == boxes and all(share >= SAME for *_, share in pairs)


def _agreement(one: Sequence[Box], other: Sequence[Box]) -> float:
    pairs = matched(one, other)
    same = len(one) == len(other) and _all_close(pairs, len(one))
    return 1.0 if same else matched_likeness(pairs, len(one) + len(other))


def _boxes(labels: Labels) -> tuple[Box, ...]:
    return tuple(Box(x, y, width, height, str(kind)) for x, y, width, height, kind in labels)


def _label(box: Box) -> list[Any]:
    return [box.x, box.y, box.width, box.height, int(box.label)]


def _as_drawn(box: Box, given: Sequence[Sequence[Box]]) -> Box:
    """The box that somebody drew, to its last bit, where it is the combined one but for the reckoning."""
    sides = box.x, box.y, box.width, box.height
    for drawn in (one for boxes in given for one in boxes if one.label == box.label):
        theirs = drawn.x, drawn.y, drawn.width, drawn.height
        if all(abs(a - b) < NEAR for a, b in zip(sides, theirs, strict=True)):
            return drawn
    x, y = max(box.x, 0.0), max(box.y, 0.0)
    return Box(x, y, min(box.x + box.width, 100.0) - x, min(box.y + box.height, 100.0) - y, box.label)


def _probability(found: Sequence[tuple[list[Any], FoundObject]], wanted: Labels) -> float:
    """How probable these boxes are: each object that they hold, each that they leave out, each that nobody knows."""
    pairs = matched(_boxes([label for label, _one in found]), _boxes(wanted))
    held = {i: share for i, j, share in pairs if share >= ONE_THING and found[i][0][4] == wanted[j][4]}
    told = math.prod(
        one.confidence * one.fits * held[n] if n in held else 1 - one.confidence
        for n, (_label_, one) in enumerate(found)
    )
    return float(told * UNFOUND ** (len(wanted) - len(held)))


def _reading_order(box: Sequence[Any]) -> tuple[Any, ...]:
    return box[1], box[0], box[3], box[2], box[4]
