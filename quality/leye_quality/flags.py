"""Whose answers a human should look at, with what shows it: a proposal to talk, to rest or to practise, nothing more.

Three things are looked for, in what was answered only, never in how fast: answers that tell nothing of the items
(`clicking`, for classes; below for everything else), answers that have become worse than the person's own
(`drift`), and answers of several people that are copies of one another (`copying`). Whoever is flagged is flagged
with figures that can be checked by hand.

Looked at again and again, an honest person passes any bound once by chance; a flag is shown only once it has lasted
(`lasted`): in simulated crowds of two hundred that halves and halves again who is ever looked at for nothing, to less
than one in a hundred (`tests/quality/test_flags.py`). Where a crowd agrees hardly more than by chance, or much of it
falls off at once, it is the work that has become hard, and nothing is said of anybody.
"""

import random
from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from leye_quality.clicking import LEAST_ANSWERS, beside_others, suspicions
from leye_quality.comparing import Compared, Comparing
from leye_quality.copying import LEAST_AGREEMENT
from leye_quality.drift import FIRST, drift
from leye_quality.skills import Crowd

LASTING = 1.25
"""Times as many answers as when it was first found, all that time found again: then a flag has lasted."""

LITTLE = 0.45
"""Of what answers in a batch usually tell above chance: who is beyond doubt below it tells nearly nothing."""

DOUBT = 2.0  # standard errors
LEAST_PEOPLE = 5  # with answers enough, before anybody is usual
LEAST_USUAL = 0.05  # agreement above chance, below which nobody tells anything
LEAST_NEWEST, NEWEST = 60, 200  # of a person's answers are compared: what a comparison costs depends on the task type
MOST_COMPARED = 20_000  # answers at one look; of more people, others come at the next
BY_CHANCE = 3  # answers to other items that each answer is compared with
MOST_CELLS = 20_000_000  # answers times classes that are held in memory at once
HARDER = 0.04  # less agreement than usual: a batch that says nothing of anybody's falling off
MOST_FALLING = 0.05  # of a crowd; where more fall off at once, it is not they who have changed


class FlagKind(StrEnum):
    """What shows: answers without relation to the items, answers worse than before, answers alike to the letter."""

    CLICKING = "clicking"
    DRIFT = "drift"
    COPIES = "copies"


@dataclass(frozen=True, slots=True)
class Flag:
    """answers: how many it rests on. agreed: share that agrees with the others', 0 to 1. held_against: the share that
    it is compared with. For clicking the one by chance; for drift the person's own before; for copies agreed is the
    share that agrees with the others of the group, held_against with everybody else. given: all of the person's answers
    that no human has looked at yet and that others answered too; `lasted` asks for it."""

    kind: FlagKind
    answers: int
    agreed: float
    held_against: float
    given: int


Flags = dict[Hashable, list[Flag]]
"""Of everybody who was looked at; empty lists for those who are left in peace."""


def lasted(first_found: int, given: int) -> bool:
    """Whether a flag that has been found ever since there were `first_found` answers may be shown."""
    return given >= LASTING * first_found


def fits_in_memory(answers: int, classes: int) -> bool:
    """Whether `class_flags` may look at so many answers; `compared_flags` may at any number."""
    return answers * classes <= MOST_CELLS


