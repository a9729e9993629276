"""Tables of projects, guides, prices, batches, items and micro-tasks."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from leye_platform.columns import next_number
from leye_platform.database import Base
from leye_platform.ids import new_id
from leye_platform.projects.rules import (
    USUAL_WEIGHT,
    AdditionState,
    BatchPurpose,
    BatchState,
    DataState,
    ItemState,
    PaidWork,
)

_NOT_GOLD = text("gold_result IS NULL")
_READING = text("state = 'reading'")
_NO_LONGER_KEPT = text("data_state <> 'kept'")
_DATED = text("erase_at IS NOT NULL")
_GOLD = text("gold_labels IS NOT NULL")


class Project(Base):
    """One kind of work for one partner. `pipeline` is data: see projects/rules.py:Pipeline.

    `splitting` is data: see projects/splitting.py:Splitting.
    `class_names` maps a class of the label config to its name in deliveries, where that is another.
    show_proposals: whether an annotator begins from what the partner's model has proposed. put_away_at: when a client
    of Label Studio deleted it; work and books stay, its batches are cancelled. weight: its share of the people who let
    the platform choose what they do next, beside the weights of other projects (assignments/sharing.py).
    retention_days: how long a batch's content stays after all of it is settled; None: until somebody asks.
    gold_looked_at: when its stock of gold was last to be renewed (gold/renew.py).
    """

    __tablename__ = "projects"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[int] = mapped_column(BigInteger, unique=True, default=next_number("projects", "number"))
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), index=True)
    title: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(Text, default="")
    task_type: Mapped[str] = mapped_column(String(64))
    label_config: Mapped[str] = mapped_column(Text)
    class_names: Mapped[dict[str, Any]] = mapped_column(default=dict)
    pipeline: Mapped[dict[str, Any]]
    splitting: Mapped[dict[str, Any]] = mapped_column(default=dict)
    unit: Mapped[str] = mapped_column(String(16), default="item")
    currency: Mapped[str] = mapped_column(String(3), default="CNY")
    lease_minutes: Mapped[int] = mapped_column(default=120)
    accept_days: Mapped[int] = mapped_column(default=7)
    show_proposals: Mapped[bool] = mapped_column(default=False)
    weight: Mapped[int] = mapped_column(default=USUAL_WEIGHT)
    put_away_at: Mapped[datetime | None]
    retention_days: Mapped[int | None]
    gold_looked_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    created_by: Mapped[UUID] = mapped_column(ForeignKey("people.id"))


class GuideVersion(Base):
    """One version of a project's instruction: a text in Markdown, examples, pictures (guides/rules.py:GuideText).

    Never changed once written (the database refuses it). `change` says in a line what is new.
    """

    __tablename__ = "guide_versions"
    __table_args__ = (UniqueConstraint("project_id", "version"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    project_id: Mapped[UUID] = mapped_column(ForeignKey("projects.id"))
    version: Mapped[int]
    body: Mapped[str] = mapped_column(Text)
    examples: Mapped[list[Any]] = mapped_column(default=list)
    pictures: Mapped[list[Any]] = mapped_column(default=list)
    change: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime]
    created_by: Mapped[UUID] = mapped_column(ForeignKey("people.id"))


class PriceCard(Base):
    """What a partner pays per unit, from a date on; an exact decimal in the currency unit."""

    __tablename__ = "price_cards"
    __table_args__ = (UniqueConstraint("project_id", "valid_from"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    project_id: Mapped[UUID] = mapped_column(ForeignKey("projects.id"))
    unit_price: Mapped[Decimal]
    valid_from: Mapped[datetime]
    created_at: Mapped[datetime]
    created_by: Mapped[UUID] = mapped_column(ForeignKey("people.id"))


class PayRate(Base):
    """What one answer (or one review) pays its author, from a date on."""

    __tablename__ = "pay_rates"
    __table_args__ = (UniqueConstraint("project_id", "work", "valid_from"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    project_id: Mapped[UUID] = mapped_column(ForeignKey("projects.id"))
    work: Mapped[PaidWork]
    rate: Mapped[Decimal]
    valid_from: Mapped[datetime]
    created_at: Mapped[datetime]
    created_by: Mapped[UUID] = mapped_column(ForeignKey("people.id"))


class Batch(Base):
    """One upload. `ingest_job` is the outbox row that reads it; its checkpoint tells the progress.

    `rows_in` is all that came in, additions with it; `rows_refused` is about the batch's own files alone.
    proposals_in: how many of its items came with a proposal. proposals_refused: why others could not be used
    (projects/ingest/proposals.py:RefusedProposals).
    read_on_job: the outbox row that reads rows again for which there was no room.
    data_state: whether its content is there. retention_days: as a project's; None: as its project says, 0: until
    somebody asks. erase_at: the day that was announced. legal_hold: why its content must stay, where it must.
    """

    __tablename__ = "batches"
    __table_args__ = (
        # The claim walks the open batches in this order.
        Index("ix_batches_state_priority", "state", "priority", "created_at"),
        Index("ix_batches_project_id_created_at", "project_id", "created_at"),
        # A project's page lists them from the newest.
        Index("ix_batches_project_id_number", "project_id", "number"),
        # How many of a project's batches are in which state.
        Index("ix_batches_project_id_state", "project_id", "state"),
        # What exports and lists leave out.
        Index(
            "ix_batches_no_longer_kept",
            "project_id",
            postgresql_where=_NO_LONGER_KEPT,
            sqlite_where=_NO_LONGER_KEPT,
        ),
        # What falls due.
        Index("ix_batches_erase_at", "erase_at", postgresql_where=_DATED, sqlite_where=_DATED),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[int] = mapped_column(BigInteger, unique=True, default=next_number("batches", "number"))
    project_id: Mapped[UUID] = mapped_column(ForeignKey("projects.id"))
    name: Mapped[str] = mapped_column(String(200))
    purpose: Mapped[BatchPurpose] = mapped_column(default=BatchPurpose.PRODUCTION)
    state: Mapped[BatchState] = mapped_column(default=BatchState.UPLOADING)
    priority: Mapped[int] = mapped_column(default=0)
    deadline: Mapped[datetime | None]
    source_key: Mapped[str | None] = mapped_column(String(300))
    source_name: Mapped[str | None] = mapped_column(String(300))
    rows_in: Mapped[int] = mapped_column(default=0)
    rows_refused: Mapped[int] = mapped_column(default=0)
    proposals_in: Mapped[int] = mapped_column(default=0)
    proposals_refused: Mapped[dict[str, Any]] = mapped_column(default=dict)
    problem: Mapped[str | None] = mapped_column(Text)
    ingest_job: Mapped[UUID | None]
    read_on_job: Mapped[UUID | None]
    data_state: Mapped[DataState] = mapped_column(default=DataState.KEPT)
    retention_days: Mapped[int | None]
    erase_at: Mapped[datetime | None]
    legal_hold: Mapped[str | None] = mapped_column(String(500))
    forecast: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime]
    created_by: Mapped[UUID] = mapped_column(ForeignKey("people.id"))
    opened_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]


class BatchBucket(Base):
    """A partner's own bucket from which a batch is read, in the place of uploaded files; its keys are sealed
    (matching/models.py:SealedKind). The objects stay where they are."""

    __tablename__ = "batch_buckets"

    batch_id: Mapped[UUID] = mapped_column(ForeignKey("batches.id"), primary_key=True)
    endpoint: Mapped[str] = mapped_column(String(300))
    bucket: Mapped[str] = mapped_column(String(63))
    prefix: Mapped[str] = mapped_column(String(900))
    region: Mapped[str] = mapped_column(String(64))
    style: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime]


class Addition(Base):
    """A further file for a batch that was read, numbered within it. `job_id` is the outbox row that reads it.

    In the batch its rows have the numbers after `row_before`, so far to `row_until`; both unknown until it is read.
    `rows_known`: rows that the batch had already, which are neither refused nor added twice.
    """

    __tablename__ = "batch_additions"
    __table_args__ = (
        UniqueConstraint("batch_id", "number"),
        # One file of a batch is read at a time: rows are numbered on from where the one before ended.
        Index("uq_batch_additions_reading", "batch_id", unique=True, postgresql_where=_READING, sqlite_where=_READING),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    batch_id: Mapped[UUID] = mapped_column(ForeignKey("batches.id"))
    number: Mapped[int]
    source_name: Mapped[str] = mapped_column(String(300))
    state: Mapped[AdditionState] = mapped_column(default=AdditionState.UPLOADING)
    row_before: Mapped[int | None]
    row_until: Mapped[int | None]
    rows_in: Mapped[int] = mapped_column(default=0)
    rows_refused: Mapped[int] = mapped_column(default=0)
    rows_known: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str | None] = mapped_column(Text)
    job_id: Mapped[UUID | None]
    created_at: Mapped[datetime]
    created_by: Mapped[UUID] = mapped_column(ForeignKey("people.id"))


class ImportedAnnotator(Base):
    """Who gave answers that a partner brings along: `key` is how the partner's own tool calls them.

    They are people without an account, so that their answers count as theirs and nobody's twice.
    """

    __tablename__ = "imported_annotators"

    project_id: Mapped[UUID] = mapped_column(ForeignKey("projects.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"))


class RefusedRow(Base):
    """A row of an upload that did not become an item, and why; the error reports are made of these.

    `row` as the batch numbers it: over its own files, then over its additions in the order of their reading.
    for_room: only because the firm's storage was full; such rows are read again once there is room.
    """

    __tablename__ = "refused_rows"

    batch_id: Mapped[UUID] = mapped_column(ForeignKey("batches.id"), primary_key=True)
    row: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    external_id: Mapped[str | None] = mapped_column(Text)
    problem: Mapped[str] = mapped_column(Text)
    original: Mapped[str] = mapped_column(Text)
    for_room: Mapped[bool] = mapped_column(default=False)


class Item(Base):
    """One thing that the partner sent and gets back."""

    __tablename__ = "items"
    __table_args__ = (
        UniqueConstraint("batch_id", "external_id"),
        UniqueConstraint("batch_id", "row"),
        # Tasks of a project in the order of their numbers, page by page, and its newest one.
        Index("ix_items_project_id_number", "project_id", "number"),
        # Counts by state on the batch page; the next items to put in a lot. Gold items are no part of either:
        # a partial index answers the counts without a look at the rows.
        Index(
            "ix_items_not_gold_batch_id_state_number",
            "batch_id",
            "state",
            "number",
            postgresql_where=_NOT_GOLD,
            sqlite_where=_NOT_GOLD,
        ),
        # The office's home: which batches hold items that are to be delivered, or done again.
        Index(
            "ix_items_not_gold_state_batch_id",
            "state",
            "batch_id",
            postgresql_where=_NOT_GOLD,
            sqlite_where=_NOT_GOLD,
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[int] = mapped_column(BigInteger, unique=True, default=next_number("items", "number"))
    batch_id: Mapped[UUID] = mapped_column(ForeignKey("batches.id"))
    project_id: Mapped[UUID] = mapped_column(ForeignKey("projects.id"))
    external_id: Mapped[str | None] = mapped_column(String(200))
    row: Mapped[int]
    data: Mapped[dict[str, Any]]
    source_key: Mapped[str | None] = mapped_column(String(300))
    gold_result: Mapped[list[Any] | None]
    state: Mapped[ItemState] = mapped_column(default=ItemState.WAITING)
    created_at: Mapped[datetime]


class MicroTask(Base):
    """What one annotator sees at once; an item has one or more, numbered by `part`.

    `overlap_wanted` is how many answers this round asks for so far, never above `overlap_limit`.
    `posterior` is what the answers so far come to, as the task type's consensus keeps it.
    `proposal` is what a model said beforehand: `result` in its canonical form, `model_version`, `score`.
    """

    __tablename__ = "micro_tasks"
    __table_args__ = (
        UniqueConstraint("item_id", "step", "part"),
        # A project's few gold items among all others (review/certainty.py).
        Index("ix_micro_tasks_gold_project_id", "project_id", postgresql_where=_GOLD, sqlite_where=_GOLD),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    item_id: Mapped[UUID] = mapped_column(ForeignKey("items.id"))
    batch_id: Mapped[UUID] = mapped_column(ForeignKey("batches.id"), index=True)
    project_id: Mapped[UUID] = mapped_column(ForeignKey("projects.id"))
    step: Mapped[int] = mapped_column(default=1)
    part: Mapped[int] = mapped_column(default=1)
    content: Mapped[dict[str, Any]]
    state: Mapped[ItemState] = mapped_column(default=ItemState.WAITING)
    round: Mapped[int] = mapped_column(default=1)
    overlap_wanted: Mapped[int]
    overlap_limit: Mapped[int]
    posterior: Mapped[list[Any] | None]
    gold_labels: Mapped[list[Any] | None]
    proposal: Mapped[dict[str, Any] | None]
