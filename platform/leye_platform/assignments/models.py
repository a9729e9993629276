"""Tables of the queue and of answers. The hot path (claim.py, submit.py) reads them in Core SQL."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Double, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from leye_platform.assignments.rules import AssignmentState, Lane, ProposalUse, SkipReason, SlotState
from leye_platform.assignments.sharing import RunOrigin
from leye_platform.columns import next_number
from leye_platform.database import Base
from leye_platform.ids import new_id

_OPEN = text("state = 'open'")
_COUNTED = text("position > 0")
_LEASED = text("state = 'leased'")
_EXPIRED = text("state = 'expired'")
_STANDING_BATCH = text("ended_at IS NULL AND batch_id IS NOT NULL")
_STANDING_PROJECT = text("ended_at IS NULL AND batch_id IS NULL")


class Slot(Base):
    """One wanted answer. `position` grows; a returned slot is replaced by a new one at the end.

    shown_as: the micro-task's id as who answers is told it, where an item of another batch stands in this one's gold
    lane: it looks like those of this batch, for ids tell when a thing was made. Whoever was told one, was told it for
    good: their slot keeps it.
    """

    __tablename__ = "slots"
    __table_args__ = (
        # The claim's walk: open slots of a batch and lane beyond the annotator's cursor.
        Index("ix_slots_open", "batch_id", "lane", "position", postgresql_where=_OPEN, sqlite_where=_OPEN),
        # Partial, though every position is above 0: PostgreSQL would else walk it in search of a lane that is empty.
        Index("uq_slots_position", "position", unique=True, postgresql_where=_COUNTED, sqlite_where=_COUNTED),
        # Rework goes back to its author first.
        Index(
            "ix_slots_open_reserved_for",
            "reserved_for",
            "position",
            postgresql_where=text("state = 'open' AND reserved_for IS NOT NULL"),
            sqlite_where=text("state = 'open' AND reserved_for IS NOT NULL"),
        ),
        Index("ix_slots_microtask_id", "microtask_id", "round"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    position: Mapped[int] = mapped_column(BigInteger, default=next_number("slots", "position"))
    batch_id: Mapped[UUID] = mapped_column(ForeignKey("batches.id"))
    item_id: Mapped[UUID] = mapped_column(ForeignKey("items.id"))
    microtask_id: Mapped[UUID] = mapped_column(ForeignKey("micro_tasks.id"))
    lane: Mapped[Lane]
    round: Mapped[int] = mapped_column(default=1)
    state: Mapped[SlotState] = mapped_column(default=SlotState.OPEN)
    reserved_for: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"))
    reserved_until: Mapped[datetime | None]
    shown_as: Mapped[UUID | None]


class Cursor(Base):
    """How far an annotator has come in a batch's lane, so that a claim costs the same at any size.

    `swept` is where the bounded sweep for slots passed over goes on. `taken`: how many slots of the first round they
    took from the lane and did not give back; what a team has used of a reservation is the sum over its people.
    """

    __tablename__ = "cursors"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), primary_key=True)
    batch_id: Mapped[UUID] = mapped_column(ForeignKey("batches.id"), primary_key=True)
    lane: Mapped[Lane] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger, default=0)
    swept: Mapped[int] = mapped_column(BigInteger, default=0)
    taken: Mapped[int] = mapped_column(BigInteger, default=0)


class WorkRun(Base):
    """The run of tasks that a person is in (sharing.py): which project, since when, and whose choice it was.

    number: how many runs were drawn for them so far. answers_before: their answers in the project when it began.
    """

    __tablename__ = "work_runs"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), primary_key=True)
    project_id: Mapped[UUID] = mapped_column(ForeignKey("projects.id"))
    origin: Mapped[RunOrigin]
    number: Mapped[int] = mapped_column(default=0)
    began_at: Mapped[datetime]
    answers_before: Mapped[int] = mapped_column(default=0)


class Reservation(Base):
    """A batch, or a whole project, kept for one team: to `until`, or until its people have taken `quota` tasks of it.

    taken_before: what they had taken of it when it was set, which does not count. ended_at: when it was lifted.
    """

    __tablename__ = "reservations"
    __table_args__ = (
        # The claim asks it of every open batch's project.
        Index("ix_reservations_project_id", "project_id"),
        # A team's page.
        Index("ix_reservations_team_id", "team_id"),
        # A batch, or a project, is kept for one team at a time.
        Index(
            "uq_reservations_batch_id",
            "batch_id",
            unique=True,
            postgresql_where=_STANDING_BATCH,
            sqlite_where=_STANDING_BATCH,
        ),
        Index(
            "uq_reservations_project_id",
            "project_id",
            unique=True,
            postgresql_where=_STANDING_PROJECT,
            sqlite_where=_STANDING_PROJECT,
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    project_id: Mapped[UUID] = mapped_column(ForeignKey("projects.id"))
    batch_id: Mapped[UUID | None] = mapped_column(ForeignKey("batches.id"))
    team_id: Mapped[UUID] = mapped_column(ForeignKey("teams.id"))
    quota: Mapped[int]
    until: Mapped[datetime]
    taken_before: Mapped[int] = mapped_column(BigInteger, default=0)
    created_at: Mapped[datetime]
    created_by: Mapped[UUID] = mapped_column(ForeignKey("people.id"))
    ended_at: Mapped[datetime | None]


class WorkRecord(Base):
    """What a person has done in a project: how many answers, how many of them gold, how many of those right.

    gold_factor: what the project's share of gold is multiplied with for them, as the last refit found it
    (review/refit.py, leye_quality/trust.py); None where none has yet. It concerns what they are asked, never their pay.
    """

    __tablename__ = "work_records"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), primary_key=True)
    project_id: Mapped[UUID] = mapped_column(ForeignKey("projects.id"), primary_key=True)
    answers: Mapped[int] = mapped_column(default=0)
    gold_answers: Mapped[int] = mapped_column(default=0)
    gold_right: Mapped[int] = mapped_column(default=0)
    gold_factor: Mapped[float | None] = mapped_column(Double)


class Assignment(Base):
    """A slot held by an annotator under a lease. An expired one may still be answered (late).

    proposal_shown: the work begins from the micro-task's proposal; settled by the claim. place: which of the tasks that
    a person may hold at once it is, from 1; who claims one at a time has it in the first.
    """

    __tablename__ = "assignments"
    __table_args__ = (
        # Nobody answers a micro-task twice in a round; what was given back does not count.
        Index(
            "uq_assignments_microtask_id_person_id_round",
            "microtask_id",
            "person_id",
            "round",
            unique=True,
            postgresql_where=text("state IN ('leased', 'submitted', 'expired')"),
            sqlite_where=text("state IN ('leased', 'submitted', 'expired')"),
        ),
        # "My open tasks", asked at every claim; a place holds one, so that two clicks at once never hold two.
        Index(
            "uq_assignments_leased_person_id_place",
            "person_id",
            "place",
            unique=True,
            postgresql_where=_LEASED,
            sqlite_where=_LEASED,
        ),
        # "Begun, but not answered in time", shown on the home page.
        Index("ix_assignments_expired_person_id", "person_id", postgresql_where=_EXPIRED, sqlite_where=_EXPIRED),
        # The expiry job.
        Index("ix_assignments_leased_until", "lease_expires_at", postgresql_where=_LEASED, sqlite_where=_LEASED),
        # The person's own history, and "has this person a function on this item".
        Index("ix_assignments_person_id_item_id", "person_id", "item_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    slot_id: Mapped[UUID] = mapped_column(ForeignKey("slots.id"), unique=True)
    microtask_id: Mapped[UUID] = mapped_column(ForeignKey("micro_tasks.id"))
    item_id: Mapped[UUID] = mapped_column(ForeignKey("items.id"))
    batch_id: Mapped[UUID] = mapped_column(ForeignKey("batches.id"))
    project_id: Mapped[UUID] = mapped_column(ForeignKey("projects.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"))
    guide_id: Mapped[UUID] = mapped_column(ForeignKey("guide_versions.id"))
    round: Mapped[int]
    state: Mapped[AssignmentState] = mapped_column(default=AssignmentState.LEASED)
    leased_at: Mapped[datetime]
    lease_expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    skip_reason: Mapped[SkipReason | None]
    skip_comment: Mapped[str | None] = mapped_column(String(500))
    active_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    proposal_shown: Mapped[bool] = mapped_column(default=False)
    place: Mapped[int] = mapped_column(default=1)


class Draft(Base):
    """The answer so far, saved by itself; gone once the response stands."""

    __tablename__ = "drafts"

    assignment_id: Mapped[UUID] = mapped_column(ForeignKey("assignments.id"), primary_key=True)
    result: Mapped[list[Any]]
    saved_at: Mapped[datetime]


class Response(Base):
    """What a person answered, as it stands; immutable but for corrections. `labels` is what the answer says.

    The database refuses any change but two: a correction once what stood is in `replaced_answers` (correct.py), and an
    erasure. number, submitted_at, pay_micros and the measured time are those of the first submission, whatever was
    corrected afterwards. corrected_at: when what stands was given, where that was later.
    as_sent: the regions as a client of Label Studio wrote them, which they want back; None where that is `result`.
    """

    __tablename__ = "responses"
    __table_args__ = (
        Index("ix_responses_microtask_id_round", "microtask_id", "round"),
        # Statements list a person's answers by day; refits read a project's answers in order.
        Index("ix_responses_person_id_submitted_at", "person_id", "submitted_at"),
        Index("ix_responses_project_id_number", "project_id", "number"),
        # Which answers came after a lot's figures were counted (delivery/quality_kept.py); other counts of a batch.
        Index("ix_responses_batch_id_number", "batch_id", "number"),
        Index(
            "ix_responses_gold_batch_id",
            "batch_id",
            sqlite_where=text("gold IS 1"),
            postgresql_where=text("gold IS true"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[int] = mapped_column(BigInteger, unique=True, default=next_number("responses", "number"))
    assignment_id: Mapped[UUID] = mapped_column(ForeignKey("assignments.id"), unique=True)
    microtask_id: Mapped[UUID] = mapped_column(ForeignKey("micro_tasks.id"))
    item_id: Mapped[UUID] = mapped_column(ForeignKey("items.id"))
    batch_id: Mapped[UUID] = mapped_column(ForeignKey("batches.id"))
    project_id: Mapped[UUID] = mapped_column(ForeignKey("projects.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"))
    guide_id: Mapped[UUID] = mapped_column(ForeignKey("guide_versions.id"))
    round: Mapped[int]
    result: Mapped[list[Any]]
    labels: Mapped[list[Any]]
    as_sent: Mapped[list[Any] | None]
    idempotency_key: Mapped[str] = mapped_column(String(200))
    late: Mapped[bool] = mapped_column(default=False)
    gold: Mapped[bool] = mapped_column(default=False)
    active_ms: Mapped[int] = mapped_column(BigInteger)
    pay_micros: Mapped[int] = mapped_column(BigInteger)
    proposal_use: Mapped[ProposalUse] = mapped_column(default=ProposalUse.NONE)
    submitted_at: Mapped[datetime]
    corrected_at: Mapped[datetime | None]


class ReplacedAnswer(Base):
    """What a response said before its author corrected it; immutable, and counted nowhere. version: from 1.

    idempotency_key: of the request that brought it. given_at: when it was given; replaced_at: until when it stood.
    """

    __tablename__ = "replaced_answers"

    response_id: Mapped[UUID] = mapped_column(ForeignKey("responses.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    result: Mapped[list[Any]]
    labels: Mapped[list[Any]]
    as_sent: Mapped[list[Any] | None]
    proposal_use: Mapped[ProposalUse]
    idempotency_key: Mapped[str] = mapped_column(String(200))
    given_at: Mapped[datetime]
    replaced_at: Mapped[datetime]


class ActiveTimeEvent(Base):
    """Measured active time: milliseconds added to an assignment by one message from the page."""

    __tablename__ = "active_time_events"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    assignment_id: Mapped[UUID] = mapped_column(ForeignKey("assignments.id"), index=True)
    milliseconds: Mapped[int] = mapped_column(BigInteger)
    recorded_at: Mapped[datetime]
