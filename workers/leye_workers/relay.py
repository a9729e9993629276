"""Hands the outbox's rows to the queue, and again those that the queue or a runner has lost.

A row is marked as sent *before* it is queued: whoever asks for the same job from then on adds a row of
their own, which sees their work. A crash in between is one of the losses that a later pass makes good:
a row that was sent, is not done, stands in no queue and runs nowhere is sent again.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy import Row, select, update
from sqlalchemy.orm import Session

from leye_platform.installation import Installation
from leye_platform.outbox import JobName, OutboxRow
from leye_workers.execution import lock_name
from leye_workers.jobs.registry import JOBS, Job, QueueName
from leye_workers.locks import Locks

ENTRY_POINT = "leye_workers.runner.run_queued_job"
GRACE = timedelta(seconds=2)
"""A job taken from its queue holds its lock within this time."""
AT_ONCE = 500  # rows looked at in one pass
TIMEOUT_SECONDS = 4 * 3600
KEPT_SECONDS = 60  # how long Redis remembers an ended job; the database remembers it anyway

log = structlog.get_logger()


class Relay:
    """Moves rows from the outbox to the queues. One relay at a time does; two are harmless."""

    def __init__(
        self, installation: Installation, redis: "Redis", locks: Locks, jobs: Mapping[JobName, Job] = JOBS
    ) -> None:
        self.installation, self.locks, self.jobs = installation, locks, jobs
        self.queues = {name: Queue(name.value, connection=redis, serializer=JSONSerializer) for name in QueueName}

    def pass_once(self) -> int:
        """Send what is due; how many rows that were. Raises redis.RedisError, SQLAlchemyError."""
        with self.installation.database.read() as session:
            # What this runner does not know, one of another version does.
            rows = [row for row in self._pending(session) if row.job in self.jobs]
        if not rows:
            return 0
        now = self.installation.clock.now()
        queued = {job_id for queue in self.queues.values() for job_id in queue.get_job_ids()}
        due = [row for row in rows if row.sent_at is None or (str(row.id) not in queued and self._lost(row, now))]
        if due:
            self._mark_sent([row.id for row in due], now)
        for row in due:
            self._enqueue(row.id, row.job)
        return len(due)

    def _pending(self, session: Session) -> Sequence[Row[*tuple[Any, ...]]]:
        columns = (OutboxRow.id, OutboxRow.job, OutboxRow.sent_at, OutboxRow.attempts, OutboxRow.problem)
        return session.execute(
            select(*columns)
            .where(OutboxRow.done_at.is_(None), OutboxRow.failed_at.is_(None))
            .order_by(OutboxRow.created_at)
            .limit(AT_ONCE)
        ).all()

    def _lost(self, row: Row[*tuple[Any, ...]], now: datetime) -> bool:
        """Whether a row that is in no queue waits for nothing: not for its next attempt, not for a runner."""
        failed = row.problem is not None
        waits = self.jobs[row.job].retry_after
        wait = waits[min(row.attempts, len(waits)) - 1] if failed else GRACE
        if now < row.sent_at + wait:
            return False
        with self.locks.hold(lock_name(row.id)) as nobody_runs_it:
            return nobody_runs_it

    def _mark_sent(self, job_ids: list[UUID], now: datetime) -> None:
        with self.installation.database.write() as session:
            session.execute(update(OutboxRow).where(OutboxRow.id.in_(job_ids)).values(sent_at=now))

    def _enqueue(self, job_id: UUID, name: JobName) -> None:
        self.queues[self.jobs[name].queue].enqueue_call(
            ENTRY_POINT,
            args=(str(job_id),),
            job_id=str(job_id),
            timeout=TIMEOUT_SECONDS,
            result_ttl=KEPT_SECONDS,
            failure_ttl=KEPT_SECONDS,
            description=name.value,
        )
