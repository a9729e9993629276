"""The whole program on one machine: Redis (where it is embedded), the job runner and the web, supervised."""

import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import httpx

from leye_platform.settings import EMBEDDED, Settings
from leye_workers.compose import opened
from leye_workers.redis_server import (
    answers,
    prepare_server,
    redis_url,
    server_command,
    set_damaged_file_aside,
)
from leye_workers.refusals import CommandRefused, PortBusy, StartFailed
from leye_workers.supervisor import Part, Supervisor, sole_use

PATIENCE_SECONDS = 60.0
DEATHS_BEFORE_GIVING_UP = 4  # at the start; later a part is started again for ever
BACKLOG = 512  # connections that wait while the web is being started again


@dataclass(frozen=True)
class Site:
    """A running site. `base_url` is where people find it; `local_url` reaches it from this machine."""

    settings: Settings
    base_url: str
    local_url: str
    supervisor: Supervisor

    def wait_until_ready(self, seconds: float = PATIENCE_SECONDS) -> None:
        """Until /readyz says yes.

        Raises StartFailed.
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.check()
            self._check_start()
            try:
                if httpx.get(f"{self.local_url}/readyz", timeout=5, trust_env=False).status_code == httpx.codes.OK:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        raise StartFailed(f"the site is not ready after {seconds:.0f} seconds: see {self.supervisor.log_dir}")

    def check(self) -> None:
        """Raises StartFailed where the supervisor had to stop."""
        if self.supervisor.failure is not None:
            raise StartFailed(f"the program had to stop: {self.supervisor.failure}")

    def _check_start(self) -> None:
        for name, deaths in self.supervisor.deaths().items():
            if deaths >= DEATHS_BEFORE_GIVING_UP:
                path = self.supervisor.log_of(name)
                last = path.read_text(errors="replace").strip().splitlines()[-1:] or ["nothing was written"]
                raise StartFailed(f"{name} dies each time it is started; {path} ends with: {last[0]}")


def exit_on_signals() -> None:
    """Let the first SIGTERM or SIGINT end the main thread's blocks in order; later ones change nothing."""

    def leave(*_: object) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        sys.exit(0)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, leave)


@contextmanager
def running_site(
    settings: Settings, *, host: str = "127.0.0.1", port: int = 8080, processes: int = 1, jobs: bool = True
) -> Iterator[Site]:
    """Run Redis, runner and web until the block ends; port 0 takes a free one. Without `jobs`, the web alone.

    Raises AlreadyRunning, PortBusy, StartFailed, SchemaUnknown, StorageUnreachable, SettingsRefused, OSError.
    """
    if processes > 1 and settings.resolved_database_url.startswith("sqlite"):
        raise CommandRefused("--processes above 1 needs PostgreSQL: SQLite has one writer (set LEYE_DATABASE_URL)")
    with ExitStack() as stack:
        stack.enter_context(sole_use(settings.data_dir))
        listening = stack.enter_context(listen(host, port))
        reachable_at = local_url(host, listening)
        settings = with_base_url(settings, reachable_at)
        parts = _parts(settings, listening, processes, jobs)
        supervisor = stack.enter_context(Supervisor(settings.data_dir, parts))
        yield Site(settings, settings.base_url, reachable_at, supervisor)


@contextmanager
def listen(host: str, port: int) -> Iterator[socket.socket]:
    """The web's socket. The supervisor keeps it open, so that connections wait while the web is restarted.

    Raises PortBusy, CommandRefused.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror as error:
        raise CommandRefused(f"--host {host}: {error.strerror}") from None
    with socket.socket(family, kind, protocol) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind(address)
        except OSError as error:
            raise PortBusy(f"cannot listen on {host} port {port} ({error.strerror}): choose another --port") from None
        listening.listen(BACKLOG)
        yield listening


def local_url(host: str, listening: socket.socket) -> str:
    """Where a listening socket is reached from this machine."""
    reachable = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{reachable}:{listening.getsockname()[1]}"


def with_base_url(settings: Settings, url: str) -> Settings:
    """The settings with `url` as their base URL, unless LEYE_BASE_URL names another."""
    return settings if "base_url" in settings.model_fields_set else settings.model_copy(update={"base_url": url})


def _parts(settings: Settings, listening: socket.socket, processes: int, jobs: bool) -> list[Part]:
    with opened(settings):  # makes keys and folders, and migrates once for all parts
        pass
    environment = child_environment(settings)
    program = (sys.executable, "-m", "leye_workers.cli")
    web = (*program, "web", "--fd", str(listening.fileno()))
    names = ["web", *(f"web-{number}" for number in range(2, processes + 1))]
    parts = [_redis(settings, environment)] if jobs and settings.redis_url == EMBEDDED else []
    parts += [Part("runner", (*program, "runner", "--supervised"), environment, stop_seconds=15)] if jobs else []
    parts += [Part(name, web, environment, pass_fds=(listening.fileno(),)) for name in names]
    return parts


def _redis(settings: Settings, environment: dict[str, str]) -> Part:
    def before(deaths: int) -> None:
        if deaths == DEATHS_BEFORE_GIVING_UP - 1:
            set_damaged_file_aside(settings.data_dir)
        prepare_server(settings.data_dir)

    command = server_command(settings.data_dir)
    return Part("redis", command, environment, before=before, ready=lambda: answers(redis_url(settings)))


SPARING = {"MALLOC_ARENA_MAX": "2"}
"""The C library's heaps for threads: by itself it takes eight for each core, and keeps what each once needed."""


def child_environment(settings: Settings) -> dict[str, str]:
    """The environment in which a child reads the same settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LEYE_")}
    told = {name: getattr(settings, name) for name in settings.model_fields_set | {"data_dir", "base_url"}}
    return SPARING | kept | {f"LEYE_{name.upper()}": str(value) for name, value in told.items() if value != ""}
