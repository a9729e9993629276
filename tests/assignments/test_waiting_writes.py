"""Writes whose outcome nobody asks for go to PostgreSQL with what comes next: nobody may notice, whatever comes."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from leye_platform import libpq
from leye_platform.database import Database, is_away
from leye_platform.prepared import Prepared, write_together
from support.statements import statements_of

NOTES = sa.Table(
    "waiting_notes", sa.MetaData(), sa.Column("n", sa.Integer, primary_key=True), sa.Column("words", sa.String)
)
ADD = Prepared(NOTES.insert())
CHANGE = Prepared(NOTES.update().where(NOTES.c.n == sa.bindparam("of")).values(words=sa.bindparam("said")))
COUNT = Prepared(sa.select(sa.func.count()).select_from(NOTES))


@pytest.fixture(autouse=True)
def notes(database: Database) -> Iterator[None]:
    with database.write() as session:
        NOTES.create(session.connection())
    yield
    with database.write() as session:
        NOTES.drop(session.connection())


Deed = Callable[[Session], object]


def adding(n: int) -> Deed:
    """To add a note later."""
    return lambda session: ADD.run_later(session, {"n": n, "words": "first"})


def counting(session: Session) -> int:
    found: int = COUNT.scalar(session, {})
    return found


def giving_up(_session: Session) -> None:
    raise ValueError("enough")


def work(database: Database, *deeds: Deed) -> None:
    """One unit of work."""
    with database.write() as session:
        for deed in deeds:
            deed(session)


def within_a_savepoint(*deeds: Deed) -> Deed:
    def do(session: Session) -> None:
        with session.connection().begin_nested():
            for deed in deeds:
                deed(session)

    return do


def stored(database: Database) -> dict[int, str]:
    with database.read() as session:
        return {row.n: row.words for row in session.execute(sa.select(NOTES))}


def test_it_goes_with_the_commit(database: Database) -> None:
    with database.write() as session:
        adding(1)(session)
        write_together(session, [(CHANGE, {"of": 1, "said": "second"}), (ADD, {"n": 2, "words": "other"})])
        CHANGE.run_later(session, {"of": 2, "said": "third"})
    assert stored(database) == {1: "second", 2: "third"}


def test_what_comes_next_sees_it_however_it_asks(database: Database) -> None:
    with database.write() as session:
        adding(1)(session)
        assert counting(session) == 1
        adding(2)(session)
        assert session.scalar(sa.select(sa.func.count()).select_from(NOTES)) == 2
        adding(3)(session)
        assert CHANGE.run(session, {"of": 3, "said": "second"}) == 1


def test_a_savepoint_that_is_left_undoes_its_own_and_no_more(database: Database) -> None:
    with database.write() as session:
        adding(1)(session)
        with pytest.raises(ValueError, match="enough"):
            within_a_savepoint(adding(2), giving_up)(session)
        adding(3)(session)
        within_a_savepoint(adding(4))(session)
    assert set(stored(database)) == {1, 3, 4}


def test_what_it_runs_into_is_raised_before_the_commit_and_nothing_is_kept(database: Database) -> None:
    work(database, adding(1))
    with pytest.raises(IntegrityError):
        work(database, adding(2), adding(1), adding(3))
    with pytest.raises(IntegrityError):
        work(database, adding(4), adding(1), counting)
    with database.write() as session:
        with pytest.raises(IntegrityError):
            within_a_savepoint(adding(1))(session)
        adding(5)(session)
    assert set(stored(database)) == {1, 5}


def test_what_was_given_up_goes_into_no_later_work(database: Database) -> None:
    for _ in range(2):
        with pytest.raises(ValueError, match="enough"):
            work(database, counting, adding(1), giving_up)
    with database.engine.connect() as connection, Session(connection) as session:
        counting(session)
        adding(2)(session)  # and neither committed nor rolled back: the pool gets the connection as it is
    work(database, counting, adding(3))
    assert set(stored(database)) == {3}


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_whoever_reads_may_not_write_later_either(database: Database) -> None:
    with pytest.raises(DBAPIError, match="read-only"), database.read() as session:
        adding(1)(session)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_the_first_and_the_last_go_with_their_neighbours(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[int] = []
    send = libpq._Wire._send

    def counted(wire: Any, some: Any, **how: Any) -> Any:
        sent.append(len(some))
        return send(wire, some, **how)

    monkeypatch.setattr(libpq._Wire, "_send", counted)
    work(database, counting, counting, adding(1), adding(2), counting, adding(3))
    assert sent == [1, 3, 1]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_transaction_that_failed_is_never_told_as_committed(database: Database) -> None:
    def failing_unseen(session: Session) -> None:
        driver: Any = session.connection().connection.driver_connection
        driver.pgconn.exec_(b"SELECT 1/0")

    with pytest.raises(DBAPIError, match="undone"):
        work(database, adding(1), counting, failing_unseen)
    with pytest.raises(DBAPIError, match="aborted"):
        work(database, counting, failing_unseen, adding(2))
    assert stored(database) == {}


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
@pytest.mark.parametrize("next_deeds", [(), (counting,)])
def test_a_connection_that_was_cut_while_it_waited_is_told_as_lost(
    database: Database, next_deeds: tuple[Deed, ...]
) -> None:
    def cutting(session: Session) -> None:
        driver: Any = session.connection().connection.driver_connection
        killer = sa.create_engine(database.url, isolation_level="AUTOCOMMIT")
        with killer.connect() as connection:
            connection.execute(sa.select(sa.func.pg_terminate_backend(driver.info.backend_pid)))
        killer.dispose()

    with pytest.raises(DBAPIError) as lost:
        work(database, counting, adding(1), cutting, *next_deeds)
    assert is_away(lost.value)
    work(database, adding(2))
    assert set(stored(database)) == {2}


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_whoever_listens_hears_of_it_when_it_is_asked_for(database: Database) -> None:
    with statements_of(database) as heard, database.write() as session:
        adding(1)(session)
        assert len(heard) == 1
        counting(session)
        CHANGE.run_later(session, {"of": 1, "said": "second"})
    assert [statement.split(maxsplit=1)[0] for statement, _ in heard.seen] == ["INSERT", "SELECT", "UPDATE"]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_it_may_be_larger_than_what_the_line_holds(database: Database) -> None:
    words = "x" * 5_000_000
    with database.write() as session:
        for n in range(4):
            ADD.run_later(session, {"n": n, "words": words})
        found = Prepared(sa.select(NOTES.c.words)).all(session, {})
        assert found == [(words,)] * 4
        ADD.run_later(session, {"n": 4, "words": words})
    assert len(stored(database)) == 5


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
@pytest.mark.parametrize("next_deeds", [(), (counting,)])
def test_others_go_on_while_it_waits_for_a_lock_of_theirs(database: Database, next_deeds: tuple[Deed, ...]) -> None:
    def changing(session: Session) -> None:
        CHANGE.run_later(session, {"of": 1, "said": "second"})

    work(database, adding(1))
    with ThreadPoolExecutor(1) as threads, database.write() as session:
        # The lock is let go first, then the other is waited for.
        CHANGE.run(session, {"of": 1, "said": "first of all"})
        other = threads.submit(work, database, changing, *next_deeds)
        while not session.scalar(sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")):
            assert not other.done()
    assert stored(database) == {1: "second"}