def class_flags(crowd: Crowd, fresh: NDArray[np.bool_], batches: Sequence[Hashable] | None = None) -> Flags:
    """Of single classes. fresh, batches: of each answer as given to the fit, whether no human has looked at it yet, and
    what it came with. Of people whose answers are copies nothing else is said: what is one vote is nobody's own.

    Raises ValueError for a crowd without matrices.
    """
    if crowd.fitted is None:
        raise ValueError("a crowd without matrices: compare its answers instead")
    found: Flags = {name: [] for name in crowd.names}
    new = fresh[crowd.place]
    arrays = crowd.items, crowd.people, crowd.labels
    copied = _copied(crowd)
    for person, one in enumerate(suspicions(*arrays, crowd.fitted, known=crowd.known, fresh=new)):
        if one.worth_a_look and not copied[person]:
            flag = Flag(FlagKind.CLICKING, one.answers, one.agreed, one.by_chance, one.answers)
            found[crowd.names[person]].append(flag)
    told, beside = beside_others(*arrays, crowd.fitted, crowd.known)
    likely = beside[np.arange(len(told)), crowd.labels[told]]
    usable = new[told] & ~copied[crowd.people[told]]
    if batches is not None:
        usable &= ~np.array(_in_harder([batches[at] for at in crowd.place[told].tolist()], likely.tolist()), dtype=bool)
    told, likely = told[usable], likely[usable]
    order = np.lexsort((crowd.place[told], crowd.people[told]))
    rows = {
        crowd.names[person]: [float(likely[at]) for at in places]
        for person, places in groupby(order.tolist(), key=lambda at: int(crowd.people[told[at]]))
    }
    _add_drift(found, rows)
    _add_copies(found, crowd, fresh)
    return found


def copied_flags(crowd: Crowd, fresh: NDArray[np.bool_]) -> Flags:
    """The same of people whose answers are copies, and of nobody else: for classes too many for matrices."""
    found: Flags = {crowd.names[person]: [] for person in np.flatnonzero(_copied(crowd)).tolist()}
    _add_copies(found, crowd, fresh)
    return found


def _copied(crowd: Crowd) -> NDArray[np.bool_]:
    """Who belongs to a group of copies."""
    group_of = crowd.copies.group_of
    copied: NDArray[np.bool_] = np.bincount(group_of, minlength=len(group_of))[group_of] > 1
    return copied


def _in_harder(batches: Sequence[Hashable], agreed: Sequence[float]) -> list[bool]:
    """Of each answer, whether its batch is one in which people agree less than usual."""
    told: dict[Hashable, list[float]] = defaultdict(list)
    for batch, share in zip(batches, agreed, strict=True):
        told[batch].append(share)
    usual = sum(agreed) / max(len(agreed), 1)
    harder = {batch for batch, shares in told.items() if sum(shares) / len(shares) < usual - HARDER}
    return [batch in harder for batch in batches]


def _add_drift(found: Flags, rows: Mapping[Hashable, Sequence[float]]) -> None:
    """Where somebody whose answers tell something has become worse, and is so still. rows: of each person, in order,
    how likely the others make their answers."""
    falling: Flags = {}
    for person, likely in rows.items():
        one = drift(likely)
        if one.at is None or one.since is None or found[person]:
            continue
        now = float(np.mean(likely[max(one.since - 1, len(likely) - FIRST) :]))
        if now <= (one.before + one.after) / 2:
            since = likely[one.since - 1 :]
            falling[person] = [Flag(FlagKind.DRIFT, len(since), float(np.mean(since)), one.before, len(likely))]
    with_a_past = sum(len(likely) > FIRST for likely in rows.values())
    if len(falling) <= max(1.0, MOST_FALLING * with_a_past):
        for person, flags in falling.items():
            found[person] += flags


def _add_copies(found: Flags, crowd: Crowd, fresh: NDArray[np.bool_]) -> None:
    """Who belongs to a group of copies, where their fresh answers are such too."""
    group_of = crowd.copies.group_of
    items, people, labels, place = crowd.given
    for person in np.flatnonzero(_copied(crowd)).tolist():
        mine = np.flatnonzero((people == person) & fresh[place])
        first, last = np.searchsorted(items, items[mine]), np.searchsorted(items, items[mine], side="right")
        inside: list[bool] = []
        outside: list[bool] = []
        shared = 0
        for at, begins, ends in zip(mine.tolist(), first.tolist(), last.tolist(), strict=True):
            before = len(inside)
            for other in range(begins, ends):
                if people[other] != person:
                    same_group = group_of[people[other]] == group_of[person]
                    (inside if same_group else outside).append(bool(labels[other] == labels[at]))
            shared += len(inside) > before
        if shared >= LEAST_ANSWERS and sum(inside) >= LEAST_AGREEMENT * len(inside):
            share = float(np.mean(outside)) if outside else 0.0
            flag = Flag(FlagKind.COPIES, shared, float(np.mean(inside)), share, shared)
            found[crowd.names[person]].append(flag)


