"""The machines of a scaled-out installation, each a process group here with a data folder of its own.

What dies is started again, as systemd would; that is what a soak is about.
"""

import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

LOOKS_EVERY = 0.2
STOPS_WITHIN = 40.0


@dataclass
class Machine:
    """One `leye web` or `leye runner` on its own."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    starts: int = 0
    process: "subprocess.Popen[bytes]" = field(init=False)

    def start(self) -> None:
        """Start it, again where it was there before; its log goes on."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as told:
            program = [sys.executable, "-m", "leye_workers.cli", *self.command]
            self.process = subprocess.Popen(program, env=dict(self.environment), stdout=told, stderr=told)
        self.starts += 1

    def processes(self) -> list[psutil.Process]:
        """All that runs of it now; its first process first."""
        try:
            first = psutil.Process(self.process.pid)
            return [first, *first.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def memory(self) -> Iterator[tuple[str, int, float]]:
        """Of each of its processes: the machine's name, the process id, megabytes."""
        for one in self.processes():
            with suppress(psutil.Error):  # it ended meanwhile
                yield self.name, one.pid, one.memory_info().rss / 1e6

    def kill_one(self, draw: random.Random) -> bool:
        """Kill -9 one of its processes, drawn; False where none runs."""
        running = self.processes()
        if not running:
            return False
        with suppress(ProcessLookupError):
            os.kill(draw.choice(running).pid, signal.SIGKILL)
        return True


@contextmanager
def kept_running(machines: Sequence[Machine]) -> Iterator[None]:
    """Start them, and start each again that ends, until the block ends; then stop them in an orderly way."""
    stopping = threading.Event()

    def watch() -> None:
        while not stopping.wait(LOOKS_EVERY):
            for machine in machines:
                if machine.process.poll() is not None:
                    machine.start()

    for machine in machines:
        machine.start()
    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        stopping.set()
        watcher.join()
        for machine in machines:
            machine.process.terminate()
        for machine in machines:
            try:
                machine.process.wait(STOPS_WITHIN)
            except subprocess.TimeoutExpired:
                machine.process.kill()
