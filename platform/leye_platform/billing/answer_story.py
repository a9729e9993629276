"""One answer's story for its author: the text, what they answered, what was decided, and what became of the pay."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from leye_platform.assignments.correct import is_correctable
from leye_platform.assignments.models import ReplacedAnswer, Response
from leye_platform.assignments.rules import GOLD_ROUND
from leye_platform.billing.errors import AnswerMissing
from leye_platform.billing.models import LedgerEntry
from leye_platform.billing.rules import EntryKind
from leye_platform.delivery.models import Lot, LotItem
from leye_platform.delivery.rules import LotState
from leye_platform.errors import N_
from leye_platform.projects.models import MicroTask, Project
from leye_platform.projects.task_type import TaskType, task_type
from leye_platform.review.models import Decision, Review
from leye_platform.review.rules import REASON_WORDS, DecisionMethod, Reason, ReviewState, Verdict

METHOD_WORDS = {
    DecisionMethod.CONSENSUS: N_("几个人的答案合起来判定：{words}。"),
    DecisionMethod.SINGLE: N_("按一份答案判定：{words}。"),
    DecisionMethod.REVIEW: N_("质检员判定：{words}。"),
}
CORRECTED = N_("你更正了答案：原来是{before}，改为{words}。")
CORRECTED_SOMETHING = N_("你更正了答案。")
FELL = N_("有答案更正过，前面的判定不再算数。报酬不变。")
SENT_BACK = N_("质检员退回重做。")
UNUSABLE = N_("质检员判这条不可用。不影响你的报酬。")


@dataclass(frozen=True)
class Step:
    """Something that happened. `template` is a marked text with {names} of `values`."""

    at: datetime
    template: str
    values: dict[str, Any]
    reason: str = ""
    comment: str = ""


@dataclass(frozen=True)
class AnswerStory:
    """decided is None until the round that the answer belongs to is decided. payable_at: None while pending.
    correctable: whether its author can still put it right."""

    response: Response
    project: Project
    content: dict[str, Any]
    view: dict[str, Any]
    words: str
    decided: str | None
    same: bool
    payable_at: datetime | None
    correctable: bool
    steps: tuple[Step, ...]


def story_of(session: Session, person_id: UUID, response_id: UUID) -> AnswerStory:
    """One's own answer with its story, in a constant number of queries. Where its content was erased, without it.

    Raises AnswerMissing, for another's answer too.
    """
    found = session.execute(
        select(Response, Project, MicroTask)
        .join(Project, Project.id == Response.project_id)
        .join(MicroTask, MicroTask.id == Response.microtask_id)
        .where(Response.id == response_id, Response.person_id == person_id)
    ).first()
    if found is None:
        raise AnswerMissing
    response, project, microtask = found
    kind = task_type(project.task_type, project.label_config)
    own_round = list(
        session.scalars(
            select(Decision)
            .where(Decision.microtask_id == response.microtask_id, Decision.round == response.round)
            .order_by(Decision.version)
        )
    )
    reviews = _reviews(session, response)
    payable_at = session.scalar(
        select(LedgerEntry.occurred_at).where(
            LedgerEntry.response_id == response.id, LedgerEntry.kind == EntryKind.EARNING_PAYABLE
        )
    )
    steps = [
        Step(response.submitted_at, N_("你提交答案，{money}待确认。"), {"micros": response.pay_micros}),
        *_corrected(session, kind, response, erased=not microtask.content),
        *_decided(kind, own_round, reviews),
        *_refused(reviews),
    ]
    if payable_at is not None:
        steps.append(Step(payable_at, N_("{money}转为待发放。"), {"micros": response.pay_micros}))
    steps += _delivered(session, response)
    decided = own_round[-1] if own_round and own_round[-1].fell_at is None else None
    return AnswerStory(
        response=response,
        project=project,
        content=microtask.content,
        view=dict(kind.template.view(kind.config, microtask.content)) if microtask.content else {"texts": []},
        words=kind.template.describe(kind.config, response.result),
        decided=None if decided is None else kind.template.describe(kind.config, decided.result),
        same=decided is not None and kind.consensus.same(decided.labels, response.labels),
        payable_at=payable_at,
        correctable=is_correctable(session, person_id, response.assignment_id),
        steps=tuple(sorted(steps, key=lambda step: step.at)),
    )


def _reviews(session: Session, response: Response) -> dict[UUID, Review]:
    """The settled reviews of the answer's round."""
    rows = session.scalars(
        select(Review).where(
            Review.microtask_id == response.microtask_id,
            Review.round == response.round,
            Review.state == ReviewState.SETTLED,
        )
    )
    return {review.id: review for review in rows}


def _corrected(session: Session, kind: TaskType, response: Response, *, erased: bool) -> list[Step]:
    """Each correction: what it made of which answer."""
    replaced = session.scalars(
        select(ReplacedAnswer).where(ReplacedAnswer.response_id == response.id).order_by(ReplacedAnswer.version)
    ).all()
    if erased:
        return [Step(answer.replaced_at, CORRECTED_SOMETHING, {}) for answer in replaced]
    said = [
        kind.template.describe(kind.config, result) for result in (*(one.result for one in replaced), response.result)
    ]
    return [
        Step(answer.replaced_at, CORRECTED, {"before": before, "words": after})
        for answer, before, after in zip(replaced, said, said[1:], strict=False)
    ]


def _decided(kind: TaskType, decisions: list[Decision], reviews: dict[UUID, Review]) -> list[Step]:
    """Each decision, with the reviewer's reason where a review made it; and where one fell, that it did."""
    fallen = [Step(decision.fell_at, FELL, {}) for decision in decisions if decision.fell_at is not None]
    return fallen + [
        Step(
            decision.decided_at,
            METHOD_WORDS[decision.method],
            {"words": kind.template.describe(kind.config, decision.result)},
            *_why(reviews.get(decision.review_id) if decision.review_id else None),
        )
        for decision in decisions
    ]


def _refused(reviews: dict[UUID, Review]) -> list[Step]:
    """The reviews that ended without a decision."""
    words = {Verdict.SEND_BACK: SENT_BACK, Verdict.UNUSABLE: UNUSABLE}
    return [
        Step(review.settled_at, words[review.verdict], {}, *_why(review))
        for review in reviews.values()
        if review.settled_at is not None and review.verdict in words
    ]


def _why(review: Review | None) -> tuple[str, str]:
    if review is None:
        return "", ""
    return REASON_WORDS[Reason(review.reason)] if review.reason else "", review.comment or ""


def _delivered(session: Session, response: Response) -> list[Step]:
    """What the partner did with the item after this answer; nothing of one that it served as gold for."""
    if response.round == GOLD_ROUND:
        return []
    steps = []
    rows = session.execute(
        select(Lot, LotItem).join(LotItem, LotItem.lot_id == Lot.id).where(LotItem.item_id == response.item_id)
    )
    for lot, included in rows:
        if lot.delivered_at is None or lot.delivered_at < response.submitted_at:
            continue
        steps.append(Step(lot.delivered_at, N_("这一条交付给合作企业。"), {}))
        if included.sent_back_at is not None:
            returned = N_("合作企业退回了这一条，已付的报酬不变。")
            steps.append(Step(included.sent_back_at, returned, {}, comment=included.reason or ""))
        elif lot.state in {LotState.ACCEPTED, LotState.INVOICED} and lot.settled_at is not None:
            steps.append(Step(lot.settled_at, N_("合作企业验收通过。"), {}))
    return steps
