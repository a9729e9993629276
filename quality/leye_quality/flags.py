"""Whose answers a human should look at, with what shows it: a proposal to talk, to rest or to practise, nothing more.

Three things are looked for, in what was answered only, never in how fast: answers that tell nothing of the items
(`clicking`, for classes; below for everything else), answers that have become worse than the person's own
(`drift`), and answers of several people that are copies of one another (`copying`). Whoever is flagged is flagged
with figures that can be checked by hand.

Looked at again and again, an honest person passes any bound once by chance; a flag is shown only once it has lasted
(`lasted`): in simulated crowds of two hundred that halves and halves again who is ever looked at for nothing, to less
than one in a hundred (`tests/quality/test_flags.py`).
"""

import random
from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leye_quality.clicking import LEAST_ANSWERS, beside_others, suspicions
from leye_quality.drift import FIRST, drift
from leye_quality.skills import Crowd

LASTING = 1.25
"""Times as many answers as when it was first found, all that time found again: then a flag has lasted."""

LITTLE = 0.4
"""Of what a usual person's answers tell above chance: who is beyond doubt below it tells nearly nothing."""

DOUBT = 2.0  # standard errors
LEAST_PEOPLE = 5  # with answers enough, before anybody is usual
LEAST_USUAL = 0.05  # agreement above chance, below which nobody tells anything
NEWEST = 200  # of a person's answers are compared: what one comparison costs depends on the task type
MOST_COMPARED = 20_000
BY_CHANCE = 3  # answers to other items that each answer is compared with


class FlagKind(StrEnum):
    """What shows: answers without relation to the items, answers worse than before, answers alike to the letter."""

    CLICKING = "clicking"
    DRIFT = "drift"
    COPIES = "copies"


@dataclass(frozen=True, slots=True)
class Flag:
    """answers: how many it rests on. agreed: share that agrees with the others', 0 to 1. held_against: the share that
    it is compared with. For clicking the one by chance; for drift the person's own before; for copies agreed is the
    share that agrees with the others of the group, held_against with everybody else."""

    kind: FlagKind
    answers: int
    agreed: float
    held_against: float


@dataclass(frozen=True, slots=True)
class Compared:
    """An answer to an item, as whatever the task type compares. gold: the known answer, None where there is none."""

    item: Hashable
    person: Hashable
    answer: Any
    gold: Any | None
    fresh: bool


def lasted(first_found: int, answers: int) -> bool:
    """Whether a flag that has been found ever since there were `first_found` answers may be shown."""
    return answers >= LASTING * first_found


def class_flags(crowd: Crowd, fresh: NDArray[np.bool_]) -> dict[Hashable, list[Flag]]:
    """Of single classes. fresh: of each answer as given to the fit, whether no human has looked at it yet."""
    found: dict[Hashable, list[Flag]] = defaultdict(list)
    new = fresh[crowd.place]
    arrays = crowd.items, crowd.people, crowd.labels
    for person, one in enumerate(suspicions(*arrays, crowd.fitted, known=crowd.known, fresh=new)):
        if one.worth_a_look:
            found[crowd.names[person]].append(Flag(FlagKind.CLICKING, one.answers, one.agreed, one.by_chance))
    told, beside = beside_others(*arrays, crowd.fitted, crowd.known)
    told, beside = told[new[told]], beside[new[told]]
    likely = beside[np.arange(len(told)), crowd.labels[told]]
    order = np.lexsort((crowd.place[told], crowd.people[told]))
    for person, places in groupby(order.tolist(), key=lambda at: int(crowd.people[told[at]])):
        _add_drift(found[crowd.names[person]], [float(likely[at]) for at in places])
    _add_copies(found, crowd, fresh)
    return {person: flags for person, flags in found.items() if flags}


def _add_drift(flags: list[Flag], likely: Sequence[float]) -> None:
    """Where somebody whose answers tell something has become worse, and is so still."""
    if flags:
        return
    one = drift(likely)
    if one.at is None or one.since is None:
        return
    now = float(np.mean(likely[max(one.since - 1, len(likely) - FIRST) :]))
    if now <= (one.before + one.after) / 2:
        since = likely[one.since - 1 :]
        flags.append(Flag(FlagKind.DRIFT, len(since), float(np.mean(since)), one.before))


