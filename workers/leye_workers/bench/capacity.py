"""`leye bench capacity`: what a person at work and an item cost here, and what many of them come to.

Measured: CPU of claim, answer, drafts and the workbench page by HTTP; CPU of reading an item in and writing it out;
bytes that an item and an answer take in the database, indexes included. Reckoned: cores, disk and days for any number
of people and items. docs/explanation/capacity.md says what breaks first, and what to do.
"""

import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
import sqlalchemy as sa

from leye_platform.installation import Installation
from leye_platform.settings import Settings
from leye_workers.bench.dispatch import one_cycle
from leye_workers.bench.exporting import export
from leye_workers.bench.measured_process import MeasuredProcess, measured_process
from leye_workers.bench.town import Town, build_town
from leye_workers.compose import opened
from leye_workers.demo.sentiment import result_for
from leye_workers.demo.texts import POSITIVE
from leye_workers.refusals import CommandRefused
from leye_workers.site import child_environment

ITEMS, CYCLES, PAGES, EXPORTED = 20_000, 1_500, 200, 20_000
BUSY = 0.6
"""A core is planned to be busy for this share of the time; above it, waiting grows faster than work."""


@dataclass(frozen=True)
class Habits:
    """How people work: an assumption, not a measurement. seconds: one answer, reading and resting included; hours: of a
    day at work; at_once: the share of all people who are there in the busiest hour; drafts: saved for each answer;
    answers: that an item takes until it is decided."""

    seconds: float = 15.0
    hours: float = 5.0
    at_once: float = 0.4
    drafts: float = 2.0
    answers: float = 2.5


@dataclass(frozen=True)
class Measured:
    """What one of each costs. CPU in milliseconds of one core (`database` is PostgreSQL's part, 0 where the database is
    in the web process); bytes in the database; rss_mb: one web process."""

    cycle_ms: float
    draft_ms: float
    page_ms: float
    database_cycle_ms: float
    item_in_ms: float
    item_out_ms: float
    item_bytes: float
    answer_bytes: float
    rss_mb: float


def reckon(measured: Measured, people: int, items: int, habits: Habits | None = None) -> dict[str, float]:
    """What so many people and items come to. answers_a_second: in the busiest hour; days: until all items are decided;
    cores: planned to be busy for `BUSY` of the time."""
    habits = habits or Habits()
    answers_a_second = people * habits.at_once / habits.seconds
    web_ms = measured.cycle_ms + measured.page_ms + habits.drafts * measured.draft_ms
    cores = answers_a_second * web_ms / 1000 / BUSY
    answers = items * habits.answers
    stored = items * measured.item_bytes + answers * measured.answer_bytes
    return {
        "answers_a_second": round(answers_a_second, 1),
        "commits_a_second": round(answers_a_second * (2 + habits.drafts), 1),
        "web_cores": round(cores, 1),
        "database_cores": round(answers_a_second * measured.database_cycle_ms / 1000 / BUSY, 1),
        "web_memory_gb": round(max(1.0, cores) * measured.rss_mb / 1000, 1),
        "people_at_once_on_a_web_core": round(1000 * BUSY * habits.seconds / web_ms),
        "database_gb": round(stored / 1e9, 1),
        "days": round(answers / (people * habits.hours * 3600 / habits.seconds), 1),
        "runner_core_hours": round(items * (measured.item_in_ms + measured.item_out_ms) / 3.6e6, 1),
    }


def capacity(people: int = 100_000, items: int = 1_000_000_000, database: str = "") -> Mapping[str, Any]:
    """The figures, then the reckoning. database: an empty PostgreSQL database, which is filled; SQLite where not given.

    Raises CommandRefused where the database holds something.
    """
    with tempfile.TemporaryDirectory(prefix="leye-bench-") as folder:
        named: dict[str, Any] = {"database_url": database} if database else {}
        settings = Settings(data_dir=Path(folder) / "data", **named)
        with opened(settings, migrated=False) as site:
            _refuse_used(site)
        with opened(settings) as site:
            measured = _measured(site, settings, Path(folder))
    habits = Habits()
    told = {f"measured {name}": round(value, 4) for name, value in vars(measured).items()}
    assumed = {f"assumed {name}": value for name, value in vars(habits).items()}
    return told | assumed | {"people": people, "items": items} | reckon(measured, people, items, habits)


