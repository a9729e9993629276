"""When to stop asking: sure enough, out of budget, contradictory, or one more answer. Pure."""

from enum import StrEnum


class NextStep(StrEnum):
    DECIDE = "decide"
    ASK_MORE = "ask_more"
    REVIEW = "review"


def next_step(
    confidence: float,
    *,
    answers: int,
    wanted: int,
    limit: int,
    enough: float,
    pending: int = 0,
    contradictory: bool = False,
) -> NextStep | None:
    """What follows from `answers` given so far, with `pending` slots still open or held.

    wanted: answers that every micro-task gets at least. enough: the confidence that decides. None: wait for the
    answers already asked for. Below the limit an unsure micro-task gets one more; at the limit it goes to review.
    So does a contradictory one, sure or not: more answers would only enlarge the two camps.
    """
    contradicted = contradictory and answers >= wanted
    if answers >= wanted and confidence >= enough and not contradicted:
        return NextStep.DECIDE
    if pending > 0:
        return None
    return NextStep.REVIEW if contradicted or answers >= limit else NextStep.ASK_MORE
