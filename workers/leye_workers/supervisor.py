"""Keeps the parts of the program running: starts them, restarts what dies, stops them in order.

Each part is a child process that dies with its supervisor. `run/NAME.pid` holds its id; `run/children.json`
says when it was started too, so that an orphan of a crashed run is known from a stranger with the same id.
"""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import structlog

from leye_workers import child, orphans
from leye_workers.compose import make_private
from leye_workers.locks import FileLocks
from leye_workers.refusals import AlreadyRunning

POLL_SECONDS = 0.05
RESTART_AFTER = (0.05, 0.2, 0.5, 1.0, 2.0, 5.0)
"""Seconds before the first, second … restart in a row; the last one from then on."""
STEADY_SECONDS = 3.0
"""A child that lived this long has started well: the next restart is prompt again."""
LARGEST_LOG = 20 << 20  # bytes; a larger log is set aside when its part is started

log = structlog.get_logger()


@dataclass(frozen=True)
class Part:
    """A program to keep running. `before` is called ahead of each start, with the deaths in a row so far."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    pass_fds: tuple[int, ...] = ()
    stop_seconds: float = 10.0
    before: Callable[[int], None] = lambda _deaths: None
    ready: Callable[[], bool] = lambda: True


@dataclass
class _Running:
    part: Part
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    start_again: float = 0.0
    deaths: int = field(default=0)


@contextmanager
def sole_use(data_dir: Path) -> Iterator[None]:
    """Have the data folder to oneself; what a crashed run left behind is ended first.

    Raises AlreadyRunning.
    """
    run_dir = data_dir / "run"
    make_private(data_dir)
    make_private(run_dir)
    with FileLocks(run_dir).hold("serve") as held:
        if not held:
            raise AlreadyRunning(f"{data_dir} is in use by another leye serve or leye demo: stop that one first")
        orphans.reap(run_dir)
        yield


class Supervisor:
    """Runs `parts`, started in their order and stopped in the reverse one, for the length of a `with` block.

    Wants `sole_use` of the data folder. `failure` is set where it could not go on (a full disk, say).
    """

    def __init__(self, data_dir: Path, parts: Sequence[Part]) -> None:
        self.data_dir, self.run_dir, self.log_dir = data_dir, data_dir / "run", data_dir / "log"
        self._parts = [_Running(part) for part in parts]
        self._stopping = threading.Event()
        # The parent-death signal follows the thread that started a child: this one starts them all.
        self._thread = threading.Thread(target=self._keep_running, name="supervisor", daemon=True)
        self.failure: Exception | None = None

    def __enter__(self) -> "Supervisor":
        make_private(self.log_dir)
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._stopping.set()
        self._thread.join()

    def deaths(self) -> dict[str, int]:
        """How often each part has died in a row; a part that has lived for a while counts from zero again."""
        return {running.part.name: running.deaths for running in self._parts}

    def log_of(self, name: str) -> Path:
        """The file that a part's output goes to."""
        return self.log_dir / f"{name}.log"

    def _keep_running(self) -> None:
        try:
            for running in self._parts:
                self._start(running)
                while not (running.part.ready() or self._stopping.is_set()):
                    self._look_after(running)
                    time.sleep(POLL_SECONDS)
            while not self._stopping.wait(POLL_SECONDS):
                for running in self._parts:
                    self._look_after(running)
        except Exception as error:
            self.failure = error
            log.exception("the supervisor cannot go on")
        finally:
            for running in reversed(self._parts):
                self._stop(running)

    def _start(self, running: _Running) -> None:
        part = running.part
        part.before(running.deaths)
        path = self.log_of(part.name)
        if path.exists() and path.stat().st_size > LARGEST_LOG:
            path.replace(path.with_suffix(".log.1"))
        parent = str(psutil.Process().pid)
        with path.open("ab") as output:
            running.process = subprocess.Popen(
                [sys.executable, "-I", str(Path(child.__file__)), parent, *part.command],
                env=dict(part.environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=part.pass_fds,
                start_new_session=True,  # Ctrl-C in the terminal is for the supervisor, which stops them in order
            )
        running.started = time.monotonic()
        orphans.note(self.run_dir, part.name, running.process.pid)

    def _look_after(self, running: _Running) -> None:
        now = time.monotonic()
        if running.process is None:
            if now >= running.start_again:
                self._start(running)
            return
        if (code := running.process.poll()) is None:
            if running.deaths and now - running.started > STEADY_SECONDS:
                running.deaths = 0
            return
        pause = RESTART_AFTER[min(running.deaths, len(RESTART_AFTER) - 1)]
        running.deaths, running.process, running.start_again = running.deaths + 1, None, now + pause
        log.warning("a part has died and is started again", part=running.part.name, exit_code=code, in_seconds=pause)

    def _stop(self, running: _Running) -> None:
        if running.process is None:
            return
        running.process.terminate()
        try:
            running.process.wait(running.part.stop_seconds)
        except subprocess.TimeoutExpired:
            running.process.kill()
            running.process.wait()
        with suppress(OSError):
            orphans.forget(self.run_dir, running.part.name)
