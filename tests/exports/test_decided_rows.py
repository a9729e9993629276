"""All decided items of a project, whatever lot they stand in."""

from collections.abc import Callable
from uuid import UUID

import orjson
import pytest
from sqlalchemy import insert, select, text, update

from leye_platform.accounts.rules import Role
from leye_platform.delivery.models import Lot, LotItem
from leye_platform.exports import rows as export_rows
from leye_platform.exports.formats import format_named
from leye_platform.exports.rows import ExportRow, ExportRows, decided_rows, project_rows
from leye_platform.installation import Installation
from leye_platform.projects.models import Batch, Item, MicroTask, Project
from leye_platform.projects.rules import ItemState
from leye_platform.projects.task_type import task_type
from leye_platform.review.join import join_parts
from leye_platform.review.models import Decision
from support.clock import MovableClock
from support.factories import chosen, make_gold, make_items
from support.shipping import Shipping
from support.statements import Statements, scans, statements_of


@pytest.fixture
def shipping(installation: Installation, clock: MovableClock) -> Shipping:
    return Shipping(installation, clock)


def decided(shipping: Shipping, project_id: UUID, names: dict[str, str] | None = None) -> list[ExportRow]:
    with shipping.database.read() as session:
        return list(decided_rows(session, project_id, names or {}))


def test_items_come_with_and_without_a_lot(shipping: Shipping) -> None:
    shipped = shipping.shipped(2)
    later, author = shipping.batch(3, project_id=shipped.batch.project_id), shipping.person()
    shipping.finish(author, later.project_id, 2)
    rows = decided(shipping, later.project_id)
    assert len(rows) == 4
    assert {row.item_id for row in rows} >= set(shipping.items_of(shipped.lot_id))
    assert all(row.result[0]["value"] == {"choices": ["正面"]} for row in rows)
    assert all(row.data["review"].startswith("味道不错") for row in rows)
    assert {row.guide_version for row in rows} == {1}
    assert {row.project_id for row in rows} == {later.project_id}
    shipping.accept(shipped.lot_id)
    assert decided(shipping, later.project_id) == rows


def test_what_is_sent_back_or_gold_or_another_projects_is_left_out(shipping: Shipping) -> None:
    shipped, other = shipping.shipped(2), shipping.shipped(1)
    with shipping.database.write() as session:
        batch = session.scalars(select(Item.batch_id).where(Item.project_id == shipped.batch.project_id)).first()
        assert batch is not None
        gold = make_gold(session, session.get_one(Batch, batch))
        session.execute(update(Item).where(Item.id == gold.item_id).values(state=ItemState.DECIDED))
    returned, kept = shipping.items_of(shipped.lot_id)
    qa = shipping.actor(Role.PARTNER_QA, shipped.organisation_id)
    shipping.send_back(qa, shipped.lot_id, [returned])
    assert [row.item_id for row in decided(shipping, shipped.batch.project_id)] == [kept]
    assert len(decided(shipping, other.batch.project_id)) == 1


def test_the_newest_decision_stands_and_classes_are_called_as_wanted(shipping: Shipping) -> None:
    batch, _author = shipping.answered(2)
    with shipping.database.write() as session:
        first = session.scalars(select(Decision).order_by(Decision.id)).first()
        assert first is not None
        values = {name: getattr(first, name) for name in ("item_id", "batch_id", "round", "method", "guide_id")}
        session.add(
            Decision(
                microtask_id=first.microtask_id,
                version=first.version + 1,
                result=chosen("负面"),
                labels=[1],
                confidence=0.75,
                decided_at=first.decided_at,
                **values,
            )
        )
        item_id = first.item_id
    rows = {row.item_id: row for row in decided(shipping, batch.project_id, {"负面": "negative"})}
    assert rows[item_id].result[0]["value"] == {"choices": ["negative"]}
    assert rows[item_id].confidence == 0.75
    assert [row.label for row in rows.values()].count("正面") == 1


