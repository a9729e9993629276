"""What the pages of notices show; reading only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leye_platform.accounts.models import Person
from leye_platform.notices.models import Delivery, Notice, NoticeChoice
from leye_platform.notices.rules import DeliveryState, NoticeKind

NOTICES_A_PAGE = 20
LOST_SHOWN = 20
LOST_SHOWN_FOR = timedelta(days=14)


class NoticeSeen(NamedTuple):
    """A notice in its inbox."""

    id: UUID
    kind: NoticeKind
    arguments: dict[str, Any]
    created_at: datetime
    read_at: datetime | None


@dataclass(frozen=True)
class Inbox:
    """One page of a person's notices, the newest first. number counts from 1."""

    number: int
    pages: int
    unread: int
    rows: Sequence[NoticeSeen]


class LostMail(NamedTuple):
    """Mail that was refused, or broke off and may have arrived."""

    name: str
    kind: NoticeKind
    state: DeliveryState
    problem: str | None
    settled_at: datetime | None


def inbox_of(session: Session, person_id: UUID, number: int) -> Inbox:
    """Two queries."""
    mine = Notice.person_id == person_id
    total, unread = session.execute(
        select(func.count(), func.count().filter(Notice.read_at.is_(None))).select_from(Notice).where(mine)
    ).one()
    pages = max(1, -(-total // NOTICES_A_PAGE))
    number = min(max(number, 1), pages)
    columns = (Notice.id, Notice.kind, Notice.arguments, Notice.created_at, Notice.read_at)
    rows = session.execute(
        select(*columns)
        .where(mine)
        .order_by(Notice.id.desc())
        .offset((number - 1) * NOTICES_A_PAGE)
        .limit(NOTICES_A_PAGE)
    )
    return Inbox(number, pages, unread, [NoticeSeen(*row) for row in rows])


def choices_of(session: Session, person_id: UUID) -> dict[NoticeKind, bool]:
    """What a person wants by mail too; what is not named is for the inbox only."""
    rows = session.execute(select(NoticeChoice.kind, NoticeChoice.mail).where(NoticeChoice.person_id == person_id))
    return {row.kind: row.mail for row in rows}


def lost_mail(session: Session, now: datetime) -> list[LostMail]:
    """The latest mail of which nobody can say that it arrived."""
    query = (
        select(Person.name, Notice.kind, Delivery.state, Delivery.problem, Delivery.settled_at)
        .join(Notice, Notice.id == Delivery.notice_id)
        .join(Person, Person.id == Notice.person_id)
        .where(
            Delivery.state.in_((DeliveryState.REFUSED, DeliveryState.UNSURE)),
            Delivery.settled_at > now - LOST_SHOWN_FOR,
        )
        .order_by(Delivery.settled_at.desc())
        .limit(LOST_SHOWN)
    )
    return [LostMail(*row) for row in session.execute(query)]
