"""A project's gold for the coordinator: how much is unseen, and what an older guide made, to look at again."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse, Response

from leye_platform.endpoint import Work, endpoint
from leye_platform.errors import N_
from leye_platform.gold.rules import RETIRED_WORDS, WANTED
from leye_platform.gold.stock import doubted_items, retired_counts, stock_of
from leye_platform.guides.gold import confirm_gold, old_gold, retire_gold
from leye_platform.permissions import Permission
from leye_platform.projects.models import Item, MicroTask
from leye_platform.projects.pictures.links import PictureLinks
from leye_platform.projects.pictures_api import picture_links
from leye_platform.projects.rules import Pipeline
from leye_platform.projects.service import project_for
from leye_platform.projects.splitting import whole_content
from leye_platform.projects.task_type import TaskType, task_type

router = APIRouter(prefix="/projects/{project_id}/gold", include_in_schema=False)

NOTHING_CHOSEN = N_("请先勾选标准题。")


@router.get("")
@endpoint(Permission.VIEW_PROJECTS)
def gold_page(work: Work, project_id: UUID, done: str = "") -> Response:
    """The stock of gold, and the gold items that nobody has looked at since the guide in force came out."""
    return _page(work, project_id, done=done)


def _page(work: Work, project_id: UUID, *, done: str = "", problem: str = "") -> Response:
    project = project_for(work.session, work.actor, project_id, Permission.VIEW_PROJECTS)
    kind = task_type(project.task_type, project.label_config)
    old, links = old_gold(work.session, project_id), picture_links(work)
    return work.page(
        "guides/gold.html",
        status=422 if problem else 200,
        project=project,
        old=old,
        stock=stock_of(work.session, project_id, work.now),
        retired={
            RETIRED_WORDS[reason]: count for reason, count in sorted(retired_counts(work.session, project_id).items())
        },
        doubted=doubted_items(work.session, project_id),
        wanted=WANTED,
        gold_share=Pipeline.model_validate(project.pipeline).gold_share,
        rows=[_row(kind, item) | {"view": _view(kind, item, task, links)} for item, task in old.rows],
        may_manage=work.actor.may(Permission.MANAGE_PROJECTS),
        done=done,
        problem=problem,
    )


def _row(kind: TaskType, item: Item) -> dict[str, Any]:
    return {
        "id": str(item.id),
        "name": item.external_id or str(item.number),
        "made_at": item.created_at,
        "content": [str(value) for name, value in item.data.items() if name in kind.config.variables],
        "answer": _in_words(kind, item),
        "result": item.gold_result or [],
    }


def _view(kind: TaskType, item: Item, task: MicroTask, links: PictureLinks) -> dict[str, Any] | None:
    """What annotators see of it, uncut, with links, where that is a picture."""
    if not kind.config.images:
        return None
    shown: dict[str, Any] = links.linked(
        kind.template.view(kind.config, whole_content(kind, item.data, [task.content]))
    )
    return shown


def _in_words(kind: TaskType, item: Item) -> str:
    return kind.template.describe(kind.config, item.gold_result or [])


@router.post("")
@endpoint(Permission.MANAGE_PROJECTS, form=True)
def look_again(
    work: Work,
    project_id: UUID,
    do: Annotated[str, Form()] = "",
    version: Annotated[int, Form()] = 0,
    item: Annotated[list[UUID] | None, Form()] = None,
) -> Response:
    """Confirm the chosen items under the guide in force, or take them out of use."""
    project = project_for(work.session, work.actor, project_id, Permission.MANAGE_PROJECTS)
    if not item:
        return _page(work, project_id, problem=work.gettext(NOTHING_CHOSEN))
    deed = retire_gold if do == "retire" else confirm_gold
    deed(work.session, work.actor, project, item, work.now, version=version)
    return RedirectResponse(
        f"/projects/{project_id}/gold?done={'retired' if do == 'retire' else 'confirmed'}", status_code=303
    )