def test_an_item_in_parts_comes_as_they_were_joined(shipping: Shipping) -> None:
    batch, _author = shipping.answered(1)
    with shipping.database.write() as session:
        task = session.scalars(select(MicroTask)).one()
        decision = session.scalars(select(Decision)).one()
        first = decision.result, decision.confidence
        second = MicroTask(
            item_id=task.item_id,
            batch_id=task.batch_id,
            project_id=task.project_id,
            part=2,
            content=task.content,
            state=ItemState.DECIDED,
            overlap_wanted=1,
            overlap_limit=1,
        )
        session.add(second)
        session.flush()
        session.add(
            Decision(
                microtask_id=second.id,
                item_id=task.item_id,
                batch_id=task.batch_id,
                version=1,
                round=1,
                method=decision.method,
                result=chosen("负面"),
                labels=[1],
                confidence=0.25,
                guide_id=decision.guide_id,
                decided_at=decision.decided_at,
            )
        )
        session.flush()
        join_parts(session, task.item_id, decision.decided_at)
    [row] = decided(shipping, batch.project_id)
    with shipping.database.read() as session:
        project = session.get_one(Project, batch.project_id)
        merged = task_type(project.task_type, project.label_config).template.merge([first[0], chosen("负面")])
    assert row.result == merged
    assert row.confidence == pytest.approx(first[1] * 0.25)


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(export_rows, "CHUNK", 2)
    return 2


def test_chunks_give_each_item_once_and_are_read_when_they_are_wanted(shipping: Shipping, small_chunks: int) -> None:
    shipped = shipping.shipped(5)
    assert len(decided(shipping, shipped.batch.project_id)) == 5
    with shipping.database.read() as session, statements_of(shipping.database) as statements:
        rows = iter(decided_rows(session, shipped.batch.project_id, {}))
        next(rows)
        assert sum("decisions" in statement for statement, _ in statements.seen) == 1
        assert len(list(rows)) == 4
    with shipping.database.read() as session:
        whole = b"".join(format_named("JSON").write(decided_rows(session, shipped.batch.project_id, {})))
    assert len({task["meta"]["item_id"] for task in orjson.loads(whole)}) == 5


LARGE = frozenset({"items", "lot_items", "decisions", "micro_tasks"})


@pytest.mark.parametrize("which", [decided_rows, project_rows])
def test_a_chunk_is_read_along_an_index_that_has_it_in_order(
    shipping: Shipping, which: Callable[..., ExportRows]
) -> None:
    """Else each chunk would sort all that is left, and a million items would take a thousand times as long."""
    shipped = shipping.shipped(3)
    with shipping.database.write() as session:
        batch = session.get_one(Batch, shipped.batch.batch_id)
        lot = session.get_one(Lot, shipped.lot_id)
        [given] = session.scalars(select(LotItem).limit(1))
        decision = session.scalars(select(Decision)).first()
        assert decision is not None
        tasks = make_items(session, batch, 6000, start=10)
        session.execute(
            insert(LotItem),
            [
                {
                    "lot_id": lot.id,
                    "item_id": task.item_id,
                    "quantity": given.quantity,
                    "result": given.result,
                    "confidence": 1,
                    "guide_version": 1,
                }
                for task in tasks
            ],
        )
        session.execute(
            insert(Decision),
            [
                {
                    "microtask_id": task.id,
                    "item_id": task.item_id,
                    "batch_id": batch.id,
                    "version": 1,
                    "round": 1,
                    "method": decision.method,
                    "result": decision.result,
                    "labels": decision.labels,
                    "confidence": 1,
                    "guide_id": decision.guide_id,
                    "decided_at": decision.decided_at,
                }
                for task in tasks
            ],
        )
        session.execute(update(Item).values(state=ItemState.DECIDED))
    with shipping.database.write() as session:
        session.execute(text("ANALYZE"))
    with shipping.database.read() as session, statements_of(shipping.database) as statements:
        read = iter(which(session, shipped.batch.project_id, {}))
        for _ in range(2500):
            next(read)
    walks = [(one, given) for one, given in statements.seen if "lot_items" in one or "decisions" in one]
    assert len(walks) == 3
    assert scans(shipping.database, Statements(walks), LARGE) == []
