"""A project of pictures and boxes, and a batch of it that was read."""

from io import BytesIO
from typing import Any
from uuid import UUID

from sqlalchemy import select

from leye_platform.accounts.rules import Role
from leye_platform.assignments.own import Annotator
from leye_platform.assignments.submit import Submission, submit
from leye_platform.projects import service
from leye_platform.projects.ingest import run_ingest
from leye_platform.projects.models import Batch, Item, MicroTask, Project, RefusedRow
from leye_platform.projects.rules import BatchPurpose, Pipeline
from support.factories import make_project
from support.pictures import packed, photo, written
from support.shipping import Shipping

BOXES = """<View><Header value="每个东西画一个框"/><Image name="photo" value="$photo"/>
<RectangleLabels name="box" toName="photo"><Label value="猫"/><Label value="狗"/></RectangleLabels></View>"""
WIDTH, HEIGHT = 400, 300


def box(x: float, y: float, width: float, height: float, label: str = "猫") -> dict[str, Any]:
    """A region as Label Studio has it; lengths in per cent."""
    value = {"x": x, "y": y, "width": width, "height": height, "rotation": 0, "rectanglelabels": [label]}
    return {"id": "r", "from_name": "box", "to_name": "photo", "type": "rectanglelabels", "value": value}


def photos(count: int, start: int = 1) -> dict[str, bytes]:
    """Different pictures by name."""
    return {f"p{n:03}.jpg": written(photo(WIDTH, HEIGHT, n)) for n in range(start, start + count)}


class PictureBatches:
    """A coordinator's uploads of pictures, and what became of them."""

    def __init__(self, shipping: Shipping, pipeline: Pipeline | None = None) -> None:
        self.shipping, self.installation = shipping, shipping.installation
        self.coordinator = shipping.actor(Role.COORDINATOR)
        with shipping.database.write() as session:
            project = make_project(session, pipeline, label_config=BOXES)
            project.task_type = "image_boxes"
            self.project_id: UUID = project.id

    def stored(self, content: bytes, name: str = "photos.zip") -> UUID:
        """A batch whose file is stored and asked to be read."""
        objects, now = self.installation.objects, self.shipping.clock.now()
        with self.shipping.database.write() as session:
            project = session.get_one(Project, self.project_id)
            batch = service.create_batch(
                session, self.coordinator, project, "图", purpose=BatchPurpose.TRIAL, file_names=[name], now=now
            )
            service.store_upload(objects, batch.id, 1, BytesIO(content), 100_000_000)
            service.ask_for_ingest(session, self.coordinator, batch, objects, now)
            return batch.id

    def read(self, content: bytes, name: str = "photos.zip") -> UUID:
        """A batch that was read."""
        batch_id = self.stored(content, name)
        job = self.batch(batch_id).ingest_job
        assert job is not None
        run_ingest(self.installation, job, batch_id)
        return batch_id

    def opened(self, count: int) -> UUID:
        """An open batch of so many pictures."""
        batch_id = self.read(packed(photos(count)))
        with self.shipping.database.write() as session:
            batch = session.get_one(Batch, batch_id)
            service.open_batch(session, self.coordinator, batch, self.shipping.clock.now())
        return batch_id

    def answers(self, who: Annotator, assignment: UUID, result: list[dict[str, Any]]) -> None:
        """An answer of boxes."""
        given, now = Submission(result, str(assignment)), self.shipping.clock.now()
        with self.shipping.database.write() as session:
            submit(session, who, assignment, given, key_ring=self.installation.key_ring, now=now)

    def batch(self, batch_id: UUID) -> Batch:
        with self.shipping.database.read() as session:
            return session.get_one(Batch, batch_id)

    def items(self, batch_id: UUID) -> list[tuple[int, str | None, Any]]:
        with self.shipping.database.read() as session:
            query = select(Item.row, Item.external_id, Item.data).where(Item.batch_id == batch_id)
            return [(row, external_id, data) for row, external_id, data in session.execute(query.order_by(Item.row))]

    def contents(self, batch_id: UUID) -> list[Any]:
        with self.shipping.database.read() as session:
            query = select(MicroTask.content).join(Item, Item.id == MicroTask.item_id)
            return list(session.scalars(query.where(Item.batch_id == batch_id).order_by(Item.row)))

    def refused(self, batch_id: UUID) -> dict[int, str]:
        with self.shipping.database.read() as session:
            query = select(RefusedRow.row, RefusedRow.problem).where(RefusedRow.batch_id == batch_id)
            return {found.row: found.problem for found in session.execute(query)}
