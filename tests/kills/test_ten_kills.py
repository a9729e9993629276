"""Ten kills (-9) in one run, of web, runner and Redis, most of them within milliseconds after a commit.

Afterwards: every answer that the server had confirmed is stored exactly once, every accepted item stands
on exactly one invoice line, the ledger balances, and the demo's files agree with each other.
"""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 300
LOOK_SECONDS = 0.002
EVERYTHING = ("demo", "web", "runner", "redis")


@dataclass(frozen=True)
class Kill:
    """Whom to kill, and when: after so many confirmed answers, or once a query finds something."""

    victims: tuple[str, ...]
    answers: int = 0
    query: str = ""
    jitter: bool = False


KILLS = (
    Kill(("web",), answers=20),
    Kill(("runner",), answers=60, jitter=True),
    Kill(("redis",), answers=100),
    Kill(("web",), answers=150, jitter=True),
    Kill(EVERYTHING, answers=220),
    Kill(("redis", "runner"), answers=300),
    Kill(("web",), answers=380),
    Kill(("web", "redis"), answers=450, jitter=True),
    Kill(("runner",), query="SELECT 1 FROM lots"),
    Kill(("web",), query="SELECT 1 FROM lots WHERE state IN ('accepted', 'invoiced')"),
)
"""With 300 texts there are 600 answers at least, beside those to sentences and pictures: the first eight kills come in
the middle of the crowd's work, the ninth while the lot is written, the tenth between the partner's acceptance and its
answer."""


@dataclass
class Victims:
    """A demo over one data folder, and what has been killed of it."""

    data: Path
    out: Path
    seed: int
    demo: "subprocess.Popen[bytes]" = field(init=False)
    killed: list[int] = field(default_factory=list)

    def start(self) -> None:
        """Start the demo; the same command again after a crash."""
        program = [sys.executable, "-m", "leye_workers.cli", "demo", "--no-serve", "--port", "0", "--items", "300"]
        told = ["--out", str(self.out), "--seed", str(self.seed)]
        with (self.data / "demo.log").open("ab") as log:
            self.demo = subprocess.Popen([*program, *told], env=self.environment, stdout=log, stderr=log)

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("LEYE_")}
        return kept | {"LEYE_DATA_DIR": str(self.data)}

    @property
    def log(self) -> str:
        return (self.data / "demo.log").read_text()[-3000:]

    @property
    def answers(self) -> int:
        """How many answers the crowd has seen confirmed."""
        path = self.out / "acknowledged.jsonl"
        return path.read_bytes().count(b"\n") if path.exists() else 0

    def finds(self, query: str) -> bool:
        """Whether the database has what the query asks for."""
        try:
            with closing(sqlite3.connect(f"file:{self.data / 'leye.sqlite3'}?mode=ro", uri=True)) as connection:
                return connection.execute(query).fetchone() is not None
        except sqlite3.OperationalError:  # locked for the moment of a recovery
            return False

    def until(self, look: Callable[[], bool]) -> None:
        """Wait, looking each two milliseconds, so that a kill can follow a commit closely."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not look():
            assert self.demo.poll() is None, f"the demo ended: {self.log}"
            assert time.monotonic() < deadline, f"waited in vain: {self.log}"
            time.sleep(LOOK_SECONDS)

    def kill(self, name: str) -> None:
        """Kill -9 what runs under this name now; waits for what is just being started again."""
        if name == "demo":
            self.demo.kill()
            self.demo.wait(30)
            return
        self.until(lambda: self.demo.poll() is not None or self._pid(name) not in (None, *self.killed))
        pid = self._pid(name)
        if pid is None:
            return
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:  # it died with the demo, at the kernel's word
            assert self.demo.poll() is not None
        self.killed.append(pid)

    def _pid(self, name: str) -> int | None:
        try:
            return int((self.data / "run" / f"{name}.pid").read_text())
        except (OSError, ValueError):
            return None

    def command(self, *words: str) -> str:
        """Run a Python program on the data; its output, once it ended with 0."""
        run = subprocess.run(
            [sys.executable, *words], env=self.environment, capture_output=True, text=True, check=False
        )
        assert run.returncode == 0, run.stdout + run.stderr
        return run.stdout


@pytest.mark.audit
@pytest.mark.parametrize("seed", [1, 2])
def test_ten_kills_lose_and_double_nothing(tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    run = Victims(tmp_path / "data", tmp_path / "out", seed)
    run.data.mkdir()
    run.start()
    try:
        for kill in KILLS:
            run.until(_trigger(run, kill, draw))
            if kill.jitter:
                time.sleep(draw.uniform(0, 0.4))
            for name in kill.victims:
                run.kill(name)
            if "demo" in kill.victims:
                run.start()
        assert run.demo.wait(PATIENCE_SECONDS) == 0, run.log
    finally:
        if run.demo.poll() is None:
            run.demo.kill()
            run.demo.wait(30)
    assert "the books balance" in run.command("-m", "leye_workers.cli", "ledger", "check")
    assert "all agree" in run.command(str(ROOT / "scripts" / "check_demo.py"), str(run.out))
    _look_into_the_database(run)


def _trigger(run: Victims, kill: Kill, draw: random.Random) -> Callable[[], bool]:
    if kill.query:
        return lambda: run.finds(kill.query)
    wanted = kill.answers + draw.randrange(20)
    return lambda: run.answers >= wanted


def _look_into_the_database(run: Victims) -> None:
    """The same again without trust in what the program itself has written down."""
    confirmed = [json.loads(line)["response_id"] for line in (run.out / "acknowledged.jsonl").read_text().splitlines()]
    with closing(sqlite3.connect(run.data / "leye.sqlite3")) as connection:
        stored = Counter(row[0] for row in connection.execute("SELECT id FROM responses"))
        accepted = {row[0] for row in connection.execute("SELECT id FROM items WHERE state = 'accepted'")}
        billed = Counter(row[0] for row in connection.execute("SELECT item_id FROM invoice_items"))
        broken = connection.execute("PRAGMA foreign_key_check").fetchall()
        twice = connection.execute("SELECT assignment_id FROM responses GROUP BY 1 HAVING count(*) > 1").fetchall()
        unended = connection.execute("SELECT count(*) FROM outbox WHERE failed_at IS NOT NULL").fetchone()
    assert len(confirmed) == len(set(confirmed)) >= 600
    assert [one for one in confirmed if stored[one.replace("-", "")] != 1] == []
    summary = json.loads((run.out / "summary.json").read_text())
    assert {"text_classification", "named_entities", "image_boxes"} <= summary["by_type"].keys()
    assert len(accepted) == summary["items"] > 300
    assert billed == dict.fromkeys(accepted, 1)
    assert (broken, twice, unended) == ([], [], (0,))
