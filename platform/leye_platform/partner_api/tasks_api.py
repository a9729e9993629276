"""Label Studio's tasks and predictions."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from sqlalchemy import select
from starlette.responses import Response

from leye_platform.endpoint import Work, endpoint
from leye_platform.errors import FieldsRefused
from leye_platform.partner_api.bodies import TAKES_JSON, TAKES_OBJECT, Json, Number, Object, Page, answer
from leye_platform.partner_api.errors import (
    DataStays,
    ImportBodyEmpty,
    NothingToImport,
    PageNotThere,
    PredictionNotThere,
    ProposalStays,
    TaskNotThere,
    TaskStays,
)
from leye_platform.partner_api.import_api import EXAMPLE
from leye_platform.partner_api.intake import take_tasks
from leye_platform.partner_api.predictions import forget_proposal, propose_for
from leye_platform.partner_api.reach import item_numbered, project_numbered
from leye_platform.partner_api.tasks import TaskRow, decisions_of, predictions_of, task_answers, task_page, task_row
from leye_platform.permissions import Permission
from leye_platform.projects.item_withdrawal import ItemNames, withdraw_items
from leye_platform.projects.models import Batch, Item, Project
from leye_platform.projects.pictures_api import picture_links
from leye_platform.projects.rules import ItemState

router = APIRouter(prefix="/api", tags=["label-studio"])

PAGE_SIZE, MOST = 100, 1000
PageSize = Annotated[int, Query(ge=-1, le=100_000)]
ProjectNumber = Annotated[int, Query(ge=0, le=2**63 - 1)]


@router.get("/tasks")
@endpoint(Permission.EXPORT)
def list_tasks(
    work: Work,
    *,
    project: ProjectNumber = 0,
    page: Page = 1,
    page_size: PageSize = PAGE_SIZE,
    fields: Annotated[str, Query(max_length=40)] = "task_only",
) -> Response:
    """A project's tasks, page by page; `fields=all` with annotations and predictions."""
    if not project:
        raise FieldsRefused({"project": "请给出 project：项目的编号。"})
    found = project_numbered(work.session, work.actor, project, Permission.EXPORT)
    told, total = _page(work, found, page, page_size, full=fields == "all")
    counted = sum(task["total_annotations"] for task in told)
    predicted = sum(task["total_predictions"] for task in told)
    return answer({"tasks": told, "total": total, "total_annotations": counted, "total_predictions": predicted})


@router.get("/projects/{number}/tasks")
@endpoint(Permission.EXPORT)
def list_project_tasks(work: Work, number: Number, *, page: Page = 1, page_size: PageSize = PAGE_SIZE) -> Response:
    """A project's tasks as a plain list, page by page."""
    found = project_numbered(work.session, work.actor, number, Permission.EXPORT)
    return answer(_page(work, found, page, page_size, full=True)[0])


def _page(work: Work, project: Project, page: int, page_size: int, *, full: bool) -> tuple[list[dict[str, Any]], int]:
    size = MOST if page_size <= 0 else min(page_size, MOST)
    if page > 2**40:
        raise PageNotThere
    seen = task_page(work.session, project.id, page, size)
    if page > 1 and not seen.rows:
        raise PageNotThere
    return task_answers(work.session, work.actor, seen.rows, picture_links(work), full=full), seen.total


@router.post("/tasks", status_code=201, openapi_extra=TAKES_OBJECT)
@endpoint(Permission.UPLOAD_BATCH)
def create_task(work: Work, body: Object) -> Response:
    """One task into the project that the body names."""
    number = body.get("project")
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < 2**63:
        raise FieldsRefused({"project": "请给出 project：项目的编号。"})
    project = project_numbered(work.session, work.actor, number, Permission.UPLOAD_BATCH)
    if not isinstance(body.get("data"), dict):
        raise ImportBodyEmpty(example=EXAMPLE)
    task = {name: body[name] for name in ("data", "annotations", "predictions", "external_id") if name in body}
    taken = take_tasks(work.session, work.actor, project, [task], work.now, numbers=True)
    if not taken.numbers:
        raise NothingToImport(problem=taken.refused[0][1]) if taken.refused else TaskStays
    item, _ = item_numbered(work.session, work.actor, taken.numbers[0])
    return answer(_task(work, item), 201)


@router.get("/tasks/{number}")
@endpoint(Permission.LABEL)
def read_task(work: Work, number: Number) -> Response:
    """A task; for those who only label, one that they have had in hand, with their own answers."""
    item, _ = item_numbered(work.session, work.actor, number)
    return answer(_task(work, item))


def _task(work: Work, item: Item) -> dict[str, Any]:
    return task_answers(work.session, work.actor, [task_row(work.session, item.id)], picture_links(work))[0]


@router.patch("/tasks/{number}", openapi_extra=TAKES_OBJECT)
@endpoint(Permission.UPLOAD_BATCH)
def change_task(work: Work, number: Number, body: Object) -> Response:
    """A task's data do not change once they are in; the same again is accepted."""
    item, _ = item_numbered(work.session, work.actor, number)
    if "data" in body and body["data"] != item.data:
        raise DataStays
    return answer(_task(work, item))