def _refuse_used(site: Installation) -> None:
    if sa.inspect(site.database.engine).get_table_names():
        raise CommandRefused("--database holds tables already: name an empty one, for what is measured fills it")


def _measured(site: Installation, settings: Settings, folder: Path) -> Measured:
    empty = _size(site)
    began = time.process_time()
    town = build_town(site, ITEMS)
    item_in_ms = 1000 * (time.process_time() - began) / ITEMS
    filled = _size(site)
    program = [sys.executable, "-m", "leye_workers.cli", "web", "--port", "0"]
    with measured_process(program, child_environment(settings), folder) as server:
        work = one_cycle(server.url, town)
        server.cost_of(work, CYCLES // 5)
        before, began_at = _database_cpu(site), _size(site)
        cycle = server.cost_of(work, CYCLES)
        database_ms = 1000 * (_database_cpu(site) - before) / CYCLES
        answer_bytes = (_size(site) - began_at) / CYCLES
        draft, page = _draft_and_page(server, town)
        rss_mb = server.process.memory_info().rss / 1e6
    exported = export(EXPORTED)
    return Measured(
        cycle_ms=cycle.cpu_ms,
        draft_ms=draft,
        page_ms=page,
        database_cycle_ms=database_ms,
        item_in_ms=item_in_ms,
        item_out_ms=float(exported["JSON cpu_ms"]),
        item_bytes=(filled - empty) / ITEMS,
        answer_bytes=answer_bytes,
        rss_mb=rss_mb,
    )


def _draft_and_page(server: MeasuredProcess, town: Town) -> tuple[float, float]:
    """CPU milliseconds of saving a draft, and of the page on which a task is worked."""
    headers = {"Authorization": f"Token {town.tokens[0]}"}
    client = httpx.Client(base_url=server.url, timeout=60, trust_env=False, headers=headers)
    claim = client.post("/api/v1/claims", json={"project": str(town.project_id)})
    if claim.status_code != httpx.codes.CREATED:
        raise CommandRefused(f"the benchmark got no task: {claim.status_code} {claim.text[:200]}")
    assignment = claim.json()["assignment_id"]

    def save() -> None:
        body = {"result": result_for(POSITIVE)}
        client.put(f"/api/v1/assignments/{assignment}/draft", json=body).raise_for_status()

    def look() -> None:
        client.get(f"/work/tasks/{assignment}").raise_for_status()

    save()  # both once before, so that what is made at first use is there
    look()
    return server.cost_of(save, PAGES).cpu_ms, server.cost_of(look, PAGES).cpu_ms


def _size(site: Installation) -> int:
    """Bytes of the database with its indexes, whatever is still in a log written back first."""
    with site.database.engine.connect() as connection:
        if not site.database.is_sqlite:
            return int(connection.exec_driver_sql("SELECT pg_database_size(current_database())").scalar_one())
        pages: int = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        return pages * int(connection.exec_driver_sql("PRAGMA page_size").scalar_one())


def _database_cpu(site: Installation) -> float:
    """CPU seconds of PostgreSQL's processes that serve this database; 0 for SQLite, and for a server elsewhere."""
    if site.database.is_sqlite:
        return 0.0
    with site.database.engine.connect() as connection:
        pids = connection.exec_driver_sql(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).scalars()
        spent = 0.0
        for pid in pids:
            try:
                times = psutil.Process(pid).cpu_times()
            except psutil.Error:
                continue
            spent += times.user + times.system
    return spent
