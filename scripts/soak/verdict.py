"""What a soak is judged by: nothing lost, nothing twice, no job stuck, memory that stays."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import orjson
import sqlalchemy as sa

GROWTH_ALLOWED = 1.15
"""How much larger the largest process of a machine may be in the soak's last quarter than in its second."""
RESTED = 24
"""So many readings of a process's memory at least make a judgement: two minutes."""

WRONG = {
    "answers of one person to one micro-task twice in a round": (
        "SELECT count(*) FROM (SELECT 1 FROM responses GROUP BY microtask_id, person_id, round "
        "HAVING count(*) > 1) AS twice"
    ),
    "two answers to one assignment": (
        "SELECT count(*) FROM (SELECT 1 FROM responses GROUP BY assignment_id HAVING count(*) > 1) AS twice"
    ),
    "items billed twice": (
        "SELECT count(*) FROM (SELECT 1 FROM invoice_items GROUP BY item_id HAVING count(*) > 1) AS twice"
    ),
    "accepted items that no invoice names": (
        "SELECT count(*) FROM items WHERE state = 'accepted' AND id NOT IN (SELECT item_id FROM invoice_items)"
    ),
    "jobs given up": "SELECT count(*) FROM outbox WHERE failed_at IS NOT NULL",
}


@dataclass
class Readings:
    """What was read while it ran. rss_mb: of each machine, by process, one size for each look at it."""

    rss_mb: dict[str, dict[int, list[float]]] = field(default_factory=dict)
    waiting_jobs: list[int] = field(default_factory=list)

    def add(self, sizes: Iterable[tuple[str, int, float]], waiting: int) -> None:
        for name, pid, size in sizes:
            self.rss_mb.setdefault(name, {}).setdefault(pid, []).append(size)
        self.waiting_jobs.append(waiting)

    def growth(self, name: str) -> float | None:
        """Of the process that grew most, its last quarter's median against its second quarter's; None where none lived
        long enough to tell."""
        found = [_growth(sizes) for sizes in self.rss_mb[name].values() if len(sizes) >= RESTED]
        return max(found, default=None)

    def sizes(self, name: str) -> list[float]:
        """What was read of a machine's process that lived longest."""
        longest = max(len(sizes) for sizes in self.rss_mb[name].values())
        return [size for sizes in self.rss_mb[name].values() if len(sizes) == longest for size in sizes]


def _growth(sizes: Sequence[float]) -> float:
    quarter = len(sizes) // 4
    return median(sizes[-quarter:]) / median(sizes[quarter : 2 * quarter])


def confirmed_answers(path: Path) -> list[str]:
    """The ids of the answers that the crowd has seen confirmed."""
    return [orjson.loads(line)["response_id"] for line in path.read_bytes().splitlines()]


def found_wrong(database_url: str, confirmed: Sequence[str]) -> dict[str, int]:
    """Each thing that must not be, with how often it is."""
    engine = sa.create_engine(database_url)
    try:
        with engine.connect() as connection:
            counts = {what: connection.exec_driver_sql(query).scalar_one() for what, query in WRONG.items()}
            stored = Counter(row[0].hex for row in connection.exec_driver_sql("SELECT id FROM responses"))
    finally:
        engine.dispose()
    counts["confirmed answers that are not stored"] = sum(stored[one.replace("-", "")] != 1 for one in confirmed)
    counts["answers confirmed twice"] = len(confirmed) - len(set(confirmed))
    return counts


def memory_troubles(readings: Readings) -> list[str]:
    """A sentence for each machine whose memory went on growing."""
    found = []
    for name in readings.rss_mb:
        growth = readings.growth(name)
        if growth is not None and growth > GROWTH_ALLOWED:
            found.append(f"{name}: memory grew to {growth:.2f} times what it was in a process's second quarter")
    return found


def report(readings: Readings, facts: dict[str, Any]) -> dict[str, Any]:
    """What a soak prints as JSON."""
    memory = {
        name: {
            "longest_lived_median_mb": round(median(readings.sizes(name))),
            "most_mb": round(max(max(sizes) for sizes in processes.values())),
            "growth": readings.growth(name),
        }
        for name, processes in readings.rss_mb.items()
    }
    return facts | {"memory": memory, "most_jobs_waiting": max(readings.waiting_jobs, default=0)}
