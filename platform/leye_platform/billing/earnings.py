"""What a person earned: by month, by day and project, answer by answer. Read only; one's own things only.

Amounts are what the books say was earned by each answer and review; an answer's pay is pending until the entry
that makes it payable stands.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Subquery, case, func, literal, select, union_all
from sqlalchemy.orm import Session

from leye_platform.assignments.models import Response
from leye_platform.billing.models import LedgerEntry, Posting
from leye_platform.billing.months import Month, months_between
from leye_platform.billing.rules import EntryKind, payable, pending
from leye_platform.projects.models import Project
from leye_platform.projects.task_type import TaskType, task_type
from leye_platform.review.models import Review
from leye_platform.review.rules import ReviewState

CHUNK = 1000
SHOWN_ANSWERS = 10


@dataclass(frozen=True)
class Balance:
    """What is owed to a person now, in micros."""

    pending: int
    payable: int


@dataclass
class Sums:
    """Work and pay added up; amounts in micros."""

    answers: int = 0
    reviews: int = 0
    pending: int = 0
    payable: int = 0

    @property
    def total(self) -> int:
        return self.pending + self.payable

    def __iadd__(self, other: "Sums") -> "Sums":
        self.answers += other.answers
        self.reviews += other.reviews
        self.pending += other.pending
        self.payable += other.payable
        return self


@dataclass(frozen=True)
class MonthOfWork:
    """A month with what was earned in it."""

    month: Month
    sums: Sums

    @property
    def name(self) -> str:
        return self.month.name


@dataclass(frozen=True)
class MonthStatement:
    """One month by day and by project (its title)."""

    month: Month
    sums: Sums = field(default_factory=Sums)
    days: dict[datetime, Sums] = field(default_factory=dict)
    projects: dict[str, Sums] = field(default_factory=dict)


@dataclass(frozen=True)
class PaidAnswer:
    """One answer in a list. payable_at is None while its pay is pending."""

    response_id: UUID
    submitted_at: datetime
    project: str
    words: str
    pay_micros: int
    payable_at: datetime | None


def balance_of(session: Session, person_number: int) -> Balance:
    """By the books."""
    accounts = {pending(person_number): 0, payable(person_number): 0}
    rows = session.execute(
        select(Posting.account, func.sum(Posting.amount_micros))
        .where(Posting.account.in_(accounts))
        .group_by(Posting.account)
    )
    accounts.update({account: -int(total) for account, total in rows})
    return Balance(accounts[pending(person_number)], accounts[payable(person_number)])


def _work(person_id: UUID, began: datetime, ended: datetime) -> Subquery:
    """A person's answers and settled reviews in a time: project_id, at, review (0 or 1), pay, payable_pay."""
    is_payable = (
        select(LedgerEntry.id)
        .where(LedgerEntry.response_id == Response.id, LedgerEntry.kind == EntryKind.EARNING_PAYABLE)
        .exists()
    )
    answers = select(
        Response.project_id,
        Response.submitted_at.label("at"),
        literal(0).label("review"),
        Response.pay_micros.label("pay"),
        case((is_payable, Response.pay_micros), else_=0).label("payable_pay"),
    ).where(Response.person_id == person_id, Response.submitted_at >= began, Response.submitted_at < ended)
    reviews = select(Review.project_id, Review.settled_at, literal(1), Review.pay_micros, Review.pay_micros).where(
        Review.reviewer_id == person_id,
        Review.state == ReviewState.SETTLED,
        Review.settled_at >= began,
        Review.settled_at < ended,
    )
    return union_all(answers, reviews).subquery("work")


def _period(at: ColumnElement[Any], ends: Sequence[datetime]) -> ColumnElement[int]:
    """Which of the periods a moment falls in, counted from 0. The zone's days are cut here, not by SQL dialects."""
    return case(*((at < end, n) for n, end in enumerate(ends)))


