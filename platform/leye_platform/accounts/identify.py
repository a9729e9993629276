"""Finds the actor of a request, in one query: by session cookie, Bearer token or API token."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.orm import Session
from starlette.requests import Request

from leye_platform.accounts.models import (
    ApiToken,
    Credential,
    Membership,
    Organisation,
    Person,
    SignInSession,
)
from leye_platform.accounts.refresh import token_behind
from leye_platform.accounts.rules import PersonState
from leye_platform.accounts.tokens import SESSION_COOKIE, hash_token
from leye_platform.actor import Actor, Standing
from leye_platform.notices.models import Notice
from leye_platform.prepared import Prepared

_PERSON = (
    Person.id,
    Person.number,
    Person.name,
    Person.staff_number,
    Membership.organisation_id,
    Organisation.kind,
    Membership.role,
    Credential.must_change,
    select(func.count())
    .where(Notice.person_id == Person.id, Notice.read_at.is_(None))
    .correlate(Person)
    .scalar_subquery(),
)


def _people(query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    return (
        query.join(Person, Person.state == PersonState.ACTIVE)
        .outerjoin(Credential, Credential.person_id == Person.id)
        .join(Membership, Membership.person_id == Person.id)
        .join(Organisation, Organisation.id == Membership.organisation_id)
    )


# Every request asks one of these: they are built once.
_BY_SESSION = Prepared(
    _people(select(*_PERSON, SignInSession.id, SignInSession.csrf_token).select_from(SignInSession)).where(
        SignInSession.person_id == Person.id,
        SignInSession.token_hash == bindparam("digest"),
        SignInSession.expires_at > bindparam("now"),
        SignInSession.ended_at.is_(None),
    )
)
_BY_API_TOKEN = Prepared(
    _people(select(*_PERSON).select_from(ApiToken)).where(
        ApiToken.person_id == Person.id, ApiToken.token_hash == bindparam("digest"), ApiToken.revoked_at.is_(None)
    )
)


_BY_TOKEN_ID = Prepared(
    _people(select(*_PERSON).select_from(ApiToken)).where(
        ApiToken.person_id == Person.id, ApiToken.id == bindparam("token"), ApiToken.revoked_at.is_(None)
    )
)


def token_of(request: Request) -> str:
    """The token that a script sends in the Authorization header; empty where there is none."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() in {"bearer", "token"} else ""


def find_actor(session: Session, request: Request, now: datetime) -> Actor | None:
    """The actor, or None where nobody is signed in. A wrong or ended token counts as nobody."""
    if token := token_of(request):
        return _by_token(session, request, token, now)
    cookie = request.cookies.get(SESSION_COOKIE)
    return _by_session(session, hash_token(cookie), now, csrf=True) if cookie else None


def _by_token(session: Session, request: Request, token: str, now: datetime) -> Actor | None:
    """By what a script sends. Two dots make a short token, which says itself which long one it was made from."""
    if token.count(".") == 2:
        behind = token_behind(request.app.state.installation.secret, token, now)
        rows = _BY_TOKEN_ID.all(session, {"token": behind}) if behind is not None else []
        return _actor(rows) if rows else None  # a long one is only exchanged: by its hash it would never end
    digest = hash_token(token)
    # What is called Token is never a session's: one query less on the way to a task.
    if request.headers.get("authorization", "").lower().startswith("token"):
        return _by_api_token(session, digest) or _by_session(session, digest, now, csrf=False)
    return _by_session(session, digest, now, csrf=False) or _by_api_token(session, digest)


def _by_session(session: Session, digest: str, now: datetime, *, csrf: bool) -> Actor | None:
    rows = _BY_SESSION.all(session, {"digest": digest, "now": now})
    return _actor(rows, session_id=rows[0][9], csrf_token=rows[0][10] if csrf else None) if rows else None


def _by_api_token(session: Session, digest: str) -> Actor | None:
    rows = _BY_API_TOKEN.all(session, {"digest": digest})
    return _actor(rows) if rows else None


def _actor(rows: Sequence[tuple[Any, ...]], **how: Any) -> Actor:
    person_id, number, name, staff_number, *_ = rows[0]
    return Actor(
        person_id=person_id,
        number=number,
        name=name,
        staff_number=staff_number,
        standings=tuple(Standing(organisation_id=row[4], kind=row[5], role=row[6]) for row in rows),
        must_change_password=bool(rows[0][7]),
        unread=rows[0][8],
        **how,
    )
