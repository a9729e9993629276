"""Correcting: an author puts their own answer right while its item can still change (docs/decisions/0022).

What the answer said until now goes into `replaced_answers`, which never changes; the response keeps its numbers, its
place among the answers, its measured time and its pay, and says the corrected answer from now on. So the old one counts
nowhere, and nothing is paid twice. What had followed from it is weighed anew (review/reweigh.py).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, case, exists, func, insert, literal_column, or_, select, update
from sqlalchemy.orm import Session

from leye_platform.assignments.core_tables import (
    assignments,
    batches,
    items,
    lot_items,
    lots,
    micro_tasks,
    projects,
    replaced_answers,
    responses,
    work_records,
)
from leye_platform.assignments.errors import (
    CorrectedTooOften,
    CorrectionTooLate,
    NotAnsweredYet,
    ReviewerHasIt,
    ReviewerHasSettled,
    RoundIsOver,
    TaskErased,
    WorkIsOver,
)
from leye_platform.assignments.known_truth import IN_GOLD_ROUND
from leye_platform.assignments.own import OwnAssignment, load_own
from leye_platform.assignments.rules import GOLD_ROUND, AssignmentState, ProposalUse
from leye_platform.assignments.submit import CheckedAnswer, answered_task, checked
from leye_platform.audit import record
from leye_platform.projects.rules import BatchState, DataState, ItemState
from leye_platform.projects.task_type import TaskType, task_type
from leye_platform.review.decide import LOCK_ITEM
from leye_platform.review.reweigh import RoundReviews, reweigh, round_reviews


@dataclass(frozen=True, slots=True)
class Correction:
    """The answer as it should have been. idempotency_key: None where the client knows none.

    keep_as_sent: its regions are kept as they came beside their canonical form, for a client that wants them back.
    """

    result: list[Any]
    idempotency_key: str | None = None
    keep_as_sent: bool = False


@dataclass(frozen=True, slots=True)
class Corrected:
    """A response as it stands. `new` is False where it had said so before, or the request had been here before."""

    response_id: UUID
    number: int
    assignment_id: UUID
    submitted_at: datetime
    corrected_at: datetime | None
    new: bool


class _Standing(NamedTuple):
    """The response before the correction."""

    id: UUID
    number: int
    result: list[Any]
    labels: list[Any]
    as_sent: list[Any] | None
    proposal_use: ProposalUse
    idempotency_key: str
    gold: bool
    submitted_at: datetime
    corrected_at: datetime | None


class _Place(NamedTuple):
    """Where an answer stands, and how far its micro-task and item are."""

    assignment_id: UUID
    item_id: UUID
    microtask_id: UUID
    round: int
    current_round: int
    state: ItemState
    item_state: ItemState
    submitted_at: datetime

    def as_its_author_knows(self) -> "_Place":
        """A decided item that serves as gold is to its author one that waits for further answers, as gold is."""
        if self.round != GOLD_ROUND:
            return self
        return self._replace(current_round=GOLD_ROUND, state=ItemState.WAITING, item_state=ItemState.WAITING)


STANDING = select(*(responses.c[name] for name in _Standing._fields)).where(
    responses.c.assignment_id == bindparam("assignment")
)
PLACE = (
    select(
        responses.c.assignment_id,
        responses.c.item_id,
        responses.c.microtask_id,
        responses.c.round,
        micro_tasks.c.round,
        micro_tasks.c.state,
        items.c.state,
        responses.c.submitted_at,
    )
    .join(micro_tasks, micro_tasks.c.id == responses.c.microtask_id)
    .join(items, items.c.id == responses.c.item_id)
    .where(responses.c.assignment_id == bindparam("assignment"), responses.c.person_id == bindparam("person"))
)
BEEN_HERE = select(replaced_answers.c.version).where(
    replaced_answers.c.response_id == bindparam("response"), replaced_answers.c.idempotency_key == bindparam("key")
)
# Gold goes into no lot. It is as if it were in the first one that its batch has after the answer: else whoever may not
# correct their other answers of that time any more, but may this one, would know it for gold.
# Of a decided item that serves as gold, its batch is the one in whose lane it stood.
shown_in = batches.alias("shown_in")
GOLD_OF_A_LOT = exists().where(
    or_(items.c.gold_result.is_not(None), assignments.c.round == IN_GOLD_ROUND),
    lots.c.batch_id == assignments.c.batch_id,
    lots.c.created_at >= bindparam("submitted"),
)
IN_LOT = exists().where(
    assignments.c.round != IN_GOLD_ROUND,
    lot_items.c.item_id == items.c.id,
    lot_items.c.state == literal_column("'included'"),
)
SURROUNDINGS = (
    select(shown_in.c.state, batches.c.data_state, projects.c.put_away_at, or_(IN_LOT, GOLD_OF_A_LOT))
    .select_from(assignments)
    .join(items, items.c.id == assignments.c.item_id)
    .join(batches, batches.c.id == items.c.batch_id)
    .join(shown_in, shown_in.c.id == assignments.c.batch_id)
    .join(projects, projects.c.id == items.c.project_id)
    .where(assignments.c.id == bindparam("assignment"))
)
SAID = ("result", "labels", "as_sent", "proposal_use", "idempotency_key")
_log = replaced_answers.alias("log")
_next_version = select(func.count() + 1).where(_log.c.response_id == responses.c.id).scalar_subquery()
MOST_CORRECTIONS = 20
"""Of one answer: each is kept for good, and what followed from it (`micro_tasks.weighings`)."""
CORRECTED_OFTEN = (
    exists()
    .where(
        _log.c.response_id == responses.c.id,
        _log.c.version >= MOST_CORRECTIONS,
        responses.c.assignment_id == bindparam("assignment"),
    )
    .select()
)
LOG = insert(replaced_answers).from_select(
    ["response_id", "version", *SAID, "given_at", "replaced_at"],
    select(
        responses.c.id,
        _next_version,
        *(responses.c[name] for name in SAID),
        func.coalesce(responses.c.corrected_at, responses.c.submitted_at),
        bindparam("now", type_=responses.c.submitted_at.type),
    ).where(responses.c.id == bindparam("response")),
)
SAY = (
    update(responses)
    .where(responses.c.id == bindparam("response"))
    .values({name: bindparam(f"new_{name}") for name in SAID} | {"corrected_at": bindparam("now")})
)


def _between_none_and_all(right: ColumnElement[int]) -> ColumnElement[int]:
    given = work_records.c.gold_answers
    return case((right < 0, literal_column("0")), (right > given, given), else_=right)


COUNT_RIGHT = (
    update(work_records)
    .where(work_records.c.person_id == bindparam("person"), work_records.c.project_id == bindparam("project"))
    # What was not known when it was answered counted as right: never more is right than was given.
    .values(gold_right=_between_none_and_all(work_records.c.gold_right + bindparam("more")))
)
TOO_LATE = (CorrectedTooOften, RoundIsOver, CorrectionTooLate, WorkIsOver, ReviewerHasIt, ReviewerHasSettled)
CLOSED = frozenset({BatchState.CLOSED, BatchState.CANCELLED})


def correct(session: Session, person_id: UUID, assignment_id: UUID, given: Correction, now: datetime) -> Corrected:
    """Let the author's answer say something else, and what followed from it follow anew.

    The same answer again changes nothing, nor does a request whose key was here before. Of two at once the later one
    stands: the assignment's and the micro-task's rows are locked, as in a submit. Raises AssignmentMissing, TaskErased;
    NotAnsweredYet; AnswerRefused; CorrectedTooOften, RoundIsOver, CorrectionTooLate, ReviewerHasIt, ReviewerHasSettled,
    WorkIsOver, all before anything is written.
    """
    own = load_own(session, assignment_id, person_id, to_weigh=True)
    if own.state is not AssignmentState.SUBMITTED:
        raise NotAnsweredYet
    standing = _Standing(*session.execute(STANDING, {"assignment": own.id}).one())
    if _been_here(session, standing, given.idempotency_key):
        return _corrected(own, standing, standing.corrected_at, new=False)
    kind = task_type(own.task_type, own.label_config)
    answer = checked(kind, own, given.result)
    as_sent = given.result if given.keep_as_sent and given.result != answer.result else None
    if (answer.result, as_sent) == (standing.result, standing.as_sent):
        return _corrected(own, standing, standing.corrected_at, new=False)
    place = _Place(
        own.id,
        own.item_id,
        own.microtask_id,
        own.round,
        own.microtask_round,
        own.microtask_state,
        LOCK_ITEM.scalar(session, {"item": own.item_id}),
        standing.submitted_at,
    )
    with_reviewers = _check_open(session, place, lock=True)
    key = standing.idempotency_key if given.idempotency_key is None else given.idempotency_key
    # The log first: the database lets the answer change only once what it said stands there.
    session.execute(LOG, {"response": standing.id, "now": now})
    said = (answer.result, answer.labels, as_sent, answer.proposal_use, key)
    new = {f"new_{name}": value for name, value in zip(SAID, said, strict=True)}
    session.execute(SAY, new | {"response": standing.id, "now": now})
    if own.is_gold:
        _count_gold(session, own, kind, standing, answer)
    elif answer.labels != standing.labels:
        reweigh(session, answered_task(own, standing.id), kind, with_reviewers, now)
    record(session, at=now, person_id=person_id, action="answer.correct", subject_id=standing.id)
    return _corrected(own, standing, now, new=True)


def check_correctable(session: Session, person_id: UUID, assignment_id: UUID) -> None:
    """Whether the person's answer could be corrected now, before they sit down to it. Reads only, and locks nothing.

    Raises what `correct` raises.
    """
    row = session.execute(PLACE, {"assignment": assignment_id, "person": person_id}).first()
    if row is None:
        raise NotAnsweredYet
    _check_open(session, _Place(*row), lock=False)


def is_correctable(session: Session, person_id: UUID, assignment_id: UUID) -> bool:
    """The same, for a page that offers it."""
    try:
        check_correctable(session, person_id, assignment_id)
    except (NotAnsweredYet, TaskErased, *TOO_LATE):
        return False
    return True


def _been_here(session: Session, standing: _Standing, key: str | None) -> bool:
    if key is None:
        return False
    earlier = session.scalar(BEEN_HERE, {"response": standing.id, "key": key})
    return key == standing.idempotency_key or earlier is not None


def _check_open(session: Session, place: _Place, *, lock: bool) -> RoundReviews:
    """How the micro-task stands with the reviewers, where its item can still change. lock: the item's row is locked."""
    if session.scalar(CORRECTED_OFTEN, {"assignment": place.assignment_id}):
        raise CorrectedTooOften(most=MOST_CORRECTIONS)
    place = place.as_its_author_knows()
    where = {"assignment": place.assignment_id, "submitted": place.submitted_at}
    batch_state, data_state, put_away_at, in_lot = session.execute(SURROUNDINGS, where).one()
    if data_state is not DataState.KEPT:
        raise TaskErased
    if place.round != place.current_round:
        raise RoundIsOver
    states = {place.state, place.item_state}
    if in_lot or states & {ItemState.DELIVERED, ItemState.ACCEPTED}:
        raise CorrectionTooLate
    if states & {ItemState.UNUSABLE, ItemState.WITHDRAWN} or batch_state in CLOSED or put_away_at is not None:
        raise WorkIsOver
    found = round_reviews(session, place.microtask_id, place.round, lock=lock)
    if found.in_hand:
        raise ReviewerHasIt
    if found.settled:
        raise ReviewerHasSettled
    return found


def _count_gold(
    session: Session, own: OwnAssignment, kind: TaskType, standing: _Standing, answer: CheckedAnswer
) -> None:
    """A gold answer counts as corrected: nobody is to learn which ones are gold."""
    if own.gold_labels is None:
        return
    was_right = kind.consensus.same(standing.labels, own.gold_labels)
    more = int(answer.right) - int(was_right)
    if standing.gold and more:
        session.execute(COUNT_RIGHT, {"person": own.person_id, "project": own.project_id, "more": more})


def _corrected(own: OwnAssignment, standing: _Standing, corrected_at: datetime | None, *, new: bool) -> Corrected:
    return Corrected(standing.id, standing.number, own.id, standing.submitted_at, corrected_at, new)
