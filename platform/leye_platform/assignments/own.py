"""An assignment as its holder's deeds need it: one query, its row and its micro-task's locked."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, bindparam, case, exists, func, or_, select
from sqlalchemy.orm import Session

from leye_platform.assignments.core_tables import (
    ANSWERED_OR_HELD,
    active_time_events,
    assignments,
    drafts,
    is_split,
    items,
    micro_tasks,
    pay_rates,
    projects,
    responses,
    skill_fits,
    slots,
    work_records,
)
from leye_platform.assignments.errors import AssignmentMissing, TaskErased
from leye_platform.assignments.known_truth import IN_GOLD_ROUND, known_labels
from leye_platform.assignments.rules import GOLD_ROUND, AssignmentState, Lane
from leye_platform.prepared import Prepared
from leye_platform.projects.rules import ItemState, PaidWork


@dataclass(frozen=True, slots=True)
class Annotator:
    """The person who works. `number` is their pseudonym in the books and before partners.

    paid: whether an answer earns what the project pays; a firm's own people label for nothing.
    """

    person_id: UUID
    number: int
    paid: bool = True


class OwnAssignment(NamedTuple):
    """What submit, skip, release, draft and heartbeat decide on.

    rate: the pay of one answer when the lease began. last_active_at: the last active-time event. prior:
    the class prior of the last refit, fitted_on: how many answers that rested on; fit: its number, asking: how long it
    has the project ask. answers: how many the person has given in the project. only_part: the item has no other
    micro-task. answered_meanwhile: when the person last answered another task since this lease began, where it was one
    of several. weighings: of the micro-task so far, read only by who is to weigh it: the longest column of its row.
    """

    id: UUID
    slot_id: UUID
    microtask_id: UUID
    item_id: UUID
    batch_id: UUID
    project_id: UUID
    person_id: UUID
    guide_id: UUID
    round: int
    state: AssignmentState
    leased_at: datetime
    lease_expires_at: datetime
    active_ms: int
    proposal_shown: bool
    lane: Lane
    microtask_state: ItemState
    microtask_round: int
    overlap_wanted: int
    overlap_limit: int
    content: dict[str, Any]
    gold_labels: list[Any] | None
    proposal: dict[str, Any] | None
    item_state: ItemState
    project_number: int
    task_type: str
    label_config: str
    pipeline: dict[str, Any]
    currency: str
    lease_minutes: int
    rate: Decimal | None
    last_active_at: datetime | None
    has_draft: bool
    prior: list[float] | None
    fitted_on: int | None
    answers: int
    only_part: bool
    answered_meanwhile: datetime | None
    fit: int | None
    asking: dict[str, Any] | None
    weighings: list[Any] | None = None

    @property
    def is_gold(self) -> bool:
        """Whether the answer tells of its author and not of the item. gold_labels may be None all the same: of a
        decided item whose decision no longer stands nothing is known."""
        return self.gold_labels is not None or self.round == GOLD_ROUND


def _load(which: ColumnElement[bool], *, to_weigh: bool) -> Select[*tuple[Any, ...]]:
    rate = (
        select(pay_rates.c.rate)
        .where(
            pay_rates.c.project_id == assignments.c.project_id,
            pay_rates.c.work == PaidWork.ANNOTATE,
            pay_rates.c.valid_from <= assignments.c.leased_at,
        )
        .order_by(pay_rates.c.valid_from.desc())
        .limit(1)
    )
    last_active = select(func.max(active_time_events.c.recorded_at)).where(
        active_time_events.c.assignment_id == assignments.c.id
    )
    meanwhile = (
        select(func.max(responses.c.submitted_at))
        .where(responses.c.person_id == assignments.c.person_id, responses.c.submitted_at > assignments.c.leased_at)
        .scalar_subquery()
    )
    a, m, p = assignments.c, micro_tasks.c, projects.c
    # The item's batch, in whichever batch's lane it stood: an answer lies with the content that it is about.
    own = {name: a[name] for name in OwnAssignment._fields if name in a} | {"batch_id": m.batch_id}
    other = micro_tasks.alias("other_part")
    return (
        select(
            *own.values(),
            slots.c.lane,
            m.state,
            m.round,
            m.overlap_wanted,
            m.overlap_limit,
            m.content,
            case((a.round == IN_GOLD_ROUND, known_labels(a.microtask_id)), else_=m.gold_labels),
            m.proposal,
            items.c.state,
            p.number,
            p.task_type,
            p.label_config,
            p.pipeline,
            p.currency,
            p.lease_minutes,
            rate.scalar_subquery(),
            last_active.scalar_subquery(),
            exists().where(drafts.c.assignment_id == a.id),
            skill_fits.c.prior,
            skill_fits.c.answers,
            func.coalesce(work_records.c.answers, 0),
            ~exists().where(other.c.item_id == a.item_id, other.c.id != a.microtask_id),
            case((a.place > 1, meanwhile)),
            skill_fits.c.number,
            skill_fits.c.asking,
            *((m.weighings,) if to_weigh else ()),
        )
        .join(slots, slots.c.id == a.slot_id)
        .join(micro_tasks, m.id == a.microtask_id)
        .join(items, items.c.id == a.item_id)
        .join(projects, p.id == a.project_id)
        .outerjoin(skill_fits, skill_fits.c.project_id == a.project_id)
        .outerjoin(
            work_records, (work_records.c.person_id == a.person_id) & (work_records.c.project_id == a.project_id)
        )
        .where(which, a.person_id == bindparam("person"))
        # The assignment first: a second request of the same person waits, then reads what the first one did.
        .with_for_update(of=(assignments, micro_tasks), key_share=True)
    )


def _newest_on_item() -> ScalarSelect[UUID]:
    """The person's newest assignment on an item of one part."""
    mine, item = assignments.alias("mine"), items.alias("item")
    return (
        select(mine.c.id)
        .join(item, item.c.id == mine.c.item_id)
        .where(item.c.number == bindparam("wanted"), mine.c.person_id == bindparam("person"), ~is_split(item.c.id))
        .order_by(mine.c.leased_at.desc())
        .limit(1)
        .scalar_subquery()
    )


