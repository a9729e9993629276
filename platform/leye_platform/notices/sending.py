"""The job that sends what waits. Killed at any moment and run again, it sends nothing twice.

A message is marked as being sent before a word goes to the server. Where a run finds that mark of its own
earlier attempt, nobody knows whether the message went out: it is not sent again, and the inbox has it anyway.
"""

from collections.abc import Callable
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from leye_platform.accounts.models import Person
from leye_platform.accounts.rules import PersonState
from leye_platform.errors import N_
from leye_platform.installation import Installation
from leye_platform.matching.service import read_preferences
from leye_platform.notices.channel import Channel, ChannelAway, MaybeSent, PutOff, SendRefused
from leye_platform.notices.models import Delivery, Notice
from leye_platform.notices.rules import DELIVERY_MOVES, MOST_TRIES, PLAIN_WORDS, DeliveryState, NoticeKind
from leye_platform.states import check_move
from leye_platform.web.pages import words_in

NO_CHANNEL = "no mail server is configured (LEYE_MAIL_URL)"
NO_ADDRESS = "the person has no address any more"
BROKEN_OFF = "the runner died while it was being sent"
TEXT = N_("{what}。\n\n打开这一页看：{page}\n\n这封信不用回。不想再收，在这里改：{choices}\n")
SUBJECT = N_("乐业：{what}")


class Outgoing(NamedTuple):
    """A message taken up, as it leaves the site."""

    delivery_id: UUID
    address: str
    subject: str
    text: str


class StillWaiting(Exception):
    """Some messages were put off by their receivers' servers: the job is to be tried again."""


def send_waiting(installation: Installation, job_id: UUID, channel: Channel | None) -> int:
    """Send what waits, one by one; how many went out.

    Raises ChannelAway and StillWaiting, for the job to be tried again later.
    """
    _give_up_what_broke_off(installation, job_id)
    sent, put_off = 0, 0
    last = UUID(int=0)
    while (taken := _take_up(installation, job_id, last, channel is not None)) is not None:
        last, outgoing = taken
        if outgoing is None or channel is None:
            continue
        outcome, problem = _send(channel, outgoing)
        away = problem if outcome is DeliveryState.WAITING and isinstance(problem, ChannelAway) else None
        put_off += _settle(installation, outgoing.delivery_id, outcome, problem)
        sent += outcome is DeliveryState.SENT
        if away is not None:
            raise away
    if put_off:
        raise StillWaiting(f"{put_off} messages were put off")
    return sent


def _give_up_what_broke_off(installation: Installation, job_id: UUID) -> None:
    with installation.database.write() as session:
        mine = select(Delivery).where(Delivery.state == DeliveryState.SENDING, Delivery.job_id == job_id)
        for delivery in session.scalars(mine.with_for_update()):
            delivery.state = check_move(DELIVERY_MOVES, delivery.state, DeliveryState.UNSURE)
            delivery.problem, delivery.settled_at = BROKEN_OFF, installation.clock.now()


def _take_up(
    installation: Installation, job_id: UUID, after: UUID, has_channel: bool
) -> tuple[UUID, Outgoing | None] | None:
    """Mark the next message as being sent, before anything of it is; None for the message where it can't be."""
    with installation.database.write() as session:
        delivery = session.scalar(
            select(Delivery)
            .where(Delivery.state == DeliveryState.WAITING, Delivery.id > after)
            .order_by(Delivery.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        if delivery is None:
            return None
        notice = session.get_one(Notice, delivery.notice_id)
        person = session.get_one(Person, notice.person_id)
        problem = NO_CHANNEL if not has_channel else NO_ADDRESS
        if not has_channel or person.email is None or person.state is not PersonState.ACTIVE:
            delivery.state = check_move(DELIVERY_MOVES, delivery.state, DeliveryState.REFUSED)
            delivery.problem, delivery.settled_at = problem, installation.clock.now()
            return delivery.id, None
        delivery.state = check_move(DELIVERY_MOVES, delivery.state, DeliveryState.SENDING)
        delivery.attempts, delivery.job_id = delivery.attempts + 1, job_id
        translate = _language_of(installation, session, person.id)
        subject, text = message_of(notice.kind, notice.address, installation.settings.base_url, translate)
        return delivery.id, Outgoing(delivery.id, person.email, subject, text)


def _language_of(installation: Installation, session: Session, person_id: UUID) -> Callable[[str], str]:
    return words_in(read_preferences(session, installation.key_ring, person_id).language)


def message_of(kind: NoticeKind, address: str, base_url: str, translate: Callable[[str], str]) -> tuple[str, str]:
    """Subject and text: what happened and the page to open, and nothing else."""
    what = translate(PLAIN_WORDS[kind])
    text = translate(TEXT).format(what=what, page=base_url + address, choices=f"{base_url}/me/notices")
    return translate(SUBJECT).format(what=what), text


def _send(channel: Channel, outgoing: Outgoing) -> tuple[DeliveryState, Exception | None]:
    try:
        channel.send(outgoing.address, outgoing.subject, outgoing.text, reference=outgoing.delivery_id)
    except (ChannelAway, PutOff) as problem:
        return DeliveryState.WAITING, problem
    except SendRefused as problem:
        return DeliveryState.REFUSED, problem
    except MaybeSent as problem:
        return DeliveryState.UNSURE, problem
    return DeliveryState.SENT, None


def _settle(installation: Installation, delivery_id: UUID, outcome: DeliveryState, problem: Exception | None) -> bool:
    """Write down what became of a message; whether it waits for another try."""
    with installation.database.write() as session:
        delivery = session.get_one(Delivery, delivery_id, with_for_update=True)
        if outcome is DeliveryState.WAITING and isinstance(problem, ChannelAway):
            delivery.attempts -= 1  # the server was away: the message itself was not tried
        elif outcome is DeliveryState.WAITING and delivery.attempts >= MOST_TRIES:
            outcome = DeliveryState.REFUSED
        delivery.state = check_move(DELIVERY_MOVES, delivery.state, outcome)
        delivery.problem = None if problem is None else str(problem)
        if outcome is not DeliveryState.WAITING:
            delivery.settled_at = installation.clock.now()
        return outcome is DeliveryState.WAITING
