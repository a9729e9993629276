"""Migrations equal the models, and carry data from the first schema to the newest."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import select, text

from leye_platform.columns import next_number
from leye_platform.database import Database
from leye_platform.ids import new_id
from leye_platform.migrate import current_revision, migrate, newest_revision
from leye_platform.projects.models import Project
from leye_platform.tables import METADATA, NUMBERED
from support.servers import ServersInUse


def test_the_migrated_schema_is_what_the_models_say(database: Database) -> None:
    with database.read() as session:
        context = MigrationContext.configure(session.connection(), opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []


def test_every_column_that_counts_is_listed() -> None:
    counted = {
        (table.name, column.name)
        for table in METADATA.tables.values()
        for column in table.columns
        if isinstance(getattr(column.default, "arg", None), next_number)
    }
    assert counted == set(NUMBERED)


def _stored(database: Database, identity: UUID) -> UUID | str:
    """An id as raw SQL must give it."""
    return identity.hex if database.is_sqlite else identity


def _carry(database: Database) -> None:
    migrate(database, "0001")
    organisation, person, now = new_id(), new_id(), datetime(2026, 1, 5, tzinfo=UTC)
    with database.write() as session:
        insert_organisation = text(
            "INSERT INTO organisations (id, number, kind, name, currency, time_zone, created_at) "
            "VALUES (:id, 7, 'partner', '远山仓配', 'CNY', 'Asia/Shanghai', :now)"
        )
        session.execute(insert_organisation, {"id": _stored(database, organisation), "now": now})
        insert_person = text(
            "INSERT INTO people (id, number, name, email, state, created_at) "
            "VALUES (:id, 9, '标注员 01', 'annotator-01@demo.example', 'active', :now)"
        )
        session.execute(insert_person, {"id": _stored(database, person), "now": now})
        insert_project = text(
            "INSERT INTO projects (id, number, organisation_id, title, task_type, label_config, pipeline, unit, "
            "currency, lease_minutes, accept_days, created_at, created_by) "
            "VALUES (:id, 3, :firm, '短评', 'text_classification', '<View/>', '{}', 'item', 'CNY', 120, 7, :now, :by)"
        )
        ids = {"id": new_id(), "firm": organisation, "by": person}
        session.execute(insert_project, {name: _stored(database, one) for name, one in ids.items()} | {"now": now})
    migrate(database)
    with database.read() as session:
        assert current_revision(session.connection()) == newest_revision()
        assert session.execute(text("SELECT number, name FROM organisations")).all() == [(7, "远山仓配")]
        assert session.execute(text("SELECT number, email FROM people")).all() == [(9, "annotator-01@demo.example")]
        project = session.scalars(select(Project)).one()
        assert (project.number, project.class_names) == (3, {}), "its deliveries call the classes as they did"
        assert project.splitting == {}, "its items stay whole"
    migrate(database)  # again: nothing to do, nothing broken


def test_an_upgrade_carries_the_data_of_the_first_schema_on_sqlite(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'old.sqlite3'}")
    _carry(database)
    database.close()


def test_an_upgrade_carries_the_data_of_the_first_schema_on_postgresql(servers: ServersInUse) -> None:
    with servers.fresh_database() as url:
        database = Database(url)
        _carry(database)
        database.close()


@pytest.mark.parametrize("statement", ["UPDATE responses SET round = 2", "DELETE FROM responses"])
def test_an_empty_table_of_responses_still_has_its_guard(database: Database, statement: str) -> None:
    """Row triggers need a row: their presence is asked of the catalogue, their work in tests/assignments."""
    name = "responses_no_update" if statement.startswith("UPDATE") else "responses_no_delete"
    on_sqlite = text("SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND name = :name")
    on_postgresql = text("SELECT count(*) FROM pg_trigger WHERE tgname = 'responses_kept'")
    with database.read() as session:
        found = session.execute(on_sqlite, {"name": name}) if database.is_sqlite else session.execute(on_postgresql)
        assert found.scalar() == 1
