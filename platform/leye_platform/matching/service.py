"""A person's own preferences: read and changed by themselves alone, sealed at rest."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from leye_platform.accounts.models import Person
from leye_platform.matching.models import SealedKind, SealedRecord
from leye_platform.matching.rules import Preferences, change
from leye_platform.matching.sealing import KeyRing

KIND = SealedKind.PREFERENCES


def read_preferences(session: Session, key_ring: KeyRing, person_id: UUID) -> Preferences:
    """What the person has said, defaults for the rest."""
    return change(_stored(session, key_ring, person_id), {})


def change_preferences(
    session: Session, key_ring: KeyRing, person_id: UUID, wanted: Mapping[str, Any], now: datetime
) -> Preferences:
    """Change what `wanted` names, and leave the rest.

    Raises FieldsRefused. No audit record: what one can do is nobody's business.
    """
    # The person's row is the lock: two saves at once would else both insert, or one be lost.
    session.execute(select(Person.id).where(Person.id == person_id).with_for_update())
    preferences = change(_stored(session, key_ring, person_id), wanted)
    record = session.get(SealedRecord, (KIND, person_id))
    if record is None:
        record = SealedRecord(kind=KIND, subject_id=person_id)
        session.add(record)
    said = preferences.model_dump(mode="json", exclude_unset=True)
    record.key_id, record.ciphertext = key_ring.current, key_ring.seal(KIND, person_id, said)
    record.updated_at = now
    return preferences


def _stored(session: Session, key_ring: KeyRing, person_id: UUID) -> dict[str, Any]:
    record = session.get(SealedRecord, (KIND, person_id))
    if record is None:
        return {}
    opened = key_ring.open(KIND, person_id, record.key_id, record.ciphertext)
    assert isinstance(opened, dict), "sealed preferences are an object"  # noqa: S101
    return opened
