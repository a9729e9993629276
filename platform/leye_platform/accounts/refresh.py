"""Tokens in two steps (RFC 7519): a long one that is kept as a hash and can be revoked, a short one made from it.

The long one is an API token that happens to be a JWT; clients of Label Studio look into it for its `exp`.
"""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import jwt
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from leye_platform import audit
from leye_platform.accounts.errors import TokenMissing
from leye_platform.accounts.models import ApiToken
from leye_platform.accounts.tokens import hash_token, new_token

REFRESH, ACCESS = "refresh", "access"
REFRESH_DAYS = 365
ACCESS_MINUTES = 5
ALGORITHM = "HS256"


def _key(secret: str) -> bytes:
    """A key of its own: what signs addresses never signs a token."""
    return hmac.new(secret.encode(), b"leye-jwt", hashlib.sha256).digest()


def new_refresh_token(session: Session, secret: str, person_id: UUID, name: str, now: datetime) -> str:
    """A new personal access token, to be shown once; it ends after a year."""
    claims = {
        "token_type": REFRESH,
        "iat": int(now.timestamp()),
        "exp": int((now + timedelta(days=REFRESH_DAYS)).timestamp()),
        "jti": new_token(),
    }
    token = jwt.encode(claims, _key(secret), ALGORITHM)
    row = ApiToken(person_id=person_id, name=name, token_hash=hash_token(token), created_at=now)
    session.add(row)
    session.flush()
    audit.record(session, at=now, person_id=person_id, action="token.new", subject_id=row.id, name=name)
    return token


def access_for(session: Session, secret: str, refresh: str, now: datetime) -> str | None:
    """A token for five minutes; None for one that is no refresh token, has ended or was revoked."""
    if _claims(secret, refresh, REFRESH, now) is None:
        return None
    query = select(ApiToken.id).where(ApiToken.token_hash == hash_token(refresh), ApiToken.revoked_at.is_(None))
    token_id = session.scalar(query)
    if token_id is None:
        return None
    claims = {
        "token_type": ACCESS,
        "sub": str(token_id),
        "iat": int(now.timestamp()),
        "exp": int((now + timedelta(minutes=ACCESS_MINUTES)).timestamp()),
    }
    return jwt.encode(claims, _key(secret), ALGORITHM)


def token_behind(secret: str, access: str, now: datetime) -> UUID | None:
    """The API token that a short one was made from; None for anything else, and for one whose time is over."""
    claims = _claims(secret, access, ACCESS, now)
    try:
        return None if claims is None else UUID(str(claims.get("sub")))
    except ValueError:
        return None


def revoke_refresh_token(session: Session, person_id: UUID, refresh: str, now: datetime) -> None:
    """End a personal access token of one's own; the short ones made from it end with it.

    Raises TokenMissing.
    """
    own = (
        ApiToken.token_hash == hash_token(refresh),
        ApiToken.person_id == person_id,
        ApiToken.revoked_at.is_(None),
    )
    revoked = session.execute(update(ApiToken).where(*own).values(revoked_at=now).returning(ApiToken.id)).scalar()
    if revoked is None:
        raise TokenMissing
    audit.record(session, at=now, person_id=person_id, action="token.revoke", subject_id=revoked)


def _claims(secret: str, token: str, kind: str, now: datetime) -> dict[str, Any] | None:
    """What a token says, where it is one of ours and its time is not over by our own clock."""
    try:
        # The end of its time is looked at below, by the clock that the program is given.
        claims: dict[str, Any] = jwt.decode(
            token, _key(secret), [ALGORITHM], options={"verify_exp": False, "verify_iat": False, "verify_aud": False}
        )
    except jwt.PyJWTError:
        return None
    ends = claims.get("exp")
    over = not isinstance(ends, int | float) or datetime.fromtimestamp(ends, UTC) <= now
    return None if over or claims.get("token_type") != kind else claims
