"""The supervisor: what dies is started again, nothing outlives it, and it harms no stranger."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import psutil
import pytest

from leye_workers import orphans
from leye_workers.refusals import AlreadyRunning
from leye_workers.supervisor import Part, Supervisor, sole_use

SLEEPER = (sys.executable, "-c", "import time; time.sleep(60)  # leye_workers")
PATIENCE_SECONDS = 10.0
T = TypeVar("T")


def until(look: Callable[[], T | None]) -> T:
    """The first true answer."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := look()):
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)
    return found


def sleeper(name: str = "web") -> Part:
    return Part(name, SLEEPER, dict(os.environ))


def pid_of(data: Path, name: str = "web") -> int | None:
    path = data / "run" / f"{name}.pid"
    return int(path.read_text()) if path.exists() and path.read_text().strip() else None


def test_a_killed_child_is_started_again(tmp_path: Path) -> None:
    with sole_use(tmp_path), Supervisor(tmp_path, [sleeper()]) as supervisor:
        first = until(lambda: pid_of(tmp_path))
        os.kill(first, signal.SIGKILL)
        second = until(lambda: pid if (pid := pid_of(tmp_path)) != first else None)
        assert psutil.pid_exists(second)
        assert supervisor.deaths() == {"web": 1}


def test_children_and_their_pid_files_are_gone_afterwards(tmp_path: Path) -> None:
    with sole_use(tmp_path), Supervisor(tmp_path, [sleeper("redis"), sleeper("web")]):
        pids = [until(partial(pid_of, tmp_path, name)) for name in ("redis", "web")]
    assert not any(psutil.pid_exists(pid) for pid in pids)
    assert not list((tmp_path / "run").glob("*.pid"))


def test_a_part_waits_for_the_one_before_it(tmp_path: Path) -> None:
    gate = tmp_path / "open"
    first = Part("redis", SLEEPER, dict(os.environ), ready=gate.exists)
    with sole_use(tmp_path), Supervisor(tmp_path, [first, sleeper("web")]):
        until(lambda: pid_of(tmp_path, "redis"))
        time.sleep(0.2)
        assert pid_of(tmp_path, "web") is None
        gate.touch()
        assert until(lambda: pid_of(tmp_path, "web"))


def test_output_goes_to_the_log_of_the_part(tmp_path: Path) -> None:
    speaker = Part("web", (sys.executable, "-c", "print('hello')"), dict(os.environ))
    with sole_use(tmp_path), Supervisor(tmp_path, [speaker]) as supervisor:
        until(lambda: "hello" in _text(supervisor.log_of("web")))


def _text(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def test_a_data_folder_serves_one_supervisor_at_a_time(tmp_path: Path) -> None:
    with sole_use(tmp_path), pytest.raises(AlreadyRunning, match="in use"), sole_use(tmp_path):
        pass
    with sole_use(tmp_path):
        pass


SUPERVISING = """
import os, sys, time
from pathlib import Path
from leye_workers.supervisor import Part, Supervisor, sole_use
data = Path(sys.argv[1])
command = (sys.executable, "-c", "import time; time.sleep(60)  # leye_workers")
with sole_use(data), Supervisor(data, [Part("web", command, dict(os.environ))]):
    time.sleep(60)
"""


def test_children_die_with_a_killed_supervisor_and_its_folder_is_free_again(tmp_path: Path) -> None:
    supervisor = subprocess.Popen([sys.executable, "-c", SUPERVISING, str(tmp_path)])
    child = until(lambda: pid_of(tmp_path))
    supervisor.kill()
    supervisor.wait()
    until(lambda: not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE)
    with sole_use(tmp_path):
        assert pid_of(tmp_path) is None


@pytest.fixture
def outliving(tmp_path: Path) -> subprocess.Popen[bytes]:
    """A child that outlived its supervisor, noted in the run folder."""
    (tmp_path / "run").mkdir()
    process = subprocess.Popen(SLEEPER)
    until(lambda: psutil.Process(process.pid).cmdline())  # for an instant after exec, the kernel has none
    orphans.note(tmp_path / "run", "runner", process.pid)
    return process


def test_an_orphan_of_an_earlier_run_is_reaped(tmp_path: Path, outliving: subprocess.Popen[bytes]) -> None:
    assert orphans.reap(tmp_path / "run") == ["runner"]
    assert not psutil.pid_exists(outliving.pid)
    assert pid_of(tmp_path, "runner") is None


def test_a_stranger_with_a_recycled_id_is_left_alone(tmp_path: Path, outliving: subprocess.Popen[bytes]) -> None:
    noted = tmp_path / "run" / "children.json"
    started = psutil.Process(outliving.pid).create_time()
    noted.write_text(noted.read_text().replace(str(started), str(started - 1000)))
    assert orphans.reap(tmp_path / "run") == []
    assert outliving.poll() is None
    outliving.kill()
    outliving.wait()
