"""Weighing the answers of a micro-task, each time one comes in.

Sure enough for what is wanted of the whole project: decided. Unsure: one more slot in the urgent lane, up to the limit.
Unsure at the limit, or where further answers would hardly decide it: review. How sure is sure enough is learned with
people's skills (docs/decisions/0025-wanted-of-the-whole.md), and by what each weighing was made is kept. A late answer
counts until the item is delivered. Answers that keep a model's proposal are one voice, and alone they settle nothing
(docs/decisions/0009-proposals.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, exists, func, literal_column, or_, select, update
from sqlalchemy.orm import Session

from leye_platform.assignments.core_tables import (
    HELD,
    OPEN,
    annotator_skills,
    decisions,
    lot_items,
    micro_tasks,
    responses,
    skill_fits,
    slots,
)
from leye_platform.assignments.rules import Lane, ProposalUse
from leye_platform.assignments.slots import WantedAnswer, add_slots
from leye_platform.billing.ledger import make_payable
from leye_platform.prepared import Prepared
from leye_platform.projects.rules import ItemState, Pipeline, PipelineKind
from leye_platform.projects.task_type import TaskType
from leye_platform.review.checks import check_due, share_to_check
from leye_platform.review.decide import open_review, record_decision
from leye_platform.review.rules import DecisionMethod, ReviewCause
from leye_platform.review.weighings import Cause, Outcome, Weighed, asking_in_force, with_one_more
from leye_quality.stopping import Asking, NextStep, next_step
from leye_task_templates.consensus import Combined, Labels


@dataclass(frozen=True, slots=True)
class AnsweredTask:
    """A micro-task that has just got an answer, with its row locked.

    prior: the project's prior, None before the first refit. fit: that refit's number, None for none; asking: what it
    learned of when to stop. weighings: of this micro-task so far. author_answers: how many the author of
    the newest answer had given before. only_part: the item has no other micro-task.
    """

    id: UUID
    item_id: UUID
    batch_id: UUID
    project_id: UUID
    round: int
    state: ItemState
    item_state: ItemState
    overlap_wanted: int
    overlap_limit: int
    pipeline: Pipeline
    prior: list[Any] | None
    author_answers: int
    newest_response: UUID
    content: dict[str, Any]
    only_part: bool
    fit: int | None
    asking: dict[str, Any] | None
    weighings: list[Any] | None

    def to_ask(self) -> Asking:
        """How long this project asks."""
        return asking_in_force(self.asking, self.pipeline)


class Answer(NamedTuple):
    """One answer of the round with the skill of its author; fit: of which refit that is, None before the first."""

    labels: Labels
    guide_id: UUID
    skill: dict[str, Any] | None
    proposal_use: ProposalUse
    number: int
    fit: int | None

    @property
    def is_copy(self) -> bool:
        return self.proposal_use is ProposalUse.KEPT


class Settled(NamedTuple):
    """What answers settle. guide_id: the guide of the newest among them."""

    method: DecisionMethod
    labels: Labels
    confidence: float
    guide_id: UUID


ANSWERS = Prepared(
    select(
        responses.c.labels,
        responses.c.guide_id,
        annotator_skills.c.skill,
        responses.c.proposal_use,
        responses.c.number,
        skill_fits.c.number,
    )
    .outerjoin(skill_fits, skill_fits.c.project_id == responses.c.project_id)
    .outerjoin(
        annotator_skills,
        (annotator_skills.c.person_id == responses.c.person_id)
        & (annotator_skills.c.project_id == responses.c.project_id),
    )
    .where(responses.c.microtask_id == bindparam("microtask"), responses.c.round == bindparam("in_round"))
    .order_by(responses.c.number)
)
ASKED_FOR = Prepared(
    select(func.count())
    .select_from(slots)
    .where(
        slots.c.microtask_id == bindparam("microtask"),
        slots.c.round == bindparam("in_round"),
        or_(slots.c.state == OPEN, slots.c.state == HELD),
        slots.c.lane != Lane.GOLD,
    )
)
KEEP_POSTERIOR = Prepared(
    update(micro_tasks)
    .where(micro_tasks.c.id == bindparam("microtask"))
    .values(posterior=bindparam("probabilities"), overlap_wanted=bindparam("wanted"), weighings=bindparam("weighed_by"))
)
OUT_OF_HAND = frozenset({ItemState.DELIVERED, ItemState.ACCEPTED, ItemState.UNUSABLE, ItemState.WITHDRAWN})
LAST_DECISION = Prepared(
    select(
        decisions.c.labels,
        decisions.c.method,
        exists().where(lot_items.c.item_id == decisions.c.item_id, lot_items.c.state == literal_column("'included'")),
    )
    .where(decisions.c.microtask_id == bindparam("microtask"))
    .order_by(decisions.c.version.desc())
    .limit(1)
)


def weigh(session: Session, task: AnsweredTask, kind: TaskType, now: datetime) -> None:
    """Draw the consequences of the newest answer of the round."""
    answers = [Answer(*row) for row in ANSWERS.all(session, {"microtask": task.id, "in_round": task.round})]
    weighing = Weighing(session, task, kind, now, answers, combined(voices(answers), kind, task.prior))
    if task.state is ItemState.DECIDED:
        weighing.reconsider()
    elif task.state is ItemState.REVIEW:
        weighing.keep_posterior(Outcome.KEPT)
    elif task.pipeline.kind is PipelineKind.SINGLE_CHECK:
        weighing.settle_single()
    else:
        weighing.settle_by_consensus()


def voices(answers: Sequence[Answer]) -> list[Answer]:
    """The answers that speak for themselves: of those that keep the proposal, the first."""
    first_copy = next((answer for answer in answers if answer.is_copy), None)
    return [answer for answer in answers if answer is first_copy or not answer.is_copy]


def combined(answers: Sequence[Answer], kind: TaskType, prior: list[Any] | None) -> Combined:
    """What the answers come to, each weighed by its author's skill."""
    return kind.consensus.combine([answer.labels for answer in answers], [answer.skill for answer in answers], prior)


