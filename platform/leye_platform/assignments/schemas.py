"""What the API of work takes and gives."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from leye_platform.assignments.rules import MOST_HELD, AssignmentState, InputMode, SkipReason

DAY_MS = 24 * 60 * 60 * 1000


def storable(result: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Refuse what no database keeps as JSON: NUL, half a surrogate pair, a number of more than 64 bits."""
    try:
        written = orjson.dumps(result)
    except TypeError as unwritable:
        raise ValueError(str(unwritable)) from None
    if b"\\u0000" in written.replace(b"\\\\", b""):
        raise ValueError("NUL in a text")
    return result


class ClaimIn(BaseModel):
    """`project`: a project's id or number, to be given tasks of that project only.

    `count`: hold so many tasks at once, each under its own lease; the answer is then a list. Near the end of a project
    there are fewer.
    """

    model_config = ConfigDict(extra="forbid")
    project: UUID | int | None = None
    count: int | None = Field(default=None, ge=1, le=MOST_HELD)


class ReleaseIn(BaseModel):
    """`project`: a project's id or number, to give back tasks of that project only."""

    model_config = ConfigDict(extra="forbid")
    project: UUID | int | None = None


class Measured(BaseModel):
    """`active_ms`: active time since the lease began, in all, in milliseconds, as the page measured it."""

    model_config = ConfigDict(extra="forbid")
    active_ms: int | None = Field(default=None, ge=0, le=30 * DAY_MS)


class HeartbeatIn(Measured):
    """A sign of life."""


class DraftIn(Measured):
    """The answer so far, in Label Studio's result format; it need not be complete."""

    result: Annotated[list[dict[str, Any]], AfterValidator(storable)] = Field(max_length=10_000)


class ResponseIn(DraftIn):
    """The answer. `input_mode` is kept sealed and serves pay by effort alone."""

    input_mode: InputMode | None = None


class CorrectionIn(BaseModel):
    """The answer as it should have been, whole. The measured time stays that of the first submission."""

    model_config = ConfigDict(extra="forbid")
    result: Annotated[list[dict[str, Any]], AfterValidator(storable)] = Field(max_length=10_000)


class SkipIn(BaseModel):
    """Why the task is passed on."""

    model_config = ConfigDict(extra="forbid")
    reason: SkipReason
    comment: str = Field(default="", max_length=500)


class ProjectOut(BaseModel):
    id: UUID
    number: int
    title: str


class BatchOut(BaseModel):
    id: UUID
    number: int
    name: str


class GuideOut(BaseModel):
    id: UUID
    version: int


class TaskOut(BaseModel):
    """What is to be answered: its data, and the label config that says how."""

    id: UUID
    type: str
    data: dict[str, Any]
    label_config: str


class DraftOut(BaseModel):
    result: list[Any]
    saved_at: datetime


class ProposalOut(BaseModel):
    """What a model said beforehand, to be checked; `result` is a whole answer."""

    result: list[Any]
    model_version: str | None
    score: float | None


class AssignmentOut(BaseModel):
    """An assignment. Pay for a late answer is the same; `state` tells whether the lease still runs.

    `proposal`: null where there is none, or where this answer is wanted without one.
    """

    assignment_id: UUID
    state: AssignmentState
    round: int
    lease_expires_at: datetime
    task: TaskOut
    proposal: ProposalOut | None
    project: ProjectOut
    batch: BatchOut
    guide: GuideOut
    draft: DraftOut | None
    result: list[Any] | None


class ResponseOut(BaseModel):
    """A stored response. `late`: the lease had run out; it is paid and counted all the same."""

    response_id: UUID
    assignment_id: UUID
    state: AssignmentState
    late: bool
    pay_micros: int
    currency: str
    submitted_at: datetime


class CorrectionOut(BaseModel):
    """A corrected response. `submitted_at` is the first submission's; its pay is what it was."""

    response_id: UUID
    assignment_id: UUID
    submitted_at: datetime
    corrected_at: datetime | None


class DraftSaved(BaseModel):
    assignment_id: UUID
    saved_at: datetime
    state: AssignmentState


class LeaseOut(BaseModel):
    """How the lease stands. `sentence` says what it means where it has ended."""

    assignment_id: UUID
    state: AssignmentState
    lease_expires_at: datetime
    sentence: str


class ReleasedOut(BaseModel):
    """The assignments that were given back."""

    released: list[UUID]


class EndedOut(BaseModel):
    assignment_id: UUID
    state: AssignmentState