def _add_copies(found: dict[Hashable, list[Flag]], crowd: Crowd, fresh: NDArray[np.bool_]) -> None:
    """Who belongs to a group of copies, with fresh answers among them."""
    group_of = crowd.copies.group_of
    copied = np.bincount(group_of, minlength=len(group_of))[group_of] > 1
    items, people, labels, place = crowd.given
    for person in np.flatnonzero(copied).tolist():
        mine = np.flatnonzero((people == person) & fresh[place])
        first, last = np.searchsorted(items, items[mine]), np.searchsorted(items, items[mine], side="right")
        inside: list[bool] = []
        outside: list[bool] = []
        for at, begins, ends in zip(mine.tolist(), first.tolist(), last.tolist(), strict=True):
            for other in range(begins, ends):
                if people[other] != person:
                    same_group = group_of[people[other]] == group_of[person]
                    (inside if same_group else outside).append(bool(labels[other] == labels[at]))
        if len(mine) >= LEAST_ANSWERS and inside:
            share = float(np.mean(outside)) if outside else 0.0
            found[crowd.names[person]].append(Flag(FlagKind.COPIES, len(mine), float(np.mean(inside)), share))


def compared_flags(answers: Sequence[Compared], agreement: Callable[[Any, Any], float]) -> dict[Hashable, list[Flag]]:
    """Of whatever two answers can be compared, 0 to 1: sets of classes, spans, boxes, texts.

    answers: in the order in which they came. An answer is held against gold, else the others' answers to its item;
    and against answers to other items, which is what it would agree by chance. Who agrees with the others hardly more
    than by chance, beyond doubt and measured by the crowd's median, tells nothing of the items.
    """
    mine, beside = defaultdict(list), defaultdict(list)
    for one in answers:
        mine[one.person].append(one)
        beside[one.item].append(one)
    each = min(NEWEST, MOST_COMPARED // max(len(mine), 1))
    draw = random.Random(len(answers))
    rows = {
        person: [row for one in given[-each:] if (row := _compare(one, beside[one.item], answers, agreement, draw))]
        for person, given in mine.items()
    }
    told = {person: np.array([(agreed, chance) for _, agreed, chance in found]) for person, found in rows.items()}
    enough = [_gained(table) for table in told.values() if len(table) >= LEAST_ANSWERS]
    usual = float(np.median(enough)) if len(enough) >= LEAST_PEOPLE else 0.0
    flags: dict[Hashable, list[Flag]] = {}
    for person, found in rows.items():
        fresh = np.array([(agreed, chance) for one, agreed, chance in found if one.fresh])
        flags[person] = []
        if len(fresh) >= LEAST_ANSWERS and usual >= LEAST_USUAL and _beyond_doubt(fresh, usual):
            agreed, chance = fresh.mean(axis=0).tolist()
            flags[person].append(Flag(FlagKind.CLICKING, len(fresh), agreed, chance))
        _add_drift(flags[person], [agreed for one, agreed, _ in found if one.fresh])
    return {person: found for person, found in flags.items() if found}


def _compare(
    one: Compared,
    beside: Sequence[Compared],
    answers: Sequence[Compared],
    agreement: Callable[[Any, Any], float],
    draw: random.Random,
) -> tuple[Compared, float, float] | None:
    """How much an answer agrees with what is said of its item, and with what is said of others; None for one alone."""
    others = [other.answer for other in beside if other.person != one.person]
    same = [one.gold] if one.gold is not None else others
    drawn = [answers[draw.randrange(len(answers))] for _ in range(BY_CHANCE)]
    unlike = [other.answer for other in drawn if other.item != one.item and other.person != one.person]
    if not same or not unlike:
        return None
    agreed, chance = ([agreement(one.answer, other) for other in some] for some in (same, unlike))
    return one, sum(agreed) / len(agreed), sum(chance) / len(chance)


def _gained(told: NDArray[np.float64]) -> float:
    """Agreement above chance. told: (answers, 2), agreed and by chance."""
    return float((told[:, 0] - told[:, 1]).mean())


def _beyond_doubt(told: NDArray[np.float64], usual: float) -> bool:
    """Whether somebody surely tells less than LITTLE of what is usual."""
    above = told[:, 0] - told[:, 1]
    error = float(above.std(ddof=1)) / len(above) ** 0.5
    return bool(float(above.mean()) + DOUBT * error < LITTLE * usual)
