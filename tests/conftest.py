"""Fixtures that all tests share: both databases, a clock that the test moves, an installation, a client."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

# The program's own settings must not leak into tests; where servers are given by URL, tests use them.
for name, kept in (
    ("LEYE_DATABASE_URL", "TESTS_POSTGRESQL_URL"),
    ("LEYE_REDIS_URL", "TESTS_REDIS_URL"),
):
    if os.environ.get(name, "").startswith(("postgresql", "redis://", "rediss://", "unix://")):
        os.environ.setdefault(kept, os.environ[name])
for name in [name for name in os.environ if name.startswith("LEYE_")]:
    del os.environ[name]

import pytest  # noqa: E402 -- after the environment is clean

from leye_platform.database import Database  # noqa: E402
from leye_platform.installation import Installation  # noqa: E402
from leye_platform.matching.sealing import KeyRing  # noqa: E402
from leye_platform.settings import Settings  # noqa: E402
from leye_storage import open_store  # noqa: E402
from support.clock import MovableClock  # noqa: E402
from support.migrated import EmptyDatabases, EmptyFile  # noqa: E402
from support.servers import ServersInUse, servers_in_use  # noqa: E402

_used: dict[str, str] = {}


@pytest.fixture(scope="session")
def servers() -> Iterator[ServersInUse]:
    """PostgreSQL and Redis; where they came from is printed at the end of the run.

    Not in pytest's own folder: a second run on the machine closes that to PostgreSQL's user.
    """
    with TemporaryDirectory(prefix="leye-servers-") as folder, servers_in_use(Path(folder)) as servers:
        _used.update(PostgreSQL=servers.postgresql_source, Redis=servers.redis_source)
        yield servers


SLOW_FIRST = (
    "tests/fuzz/",
    "workers/test_demo",
    "workers/test_runner",
    "_in_the_browser",
    "tests/web/",
    "assignments/test_",
)
"""Whole files go to one process: begun last, one of these would have the other process wait."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def rank(item: pytest.Item) -> int:
        path = item.path.as_posix()
        return next((rank for rank, slow in enumerate(SLOW_FIRST) if slow in path), len(SLOW_FIRST))

    items.sort(key=rank)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A process of xdist hands over what it used to the one that prints."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["servers"] = _used


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    _used.update(getattr(node, "workeroutput", {}).get("servers", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for name, source in _used.items():
        terminalreporter.write_line(f"{name}: {source}")


@pytest.fixture(scope="session")
def databases(servers: ServersInUse) -> Iterator[EmptyDatabases]:
    """PostgreSQL databases with today's schema and no rows."""
    with ExitStack() as until_the_end:
        yield EmptyDatabases(servers, until_the_end)


@pytest.fixture(scope="session")
def sqlite_file(tmp_path_factory: pytest.TempPathFactory) -> EmptyFile:
    """A SQLite database with today's schema and no rows."""
    return EmptyFile(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """A migrated, empty database; every test that takes it runs on both kinds."""
    kind: EmptyFile | EmptyDatabases = request.getfixturevalue(
        {"sqlite": "sqlite_file", "postgresql": "databases"}[request.param]
    )
    with kind.empty() as database:
        yield database


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def installation(database: Database, clock: MovableClock, tmp_path: Path) -> Installation:
    """All parts of a running program over `database`, with a folder of objects."""
    settings = Settings(data_dir=tmp_path / "data", base_url="http://testserver", secret_key="s" * 40)
    settings.data_dir.mkdir()
    secret = "a secret of at least thirty-two characters"
    objects = open_store(settings.resolved_storage_url, secret=secret, base_url=settings.base_url, clock=clock)
    return Installation(
        settings=settings,
        clock=clock,
        database=database,
        objects=objects,
        key_ring=KeyRing.parse(KeyRing.new_key("k1")),
        secret=secret,
    )
