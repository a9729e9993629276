"""What the runs of the load generator come to: a table, side by side, and what is not as it must be."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

MUST = {"cycle": 7.0, "import": 0.10, "export": 0.10, "RSS": 200.0}
"""CPU ms of server and database for a cycle, a task in, a task out; MB of the web process. What the clock on the wall
says is in the table alone: other work on the machine shows in it."""
ENOUGH = 1000
"""Of fewer tasks an export's figure says little: CPU is counted in hundredths of a second, and beginning costs too."""
DUPLICATES = ("tasks above their overlap", "people twice on one task")


@dataclass(frozen=True)
class Size:
    """How large a run is; `finished`: so many of the tasks come in answered."""

    tasks: int
    annotators: int
    finished: int

    def __str__(self) -> str:
        return f"{self.tasks:,} tasks, {self.finished:,} of them answered, {self.annotators} at once"


@dataclass(frozen=True)
class Run:
    """One run: the generator's steps and complaints; `spent`: CPU seconds of all processes of the server by step."""

    server: str
    size: Size
    steps: dict[str, Any]
    wrong: dict[str, int]
    spent: dict[str, float]

    def told(self) -> dict[str, Any]:
        """For the file."""
        return asdict(self) | {"figures": self.figures()}

    def figures(self) -> dict[str, float]:
        """By name; what the run did not come to is missing."""
        cycle, entry, export = (self.steps.get(name, {}) for name in ("annotate", "import", "export"))
        cycles = cycle.get("items")
        found = {
            "cycle": cycle.get("cpu_ms_per_item"),
            "cycle, all": round(1000 * self.spent["annotate"] / cycles, 3) if cycles else None,
            "cycles/s": cycle.get("items_per_s"),
            "next p50": cycle.get("next", {}).get("p50_ms"),
            "next p95": cycle.get("next", {}).get("p95_ms"),
            "import": entry.get("cpu_ms_per_item"),
            "export": export.get("cpu_ms_per_item") if export.get("items", 0) >= ENOUGH else None,
            "RSS": max((step["rss_peak_mb"] for step in self.steps.values() if "rss_peak_mb" in step), default=None),
            "twice": float(sum(self.wrong.get(name, 0) for name in DUPLICATES)),
        }
        return {name: value for name, value in found.items() if value is not None}


COLUMNS = {
    "cycle": "CPU ms a cycle",
    "cycle, all": "with all other processes",
    "cycles/s": "cycles/s",
    "next p50": "next p50 ms",
    "next p95": "next p95 ms",
    "import": "import CPU ms a task",
    "export": "export CPU ms a task",
    "RSS": "RSS MB",
    "twice": "given twice",
}
MORE_IS_BETTER = {"cycles/s"}


def table(runs: Sequence[Run]) -> str:
    """In Markdown: a row for each run; below a pair, how many times better Leye is."""
    rows = [["server", "tasks", "answered", "at once", *COLUMNS.values()]]
    for size in dict.fromkeys(run.size for run in runs):
        pair = [run for run in runs if run.size == size]
        numbers = [f"{size.tasks:,}", f"{size.finished:,}", str(size.annotators)]
        rows += [[run.server, *numbers, *_cells(run.figures())] for run in pair]
        if len(pair) == len(("theirs", "ours")):
            rows.append(["**times better**", "", "", "", *_ratios(pair[0].figures(), pair[1].figures())])
    rows.insert(1, ["---"] * len(rows[0]))
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _cells(figures: dict[str, float]) -> list[str]:
    return [f"{figures[name]:.3g}" if name in figures else "–" for name in COLUMNS]


def _ratios(theirs: dict[str, float], ours: dict[str, float]) -> list[str]:
    cells = []
    for name in COLUMNS:
        there, here = theirs.get(name, 0.0), ours.get(name, 0.0)
        if name in MORE_IS_BETTER:
            there, here = here, there
        cells.append(f"{there / here:.1f}" if here and there else "")
    return cells


def troubles(runs: Sequence[Run]) -> list[str]:
    """What is not as it must be, of Leye's runs, in sentences; Label Studio's are for the table alone."""
    found = []
    for run in runs:
        if run.server != "Leye":
            continue
        where = str(run.size)
        found += [f"{where}: {words}: {number}" for words, number in run.wrong.items()]
        for step, row in run.steps.items():
            failed = {words: number for words, number in row["errors"].items() if not _is_the_end(run, words)}
            found += [f"{where}: {step} failed {number} times: {words}" for words, number in failed.items()]
        found += [f"{where}: {sentence}" for sentence in _above(run)]
    return found


def _is_the_end(run: Run, words: str) -> bool:
    """Whether it only says that nothing is left to do, and nothing is: a quick server runs out of tasks."""
    answered = run.steps.get("annotate", {}).get("items", 0)
    return words.startswith("next 404") and run.size.finished + answered >= run.size.tasks


def _above(run: Run) -> list[str]:
    figures, found = run.figures(), []
    found += [f"there is no figure for {name}" for name in ("cycle", "import", "RSS") if name not in figures]
    for name, must in MUST.items():
        if name == "import" and run.size.finished:
            continue  # it is promised for tasks that bring no answer
        if figures.get(name, 0.0) > must:
            found.append(f"{name}: {figures[name]:g}, at most {must:g} is promised")
    return found
