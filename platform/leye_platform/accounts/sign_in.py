"""One attempt to sign in, from the typed name and password to a session.

It owns its units of work: argon2 is slow on purpose, and must not hold SQLite's only writer.
"""

from datetime import datetime
from uuid import UUID

from leye_platform.accounts.devices import UNKNOWN
from leye_platform.accounts.errors import PasswordWrong, SignInRefused
from leye_platform.accounts.passwords import hash_password, is_outdated, is_password
from leye_platform.accounts.service.sign_ins import (
    Account,
    SignedIn,
    account_of,
    count_attempt,
    find_account,
    settle_attempt,
    throttled,
)
from leye_platform.database import Database


def sign_in(
    database: Database, name: str, password: str, now: datetime, *, stay: bool = False, device: str = UNKNOWN
) -> SignedIn:
    """Open a session: for 30 days where the person stays signed in, else for 24 hours.

    Raises SignInRefused, after the same time for an unknown name and a wrong password, and SignInThrottled.
    """
    with database.read() as session:
        account = find_account(session, name)
    if account is not None:
        _check_throttle(account, now)
    right = is_password(account.password_hash if account else None, password)
    if account is None:
        raise SignInRefused
    new_hash = hash_password(password) if right and is_outdated(account.password_hash) else None
    with database.write() as session:
        outcome = settle_attempt(session, account, right=right, stay=stay, device=device, now=now, new_hash=new_hash)
    if isinstance(outcome, SignedIn):
        return outcome
    raise outcome


def may_try_password(database: Database, person_id: UUID, password: str, now: datetime) -> None:
    """Check the present password of somebody who is signed in; wrong ones count towards the same throttle.

    Whoever finds a browser that was left signed in guesses no faster here than at the sign-in page.
    Raises PasswordWrong, SignInThrottled.
    """
    with database.read() as session:
        account = account_of(session, person_id)
    if account is None:
        raise PasswordWrong
    _check_throttle(account, now)
    right = is_password(account.password_hash, password)
    with database.write() as session:
        refused = count_attempt(session, account, right=right, now=now)
    if isinstance(refused, SignInRefused):
        raise PasswordWrong
    if refused is not None:
        raise refused


def is_present_password(database: Database, person_id: UUID, password: str) -> bool:
    """Whether a new password is the present one. Not throttled: ask it only for somebody who has just shown theirs."""
    with database.read() as session:
        account = account_of(session, person_id)
    return account is not None and is_password(account.password_hash, password)


def _check_throttle(account: Account, now: datetime) -> None:
    if account.throttled_until is not None and account.throttled_until > now:
        raise throttled(account.throttled_until, now)
