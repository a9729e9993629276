"""Rows that tests begin with. Each function adds what it is named for and returns it, flushed."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from itertools import count
from typing import Any
from uuid import UUID

from PIL import Image
from sqlalchemy.orm import Session

from leye_platform.accounts.models import Membership, Organisation, Person
from leye_platform.accounts.rules import OrganisationKind, Role
from leye_platform.assignments.models import Reservation, Slot
from leye_platform.assignments.rules import Lane
from leye_platform.guides.models import GuidePicture
from leye_platform.ids import new_id
from leye_platform.projects.models import Batch, GuideVersion, Item, MicroTask, PayRate, PriceCard, Project
from leye_platform.projects.pictures.keeping import JPEG, keep_picture, key_of
from leye_platform.projects.rules import BatchState, PaidWork, Pipeline
from leye_platform.teams.models import Team, TeamMember
from leye_storage import ObjectStore

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
SENTIMENT = """<View><Text name="text" value="$review"/><Header value="这条评论的情感是？"/>
<Choices name="sentiment" toName="text"><Choice value="正面"/><Choice value="负面"/></Choices></View>"""
TOPICS = """<View><Text name="text" value="$review"/>
<Choices name="topic" toName="text" choice="multiple"><Choice value="价格"/><Choice value="味道"/><Choice value="服务"/>
</Choices></View>"""
ENTITIES = """<View><Text name="text" value="$review"/><Header value="标出人名和地名"/>
<Labels name="label" toName="text"><Label value="人名"/><Label value="地名"/></Labels></View>"""
_serial = count(1)


def make_organisation(
    session: Session, kind: OrganisationKind = OrganisationKind.PARTNER, name: str | None = None
) -> Organisation:
    """A firm, the operator or a base."""
    organisation = Organisation(kind=kind, name=name or f"{kind.value} {next(_serial):05}", created_at=AT)
    session.add(organisation)
    session.flush()
    return organisation


def make_person(
    session: Session,
    role: Role = Role.ANNOTATOR,
    organisation: Organisation | None = None,
    *,
    email: str | None = None,
) -> Person:
    """A person with one role; in an operator of their own where no organisation is given."""
    number = next(_serial)
    organisation = organisation or make_organisation(session, OrganisationKind.OPERATOR)
    person = Person(
        name=f"{role.value} {number:05}",
        email=email or f"{role.value}-{number:05}@demo.example",
        staff_number=f"{number:05}",
        created_at=AT,
    )
    session.add(person)
    session.flush()
    session.add(Membership(person_id=person.id, organisation_id=organisation.id, role=role, created_at=AT))
    session.flush()
    return person


def make_project(
    session: Session,
    pipeline: Pipeline | None = None,
    *,
    organisation: Organisation | None = None,
    label_config: str = SENTIMENT,
    task_type: str = "text_classification",
    pay: Decimal | None = Decimal("0.05"),
    price: Decimal | None = Decimal("0.30"),
    lease_minutes: int = 120,
    title: str | None = None,
) -> Project:
    """A project with a guide, a price per unit and a pay rate per answer, in force since long ago."""
    organisation = organisation or make_organisation(session)
    coordinator = make_person(session, Role.COORDINATOR)
    dated: dict[str, Any] = {"created_at": LONG_AGO, "created_by": coordinator.id}
    project = Project(
        organisation_id=organisation.id,
        title=title or f"短评情感分类 {next(_serial):05}",
        task_type=task_type,
        label_config=label_config,
        pipeline=(pipeline or Pipeline()).stored(),
        lease_minutes=lease_minutes,
        **dated,
    )
    session.add(project)
    session.flush()
    session.add(GuideVersion(project_id=project.id, version=1, body="# 怎么选\n\n按整条评论的意思选。", **dated))
    if pay is not None:
        session.add(PayRate(project_id=project.id, work=PaidWork.ANNOTATE, rate=pay, valid_from=LONG_AGO, **dated))
        session.add(PayRate(project_id=project.id, work=PaidWork.REVIEW, rate=pay, valid_from=LONG_AGO, **dated))
    if price is not None:
        session.add(PriceCard(project_id=project.id, unit_price=price, valid_from=LONG_AGO, **dated))
    session.flush()
    return project


def make_guide_picture(session: Session, objects: ObjectStore, project: Project) -> UUID:
    """A picture that the project's guides may show; its id."""
    file = BytesIO()
    Image.new("RGB", (320, 200), "#7FD6C7").save(file, "PNG")
    kept = keep_picture(objects, BytesIO(file.getvalue()))
    picture = GuidePicture(
        project_id=project.id,
        sha256=kept.sha256,
        key=key_of(kept.sha256, "shown"),
        media_type=JPEG,
        width=kept.width,
        height=kept.height,
        uploaded_at=AT,
        uploaded_by=project.created_by,
    )
    session.add(picture)
    session.flush()
    return picture.id


