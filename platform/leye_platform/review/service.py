"""A reviewer takes a micro-task, sees its answers without their authors, and settles it with a reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from leye_platform.actor import Actor
from leye_platform.assignments.errors import AnswerRefused
from leye_platform.assignments.models import Response
from leye_platform.assignments.rework import start_round
from leye_platform.assignments.rules import GOLD_ROUND
from leye_platform.audit import record
from leye_platform.billing.ledger import earn_review, make_payable
from leye_platform.billing.rules import rate_in_micros
from leye_platform.projects.models import Batch, GuideVersion, MicroTask, PayRate, Project
from leye_platform.projects.rules import BatchState, PaidWork, rate_on, storable_text
from leye_platform.projects.task_type import TaskType, task_type
from leye_platform.review.confidence import confidence_after_review
from leye_platform.review.decide import record_decision
from leye_platform.review.errors import (
    AnswerNotChosen,
    CommentTooLong,
    FixNotGiven,
    ReasonNotChosen,
    ReviewHeldByAnother,
    ReviewMissing,
    ReviewPutBack,
    ReviewSettled,
)
from leye_platform.review.models import Review
from leye_platform.review.queries import no_other_function, not_put_back_by, rounds_shown
from leye_platform.review.rules import (
    HOLD,
    LONGEST_COMMENT,
    REVIEW_MOVES,
    DecisionMethod,
    Reason,
    ReviewState,
    Verdict,
    reason_fits,
)
from leye_platform.review.unusable import declare_unusable
from leye_platform.states import check_move
from leye_task_templates.template import ResultRefused


@dataclass(frozen=True)
class Settlement:
    """What a reviewer decided. `chosen`: the response to accept; `result`: the reviewer's own answer."""

    verdict: Verdict
    reason: Reason | None
    comment: str = ""
    chosen: UUID | None = None
    result: list[Any] | None = None


def take_next(session: Session, actor: Actor, now: datetime) -> Review | None:
    """The reviewer's held review, else the oldest open one on whose item they have no other function.

    What they have put back before comes last.
    """
    held = session.scalar(
        select(Review).where(Review.reviewer_id == actor.person_id, Review.state == ReviewState.HELD).limit(1)
    )
    if held is not None:
        return held
    waiting = (
        select(Review)
        .join(Batch, Batch.id == Review.batch_id)
        .where(Review.state == ReviewState.OPEN, Batch.state == BatchState.OPEN, no_other_function(actor.person_id))
        .order_by(Review.opened_at, Review.id)
        .limit(1)
        .with_for_update(of=Review, skip_locked=True)
    )
    review = session.scalar(waiting.where(not_put_back_by(actor.person_id))) or session.scalar(waiting)
    if review is not None:
        review.state = check_move(REVIEW_MOVES, review.state, ReviewState.HELD)
        review.reviewer_id, review.held_until = actor.person_id, now + HOLD
    return review


def own_review(session: Session, actor: Actor, review_id: UUID) -> Review:
    """The review, where this actor holds it or has settled it.

    Raises ReviewMissing, ReviewHeldByAnother, ReviewPutBack.
    """
    return _not_put_back(_owned(actor, session.get(Review, review_id)))


def put_back(session: Session, actor: Actor, review_id: UUID) -> None:
    """Give a held review back to the queue, where it keeps its place. Again: nothing more happens.

    Raises ReviewMissing, ReviewHeldByAnother.
    """
    review = _owned(actor, _locked(session, review_id))
    if review.state is ReviewState.HELD:
        _put_back(session, review)


def release_expired(session: Session, now: datetime) -> int:
    """Give back reviews whose holder has not been seen for long; how many."""
    late = select(Review).where(Review.state == ReviewState.HELD, Review.held_until < now)
    reviews = session.scalars(late.with_for_update(skip_locked=True)).all()
    for review in reviews:
        _put_back(session, review)
    return len(reviews)


def _owned(actor: Actor, review: Review | None) -> Review:
    if review is None:
        raise ReviewMissing
    if review.reviewer_id != actor.person_id:
        raise ReviewHeldByAnother if review.state is ReviewState.HELD else ReviewMissing
    return review


def _not_put_back(review: Review) -> Review:
    if review.state is ReviewState.PUT_BACK:
        raise ReviewPutBack
    return review


def _locked(session: Session, review_id: UUID) -> Review | None:
    """The review as it stands once nobody else is changing it."""
    wanted = select(Review).where(Review.id == review_id).with_for_update()
    return session.scalar(wanted, execution_options={"populate_existing": True})


def _put_back(session: Session, review: Review) -> None:
    """Who had it has seen the answers: the row stays as the record of that, and a new one takes its place."""
    review.state = check_move(REVIEW_MOVES, review.state, ReviewState.PUT_BACK)
    review.held_until = None
    session.flush()
    session.add(
        Review(
            microtask_id=review.microtask_id,
            item_id=review.item_id,
            batch_id=review.batch_id,
            project_id=review.project_id,
            round=review.round,
            cause=review.cause,
            opened_at=review.opened_at,
        )
    )


