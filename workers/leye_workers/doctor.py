"""What an installation is made of, part by part, and what is wrong with it."""

import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from minio.error import MinioException
from redis import RedisError
from sqlalchemy.exc import SQLAlchemyError
from urllib3.exceptions import HTTPError

from leye_platform.clock import SystemClock
from leye_platform.database import Database
from leye_platform.holdings.sweep import last_sweep
from leye_platform.migrate import current_revision, newest_revision
from leye_platform.notices.channel import ChannelAway
from leye_platform.notices.mail import mail_channel
from leye_platform.settings import EMBEDDED, Settings, SettingsRefused
from leye_workers.compose import SEALING_FILE, SECRET_FILE, compose
from leye_workers.redis_server import answers, redis_url, server_command
from leye_workers.refusals import CommandRefused

LEAST_FREE_BYTES = 1 << 30
LEAST_SQLITE = (3, 35, 0)  # RETURNING
TROUBLE = (
    ChannelAway,
    CommandRefused,
    HTTPError,
    MinioException,
    OSError,
    RedisError,
    SettingsRefused,
    SQLAlchemyError,
)


@dataclass(frozen=True)
class Finding:
    """One part of the installation: whether it will do, and what there is to say."""

    part: str
    ok: bool
    says: str


def examine(settings: Settings) -> list[Finding]:
    """Look at every part; one that cannot be looked at is not ok. Changes nothing but makes the data folder."""
    return [finding for look in LOOKS for finding in _looked(look, settings)]


def _looked(look: Callable[[Settings], Iterator[Finding]], settings: Settings) -> Iterator[Finding]:
    try:
        yield from look(settings)
    except TROUBLE as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        yield Finding(look.__name__.strip("_").replace("_", " "), False, first)


def _program(_settings: Settings) -> Iterator[Finding]:
    yield Finding("python", sys.version_info >= (3, 11), sys.version.split()[0])


def _data_folder(settings: Settings) -> Iterator[Finding]:
    compose(settings).database.close()
    folder = settings.data_dir
    open_to_others = [path.name for path in _private_files(folder) if path.stat().st_mode & 0o077]
    says = f"others may read {', '.join(open_to_others)}: chmod 600" if open_to_others else f"{folder}, keys private"
    yield Finding("data folder", not open_to_others, says)
    free = shutil.disk_usage(folder).free
    yield Finding("disk", free > LEAST_FREE_BYTES, f"{free >> 20} MB free")


def _private_files(folder: Path) -> list[Path]:
    return [path for name in (SECRET_FILE, SEALING_FILE) if (path := folder / name).exists()]


def _database(settings: Settings) -> Iterator[Finding]:
    database = Database(settings.resolved_database_url)
    try:
        with database.read() as session:
            found = current_revision(session.connection())
            version = session.scalar(
                sa.text("SELECT sqlite_version()" if database.is_sqlite else "SHOW server_version")
            )
    finally:
        database.close()
    new_enough = not database.is_sqlite or sqlite3.sqlite_version_info >= LEAST_SQLITE
    yield Finding("database", new_enough, f"{database.url.render_as_string()}, version {version}")
    if found is None:
        yield Finding("schema", True, "none yet: the first start makes it")
    else:
        newest = newest_revision()
        wanted = "the newest" if found == newest else f"{newest} is wanted: run `leye migrate`"
        yield Finding("schema", found == newest, f"{found}, {wanted}")


def _redis(settings: Settings) -> Iterator[Finding]:
    if settings.redis_url == EMBEDDED:
        program = Path(server_command(settings.data_dir)[0])
        running = "running" if answers(redis_url(settings)) else "not running: `leye serve` starts it"
        yield Finding("redis", program.exists(), f"embedded, {running}")
        return
    up = answers(settings.redis_url)
    host = settings.redis_url.rpartition("@")[2]
    yield Finding("redis", up, f"{host} {'answers' if up else 'does not answer'}")


def _objects(settings: Settings) -> Iterator[Finding]:
    installation = compose(settings)
    try:
        installation.objects.stat("readiness-probe")
    except LookupError:
        pass
    finally:
        installation.database.close()
    yield Finding("objects", True, settings.resolved_storage_url.rpartition("@")[2])


def _last_sweep(settings: Settings) -> Iterator[Finding]:
    database = Database(settings.resolved_database_url)
    try:
        with database.read() as session:
            swept = last_sweep(session) if sa.inspect(session.connection()).has_table("store_sweeps") else None
    finally:
        database.close()
    if swept is None or swept.finished_at is None:
        yield Finding("last sweep", True, "none yet: the runner looks through the objects once a day")
        return
    lies = f"{swept.objects} objects, {swept.bytes >> 20} MB, removed {swept.removed}"
    says = f"{swept.finished_at:%Y-%m-%d %H:%M} UTC, {lies}"
    unknown = f", {swept.unknown} under names that are not ours: `leye store check`" if swept.unknown else ""
    held = f", {swept.held_back} that no row names stay: is it the right database? `leye store sweep` removes them"
    yield Finding("last sweep", not swept.held_back, says + unknown + (held if swept.held_back else ""))


def _mail(settings: Settings) -> Iterator[Finding]:
    channel = mail_channel(settings, SystemClock())
    if channel is None:
        yield Finding("mail", True, "none: notices stay in the inbox (LEYE_MAIL_URL)")
        return
    channel.check()
    yield Finding("mail", True, f"{channel.server.host}:{channel.server.port} answers, from {channel.sender}")


LOOKS = (_program, _data_folder, _database, _redis, _objects, _last_sweep, _mail)
