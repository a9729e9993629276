"""A further file for a batch: its rows join those that are being worked on, once, whatever breaks on the way."""

import csv
import io
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from leye_platform.accounts.rules import Role
from leye_platform.actor import Actor
from leye_platform.assignments.models import Slot
from leye_platform.assignments.rules import SlotState
from leye_platform.audit import AuditRecord
from leye_platform.billing.books import check_books
from leye_platform.database import Database
from leye_platform.errors import LeyeError
from leye_platform.installation import Installation
from leye_platform.notices.models import Notice
from leye_platform.notices.rules import NoticeKind
from leye_platform.outbox import OutboxRow
from leye_platform.projects import additions, service
from leye_platform.projects.errors import AdditionUnderway, AdditionWithoutFile
from leye_platform.projects.ingest import run, run_addition, run_ingest
from leye_platform.projects.ingest.insertion import insert_items
from leye_platform.projects.ingest.uploads import AddedUpload
from leye_platform.projects.models import Addition, Batch, Item, Project, RefusedRow
from leye_platform.projects.queries import progress_of
from leye_platform.projects.rules import AdditionState, BatchPurpose, BatchState, ItemState, Pipeline, PipelineKind
from support.clock import MovableClock
from support.shipping import Shipping

ONE = Pipeline(kind=PipelineKind.SINGLE_CHECK, check_share=0, gold_share=0)
FIRST = "review,external_id\n甲,A-1\n坏\n乙,A-2\n"
SECOND = "review,external_id\n丙,B-1\n也坏\n甲,A-1\n丁,B-2\n"


@dataclass
class Desk:
    """An open batch of two items and one refused row, and a coordinator who adds files to it."""

    shipping: Shipping
    coordinator: Actor
    project_id: UUID
    batch_id: UUID

    @property
    def installation(self) -> Installation:
        return self.shipping.installation

    def added(self, content: str | bytes, name: str = "补.csv") -> UUID:
        """An addition whose file is stored, and which waits."""
        objects, now = self.installation.objects, self.shipping.clock.now()
        with self.shipping.database.write() as session:
            batch = session.get_one(Batch, self.batch_id)
            addition = additions.create_addition(session, self.coordinator, batch, [name], now)
            raw = content if isinstance(content, bytes) else content.encode()
            additions.store_addition(objects, addition.id, 1, BytesIO(raw), 10_000_000)
            return addition.id

    def asked(self, addition_id: UUID) -> UUID:
        """Ask for its reading; the job."""
        with self.shipping.database.write() as session:
            addition = session.get_one(Addition, addition_id)
            objects, now = self.installation.objects, self.shipping.clock.now()
            additions.ask_for_addition(session, self.coordinator, addition, objects, now)
            assert addition.job_id is not None
            return addition.job_id

    def read(self, content: str | bytes, name: str = "补.csv") -> Addition:
        """An addition that was read."""
        addition_id = self.added(content, name)
        run_addition(self.installation, self.asked(addition_id), addition_id)
        return self.addition(addition_id)

    def addition(self, addition_id: UUID) -> Addition:
        with self.shipping.database.read() as session:
            return session.get_one(Addition, addition_id)

    def batch(self) -> Batch:
        with self.shipping.database.read() as session:
            return session.get_one(Batch, self.batch_id)

    def items(self) -> list[tuple[int, str | None, Any]]:
        with self.shipping.database.read() as session:
            query = select(Item.row, Item.external_id, Item.data["review"].as_string())
            found = session.execute(query.where(Item.batch_id == self.batch_id).order_by(Item.row))
            return [(row, external_id, text) for row, external_id, text in found]

    def moved(self, state: BatchState) -> None:
        with self.shipping.database.write() as session:
            batch, now = session.get_one(Batch, self.batch_id), self.shipping.clock.now()
            service.move_batch(session, self.coordinator, batch, state, now)

    def report(self, path: str = "") -> list[tuple[str, str, str]]:
        """Row, id and problem of each row of a report, as downloaded."""
        script = self.shipping.script(self.coordinator.person_id)
        answer = script.get(f"/api/v1/batches/{self.batch_id}{path}/report")
        rows = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
        assert rows.fieldnames == ["row", "external_id", "problem", "original"]
        return [(row["row"], row["external_id"], row["problem"]) for row in rows]

    def everything(self) -> dict[str, Any]:
        """All that reading left behind, for comparing two runs."""
        with self.shipping.database.read() as session:
            slots = session.scalar(select(func.count()).where(Slot.batch_id == self.batch_id))
            refused = session.execute(
                select(RefusedRow.row, RefusedRow.problem).where(RefusedRow.batch_id == self.batch_id)
            ).all()
        return {"items": self.items(), "slots": slots, "refused": sorted(refused), "rows_in": self.batch().rows_in}


