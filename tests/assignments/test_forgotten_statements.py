"""PostgreSQL may forget prepared statements (a pooler in between, DISCARD ALL) or refuse their plans (a migration)."""

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from leye_platform.database import Database, is_away
from leye_platform.installation import Installation
from leye_platform.prepared import ROWS_AT_ONCE, Prepared
from support.clock import MovableClock
from support.factories import chosen
from support.shipping import ONE, Shipping
from support.statements import statements_of

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


@pytest.fixture
def shipping(installation: Installation, clock: MovableClock) -> Shipping:
    return Shipping(installation, clock)


def forget_all(database: Database) -> None:
    """Have the server forget the statements of the connection that the pool gives next."""
    with database.engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        driver.execute("DEALLOCATE ALL")
        driver.commit()


def test_work_goes_on_when_the_server_has_forgotten_its_statements(shipping: Shipping, database: Database) -> None:
    batch = shipping.batch(3, pipeline=ONE)
    person = shipping.script(shipping.person().person_id)
    for _ in range(3):
        forget_all(database)
        claim = person.post("/api/v1/claims", json={"project": str(batch.project_id)})
        assert claim.status_code == 201, claim.text
        forget_all(database)
        path = f"/api/v1/assignments/{claim.json()['assignment_id']}/response"
        body = {"result": chosen("正面"), "active_ms": 4000, "input_mode": "keyboard"}
        assert person.post(path, json=body, headers={"Idempotency-Key": path}).status_code == 201


def test_a_statement_outlives_a_rollback(database: Database) -> None:
    asked = Prepared(sa.select(sa.bindparam("n", type_=sa.Integer) + 1))
    for n in range(3):
        with database.engine.connect() as connection, Session(connection) as session:
            assert [asked.scalar(session, {"n": n}) for _ in range(2)] == [n + 1, n + 1]
            session.rollback()
    with database.write() as session:
        assert [asked.scalar(session, {"n": 41}) for _ in range(2)] == [42, 42]
        names = sa.text("SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'leye_%'")
        assert session.scalar(names) == 1


def test_a_table_that_changed_under_a_statement_costs_the_connection_and_nothing_else(database: Database) -> None:
    changing = sa.Table("changing", sa.MetaData(), sa.Column("a", sa.Integer))
    with database.write() as session:
        changing.create(session.connection())
        session.execute(changing.insert().values(a=1))
    asked = Prepared(sa.select(changing.c.a).where(changing.c.a == sa.bindparam("n")))
    with database.write() as session:
        assert asked.scalar(session, {"n": 1}) == 1
    with database.write() as session:
        session.execute(sa.text("ALTER TABLE changing ALTER COLUMN a TYPE bigint"))
    with pytest.raises(DBAPIError) as refused, database.write() as session:
        asked.scalar(session, {"n": 1})
    assert is_away(refused.value)
    with database.write() as session:
        assert asked.scalar(session, {"n": 1}) == 1


def test_many_rows_go_in_as_few(database: Database) -> None:
    numbers = sa.Table("numbers", sa.MetaData(), sa.Column("a", sa.Integer), sa.Column("b", sa.String))
    add, change = (
        Prepared(numbers.insert()),
        Prepared(numbers.update().where(numbers.c.a == sa.bindparam("n")).values(b=sa.bindparam("wanted"))),
    )
    with database.write() as session:
        numbers.create(session.connection())
        add.run_each(session, [])
        for count in (1, 2, ROWS_AT_ONCE, 2 * ROWS_AT_ONCE + 1):
            add.run_each(session, [{"a": n, "b": f"{count}"} for n in range(count)])
        change.run_each(session, [{"n": n, "wanted": "changed"} for n in (0, 16)])
    with database.read() as session:
        counts = session.execute(sa.select(numbers.c.b, sa.func.count()).group_by(numbers.c.b))
        found = {words: count for words, count in counts if count}
    assert found == {"changed": 5, "2": 1, "8": 7, "17": 15}


def test_constants_stand_in_the_statement_where_the_planner_sees_them(database: Database) -> None:
    numbers = sa.table("numbers", sa.column("a", sa.Integer), sa.column("b", sa.String))
    asked = Prepared(
        sa.select(numbers.c.a, sa.literal(None, sa.String))
        .where(numbers.c.a > sa.bindparam("n", type_=sa.Integer), numbers.c.b == "50 % of 'it' \\ $1")
        .limit(1)
    )
    with database.write() as session:
        session.execute(sa.text("CREATE TABLE numbers (a integer, b text)"))
        session.execute(numbers.insert().values(a=5, b="50 % of 'it' \\ $1"))
        with statements_of(database) as seen:
            assert asked.all(session, {"n": 4}) == [(5, None)]
    assert seen.seen[0][1] == {"n": 4}
    assert "LIMIT 1" in seen.seen[0][0]


def test_values_of_every_kind_come_back_as_they_went(database: Database) -> None:
    kinds: list[tuple[sa.types.TypeEngine[Any], Any]] = [
        (sa.String(), "50 % of 中文 'quoted' \\ $1"),
        (sa.String(), None),
        (sa.BigInteger(), 2**40),
        (sa.Boolean(), True),
        (sa.Float(), 0.1),
        (sa.JSON(), {"a": [1, None, "\u0001"]}),
        (sa.LargeBinary(), b"\x00\xff\\"),
    ]
    for kind, value in kinds:
        asked = Prepared(sa.select(sa.cast(sa.bindparam("v", type_=kind), kind), sa.literal_column("'100%'")))
        for _ in range(2):  # once through the cursor that begins the transaction, once without
            with database.write() as session:
                assert [asked.one(session, {"v": value})[0] for _ in range(2)] == [value, value]
