"""Submitting: one transaction from the answer to its consequences, accepted once however often it is sent."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from leye_platform.assignments.active_time import new_active_time
from leye_platform.assignments.core_tables import (
    assignments,
    dialect_of,
    insert_into,
    responses,
    sealed_records,
    work_records,
)
from leye_platform.assignments.drafts import DROP, put_draft
from leye_platform.assignments.errors import AnswerRefused, TaskGivenBack, TaskSkipped
from leye_platform.assignments.own import Annotator, OwnAssignment, load_own
from leye_platform.assignments.rules import AssignmentState, InputMode, ProposalUse, SlotState, refit_due
from leye_platform.assignments.slots import SETTLE, withdraw_open
from leye_platform.billing.ledger import earn_pending, make_payable
from leye_platform.billing.rules import rate_in_micros
from leye_platform.ids import new_id
from leye_platform.matching.models import SealedKind
from leye_platform.matching.sealing import KeyRing
from leye_platform.outbox import JobName, ask_for
from leye_platform.prepared import Prepared, Step, write_together
from leye_platform.projects.rules import FINISHED_ITEMS, ItemState, Pipeline, PipelineKind
from leye_platform.projects.task_type import TaskType, task_type
from leye_platform.review.weigh import AnsweredTask, weigh
from leye_task_templates.consensus import Labels
from leye_task_templates.template import ResultRefused


@dataclass(frozen=True, slots=True)
class Submission:
    """An answer as it came in. `active_ms`: active time in all since the lease began, as the page measured it.

    keep_as_sent: its regions are kept as they came beside their canonical form, for a client that wants them back.
    unasked: nobody had handed the task out (unasked.py), so it cannot be late.
    """

    result: list[Any]
    idempotency_key: str
    active_ms: int | None = None
    input_mode: InputMode | None = None
    keep_as_sent: bool = False
    unasked: bool = False


@dataclass(frozen=True, slots=True)
class Submitted:
    """A stored response. `new` is False where it had been stored before."""

    response_id: UUID
    number: int
    assignment_id: UUID
    late: bool
    pay_micros: int
    currency: str
    submitted_at: datetime
    new: bool


STORED = Prepared(
    select(
        responses.c.id, responses.c.number, responses.c.late, responses.c.pay_micros, responses.c.submitted_at
    ).where(responses.c.assignment_id == bindparam("assignment"))
)
ADD = Prepared(insert(responses).returning(responses.c.number))
ANSWERED = Prepared(
    update(assignments)
    .where(assignments.c.id == bindparam("assignment"))
    .values(state=AssignmentState.SUBMITTED, ended_at=bindparam("now"), active_ms=bindparam("counted"))
)


@cache
def _count_work(dialect: str) -> Prepared:
    adding, had = insert_into(dialect, work_records), work_records.c
    return Prepared(
        adding.on_conflict_do_update(
            index_elements=[had.person_id, had.project_id],
            set_={
                "answers": had.answers + adding.excluded.answers,
                "gold_answers": had.gold_answers + adding.excluded.gold_answers,
                "gold_right": had.gold_right + adding.excluded.gold_right,
            },
        )
    )


@cache
def _seal(dialect: str) -> Prepared:
    return Prepared(insert_into(dialect, sealed_records).on_conflict_do_nothing())


def submit(
    session: Session, who: Annotator, assignment_id: UUID, given: Submission, *, key_ring: KeyRing, now: datetime
) -> Submitted:
    """Store an answer and let its consequences follow. The same assignment again gives what is stored.

    Raises AssignmentMissing; AnswerRefused for an answer that the label config does not allow; TaskGivenBack
    and TaskSkipped, after keeping the answer as a draft (the caller commits in spite of them).
    """
    own = load_own(session, assignment_id, who.person_id, to_weigh=True)
    return submit_loaded(session, who, own, given, key_ring=key_ring, now=now)


def submit_loaded(
    session: Session, who: Annotator, own: OwnAssignment, given: Submission, *, key_ring: KeyRing, now: datetime
) -> Submitted:
    """The same for an assignment that the caller has loaded, and so locked."""
    if own.state is AssignmentState.SUBMITTED:
        return _stored(session, own)
    if own.state in {AssignmentState.RELEASED, AssignmentState.SKIPPED}:
        put_draft(session, own.id, given.result, now)
        raise TaskGivenBack if own.state is AssignmentState.RELEASED else TaskSkipped
    kind = task_type(own.task_type, own.label_config)
    answer = checked(kind, own, given.result)
    stored = _store(session, who, own, given, answer=answer, key_ring=key_ring, now=now)
    _earn(session, who, own, stored, now)
    if stored.late:
        # Somebody else was asked in the meantime; where nobody has begun yet, they need not.
        withdraw_open(session, own.microtask_id, own.round, at_most=1)
    _follow(session, own, kind, stored.response_id, now)
    if _teaches(own) and refit_due(stored.number, author_answers=own.answers + 1, fitted_on=own.fitted_on):
        ask_for(session, JobName.REFIT_SKILLS, {"project_id": str(own.project_id)}, now, once_for=own.project_id)
    return stored


def _teaches(own: OwnAssignment) -> bool:
    """Whether the answer can say anything about skill: one that stands alone is held against nothing but gold."""
    return own.gold_labels is not None or Pipeline.model_validate(own.pipeline).kind is PipelineKind.CONSENSUS


def _stored(session: Session, own: OwnAssignment) -> Submitted:
    response_id, number, late, pay_micros, submitted_at = STORED.one(session, {"assignment": own.id})
    return Submitted(response_id, number, own.id, late, pay_micros, own.currency, submitted_at, new=False)


class CheckedAnswer(NamedTuple):
    """An answer in its canonical form, what it says, and what it made of the proposal it began from.

    right: it says what the gold item is known to be; where that is not known any more, nobody is wrong.
    """

    result: list[Any]
    labels: Labels
    proposal_use: ProposalUse
    right: bool


def checked(kind: TaskType, own: OwnAssignment, result: list[Any]) -> CheckedAnswer:
    """An answer as the task type takes it. Raises AnswerRefused."""
    try:
        canonical = kind.template.validate_result(kind.config, own.content, result)
    except ResultRefused as refused:
        raise AnswerRefused(refused) from None
    labels = kind.template.labels_of(kind.config, canonical)
    right = own.is_gold if own.gold_labels is None else kind.consensus.same(labels, own.gold_labels)
    return CheckedAnswer(canonical, labels, _proposal_use(kind, own, labels), right)


def _proposal_use(kind: TaskType, own: OwnAssignment, labels: Labels) -> ProposalUse:
    if not own.proposal_shown or own.proposal is None:
        return ProposalUse.NONE
    proposed = kind.template.labels_of(kind.config, own.proposal["result"])
    return ProposalUse.KEPT if kind.consensus.same(labels, proposed) else ProposalUse.CHANGED


def _store(
    session: Session,
    who: Annotator,
    own: OwnAssignment,
    given: Submission,
    *,
    answer: CheckedAnswer,
    key_ring: KeyRing,
    now: datetime,
) -> Submitted:
    """Write the response, and end the assignment and its slot."""
    late = own.state is AssignmentState.EXPIRED and not given.unasked
    pay_micros = rate_in_micros(own.rate) if own.rate is not None and who.paid else 0
    active_ms, events = new_active_time(own, given.active_ms, now)
    response_id = new_id()
    row = {
        "id": response_id,
        "assignment_id": own.id,
        "microtask_id": own.microtask_id,
        "item_id": own.item_id,
        "batch_id": own.batch_id,
        "project_id": own.project_id,
        "person_id": own.person_id,
        "guide_id": own.guide_id,
        "round": own.round,
        "result": answer.result,
        "labels": answer.labels,
        "as_sent": given.result if given.keep_as_sent and given.result != answer.result else None,
        "idempotency_key": given.idempotency_key,
        "late": late,
        "gold": own.is_gold,
        "active_ms": active_ms,
        "pay_micros": pay_micros,
        "proposal_use": answer.proposal_use,
        "submitted_at": now,
    }
    number = ADD.scalar(session, row)
    steps: list[Step] = [
        *events,
        (ANSWERED, {"assignment": own.id, "now": now, "counted": active_ms}),
        (SETTLE, {"slot": own.slot_id, "settled": SlotState.ANSWERED}),
        counted_work(session, own.person_id, own.project_id, gold=own.is_gold, right=answer.right),
    ]
    if own.has_draft:
        steps.append((DROP, {"assignment": own.id}))
    if given.input_mode is not None:
        steps.append(_sealed_input_mode(session, response_id, given.input_mode, key_ring, now))
    write_together(session, steps)
    return Submitted(response_id, number, own.id, late, pay_micros, own.currency, now, new=True)


def _earn(session: Session, who: Annotator, own: OwnAssignment, stored: Submitted, now: datetime) -> None:
    if stored.pay_micros:
        earn_pending(
            session,
            response_id=stored.response_id,
            person_number=who.number,
            project_id=own.project_id,
            project_number=own.project_number,
            micros=stored.pay_micros,
            currency=own.currency,
            now=now,
        )


def counted_work(
    session: Session, person_id: UUID, project_id: UUID, *, answers: int = 1, gold: bool = False, right: bool = False
) -> Step:
    """What adds to a person's record in a project: answers, gold answers among them, right ones among those."""
    row = {
        "person_id": person_id,
        "project_id": project_id,
        "answers": answers,
        "gold_answers": int(gold),
        "gold_right": int(right),
    }
    return _count_work(dialect_of(session)), row


