"""A password made for somebody else, told to them once, and changed by them at their first sign-in.

It owns its units of work, as sign_in.py does: argon2 must not hold SQLite's only writer.
"""

from datetime import datetime
from uuid import UUID

from leye_platform.accounts.passwords import hash_password, new_password
from leye_platform.accounts.service.passwords import person_to_reset, reset_password
from leye_platform.actor import Actor
from leye_platform.database import Database


def give_temporary_password(database: Database, actor: Actor, person_id: UUID, now: datetime) -> str:
    """Reset a person's password; the new one, to be shown this once. Their sign-ins end.

    Raises PersonMissing, PasswordNotYours.
    """
    with database.read() as session:
        person_to_reset(session, actor, person_id)
    password = new_password()
    password_hash = hash_password(password)
    with database.write() as session:
        reset_password(session, actor, person_id, password_hash, now)
    return password