@pytest.fixture
def shipping(installation: Installation, clock: MovableClock) -> Shipping:
    return Shipping(installation, clock)


@pytest.fixture
def desk(shipping: Shipping) -> Desk:
    return make_desk(shipping)


def make_desk(shipping: Shipping) -> Desk:
    project_id = shipping.batch(0, pipeline=ONE).project_id
    coordinator = shipping.actor(Role.COORDINATOR)
    objects, now = shipping.installation.objects, shipping.clock.now()
    with shipping.database.write() as session:
        project = session.get_one(Project, project_id)
        batch = service.create_batch(
            session, coordinator, project, "三月", purpose=BatchPurpose.PRODUCTION, file_names=["三月.csv"], now=now
        )
        service.store_upload(objects, batch.id, 1, BytesIO(FIRST.encode()), 10_000_000)
        job = service.ask_for_ingest(session, coordinator, batch, objects, now).ingest_job
        batch_id = batch.id
    assert job is not None
    run_ingest(shipping.installation, job, batch_id)
    with shipping.database.write() as session:
        service.open_batch(session, coordinator, session.get_one(Batch, batch_id), now)
    return Desk(shipping, coordinator, project_id, batch_id)


def test_rows_join_a_batch_on_which_somebody_is_at_work(desk: Desk) -> None:
    annotator = desk.shipping.person()
    held = desk.shipping.claims(annotator, desk.project_id)
    addition = desk.read(SECOND)
    assert (addition.number, addition.state, addition.problem) == (1, AdditionState.READ, None)
    assert (addition.rows_in, addition.rows_refused, addition.rows_known) == (2, 1, 1)
    assert desk.items() == [(1, "A-1", "甲"), (3, "A-2", "乙"), (4, "B-1", "丙"), (7, "B-2", "丁")]
    assert (desk.batch().state, desk.batch().rows_in, desk.batch().rows_refused) == (BatchState.OPEN, 4, 1)
    desk.shipping.answers(annotator, held)
    desk.shipping.finish(annotator, desk.project_id, 3)
    with desk.shipping.database.read() as session:
        progress = progress_of(session, [session.get_one(Batch, desk.batch_id)], desk.shipping.clock.now())
        assert progress[desk.batch_id].by_state == {ItemState.DECIDED: 4}
        assert check_books(session) == []
    assert len(desk.shipping.items_of(desk.shipping.cut(desk.batch_id))) == 4


def test_each_file_has_its_own_report_with_its_own_row_numbers(desk: Desk) -> None:
    first, second = desk.read(SECOND), desk.read("review,external_id\n一样坏\n戊,B-1\n")
    ragged = "这一行有 1 列，表头有 2 列"
    assert desk.report() == [("2", "", ragged)]
    assert desk.report(f"/additions/{first.id}") == [("2", "", ragged)]
    [bad, other] = desk.report(f"/additions/{second.id}")
    assert bad == ("1", "", ragged)
    assert other[:2] == ("2", "B-1")
    assert "内容和这一行不一样" in other[2]
    with desk.shipping.database.read() as session:
        query = select(RefusedRow.row).where(RefusedRow.batch_id == desk.batch_id).order_by(RefusedRow.row)
        assert list(session.scalars(query)) == [2, 5, 8, 9]


def test_the_same_file_again_adds_nothing_and_refuses_nothing(desk: Desk) -> None:
    desk.read("review,external_id\n丙,B-1\n丁,B-2\n")
    before = desk.everything()
    again = desk.read("review,external_id\n丙,B-1\n丁,B-2\n")
    assert (again.state, again.rows_in, again.rows_refused, again.rows_known) == (AdditionState.READ, 0, 0, 2)
    assert desk.everything() == before
    # The numbers of rows that were known are not given out again: each report keeps to its own rows.
    third = desk.read("review,external_id\n己,C-1\n坏\n")
    assert desk.report(f"/additions/{again.id}") == []
    assert [row for row, _, _ in desk.report(f"/additions/{third.id}")] == ["2"]


def test_an_id_with_other_content_is_refused_and_the_batch_keeps_what_it_has(desk: Desk) -> None:
    addition = desk.read("review,external_id\n不同了,A-1\n新,B-1\n又新,B-1\n")
    assert (addition.rows_in, addition.rows_refused, addition.rows_known) == (1, 2, 0)
    [changed, twice] = desk.report(f"/additions/{addition.id}")
    assert (changed[0], changed[1]) == ("1", "A-1")
    assert "请换一个 external_id" in changed[2]
    assert twice == ("3", "B-1", "external_id“B-1”与第 2 行重复")
    assert desk.items()[0] == (1, "A-1", "甲")


