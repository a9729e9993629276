"""Which run of the demo is under way, kept in the data folder so that the next start knows whether to go on."""

import os
import re
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from leye_platform.projects.models import Batch

FILE = "demo.json"
WAITING_ITEMS, WAITING_GOLD = 60, 3
"""What the second batch holds, which waits for whoever signs in."""
NAME = "第 {} 批"


@dataclass(frozen=True)
class DemoRun:
    """One run: what it was told, and whether its files are complete. `skip`: reviews that earlier runs have used."""

    items: int
    annotators: int
    seed: int
    out: str
    number: int = 1
    skip: int = 0
    finished: bool = False

    @property
    def batch_name(self) -> str:
        """What its batch is called; the same after a crash."""
        return NAME.format(self.number)

    @property
    def gold(self) -> int:
        """How many gold items its batch holds beside the others."""
        return max(4, self.items // 20)

    @property
    def end(self) -> int:
        """The first review that its batch does not use."""
        return self.skip + self.items + self.gold

    def ended(self) -> "DemoRun":
        """The run with its files complete."""
        return replace(self, finished=True)

    def followed_by(self, wanted: "DemoRun") -> "DemoRun":
        """`wanted` with reviews that this run has not used."""
        return replace(wanted, skip=self.end + WAITING_ITEMS + WAITING_GOLD)


def read_note(data_dir: Path) -> DemoRun | None:
    """The newest run of this data folder; None where there was none."""
    try:
        return DemoRun(**orjson.loads((data_dir / FILE).read_bytes()))
    except FileNotFoundError:
        return None


def write_note(data_dir: Path, run: DemoRun) -> None:
    """Keep the run; whole, or not at all."""
    draft = data_dir / f".{FILE}"
    with draft.open("wb") as file:
        file.write(orjson.dumps(asdict(run)) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(data_dir / FILE)


def next_number(session: Session) -> int:
    """A number that no run of this database has had: its batches' names tell, whatever became of the note."""
    names = session.scalars(select(Batch.name).where(Batch.name.like(NAME.format("%"))))
    taken = (re.fullmatch(NAME.format(r"(\d+)"), name) for name in names)
    return 1 + max((int(found[1]) for found in taken if found), default=0)
