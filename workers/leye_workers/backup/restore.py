"""Restores a backup into an empty installation: all of it, checked, or nothing.

The database may be of the other kind than the one that was saved.
"""

import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import sqlalchemy as sa
from alembic.script import ScriptDirectory
from sqlalchemy.orm import Session

from leye_platform.billing.models import Posting
from leye_platform.clock import SystemClock
from leye_platform.database import Database
from leye_platform.matching.sealing import KeyRing
from leye_platform.migrate import migrate, migration_config
from leye_platform.settings import Settings
from leye_platform.tables import METADATA, NUMBERED
from leye_storage.opening import open_store
from leye_storage.store import ObjectStore
from leye_workers.backup.archive import Manifest, checked_manifest, members
from leye_workers.backup.make import KEYS, OBJECTS, ROWS
from leye_workers.backup.refusals import NotABackup, NotEmpty, RestoreDiffers
from leye_workers.backup.rows import read_rows
from leye_workers.compose import SEALING_FILE, SECRET_FILE, make_private

CONTENT_TYPE = "application/octet-stream"


def restore_backup(settings: Settings, path: Path) -> Manifest:
    """Check the whole file, then restore it; the manifest.

    Raises NotABackup, NotEmpty, RestoreDiffers, OSError.
    """
    manifest = checked_manifest(path)
    known = {script.revision for script in ScriptDirectory.from_config(migration_config()).walk_revisions()}
    if manifest.revision not in known:
        raise NotABackup(f"{path} has schema {manifest.revision}, which this version does not know: use a newer one")
    _check_keys(settings, path)
    _check_folder_empty(settings.data_dir)
    make_private(settings.data_dir)
    database, store = Database(settings.resolved_database_url), _store(settings)
    try:
        _check_database_empty(database)
        if next(iter(store.keys()), None) is not None:
            raise NotEmpty("the object store holds objects already: restore into an empty one")
        with _undone_on_failure(settings, database, store):
            _restore_keys(settings, path)
            for key, content in members(path, OBJECTS):
                store.put(key, content, content_type=CONTENT_TYPE)
            _restore_database(database, path, manifest)
    finally:
        database.close()
    return manifest


def _check_folder_empty(folder: Path) -> None:
    found = sorted(entry.name for entry in folder.iterdir()) if folder.exists() else []
    if found:
        raise NotEmpty(f"{folder} is not empty ({', '.join(found[:3])}): set LEYE_DATA_DIR to a new folder")


def _check_database_empty(database: Database) -> None:
    with database.read() as session:
        present = set(sa.inspect(session.connection()).get_table_names())
        for table in METADATA.sorted_tables:
            if table.name in present and session.scalar(sa.select(sa.literal(1)).select_from(table).limit(1)):
                raise NotEmpty(f"the database has rows in {table.name}: restore into an empty database")


def _check_keys(settings: Settings, path: Path) -> None:
    """Sealed records open only with the ring that sealed them; one given by the environment must hold its keys."""
    if not settings.sealing_keys:
        return
    saved = KeyRing.parse(next(members(path, f"{KEYS}{SEALING_FILE}"))[1].read().decode())
    missing = saved.keys.keys() - KeyRing.parse(settings.sealing_keys).keys.keys()
    if missing:
        raise NotEmpty(f"LEYE_SEALING_KEYS lacks {', '.join(sorted(missing))}: add them, or unset it")


@contextmanager
def _undone_on_failure(settings: Settings, database: Database, store: ObjectStore) -> Iterator[None]:
    """Leave an empty installation behind when the block raises, so that the restore can be tried again."""
    try:
        yield
    except BaseException:
        database.close()
        with suppress(OSError):
            for key in list(store.keys()):
                store.delete(key)
            _clear(settings.data_dir)
        raise


def _clear(folder: Path) -> None:
    for place, folders, names in os.walk(folder, topdown=False):
        for name in names:
            (Path(place) / name).unlink(missing_ok=True)
        for name in folders:
            (Path(place) / name).rmdir()


def _restore_keys(settings: Settings, path: Path) -> None:
    given = {SECRET_FILE: settings.secret_key, SEALING_FILE: settings.sealing_keys}
    for name, content in members(path, KEYS):
        if given.get(name) == "":
            descriptor = os.open(settings.data_dir / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content.read())


def _store(settings: Settings) -> ObjectStore:
    return open_store(settings.resolved_storage_url, secret="", base_url=settings.base_url, clock=SystemClock())


def _restore_database(database: Database, path: Path, manifest: Manifest) -> None:
    migrate(database, manifest.revision)
    # An older schema has fewer tables than this version's.
    tables = [table.name for table in METADATA.sorted_tables if table.name in manifest.rows]
    with database.write() as session:
        with _without_guards(session, tables, sqlite=database.is_sqlite):
            for name, content in members(path, ROWS):
                table = METADATA.tables.get(name.removesuffix(".jsonl"))
                if table is None:
                    raise NotABackup(f"the backup has a table {name} that this version does not know")
                read_rows(session, table, content)
        if not database.is_sqlite:
            _go_on_counting(session, tables)
        _check_restored(session, manifest, sqlite=database.is_sqlite)
    migrate(database)


@contextmanager
def _without_guards(session: Session, tables: Collection[str], *, sqlite: bool) -> Iterator[None]:
    """Let the tables' rows in as they were saved, in any order; the guards are there again when the block ends.

    The guards check events as they happen; a reversed acceptance that comes in after its reversal is none.
    """
    if sqlite:
        session.execute(sa.text("PRAGMA defer_foreign_keys = ON"))
        triggers = session.execute(sa.text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")).all()
        for name, _ in triggers:
            session.execute(sa.text(f"DROP TRIGGER {name}"))
        yield
        for _, statement in triggers:
            session.connection().exec_driver_sql(statement)
        return
    for table in tables:
        session.execute(sa.text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
    yield
    session.execute(sa.text("SET CONSTRAINTS ALL IMMEDIATE"))
    for table in tables:
        session.execute(sa.text(f"ALTER TABLE {table} ENABLE TRIGGER USER"))


def _go_on_counting(session: Session, tables: Collection[str]) -> None:
    """Let PostgreSQL's sequences go on after the numbers that were given."""
    for table, column in NUMBERED:
        if table not in tables:
            continue
        largest = session.scalar(sa.select(sa.func.max(METADATA.tables[table].columns[column])))
        if largest is not None:
            session.execute(sa.text("SELECT setval(:sequence, :largest)"), _sequence(table, column, largest))


def _sequence(table: str, column: str, largest: int) -> dict[str, object]:
    return {"sequence": f"{table}_{column}_seq", "largest": largest}


def _check_restored(session: Session, manifest: Manifest, *, sqlite: bool) -> None:
    """Raises RestoreDiffers. PostgreSQL has checked the foreign keys as the rows came in."""
    for name, wanted in manifest.rows.items():
        found = session.scalar(sa.select(sa.func.count()).select_from(METADATA.tables[name]))
        if found != wanted:
            raise RestoreDiffers(f"{name} has {found} rows, the backup {wanted}: nothing was restored")
    if sqlite and (broken := session.execute(sa.text("PRAGMA foreign_key_check")).all()):
        raise RestoreDiffers(f"{len(broken)} rows of {broken[0][0]} point nowhere: nothing was restored")
    sums = sa.select(Posting.entry_id).group_by(Posting.entry_id).having(sa.func.sum(Posting.amount_micros) != 0)
    if session.execute(sums.limit(1)).first():
        raise RestoreDiffers("the ledger does not balance: nothing was restored")
