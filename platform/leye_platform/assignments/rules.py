"""Leases, lanes, gold, and the states of slots and assignments. Pure."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from leye_platform.errors import N_

# People who answer with one switch need many times longer; nobody is asked in their place meanwhile.
SWITCH_LEASE = timedelta(hours=20)
REWORK_RESERVED = timedelta(hours=24)

GOLD_AFTER_ANSWERS = 3
GOLD_OFTEN_UNTIL = 30
GOLD_FACTOR_NEW = 2.0
MOST_GOLD = 0.3
"""Nobody's share of gold is raised above this."""

MOST_HELD = 20
"""So many tasks one person may hold at once."""
LARGEST_PART = 10
"""Of what is left of a project, one person who claims several at once holds a tenth at most, or one task."""

GOLD_ROUND = 0
"""The round of answers to a decided item that serves as gold (gold/): beside those that led to its decision, so that
nothing which looks at a round of the item ever finds them."""

BROUGHT = "import:"
"""How the idempotency key of an answer begins that a file brought along: nobody gave it here."""

REFIT_EVERY = 40
REFIT_SHARE = 20
FIRST_FIT_EVERY = 10


class SlotState(StrEnum):
    OPEN = "open"
    HELD = "held"
    ANSWERED = "answered"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"


_S = SlotState
SLOT_MOVES: dict[SlotState, frozenset[SlotState]] = {
    _S.OPEN: frozenset({_S.HELD, _S.RETURNED, _S.WITHDRAWN}),
    _S.HELD: frozenset({_S.ANSWERED, _S.RETURNED}),
    _S.RETURNED: frozenset({_S.ANSWERED}),  # a late answer
    _S.ANSWERED: frozenset(),
    _S.WITHDRAWN: frozenset(),
}


class AssignmentState(StrEnum):
    LEASED = "leased"
    SUBMITTED = "submitted"
    RELEASED = "released"
    EXPIRED = "expired"
    SKIPPED = "skipped"


_A = AssignmentState
ASSIGNMENT_MOVES: dict[AssignmentState, frozenset[AssignmentState]] = {
    _A.LEASED: frozenset({_A.SUBMITTED, _A.RELEASED, _A.EXPIRED, _A.SKIPPED}),
    _A.EXPIRED: frozenset({_A.SUBMITTED}),
    _A.SUBMITTED: frozenset(),
    _A.RELEASED: frozenset(),
    _A.SKIPPED: frozenset(),
}


class Lane(StrEnum):
    """A batch's queues, each an append-only sequence of slots: the urgent one is asked first."""

    URGENT = "urgent"
    NORMAL = "normal"
    GOLD = "gold"


class SkipReason(StrEnum):
    """Why someone passes a task on; it costs the skipper nothing. The reason chooses the route."""

    UNLABELABLE = "unlabelable"
    UNCLEAR_GUIDE = "unclear_guide"
    CANNOT_PERCEIVE = "cannot_perceive"
    UPSETTING = "upsetting"
    OTHER = "other"


SKIP_WORDS: dict[SkipReason, str] = {
    SkipReason.UNLABELABLE: N_("这条没法标：内容坏了、空白，或者和项目无关"),
    SkipReason.UNCLEAR_GUIDE: N_("标注规范没写清楚，不知道选哪个"),
    SkipReason.CANNOT_PERCEIVE: N_("看不清、听不清，或者我的设备打不开"),
    SkipReason.UPSETTING: N_("内容让我不舒服"),
    SkipReason.OTHER: N_("其他原因"),
}


def goes_to_review(reason: SkipReason) -> bool:
    """Whether a skip for this reason asks a reviewer; otherwise somebody else is asked for an answer."""
    return reason is SkipReason.UNLABELABLE


class InputMode(StrEnum):
    """How an answer was entered. Kept sealed: it discloses disability."""

    POINTER = "pointer"
    KEYBOARD = "keyboard"
    SWITCH = "switch"
    SCREEN_READER = "screen_reader"


class ProposalUse(StrEnum):
    """What an answer made of the proposal that its author began from. `kept`: it says the same."""

    NONE = "none"
    KEPT = "kept"
    CHANGED = "changed"


class NoTask(StrEnum):
    """Why there is nothing to hand out just now."""

    NO_OPEN_BATCH = "no-open-batch"
    KEPT_FOR_TEAMS = "kept-for-teams"
    ALL_HELD = "all-held"
    WAITING_FOR_OTHERS = "waiting-for-others"
    ALL_DONE = "all-done"
    STILL_LOOKING = "still-looking"


