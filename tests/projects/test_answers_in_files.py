"""Answers that come along in a file: whose they are, what they settle, what is refused, and that none is paid."""

import json
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from leye_platform.accounts.models import Person
from leye_platform.accounts.rules import Role
from leye_platform.assignments.models import Response, Slot
from leye_platform.assignments.rules import SlotState
from leye_platform.billing.models import LedgerEntry
from leye_platform.installation import Installation
from leye_platform.projects.ingest.run import run_ingest
from leye_platform.projects.models import Batch, ImportedAnnotator, Item, RefusedRow
from leye_platform.projects.rules import BatchState, ItemState, Pipeline
from support.clock import MovableClock
from support.factories import chosen, make_person, make_project
from support.shipping import Shipping
from support.uploading import batch_of, read_batch, upload

PIPELINE = Pipeline(overlap_start=2, overlap_limit=3, confidence=0.8, gold_share=0)


def answered(text: str, *labels: str, **more: Any) -> dict[str, Any]:
    """A task with an answer of each of so many people."""
    given = [{"result": chosen(label), "completed_by": n, "lead_time": 3.5} for n, label in enumerate(labels, 1)]
    return {"data": {"review": text}, "annotations": given, **more}


class Uploads(Shipping):
    """A coordinator who uploads files of tasks."""

    def __init__(self, installation: Installation, clock: MovableClock) -> None:
        super().__init__(installation, clock)
        with self.database.write() as session:
            self.project_id = make_project(session, PIPELINE).id
            self.uploader = make_person(session, Role.COORDINATOR).id
        self.desk = self.browser(self.uploader)

    def batch_with(self, *rows: dict[str, Any]) -> UUID:
        content = "\n".join(json.dumps(row) for row in rows).encode()
        path = f"/projects/{self.project_id}/batches/new"
        batch_id = batch_of(upload(self.desk, path, ("tasks.jsonl", content, "application/json"), name="四月"))
        assert read_batch(self, batch_id).state is BatchState.READY
        return batch_id

    def states(self, batch_id: UUID) -> list[ItemState]:
        with self.database.read() as session:
            return list(session.scalars(select(Item.state).where(Item.batch_id == batch_id).order_by(Item.row)))


@pytest.fixture
def uploads(installation: Installation, clock: MovableClock) -> Uploads:
    return Uploads(installation, clock)


def test_answers_settle_what_they_can_and_the_rest_is_asked(uploads: Uploads) -> None:
    batch_id = uploads.batch_with(
        answered("好吃", "正面", "正面"),
        answered("难吃", "负面"),
        {"data": {"review": "一般"}},
        answered("说不清", "正面", "负面", "正面"),
    )
    assert uploads.states(batch_id)[:3] == [ItemState.DECIDED, ItemState.WORKING, ItemState.WAITING]
    with uploads.database.read() as session:
        waiting = session.execute(
            select(Item.row, func.count())
            .join(Slot, Slot.item_id == Item.id)
            .where(Slot.state == SlotState.OPEN)
            .group_by(Item.row)
            .order_by(Item.row)
        ).all()
        assert [tuple(row) for row in waiting][:2] == [(2, 1), (3, 2)]
        answers = session.scalars(select(Response).where(Response.batch_id == batch_id)).all()
        assert len(answers) == 6
        assert {(one.pay_micros, one.active_ms) for one in answers} == {(0, 3500)}
        assert session.scalar(select(func.count()).select_from(LedgerEntry)) == 0
        names = session.scalars(select(Person.name).join(ImportedAnnotator)).all()
        assert sorted(names) == ["外部标注者 1", "外部标注者 2", "外部标注者 3"]


def test_an_answer_without_an_author_is_the_uploaders_and_known_ones_are_gold(uploads: Uploads) -> None:
    nobody = {
        "data": {"review": "好"},
        "annotations": [{"result": chosen("正面")}, {"was_cancelled": True, "result": []}],
    }
    gold = {"data": {"review": "坏"}, "annotations": [{"result": chosen("负面"), "ground_truth": True}]}
    batch_id = uploads.batch_with(nobody, gold)
    with uploads.database.read() as session:
        [answer] = session.scalars(select(Response).where(Response.batch_id == batch_id)).all()
        assert answer.person_id == uploads.uploader
        known = session.scalars(select(Item.gold_result).where(Item.batch_id == batch_id).order_by(Item.row)).all()
        assert [one is not None for one in known] == [False, True]


def test_a_bad_answer_costs_its_row_and_no_other(uploads: Uploads) -> None:
    batch_id = uploads.batch_with(
        answered("一", "没有这个标签"),
        {"data": {"review": "二"}, "annotations": [{"completed_by": 1}]},
        {"data": {"review": "三"}, "annotations": "正面"},
        answered("四", "正面", "正面", predictions=[{"result": chosen("正面")}]),
    )
    assert uploads.states(batch_id) == [ItemState.DECIDED]
    with uploads.database.read() as session:
        assert sorted(session.scalars(select(RefusedRow.row).where(RefusedRow.batch_id == batch_id))) == [1, 2, 3]
        batch = session.get_one(Batch, batch_id)
        assert (batch.rows_in, batch.rows_refused, batch.proposals_in) == (1, 3, 1)


def test_read_twice_nothing_comes_twice(uploads: Uploads) -> None:
    batch_id = uploads.batch_with(answered("好吃", "正面", "正面"))
    with uploads.database.read() as session:
        job = session.get_one(Batch, batch_id).ingest_job
    assert job is not None
    run_ingest(uploads.installation, job, batch_id)
    with uploads.database.read() as session:
        assert session.scalar(select(func.count()).where(Response.batch_id == batch_id)) == 2


def test_annotators_finish_what_was_begun_elsewhere(uploads: Uploads) -> None:
    batch_id = uploads.batch_with(answered("好吃", "正面"))
    uploads.desk.post(f"/batches/{batch_id}/open")
    who = uploads.person()
    uploads.answers(who, uploads.claims(who, uploads.project_id), "正面")
    assert uploads.states(batch_id) == [ItemState.DECIDED]


def test_in_plain_rows_annotations_are_a_column_like_others(uploads: Uploads) -> None:
    batch_id = uploads.batch_with({"review": "好", "annotations": [{"result": 1}]})
    assert uploads.states(batch_id) == [ItemState.WAITING]
