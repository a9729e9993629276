"""Label Studio's tasks and predictions."""

from typing import Annotated, Any
from uuid import UUID

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
from leye_platform.partner_api.project_answers import answers_and_predictions
from leye_platform.partner_api.reach import item_numbered, project_numbered, within
from leye_platform.partner_api.tasks import (
    TaskPage,
    TaskRow,
    decisions_of,
    predictions_of,
    task_answers,
    task_page,
    task_row,
)
from leye_platform.permissions import Permission
from leye_platform.projects.item_withdrawal import ItemNames, withdraw_items
from leye_platform.projects.models import Batch, Item, Project
from leye_platform.projects.pictures_api import picture_links
from leye_platform.projects.rules import ItemState
from leye_platform.retention.service import check_kept

router = APIRouter(prefix="/api", tags=["label-studio"])

PAGE_SIZE, MOST = 100, 1000
LAST_PAGE = 2**40
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
    """The tasks of a project, else of all that one oversees, page by page; `fields=all` with what was answered."""
    projects = _projects(work, project)
    told, total = _page(work, projects, page, page_size, full=fields == "all")
    counted, predicted = answers_and_predictions(work.session, projects)
    return answer({"tasks": told, "total": total, "total_annotations": counted, "total_predictions": predicted})


@router.get("/projects/{project_number}/tasks")
@endpoint(Permission.EXPORT)
def list_project_tasks(
    work: Work, project_number: Number, *, page: Page = 1, page_size: PageSize = PAGE_SIZE
) -> Response:
    """A project's tasks as a plain list, page by page."""
    return answer(_page(work, _projects(work, project_number), page, page_size, full=True)[0])


def _projects(work: Work, number: int) -> list[UUID]:
    """The project with this number; for 0 all that the actor oversees."""
    if number:
        return [project_numbered(work.session, work.actor, number, Permission.EXPORT).id]
    query = select(Project.id).where(within(work.actor, Permission.EXPORT), Project.put_away_at.is_(None))
    return list(work.session.scalars(query))


def _page(
    work: Work, projects: list[UUID], page: int, page_size: int, *, full: bool
) -> tuple[list[dict[str, Any]], int]:
    seen = _seen(work, projects, page, page_size)
    return task_answers(work.session, work.actor, seen.rows, picture_links(work), full=full), seen.total


def _seen(work: Work, projects: list[UUID], page: int, page_size: int) -> TaskPage:
    size = MOST if page_size <= 0 else min(page_size, MOST)
    seen = task_page(work.session, projects, min(page, LAST_PAGE), size)
    if page > 1 and not seen.rows:
        raise PageNotThere
    return seen


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


@router.get("/tasks/{task_number}")
@endpoint(Permission.LABEL)
def read_task(work: Work, task_number: Number) -> Response:
    """A task; for those who only label, one that they have had in hand, with their own answers."""
    item, _ = item_numbered(work.session, work.actor, task_number)
    return answer(_task(work, item))


def _task(work: Work, item: Item) -> dict[str, Any]:
    return task_answers(work.session, work.actor, [task_row(work.session, item.id)], picture_links(work))[0]


@router.patch("/tasks/{task_number}", openapi_extra=TAKES_OBJECT)
@endpoint(Permission.UPLOAD_BATCH)
def change_task(work: Work, task_number: Number, body: Object) -> Response:
    """A task's data do not change once they are in; the same again is accepted."""
    item, _ = item_numbered(work.session, work.actor, task_number, Permission.UPLOAD_BATCH)
    if "data" in body and body["data"] != item.data:
        raise DataStays
    return answer(_task(work, item))


@router.delete("/tasks/{task_number}", status_code=204)
@endpoint(Permission.RUN_BATCH)
def delete_task(work: Work, task_number: Number) -> Response:
    """Withdraw a task that has no result yet; answers to it are paid."""
    item, _ = item_numbered(work.session, work.actor, task_number, Permission.RUN_BATCH)
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
    """What models proposed, and what was decided: of a task, or of a page of tasks."""
    if task:
        rows = [task_row(work.session, item_numbered(work.session, work.actor, task)[0].id)]
    else:
        rows = _seen(work, _projects(work, project), page, page_size).rows
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
    item, project = item_numbered(work.session, work.actor, number, Permission.UPLOAD_BATCH)
    propose_for(work.session, item, project, body)
    return answer(_prediction(work, item, number * 2), 201)


@router.get("/predictions/{prediction_number}")
@endpoint(Permission.EXPORT)
def read_prediction(work: Work, prediction_number: Number) -> Response:
    """One prediction; an even prediction_number is a proposal, an odd one the decision of a task."""
    item, _ = _item_of_prediction(work, prediction_number)
    return answer(_prediction(work, item, prediction_number))


@router.patch("/predictions/{prediction_number}", openapi_extra=TAKES_OBJECT)
@endpoint(Permission.UPLOAD_BATCH)
def change_prediction(work: Work, prediction_number: Number, body: Object) -> Response:
    """Propose something else, while nobody has begun the task."""
    item, project = _item_of_prediction(work, prediction_number, Permission.UPLOAD_BATCH)
    standing = _prediction(work, item, prediction_number)
    if prediction_number % 2:
        raise ProposalStays
    propose_for(work.session, item, project, standing | body)
    return answer(_prediction(work, item, prediction_number))


@router.delete("/predictions/{prediction_number}", status_code=204)
@endpoint(Permission.UPLOAD_BATCH)
def delete_prediction(work: Work, prediction_number: Number) -> Response:
    """Take a proposal back, while nobody has begun the task."""
    item, _ = _item_of_prediction(work, prediction_number, Permission.UPLOAD_BATCH)
    _prediction(work, item, prediction_number)
    if prediction_number % 2:
        raise ProposalStays
    forget_proposal(work.session, item)
    return Response(status_code=204)


@router.post("/projects/{project_number}/import/predictions", status_code=201, openapi_extra=TAKES_JSON)
@endpoint(Permission.UPLOAD_BATCH)
def import_predictions(work: Work, project_number: Number, body: Json) -> Response:
    """Proposals for tasks of the project: all of them, or none where one is refused."""
    project = project_numbered(work.session, work.actor, project_number, Permission.UPLOAD_BATCH)
    if not isinstance(body, list) or not body or not all(isinstance(one, dict) for one in body):
        raise ImportBodyEmpty(example='[{"task": 1, "result": [], "score": 0.9}]')
    numbers = [one.get("task") for one in body]
    if not all(isinstance(one, int) and not isinstance(one, bool) and 0 <= one < 2**63 for one in numbers):
        raise FieldsRefused({"task": "请给出 task：任务的编号。"})
    for one, task in zip(body, numbers, strict=True):
        item = work.session.scalar(select(Item).where(Item.number == task, Item.project_id == project.id))
        if item is None:
            raise TaskNotThere
        check_kept(work.session.get_one(Batch, item.batch_id))
        propose_for(work.session, item, project, one)
    return answer({"created": len(body)}, 201)


def _item_of_prediction(work: Work, number: int, permission: Permission = Permission.EXPORT) -> tuple[Item, Project]:
    try:
        return item_numbered(work.session, work.actor, number // 2, permission)
    except TaskNotThere:
        raise PredictionNotThere from None


def _prediction(work: Work, item: Item, number: int) -> dict[str, Any]:
    row = task_row(work.session, item.id)
    for prediction in _predictions(work, [row]):
        if prediction["id"] == number:
            return prediction
    raise PredictionNotThere
