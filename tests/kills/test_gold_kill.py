"""A renewal of gold that is killed (-9) with all its rows written leaves none of them, and is done when run again."""

import os
import signal
import subprocess
import sys
from uuid import UUID

import pytest
from sqlalchemy import select

from leye_platform.gold.renew import ask_for_gold
from leye_platform.installation import Installation
from leye_platform.matching.sealing import KeyRing
from leye_platform.outbox import JobName, OutboxRow
from leye_workers.jobs.gold import renew_gold
from support.clock import MovableClock
from support.renewing import Renewing

JOB = """
import os, signal, sys
from datetime import datetime
from uuid import UUID
from leye_platform.settings import read_settings
from leye_workers.compose import opened
from leye_workers.jobs import gold, unit

class Clock:
    def now(self):
        return datetime.fromisoformat(sys.argv[3])

unit.mark_done = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
with opened(read_settings()) as installation:
    object.__setattr__(installation, "clock", Clock())
    gold.renew_gold(installation, UUID(sys.argv[1]), {"project_id": sys.argv[2]})
"""


def killed(crowd: Renewing, job_id: UUID, project_id: UUID) -> int:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LEYE_")}
    settings = crowd.installation.settings
    told = {
        "LEYE_DATA_DIR": str(settings.data_dir),
        "LEYE_DATABASE_URL": crowd.database.url.render_as_string(hide_password=False),
        "LEYE_STORAGE_URL": settings.resolved_storage_url,
    }
    command = [sys.executable, "-c", JOB, str(job_id), str(project_id), crowd.clock.now().isoformat()]
    return subprocess.run(command, env=kept | told, check=False, timeout=120).returncode


def test_nothing_is_half_made(installation: Installation, clock: MovableClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(KeyRing, "draw", lambda *_: 0.0)
    crowd = Renewing(installation, clock)
    batch, _ = crowd.settled(3)
    who = crowd.known_person(batch.project_id)
    crowd.answers(who, crowd.claims(who, batch.project_id))
    with crowd.database.write() as session:
        ask_for_gold(session, clock.now())
        job_id = session.scalars(select(OutboxRow.id).where(OutboxRow.job == JobName.RENEW_GOLD)).one()
    assert killed(crowd, job_id, batch.project_id) == -signal.SIGKILL
    assert (crowd.gold(batch.project_id), crowd.lane(batch.batch_id)) == ([], [])
    renew_gold(installation, job_id, {"project_id": str(batch.project_id)})
    assert len(crowd.gold(batch.project_id)) == len(crowd.lane(batch.batch_id)) == 3
