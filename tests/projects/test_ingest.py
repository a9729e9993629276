"""From a stored file to items: good rows in, bad ones told by number, nothing half done whatever breaks."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from leye_platform.accounts.rules import Role
from leye_platform.actor import Actor
from leye_platform.assignments.models import Slot
from leye_platform.assignments.rules import Lane, SlotState
from leye_platform.errors import MoveNotAllowed
from leye_platform.installation import Installation
from leye_platform.outbox import OutboxRow
from leye_platform.projects import service
from leye_platform.projects.ingest import run, run_ingest
from leye_platform.projects.ingest.insertion import insert_items
from leye_platform.projects.models import Batch, Item, MicroTask, Project, RefusedRow
from leye_platform.projects.queries import progress_of
from leye_platform.projects.rules import BatchPurpose, BatchState, ItemState, Pipeline
from leye_workers.execution import Execution
from leye_workers.jobs.registry import RETRY_AFTER
from leye_workers.locks import locks_for
from support.clock import MovableClock
from support.factories import TOPICS
from support.shipping import Shipping


@dataclass
class Uploads:
    """A coordinator who uploads, and what became of it."""

    shipping: Shipping
    coordinator: Actor
    project_id: UUID

    @property
    def installation(self) -> Installation:
        return self.shipping.installation

    def stored(self, *files: tuple[str, bytes], project_id: UUID | None = None) -> UUID:
        """A batch whose files are stored and asked to be read."""
        objects, now = self.installation.objects, self.shipping.clock.now()
        with self.shipping.database.write() as session:
            project = session.get_one(Project, project_id or self.project_id)
            names = [name for name, _ in files]
            batch = service.create_batch(
                session, self.coordinator, project, "一", purpose=BatchPurpose.TRIAL, file_names=names, now=now
            )
            for number, (_, content) in enumerate(files, start=1):
                service.store_upload(objects, batch.id, number, BytesIO(content), 10_000_000)
            service.ask_for_ingest(session, self.coordinator, batch, objects, now)
            return batch.id

    def read(self, content: bytes, name: str = "评论.csv", project_id: UUID | None = None) -> UUID:
        """A batch that was read."""
        batch_id = self.stored((name, content), project_id=project_id)
        run_ingest(self.installation, self.job_of(batch_id), batch_id)
        return batch_id

    def job_of(self, batch_id: UUID) -> UUID:
        job = self.batch(batch_id).ingest_job
        assert job is not None
        return job

    def batch(self, batch_id: UUID) -> Batch:
        with self.shipping.database.read() as session:
            return session.get_one(Batch, batch_id)

    def items(self, batch_id: UUID) -> list[tuple[int, str | None, Any]]:
        with self.shipping.database.read() as session:
            query = select(Item.row, Item.external_id, Item.data["review"].as_string())
            found = session.execute(query.where(Item.batch_id == batch_id).order_by(Item.row))
            return [(row, external_id, text) for row, external_id, text in found]

    def refused(self, batch_id: UUID) -> list[tuple[int, str | None, str]]:
        with self.shipping.database.read() as session:
            query = select(RefusedRow.row, RefusedRow.external_id, RefusedRow.problem)
            found = session.execute(query.where(RefusedRow.batch_id == batch_id).order_by(RefusedRow.row))
            return [(row, external_id, problem) for row, external_id, problem in found]

    def everything(self, batch_id: UUID) -> dict[str, Any]:
        """All that reading left behind, for comparing two runs."""
        with self.shipping.database.read() as session:
            tasks = session.scalar(select(func.count()).where(MicroTask.batch_id == batch_id))
            slots = session.scalar(select(func.count()).where(Slot.batch_id == batch_id))
        batch = self.batch(batch_id)
        return {
            "items": self.items(batch_id),
            "refused": self.refused(batch_id),
            "counts": (tasks, slots, batch.rows_in, batch.rows_refused),
            "state": batch.state,
        }


@pytest.fixture
def uploads(installation: Installation, clock: MovableClock) -> Uploads:
    shipping = Shipping(installation, clock)
    project_id = shipping.batch(1, pipeline=Pipeline.model_validate({"overlap_start": 2})).project_id
    return Uploads(shipping, shipping.actor(Role.COORDINATOR), project_id)


def rows_of(count: int) -> bytes:
    return ("review,external_id\n" + "".join(f"第 {n} 条,R-{n}\n" for n in range(1, count + 1))).encode()


def test_good_rows_go_on_and_bad_ones_are_told_by_their_number(uploads: Uploads) -> None:
    content = (
        "\ufeffreview,external_id\r\n"
        "很好,A-1\r\n"
        "少一列\r\n"
        '"第一行\n第二行",A-2\r\n'
        "又来一次,A-1\r\n"
        ",A-3\r\n"
        "多一列,A-4,x\r\n"
        "最后,\r\n"
    )
    batch_id = uploads.read(content.encode())
    assert uploads.items(batch_id) == [(1, "A-1", "很好"), (3, "A-2", "第一行\n第二行"), (7, None, "最后")]
    assert uploads.refused(batch_id) == [
        (2, None, "这一行有 1 列，表头有 2 列"),
        (4, "A-1", "external_id“A-1”与第 1 行重复"),
        (5, "A-3", "review 是空的"),
        (6, None, "这一行有 3 列，表头有 2 列"),
    ]
    batch = uploads.batch(batch_id)
    assert (batch.state, batch.rows_in, batch.rows_refused) == (BatchState.READY, 3, 4)


@pytest.mark.parametrize("encoding", ["gbk", "gb18030", "utf-8-sig"])
def test_a_file_as_chinese_spreadsheets_save_it_keeps_its_words(uploads: Uploads, encoding: str) -> None:
    batch_id = uploads.read("review,external_id\r\n早餐一般，“不错”,甲-1\r\n只有一列\r\n".encode(encoding))
    assert uploads.items(batch_id) == [(1, "甲-1", "早餐一般，“不错”")]
    [report] = list(read_report(uploads, batch_id))
    assert report == {"row": "2", "external_id": "", "problem": "这一行有 1 列，表头有 2 列", "original": "只有一列"}


def read_report(uploads: Uploads, batch_id: UUID) -> Iterator[dict[str, str]]:
    """The error report as a partner downloads it."""
    answer = uploads.shipping.script(uploads.coordinator.person_id).get(f"/api/v1/batches/{batch_id}/report")
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    text = answer.content.decode("utf-8-sig")
    assert text.splitlines()[0] == "row,external_id,problem,original"
    yield from csv.DictReader(io.StringIO(text))


def test_the_error_report_tells_every_refused_row_as_it_stood(uploads: Uploads) -> None:
    lines = [
        '{"review": "好", "external_id": "a"}',
        "",
        '{"review": "坏"',
        '{"external_id": "b"}',
        '{"review": 3, "external_id": 7}',
        '{"review": "好\\u0000", "external_id": "c"}',
        '{"review": "又", "external_id": "a"}',
        '{"review": "=1+1", "external_id": "d", "gold_answer": "中性"}',
        '{"review": "x", "external_id": "e", "gold_answer": "正面|负面"}',
    ]
    batch_id = uploads.read("\n".join(lines).encode(), "评论.jsonl")
    report = list(read_report(uploads, batch_id))
    assert [(row["row"], row["external_id"]) for row in report] == [
        ("3", ""),
        ("4", "b"),
        ("5", "7"),
        ("6", ""),
        ("7", "a"),
        ("8", "d"),
        ("9", "e"),
    ]
    assert [row["original"] for row in report] == [lines[int(row["row"]) - 1] for row in report]
    said = {row["row"]: row["problem"] for row in report}
    assert said["4"] == "缺少 review"
    assert said["5"] == "review 不是文字"
    assert said["8"] == "gold_answer“中性”不是项目里的选项"
    assert said["9"] == "gold_answer 只能有一个选项，这里有 2 个"
    shown = uploads.shipping.script(uploads.coordinator.person_id).get(f"/api/v1/batches/{batch_id}").json()
    assert (shown["rows_in"], shown["rows_refused"]) == (1, 7)
    assert shown["report"] == f"/api/v1/batches/{batch_id}/report"


def test_a_report_longer_than_one_reading_is_whole_and_in_order(uploads: Uploads) -> None:
    content = "review,external_id\n好,1\n" + "坏\n" * 1005
    batch_id = uploads.read(content.encode())
    assert [int(row["row"]) for row in read_report(uploads, batch_id)] == list(range(2, 1007))


def test_a_row_refused_for_its_gold_answer_leaves_its_id_to_the_next(uploads: Uploads) -> None:
    content = "review,external_id,gold_answer\n甲,1,没有\n乙,1,正面\n".encode()
    batch_id = uploads.read(content)
    assert uploads.items(batch_id) == [(2, "1", "乙")]


def test_the_same_ids_may_come_again_in_another_batch(uploads: Uploads) -> None:
    first, second = uploads.read(rows_of(2)), uploads.read(rows_of(2))
    assert uploads.items(first) == uploads.items(second)
    assert uploads.refused(second) == []


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (b"", "空.csv", "文件“空.csv”是空的"),
        (b"review,external_id\n", "头.csv", "一行数据也没有"),
        ("review\n好\n".encode("utf-16"), "宽.csv", "UTF-16"),
        (b"PK\x03\x04....", "表.xlsx", "Excel"),
        ("评论\n好\n".encode(), "列.csv", "缺少列“review”"),
        (b'[{"review": "a"}, {"review"', "断.json", "不是完整的 JSON 数组"),
        (b"review\n,\n \n", "白.csv", "一行数据也没有"),
        (b"review,external_id\n,1\n,2\n", "坏.csv", "2 行全都有问题"),
    ],
)
def test_a_file_of_which_nothing_can_be_taken_fails_the_batch_with_a_sentence(
    uploads: Uploads, content: bytes, name: str, said: str
) -> None:
    batch_id = uploads.read(content, name)
    batch = uploads.batch(batch_id)
    assert (batch.state, batch.rows_in) == (BatchState.FAILED, 0)
    assert said in (batch.problem or "")
    assert uploads.items(batch_id) == []


def test_gold_rows_become_stock_and_ordinary_ones_get_their_first_slots(uploads: Uploads) -> None:
    content = "review,gold_answer\n甲,\n乙,正面\n".encode()
    batch_id = uploads.read(content)
    with uploads.shipping.database.read() as session:
        slots = session.execute(
            select(Slot.lane, func.count()).where(Slot.batch_id == batch_id).group_by(Slot.lane)
        ).all()
        gold = session.scalars(select(MicroTask.gold_labels).where(MicroTask.batch_id == batch_id)).all()
        assert dict(slots) == {Lane.NORMAL: 2, Lane.GOLD: 1}
        assert sorted(gold, key=bool) == [None, [0]]
        progress = progress_of(session, [session.get_one(Batch, batch_id)], uploads.shipping.clock.now())[batch_id]
        assert progress.items == 1


def test_several_choices_may_be_the_gold_answer_where_the_project_takes_several(uploads: Uploads) -> None:
    project_id = uploads.shipping.batch(1, label_config=TOPICS).project_id
    batch_id = uploads.read("review,gold_answer\n贵但好吃,价格|味道\n".encode(), project_id=project_id)
    with uploads.shipping.database.read() as session:
        assert session.scalars(select(MicroTask.gold_labels).where(MicroTask.batch_id == batch_id)).one() == [0, 1]


def test_several_files_are_numbered_and_measured_on(uploads: Uploads) -> None:
    first, second = rows_of(2), b"review,external_id\na,R-1\nb,S-1\n"
    batch_id = uploads.stored(("一.csv", first), ("二.csv", second))
    run_ingest(uploads.installation, uploads.job_of(batch_id), batch_id)
    assert [row for row, _, _ in uploads.items(batch_id)] == [1, 2, 4]
    assert uploads.refused(batch_id) == [(3, "R-1", "external_id“R-1”与第 1 行重复")]
    with uploads.shipping.database.read() as session:
        batch = session.get_one(Batch, batch_id)
        assert progress_of(session, [batch], uploads.shipping.clock.now())[batch_id].share_read == 1.0


def test_one_bad_file_among_several_takes_nothing(uploads: Uploads) -> None:
    batch_id = uploads.stored(("一.csv", rows_of(2)), ("二.csv", b"text\na\n"))
    run_ingest(uploads.installation, uploads.job_of(batch_id), batch_id)
    assert "二.csv" in (uploads.batch(batch_id).problem or "")
    assert uploads.items(batch_id) == []


class Power(Exception):
    """Stands for the moment at which the machine stops."""


@pytest.mark.parametrize("chunks_before", [0, 1, 2])
def test_stopped_in_the_middle_it_goes_on_to_the_very_same_items(
    uploads: Uploads, monkeypatch: pytest.MonkeyPatch, chunks_before: int
) -> None:
    content = rows_of(7) + "坏\n又,R-3\n".encode()
    whole = uploads.read(content)
    monkeypatch.setattr(run, "CHUNK", 3)
    cut = uploads.stored(("评论.csv", content))
    taken: list[Any] = []

    def stop(*given: Any) -> None:
        insert_items(*given)
        taken.append(given)
        if len(taken) > chunks_before:
            raise Power

    monkeypatch.setattr("leye_platform.projects.ingest.run.insert_items", stop)
    with pytest.raises(Power):
        run_ingest(uploads.installation, uploads.job_of(cut), cut)
    assert len(uploads.items(cut)) == 3 * chunks_before
    assert uploads.batch(cut).state is BatchState.INGESTING
    monkeypatch.setattr("leye_platform.projects.ingest.run.insert_items", insert_items)
    for _ in range(2):
        run_ingest(uploads.installation, uploads.job_of(cut), cut)
        assert uploads.everything(cut) == uploads.everything(whole)


def test_cancelled_while_it_is_read_nothing_more_is_taken(uploads: Uploads, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "CHUNK", 2)
    batch_id = uploads.stored(("评论.csv", rows_of(6)))
    take = run._take

    def take_then_cancel(*given: Any) -> bool:
        went_on = take(*given)
        with uploads.shipping.database.write() as session:
            batch = session.get_one(Batch, batch_id)
            now = uploads.shipping.clock.now()
            service.move_batch(session, uploads.coordinator, batch, BatchState.CANCELLED, now)
        return went_on

    monkeypatch.setattr(run, "_take", take_then_cancel)
    run_ingest(uploads.installation, uploads.job_of(batch_id), batch_id)
    assert (uploads.batch(batch_id).state, uploads.batch(batch_id).rows_in) == (BatchState.CANCELLED, 2)
    with uploads.shipping.database.read() as session:
        states = session.scalars(select(Item.state).where(Item.batch_id == batch_id)).all()
        slots = session.scalars(select(Slot.state).where(Slot.batch_id == batch_id)).all()
    assert set(states) == {ItemState.WITHDRAWN}
    assert set(slots) == {SlotState.WITHDRAWN}


def test_a_reading_that_failed_for_good_goes_on_from_where_it_was(
    uploads: Uploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "CHUNK", 2)
    batch_id = uploads.stored(("评论.csv", rows_of(5)))
    job, clock = uploads.job_of(batch_id), uploads.shipping.clock
    away = replace(uploads.installation, objects=Away(uploads.installation.objects))  # type: ignore[arg-type]  # a store that is out of reach needs no more
    for _ in range(len(RETRY_AFTER) + 1):
        Execution(away, locks_for(away)).run(job)
        clock.move(hours=1)
    with uploads.shipping.database.read() as session:
        assert session.get_one(OutboxRow, job).failed_at is not None
    assert uploads.batch(batch_id).state is BatchState.INGESTING
    with uploads.shipping.database.write() as session:
        batch = session.get_one(Batch, batch_id)
        service.ask_for_ingest(session, uploads.coordinator, batch, uploads.installation.objects, clock.now())
        assert batch.ingest_job == job
    assert Execution(uploads.installation, locks_for(uploads.installation)).run(job)
    assert uploads.batch(batch_id).state is BatchState.READY
    assert len(uploads.items(batch_id)) == 5


class Away:
    """A store that lists what it has and then does not answer."""

    def __init__(self, objects: Any) -> None:
        self.keys, self.stat = objects.keys, objects.stat

    def read(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        raise OSError(f"{key} is out of reach")


def test_asking_twice_makes_one_job_and_no_file_none(uploads: Uploads) -> None:
    objects, now = uploads.installation.objects, uploads.shipping.clock.now()
    batch_id = uploads.stored(("评论.csv", rows_of(1)))
    with uploads.shipping.database.write() as session:
        batch = session.get_one(Batch, batch_id)
        before = batch.ingest_job
        assert service.ask_for_ingest(session, uploads.coordinator, batch, objects, now).ingest_job == before
    run_ingest(uploads.installation, uploads.job_of(batch_id), batch_id)
    with uploads.shipping.database.write() as session, pytest.raises(MoveNotAllowed):
        service.ask_for_ingest(session, uploads.coordinator, session.get_one(Batch, batch_id), objects, now)


def test_an_upload_by_script_goes_the_same_way(uploads: Uploads) -> None:
    script = uploads.shipping.script(uploads.coordinator.person_id)
    made = script.post(f"/api/v1/projects/{uploads.project_id}/batches", json={"name": "a", "file_name": "a.csv"})
    batch = made.json()
    early = script.post(f"/api/v1/batches/{batch['id']}/ingest")
    assert (early.status_code, early.json()["type"]) == (409, "/problems/batch-without-file")
    assert script.put(batch["upload_url"], content=rows_of(2)).status_code == 201
    changed = batch["upload_url"].replace("0001", "0002")
    assert script.put(changed, content=b"x").status_code == 403
    assert script.post(f"/api/v1/batches/{batch['id']}/ingest").status_code == 202
    run_ingest(uploads.installation, uploads.job_of(UUID(batch["id"])), UUID(batch["id"]))
    shown = script.get(f"/api/v1/batches/{batch['id']}").json()
    assert (shown["state"], shown["rows_in"], shown["items"]) == ("ready", 2, {"waiting": 2})
    assert script.post(f"/api/v1/batches/{batch['id']}/open").json()["state"] == "open"
