"""Weighing the answers of a micro-task anew, once one of them was corrected.

What follows is what would have followed had the corrected answer come in the place of the first one, people weighed by
what is known of their skill today. A decision that the answers no longer bear falls: it keeps its row, which says when,
and the micro-task is decided otherwise, waits for one more answer, or goes to a reviewer (docs/decisions/0022).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from leye_platform.assignments.core_tables import OPEN, decisions, reviews
from leye_platform.assignments.slots import withdraw_open
from leye_platform.prepared import Prepared
from leye_platform.projects.rules import ItemState, PipelineKind
from leye_platform.projects.task_type import TaskType
from leye_platform.review.decide import open_review, put_back_to_work
from leye_platform.review.rules import REVIEW_MOVES, UNSETTLED_STATES, DecisionMethod, ReviewCause, ReviewState
from leye_platform.review.weigh import ANSWERS, Answer, AnsweredTask, Settled, Weighing, combined, voices
from leye_platform.review.weighings import Cause, Outcome
from leye_platform.states import check_move
from leye_quality.stopping import NextStep

ROUNDS_REVIEWS = Prepared(
    select(reviews.c.id, reviews.c.cause, reviews.c.state).where(
        reviews.c.microtask_id == bindparam("microtask"), reviews.c.round == bindparam("in_round")
    )
)
# Whoever takes or settles it at this moment holds its row and may want the micro-task's: nobody waits for them here.
LOCK_WAITING_REVIEW = Prepared(
    select(reviews.c.id)
    .where(reviews.c.id == bindparam("review"), reviews.c.state == OPEN)
    .with_for_update(skip_locked=True)
)
END_REVIEW = Prepared(update(reviews).where(reviews.c.id == bindparam("review")).values(state=bindparam("reached")))
STANDING = Prepared(
    select(decisions.c.id, decisions.c.method, decisions.c.labels, decisions.c.confidence)
    .where(decisions.c.microtask_id == bindparam("microtask"), decisions.c.fell_at.is_(None))
    .order_by(decisions.c.version.desc())
    .limit(1)
)
FALL = Prepared(
    update(decisions)
    .where(decisions.c.microtask_id == bindparam("microtask"), decisions.c.round == bindparam("in_round"))
    .where(decisions.c.fell_at.is_(None))
    .values(fell_at=bindparam("now"))
)


class RoundReviews(NamedTuple):
    """The reviews of a micro-task's round. waiting: the one that nobody has taken, its row locked.

    in_hand: a reviewer has it, or is taking it at this moment. settled: one of the round was settled.
    """

    waiting: UUID | None
    cause: ReviewCause | None
    in_hand: bool
    settled: bool


def round_reviews(session: Session, microtask_id: UUID, in_round: int, *, lock: bool) -> RoundReviews:
    """How a micro-task's round stands with the reviewers. lock: for who holds the micro-task's row, and is to write."""
    found = ROUNDS_REVIEWS.all(session, {"microtask": microtask_id, "in_round": in_round})
    settled = any(state is ReviewState.SETTLED for _, _, state in found)
    unsettled = next((row for row in found if row[2] in UNSETTLED_STATES), None)
    if unsettled is None:
        return RoundReviews(None, None, in_hand=False, settled=settled)
    review_id, cause, state = unsettled
    waiting = review_id if state is ReviewState.OPEN else None
    if lock:
        waiting = LOCK_WAITING_REVIEW.scalar(session, {"review": review_id})
    return RoundReviews(waiting, cause, in_hand=waiting is None, settled=settled)


def reweigh(session: Session, task: AnsweredTask, kind: TaskType, with_reviewers: RoundReviews, now: datetime) -> None:
    """Draw the consequences of a corrected answer of the round.

    The caller holds the rows of the micro-task, of its item and of the review that waits, and has seen that the
    item is in no lot and that no reviewer has its answers in hand or has settled them.
    """
    answers = [Answer(*row) for row in ANSWERS.all(session, {"microtask": task.id, "in_round": task.round})]
    outcome = combined(voices(answers), kind, task.prior)
    weighing = Weighing(session, task, kind, now, answers, outcome, Cause.CORRECTION)
    if with_reviewers.waiting is not None and with_reviewers.cause is not ReviewCause.UNSURE:
        # Drawn for a look, or called unlabelable: a reviewer looks whatever the answers say.
        weighing.keep_posterior(Outcome.KEPT)
        return
    standing = Standing(*row) if (row := STANDING.first(session, {"microtask": task.id})) else None
    again = Again(weighing, with_reviewers.waiting, standing if task.state is ItemState.DECIDED else None)
    if again.one_answer_decides:
        again.settle_single()
    else:
        again.settle_by_consensus()


class Standing(NamedTuple):
    """A decision that stands."""

    id: UUID
    method: DecisionMethod
    labels: list[Any]
    confidence: float


@dataclass(frozen=True, slots=True)
class Again:
    """A micro-task on the scales again, with what its answers had led to so far: a decision, a review, or neither."""

    weighing: Weighing
    review: UUID | None
    decision: Standing | None

    @property
    def one_answer_decides(self) -> bool:
        if self.decision is not None:
            return self.decision.method is DecisionMethod.SINGLE
        return self.weighing.task.pipeline.kind is PipelineKind.SINGLE_CHECK

    def first(self) -> Weighing:
        """The first answer alone."""
        return self._of(self.weighing.answers[:1])

    def settle_single(self) -> None:
        first = self.first()
        if self.decision is not None and self.decision.labels == first.answers[0].labels:
            # It was another answer that was corrected, one that came on top.
            self.weighing.keep_posterior(Outcome.STANDS)
        elif first.check_is_due:
            self.to_reviewers(ReviewCause.CHECK)
        else:
            self.decide(first.settled(DecisionMethod.SINGLE))

    def settle_by_consensus(self) -> None:
        settled = self.settled_one_by_one()
        if settled is not None:
            self.decide(settled)
            return
        if self.weighing.step(self.weighing.pending()) is NextStep.REVIEW:
            self.to_reviewers(ReviewCause.UNSURE)
            return
        weighing = self.weighing
        if self.decision is not None or self.review is not None:
            self.let_go()
            put_back_to_work(weighing.session, weighing.task, weighing.now)
            weighing = replace(weighing, task=replace(weighing.task, state=ItemState.WORKING))
        weighing.settle_by_consensus()

    def settled_one_by_one(self) -> Settled | None:
        """What the answers settle, taken as they came: once decided, only one that is sure of another changes it."""
        found: Settled | None = None
        consensus, answers = self.weighing.kind.consensus, self.weighing.answers
        for count in range(self.weighing.task.pipeline.overlap_start(), len(answers) + 1):
            so_far = self._of(answers[:count])
            if so_far.is_sure and (found is None or not consensus.same(so_far.outcome.labels, found.labels)):
                found = so_far.settled(DecisionMethod.CONSENSUS)
        return found

    def _of(self, answers: Sequence[Answer]) -> Weighing:
        outcome = combined(voices(answers), self.weighing.kind, self.weighing.task.prior)
        return replace(self.weighing, answers=answers, outcome=outcome)

    def decide(self, settled: Settled) -> None:
        weighing, task = self.weighing, self.weighing.task
        if self.decision is not None and self._says(settled):
            weighing.keep_posterior(Outcome.STANDS)
            return
        spared = withdraw_open(weighing.session, task.id, task.round)
        wanted = max(task.pipeline.overlap_start(), task.overlap_wanted - spared)
        weighing.keep_posterior(Outcome.DECIDE, wanted=wanted)
        self.let_go()
        weighing.record(settled)

    def _says(self, settled: Settled) -> bool:
        decision = self.decision
        return decision is not None and (decision.labels, decision.confidence) == (settled.labels, settled.confidence)

    def to_reviewers(self, cause: ReviewCause) -> None:
        self.weighing.keep_posterior(Outcome.REVIEW)
        if self.review is None:
            self.let_go()
            open_review(self.weighing.session, self.weighing.task, cause, self.weighing.now)

    def let_go(self) -> None:
        """The decision that stood falls; the review that waited is not wanted any more."""
        session, task = self.weighing.session, self.weighing.task
        if self.decision is not None:
            FALL.run(session, {"microtask": task.id, "in_round": task.round, "now": self.weighing.now})
        if self.review is not None:
            reached = check_move(REVIEW_MOVES, ReviewState.OPEN, ReviewState.WITHDRAWN)
            END_REVIEW.run(session, {"review": self.review, "reached": reached})
