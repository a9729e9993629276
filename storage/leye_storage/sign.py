"""Signed, expiring URLs for stores that have no server of their own.

HMAC-SHA256 over method, key, expiry, byte limit and file name; a URL signed for GET does not PUT.
"""

import hashlib
import hmac
import json
from datetime import datetime, timedelta
from urllib.parse import quote, urlencode

from leye_storage.errors import SignatureExpired, SignatureRefused


def signed_url(
    base_url: str,
    secret: str,
    *,
    method: str,
    key: str,
    now: datetime,
    expires: timedelta,
    filename: str = "",
    limit: int | None = None,
) -> str:
    """The URL under which the site serves one object for one method.

    Its query holds `until` (Unix seconds), `name`, `signature`, and `limit` (bytes) where one was given.
    """
    until, most = str(int((now + expires).timestamp())), "" if limit is None else str(limit)
    query = {"until": until, "name": filename, "signature": _signature(secret, method, key, until, filename, most)}
    return f"{base_url}/objects/{quote(key)}?{urlencode(query | ({'limit': most} if most else {}))}"


def verify(
    secret: str, *, method: str, key: str, until: str, filename: str, signature: str, now: datetime, limit: str = ""
) -> None:
    """Check what a request brings; `limit` is its query's text, empty where there is none.

    Raises SignatureRefused, SignatureExpired.
    """
    wanted = _signature(secret, method, key, until, filename, limit)
    if not hmac.compare_digest(wanted.encode(), signature.encode(errors="replace")):
        raise SignatureRefused(key)
    if now.timestamp() > int(until):
        raise SignatureExpired(key)


def _signature(secret: str, *parts: str) -> str:
    # JSON keeps the parts apart, whatever signs they hold.
    message = json.dumps(["leye-object", *parts])
    return hmac.new(secret.encode(), message.encode(), hashlib.sha256).hexdigest()
