"""What goes wrong in a soak, one thing at a time, drawn by a seed."""

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import redis
import sqlalchemy as sa
from soak.machines import Machine

Disturbance = Callable[[], bool]
"""Does its harm; False where there was nothing to harm."""


def disturbances(
    webs: Sequence[Machine], runners: Sequence[Machine], database_url: str, redis_url: str, draw: random.Random
) -> dict[str, Disturbance]:
    """All of them by name."""
    return {
        "a process of the web killed": lambda: draw.choice(webs).kill_one(draw),
        "a job runner killed": lambda: draw.choice(runners).kill_one(draw),
        "the queue emptied": lambda: _empty(redis_url),
        "database connections cut": lambda: _cut(database_url),
    }


def _empty(redis_url: str) -> bool:
    redis.Redis.from_url(redis_url).flushdb()
    return True


def _cut(database_url: str) -> bool:
    """As a restart of PostgreSQL or a firewall does it: every connection of this database but our own."""
    engine = sa.create_engine(database_url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            cut = connection.exec_driver_sql(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            ).scalar_one()
    finally:
        engine.dispose()
    return bool(cut)


@contextmanager
def disturbed(harms: dict[str, Disturbance], every: float, draw: random.Random) -> Iterator[Counter[str]]:
    """Do one of the harms about each `every` seconds until the block ends; how often each was done."""
    stopping, done = threading.Event(), Counter[str]()

    def harm() -> None:
        while not stopping.wait(draw.uniform(0.5 * every, 1.5 * every)):
            name = draw.choice(list(harms))
            done[name] += harms[name]()

    thread = threading.Thread(target=harm, daemon=True)
    thread.start()
    try:
        yield done
    finally:
        stopping.set()
        thread.join()
