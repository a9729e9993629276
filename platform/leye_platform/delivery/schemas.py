"""What the API of lots takes and gives."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

from leye_platform.delivery.queries import LotView
from leye_platform.delivery.rules import LotState


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


class SendBackIn(BaseModel):
    """`items`: ids of single items, or null for the whole lot."""

    items: list[UUID] | None = Field(default=None, min_length=1)
    reason: str = Field(max_length=1000)
