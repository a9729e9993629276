"""The job runner: a thread for each queue, one for the relay, one for the ticker, in one process.

Jobs run in threads, not in forked children: a killed runner takes its jobs with it, so that nothing runs
on unseen, and the locks that said "it runs" end at that moment. The relay of the next runner goes on.
"""

import logging
import os
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from uuid import UUID, uuid4

import structlog
from redis import RedisError
from rq import Queue
from rq.job import Job as QueuedJob
from rq.serializers import JSONSerializer
from rq.timeouts import TimerDeathPenalty
from rq.worker import SimpleWorker

from leye_platform.installation import Installation
from leye_platform.outbox import JobName
from leye_workers.execution import Execution
from leye_workers.jobs.registry import JOBS, Job, QueueName
from leye_workers.locks import Locks, locks_for
from leye_workers.redis_server import connect
from leye_workers.relay import Relay
from leye_workers.ticker import tick

RELAY_SECONDS = 0.4
TICK_SECONDS = 30.0
TAKE_OVER_SECONDS = 2.0  # how often a runner that does not lead asks whether it may
PAUSE_SECONDS = 0.3  # after an error
GRACE_SECONDS = 10.0  # for jobs under way when the runner is asked to stop
IDLE_SECONDS = 1
MAINTENANCE_SECONDS = 60

log = structlog.get_logger()
_executions: list[Execution] = []


def run_queued_job(job_id: str) -> None:
    """What RQ calls, by its name; the process's installation was set when its runner began."""
    _executions[-1].run(UUID(job_id))


class QueueWorker(SimpleWorker):
    """RQ's worker in a thread: no signals, no process title, no commands by pub/sub, and it can be stopped."""

    death_penalty_class = TimerDeathPenalty
    max_connection_wait_time = 1.0
    stopping: threading.Event

    def _install_signal_handlers(self) -> None:
        """Signals are the main thread's."""

    def subscribe(self) -> None:
        """Nobody sends commands."""

    def procline(self, message: str) -> None:
        """The process's title says which part it is; it stays."""

    def dequeue_job_and_maintain_ttl(
        self, timeout: int | None, max_idle_time: int | None = None
    ) -> tuple[QueuedJob, Queue] | None:
        """The next job, or None once the runner is asked to stop."""
        while not self.stopping.is_set():
            found = super().dequeue_job_and_maintain_ttl(timeout, IDLE_SECONDS)
            if found is not None:
                return found
        return None


class Runner:
    """Runs the jobs of `queues` until it is asked to stop."""

    def __init__(
        self,
        installation: Installation,
        redis_url: str,
        queues: Sequence[QueueName],
        jobs: Mapping[JobName, Job] = JOBS,
    ) -> None:
        self.installation, self.redis_url, self.queues = installation, redis_url, queues
        self.locks: Locks = locks_for(installation)
        self.stopping = threading.Event()
        self.execution = Execution(installation, self.locks, jobs)

    def run(self) -> bool:
        """Work until `stopping` is set; False where a job was still under way when the patience ended."""
        _executions.append(self.execution)
        relay = Relay(self.installation, connect(self.redis_url), self.locks, self.execution.jobs)
        threads = [self._thread(f"queue-{queue.value}", partial(self._work, queue)) for queue in self.queues]
        threads.append(self._thread("relay", partial(self._lead, "relay", RELAY_SECONDS, relay.pass_once)))
        step = partial(tick, self.installation)
        threads.append(self._thread("ticker", partial(self._lead, "ticker", TICK_SECONDS, step)))
        log.info("the runner works", queues=[queue.value for queue in self.queues])
        while not self.stopping.wait(0.2):
            if not all(thread.is_alive() for thread in threads):
                log.error("a thread of the runner has ended: the runner ends too, to be started again")
                return False
        for thread in threads:
            thread.join(GRACE_SECONDS)
        return not any(thread.is_alive() for thread in threads)

    def _thread(self, name: str, work: Callable[[], None]) -> threading.Thread:
        thread = threading.Thread(target=work, name=name, daemon=True)
        thread.start()
        return thread

    def _work(self, queue: QueueName) -> None:
        """Take jobs from a queue; after any trouble with Redis begin anew."""
        while not self.stopping.is_set():
            try:
                worker = QueueWorker(
                    [queue.value],
                    name=f"{queue.value}-{uuid4().hex[:12]}",
                    connection=connect(self.redis_url),
                    serializer=JSONSerializer,
                    worker_ttl=30,
                    maintenance_interval=MAINTENANCE_SECONDS,
                )
                worker.stopping = self.stopping
                worker.work(logging_level=logging.getLevelName(logging.WARNING))
            except RedisError as error:
                log.warning("Redis does not answer", problem=str(error))
            self.stopping.wait(PAUSE_SECONDS)

    def _lead(self, name: str, seconds: float, step: Callable[[], object]) -> None:
        """Do a step again and again while this runner leads in it; there is one leader at a time."""
        while not self.stopping.is_set():
            try:
                with self.locks.hold(name) as leads:
                    while leads and not self.stopping.is_set():
                        step()
                        self.stopping.wait(seconds)
                self.stopping.wait(TAKE_OVER_SECONDS)
            except RedisError as error:
                log.warning("Redis does not answer", problem=str(error))
                self.stopping.wait(PAUSE_SECONDS)
            except Exception:
                log.exception("trouble in the runner", part=name)
                self.stopping.wait(TAKE_OVER_SECONDS)


def run_until_signalled(runner: Runner) -> None:
    """Run until SIGTERM or SIGINT. A job that does not end in time goes on in the next runner."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: runner.stopping.set())
    ended_cleanly = runner.run()
    log.info("the runner ends", clean=ended_cleanly)
    logging.shutdown()
    if not ended_cleanly:
        os._exit(0 if runner.stopping.is_set() else 1)
