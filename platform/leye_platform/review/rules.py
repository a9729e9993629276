"""What a reviewer may decide, and the states of a review. Pure."""

import hashlib
from collections.abc import Iterable
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from leye_platform.errors import N_

# Nobody is hurried: a review stays with its reviewer this long before another may be asked.
HOLD = timedelta(hours=20)
LONGEST_COMMENT = 1000  # characters


class ReviewState(StrEnum):
    OPEN = "open"
    HELD = "held"
    SETTLED = "settled"
    PUT_BACK = "put_back"
    WITHDRAWN = "withdrawn"


UNSETTLED = (ReviewState.OPEN, ReviewState.HELD)
"""What waits for a reviewer, whether one has it in hand or not."""
_R = ReviewState
REVIEW_MOVES: dict[ReviewState, frozenset[ReviewState]] = {
    _R.OPEN: frozenset({_R.HELD, _R.WITHDRAWN}),
    _R.HELD: frozenset({_R.SETTLED, _R.PUT_BACK, _R.WITHDRAWN}),
    _R.SETTLED: frozenset(),
    _R.PUT_BACK: frozenset(),
    _R.WITHDRAWN: frozenset(),
}


UNSETTLED_STATES = (_R.OPEN, _R.HELD)


class ReviewCause(StrEnum):
    """Why a micro-task came to review. part_unusable: it is a part of an item, and a reviewer found it unusable.
    gold_doubted: it was decided and served as gold, and most answers to it said something else."""

    UNSURE = "unsure"
    CHECK = "check"
    SKIPPED = "skipped"
    PART_UNUSABLE = "part_unusable"
    GOLD_DOUBTED = "gold_doubted"


class FlagOutcome(StrEnum):
    """What came of a look at somebody's answers: practice was agreed on, a talk was enough, nothing was wrong."""

    PRACTISE = "practise"
    TALKED = "talked"
    FINE = "fine"


class Verdict(StrEnum):
    ACCEPT = "accept"
    FIX = "fix"
    SEND_BACK = "send_back"
    UNUSABLE = "unusable"


class DecisionMethod(StrEnum):
    CONSENSUS = "consensus"
    SINGLE = "single"
    REVIEW = "review"


class Reason(StrEnum):
    """Why a reviewer decided so; authors read it beside their answer."""

    FITS_GUIDE = "fits_guide"
    WRONG_LABEL = "wrong_label"
    MISREAD_GUIDE = "misread_guide"
    GUIDE_UNCLEAR = "guide_unclear"
    GUIDE_CHANGED = "guide_changed"
    UNREADABLE = "unreadable"
    OFF_TOPIC = "off_topic"
    OTHER = "other"


REASONS: dict[Verdict, tuple[Reason, ...]] = {
    Verdict.ACCEPT: (Reason.FITS_GUIDE, Reason.OTHER),
    Verdict.FIX: (Reason.WRONG_LABEL, Reason.MISREAD_GUIDE, Reason.GUIDE_UNCLEAR, Reason.OTHER),
    Verdict.SEND_BACK: (Reason.MISREAD_GUIDE, Reason.WRONG_LABEL, Reason.GUIDE_CHANGED, Reason.OTHER),
    Verdict.UNUSABLE: (Reason.UNREADABLE, Reason.OFF_TOPIC, Reason.OTHER),
}

REASON_WORDS: dict[Reason, str] = {
    Reason.FITS_GUIDE: N_("符合标注规范"),
    Reason.WRONG_LABEL: N_("选错了标签"),
    Reason.MISREAD_GUIDE: N_("规范理解有偏差"),
    Reason.GUIDE_UNCLEAR: N_("规范没写清楚"),
    Reason.GUIDE_CHANGED: N_("规范改了"),
    Reason.UNREADABLE: N_("内容读不出来"),
    Reason.OFF_TOPIC: N_("内容和项目无关"),
    Reason.OTHER: N_("其他，见说明"),
}


def reason_fits(verdict: Verdict, reason: Reason, comment: str) -> bool:
    """Whether a reason may stand beside a verdict; "other" wants words of its own."""
    return reason in REASONS[verdict] and (reason is not Reason.OTHER or bool(comment.strip()))


def pseudonyms(batch_id: UUID, people: Iterable[UUID]) -> dict[UUID, str]:
    """A name like A17 for each author, the same all through a batch and telling nothing outside it.

    Two authors of one item never share one: the later of the two (by hash) moves on by one.
    """
    wanted = {person: hashlib.sha256(batch_id.bytes + person.bytes).digest() for person in people}
    names: dict[UUID, str] = {}
    for person in sorted(wanted, key=lambda one: wanted[one]):
        number = int.from_bytes(wanted[person][:4], "big") % 2600
        while (name := f"{chr(65 + number // 100)}{number % 100:02}") in names.values():
            number = (number + 1) % 2600
        names[person] = name
    return names
