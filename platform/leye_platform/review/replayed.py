"""Draw the consequences of a project's answers again, from its log, and compare them with what was done. Read only.

The log: the answers in their order, what corrected ones said before, by what each weighing was made, and the fits as
they were in force. The rules are those that ran when the answers came in; so a difference means that the log, or a
decision, was changed, or that the rules have changed since.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from leye_platform.assignments.models import ReplacedAnswer, Response
from leye_platform.assignments.rules import GOLD_ROUND, ProposalUse
from leye_platform.projects.models import MicroTask, Project
from leye_platform.projects.rules import ItemState, Pipeline, PipelineKind
from leye_platform.projects.task_type import TaskType, task_type
from leye_platform.review.kept_fits import FitsInForce
from leye_platform.review.models import Decision
from leye_platform.review.reweigh import Again, Standing
from leye_platform.review.rules import DecisionMethod
from leye_platform.review.weigh import Answer, AnsweredTask, Settled, Weighing, combined, voices
from leye_platform.review.weighings import Cause, Outcome, Weighed, to_keep
from leye_quality.stopping import Asking

AT_A_TIME = 500
BY_ANSWERS = (DecisionMethod.CONSENSUS, DecisionMethod.SINGLE)
DECIDING = frozenset({Outcome.DECIDE, Outcome.CHANGE})


@dataclass
class Replayed:
    """How many weighings and decisions were drawn again, and every difference, as a sentence."""

    weighings: int = 0
    decisions: int = 0
    differences: list[str] = field(default_factory=list)


class _Said(NamedTuple):
    """An answer, and what it said before each correction that changed that, the oldest first."""

    response: Response
    before: list[ReplacedAnswer]


def replay_decisions(session: Session, project_id: UUID) -> Replayed:
    """Replay all that was weighed in a project, but for what is erased and what was weighed before this was kept."""
    project = session.get_one(Project, project_id)
    kind, fits, replayed = (
        task_type(project.task_type, project.label_config),
        FitsInForce(session, project_id),
        Replayed(),
    )
    weighed = select(MicroTask.id).where(MicroTask.project_id == project_id, MicroTask.weighings.is_not(None))
    every = session.scalars(weighed.order_by(MicroTask.id)).all()
    for start in range(0, len(every), AT_A_TIME):
        for log in _log_of(session, every[start : start + AT_A_TIME]):
            _Replay(session, log, kind, fits).run(replayed)
        session.expunge_all()
    return replayed


class _Log(NamedTuple):
    """What is kept of a micro-task. decisions: those that answers made, the oldest first."""

    task: MicroTask
    said: list[_Said]
    decisions: list[Decision]


def _log_of(session: Session, ids: Sequence[UUID]) -> Iterator[_Log]:
    said: dict[UUID, list[_Said]] = defaultdict(list)
    before: dict[UUID, list[ReplacedAnswer]] = defaultdict(list)
    of_these = select(Response.id).where(Response.microtask_id.in_(ids))
    for replaced in session.scalars(
        select(ReplacedAnswer).where(ReplacedAnswer.response_id.in_(of_these)).order_by(ReplacedAnswer.version)
    ):
        before[replaced.response_id].append(replaced)
    # An answer to a decided item that serves as gold tells of its author: it was never weighed for the item.
    of_the_item = (Response.microtask_id.in_(ids), Response.round != GOLD_ROUND)
    for response in session.scalars(
        select(Response).where(*of_the_item).order_by(Response.microtask_id, Response.number)
    ):
        said[response.microtask_id].append(_Said(response, before[response.id]))
    decisions: dict[UUID, list[Decision]] = defaultdict(list)
    for decision in session.scalars(
        select(Decision)
        .where(Decision.microtask_id.in_(ids), Decision.method.in_(BY_ANSWERS))
        .order_by(Decision.version)
    ):
        decisions[decision.microtask_id].append(decision)
    for task in session.scalars(select(MicroTask).where(MicroTask.id.in_(ids)).order_by(MicroTask.id)):
        yield _Log(task, said[task.id], decisions[task.id])


class _Replay:
    """One micro-task: its log, and how far it was gone through."""

    def __init__(self, session: Session, log: _Log, kind: TaskType, fits: FitsInForce) -> None:
        self._session, self._kind, self._fits = session, kind, fits
        self._task, self._said, decisions = log
        self._rows = [Weighed(*row) for row in self._task.weighings or []]
        decided = sum(row.outcome in DECIDING for row in self._rows)
        self._decisions = decisions[len(decisions) - decided :] if decided else []
        self._earlier = decisions[: len(decisions) - decided]
        self._standing = self._earlier[-1] if self._earlier else None
        self._corrections = self._all_corrections()
        corrected = sum(row.cause == Cause.CORRECTION for row in self._rows)
        del self._corrections[: max(0, len(self._corrections) - corrected)]

    def _all_corrections(self) -> list[tuple[UUID, ReplacedAnswer]]:
        """Those that changed what an answer says, the oldest first: what it said until then."""
        changes = []
        for response, before in self._said:
            later = [*(one.labels for one in before), response.labels][1:]
            changes += [(response.id, one) for one, labels in zip(before, later, strict=True) if one.labels != labels]
        return sorted(changes, key=lambda change: (change[1].replaced_at, change[1].version))

    def run(self, replayed: Replayed) -> None:
        """Add what is found."""
        decided = iter(self._decisions)
        for row in self._rows:
            if row.cause == Cause.CORRECTION and self._corrections:
                self._corrections.pop(0)
            weighing = self._weighing(row)
            outcome, settled = self._drawn(row, weighing)
            replayed.weighings += 1
            if outcome != row.outcome:
                replayed.differences.append(f"{self._task.id}: {row.outcome} at answer {row.newest}, drawn {outcome}")
            if row.outcome in DECIDING:
                decision = next(decided, None)
                replayed.decisions += 1
                if decision is None or settled is None or _told(decision) != (settled.labels, settled.confidence):
                    replayed.differences.append(f"{self._task.id}: another decision at answer {row.newest}")
                self._standing = decision
        if self._rows and weighing.outcome.posterior != self._task.posterior:
            replayed.differences.append(f"{self._task.id}: another posterior")

    def _weighing(self, row: Weighed) -> Weighing:
        """The scales as they stood."""
        prior = self._fits.prior(row.prior_fit)
        answers = [self._as_said(one, row) for one in self._said if self._counted(one.response, row)]
        kept = row.check_share is None
        pipeline = Pipeline(
            kind=PipelineKind.CONSENSUS if kept else PipelineKind.SINGLE_CHECK,
            overlap_start=1 if row.start == 1 else 2,
            overlap_limit=max(row.limit, row.start),
            check_share=row.check_share or 0.0,
        )
        task = AnsweredTask(
            id=self._task.id,
            item_id=self._task.item_id,
            batch_id=self._task.batch_id,
            project_id=self._task.project_id,
            round=row.round,
            state=self._task.state,
            item_state=ItemState.WORKING,
            overlap_wanted=row.start,
            overlap_limit=row.limit,
            pipeline=pipeline,
            prior=prior,
            author_answers=row.author_answers,
            newest_response=self._task.id,
            content=self._task.content,
            only_part=True,
            fit=row.prior_fit,
            asking=to_keep(Asking(row.enough, (row.hopeless,) * len(answers)), pipeline),
            weighings=None,
        )
        outcome = combined(voices(answers), self._kind, prior)
        now = self._said[-1].response.submitted_at
        return Weighing(self._session, task, self._kind, now, answers, outcome, Cause(row.cause))

    @staticmethod
    def _counted(response: Response, row: Weighed) -> bool:
        return response.round == row.round and response.number <= row.newest

    def _as_said(self, said: _Said, row: Weighed) -> Answer:
        """The answer as it stood: its labels before the first correction that is still to come."""
        response = said.response
        before = next((one for owner, one in self._corrections if owner == response.id), None)
        stood: Response | ReplacedAnswer = response if before is None else before
        skill = self._fits.skill(response.person_id, row.skills_fit)
        use = ProposalUse(stood.proposal_use)
        return Answer(stood.labels, response.guide_id, skill, use, response.number, row.skills_fit)

    def _drawn(self, row: Weighed, weighing: Weighing) -> tuple[Outcome, Settled | None]:
        """What follows by the rules, and what is settled where it decides."""
        if row.outcome == Outcome.KEPT:
            return Outcome.KEPT, None
        if row.cause != Cause.ANSWER:
            return self._drawn_anew(row, weighing)
        if row.outcome in {Outcome.STANDS, Outcome.CHANGE}:
            standing = self._standing
            same = standing is not None and self._kind.consensus.same(weighing.outcome.labels, standing.labels)
            changes = weighing.is_sure and not same
            return (Outcome.CHANGE, weighing.settled(DecisionMethod.CONSENSUS)) if changes else (Outcome.STANDS, None)
        if row.check_share is not None:
            settled = None if weighing.check_is_due else weighing.settled(DecisionMethod.SINGLE)
            return Outcome.REVIEW if settled is None else Outcome.DECIDE, settled
        outcome = Outcome.of(weighing.step(row.pending))
        return outcome, weighing.settled(DecisionMethod.CONSENSUS) if outcome is Outcome.DECIDE else None

    def _drawn_anew(self, row: Weighed, weighing: Weighing) -> tuple[Outcome, Settled | None]:
        """What follows where all answers were weighed anew."""
        standing = self._standing
        was = None if standing is None else Standing(standing.id, standing.method, standing.labels, standing.confidence)
        again = Again(weighing, None, was)
        if again.one_answer_decides or row.check_share is not None:
            return Outcome(row.outcome), again.first().settled(DecisionMethod.SINGLE)
        settled = again.settled_one_by_one()
        if settled is None:
            return Outcome.of(weighing.step(row.pending)), None
        stands = row.outcome == Outcome.STANDS and was is not None
        same = was is not None and (was.labels, was.confidence) == (settled.labels, settled.confidence)
        return (Outcome.STANDS, None) if stands and same else (Outcome.DECIDE, settled)


def _told(decision: Decision) -> tuple[list[Any], float]:
    return decision.labels, decision.confidence
