"""A fresh key for the sealed records, and every record sealed anew with it."""

import os
from dataclasses import replace
from pathlib import Path

from sqlalchemy import select

from leye_platform.installation import Installation
from leye_platform.matching.models import SealedRecord
from leye_platform.matching.sealing import KeyRing
from leye_workers.compose import SEALING_FILE

AT_ONCE = 500  # records in one unit of work


def rotate_keys(installation: Installation) -> tuple[str, int]:
    """Seal everything with the newest key; its id, and how many records were sealed anew.

    The key is added to the file in the data folder, before anything is sealed with it. Where
    LEYE_SEALING_KEYS gives the ring, its first key is the newest: put it there before.
    """
    settings = installation.settings
    if not settings.sealing_keys:
        path = settings.data_dir / SEALING_FILE
        _add_key(path)
        installation = replace(installation, key_ring=KeyRing.parse(path.read_text()))
    count = 0
    while resealed := _reseal(installation):
        count += resealed
    return installation.key_ring.current, count


def _add_key(path: Path) -> None:
    ring = KeyRing.parse(path.read_text())
    number = 1 + max((int(key_id[1:]) for key_id in ring.keys if key_id[1:].isdigit()), default=0)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(f"{KeyRing.new_key(f'k{number}')},{path.read_text()}")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _reseal(installation: Installation) -> int:
    ring = installation.key_ring
    with installation.database.write() as session:
        old = session.scalars(
            select(SealedRecord).where(SealedRecord.key_id != ring.current).limit(AT_ONCE).with_for_update()
        ).all()
        for record in old:
            value = ring.open(record.kind.value, record.subject_id, record.key_id, record.ciphertext)
            record.ciphertext = ring.seal(record.kind.value, record.subject_id, value)
            record.key_id = ring.current
        return len(old)