def _sealed_input_mode(session: Session, response_id: UUID, mode: InputMode, key_ring: KeyRing, now: datetime) -> Step:
    row = {
        "kind": SealedKind.INPUT_MODE,
        "subject_id": response_id,
        "key_id": key_ring.current,
        "ciphertext": key_ring.seal(SealedKind.INPUT_MODE, response_id, mode.value),
        "updated_at": now,
    }
    return _seal(dialect_of(session)), row


def _follow(session: Session, own: OwnAssignment, kind: TaskType, response_id: UUID, now: datetime) -> None:
    """Weigh the answer; where there is nothing left to weigh it for, it is payable at once."""
    finished = own.microtask_state in FINISHED_ITEMS and own.microtask_state is not ItemState.DECIDED
    if own.is_gold or finished:
        make_payable(session, response_ids=[response_id], now=now)
        return
    if own.round != own.microtask_round:
        # An answer to an earlier round: paid with the decision, which pays all rounds.
        if own.microtask_state is ItemState.DECIDED:
            make_payable(session, response_ids=[response_id], now=now)
        return
    weigh(session, answered_task(own, response_id), kind, now)


def answered_task(own: OwnAssignment, response_id: UUID) -> AnsweredTask:
    """What weighing wants to know of the micro-task that this response answers."""
    return AnsweredTask(
        id=own.microtask_id,
        item_id=own.item_id,
        batch_id=own.batch_id,
        project_id=own.project_id,
        round=own.round,
        state=own.microtask_state,
        item_state=own.item_state,
        overlap_wanted=own.overlap_wanted,
        overlap_limit=own.overlap_limit,
        pipeline=Pipeline.model_validate(own.pipeline),
        prior=own.prior,
        author_answers=own.answers,
        newest_response=response_id,
        content=own.content,
        only_part=own.only_part,
        fit=own.fit,
        asking=own.asking,
        weighings=own.weighings,
    )
