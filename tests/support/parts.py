"""Items that are cut into parts: uploads of long texts and large pictures, and people who know the truth of them."""

from io import BytesIO
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import select

from leye_platform.assignments.models import Assignment
from leye_platform.assignments.own import Annotator
from leye_platform.assignments.submit import Submission, submit
from leye_platform.projects import service
from leye_platform.projects.additions import ask_for_addition, create_addition, store_addition
from leye_platform.projects.ingest import run_addition
from leye_platform.projects.models import Addition, Batch, Item, MicroTask, Project
from leye_platform.projects.rules import ItemState, Pipeline
from leye_platform.projects.splitting import Splitting, cut_result
from leye_platform.projects.task_type import TaskType, task_type
from leye_platform.review.models import ItemDecision, Review
from support.boxes import PictureBatches
from support.factories import ENTITIES
from support.reviewing import Reviewing

MARKS = {"李娜": "人名", "敦煌": "地名", "上海": "地名"}
_ALIKE = "路边的杨树已经长得很高了，风一吹就哗哗地响，像下雨一样好听。"
PARAGRAPHS = [
    _ALIKE + "李娜是第一天到的上海，住在江边，每天去厂里看机器，晚上写信回家，说这里一切都好，请不要挂念。",
    _ALIKE + "第二天下雨，没有出门。她在屋里把前几天记下来的东西又看了一遍，改了几处，一直改到天黑才停。",
    _ALIKE + "第三天李娜坐火车去敦煌，路上走了两天两夜，车里的人都睡了，她看着窗外，想起小时候的事情来。",
    _ALIKE + "到了敦煌，风很大，沙子打在脸上很疼。她还是走到了洞窟前面，站了很久，什么话也没有说出来过。",
]
LONG = "\n".join(PARAGRAPHS)
SHORT = "李娜在上海。"


def marked(text: str) -> list[dict[str, Any]]:
    """Every name in a text, as Label Studio has it."""
    spans = []
    for words, label in MARKS.items():
        at = text.find(words)
        while at >= 0:
            spans.append((at, at + len(words), label))
            at = text.find(words, at + 1)
    return [
        {
            "from_name": "label",
            "to_name": "text",
            "type": "labels",
            "value": {"start": start, "end": end, "text": text[start:end], "labels": [label]},
        }
        for start, end, label in sorted(spans)
    ]


def spans_of(result: list[Any]) -> list[tuple[int, int, str, str]]:
    """What a result of spans says."""
    values = [region["value"] for region in result]
    return [(value["start"], value["end"], value["labels"][0], value["text"]) for value in values]