def test_rows_without_an_id_are_added_each_time(desk: Desk) -> None:
    for _ in range(2):
        assert desk.read("review\n无名\n").rows_in == 1
    assert [text for _, _, text in desk.items()].count("无名") == 2


def test_a_known_row_may_not_bring_another_gold_answer(desk: Desk) -> None:
    gold = "review,external_id,gold_answer\n标准,G-1,正面\n"
    desk.read(gold)
    assert desk.read(gold).rows_known == 1
    assert desk.read("review,external_id\n标准,G-1\n").rows_known == 1
    [row] = desk.report(f"/additions/{desk.read(gold.replace('正面', '负面')).id}")
    assert "gold_answer 和这一行不一样" in row[2]


class Power(Exception):
    """Stands for the moment at which the machine stops."""


@pytest.mark.parametrize("chunks_before", [0, 1, 2])
def test_stopped_in_the_middle_it_goes_on_to_the_very_same_items(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, chunks_before: int
) -> None:
    content = SECOND + "".join(f"第 {n} 条,R-{n}\n" for n in range(4)) + "又,R-3\n"
    other = make_desk(desk.shipping)
    whole = other.read(content)
    monkeypatch.setattr(run, "CHUNK", 3)
    addition_id = desk.added(content)
    job, taken = desk.asked(addition_id), []

    def stop(*given: Any) -> None:
        insert_items(*given)
        taken.append(given)
        if len(taken) > chunks_before:
            raise Power

    monkeypatch.setattr("leye_platform.projects.ingest.run.insert_items", stop)
    with pytest.raises(Power):
        run_addition(desk.installation, job, addition_id)
    assert desk.addition(addition_id).state is AdditionState.READING
    monkeypatch.setattr("leye_platform.projects.ingest.run.insert_items", insert_items)
    for _ in range(2):
        run_addition(desk.installation, job, addition_id)
        cut = desk.addition(addition_id)
        assert desk.everything() == other.everything()
        assert (cut.state, cut.rows_in, cut.rows_refused, cut.rows_known, cut.row_until) == (
            AdditionState.READ,
            whole.rows_in,
            whole.rows_refused,
            whole.rows_known,
            whole.row_until,
        )


def test_one_file_of_a_batch_is_read_at_a_time_and_the_next_one_waits(desk: Desk) -> None:
    first, second = desk.added(SECOND), desk.added("review,external_id\n庚,C-1\n")
    job = desk.asked(first)
    assert desk.asked(first) == job
    with pytest.raises(AdditionUnderway):
        desk.asked(second)
    assert desk.addition(second).state is AdditionState.UPLOADING
    run_addition(desk.installation, job, first)
    run_addition(desk.installation, desk.asked(second), second)
    assert desk.addition(second).rows_in == 1
    with desk.shipping.database.read() as session:
        jobs = session.scalars(select(OutboxRow.id).where(OutboxRow.job == "ingest_addition")).all()
        actions = session.scalars(select(AuditRecord.action).where(AuditRecord.subject_id == desk.batch_id)).all()
    assert len(jobs) == 2
    assert actions.count("batch.append") == actions.count("batch.append_ingest") == 2


def test_the_database_refuses_two_readings_of_one_batch(desk: Desk) -> None:
    first, second = desk.added(SECOND), desk.added(SECOND)
    desk.asked(first)
    with pytest.raises(IntegrityError), desk.shipping.database.write() as session:
        session.get_one(Addition, second).state = AdditionState.READING


def test_asked_again_after_the_reading_nothing_more_happens(desk: Desk) -> None:
    addition = desk.read(SECOND)
    assert desk.asked(addition.id) == addition.job_id


def test_without_its_file_nothing_is_read(desk: Desk) -> None:
    with desk.shipping.database.write() as session:
        batch, now = session.get_one(Batch, desk.batch_id), desk.shipping.clock.now()
        addition_id = additions.create_addition(session, desk.coordinator, batch, ["补.csv"], now).id
    with pytest.raises(AdditionWithoutFile):
        desk.asked(addition_id)


