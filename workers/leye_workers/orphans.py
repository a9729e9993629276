"""Which children run, on disk, so that the next start can end those that outlived a crashed supervisor."""

from contextlib import suppress
from pathlib import Path
from typing import TypedDict

import orjson
import psutil
import structlog

PATIENCE_SECONDS = 5.0
SAME_START_SECONDS = 2.0
"""A process's start time is reckoned from the machine's clock, which may have been set meanwhile."""

log = structlog.get_logger()


class Noted(TypedDict):
    """One child: its process id, and when it was started (seconds since 1970)."""

    pid: int
    started: float


def note(run_dir: Path, name: str, pid: int) -> None:
    """Write down a child that has just been started; its .pid file last, so that who sees one can be reaped."""
    children = _read(run_dir)
    with suppress(psutil.NoSuchProcess):
        children[name] = {"pid": pid, "started": psutil.Process(pid).create_time()}
    _write(run_dir, children)
    (run_dir / f"{name}.pid").write_text(f"{pid}\n")


def forget(run_dir: Path, name: str) -> None:
    """Strike out a child that has been stopped."""
    (run_dir / f"{name}.pid").unlink(missing_ok=True)
    children = _read(run_dir)
    children.pop(name, None)
    _write(run_dir, children)


def reap(run_dir: Path) -> list[str]:
    """End every noted child that still lives; their names. A stranger with a recycled id is left alone."""
    ended = []
    for name, child in _read(run_dir).items():
        process = _ours(child)
        if process is not None:
            log.warning("an orphan of an earlier run is ended", part=name, pid=child["pid"])
            _end(process)
            ended.append(name)
        forget(run_dir, name)
    return ended


def _ours(child: Noted) -> psutil.Process | None:
    """The process, if it is still the one that was started: same id, start time and kind of program."""
    try:
        process = psutil.Process(child["pid"])
        command = " ".join(process.cmdline())
        same_start = abs(process.create_time() - child["started"]) < SAME_START_SECONDS
    except psutil.Error:
        return None
    return process if same_start and ("leye_workers" in command or "redis-server" in command) else None


def _end(process: psutil.Process) -> None:
    with suppress(psutil.NoSuchProcess):
        process.terminate()
        try:
            process.wait(PATIENCE_SECONDS)
        except psutil.TimeoutExpired:
            process.kill()
            process.wait(PATIENCE_SECONDS)


def _read(run_dir: Path) -> dict[str, Noted]:
    try:
        children: dict[str, Noted] = orjson.loads((run_dir / "children.json").read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return {}
    return children


def _write(run_dir: Path, children: dict[str, Noted]) -> None:
    draft = run_dir / ".children.json"
    draft.write_bytes(orjson.dumps(children))
    draft.replace(run_dir / "children.json")