class InParts(PictureBatches):
    """A project that cuts its items; what is in them is known by `truth`, a whole result by the item's row."""

    def __init__(self, reviewing: Reviewing, splitting: Splitting, pipeline: Pipeline) -> None:
        super().__init__(reviewing, pipeline)
        self.people = reviewing
        self.truth: dict[int, list[dict[str, Any]]] = {}
        self.change(splitting=splitting.stored())

    def change(self, **values: Any) -> None:
        """Change the project."""
        with self.shipping.database.write() as session:
            project = session.get_one(Project, self.project_id)
            for name, value in values.items():
                setattr(project, name, value)

    def open(self, batch_id: UUID) -> UUID:
        with self.shipping.database.write() as session:
            service.open_batch(session, self.coordinator, session.get_one(Batch, batch_id), self.shipping.clock.now())
        return batch_id

    def added(self, batch_id: UUID, content: bytes) -> tuple[int, int, int]:
        """A further file of rows: how many of them the batch had, how many were refused, how many came in."""
        objects, now = self.installation.objects, self.shipping.clock.now()
        with self.shipping.database.write() as session:
            batch = session.get_one(Batch, batch_id)
            addition = create_addition(session, self.coordinator, batch, ["more.jsonl"], now)
            store_addition(objects, addition.id, 1, BytesIO(content), 100_000_000)
            addition_id, job = addition.id, ask_for_addition(session, self.coordinator, addition, objects, now).job_id
        assert job is not None
        run_addition(self.installation, job, addition_id)
        with self.shipping.database.read() as session:
            addition = session.get_one(Addition, addition_id)
            return addition.rows_known, addition.rows_refused, addition.rows_in

    @property
    def kind(self) -> TaskType:
        project = self.shipping.project(self.project_id)
        return task_type(project.task_type, project.label_config)

    def tasks(self, batch_id: UUID) -> list[tuple[int, MicroTask]]:
        """The micro-tasks of a batch, each with the row of its item, in order."""
        with self.shipping.database.read() as session:
            query = select(Item.row, MicroTask).join(MicroTask, MicroTask.item_id == Item.id)
            rows = session.execute(query.where(Item.batch_id == batch_id).order_by(Item.row, MicroTask.part))
            return [(row, task) for row, task in rows]

    def item(self, batch_id: UUID, row: int = 1) -> Item:
        with self.shipping.database.read() as session:
            return session.scalars(select(Item).where(Item.batch_id == batch_id, Item.row == row)).one()

    def joined(self, batch_id: UUID, row: int = 1) -> list[ItemDecision]:
        """An item's annotations as joined, oldest first."""
        with self.shipping.database.read() as session:
            mine = select(ItemDecision).join(Item, Item.id == ItemDecision.item_id)
            mine = mine.where(Item.batch_id == batch_id, Item.row == row)
            return list(session.scalars(mine.order_by(ItemDecision.version)))

    def states(self, batch_id: UUID, row: int = 1) -> tuple[ItemState, list[ItemState]]:
        """The state of an item, and of its parts."""
        tasks = [task for number, task in self.tasks(batch_id) if number == row]
        return self.item(batch_id, row).state, [task.state for task in tasks]

    def right(self, batch_id: UUID, task_id: UUID) -> list[dict[str, Any]]:
        """The right answer to a micro-task."""
        tasks = self.tasks(batch_id)
        row, wanted = next((row, task) for row, task in tasks if task.id == task_id)
        contents = [task.content for number, task in tasks if number == row]
        return cut_result(self.kind, contents, self.truth[row])[wanted.part - 1]

    def takes(self, who: Annotator) -> tuple[UUID, MicroTask]:
        """Claim; the assignment and its micro-task."""
        assignment = self.people.claims(who, self.project_id)
        with self.shipping.database.read() as session:
            task_id = session.get_one(Assignment, assignment).microtask_id
            return assignment, session.get_one(MicroTask, task_id)

    def gives(self, who: Annotator, assignment: UUID, result: list[dict[str, Any]]) -> None:
        given, now = Submission(result, str(assignment)), self.shipping.clock.now()
        with self.shipping.database.write() as session:
            submit(session, who, assignment, given, key_ring=self.installation.key_ring, now=now)

    def works(self, who: Annotator, batch_id: UUID, times: int, *, wrong: bool = False) -> None:
        """Claim and answer so many times; wrong: with nothing."""
        for _ in range(times):
            assignment, task = self.takes(who)
            self.gives(who, assignment, [] if wrong else self.right(batch_id, task.id))

    def open_reviews(self) -> list[Review]:
        return [review for review in self.people.reviews() if review.state == "open"]


class LongTexts(InParts):
    """Texts with names in them, cut above a hundred characters."""

    def __init__(self, reviewing: Reviewing, pipeline: Pipeline, above: int = 100) -> None:
        super().__init__(reviewing, Splitting(texts_above=above), pipeline)
        self.change(label_config=ENTITIES, task_type="named_entities")

    def uploaded(self, *rows: str | dict[str, Any]) -> UUID:
        """An open batch of these texts; its truth is known."""
        written = [row if isinstance(row, dict) else {"review": row} for row in rows]
        self.truth = {number: marked(row["review"]) for number, row in enumerate(written, start=1)}
        return self.open(self.read(b"\n".join(map(orjson.dumps, written)), "texts.jsonl"))