def make_batch(session: Session, project: Project, *, state: BatchState = BatchState.OPEN, priority: int = 0) -> Batch:
    """A batch without items."""
    batch = Batch(
        project_id=project.id,
        name=f"第 {next(_serial)} 批",
        state=state,
        priority=priority,
        created_at=AT,
        created_by=project.created_by,
    )
    session.add(batch)
    session.flush()
    return batch


def keep_for_a_team(session: Session, batch: Batch, now: datetime) -> Reservation:
    """A batch that is kept for a team of two for a week."""
    team = Team(organisation_id=make_organisation(session).id, name=f"小组 {next(_serial):05}", created_at=AT)
    session.add(team)
    session.flush()
    people = [make_person(session).id for _ in range(2)]
    session.add_all(TeamMember(person_id=person, team_id=team.id, joined_at=AT) for person in people)
    kept = Reservation(
        project_id=batch.project_id,
        batch_id=batch.id,
        team_id=team.id,
        quota=100,
        until=now + timedelta(days=7),
        created_at=now,
        created_by=batch.created_by,
    )
    session.add(kept)
    session.flush()
    return kept


def make_items(session: Session, batch: Batch, number: int, *, start: int = 0) -> list[MicroTask]:
    """Items of one micro-task each, with the slots that the project's pipeline begins with; in bulk."""
    project = session.get_one(Project, batch.project_id)
    pipeline = Pipeline.model_validate(project.pipeline)
    rows = [{"id": new_id(), "review": f"味道不错，第 {start + n} 次来。"} for n in range(number)]
    session.bulk_insert_mappings(
        Item.__mapper__,
        [
            {
                "id": row["id"],
                "batch_id": batch.id,
                "project_id": project.id,
                "row": start + n + 1,
                "data": {"review": row["review"]},
                "created_at": AT,
            }
            for n, row in enumerate(rows)
        ],
    )
    tasks = [
        MicroTask(
            item_id=row["id"],
            batch_id=batch.id,
            project_id=project.id,
            content={"review": row["review"]},
            overlap_wanted=pipeline.overlap_start(),
            overlap_limit=pipeline.overlap_limit(),
        )
        for row in rows
    ]
    session.add_all(tasks)
    session.flush()
    for _ in range(pipeline.overlap_start()):
        session.bulk_insert_mappings(Slot.__mapper__, [_slot(task, Lane.NORMAL) for task in tasks])
    return tasks


def make_gold(session: Session, batch: Batch, labels: Sequence[int] = (0,)) -> MicroTask:
    """A gold item: its labels are known, and one open slot in the gold lane is its stock."""
    [task] = _one_item(session, batch)
    task.gold_labels = list(labels)
    session.get_one(Item, task.item_id).gold_result = [{"value": {"labels": list(labels)}}]
    session.bulk_insert_mappings(Slot.__mapper__, [_slot(task, Lane.GOLD)])
    session.flush()
    return task


def _one_item(session: Session, batch: Batch) -> list[MicroTask]:
    number = next(_serial) + 10_000_000
    item = Item(
        batch_id=batch.id,
        project_id=batch.project_id,
        row=number,
        data={"review": f"太咸了，第 {number - 10_000_000} 条。"},
        created_at=AT,
    )
    session.add(item)
    session.flush()
    task = MicroTask(
        item_id=item.id,
        batch_id=batch.id,
        project_id=batch.project_id,
        content=item.data,
        overlap_wanted=1,
        overlap_limit=1,
    )
    session.add(task)
    session.flush()
    return [task]


def _slot(task: MicroTask, lane: Lane) -> dict[str, Any]:
    return {
        "id": new_id(),
        "batch_id": task.batch_id,
        "item_id": task.item_id,
        "microtask_id": task.id,
        "lane": lane,
    }


def chosen(*labels: str, control: str = "sentiment") -> list[dict[str, Any]]:
    """An answer in Label Studio's result format."""
    return [{"from_name": control, "to_name": "text", "type": "choices", "value": {"choices": list(labels)}}]
