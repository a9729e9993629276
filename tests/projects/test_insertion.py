"""Items put into a batch in blocks are the very rows that SQLAlchemy would have written."""

from typing import Any
from uuid import RFC_4122, UUID

import pytest
from sqlalchemy import Table, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from leye_platform.assignments.core_tables import items, micro_tasks, slots
from leye_platform.assignments.models import Slot
from leye_platform.assignments.rules import Lane
from leye_platform.database import Database
from leye_platform.ids import new_id, new_ids
from leye_platform.projects.ingest.insertion import WRITTEN, NewItem, NewPart, insert_items
from leye_platform.projects.models import Batch, Item, MicroTask
from support.factories import AT, make_batch, make_items, make_project

UNUSUAL = 'a\tb\nc\\d\\N "e" \u2028 𠀀 \x7f'
"""What COPY and JSON write in their own way."""


def new(row: int = 1, **given: Any) -> NewItem:
    plain: dict[str, Any] = {
        "id": new_id(),
        "row": row,
        "data": {"review": f"第 {row} 条"},
        "parts": [NewPart({"review": f"第 {row} 条"})],
        "overlap": 2,
        "overlap_limit": 5,
    }
    return NewItem(**plain | given)


def of_batch(session: Session, table: Table, batch_id: UUID) -> list[dict[str, Any]]:
    order = table.c.position if "position" in table.c else table.c.id
    found = session.execute(select(table).where(table.c.batch_id == batch_id).order_by(order))
    return [dict(row) for row in found.mappings()]


@pytest.mark.parametrize("table", [items, micro_tasks, slots], ids=lambda table: table.name)
def test_every_column_that_may_not_be_empty_is_written(table: Table) -> None:
    needed = {column.name for column in table.columns if not column.nullable}
    assert needed <= WRITTEN[table.name] <= set(table.columns.keys())


def test_the_rows_are_those_that_the_models_would_write(database: Database) -> None:
    with database.write() as session:
        project = make_project(session)
        batch, other = make_batch(session, project), make_batch(session, project)
        [task] = make_items(session, batch, 1)
        text = session.get_one(Item, task.item_id).data
        insert_items(session, other.id, project.id, [new(data=text, parts=[NewPart(text)])], AT)
        for table in (items, micro_tasks, slots):
            ours, theirs = (of_batch(session, table, one.id) for one in (other, batch))
            own = {"id", "batch_id", "item_id", "microtask_id", "number", "position"}
            assert [{name: row[name] for name in row if name not in own} for row in ours] == [
                {name: row[name] for name in row if name not in own} for row in theirs
            ]
            assert {type(row[name]) for row in ours for name in row if name in own} == {
                type(row[name]) for row in theirs for name in row if name in own
            }


def test_numbers_and_positions_go_on_in_the_order_given(database: Database) -> None:
    with database.write() as session:
        batch = make_batch(session, make_project(session))
        before = [task.item_id for task in make_items(session, batch, 2)]
        given = [new(row) for row in (30, 10, 20)]
        numbers = insert_items(session, batch.id, batch.project_id, given[:2], AT)
        numbers += insert_items(session, batch.id, batch.project_id, given[2:], AT)
        after = [task.item_id for task in make_items(session, batch, 1, start=50)]
    with database.read() as session:
        found = session.scalars(select(Item.id).order_by(Item.number)).all()
        assert found == [*before, *(item.id for item in given), *after]
        assert sorted(numbers) == numbers == session.scalars(select(Item.number).order_by(Item.number)).all()[2:5]
        owners = session.scalars(select(Slot.item_id).order_by(Slot.position)).all()
        assert owners[4:10] == [given[0].id] * 2 + [given[1].id] * 2 + [given[2].id] * 2


def test_no_character_changes_on_its_way(database: Database) -> None:
    row = new(data={UNUSUAL: [UNUSUAL, 1.5, None, True]}, external_id=UNUSUAL, source_key="\\N")
    row = row._replace(parts=[NewPart({"review": UNUSUAL}, proposal={"model_version": UNUSUAL})])
    with database.write() as session:
        batch = make_batch(session, make_project(session))
        insert_items(session, batch.id, batch.project_id, [row], AT)
    with database.read() as session:
        item = session.get_one(Item, row.id)
        assert (item.data, item.external_id, item.source_key) == (row.data, UNUSUAL, "\\N")
        task = session.scalars(select(MicroTask)).one()
        assert (task.content, task.proposal) == ({"review": UNUSUAL}, {"model_version": UNUSUAL})
        assert (item.gold_result, task.gold_labels, task.posterior, item.created_at) == (None, None, None, AT)


def test_a_gold_item_is_stock_and_an_item_of_several_parts_has_slots_for_each(database: Database) -> None:
    gold = new(1, gold_result=[{"value": 1}], parts=[NewPart({"review": "甲"}, gold_labels=[1])])
    split = new(2, parts=[NewPart({"review": "乙"}), NewPart({"review": "丙"})])
    with database.write() as session:
        batch = make_batch(session, make_project(session))
        insert_items(session, batch.id, batch.project_id, [gold, split], AT)
    with database.read() as session:
        found = session.execute(
            select(MicroTask.content["review"].as_string(), MicroTask.part, MicroTask.overlap_wanted, Slot.lane)
            .join(Slot, Slot.microtask_id == MicroTask.id)
            .order_by(Slot.position)
        ).all()
        assert [tuple(row) for row in found] == [
            ("甲", 1, 1, Lane.GOLD),
            ("乙", 1, 2, Lane.NORMAL),
            ("乙", 1, 2, Lane.NORMAL),
            ("丙", 2, 2, Lane.NORMAL),
            ("丙", 2, 2, Lane.NORMAL),
        ]
        assert session.scalars(select(MicroTask.overlap_limit).order_by(MicroTask.part)).all() == [1, 5, 5]


def test_what_is_there_already_is_refused_as_sqlalchemy_refuses_it(database: Database) -> None:
    with database.write() as session:
        batch = make_batch(session, make_project(session))
        where = batch.id, batch.project_id
        insert_items(session, *where, [new(1)], AT)
    with pytest.raises(IntegrityError), database.write() as session:
        insert_items(session, *where, [new(2), new(1)], AT)
    with database.read() as session:
        assert session.scalars(select(Item.row)).all() == [1]


def test_a_batch_that_waits_in_the_session_goes_first_and_a_micro_task_may_bring_its_id(database: Database) -> None:
    with database.write() as session:
        project = make_project(session)
        batch = Batch(id=new_id(), project_id=project.id, name="一", created_at=AT, created_by=project.created_by)
        session.add(batch)
        assert insert_items(session, batch.id, project.id, [], AT) == []
        own = new_id()
        assert len(insert_items(session, batch.id, project.id, [new(1, parts=[NewPart({}, id=own)])], AT)) == 1
    with database.read() as session:
        assert session.scalars(select(Slot.microtask_id)).all() == [own, own]


def test_ids_taken_at_once_grow_on_from_those_before_and_to_those_after() -> None:
    ids = [new_id(), *new_ids(5000), new_id()]
    assert ids == sorted(set(ids))
    assert {(one.version, one.variant) for one in ids} == {(7, RFC_4122)}
    assert new_ids(0) == []
