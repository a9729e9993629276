"""The coordinator's list of batches at work: freeze claims, resume, deliver what is ready, for several at once."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse, Response

from leye_platform.endpoint import Work, endpoint
from leye_platform.errors import N_
from leye_platform.permissions import Permission
from leye_platform.projects.at_work import Deed, batches_at_work, do_to_all
from leye_platform.projects.batch_words import STATE_WORDS

router = APIRouter(include_in_schema=False)

DONE_WORDS = {
    Deed.FREEZE: N_("暂停了 {count} 个批次，不再派新任务。手上正做着的人可以做完。"),
    Deed.RESUME: N_("{count} 个批次接着做，标注员又能领到任务了。"),
    Deed.DELIVER: N_("{count} 个批次正在交付，稍后合作企业就能看到。"),
}
NOTHING_WORDS = {
    Deed.FREEZE: N_("没有改：选的批次本来就停着。"),
    Deed.RESUME: N_("没有改：选的批次本来就在做，或者还缺单价、报酬或规范。"),
    Deed.DELIVER: N_("没有可以交付的：选的批次里还没有新的判定。"),
}


@router.get("/projects/at-work")
@endpoint(Permission.VIEW_PROJECTS)
def show(work: Work, page: int = 1, whole: bool = False, deed: Deed | None = None, count: int = 0) -> Response:
    """The batches at work. `whole`: each of this page is chosen. `deed`, `count`: what has just been done."""
    return _page(work, page=page, chosen_all=whole, deed=deed, count=count)


@router.post("/projects/at-work")
@endpoint(Permission.CUT_LOT, form=True)
def act(
    work: Work,
    deed: Annotated[Deed, Form()],
    batch: Annotated[list[UUID] | None, Form()] = None,
    page: Annotated[int, Form()] = 1,
) -> Response:
    """Do it to the chosen batches."""
    if not batch:
        return _page(work, page=page, problem=work.gettext(N_("请先选批次，再按下面的按钮。")))
    count = do_to_all(work.session, work.actor, deed, batch, work.now)
    return RedirectResponse(f"/projects/at-work?page={page}&deed={deed.value}&count={count}", status_code=303)


def _page(
    work: Work, *, page: int, chosen_all: bool = False, deed: Deed | None = None, count: int = 0, problem: str = ""
) -> Response:
    told = ""
    if deed is not None:
        told = work.gettext((DONE_WORDS if count else NOTHING_WORDS)[deed]).format(count=count)
    return work.page(
        "projects/at_work.html",
        status=422 if problem else 200,
        listed=batches_at_work(work.session, page, work.now),
        chosen_all=chosen_all,
        told=told,
        told_kind="good" if count else "info",
        problem=problem,
        state_words=STATE_WORDS,
        may_act=work.actor.may(Permission.CUT_LOT),
    )
