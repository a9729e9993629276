"""`leye bench dispatch`: what claiming a task and answering it costs the web process, all rules on.

A real web process on SQLite, reached by HTTP: tokens, permissions, lanes and cursors, leases, gold items,
consensus with fitted skills, earnings in the ledger. The same cycle is measured in a small and a large
project, and beside it the least that two such requests can cost on this machine (yardstick.py).
"""

import random
import sys
import tempfile
from collections.abc import Callable, Mapping
from itertools import cycle
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from leye_platform.installation import Installation
from leye_platform.review.refit import keep_refit, refit_project
from leye_platform.settings import Settings
from leye_workers.bench.measured_process import Cost, measured_process
from leye_workers.bench.town import Town, build_town
from leye_workers.compose import opened
from leye_workers.demo.sentiment import result_for
from leye_workers.demo.texts import NEGATIVE, POSITIVE
from leye_workers.refusals import CommandRefused
from leye_workers.site import child_environment

SMALL, LARGE, CYCLES = 1_000, 10_000, 1_500
TARGET_CPU_MS = 10.0
ACCURACY = 0.85


def dispatch(small: int = SMALL, large: int = LARGE, cycles: int = CYCLES) -> Mapping[str, Any]:
    """The figures; milliseconds a cycle of one claim and one answer. `growth`: the large project against the small."""
    with tempfile.TemporaryDirectory(prefix="leye-bench-") as folder:
        bare = _yardstick(Path(folder), cycles)
    first, second = (_cost_at(items, cycles) for items in (small, large))
    return {
        "items": large,
        "cycles": cycles,
        "cpu_ms": round(second.cpu_ms, 3),
        "target_cpu_ms": TARGET_CPU_MS,
        "wall_ms": round(second.wall_ms, 3),
        "yardstick_cpu_ms": round(bare.cpu_ms, 3),
        "times_the_yardstick": round(second.cpu_ms / bare.cpu_ms, 2),
        f"cpu_ms_at_{small}_items": round(first.cpu_ms, 3),
        "growth": round(second.cpu_ms / first.cpu_ms, 3),
    }


def _cost_at(items: int, cycles: int) -> Cost:
    with tempfile.TemporaryDirectory(prefix="leye-bench-") as folder:
        settings = Settings(data_dir=Path(folder) / "data")
        with opened(settings) as installation:
            town = build_town(installation, items)
            program = [sys.executable, "-m", "leye_workers.cli", "web", "--port", "0"]
            with measured_process(program, child_environment(settings), Path(folder)) as server:
                work = one_cycle(server.url, town)
                server.cost_of(work, max(1, cycles // 5))  # caches fill, lanes get answers
                _fit_skills(installation, town.project_id)
                return server.cost_of(work, cycles)


def _fit_skills(installation: Installation, project_id: UUID) -> None:
    """As the job does it, so that consensus weighs answers by skill."""
    with installation.database.write() as session:
        keep_refit(session, project_id, refit_project(session, project_id), installation.clock.now())


def one_cycle(url: str, town: Town) -> Callable[[], None]:
    """The annotators take turns; each claims a task and answers it."""
    client = httpx.Client(base_url=url, timeout=60, trust_env=False)
    draw, turns = random.Random(1), cycle({"Authorization": f"Token {token}"} for token in town.tokens)

    def work() -> None:
        headers = next(turns)
        claim = client.post("/api/v1/claims", json={"project": str(town.project_id)}, headers=headers)
        if claim.status_code != httpx.codes.CREATED:
            raise CommandRefused(f"the benchmark got no task: {claim.status_code} {claim.text[:200]}")
        assignment = claim.json()["assignment_id"]
        choice = POSITIVE if draw.random() < ACCURACY else NEGATIVE
        answer = client.post(
            f"/api/v1/assignments/{assignment}/response",
            json={"result": result_for(choice), "active_ms": 4000, "input_mode": "keyboard"},
            headers=headers | {"Idempotency-Key": assignment},
        )
        answer.raise_for_status()

    return work


def _yardstick(folder: Path, cycles: int) -> Cost:
    command = [sys.executable, "-m", "leye_workers.bench.yardstick", str(folder)]
    with measured_process(command, {}, folder) as server:
        client = httpx.Client(base_url=server.url, timeout=60, trust_env=False)

        def work() -> None:
            client.post("/claim", json={"project": "bench"}).raise_for_status()
            client.post("/response", json={"result": result_for(POSITIVE), "active_ms": 4000}).raise_for_status()

        server.cost_of(work, max(1, cycles // 5))
        return server.cost_of(work, cycles)
