"""Passwords: argon2id hashes, and new passwords that can be read out and typed without mistakes."""

import secrets
import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from leye_platform.accounts.rules import LONGEST_PASSWORD_BYTES, plain_password

# OWASP's parameters for small machines: 19 MiB, 2 passes, 1 lane (Password Storage Cheat Sheet, 2025).
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_AT_ONCE = threading.BoundedSemaphore(4)
"""A crowd signing in at the same moment takes 4 x 19 MiB, not 19 MiB each."""
NOBODYS_HASH = "$argon2id$v=19$m=19456,t=2,p=1$1y44FY0tTXM9vjp7FPca+w$UFNm2TLxlo+UN8ni3e7xu0ObqTcBWmnYLjMvgJtSPdQ"
"""The hash of a random password that nobody knows: an unknown name costs the same time as a wrong password."""
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is taken for another: i l o 0 1


def hash_password(password: str) -> str:
    """The argon2id hash of a password that the rules have passed. Takes some 30 ms and 19 MiB."""
    with _AT_ONCE:
        return _hasher.hash(_bytes(password))


def is_password(password_hash: str | None, password: str) -> bool:
    """Whether it is the password; with no hash it takes as long, and is not."""
    given = _bytes(password)
    if len(given) > LONGEST_PASSWORD_BYTES:
        given, password_hash = b"", None
    with _AT_ONCE:
        try:
            return _hasher.verify(password_hash or NOBODYS_HASH, given) and password_hash is not None
        except (VerificationError, InvalidHashError):
            return False


def is_outdated(password_hash: str) -> bool:
    """Whether a hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(password_hash)


def new_password() -> str:
    """Three groups of four, 59 bits: `k7mp-3xwt-9fhd`."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(3))


def _bytes(password: str) -> bytes:
    return plain_password(password).encode("utf-8", "surrogatepass")
