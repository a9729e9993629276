"""Pipelines, prices by date, and the states of batches and items. Pure."""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Literal, Protocol, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from leye_platform.errors import N_
from leye_platform.projects import errors

LONGEST_EXTERNAL_ID = 200
LONGEST_SOURCE_KEY = 300
LONGEST_TITLE = 200
LONGEST_GUIDE = 200_000
USUAL_WEIGHT = 2
MOST_WEIGHT = 100
MOST_PRIORITY = 3


def storable_text(text: str) -> str:
    """The text without what no database keeps: NUL, and half a surrogate pair as JSON can carry it."""
    return text.replace("\x00", "").encode("utf-8", "ignore").decode()


def one_line(text: str) -> str:
    """A name as it is kept: one line, single spaces, nothing that cannot be shown."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in storable_text(text)).split())


class BatchPurpose(StrEnum):
    TRIAL = "trial"
    PRODUCTION = "production"


class BatchState(StrEnum):
    UPLOADING = "uploading"
    INGESTING = "ingesting"
    READY = "ready"
    OPEN = "open"
    CLOSED = "closed"
    FAILED = "failed"
    PAUSED = "paused"
    CANCELLED = "cancelled"


_B = BatchState
BATCH_MOVES: dict[BatchState, frozenset[BatchState]] = {
    _B.UPLOADING: frozenset({_B.INGESTING, _B.FAILED, _B.CANCELLED}),
    _B.INGESTING: frozenset({_B.READY, _B.FAILED, _B.CANCELLED}),
    _B.READY: frozenset({_B.OPEN, _B.CANCELLED}),
    _B.OPEN: frozenset({_B.PAUSED, _B.CLOSED, _B.CANCELLED}),
    _B.PAUSED: frozenset({_B.OPEN, _B.CANCELLED}),
    _B.FAILED: frozenset({_B.UPLOADING, _B.CANCELLED}),
    _B.CLOSED: frozenset({_B.OPEN}),
    _B.CANCELLED: frozenset(),
}

APPENDABLE = frozenset({_B.READY, _B.OPEN, _B.PAUSED})
_NOT_APPENDABLE: dict[BatchState, type[errors.AdditionRefused]] = {
    _B.UPLOADING: errors.AdditionBeforeFile,
    _B.INGESTING: errors.AdditionWhileReading,
    _B.FAILED: errors.AdditionToFailed,
    _B.CLOSED: errors.AdditionToClosed,
    _B.CANCELLED: errors.AdditionToCancelled,
}


def check_appendable(state: BatchState) -> None:
    """Whether a batch in this state takes a further file. Raises the kinds of AdditionRefused."""
    if state not in APPENDABLE:
        raise _NOT_APPENDABLE[state]


class DataState(StrEnum):
    """Whether a batch still has its content: kept, being erased by a job, or gone for good (retention/)."""

    KEPT = "kept"
    ERASING = "erasing"
    ERASED = "erased"


DATA_MOVES: dict[DataState, frozenset[DataState]] = {
    DataState.KEPT: frozenset({DataState.ERASING}),
    DataState.ERASING: frozenset({DataState.ERASED}),
    DataState.ERASED: frozenset(),
}


class AdditionState(StrEnum):
    UPLOADING = "uploading"
    READING = "reading"
    READ = "read"
    FAILED = "failed"


_A = AdditionState
ADDITION_MOVES: dict[AdditionState, frozenset[AdditionState]] = {
    _A.UPLOADING: frozenset({_A.READING}),
    _A.READING: frozenset({_A.READ, _A.FAILED}),
    _A.READ: frozenset(),
    _A.FAILED: frozenset(),
}


class ItemState(StrEnum):
    WAITING = "waiting"
    WORKING = "working"
    REVIEW = "review"
    DECIDED = "decided"
    DELIVERED = "delivered"
    ACCEPTED = "accepted"
    REWORK = "rework"
    UNUSABLE = "unusable"
    WITHDRAWN = "withdrawn"


_I = ItemState
ITEM_MOVES: dict[ItemState, frozenset[ItemState]] = {
    _I.WAITING: frozenset({_I.WORKING, _I.REVIEW, _I.WITHDRAWN}),
    _I.WORKING: frozenset({_I.REVIEW, _I.DECIDED, _I.UNUSABLE, _I.WITHDRAWN}),
    _I.REVIEW: frozenset({_I.WORKING, _I.REWORK, _I.DECIDED, _I.UNUSABLE, _I.WITHDRAWN}),
    _I.DECIDED: frozenset({_I.DELIVERED, _I.REWORK, _I.REVIEW, _I.WORKING}),  # WORKING: an answer was corrected
    _I.DELIVERED: frozenset({_I.ACCEPTED, _I.REWORK}),
    _I.ACCEPTED: frozenset(),
    _I.REWORK: frozenset({_I.WORKING, _I.REVIEW, _I.DECIDED, _I.UNUSABLE, _I.WITHDRAWN}),
    _I.UNUSABLE: frozenset({_I.REWORK}),
    _I.WITHDRAWN: frozenset(),
}
FINISHED_ITEMS = frozenset({_I.DECIDED, _I.DELIVERED, _I.ACCEPTED, _I.UNUSABLE, _I.WITHDRAWN})


def item_state_of(parts: Collection[ItemState]) -> ItemState:
    """The state of an item while its parts are worked on, by theirs: with the reviewers as long as one part is."""
    if _I.REVIEW in parts:
        return _I.REVIEW
    states = set(parts)
    return states.pop() if len(states) == 1 else _I.WORKING


class PipelineKind(StrEnum):
    CONSENSUS = "consensus"
    SINGLE_CHECK = "single_check"


class PaidWork(StrEnum):
    """What a pay rate is for."""

    ANNOTATE = "annotate"
    REVIEW = "review"


class Pipeline(BaseModel):
    """How a project's items become decisions, read from `project.pipeline`.

    consensus: answers grow from `start` to `limit` until the posterior reaches `confidence`.
    single_check: one answer decides; `check_share` of them go to a reviewer as well.
    gold_share: the share of tasks handed out that are gold items, while there are any.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: PipelineKind = PipelineKind.CONSENSUS
    start: Literal[1, 2] = Field(default=2, alias="overlap_start")
    limit: int = Field(default=5, ge=1, le=15, alias="overlap_limit")
    confidence: float = Field(default=0.9, ge=0.5, le=0.999)
    check_share: float = Field(default=0.1, ge=0, le=1)
    gold_share: float = Field(default=0.05, ge=0, le=0.5)

    @model_validator(mode="after")
    def _start_within_limit(self) -> Self:
        if self.kind is PipelineKind.CONSENSUS and self.start > self.limit:
            raise ValueError("overlap_start must not be above overlap_limit")
        return self

    def overlap_start(self) -> int:
        """How many answers a micro-task asks for at first."""
        return 1 if self.kind is PipelineKind.SINGLE_CHECK else self.start

    def overlap_limit(self) -> int:
        """How many answers a micro-task may ask for at most."""
        return 1 if self.kind is PipelineKind.SINGLE_CHECK else self.limit

    def stored(self) -> dict[str, object]:
        """As it stands in `project.pipeline`; only the fields that its kind uses."""
        used = {
            PipelineKind.CONSENSUS: {"kind", "start", "limit", "confidence", "gold_share"},
            PipelineKind.SINGLE_CHECK: {"kind", "check_share", "gold_share"},
        }[self.kind]
        return self.model_dump(mode="json", by_alias=True, include=used)


