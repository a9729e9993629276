"""What the API of lots takes and gives."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

from leye_platform.delivery.quality_figures import ClassFigures, Quality
from leye_platform.delivery.queries import LotView
from leye_platform.delivery.rules import LotState
from leye_quality.agreement import Interval
from leye_quality.estimate import Basis


class LotFile(BaseModel):
    """A file of the delivered labels. `url` works without signing in, for a quarter of an hour."""

    format: str
    url: str


class LotOut(BaseModel):
    """A lot. `amount_minor`: what the partner pays for what is in it now, in minor units; `unit_price` is exact.

    `class_names`: what its files call a class, where that is not the name in the label config.
    """

    id: UUID
    number: int
    name: str
    sequence: int
    state: LotState
    project: UUID
    batch: UUID
    items: int
    items_sent_back: int
    quantity: str
    unit: str
    unit_price: str | None
    amount_minor: int | None
    currency: str
    created_at: datetime
    delivered_at: datetime | None
    accept_by: datetime | None
    settled_at: datetime | None
    reason: str | None
    invoice: UUID | None
    files: list[LotFile]
    class_names: dict[str, str]

    @classmethod
    def of(cls, shown: LotView, files: dict[str, str]) -> "LotOut":
        """files: the signed URL by format."""
        lot = shown.lot
        return cls(
            id=lot.id,
            number=lot.number,
            name=shown.name,
            sequence=lot.sequence,
            state=lot.state,
            project=lot.project_id,
            batch=lot.batch_id,
            items=shown.included,
            items_sent_back=shown.sent_back,
            quantity=format(shown.quantity, "f"),
            unit=shown.project.unit,
            unit_price=None if shown.unit_price is None else format(shown.unit_price, "f"),
            amount_minor=shown.amount_minor,
            currency=shown.project.currency,
            created_at=lot.created_at,
            delivered_at=lot.delivered_at,
            accept_by=lot.accept_by,
            settled_at=lot.settled_at,
            reason=lot.reason,
            invoice=shown.invoice_id,
            files=[LotFile(format=name, url=url) for name, url in files.items()],
            class_names=lot.class_names,
        )


class IntervalOut(BaseModel):
    """A value with its 95 % interval; `cases` is what it rests on."""

    value: float
    low: float
    high: float
    cases: int

    @classmethod
    def of(cls, found: Interval | None) -> "IntervalOut | None":
        """None where there is none."""
        if found is None:
            return None
        return cls(value=found.value, low=found.low, high=found.high, cases=found.cases)


class ClassQualityOut(BaseModel):
    """One class. `delivered`: how often; `items`: in how many items, of what mean confidence.

    `agreement`: of the answers where they or the delivery hold the class, how far they agree with it (0 to 1).
    """

    name: str
    delivered: int
    items: int
    mean_confidence: float | None
    answers: int
    agreement: float | None

    @classmethod
    def of(cls, name: str, found: ClassFigures, *, confirmed: bool) -> "ClassQualityOut":
        """confirmed: whether several people answer each task."""
        return cls(
            name=name,
            delivered=found.delivered,
            items=found.items,
            mean_confidence=found.mean_confidence if confirmed and found.items else None,
            answers=found.answers,
            agreement=found.agreement if confirmed and found.answers else None,
        )


class ConfusionOut(BaseModel):
    """How many answers said `answered` where `delivered` was delivered."""

    delivered: str
    answered: str
    answers: int


class QualityOut(BaseModel):
    """A quality report. Shares are 0 to 1; `accuracy` is an estimate, null without items, and `basis` says from what.

    `pair_agreement`: how much two answers to one task agree; `beyond_chance`: the same beyond chance (1 perfect, 0
    chance). `answers_saved`: the share of the answers that the limit for each task would have taken; null where it is
    one. `checked`: answers drawn at random for a reviewer, of which `checked_right` needed no change.
    `compared`: items, drawn at random where there are many, whose answers are in agreement and confusion. Where one
    person answers each task, confidence and agreement are null: nobody has confirmed the answer.
    """

    items: int
    accuracy: IntervalOut | None
    basis: Basis | None
    checked: int
    checked_right: int
    reviewed: int
    mean_confidence: float | None
    answers: int
    answers_saved: float | None
    compared: int
    agreement: float | None
    pair_agreement: IntervalOut | None
    beyond_chance: IntervalOut | None
    guide_versions: list[int]
    classes: list[ClassQualityOut]
    confusion: list[ConfusionOut]
    verdicts: dict[str, int]

    @classmethod
    def of(cls, found: Quality) -> "QualityOut":
        return cls(
            items=found.items,
            accuracy=IntervalOut.of(found.accuracy.share if found.accuracy else None),
            basis=found.accuracy.basis if found.accuracy else None,
            checked=found.checked,
            checked_right=found.found_right,
            reviewed=found.reviewed,
            mean_confidence=found.mean_confidence if found.several else None,
            answers=found.answers,
            answers_saved=found.answers_saved,
            compared=found.compared,
            agreement=found.agreement if found.several else None,
            pair_agreement=IntervalOut.of(found.likeness),
            beyond_chance=IntervalOut.of(found.beyond_chance),
            guide_versions=sorted(found.guides),
            classes=[
                ClassQualityOut.of(name, one, confirmed=found.several) for name, one in sorted(found.classes.items())
            ],
            confusion=[
                ConfusionOut(delivered=delivered, answered=answered, answers=count)
                for (delivered, answered), count in sorted(found.confusion.items())
            ],
            verdicts={verdict.value: count for verdict, count in found.verdicts.items()},
        )


class SendBackIn(BaseModel):
    """`items`: ids of single items, or null for the whole lot."""

    items: list[UUID] | None = Field(default=None, min_length=1)
    reason: str = Field(max_length=1000)
