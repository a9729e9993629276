"""Whether a person answers with one switch: read from their sealed preferences, at a claim only."""

from uuid import UUID

from leye_platform.assignments.rules import InputMode
from leye_platform.matching.models import SealedKind
from leye_platform.matching.sealing import KeyRing


def answers_by_switch(key_ring: KeyRing, person_id: UUID, key_id: str | None, ciphertext: bytes | None) -> bool:
    """Open the sealed preferences as the claim's own query found them; nobody else sees them."""
    if key_id is None or ciphertext is None:
        return False
    preferences = key_ring.open(SealedKind.PREFERENCES, person_id, key_id, ciphertext)
    return isinstance(preferences, dict) and preferences.get("input") == InputMode.SWITCH