_PIPELINE_SENTENCES = {
    "overlap_start": N_("起始人数只能是 1 或 2。"),
    "overlap_limit": N_("最多人数在 1 到 15 之间，不能少于起始人数。"),
    "confidence": N_("置信度在 50% 到 99.9% 之间。"),
    "check_share": N_("抽查比例在 0% 到 100% 之间。"),
    "gold_share": N_("标准题比例在 0% 到 50% 之间。"),
    "pipeline": N_("没有这种流程，或者流程里有不认识的设置。"),
}


def problems_of_pipeline(given: Mapping[str, object], translate: Callable[[str], str] = str) -> dict[str, str]:
    """A sentence for each setting out of bounds, by its name; `pipeline` for what is no setting at all."""
    try:
        Pipeline.model_validate(given)
    except ValidationError as error:
        # The only rule that joins two settings is told at the limit.
        names = [str(found["loc"][0]) if found["loc"] else "overlap_limit" for found in error.errors()]
        told = [name if name in _PIPELINE_SENTENCES else "pipeline" for name in names]
        return {name: translate(_PIPELINE_SENTENCES[name]) for name in told}
    return {}


class Dated(Protocol):
    """A row with a date of effect."""

    @property
    def valid_from(self) -> datetime: ...


Rate = TypeVar("Rate", bound=Dated)


def rate_on(rates: Iterable[Rate], moment: datetime) -> Rate | None:
    """The row in force at `moment`: the latest that began at or before it. None where none had begun."""
    begun = [rate for rate in rates if rate.valid_from <= moment]
    return max(begun, key=lambda rate: rate.valid_from, default=None)


def rate_that_binds(rates: Collection[Rate], opened: datetime) -> Rate | None:
    """The row in force when a batch was opened; of one that was opened before there was any, the first."""
    return rate_on(rates, opened) or min(rates, key=lambda rate: rate.valid_from, default=None)
