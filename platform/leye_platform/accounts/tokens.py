"""Tokens are shown once and kept as hashes; they carry 256 bits, so a plain SHA-256 is enough."""

import base64
import binascii
import hashlib
import hmac
import secrets

SESSION_COOKIE = "leye_session"


def new_token() -> str:
    """A fresh secret for a session or an API token. It begins with no dash, which commands would take for an option."""
    while (token := secrets.token_urlsafe(32)).startswith("-"):
        pass
    return token


def hash_token(token: str) -> str:
    """What the database keeps of a token (hex SHA-256)."""
    return hashlib.sha256(token.encode()).hexdigest()


def masked(token: str) -> str:
    """The token as a page carries it: another each time, so that a packed page's size does not tell it (BREACH)."""
    plain = token.encode()
    mask = secrets.token_bytes(len(plain))
    return base64.urlsafe_b64encode(mask + _xor(mask, plain)).decode()


def is_token(given: str, token: str) -> bool:
    """Whether this is the token, as it is (a script's header) or as a page carries it."""
    if hmac.compare_digest(given.encode(), token.encode()):
        return True
    try:
        both = base64.urlsafe_b64decode(given)
    except (binascii.Error, ValueError):
        return False
    middle = len(both) // 2
    return hmac.compare_digest(_xor(both[:middle], both[middle:]), token.encode())


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=False))
