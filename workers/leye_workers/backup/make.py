"""Makes a backup of a running installation.

The database is read in one snapshot; the objects afterwards. Objects never change, and a row is written
only after its object: so every object that the snapshot's rows name is there.
"""

from base64 import b64encode
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import IO

from sqlalchemy import Table
from sqlalchemy.orm import Session

from leye_platform.installation import Installation
from leye_platform.matching.sealing import KeyRing
from leye_platform.migrate import current_revision, newest_revision
from leye_platform.tables import METADATA
from leye_storage.errors import ObjectMissing
from leye_workers.backup.archive import BackupWriter, Manifest, new_backup
from leye_workers.backup.rows import write_rows
from leye_workers.compose import SEALING_FILE, SECRET_FILE
from leye_workers.refusals import CommandRefused

ROWS, OBJECTS, KEYS = "database/", "objects/", "keys/"


def make_backup(installation: Installation, path: Path) -> Manifest:
    """Write database, objects and keys into one file.

    Raises BackupExists, CommandRefused (a schema that is not the newest), OSError.
    """
    with new_backup(path) as writer:
        revision, rows = _save_database(installation, writer)
        for key in installation.objects.keys():  # noqa: SIM118 -- a store is no mapping
            with suppress(ObjectMissing):  # removed since it was listed: no row of the snapshot names it
                writer.add(f"{OBJECTS}{key}", partial(_copy_object, installation, key))
        writer.add(f"{KEYS}{SECRET_FILE}", partial(_write_text, installation.secret))
        writer.add(f"{KEYS}{SEALING_FILE}", partial(_write_text, ring_text(installation.key_ring)))
        return writer.finish(
            made_at=installation.clock.now().isoformat(),
            database=installation.database.url.get_backend_name(),
            revision=revision,
            rows=rows,
        )


def _save_database(installation: Installation, writer: BackupWriter) -> tuple[str, dict[str, int]]:
    rows: dict[str, int] = {}
    with installation.database.read() as session:
        # SQLite's reading transaction is a snapshot already; PostgreSQL's is one at this level.
        level = {} if installation.database.is_sqlite else {"isolation_level": "REPEATABLE READ"}
        revision = current_revision(session.connection(execution_options=level))
        if revision != newest_revision():
            raise CommandRefused(f"the schema is {revision}, not {newest_revision()}: run `leye migrate` first")
        for table in METADATA.sorted_tables:
            writer.add(f"{ROWS}{table.name}.jsonl", partial(_save_table, session, table, rows))
    return newest_revision(), rows


def _save_table(session: Session, table: Table, rows: dict[str, int], file: IO[bytes]) -> None:
    rows[table.name] = write_rows(session, table, file)


def _copy_object(installation: Installation, key: str, file: IO[bytes]) -> None:
    for chunk in installation.objects.read(key):
        file.write(chunk)


def _write_text(text: str, file: IO[bytes]) -> None:
    file.write(text.encode())


def ring_text(ring: KeyRing) -> str:
    """The ring as KeyRing.parse reads it."""
    return ",".join(f"{key_id}:{b64encode(key).decode()}" for key_id, key in ring.keys.items())
