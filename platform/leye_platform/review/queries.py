"""What a reviewer's pages show: the queue in numbers, and one micro-task with its answers, blind."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, case, exists, func, select
from sqlalchemy.orm import Session, aliased

from leye_platform.assignments.errors import TaskErased
from leye_platform.assignments.models import Assignment, Response
from leye_platform.assignments.rules import GOLD_ROUND, AssignmentState, SkipReason
from leye_platform.projects.models import Batch, GuideVersion, MicroTask, Project
from leye_platform.projects.pictures.links import PictureLinks
from leye_platform.projects.rules import BatchState
from leye_platform.projects.task_type import TaskType, task_type
from leye_platform.review.models import Review
from leye_platform.review.rules import ReviewCause, ReviewState, Verdict, pseudonyms

LONGEST_GLIMPSE = 24


@dataclass(frozen=True)
class BlindAnswer:
    """One answer without its author: `author` is a pseudonym of this batch.

    differs: it is not what most say, or nobody is in the majority. guide_version: the guide that it follows.
    """

    response_id: UUID
    author: str
    result: list[Any]
    words: str
    differs: bool
    guide_version: int


@dataclass(frozen=True)
class AnswerGroup:
    """Answers that say the same, and who gave them; the first of them stands for all."""

    response_id: UUID
    result: list[Any]
    words: str
    authors: tuple[str, ...]


@dataclass(frozen=True)
class ReviewView:
    """All that the review page and the API show of one review."""

    review: Review
    project: Project
    kind: TaskType
    content: dict[str, Any]
    view: dict[str, Any]
    answers: tuple[BlindAnswer, ...]
    groups: tuple[AnswerGroup, ...]
    skips: tuple[tuple[SkipReason, str | None], ...]
    guide: GuideVersion | None

    @property
    def entries(self) -> dict[str, list[str]]:
        """What stands in the answers, entry by entry as the task type's form has them, each with its authors."""
        found: dict[str, list[str]] = {}
        for answer in self.answers:
            for entry in dict.fromkeys(self.kind.template.form_entries(self.kind.config, answer.result)):
                found.setdefault(entry, []).append(answer.author)
        return found

    @property
    def decided_words(self) -> str:
        """What the verdict decided, in a few words; empty where it decided on no answer."""
        result = self.review.result
        return "" if result is None else self.kind.template.describe(self.kind.config, result)


@dataclass(frozen=True)
class QueueFigures:
    """The reviewer's home in numbers. waiting: open reviews of open batches; may_take: those that this person
    has no other function on. paused: open reviews of paused batches. holds_one: whether a review is being worked on.
    """

    waiting: int
    paused: int
    may_take: int
    by_cause: dict[ReviewCause, int]
    settled_today: int
    holds_one: bool


def no_other_function(person_id: UUID) -> ColumnElement[bool]:
    """The person neither answers nor answered anything of the review's item."""
    return ~exists().where(
        Assignment.item_id == Review.item_id,
        Assignment.person_id == person_id,
        Assignment.state != AssignmentState.RELEASED,
    )


def not_put_back_by(person_id: UUID) -> ColumnElement[bool]:
    """The person has not had this micro-task in this round, and given it back or called it unusable."""
    earlier = aliased(Review)
    return ~exists().where(
        earlier.item_id == Review.item_id,
        earlier.reviewer_id == person_id,
        earlier.microtask_id == Review.microtask_id,
        earlier.round == Review.round,
        earlier.state.in_((ReviewState.PUT_BACK, ReviewState.SETTLED)),
    )


def queue_figures(session: Session, reviewer_id: UUID, day_began: datetime) -> QueueFigures:
    """What waits, and what this reviewer has settled since `day_began`."""
    counts = session.execute(
        select(Review.cause, func.count(), func.sum(case((no_other_function(reviewer_id), 1), else_=0)))
        .join(Batch, Batch.id == Review.batch_id)
        .where(Review.state == ReviewState.OPEN, Batch.state == BatchState.OPEN)
        .group_by(Review.cause)
        .order_by(Review.cause)
    ).all()
    paused = session.scalar(
        select(func.count())
        .select_from(Review)
        .join(Batch, Batch.id == Review.batch_id)
        .where(Review.state == ReviewState.OPEN, Batch.state == BatchState.PAUSED)
    )
    settled = session.scalar(
        select(func.count()).where(Review.reviewer_id == reviewer_id, Review.settled_at >= day_began)
    )
    held = session.scalar(
        select(func.count()).where(Review.reviewer_id == reviewer_id, Review.state == ReviewState.HELD)
    )
    return QueueFigures(
        waiting=sum(count for _, count, _ in counts),
        paused=paused or 0,
        may_take=sum(int(mine) for _, _, mine in counts),
        by_cause={cause: count for cause, count, _ in counts},
        settled_today=settled or 0,
        holds_one=bool(held),
    )


