"""A server in a process of its own, whose CPU time can be read, and a client that works on it step by step."""

import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from leye_workers.refusals import StartFailed

PATIENCE_SECONDS = 30.0


@dataclass(frozen=True)
class Cost:
    """What one cycle costs: CPU of the server process (user and system), and time by the clock."""

    cpu_ms: float
    wall_ms: float


@dataclass(frozen=True)
class MeasuredProcess:
    """A running server. `url` is where it listens."""

    url: str
    process: psutil.Process

    def cost_of(self, cycle: Callable[[], None], cycles: int) -> Cost:
        """The mean cost of a cycle, over many of them: CPU time is counted in hundredths of a second."""
        cpu, wall = self._cpu_seconds(), time.perf_counter()
        for _ in range(cycles):
            cycle()
        scale = 1000 / cycles
        return Cost(scale * (self._cpu_seconds() - cpu), scale * (time.perf_counter() - wall))

    def _cpu_seconds(self) -> float:
        times = self.process.cpu_times()
        return float(times.user + times.system)


@contextmanager
def measured_process(command: Sequence[str], environment: Mapping[str, str], folder: Path) -> Iterator[MeasuredProcess]:
    """Run a server that prints its URL; it is stopped when the block ends.

    Raises StartFailed.
    """
    log = folder / "server.log"
    with log.open("wb") as stderr:
        process = subprocess.Popen(command, env=dict(environment), stdout=subprocess.PIPE, stderr=stderr, text=True)
    try:
        assert process.stdout is not None  # noqa: S101 -- it was asked for
        url = process.stdout.readline().strip()
        if not url:
            raise StartFailed(f"the server under measure did not start: {log.read_text(errors='replace')[-500:]}")
        _wait_for(url)
        yield MeasuredProcess(url, psutil.Process(process.pid))
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)
        if process.stdout is not None:
            process.stdout.close()


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            httpx.get(f"{url}/healthz", timeout=5, trust_env=False)
            return
        except httpx.TransportError:
            if time.monotonic() > deadline:
                raise StartFailed(f"the server under measure does not answer at {url}") from None
            time.sleep(0.05)