@router.delete("/tasks/{number}", status_code=204)
@endpoint(Permission.RUN_BATCH)
def delete_task(work: Work, number: Number) -> Response:
    """Withdraw a task that has no result yet; answers to it are paid."""
    item, _ = item_numbered(work.session, work.actor, number)
    if item.state is ItemState.WITHDRAWN:
        raise TaskNotThere
    batch = work.session.get_one(Batch, item.batch_id)
    found = withdraw_items(work.session, work.actor, batch, ItemNames(rows=[item.row]), work.now)
    if not found.items:
        raise TaskStays
    return Response(status_code=204)


@router.get("/predictions")
@endpoint(Permission.EXPORT)
def list_predictions(
    work: Work,
    *,
    task: Annotated[int, Query(ge=0, le=2**63 - 1)] = 0,
    project: ProjectNumber = 0,
    page: Page = 1,
    page_size: PageSize = PAGE_SIZE,
) -> Response:
    """What models proposed, and what was decided: of a task, or of a page of a project's tasks."""
    if task:
        rows = [task_row(work.session, item_numbered(work.session, work.actor, task)[0].id)]
    elif project:
        found = project_numbered(work.session, work.actor, project, Permission.EXPORT)
        size = MOST if page_size <= 0 else min(page_size, MOST)
        rows = task_page(work.session, found.id, min(page, 2**40), size).rows
        if page > 1 and not rows:
            raise PageNotThere
    else:
        raise FieldsRefused({"task": "请给出 task 或 project：任务或项目的编号。"})
    return answer(_predictions(work, rows))


def _predictions(work: Work, rows: list[TaskRow]) -> list[dict[str, Any]]:
    decided = decisions_of(work.session, rows)
    return [prediction for row in rows for prediction in predictions_of(row, decided.get(row.id))]


@router.post("/predictions", status_code=201, openapi_extra=TAKES_OBJECT)
@endpoint(Permission.UPLOAD_BATCH)
def create_prediction(work: Work, body: Object) -> Response:
    """What a model proposes for a task that nobody has begun; it takes the place of an earlier proposal."""
    number = body.get("task")
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < 2**63:
        raise FieldsRefused({"task": "请给出 task：任务的编号。"})
    item, project = item_numbered(work.session, work.actor, number)
    propose_for(work.session, item, project, body)
    return answer(_prediction(work, item, number * 2), 201)


@router.get("/predictions/{number}")
@endpoint(Permission.EXPORT)
def read_prediction(work: Work, number: Number) -> Response:
    """One prediction; an even number is a proposal, an odd one the decision of a task."""
    item, _ = _item_of_prediction(work, number)
    return answer(_prediction(work, item, number))


@router.patch("/predictions/{number}", openapi_extra=TAKES_OBJECT)
@endpoint(Permission.UPLOAD_BATCH)
def change_prediction(work: Work, number: Number, body: Object) -> Response:
    """Propose something else, while nobody has begun the task."""
    item, project = _item_of_prediction(work, number)
    standing = _prediction(work, item, number)
    if number % 2:
        raise ProposalStays
    propose_for(work.session, item, project, standing | body)
    return answer(_prediction(work, item, number))


@router.delete("/predictions/{number}", status_code=204)
@endpoint(Permission.UPLOAD_BATCH)
def delete_prediction(work: Work, number: Number) -> Response:
    """Take a proposal back, while nobody has begun the task."""
    item, _ = _item_of_prediction(work, number)
    _prediction(work, item, number)
    if number % 2:
        raise ProposalStays
    forget_proposal(work.session, item)
    return Response(status_code=204)


@router.post("/projects/{number}/import/predictions", status_code=201, openapi_extra=TAKES_JSON)
@endpoint(Permission.UPLOAD_BATCH)
def import_predictions(work: Work, number: Number, body: Json) -> Response:
    """Proposals for tasks of the project: all of them, or none where one is refused."""
    project = project_numbered(work.session, work.actor, number, Permission.UPLOAD_BATCH)
    if not isinstance(body, list) or not body or not all(isinstance(one, dict) for one in body):
        raise ImportBodyEmpty(example='[{"task": 1, "result": [], "score": 0.9}]')
    numbers = [one.get("task") for one in body]
    if not all(isinstance(one, int) and not isinstance(one, bool) and 0 <= one < 2**63 for one in numbers):
        raise FieldsRefused({"task": "请给出 task：任务的编号。"})
    for one, task in zip(body, numbers, strict=True):
        item = work.session.scalar(select(Item).where(Item.number == task, Item.project_id == project.id))
        if item is None:
            raise TaskNotThere
        propose_for(work.session, item, project, one)
    return answer({"created": len(body)}, 201)


def _item_of_prediction(work: Work, number: int) -> tuple[Item, Project]:
    try:
        return item_numbered(work.session, work.actor, number // 2)
    except TaskNotThere:
        raise PredictionNotThere from None


def _prediction(work: Work, item: Item, number: int) -> dict[str, Any]:
    row = task_row(work.session, item.id)
    for prediction in _predictions(work, [row]):
        if prediction["id"] == number:
            return prediction
    raise PredictionNotThere