LOAD = Prepared(_load(assignments.c.id == bindparam("assignment"), to_weigh=False))
LOAD_TO_WEIGH = Prepared(_load(assignments.c.id == bindparam("assignment"), to_weigh=True))
LOAD_STANDING = Prepared(
    _load(
        and_(
            assignments.c.id == _newest_on_item(),
            or_(*(assignments.c.state == state for state in ANSWERED_OR_HELD)),
            assignments.c.round >= micro_tasks.c.round,
        ),
        to_weigh=True,
    )
)


def load_own(session: Session, assignment_id: UUID, person_id: UUID, *, to_weigh: bool = False) -> OwnAssignment:
    """The person's own assignment, locked. to_weigh: with its micro-task's weighings, for a submit or a correction.

    Raises AssignmentMissing, for another's too; TaskErased.
    """
    row = (LOAD_TO_WEIGH if to_weigh else LOAD).first(session, {"assignment": assignment_id, "person": person_id})
    if row is None:
        raise AssignmentMissing
    return _kept(OwnAssignment(*row))


def load_standing(session: Session, person_id: UUID, item_number: int) -> OwnAssignment | None:
    """The person's newest assignment on an item, locked; None where it was given up or a round has followed it, where
    they never had one, and where the item has parts.

    Raises TaskErased.
    """
    row = LOAD_STANDING.first(session, {"wanted": item_number, "person": person_id})
    return None if row is None else _kept(OwnAssignment(*row))


def _kept(own: OwnAssignment) -> OwnAssignment:
    if not own.content:  # a task always shows something, until its batch's content is erased
        raise TaskErased
    return own
