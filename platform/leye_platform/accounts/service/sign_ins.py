"""Signing in and out, step by step: find the account, count the attempt, open and end sessions."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import false, or_, select, update
from sqlalchemy.orm import Session

from leye_platform.accounts.errors import SessionMissing, SignInRefused, SignInThrottled
from leye_platform.accounts.models import Credential, Membership, Person, SignInSession
from leye_platform.accounts.rules import PersonState, Role, read_sign_in_name, wait_after
from leye_platform.accounts.tokens import hash_token, new_token
from leye_platform.errors import LeyeError

STAY = timedelta(days=30)
SHORT = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Account:
    """What signing in needs to know of an account."""

    person_id: UUID
    password_hash: str
    throttled_until: datetime | None


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session just opened. `token` is shown once. `number` is the person's."""

    token: str
    csrf_token: str
    person_id: UUID
    number: int
    roles: frozenset[Role]
    expires_at: datetime
    must_change_password: bool


def find_account(session: Session, typed: str) -> Account | None:
    """The account of an active person by a name as typed."""
    person = find_person(session, typed)
    return account_of(session, person.id) if person else None


def find_person(session: Session, typed: str) -> Person | None:
    """An active person by e-mail, else by phone, else by staff number, as typed."""
    name = read_sign_in_name(typed)
    by = ((Person.email, name.email), (Person.phone, name.phone), (Person.staff_number, name.staff_number))
    matches = or_(false(), *(column == value for column, value in by if value is not None))
    found = session.scalars(select(Person).where(matches, Person.state == PersonState.ACTIVE)).all()
    # One person's phone may be another's staff number: the order of `by` decides.
    for field, value in name._asdict().items():
        for person in found:
            if value is not None and getattr(person, field) == value:
                return person
    return None


def account_of(session: Session, person_id: UUID) -> Account | None:
    """The account of a person who is known already; None where they have no password."""
    credential = session.get(Credential, person_id)
    if credential is None:
        return None
    return Account(person_id, credential.password_hash, credential.throttled_until)


def settle_attempt(
    session: Session,
    account: Account,
    *,
    right: bool,
    stay: bool,
    device: str,
    now: datetime,
    new_hash: str | None = None,
) -> SignedIn | LeyeError:
    """What an attempt to sign in comes to: a session, or the error to raise once the attempt's count is committed."""
    refused = count_attempt(session, account, right=right, now=now)
    if refused is not None:
        return refused
    credential = session.get_one(Credential, account.person_id)
    if new_hash is not None:
        credential.password_hash = new_hash
    opened = SignInSession(
        person_id=account.person_id, device=device, created_at=now, expires_at=now + (STAY if stay else SHORT)
    )
    return _open_session(session, opened, must_change=credential.must_change)


def count_attempt(session: Session, account: Account, *, right: bool, now: datetime) -> LeyeError | None:
    """Count one try of a password; the error to raise once the count is committed, or None for the right one.

    The throttle is looked at again under the row's lock: of many guesses sent at once, those counted
    after the fifth wrong one are refused, the right one too.
    """
    credential = session.get(Credential, account.person_id, with_for_update=True, populate_existing=True)
    if credential is None:
        return SignInRefused()
    if credential.throttled_until is not None and credential.throttled_until > now:
        return throttled(credential.throttled_until, now)
    if not right or credential.password_hash != account.password_hash:
        credential.failed_attempts += 1
        wait = wait_after(credential.failed_attempts)
        credential.throttled_until = now + timedelta(seconds=wait) if wait else None
        return SignInRefused()
    credential.failed_attempts = 0
    credential.throttled_until = None
    return None


def throttled(until: datetime, now: datetime) -> SignInThrottled:
    """The error that says how long to wait, in whole seconds."""
    return SignInThrottled(seconds=max(1, -int((now - until).total_seconds() // 1)))


def _open_session(session: Session, opened: SignInSession, *, must_change: bool) -> SignedIn | LeyeError:
    token = new_token()
    opened.token_hash, opened.csrf_token = hash_token(token), new_token()
    rows = session.execute(
        select(Person.number, Membership.role)
        .join(Membership, Membership.person_id == Person.id)
        .where(Person.id == opened.person_id, Person.state == PersonState.ACTIVE)
    ).all()
    if not rows:
        return SignInRefused()
    session.add(opened)
    roles = frozenset(row[1] for row in rows)
    return SignedIn(token, opened.csrf_token, opened.person_id, rows[0][0], roles, opened.expires_at, must_change)


def end_session(session: Session, person_id: UUID, session_id: UUID, now: datetime) -> None:
    """End one sign-in of a person.

    Raises SessionMissing, for another's too.
    """
    ended = session.execute(
        update(SignInSession)
        .where(
            SignInSession.id == session_id,
            SignInSession.person_id == person_id,
            SignInSession.ended_at.is_(None),
        )
        .values(ended_at=now)
        .returning(SignInSession.id)
    ).all()
    if not ended:
        raise SessionMissing


def end_all_sessions(session: Session, person_id: UUID, now: datetime, *, but: UUID | None = None) -> None:
    """End every sign-in of a person, everywhere; `but` stays."""
    open_ones = update(SignInSession).where(SignInSession.person_id == person_id, SignInSession.ended_at.is_(None))
    if but is not None:
        open_ones = open_ones.where(SignInSession.id != but)
    session.execute(open_ones.values(ended_at=now))
