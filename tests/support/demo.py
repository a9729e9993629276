"""`leye demo` as a command, over data and output folders of its own."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 120.0
SMALL = ("--items", "24", "--annotators", "4")


@dataclass(frozen=True)
class DemoFolder:
    """Where a demo keeps its data and leaves its files."""

    path: Path

    @property
    def data(self) -> Path:
        return self.path / "data"

    @property
    def out(self) -> Path:
        return self.path / "out"

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("LEYE_")}
        return kept | {"LEYE_DATA_DIR": str(self.data)}

    @property
    def summary(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.out / "summary.json").read_text(encoding="utf-8"))
        return found

    def rows(self, name: str) -> list[dict[str, Any]]:
        """A file of JSON lines."""
        return [json.loads(line) for line in (self.out / name).read_text(encoding="utf-8").splitlines()]

    def access(self) -> list[dict[str, Any]]:
        """The site's access log."""
        lines = (self.data / "log" / "access.jsonl").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]

    def run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """`leye WORDS` to its end."""
        program = [sys.executable, "-m", "leye_workers.cli", *words]
        return subprocess.run(program, env=self.environment, capture_output=True, text=True, check=False)

    def work(self, *options: str) -> str:
        """A small demo without serving, which must succeed; what it said."""
        run = self.run("demo", "--no-serve", "--port", "0", "--out", str(self.out), *SMALL, *options)
        assert run.returncode == 0, run.stdout + run.stderr
        return run.stdout + run.stderr

    def start(self, *options: str) -> "subprocess.Popen[str]":
        """A small demo that is left running; it writes to `log`."""
        self.path.mkdir(parents=True, exist_ok=True)
        program = [sys.executable, "-m", "leye_workers.cli", "demo", "--port", "0", "--out", str(self.out)]
        with self.log.open("a", encoding="utf-8") as log:
            return subprocess.Popen(
                [*program, *SMALL, *options], env=self.environment, stdout=log, stderr=log, text=True
            )

    @property
    def log(self) -> Path:
        return self.path / "demo.log"

    def check(self) -> str:
        """What an outsider's check of the files says; it must be content."""
        program = [sys.executable, str(ROOT / "scripts" / "check_demo.py"), str(self.out), "24"]
        run = subprocess.run(program, capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stdout + run.stderr
        return run.stdout


def until(look: Callable[[], bool], running: "subprocess.Popen[str]", folder: DemoFolder) -> None:
    """Wait for something to come about while a demo runs."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not look():
        assert running.poll() is None, folder.log.read_text(encoding="utf-8")
        assert time.monotonic() < deadline, folder.log.read_text(encoding="utf-8")
        time.sleep(0.02)
