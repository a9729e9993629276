"""PostgreSQL breaks its connections off: a restart, a firewall, an operator. Nobody's work may depend on it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from leye_platform.assignments.models import Response
from leye_platform.database import Database
from leye_platform.installation import Installation
from support.clock import MovableClock
from support.shipping import ONE, Shipping

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
RESULT = [{"id": "1", "from_name": "sentiment", "to_name": "text", "type": "choices", "value": {"choices": ["正面"]}}]


@pytest.fixture
def shipping(installation: Installation, clock: MovableClock) -> Shipping:
    return Shipping(installation, clock)


def cut_all(database: Database) -> None:
    """End every connection to this database but the one that asks."""
    engine = sa.create_engine(database.url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    engine.dispose()


@contextmanager
def cut_at(database: Database, word: str) -> Iterator[list[str]]:
    """Cut once, just before the first statement that holds a word; the statements that came after it."""
    seen: list[str] = []

    def listen(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if seen or word in statement:
            if not seen:
                cut_all(database)
            seen.append(statement)

    event.listen(database.engine, "before_cursor_execute", listen)
    try:
        yield seen
    finally:
        event.remove(database.engine, "before_cursor_execute", listen)


def respond(person: TestClient, assignment: str) -> Any:
    body = {"result": RESULT, "active_ms": 4000, "input_mode": "keyboard"}
    path = f"/api/v1/assignments/{assignment}/response"
    return person.post(path, json=body, headers={"Idempotency-Key": assignment})


def answers(database: Database) -> int:
    with database.read() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(Response)) or 0


def test_work_goes_on_over_connections_that_were_cut_while_nobody_used_them(
    shipping: Shipping, database: Database
) -> None:
    batch = shipping.batch(3, pipeline=ONE)
    person = shipping.script(shipping.person().person_id)
    for _ in range(3):
        cut_all(database)
        claim = person.post("/api/v1/claims", json={"project": str(batch.project_id)})
        assert claim.status_code == 201, claim.text
        cut_all(database)
        assert respond(person, claim.json()["assignment_id"]).status_code == 201
    assert answers(database) == 3


@pytest.mark.parametrize("word", ["FROM api_tokens", "INSERT INTO responses", "UPDATE items"])
def test_an_answer_whose_connection_is_cut_in_the_middle_is_stored_once(
    shipping: Shipping, database: Database, word: str
) -> None:
    batch = shipping.batch(1, pipeline=ONE)
    person = shipping.script(shipping.person().person_id)
    assignment = person.post("/api/v1/claims", json={"project": str(batch.project_id)}).json()["assignment_id"]
    with cut_at(database, word) as after:
        stored = respond(person, assignment)
    assert after, f"nothing was cut: no statement holds {word}"
    assert stored.status_code == 201, stored.text
    assert answers(database) == 1


def test_a_commit_whose_answer_was_lost_is_told_and_may_be_sent_again(
    shipping: Shipping, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = shipping.batch(1, pipeline=ONE)
    person = shipping.script(shipping.person().person_id)
    assignment = person.post("/api/v1/claims", json={"project": str(batch.project_id)}).json()["assignment_id"]
    do_commit, lost = database.engine.dialect.do_commit, list[bool]()

    def commit_and_lose(connection: Any) -> None:
        do_commit(connection)
        if not lost:
            lost.append(True)
            cut_all(database)
            connection.cursor().execute("SELECT 1")

    monkeypatch.setattr(database.engine.dialect, "do_commit", commit_and_lose)
    told = respond(person, assignment)
    assert lost
    assert (told.status_code, told.headers["content-type"]) == (503, "application/problem+json")
    assert respond(person, assignment).status_code in {200, 201}
    assert answers(database) == 1


def test_a_server_that_stays_away_is_told_as_such(
    shipping: Shipping, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = shipping.script(shipping.person().person_id)
    url = installation.database.url.set(port=1, host="127.0.0.1", query={})
    installation.database.engine.dispose()
    away = sa.create_engine(url)
    for name in ("engine", "_writing_engine", "_reading_engine"):
        monkeypatch.setattr(installation.database, name, away)
    answer = person.post("/api/v1/claims", json={})
    away.dispose()
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")


def test_of_a_write_that_is_done_again_nothing_of_the_first_time_is_left(
    shipping: Shipping, database: Database
) -> None:
    batch = shipping.batch(2, pipeline=ONE)
    person = shipping.script(shipping.person().person_id)
    with cut_at(database, "INSERT INTO assignments"):
        claim = person.post("/api/v1/claims", json={"project": str(batch.project_id)})
    assert claim.status_code == 201, claim.text
    with database.read() as session:
        assert _held(session) == [UUID(claim.json()["assignment_id"])]


def _held(session: Session) -> list[UUID]:
    return list(session.scalars(sa.text("SELECT id FROM assignments")))
