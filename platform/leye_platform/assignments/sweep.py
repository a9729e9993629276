"""The rare, bounded look behind the cursors: what a claim passed over for the moment is found again.

It is run only when nothing lies beyond the cursors. A pass that is too long for one claim goes on at the
next, from where it stopped; "no tasks" is said only when the pass has come to its end in every lane.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, case, func, select
from sqlalchemy.orm import Session

from leye_platform.assignments.core_tables import OPEN, slots
from leye_platform.assignments.lanes import Claimant, LaneKey, LaneState, TakenSlot, suits, take
from leye_platform.assignments.rules import Lane

WINDOW = 300
WINDOWS_A_CLAIM = 10


@dataclass(slots=True)
class Swept:
    """What a sweep came to. `complete`: the pass has seen every open slot behind the cursors."""

    taken: TakenSlot | None = None
    complete: bool = True
    moved: dict[LaneKey, int] = field(default_factory=dict)


@cache
def _look_behind(whole: bool) -> Select[*tuple[Any, ...]]:
    window = (
        select(slots)
        .where(
            slots.c.state == OPEN,
            slots.c.batch_id == bindparam("batch"),
            slots.c.lane == bindparam("lane"),
            slots.c.position > bindparam("after"),
            slots.c.position <= bindparam("until"),
        )
        .order_by(slots.c.position)
        .limit(WINDOW)
        .subquery("passed")
    )
    return select(
        func.min(case((suits(window, whole), window.c.position))),
        func.max(window.c.position),
        func.count(),
    )


def sweep(session: Session, who: Claimant, lanes: Sequence[LaneState]) -> Swept:
    """Look for a slot behind the cursors of `lanes`; at most WINDOWS_A_CLAIM windows of WINDOW slots."""
    swept = Swept()
    windows = WINDOWS_A_CLAIM
    for lane in lanes:
        if lane.lane is Lane.GOLD or lane.last is None:
            continue
        after = lane.swept
        while after < lane.cursor:
            if windows == 0:
                swept.complete = False
                return swept
            windows -= 1
            parameters = who.bound(batch=lane.batch_id, lane=lane.lane, after=after, until=lane.cursor)
            found, end, seen = session.execute(_look_behind(who.whole), parameters).one()
            if found is not None:
                swept.moved[lane.key] = found
                swept.taken = take(session, who, lane.batch_id, lane.lane, found)
                swept.complete = swept.taken is not None
                return swept
            after = lane.cursor if seen < WINDOW else end
            swept.moved[lane.key] = after
    swept.moved = {lane.key: 0 for lane in lanes}  # the next pass begins anew
    return swept
