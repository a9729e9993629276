"""Asking for help and answering: a request is never lost, and is settled once, by whoever leads or manages.

Nothing here is blame: it is not counted against anybody, and the task and its draft stay the asker's.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from leye_platform.accounts.models import Person
from leye_platform.actor import Actor
from leye_platform.assignments.errors import AssignmentMissing
from leye_platform.assignments.models import Assignment
from leye_platform.permissions import Permission
from leye_platform.teams.errors import HelpRequestMissing, HelpSettledAlready, HelpTopicMissing
from leye_platform.teams.models import HelpRequest, HelpTopic, Team, TeamMember

LONGEST_WORDS = 500
LONGEST_ANSWER = 300


def ask_for_help(
    session: Session, person_id: UUID, topic: HelpTopic | None, words: str, *, about: UUID | None, now: datetime
) -> HelpRequest:
    """Ask, about a task or about none; asked again before it is settled, the request says what was said last.

    Raises HelpTopicMissing, AssignmentMissing (for another's too).
    """
    if topic is None:
        raise HelpTopicMissing
    if about is not None and not _own(session, person_id, about):
        raise AssignmentMissing
    # The person's row is the lock: two presses at once would else be two requests.
    session.execute(select(Person.id).where(Person.id == person_id).with_for_update())
    request = open_request(session, person_id, about)
    if request is None:
        request = HelpRequest(person_id=person_id, assignment_id=about, asked_at=now)
        session.add(request)
    request.topic, request.words = topic, words.strip()[:LONGEST_WORDS]
    session.flush()
    return request


def _own(session: Session, person_id: UUID, assignment_id: UUID) -> bool:
    mine = select(Assignment.id).where(Assignment.id == assignment_id, Assignment.person_id == person_id)
    return session.scalar(mine) is not None


def open_request(session: Session, person_id: UUID, assignment_id: UUID | None) -> HelpRequest | None:
    """What the person has asked about this task (or about none) and nobody has settled yet."""
    query = select(HelpRequest).where(
        HelpRequest.person_id == person_id,
        HelpRequest.assignment_id == assignment_id,
        HelpRequest.settled_at.is_(None),
    )
    return session.scalars(query.order_by(HelpRequest.asked_at).limit(1)).first()


def settle_request(session: Session, actor: Actor, request_id: UUID, answer: str, now: datetime) -> None:
    """Mark a request as settled, with a sentence that the asker reads.

    Raises HelpRequestMissing (for a leader, everybody outside their teams), HelpSettledAlready.
    """
    request = session.scalar(
        select(HelpRequest).where(HelpRequest.id == request_id, within_reach(actor)).with_for_update()
    )
    if request is None:
        raise HelpRequestMissing
    if request.settled_at is not None:
        raise HelpSettledAlready(name=session.get_one(Person, request.person_id).name)
    request.settled_at, request.settled_by = now, actor.person_id
    request.answer = answer.strip()[:LONGEST_ANSWER]


def within_reach(actor: Actor, person: InstrumentedAttribute[UUID] = HelpRequest.person_id) -> ColumnElement[bool]:
    """Whether somebody, by default who asks, is of the actor's own teams; all are for who manages teams. Never the
    actor."""
    if actor.may(Permission.MANAGE_TEAMS):
        return person != actor.person_id
    led = (
        select(TeamMember.person_id)
        .join(Team, Team.id == TeamMember.team_id)
        .where(Team.leader_id == actor.person_id, TeamMember.person_id != actor.person_id)
    )
    return person.in_(led)


def take_note(session: Session, person_id: UUID, now: datetime) -> None:
    """The person has read every answer to their requests."""
    answered = (HelpRequest.person_id == person_id, HelpRequest.settled_at.is_not(None), HelpRequest.read_at.is_(None))
    session.execute(update(HelpRequest).where(*answered).values(read_at=now))
