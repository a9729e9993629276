"""Which single answers a reviewer looks at too. Pure."""

import hashlib
from collections.abc import Iterable
from uuid import UUID

NEW_UNTIL = 20
NEW_FACTOR = 3
NEW_LEAST = 0.2


def share_to_check(check_share: float, *, answers: int) -> float:
    """The share of a person's answers that go to a reviewer, after `answers` answers in the project.

    People with few answers are looked at more closely, unless the project checks nobody.
    """
    if check_share == 0 or answers >= NEW_UNTIL:
        return check_share
    return min(1.0, max(check_share * NEW_FACTOR, NEW_LEAST))


def mean_share_to_check(check_share: float, items: int, people: Iterable[tuple[int, float]]) -> float:
    """The share of a batch's answers that will go to a reviewer: some of its people may be new in the project.

    people: what each has answered before, and their share of the batch, 0 to 1; the shares sum to 1.
    """
    expected = 0.0
    for answers, share in people:
        theirs = share * items
        while_new = min(float(max(NEW_UNTIL - answers, 0)), theirs)
        expected += while_new * share_to_check(check_share, answers=answers) + (theirs - while_new) * check_share
    return expected / items


def check_due(microtask_id: UUID, round_: int, share: float) -> bool:
    """Whether this micro-task falls into the share; a hash draws, so a repeated request draws the same."""
    digest = hashlib.sha256(f"check:{microtask_id}:{round_}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64 < share