def compared_flags(comparing: Comparing) -> Flags:
    """Of whatever two answers can be compared, 0 to 1: sets of classes, spans, boxes, texts.

    An answer is held against gold, else the others' answers to its item; and against answers to other items, which is
    what it would agree by chance. Who agrees with the others hardly more than by chance, beyond doubt and measured by
    what others gain in the same batches, tells nothing of the items.
    """
    answers, mine = comparing.answers, comparing.mine
    draw = random.Random(len(answers))
    newest = min(NEWEST, max(LEAST_NEWEST, MOST_COMPARED // max(len(mine), 1)))
    looked_at = draw.sample(list(mine), min(len(mine), MOST_COMPARED // newest))
    rows = {
        person: [row for at in mine[person][-newest:] if (row := _compare(comparing, at, draw))] for person in looked_at
    }
    usual = _usual_gains([row for found in rows.values() for row in found])
    experienced = sum(len(found) >= LEAST_ANSWERS for found in rows.values())
    every = [(one, agreed) for found in rows.values() for one, agreed, _ in found]
    harder = dict(
        zip(
            (id(one) for one, _ in every),
            _in_harder([one.batch for one, _ in every], [agreed for _, agreed in every]),
            strict=True,
        )
    )
    flags: Flags = {person: [] for person in looked_at}
    likely: dict[Hashable, list[float]] = {}
    for person, found in rows.items():
        fresh = [row for row in found if row[0].fresh]
        given = sum(answers[at].fresh and not comparing.stands_alone(at) for at in mine[person])
        if len(fresh) >= LEAST_ANSWERS and experienced >= LEAST_PEOPLE and _tells_nothing(fresh, usual):
            agreed, chance = (sum(part) / len(fresh) for part in ([row[1] for row in fresh], [row[2] for row in fresh]))
            flags[person].append(Flag(FlagKind.CLICKING, len(fresh), agreed, chance, given))
        likely[person] = [agreed for one, agreed, _ in fresh if not harder[id(one)]]
    _add_drift(flags, likely)
    return flags


_Row = tuple[Compared, float, float]
"""An answer, how much it agrees with what is said of its item, and how much with what is said of others."""


def _compare(comparing: Comparing, at: int, draw: random.Random) -> _Row | None:
    """None for an answer that stands alone."""
    answers, one = comparing.answers, comparing.answers[at]
    drawn = [answers[draw.randrange(len(answers))] for _ in range(BY_CHANCE)]
    unlike = [other.answer for other in drawn if other.item != one.item and other.person != one.person]
    if not unlike:
        return None
    agreed = comparing.with_others(at) if one.gold is None else [comparing.agreement(one.answer, one.gold)]
    if not agreed:
        return None
    chance = [comparing.agreement(one.answer, other) for other in unlike]
    return one, sum(agreed) / len(agreed), sum(chance) / len(chance)


def _usual_gains(rows: Sequence[_Row]) -> dict[Hashable, float]:
    """Agreement above chance that is usual in each batch: the mean of its answers."""
    gains: dict[Hashable, list[float]] = defaultdict(list)
    for one, agreed, chance in rows:
        gains[one.batch].append(agreed - chance)
    return {batch: sum(found) / len(found) for batch, found in gains.items()}


def _tells_nothing(rows: Sequence[_Row], usual: Mapping[Hashable, float]) -> bool:
    """Whether somebody surely tells less than LITTLE of what is usual in the same batches."""
    wanted = np.array([usual[one.batch] for one, _, _ in rows])
    gained = np.array([agreed - chance for _, agreed, chance in rows])
    lacking = gained - LITTLE * wanted
    error = float(lacking.std(ddof=1)) / len(rows) ** 0.5
    return bool(wanted.mean() >= LEAST_USUAL and float(lacking.mean()) + DOUBT * error < 0.0)