def settle(session: Session, actor: Actor, review_id: UUID, given: Settlement, now: datetime) -> Review:
    """Write the reviewer's verdict and let its consequences follow. The same verdict again changes nothing.

    Raises ReviewMissing, ReviewHeldByAnother, ReviewPutBack, ReviewSettled, ReasonNotChosen, AnswerNotChosen,
    FixNotGiven, CommentTooLong, and AnswerRefused for an answer that the label config does not allow.
    """
    review = _not_put_back(_owned(actor, _locked(session, review_id)))
    if review.state is ReviewState.SETTLED:
        if review.verdict is given.verdict:
            return review
        raise ReviewSettled
    comment = storable_text(given.comment).strip()
    if len(comment) > LONGEST_COMMENT:
        raise CommentTooLong(limit=LONGEST_COMMENT)
    if given.reason is None or not reason_fits(given.verdict, given.reason, comment):
        raise ReasonNotChosen
    microtask = session.get_one(MicroTask, review.microtask_id, with_for_update=True)
    project = session.get_one(Project, review.project_id)
    kind = task_type(project.task_type, project.label_config)
    answers = round_answers(session, microtask, review)
    result = _settled_result(kind, microtask, answers, given)
    review.state = check_move(REVIEW_MOVES, review.state, ReviewState.SETTLED)
    review.verdict, review.chosen, review.reason = given.verdict, given.chosen, given.reason.value
    review.comment, review.result, review.settled_at = comment or None, result, now
    session.flush()
    _follow(session, review, microtask, kind=kind, answers=answers, now=now)
    _pay(session, actor, review, project, now)
    record(
        session,
        at=now,
        person_id=actor.person_id,
        action="review.settle",
        subject_id=review.id,
        verdict=given.verdict.value,
        reason=given.reason.value,
    )
    return review


def round_answers(session: Session, microtask: MicroTask, review: Review) -> Sequence[Response]:
    """The answers of the micro-task's present round, and what else the reviewer has seen, oldest first."""
    return session.scalars(
        select(Response)
        .where(Response.microtask_id == microtask.id, Response.round.in_({microtask.round, *rounds_shown(review)}))
        .order_by(Response.number)
    ).all()


def _settled_result(
    kind: TaskType, microtask: MicroTask, answers: Sequence[Response], given: Settlement
) -> list[Any] | None:
    if given.verdict is Verdict.ACCEPT:
        accepted = next((answer for answer in answers if answer.id == given.chosen), None)
        if accepted is None:
            raise AnswerNotChosen
        return accepted.result
    if given.verdict is Verdict.FIX:
        if given.result is None:
            raise FixNotGiven
        try:
            return kind.template.validate_result(kind.config, microtask.content, given.result)
        except ResultRefused as refused:
            raise AnswerRefused(refused) from None
    return None


def _follow(
    session: Session,
    review: Review,
    microtask: MicroTask,
    *,
    kind: TaskType,
    answers: Sequence[Response],
    now: datetime,
) -> None:
    """What a verdict does to the item. Whatever it is, answers given in good faith become payable."""
    if review.verdict in {Verdict.ACCEPT, Verdict.FIX} and review.result is not None:
        labels = kind.template.labels_of(kind.config, review.result)
        # What was said of it as gold showed the reviewer a doubt; it tells of people, and decides nothing.
        answers = [answer for answer in answers if answer.round != GOLD_ROUND]
        guide = max(answers, key=lambda answer: answer.number).guide_id if answers else None
        record_decision(
            session,
            microtask=microtask,
            method=DecisionMethod.REVIEW,
            labels=labels,
            result=review.result,
            confidence=confidence_after_review(session, kind, microtask, answers, labels),
            guide_id=guide or newest_guide_id(session, review.project_id),
            review_id=review.id,
            now=now,
        )
        return
    make_payable(session, response_ids=[answer.id for answer in answers], now=now)
    if review.verdict is Verdict.SEND_BACK:
        start_round(session, [microtask.id], now)
    else:
        declare_unusable(session, review, microtask, now)


def newest_guide_id(session: Session, project_id: UUID) -> UUID:
    """The guide in force, for a micro-task that nobody answered (all skipped it)."""
    return session.scalars(
        select(GuideVersion.id)
        .where(GuideVersion.project_id == project_id)
        .order_by(GuideVersion.version.desc())
        .limit(1)
    ).one()


def _pay(session: Session, actor: Actor, review: Review, project: Project, now: datetime) -> None:
    rates = session.scalars(
        select(PayRate).where(PayRate.project_id == project.id, PayRate.work == PaidWork.REVIEW)
    ).all()
    rate = rate_on(rates, now)
    if rate is None:
        return
    review.pay_micros = rate_in_micros(rate.rate)
    earn_review(
        session,
        review_id=review.id,
        person_number=actor.number,
        project_id=project.id,
        project_number=project.number,
        micros=review.pay_micros,
        currency=project.currency,
        now=now,
    )
