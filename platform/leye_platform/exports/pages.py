"""Files of labels for people: ask for one in a format, take it, read what it could not hold."""

import re
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import select

from leye_platform.delivery.models import Lot
from leye_platform.delivery.rules import LotState
from leye_platform.endpoint import Work, endpoint
from leye_platform.errors import N_, Refused
from leye_platform.exports.api import link_to
from leye_platform.exports.asking import AskedFile, ask_for_export, exports_of
from leye_platform.exports.format import Format
from leye_platform.exports.formats import FORMATS, formats_for
from leye_platform.exports.losses import told_in
from leye_platform.exports.rules import ExportState
from leye_platform.exports.service import Names, SinceUnknown
from leye_platform.permissions import Permission
from leye_platform.projects.models import Project
from leye_platform.projects.service import project_for
from leye_platform.projects.task_type import task_type
from leye_platform.web.pages import sentence_for

router = APIRouter(prefix="/partner/projects", include_in_schema=False)

MOST_LOTS = 50
"""How many lots a delta can begin after, from the newest on; older ones by API."""
STATE_WORDS: dict[ExportState, tuple[str, str]] = {
    ExportState.WAITING: ("info", N_("排队中")),
    ExportState.WRITING: ("info", N_("正在写")),
    ExportState.READY: ("good", N_("可以下载")),
    ExportState.ERASED: ("", N_("里面有已经删除的数据，文件也删了")),
}
FAILED_WORDS = ("bad", N_("没有写成"))
FIRST = "CSV"
"""What is chosen unless somebody chooses: every program opens it."""
USUAL = ("CSV", "JSON", "COCO", "YOLO", "CONLL2003", "ASR_MANIFEST")
"""What is mostly asked for stands first, in this order; the others are folded."""
PICTURES = "_WITH_IMAGES"
"""How a format is called that brings the pictures along."""
Field = Annotated[str, Form(max_length=40)]


@router.get("/{project_id}/exports")
@endpoint(Permission.EXPORT)
def show(work: Work, project_id: UUID) -> Response:
    """The formats to choose from, and the files that were asked for."""
    project = project_for(work.session, work.actor, project_id, Permission.EXPORT)
    return _page(work, project)


@router.post("/{project_id}/exports")
@endpoint(Permission.EXPORT, form=True)
def ask(
    work: Work,
    project_id: UUID,
    *,
    format_name: Annotated[str, Form(alias="format", max_length=40)] = "",
    since: Field = "",
    original: Field = "",
    pictures: Field = "",
) -> Response:
    """Have the file written, and come back to the list. pictures: with the pictures, where the format has a place."""
    project = project_for(work.session, work.actor, project_id, Permission.EXPORT)
    names = Names.ORIGINAL if original else Names.WANTED
    if pictures and f"{format_name}{PICTURES}" in FORMATS:
        format_name += PICTURES
    try:
        ask_for_export(
            work.session, work.actor, project, format_name=format_name, since=since, names=names, now=work.now
        )
    except Refused as refused:
        field = "since" if isinstance(refused, SinceUnknown) else "format"
        sentence = sentence_for(work.request, refused) if format_name else work.gettext(N_("请先选一种格式。"))
        return _page(work, project, given=(format_name, since, original), problems={field: sentence})
    return RedirectResponse(f"/partner/projects/{project_id}/exports", status_code=303)


def _page(
    work: Work,
    project: Project,
    *,
    given: tuple[str, str, str] = (FIRST, "", ""),
    problems: dict[str, str] | None = None,
) -> Response:
    kind = task_type(project.task_type, project.label_config)
    fitting = [form for form in formats_for(kind.config) if not form.name.endswith(PICTURES)]
    lots = work.session.scalars(
        select(Lot.sequence)
        .where(Lot.project_id == project.id, Lot.state != LotState.ASSEMBLING)
        .order_by(Lot.sequence.desc())
        .limit(MOST_LOTS)
    ).all()
    return work.page(
        "exports/exports.html",
        status=422 if problems else 200,
        project=project,
        partner=work.actor.partner_scope(Permission.EXPORT) is not None,
        usual=_choices(work, [form for form in fitting if form.name in USUAL]),
        more=_choices(work, [form for form in fitting if form.name not in USUAL]),
        with_pictures=[form.name for form in formats_for(kind.config) if form.name.endswith(PICTURES)],
        titles={name: work.gettext(form.title) for name, form in FORMATS.items()},
        lots=[f"L-{sequence:02}" for sequence in lots],
        given=given,
        problems=problems or {},
        files=[_shown(work, asked) for asked in exports_of(work.session, project.id)],
    )


def _choices(work: Work, formats: list[Format]) -> list[dict[str, str]]:
    """Formats to choose from: each by its name, and under it what it is for."""
    found = []
    for form in formats:
        name, *what = re.split(r"：|: ", work.gettext(form.title), maxsplit=1)
        found.append({"value": form.name, "label": name, "hint": "".join(what)})
    return sorted(found, key=lambda one: (*USUAL, one["value"]).index(one["value"]))


def _shown(work: Work, asked: AskedFile) -> dict[str, Any]:
    file = asked.file
    report = told_in(file.report, work.gettext) if file.report else {"losses": []}
    return {
        "file": file,
        "state": FAILED_WORDS if asked.failed else STATE_WORDS[file.state],
        "url": link_to(work, file),
        "losses": report["losses"],
        "since": f"L-{file.after_lot:02}" if file.after_lot else "",
    }
