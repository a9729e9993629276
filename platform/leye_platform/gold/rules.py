"""When a decided item serves as gold, how much of it is kept in stock, and when it has served. Pure."""

from collections.abc import Collection, Mapping
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from leye_platform.errors import N_

WANTED = 30
"""So many gold items that they have not seen should wait for everybody at work in a project."""
MOST_IN_USE = 200
STEP = 50
"""So many are taken into use, and out of it, in one run of the job."""
WORN_AFTER = 50
"""Shown to so many people, an item may be known by word of mouth."""

ACTIVE = timedelta(days=14)
PACE = timedelta(days=7)
LOOK_EVERY = timedelta(hours=1)

SURE = 0.99
LEAST_VOUCHERS = 3
VOUCHER_ANSWERS, VOUCHER_RIGHT = 10, 0.8
"""Who vouches for an item that no reviewer has settled: so many gold answers of their own, such a share right."""
DOUBT_VOUCHERS, DOUBT_ANSWERS = 3, 6


class Retired(StrEnum):
    """Why a decided item serves as gold no more."""

    WORN = "worn"
    CHANGED = "changed"
    DOUBTED = "doubted"
    GONE = "gone"
    OLD_GUIDE = "old_guide"


RETIRED_WORDS: dict[Retired, str] = {
    Retired.WORN: N_("做过的人已经很多"),
    Retired.CHANGED: N_("条目的结论变了"),
    Retired.DOUBTED: N_("多数人的答案和结论不同"),
    Retired.GONE: N_("所在批次取消了，或者数据要删除"),
    Retired.OLD_GUIDE: N_("是按以前的规范定的"),
}


def vouches(gold_answers: int, gold_right: int) -> bool:
    """Whether somebody's record with gold is good enough for their word on an item that no reviewer has settled."""
    return gold_answers >= VOUCHER_ANSWERS and gold_right >= VOUCHER_RIGHT * gold_answers


def doubted(right: Mapping[UUID, bool], vouchers: Collection[UUID]) -> bool:
    """Whether the truth of an item is to be looked at. right: by person, whether their answer says the same.

    Of those whose word counts most differ; or, whoever they are, more than two in three do.
    """
    heard = [same for person, same in right.items() if person in vouchers]
    if len(heard) >= DOUBT_VOUCHERS and sum(heard) * 2 < len(heard):
        return True
    wrong = len(right) - sum(right.values())
    return len(right) >= DOUBT_ANSWERS and wrong * 3 > len(right) * 2


def worn(shown_to: int) -> bool:
    """Whether so many people have had an item that others may know it from them."""
    return shown_to >= WORN_AFTER


def chosen_for(unseen: Mapping[UUID, int], known_by: Mapping[UUID, Collection[UUID]], at_most: int) -> list[UUID]:
    """Which candidates to take into use, so that everybody has WANTED unseen, or as near to it as can be.

    unseen: by person, how many wait for them now. known_by: by candidate, in order of preference, who may not have it.
    """
    left = {person: WANTED - count for person, count in unseen.items() if count < WANTED}
    taken: list[UUID] = []
    # First those that serve most of the people who need more; a stable sort keeps the order of preference.
    for task in sorted(known_by, key=lambda task: len(left.keys() & set(known_by[task]))):
        served = [person for person in left if person not in known_by[task] and left[person] > 0]
        if not served:
            continue
        if len(taken) >= at_most:
            break
        taken.append(task)
        for person in served:
            left[person] -= 1
    return taken


def days_left(unseen: Mapping[UUID, int], a_day: Mapping[UUID, float]) -> float | None:
    """In how many days the first of these people has seen all; None while nobody answers gold."""
    lasts = [unseen[person] / a_day[person] for person in unseen if a_day.get(person, 0) > 0]
    return min(lasts, default=None)