def may_take(session: Session, reviewer_id: UUID) -> int:
    """How many open reviews of open batches this person has no other function on."""
    query = select(func.count()).select_from(Review).join(Batch, Batch.id == Review.batch_id)
    waiting = (Review.state == ReviewState.OPEN, Batch.state == BatchState.OPEN)
    return session.scalar(query.where(*waiting, no_other_function(reviewer_id))) or 0


def recently_settled(session: Session, reviewer_id: UUID, limit: int = 10) -> Sequence[tuple[Review, str, str]]:
    """The reviewer's newest verdicts with the project's title and the beginning of the task."""
    rows = session.execute(
        select(Review, Project.title, Project.task_type, Project.label_config, MicroTask.content)
        .join(Project, Project.id == Review.project_id)
        .join(MicroTask, MicroTask.id == Review.microtask_id)
        .where(Review.reviewer_id == reviewer_id, Review.state == ReviewState.SETTLED)
        .order_by(Review.settled_at.desc())
        .limit(limit)
    )
    return [
        (review, title, task_type(kind, label_config).glimpse(content, LONGEST_GLIMPSE))
        for review, title, kind, label_config, content in rows
    ]


def rounds_shown(review: Review) -> tuple[int, ...]:
    """The rounds whose answers a reviewer sees: where answers to it as gold brought it to them, those too."""
    return (review.round, GOLD_ROUND) if review.cause is ReviewCause.GOLD_DOUBTED else (review.round,)


def view_review(session: Session, review: Review, links: PictureLinks) -> ReviewView:
    """One review with its item and the answers of its round, in an order that tells nothing of time.

    Raises TaskErased.
    """
    project = session.get_one(Project, review.project_id)
    microtask = session.get_one(MicroTask, review.microtask_id)
    if not microtask.content:
        raise TaskErased
    kind = task_type(project.task_type, project.label_config)
    versions = dict(
        session.execute(
            select(Response, GuideVersion.version)
            .join(GuideVersion, GuideVersion.id == Response.guide_id)
            .where(Response.microtask_id == microtask.id, Response.round.in_(rounds_shown(review)))
        ).all()
    )
    responses = list(versions)
    names = pseudonyms(review.batch_id, (response.person_id for response in responses))
    groups = _groups(kind, sorted(responses, key=lambda response: names[response.person_id]))
    tied = len(groups) > 1 and len(groups[0]) == len(groups[1])
    answers = [
        BlindAnswer(
            response_id=response.id,
            author=names[response.person_id],
            result=response.result,
            words=kind.template.describe(kind.config, response.result),
            differs=tied or place > 0,
            guide_version=versions[response],
        )
        for place, group in enumerate(groups)
        for response in group
    ]
    skips = session.execute(
        select(Assignment.skip_reason, Assignment.skip_comment).where(
            Assignment.microtask_id == microtask.id,
            Assignment.round == review.round,
            Assignment.state == AssignmentState.SKIPPED,
        )
    ).all()
    guide = session.scalars(
        select(GuideVersion).where(GuideVersion.project_id == project.id).order_by(GuideVersion.version.desc()).limit(1)
    ).first()
    return ReviewView(
        review=review,
        project=project,
        kind=kind,
        content=microtask.content,
        view=links.linked(kind.template.view(kind.config, microtask.content)),
        answers=tuple(sorted(answers, key=lambda answer: answer.author)),
        groups=tuple(
            AnswerGroup(
                response_id=group[0].id,
                result=group[0].result,
                words=kind.template.describe(kind.config, group[0].result),
                authors=tuple(names[response.person_id] for response in group),
            )
            for group in groups
        ),
        skips=tuple((reason, comment) for reason, comment in skips if reason is not None),
        guide=guide,
    )


def _groups(kind: TaskType, responses: Sequence[Response]) -> list[list[Response]]:
    """Answers that say the same together, the largest group first."""
    groups: list[list[Response]] = []
    for response in responses:
        for group in groups:
            if kind.consensus.same(group[0].labels, response.labels):
                group.append(response)
                break
        else:
            groups.append([response])
    return sorted(groups, key=lambda group: (-len(group), group[0].labels))


def verdict_counts(session: Session, batch_id: UUID) -> dict[Verdict, int]:
    """How a batch's reviews ended, for its quality report."""
    rows = session.execute(
        select(Review.verdict, func.count())
        .where(Review.batch_id == batch_id, Review.state == ReviewState.SETTLED)
        .group_by(Review.verdict)
    )
    return {verdict: count for verdict, count in rows if verdict is not None}
