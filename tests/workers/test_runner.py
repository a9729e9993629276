"""A real runner on a real Redis: jobs get done, and a job cut short by kill -9 goes on."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import redis

from leye_platform.clock import SystemClock
from leye_platform.database import Database
from leye_platform.installation import Installation
from leye_platform.migrate import migrate
from leye_platform.outbox import Checkpoint, JobName, OutboxRow, ask_for
from leye_platform.settings import Settings
from leye_workers.compose import compose
from leye_workers.jobs.registry import Handler, Job, QueueName
from leye_workers.runner import Runner
from support.servers import ServersInUse

PATIENCE_SECONDS = 15.0

SLOW_RUNNER = """
import sys, time
from pathlib import Path
from leye_platform.outbox import Checkpoint, JobName
from leye_platform.settings import Settings
from leye_workers.compose import compose
from leye_workers.jobs.registry import Job, QueueName
from leye_workers.runner import Runner, run_until_signalled

def count_to_ten(installation, job_id, arguments):
    for _ in range(10):
        with installation.database.write() as session:
            checkpoint = session.get(Checkpoint, job_id)
            if checkpoint is None:
                checkpoint = Checkpoint(job_id=job_id, data={"at": 0}, saved_at=installation.clock.now())
                session.add(checkpoint)
            if checkpoint.data["at"] == 10:
                return
            checkpoint.data = {"at": checkpoint.data["at"] + 1}
        time.sleep(0.15)

settings = Settings(data_dir=Path(sys.argv[1]), database_url=sys.argv[2])
runner = Runner(compose(settings), sys.argv[3], [QueueName.WORK], {JobName.REFIT_SKILLS: Job(count_to_ten)})
print("up", flush=True)
run_until_signalled(runner)
"""


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)


@pytest.fixture(params=["sqlite", "postgresql"])
def live(request: pytest.FixtureRequest, tmp_path: Path, servers: ServersInUse) -> Iterator[Installation]:
    """An installation on the machine's own clock, and an empty queue."""
    redis.Redis.from_url(servers.redis_url).flushdb()
    if request.param == "sqlite":
        yield from _live(tmp_path, f"sqlite:///{tmp_path / 'leye.sqlite3'}")
        return
    with servers.fresh_database() as url:
        yield from _live(tmp_path, url)


def _live(folder: Path, url: str) -> Iterator[Installation]:
    installation = compose(Settings(data_dir=folder / "data", database_url=url), SystemClock())
    migrate(installation.database)
    yield installation
    installation.database.close()


def asked(installation: Installation) -> UUID:
    with installation.database.write() as session:
        job_id = ask_for(session, JobName.REFIT_SKILLS, {}, installation.clock.now())
    assert job_id is not None
    return job_id


def is_done(database: Database, *job_ids: UUID) -> bool:
    with database.read() as session:
        return all(session.get_one(OutboxRow, job_id).done_at for job_id in job_ids)


@pytest.fixture
def start(live: Installation, servers: ServersInUse) -> Iterator[Callable[[Handler], Runner]]:
    """Starts a runner in a thread; all are stopped in the end."""
    started: list[tuple[Runner, threading.Thread]] = []

    def begin(handler: Handler) -> Runner:
        jobs = {JobName.REFIT_SKILLS: Job(handler)}
        runner = Runner(live, servers.redis_url, [QueueName.WORK], jobs)
        thread = threading.Thread(target=runner.run)
        thread.start()
        started.append((runner, thread))
        return runner

    yield begin
    for runner, thread in started:
        runner.stopping.set()
        thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive()


def test_jobs_asked_for_before_and_after_the_start_get_done(
    live: Installation, start: Callable[[Handler], Runner]
) -> None:
    seen: list[UUID] = []

    def note(_installation: Installation, job_id: UUID, _arguments: dict[str, Any]) -> None:
        seen.append(job_id)

    before = asked(live)
    start(note)
    until(lambda: is_done(live.database, before))
    after = asked(live)
    until(lambda: is_done(live.database, after))
    assert seen == [before, after]


def test_a_flush_in_the_middle_loses_no_job(
    live: Installation, start: Callable[[Handler], Runner], servers: ServersInUse
) -> None:
    def slowly(_installation: Installation, _job_id: UUID, _arguments: dict[str, Any]) -> None:
        time.sleep(0.01)

    jobs = [asked(live) for _ in range(40)]
    start(slowly)
    until(lambda: is_done(live.database, jobs[5]))
    redis.Redis.from_url(servers.redis_url).flushdb()
    until(lambda: is_done(live.database, *jobs))


def test_a_job_cut_short_by_kill_9_goes_on_where_it_was(
    live: Installation, tmp_path: Path, servers: ServersInUse
) -> None:
    url = live.database.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", SLOW_RUNNER, str(tmp_path / "data"), url, servers.redis_url]
    job_id = asked(live)

    def reached() -> int:
        with live.database.read() as session:
            checkpoint = session.get(Checkpoint, job_id)
            return checkpoint.data["at"] if checkpoint else 0

    first = subprocess.Popen(command, stdout=subprocess.PIPE)
    until(lambda: reached() >= 3)
    first.kill()
    first.communicate()
    second = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        until(lambda: is_done(live.database, job_id))
    finally:
        second.terminate()
        second.communicate()
    assert reached() == 10
    with live.database.read() as session:
        assert session.get_one(OutboxRow, job_id).attempts == 2
    assert second.returncode == 0, "SIGTERM ends a runner cleanly"