NO_TASK_WORDS: dict[NoTask, str] = {
    NoTask.NO_OPEN_BATCH: N_("现在没有在做的批次。项目经理开始下一批，这里就有任务。"),
    NoTask.KEPT_FOR_TEAMS: N_("现在在做的批次先留给别的小组做。他们做够了，或者日期到了，就轮到大家。"),
    NoTask.ALL_HELD: N_("剩下的都有人在做。别人退还，或者要再加一个答案，就轮到你。"),
    NoTask.WAITING_FOR_OTHERS: N_("剩下的条目你都做过了，要由别人来做。要再加一个答案的，会随时出现。"),
    NoTask.ALL_DONE: N_("这一批都有答案了。开放下一批，或者有条目要返工，这里就有任务。"),
    NoTask.STILL_LOOKING: N_("还没有找完。过两秒再点一次，就从刚才的地方接着找。"),
}

# Seconds after which asking again makes sense.
RETRY_AFTER: dict[NoTask, int] = {
    NoTask.NO_OPEN_BATCH: 60,
    NoTask.KEPT_FOR_TEAMS: 60,
    NoTask.ALL_HELD: 5,
    NoTask.WAITING_FOR_OTHERS: 5,
    NoTask.ALL_DONE: 30,
    NoTask.STILL_LOOKING: 1,
}


def no_task_reason(
    *,
    open_batches: bool,
    leftovers: bool,
    held_by_others: bool,
    looked_everywhere: bool,
    kept_for_others: bool = False,
) -> NoTask:
    """The reason to give. `leftovers`: open slots exist, though none that suits this person.

    kept_for_others: there are open batches that are other teams' for now.
    """
    if not looked_everywhere:
        return NoTask.STILL_LOOKING
    if not open_batches:
        return NoTask.KEPT_FOR_TEAMS if kept_for_others else NoTask.NO_OPEN_BATCH
    if held_by_others:
        return NoTask.ALL_HELD
    return NoTask.WAITING_FOR_OTHERS if leftovers else NoTask.ALL_DONE


def may_take(wanted: int, *, held: int, left: int) -> int:
    """How many more tasks somebody gets who wants to hold `wanted` at once. left: open slots, as far as it matters.

    Near the end nobody hoards what others could do: of what is left, with what they hold, a tenth; but always one.
    """
    fair = max(1, (left + held) // LARGEST_PART)
    return max(0, min(wanted, MOST_HELD, fair) - held)


def lease_length(lease_minutes: int, *, by_switch: bool) -> timedelta:
    """How long an assignment is kept for its holder between two signs of life."""
    usual = timedelta(minutes=lease_minutes)
    return max(usual, SWITCH_LEASE) if by_switch else usual


def share_of_hash(*parts: UUID | int | str) -> float:
    """A number in [0, 1) drawn by a hash: the same parts give the same number on every machine."""
    digest = hashlib.sha256(":".join(str(part) for part in parts).encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def own_gold_share(gold_share: float, *, answers: int, factor: float | None) -> float:
    """The share of gold among the tasks of somebody who has given `answers` answers in the project.

    Twice the project's for new people, then what a refit has found (`WorkRecord.gold_factor`). It is never raised
    above MOST_GOLD; a project whose own share is higher keeps that.
    """
    if answers < GOLD_OFTEN_UNTIL:
        factor = GOLD_FACTOR_NEW
    wanted = gold_share * (1.0 if factor is None else factor)
    return min(wanted, max(gold_share, MOST_GOLD))


def gold_due(draw: float, *, answers: int, share: float) -> bool:
    """Whether the task after `answers` answers is a gold item. draw: of that task, in [0, 1), foretold by nobody.

    Never among the first three. Each task is drawn for itself, so that nobody can tell gold by its rhythm.
    """
    return answers >= GOLD_AFTER_ANSWERS and draw < share


def refit_due(number: int, *, author_answers: int, fitted_on: int | None) -> bool:
    """Whether this answer (its running number) asks for a refit of skills. fitted_on: how many the last one rested on.

    Every fortieth does, and in a large project one in a twentieth of its answers: each refit reads them all, and all
    refits together then cost what a few do. Before a project's first fit every tenth of a person's answers asks, so
    that small projects learn too.
    """
    if fitted_on is None:
        return number % REFIT_EVERY == 0 or author_answers % FIRST_FIT_EVERY == 0
    return number % max(REFIT_EVERY, fitted_on // REFIT_SHARE) == 0


@dataclass(frozen=True, slots=True)
class ActiveTime:
    """What the page measured so far, in all, and what the platform has counted so far; milliseconds."""

    reported: int | None
    counted: int
    since: datetime

    def to_add(self, now: datetime) -> int:
        """What to count now: what is new, and never more than the time that has passed by the clock."""
        if self.reported is None:
            return 0
        passed = int((now - self.since).total_seconds() * 1000)
        return max(0, min(self.reported - self.counted, passed))