def _summed(session: Session, work: Subquery, ends: Sequence[datetime]) -> Iterator[tuple[int, UUID, Sums]]:
    cut = select(work, _period(work.c.at, ends).label("period")).subquery("cut")
    rows = session.execute(
        select(
            cut.c.period,
            cut.c.project_id,
            func.count() - func.sum(cut.c.review),
            func.sum(cut.c.review),
            func.sum(cut.c.pay),
            func.sum(cut.c.payable_pay),
        ).group_by(cut.c.period, cut.c.project_id)
    )
    for period, project_id, answers, reviews, pay, paid in rows:
        yield period, project_id, Sums(int(answers), int(reviews), int(pay) - int(paid), int(paid))


def months_of(session: Session, person_id: UUID, now: datetime) -> list[MonthOfWork]:
    """The months from a person's first work to now, the newest first; empty months are kept, so that none is missed."""
    first = min(
        filter(
            None,
            (
                session.scalar(select(func.min(Response.submitted_at)).where(Response.person_id == person_id)),
                session.scalar(select(func.min(Review.settled_at)).where(Review.reviewer_id == person_id)),
            ),
        ),
        default=None,
    )
    if first is None:
        return []
    months = [MonthOfWork(month, Sums()) for month in months_between(Month.of(first), Month.of(now))]
    work = _work(person_id, months[0].month.began, months[-1].month.ended)
    for period, _project, sums in _summed(session, work, [found.month.ended for found in months]):
        found = months[period].sums
        found += sums
    return months[::-1]


def statement_of(session: Session, person_id: UUID, month: Month) -> MonthStatement:
    """A month in figures; only days with work are listed."""
    days = list(month.days())
    statement = MonthStatement(month)
    found = list(_summed(session, _work(person_id, month.began, month.ended), [*days[1:], month.ended]))
    titles = dict(
        session.execute(
            select(Project.id, Project.title).where(Project.id.in_({project_id for _day, project_id, _sums in found}))
        ).all()
    )
    whole = statement.sums
    for day, project_id, sums in sorted(found, key=lambda row: (row[0], titles[row[1]])):
        by_day = statement.days.setdefault(days[day], Sums())
        by_project = statement.projects.setdefault(titles[project_id], Sums())
        by_day += sums
        by_project += sums
        whole += sums
    return statement


def answers_of(
    session: Session, person_id: UUID, month: Month, *, last: UUID | None = None, limit: int = SHOWN_ANSWERS
) -> list[PaidAnswer]:
    """A month's answers, the newest first; `last` is where the part before ended."""
    payable_at = (
        select(func.min(LedgerEntry.occurred_at))
        .where(LedgerEntry.response_id == Response.id, LedgerEntry.kind == EntryKind.EARNING_PAYABLE)
        .scalar_subquery()
    )
    query = (
        select(Response, Project, payable_at)
        .join(Project, Project.id == Response.project_id)
        .where(
            Response.person_id == person_id,
            Response.submitted_at >= month.began,
            Response.submitted_at < month.ended,
        )
        .order_by(Response.submitted_at.desc(), Response.id.desc())
        .limit(limit)
    )
    if last is not None:
        before = select(Response.submitted_at).where(Response.id == last).scalar_subquery()
        query = query.where(
            (Response.submitted_at < before) | ((Response.submitted_at == before) & (Response.id < last))
        )
    return [_paid(response, project, since) for response, project, since in session.execute(query)]


def _paid(response: Response, project: Project, payable_at: datetime | None) -> PaidAnswer:
    kind: TaskType = task_type(project.task_type, project.label_config)
    return PaidAnswer(
        response_id=response.id,
        submitted_at=response.submitted_at,
        project=project.title,
        words=kind.template.describe(kind.config, response.result),
        pay_micros=response.pay_micros,
        payable_at=payable_at,
    )


def stream_answers(session: Session, person_id: UUID, month: Month) -> Iterator[PaidAnswer]:
    """All answers of a month, read in parts."""
    last = None
    while True:
        part = answers_of(session, person_id, month, last=last, limit=CHUNK)
        yield from part
        if len(part) < CHUNK:
            return
        last = part[-1].response_id
        session.expunge_all()
