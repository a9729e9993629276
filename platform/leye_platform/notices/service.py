"""Telling people: a row in each inbox, and a delivery for those who want this kind of notice outside too.

All of it is part of the transaction of what happened; mail goes out after it, by a job.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from leye_platform.accounts.models import Person
from leye_platform.accounts.rules import PersonState
from leye_platform.ids import new_id
from leye_platform.notices.errors import NoticeMissing
from leye_platform.notices.models import Delivery, Notice, NoticeChoice
from leye_platform.notices.rules import ChannelName, DeliveryState, NoticeKind
from leye_platform.outbox import JobName, OutboxRow, ask_for

PART = 1000  # people in one statement: databases limit its parameters


def announce(
    session: Session,
    kind: NoticeKind,
    people: Iterable[UUID],
    address: str,
    now: datetime,
    *,
    told: Mapping[str, Any] | None = None,
    outside: bool = True,
) -> int:
    """Tell people once each; how many. told: fills the kind's sentence in the inbox, and stays there.

    outside: False for what must not leave the site by a broken way.
    """
    count = 0
    waiting = iter(dict.fromkeys(people))
    while part := list(islice(waiting, PART)):
        notices = {person_id: new_id() for person_id in part}
        alike = {"kind": kind, "address": address, "arguments": dict(told or {}), "created_at": now}
        rows = [{"id": notice_id, "person_id": person_id} | alike for person_id, notice_id in notices.items()]
        session.execute(insert(Notice), rows)
        count += len(rows)
        if outside:
            _deliver_outside(session, kind, notices, now)
    return count


def _deliver_outside(session: Session, kind: NoticeKind, notices: Mapping[UUID, UUID], now: datetime) -> None:
    wanted = session.scalars(
        select(NoticeChoice.person_id)
        .join(Person, Person.id == NoticeChoice.person_id)
        .where(
            NoticeChoice.kind == kind,
            NoticeChoice.mail,
            NoticeChoice.person_id.in_(notices),
            Person.email.is_not(None),
            Person.state == PersonState.ACTIVE,
        )
    ).all()
    if not wanted:
        return
    rows = [
        {
            "id": new_id(),
            "notice_id": notices[person_id],
            "channel": ChannelName.MAIL,
            "state": DeliveryState.WAITING,
            "attempts": 0,
            "created_at": now,
        }
        for person_id in wanted
    ]
    session.execute(insert(Delivery), rows)
    _ask_for_mail(session, now)


def _ask_for_mail(session: Session, now: datetime) -> bool:
    """One job sends all that waits. While one waits for its next attempt, no more are added behind it."""
    under_way = select(OutboxRow.id).where(
        OutboxRow.job == JobName.SEND_MAIL, OutboxRow.done_at.is_(None), OutboxRow.failed_at.is_(None)
    )
    if session.scalar(under_way.limit(1)) is not None:
        return False
    return ask_for(session, JobName.SEND_MAIL, {}, now, once_for="all") is not None


def ask_for_waiting_mail(session: Session, now: datetime) -> int:
    """Ask for the job where mail waits and none is under way; one that failed for good waits for the administrator.

    A net: a job may end in the instant in which somebody relies on it.
    """
    waiting = select(Delivery.id).where(Delivery.state == DeliveryState.WAITING).limit(1)
    failed = select(OutboxRow.id).where(OutboxRow.job == JobName.SEND_MAIL, OutboxRow.failed_at.is_not(None)).limit(1)
    if session.scalar(waiting) is None or session.scalar(failed) is not None:
        return 0
    return int(_ask_for_mail(session, now))


def open_notice(session: Session, person_id: UUID, notice_id: UUID, now: datetime) -> str:
    """The page that one's own notice leads to; it counts as read from now on.

    Raises NoticeMissing, for another's too.
    """
    notice = session.get(Notice, notice_id)
    if notice is None or notice.person_id != person_id:
        raise NoticeMissing
    notice.read_at = notice.read_at or now
    return notice.address


def read_all(session: Session, person_id: UUID, now: datetime) -> None:
    """All of one's notices count as read."""
    unread = update(Notice).where(Notice.person_id == person_id, Notice.read_at.is_(None))
    session.execute(unread.values(read_at=now), execution_options={"synchronize_session": False})


def choose(session: Session, person_id: UUID, wanted: Mapping[NoticeKind, bool], now: datetime) -> None:
    """Where a person wants each kind: by mail too, or in the inbox only."""
    standing = {
        choice.kind: choice
        for choice in session.scalars(select(NoticeChoice).where(NoticeChoice.person_id == person_id).with_for_update())
    }
    for kind, mail in wanted.items():
        choice = standing.get(kind)
        if choice is None:
            session.add(NoticeChoice(person_id=person_id, kind=kind, mail=mail, changed_at=now))
        elif choice.mail is not mail:
            choice.mail, choice.changed_at = mail, now
