"""Jobs of the outbox: registered, run once at a time, counted, retried, and never lost."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import redis
import sqlalchemy as sa
from rq import Queue
from rq.serializers import JSONSerializer

from leye_platform.installation import Installation
from leye_platform.outbox import Checkpoint, JobName, OutboxRow, ask_for
from leye_workers.execution import MOST_STARTS, Execution, lock_name
from leye_workers.jobs.registry import JOBS, RETRY_AFTER, Handler, Job, QueueName, queue_names
from leye_workers.jobs.unit import last_unit
from leye_workers.locks import Locks, locks_for
from leye_workers.relay import GRACE, Relay
from leye_workers.ticker import DONE_ROWS_KEPT, prune_outbox
from support.clock import MovableClock
from support.servers import ServersInUse


@pytest.fixture
def locks(installation: Installation) -> Locks:
    return locks_for(installation)


@pytest.fixture
def queue_server(servers: ServersInUse) -> "redis.Redis":
    client = redis.Redis.from_url(servers.redis_url)
    client.flushdb()
    return client


def asked(installation: Installation, once_for: object = None) -> UUID:
    with installation.database.write() as session:
        job_id = ask_for(session, JobName.REFIT_SKILLS, {"n": 1}, installation.clock.now(), once_for=once_for)
    assert job_id is not None
    return job_id


def row(installation: Installation, job_id: UUID) -> OutboxRow:
    with installation.database.read() as session:
        return session.get_one(OutboxRow, job_id)


def running(installation: Installation, locks: Locks, handler: Handler) -> Execution:
    return Execution(installation, locks, {JobName.REFIT_SKILLS: Job(handler)})


def nothing(_installation: Installation, _job_id: UUID, _arguments: dict[str, Any]) -> None:
    pass


def failing(_installation: Installation, _job_id: UUID, _arguments: dict[str, Any]) -> None:
    raise ValueError("no good")


def test_every_job_is_registered() -> None:
    assert set(JOBS) == set(JobName)


def test_a_list_of_queues_is_read_and_strangers_named() -> None:
    assert queue_names("work, files,work") == ([QueueName.WORK, QueueName.FILES], [])
    assert queue_names("work,none") == ([QueueName.WORK], ["none"])


def test_a_job_is_run_once(installation: Installation, locks: Locks) -> None:
    seen: list[object] = []

    def note(_installation: Installation, job_id: UUID, arguments: dict[str, Any]) -> None:
        seen.append((job_id, arguments))

    job_id = asked(installation)
    execution = running(installation, locks, note)
    assert [execution.run(job_id), execution.run(job_id)] == [True, False]
    assert seen == [(job_id, {"n": 1})]
    assert row(installation, job_id).done_at == installation.clock.now()


def test_a_job_that_runs_elsewhere_is_left_to_it(installation: Installation, locks: Locks) -> None:
    job_id = asked(installation)
    execution = running(installation, locks, nothing)
    with locks.hold(lock_name(job_id)) as held:
        assert held
        assert not execution.run(job_id)
    assert execution.run(job_id)


def test_done_is_part_of_the_last_unit_of_work(installation: Installation, locks: Locks) -> None:
    def half(installation: Installation, job_id: UUID, _arguments: dict[str, Any]) -> None:
        with last_unit(installation, job_id) as session:
            session.add(Checkpoint(job_id=job_id, data={"at": 1}, saved_at=installation.clock.now()))
            session.flush()
            raise ValueError("in the middle")

    job_id = asked(installation)
    running(installation, locks, half).run(job_id)
    with installation.database.read() as session:
        assert session.get(Checkpoint, job_id) is None
    assert row(installation, job_id).done_at is None


def test_a_failing_job_is_noted_and_given_up_after_its_last_attempt(installation: Installation, locks: Locks) -> None:
    job_id = asked(installation)
    execution = running(installation, locks, failing)
    execution.run(job_id)
    noted = row(installation, job_id)
    assert (noted.attempts, noted.problem, noted.failed_at) == (1, "ValueError: no good", None)
    for _ in RETRY_AFTER:
        execution.run(job_id)
    assert row(installation, job_id).failed_at == installation.clock.now()
    assert not execution.run(job_id)


def test_a_job_that_kills_its_runner_each_time_is_given_up(installation: Installation, locks: Locks) -> None:
    class Killed(BaseException):
        """Stands for the end of the process: nothing is written down after it."""

    def kill(_installation: Installation, _job_id: UUID, _arguments: dict[str, Any]) -> None:
        raise Killed

    job_id = asked(installation)
    execution = running(installation, locks, kill)
    for _ in range(MOST_STARTS):
        with pytest.raises(Killed):
            execution.run(job_id)
    assert not execution.run(job_id)
    given_up = row(installation, job_id)
    assert given_up.failed_at is not None
    assert "its runner died" in (given_up.problem or "")


class Sent:
    """A relay and what stands in the queues."""

    def __init__(self, installation: Installation, locks: Locks, client: "redis.Redis") -> None:
        self.relay = Relay(installation, client, locks)
        self.queues = [Queue(name.value, connection=client, serializer=JSONSerializer) for name in QueueName]

    def ids(self) -> list[UUID]:
        return [UUID(job_id) for queue in self.queues for job_id in queue.get_job_ids()]

    def take_all(self) -> None:
        """As a runner does that is killed at once."""
        for queue in self.queues:
            queue.connection.delete(queue.key)


@pytest.fixture
def sent(installation: Installation, locks: Locks, queue_server: "redis.Redis") -> Sent:
    return Sent(installation, locks, queue_server)


def test_the_relay_hands_over_each_row_once(installation: Installation, sent: Sent) -> None:
    job_id = asked(installation)
    assert [sent.relay.pass_once(), sent.relay.pass_once()] == [1, 0]
    assert sent.ids() == [job_id]


def test_jobs_wait_in_their_own_queues(installation: Installation, sent: Sent) -> None:
    with installation.database.write() as session:
        ask_for(session, JobName.INGEST_BATCH, {}, installation.clock.now())
        ask_for(session, JobName.DELIVER_LOT, {}, installation.clock.now())
        ask_for(session, JobName.SEND_MAIL, {}, installation.clock.now())
    sent.relay.pass_once()
    assert [len(queue) for queue in sent.queues] == [1, 1, 1]


def test_a_flushed_redis_is_refilled(
    installation: Installation, sent: Sent, clock: MovableClock, queue_server: "redis.Redis"
) -> None:
    wanted = {asked(installation) for _ in range(5)}
    sent.relay.pass_once()
    queue_server.flushdb()
    clock.move(seconds=GRACE.total_seconds())
    assert sent.relay.pass_once() == 5
    assert set(sent.ids()) == wanted


def test_a_job_whose_runner_was_killed_is_sent_again(
    installation: Installation, sent: Sent, clock: MovableClock
) -> None:
    job_id = asked(installation)
    sent.relay.pass_once()
    sent.take_all()
    assert sent.relay.pass_once() == 0, "it was taken just now: its runner gets a moment to begin"
    clock.move(seconds=GRACE.total_seconds())
    assert sent.relay.pass_once() == 1
    assert sent.ids() == [job_id]


def test_a_job_that_still_runs_is_not_sent_again(
    installation: Installation, locks: Locks, sent: Sent, clock: MovableClock
) -> None:
    job_id = asked(installation)
    sent.relay.pass_once()
    sent.take_all()
    clock.move(hours=10)
    with locks.hold(lock_name(job_id)):
        assert sent.relay.pass_once() == 0
    assert sent.relay.pass_once() == 1


def test_a_failed_job_waits_longer_each_time(
    installation: Installation, locks: Locks, sent: Sent, clock: MovableClock
) -> None:
    job_id = asked(installation)
    sent.relay.pass_once()
    for wait in RETRY_AFTER:
        sent.take_all()
        running(installation, locks, failing).run(job_id)
        clock.move(seconds=(wait - timedelta(milliseconds=10)).total_seconds())
        assert sent.relay.pass_once() == 0
        clock.move(seconds=0.01)
        assert sent.relay.pass_once() == 1
    running(installation, locks, failing).run(job_id)
    sent.take_all()
    clock.move(days=1)
    assert sent.relay.pass_once() == 0, "it has failed for good"


def test_who_asks_after_the_sending_gets_a_job_of_their_own(installation: Installation, sent: Sent) -> None:
    first = asked(installation, once_for="p")
    with installation.database.write() as session:
        assert ask_for(session, JobName.REFIT_SKILLS, {}, installation.clock.now(), once_for="p") is None
    sent.relay.pass_once()
    assert asked(installation, once_for="p") != first


def test_rows_done_long_ago_are_removed_with_their_checkpoints(
    installation: Installation, locks: Locks, clock: MovableClock
) -> None:
    def with_checkpoint(installation: Installation, job_id: UUID, _arguments: dict[str, Any]) -> None:
        with last_unit(installation, job_id) as session:
            session.add(Checkpoint(job_id=job_id, data={}, saved_at=installation.clock.now()))

    old, waiting = asked(installation), asked(installation)
    running(installation, locks, with_checkpoint).run(old)
    clock.move(seconds=DONE_ROWS_KEPT.total_seconds() + 1)
    with installation.database.write() as session:
        assert prune_outbox(session, clock.now()) == 1
    with installation.database.read() as session:
        assert session.get(OutboxRow, old) is None
        assert session.get(OutboxRow, waiting) is not None


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_job_whose_database_was_away_goes_on_at_once_and_is_not_counted(
    installation: Installation, locks: Locks, queue_server: "redis.Redis", clock: MovableClock
) -> None:
    seen: list[int] = []

    def cut_the_first_time(installation: Installation, job_id: UUID, _arguments: dict[str, Any]) -> None:
        with installation.database.write() as session:
            seen.append(session.get_one(OutboxRow, job_id).attempts)
            if len(seen) == 1:
                session.execute(sa.text("SELECT pg_terminate_backend(pg_backend_pid())"))

    job_id = asked(installation)
    execution = running(installation, locks, cut_the_first_time)
    relay = Relay(installation, queue_server, locks, execution.jobs)
    assert execution.run(job_id)
    found = row(installation, job_id)
    assert (found.attempts, found.problem, found.done_at) == (0, None, None)
    clock.move(seconds=GRACE.total_seconds())
    assert relay.pass_once() == 1, "after the grace it is sent again, without the wait of a failure"
    assert execution.run(job_id)
    assert (seen, row(installation, job_id).done_at is not None) == ([1, 1], True)
