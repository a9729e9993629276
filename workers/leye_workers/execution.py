"""Runs one job of the outbox: once at a time, counted, and with its failure written down."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import select

from leye_platform.installation import Installation
from leye_platform.notices.events import job_failed_for_good
from leye_platform.outbox import JobName, OutboxRow
from leye_workers.jobs.registry import JOBS, Job
from leye_workers.jobs.unit import mark_done
from leye_workers.locks import Locks
from leye_workers.shortages import is_full_disk, is_lost_connection

MOST_STARTS = 20
"""A job that was started this often without failing or ending takes its runner down with it."""
LOCK_PATIENCE_SECONDS = 0.5  # the relay looks at the lock for an instant to see whether the job runs
LONGEST_PROBLEM = 2000  # characters

log = structlog.get_logger()


class Execution:
    """Runs jobs over an installation. `jobs` says what runs each."""

    def __init__(self, installation: Installation, locks: Locks, jobs: Mapping[JobName, Job] = JOBS) -> None:
        self.installation, self.locks, self.jobs = installation, locks, jobs

    def run(self, job_id: UUID) -> bool:
        """Run the job unless it is done, has failed, or runs elsewhere at this moment; whether it was run."""
        with self.locks.hold(lock_name(job_id), LOCK_PATIENCE_SECONDS) as held:
            begun = self._begin(job_id) if held else None
            if begun is None:
                return False
            name, arguments = begun
            with structlog.contextvars.bound_contextvars(job=name.value, job_id=str(job_id)):
                self._carry_out(job_id, name, arguments)
            return True

    def _begin(self, job_id: UUID) -> tuple[JobName, dict[str, Any]] | None:
        """Count the start, before anything can go wrong: a job that kills its runner must not run for ever."""
        with self.installation.database.write() as session:
            row = session.scalar(select(OutboxRow).where(OutboxRow.id == job_id).with_for_update())
            if row is None or row.done_at is not None or row.failed_at is not None:
                return None
            row.attempts += 1
            row.problem = None
            row.sent_at = row.sent_at or self.installation.clock.now()
            if row.attempts > MOST_STARTS:
                row.failed_at = self.installation.clock.now()
                row.problem = f"started {MOST_STARTS} times, and each time its runner died"
                job_failed_for_good(session, row.job, self.installation.clock.now())
                return None
            return row.job, row.arguments

    def _carry_out(self, job_id: UUID, name: JobName, arguments: dict[str, Any]) -> None:
        try:
            self.jobs[name].handler(self.installation, job_id, arguments)
        except Exception as error:
            if is_lost_connection(error):
                log.warning("the database was away; the job goes on", problem=str(error)[:LONGEST_PROBLEM])
                self._note_interruption(job_id)
                return
            log.exception("a job has failed")
            problem = f"{type(error).__name__}: {error}"[:LONGEST_PROBLEM]
            self._note_failure(job_id, name, problem, lasts=not is_full_disk(error))
            return
        with self.installation.database.write() as session:
            mark_done(session, job_id, self.installation.clock.now())
        log.info("a job is done")

    def _note_interruption(self, job_id: UUID) -> None:
        """Nothing is wrong with the job: this start is not counted, and the relay sends it again at once."""
        with self.installation.database.write() as session:
            row = session.get_one(OutboxRow, job_id)
            row.attempts = max(0, row.attempts - 1)
            row.sent_at = self.installation.clock.now()

    def _note_failure(self, job_id: UUID, name: JobName, problem: str, *, lasts: bool) -> None:
        """Write it down. lasts: whether it is the job's own, so that trying goes on for so long only."""
        now = self.installation.clock.now()
        with self.installation.database.write() as session:
            row = session.get_one(OutboxRow, job_id)
            row.problem = problem
            row.sent_at = now  # the wait for the next attempt counts from here
            waits = len(self.jobs[name].retry_after)
            if not lasts:
                row.attempts = min(row.attempts, waits - 1)
            if row.attempts > waits:
                row.failed_at = now
                job_failed_for_good(session, name, now)


def lock_name(job_id: UUID) -> str:
    """The lock that is held while a job runs; it ends with the process that holds it."""
    return f"job-{job_id}"
