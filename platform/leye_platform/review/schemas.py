"""What the review API takes and gives."""

from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from leye_platform.review.queries import ReviewView
from leye_platform.review.rules import LONGEST_COMMENT, Reason, ReviewCause, ReviewState, Verdict


class AnswerOut(BaseModel):
    """One answer, blind: `author` is a pseudonym of this batch. `result`: Label Studio regions.

    `guide_version`: the version of the guide that it follows.
    """

    response_id: UUID
    author: str
    words: str
    result: list[dict[str, Any]]
    guide_version: int


class ReviewOut(BaseModel):
    """One review with its item and answers."""

    id: UUID
    state: ReviewState
    cause: ReviewCause
    project: UUID
    title: str
    task_type: str
    task: dict[str, Any]
    answers: list[AnswerOut]

    @classmethod
    def of(cls, shown: ReviewView) -> "ReviewOut":
        return cls(
            id=shown.review.id,
            state=shown.review.state,
            cause=shown.review.cause,
            project=shown.project.id,
            title=shown.project.title,
            task_type=shown.project.task_type,
            task=shown.view,
            answers=[
                AnswerOut(
                    response_id=a.response_id,
                    author=a.author,
                    words=a.words,
                    result=a.result,
                    guide_version=a.guide_version,
                )
                for a in shown.answers
            ],
        )


class SettleIn(BaseModel):
    """A verdict. `accept` names the response in `chosen`; `fix` gives `result` (Label Studio regions)."""

    verdict: Verdict
    reason: Reason
    comment: str = Field(default="", max_length=LONGEST_COMMENT)
    chosen: UUID | None = None
    result: list[dict[str, Any]] | None = None
