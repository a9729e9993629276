"""API tokens: shown once, kept as hashes, revoked by their owner."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from leye_platform import audit
from leye_platform.accounts.errors import PersonMissing, TokenMissing, TokenNameNeeded
from leye_platform.accounts.models import ApiToken, Person
from leye_platform.accounts.rules import PersonState, email_of
from leye_platform.accounts.tokens import hash_token, new_token

LONGEST_NAME = 120


def issue_token(session: Session, email: str, name: str, now: datetime) -> str:
    """A new token of the person with this e-mail, as `leye token new` makes it.

    Raises PersonMissing, TokenNameNeeded.
    """
    query = select(Person).where(Person.email == email_of(email), Person.state == PersonState.ACTIVE)
    person = session.scalar(query)
    if person is None:
        raise PersonMissing
    return new_api_token(session, person.id, name, now)


def new_api_token(session: Session, person_id: UUID, name: str, now: datetime) -> str:
    """A new token, to be shown once.

    Raises TokenNameNeeded.
    """
    name = name.strip()
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise TokenNameNeeded
    token = new_token()
    row = ApiToken(person_id=person_id, name=name, token_hash=hash_token(token), created_at=now)
    session.add(row)
    session.flush()
    audit.record(session, at=now, person_id=person_id, action="token.new", subject_id=row.id, name=name)
    return token


def revoke_token(session: Session, person_id: UUID, token_id: UUID, now: datetime) -> None:
    """End a token of one's own.

    Raises TokenMissing, for another's and for one that is revoked.
    """
    own = (ApiToken.id == token_id, ApiToken.person_id == person_id, ApiToken.revoked_at.is_(None))
    revoked = session.execute(update(ApiToken).where(*own).values(revoked_at=now).returning(ApiToken.id)).all()
    if not revoked:
        raise TokenMissing
    audit.record(session, at=now, person_id=person_id, action="token.revoke", subject_id=token_id)