@pytest.mark.parametrize(
    ("state", "said", "kept"),
    [
        (BatchState.CANCELLED, "批次取消了，后面的没有读。已经加入的 2 条和批次一起取消", ItemState.WITHDRAWN),
        (BatchState.CLOSED, "批次结束了，后面的没有读。已经加入的 2 条还在批次里", ItemState.WAITING),
    ],
)
def test_a_batch_that_ends_in_the_middle_stops_the_reading_and_keeps_what_came_in(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, state: BatchState, said: str, kept: ItemState
) -> None:
    monkeypatch.setattr(run, "CHUNK", 2)
    addition_id = desk.added("review,external_id\n" + "".join(f"第 {n} 条,R-{n}\n" for n in range(6)))
    take = run._take

    def take_then_end(*given: Any) -> bool:
        went_on = take(*given)
        desk.moved(state)
        return went_on

    monkeypatch.setattr(run, "_take", take_then_end)
    run_addition(desk.installation, desk.asked(addition_id), addition_id)
    addition = desk.addition(addition_id)
    assert (addition.state, addition.rows_in, desk.batch().rows_in) == (AdditionState.FAILED, 2, 4)
    assert said in (addition.problem or "")
    with desk.shipping.database.read() as session:
        states = session.execute(
            select(Item.external_id, Item.state).where(Item.batch_id == desk.batch_id, Item.external_id.like("R-%"))
        ).all()
        slots = set(session.scalars(select(Slot.state).where(Slot.batch_id == desk.batch_id)))
    assert states == [("R-0", kept), ("R-1", kept)]
    assert slots == {SlotState.WITHDRAWN if state is BatchState.CANCELLED else SlotState.OPEN}


def test_a_batch_that_pauses_in_the_middle_stops_nothing(desk: Desk) -> None:
    addition_id = desk.added(SECOND)
    job = desk.asked(addition_id)
    desk.moved(BatchState.PAUSED)
    run_addition(desk.installation, job, addition_id)
    assert desk.addition(addition_id).state is AdditionState.READ
    assert desk.batch().state is BatchState.PAUSED


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PK\x03\x04....", "Excel"),
        ("text\n好\n".encode(), "缺少列“review”"),
        (b"review,external_id\n,1\n,2\n", "2 行全都有问题"),
    ],
)
def test_a_file_that_cannot_be_taken_fails_alone_and_the_batch_goes_on(desk: Desk, content: bytes, said: str) -> None:
    before = desk.everything()["items"]
    addition = desk.read(content)
    assert addition.state is AdditionState.FAILED
    assert said in (addition.problem or "")
    assert (desk.batch().state, desk.batch().problem, desk.items()) == (BatchState.OPEN, None, before)
    assert desk.read(SECOND).rows_in == 2


def test_the_uploader_is_told_how_it_ended(desk: Desk) -> None:
    desk.read(SECOND)
    desk.read(b"")
    with desk.shipping.database.read() as session:
        mine = select(Notice).where(Notice.person_id == desk.coordinator.person_id).order_by(Notice.id)
        told = [(notice.kind, notice.arguments, notice.address) for notice in session.scalars(mine)]
    address = f"/batches/{desk.batch_id}"
    assert told[1:] == [
        (NoticeKind.ADDITION_READ, {"batch": "三月", "rows": "2", "refused": "1"}, address),
        (NoticeKind.ADDITION_REFUSED, {"batch": "三月"}, address),
    ]


@pytest.mark.parametrize("state", [state for state in BatchState if state not in {"ready", "open", "paused"}])
def test_a_batch_that_takes_no_file_says_what_to_do_instead(desk: Desk, state: BatchState) -> None:
    with desk.shipping.database.write() as session:
        session.get_one(Batch, desk.batch_id).state = state
    with pytest.raises(LeyeError) as refused:
        desk.added(SECOND)
    assert "请" in str(refused.value)
    with desk.shipping.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Addition)) == 0


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_while_a_chunk_is_stored_nobody_at_work_waits_for_it(desk: Desk) -> None:
    """On SQLite writers take turns anyhow. Near a batch's end its last decisions do wait, so it is far from it."""
    desk.read("review\n" + "一条\n" * 200)
    addition_id = desk.added(SECOND)
    desk.asked(addition_id)
    url = desk.installation.database.url.update_query_dict({"options": "-c lock_timeout=1000"})
    impatient = Database(url.render_as_string(hide_password=False))
    crowd = Shipping(replace(desk.installation, database=impatient), desk.shipping.clock)
    annotator = crowd.person()
    with desk.shipping.database.write() as session:
        assert AddedUpload(addition_id).hold(session, desk.shipping.clock.now())
        crowd.answers(annotator, crowd.claims(annotator, desk.project_id))
    impatient.close()
