"""Puts an installation together from the settings: the one place where all parts meet."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from leye_platform.clock import Clock, SystemClock
from leye_platform.database import Database
from leye_platform.installation import Installation
from leye_platform.matching.sealing import KeyRing, KeyRingRefused
from leye_platform.migrate import current_revision, migrate, newest_revision
from leye_platform.settings import Settings, SettingsRefused, secret_from_file
from leye_storage.errors import StorageUrlRefused, StoreUnavailable
from leye_storage.opening import open_store
from leye_storage.store import ObjectStore
from leye_workers.refusals import SchemaUnknown, StorageUnreachable

SECRET_FILE = "secret.key"  # noqa: S105 -- the name of the file
SEALING_FILE = "sealing.keys"


def compose(settings: Settings, clock: Clock | None = None) -> Installation:
    """An installation over the settings; makes the data folder and the key files where they are missing.

    Raises SettingsRefused, StorageUnreachable, OSError. The database is not asked anything yet.
    """
    make_private(settings.data_dir)
    clock = clock or SystemClock()
    secret = settings.secret_key or secret_from_file(settings.data_dir / SECRET_FILE)
    database = Database(settings.resolved_database_url)
    if database.is_sqlite and database.url.database:
        Path(database.url.database).parent.mkdir(parents=True, exist_ok=True)
    return Installation(
        settings=settings,
        clock=clock,
        database=database,
        objects=_objects(settings, secret, clock),
        key_ring=key_ring(settings),
        secret=secret,
    )


@contextmanager
def opened(settings: Settings, *, migrated: bool = True) -> Iterator[Installation]:
    """An installation for the length of a block, its schema brought to the newest version first."""
    installation = compose(settings)
    try:
        if migrated:
            bring_up_to_date(installation.database)
        yield installation
    finally:
        installation.database.close()


def bring_up_to_date(database: Database) -> bool:
    """Migrate where the schema is not the newest; whether there was something to do.

    Raises SchemaUnknown: the data was last used by a newer version of the program.
    """
    with database.read() as session:
        found = current_revision(session.connection())
    if found == newest_revision():
        return False
    from alembic.util.exc import CommandError  # noqa: PLC0415 -- weighs eleven megabytes, and most starts migrate nothing

    try:
        migrate(database)
    except CommandError as error:
        raise SchemaUnknown(f"the schema is at {found}, which this version does not know: {error}") from None
    return True


def key_ring(settings: Settings) -> KeyRing:
    """The ring of sealing keys, from LEYE_SEALING_KEYS or the file in the data folder.

    Raises SettingsRefused, OSError.
    """
    source, text = "LEYE_SEALING_KEYS", settings.sealing_keys
    if not text:
        path = settings.data_dir / SEALING_FILE
        source, text = str(path), secret_from_file(path, make=lambda: KeyRing.new_key("k1"))
    try:
        return KeyRing.parse(text)
    except KeyRingRefused as error:
        raise SettingsRefused(f"{source}: {error}") from None


def make_private(folder: Path) -> None:
    """A folder that only its owner may enter."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)


def _objects(settings: Settings, secret: str, clock: Clock) -> ObjectStore:
    try:
        return open_store(settings.resolved_storage_url, secret=secret, base_url=settings.base_url, clock=clock)
    except StorageUrlRefused as error:
        raise SettingsRefused(f"LEYE_STORAGE_URL {error}") from None
    except StoreUnavailable as error:
        raise StorageUnreachable(str(error)) from error