@dataclass(frozen=True, slots=True)
class Weighing:
    """One micro-task on the scales: its answers and what they come to."""

    session: Session
    task: AnsweredTask
    kind: TaskType
    now: datetime
    answers: Sequence[Answer]
    outcome: Combined
    cause: Cause = Cause.ANSWER

    @property
    def only_copies(self) -> bool:
        return all(answer.is_copy for answer in self.answers)

    @property
    def confidence(self) -> float:
        """How sure the answers make us: not at all while nobody has looked without the proposal, or changed it."""
        return 0.0 if self.only_copies else self.outcome.confidence

    @property
    def is_sure(self) -> bool:
        """Whether what the answers come to may stand as the decision."""
        return not self.outcome.contradictory and self.confidence >= self.task.to_ask().enough

    def pending(self) -> int:
        """How many answers that were asked for are still to come."""
        round_of = {"microtask": self.task.id, "in_round": self.task.round}
        return int(ASKED_FOR.scalar(self.session, round_of))

    def step(self, pending: int) -> NextStep | None:
        """What follows where several people answer; None: the answers asked for are waited for."""
        task, asking = self.task, self.task.to_ask()
        return next_step(
            self.confidence,
            answers=len(self.answers),
            wanted=task.pipeline.overlap_start(),
            limit=task.overlap_limit,
            enough=asking.enough,
            pending=pending,
            contradictory=self.outcome.contradictory,
            hopeless=asking.hopeless_at(len(self.answers)),
        )

    def settle_by_consensus(self) -> None:
        task, pending = self.task, self.pending()
        step = self.step(pending)
        wanted = min(task.overlap_wanted + 1, task.overlap_limit) if step is NextStep.ASK_MORE else None
        self.keep_posterior(Outcome.of(step), wanted=wanted, pending=pending)
        if step is NextStep.ASK_MORE:
            extra = WantedAnswer(task.batch_id, task.item_id, task.id, Lane.URGENT, task.round)
            add_slots(self.session, [extra])
        elif step is NextStep.DECIDE:
            self.decide(DecisionMethod.CONSENSUS)
        elif step is NextStep.REVIEW:
            open_review(self.session, task, ReviewCause.UNSURE, self.now)

    @property
    def check_is_due(self) -> bool:
        """Whether the draw gives the single answer to a reviewer."""
        # A kept proposal is looked at as a newcomer's answer is: nobody else will have judged it.
        experience = 0 if self.only_copies else self.task.author_answers
        share = share_to_check(self.task.pipeline.check_share, answers=experience)
        return check_due(self.task.id, self.task.round, share)

    def settle_single(self) -> None:
        self.keep_posterior(Outcome.REVIEW if self.check_is_due else Outcome.DECIDE)
        if self.check_is_due:
            open_review(self.session, self.task, ReviewCause.CHECK, self.now)
        else:
            self.decide(DecisionMethod.SINGLE)

    def reconsider(self) -> None:
        """An answer to what is decided: paid at once; it changes the decision only when sure of another one.

        A reviewer's word, and what lies in a lot, stand.
        """
        make_payable(self.session, response_ids=[self.task.newest_response], now=self.now)
        decided, method, in_lot = LAST_DECISION.one(self.session, {"microtask": self.task.id})
        if method is not DecisionMethod.CONSENSUS or in_lot or self.task.item_state in OUT_OF_HAND:
            self.keep_posterior(Outcome.KEPT)
            return
        changes = self.is_sure and not self.kind.consensus.same(self.outcome.labels, decided)
        self.keep_posterior(Outcome.CHANGE if changes else Outcome.STANDS)
        if changes:
            self.decide(DecisionMethod.CONSENSUS)

    def settled(self, method: DecisionMethod) -> Settled:
        """What the answers settle, by this method."""
        # One answer decides as it was given; several decide by what they come to.
        labels = self.answers[0].labels if method is DecisionMethod.SINGLE else self.outcome.labels
        return Settled(method, labels, self.outcome.probability_of(labels), self.answers[-1].guide_id)

    def decide(self, method: DecisionMethod) -> None:
        self.record(self.settled(method))

    def record(self, settled: Settled) -> None:
        """Make it the micro-task's decision."""
        record_decision(
            self.session,
            microtask=self.task,
            method=settled.method,
            labels=settled.labels,
            result=self.kind.template.result_of(self.kind.config, self.task.content, settled.labels),
            confidence=settled.confidence,
            guide_id=settled.guide_id,
            review_id=None,
            now=self.now,
        )

    def keep_posterior(self, outcome: Outcome, *, wanted: int | None = None, pending: int = 0) -> None:
        """Keep what the answers come to, and by what they were weighed. wanted: answers, where that changes."""
        task, asking, newest = self.task, self.task.to_ask(), self.answers[-1]
        weighed = Weighed(
            round=task.round,
            newest=newest.number,
            at=self.now.isoformat(),
            prior_fit=task.fit or 0,
            skills_fit=newest.fit or 0,
            start=task.pipeline.overlap_start(),
            limit=task.overlap_limit,
            enough=asking.enough,
            hopeless=asking.hopeless_at(len(self.answers)),
            pending=pending,
            check_share=task.pipeline.check_share if task.pipeline.kind is PipelineKind.SINGLE_CHECK else None,
            author_answers=task.author_answers,
            cause=self.cause,
            outcome=outcome,
        )
        kept = {
            "microtask": task.id,
            "probabilities": self.outcome.posterior,
            "wanted": task.overlap_wanted if wanted is None else wanted,
            "weighed_by": with_one_more(task.weighings, weighed),
        }
        KEEP_POSTERIOR.run(self.session, kept)
