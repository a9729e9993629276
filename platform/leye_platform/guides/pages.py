"""A project's guide for everybody who works by it: to read, to ask about, and what changed in it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse, Response, StreamingResponse

from leye_platform.accounts.rules import home_of
from leye_platform.assignments.api import annotator_of
from leye_platform.assignments.pages import BEGIN_WORDS, go_on
from leye_platform.endpoint import Work, endpoint
from leye_platform.guides.errors import GuideMovedOn, PictureMissing, QuestionEmpty
from leye_platform.guides.models import GuidePicture
from leye_platform.guides.publish import text_of
from leye_platform.guides.queries import own_questions, version_of, versions_of
from leye_platform.guides.questions import ask
from leye_platform.guides.readings import confirm, known_version
from leye_platform.guides.rules import difference
from leye_platform.guides.shown import guide_html
from leye_platform.permissions import Permission
from leye_platform.projects.service import project_for
from leye_platform.web.pages import sentence_for
from leye_storage.errors import ObjectMissing

router = APIRouter(prefix="/guides", include_in_schema=False)

Field = Annotated[str, Form()]
KEPT_SECONDS = 7 * 24 * 3600


@router.get("/{project_id}")
@endpoint(Permission.READ_GUIDE)
def guide_page(work: Work, project_id: UUID, version: int | None = None, asked: bool = False) -> Response:
    """A project's guide in force, or an earlier version of it."""
    return _guide_page(work, project_id, version=version, asked=asked)


def _guide_page(
    work: Work,
    project_id: UUID,
    *,
    version: int | None = None,
    asked: bool = False,
    question: str = "",
    problem: str = "",
) -> Response:
    session = work.session
    project = project_for(session, work.actor, project_id, Permission.READ_GUIDE)
    guide = version_of(session, project_id, version)
    versions = versions_of(session, project_id)
    in_force = guide.version == versions[0].version
    return work.page(
        "guides/guide.html",
        status=422 if problem else 200,
        project=project,
        guide=guide,
        html=guide_html(session, text_of(guide), work.gettext, answers_of=project_id if in_force else None),
        in_force=in_force,
        versions=versions,
        home=home_of(work.actor.roles),
        mine=own_questions(session, project_id, work.person_id),
        may_ask=work.actor.may(Permission.WORK),
        may_write=work.actor.may(Permission.WRITE_GUIDE),
        asked=asked,
        question=question,
        problem=problem,
    )


@router.post("/{project_id}/questions")
@endpoint(Permission.WORK, form=True)
def ask_question(work: Work, project_id: UUID, question: Field = "") -> Response:
    """Ask the coordinator what the guide leaves open."""
    project_for(work.session, work.actor, project_id, Permission.READ_GUIDE)
    try:
        ask(work.session, work.actor, project_id, question, work.now)
    except QuestionEmpty as empty:
        return _guide_page(work, project_id, question=question, problem=sentence_for(work.request, empty))
    return RedirectResponse(f"/guides/{project_id}?asked=1#mine", status_code=303)


@router.get("/{project_id}/changes")
@endpoint(Permission.READ_GUIDE)
def changes_page(
    work: Work, project_id: UUID, since: int | None = None, after: str = "", shared: bool = False
) -> Response:
    """What changed from one version to the one in force: from the one the reader knows, or `since`.

    after: what became of the task before. shared: the project was drawn for the reader, who named none.
    Somebody who knows the guide in force is asked nothing.
    """
    session = work.session
    project = project_for(session, work.actor, project_id, Permission.READ_GUIDE)
    guide = version_of(session, project_id)
    known = known_version(session, work.person_id, project_id) if work.actor.may(Permission.WORK) else None
    to_confirm = known is not None and known < guide.version
    start = known if to_confirm and known else since or guide.version - 1
    if not 1 <= start < guide.version:
        return RedirectResponse(f"/guides/{project_id}", status_code=303)
    older = version_of(session, project_id, start)
    return work.page(
        "guides/changes.html",
        project=project,
        guide=guide,
        older=older,
        passages=difference(text_of(older), text_of(guide)),
        lines=[line for line in versions_of(session, project_id) if start < line.version],
        html=guide_html(session, text_of(guide), work.gettext, top=3),
        to_confirm=to_confirm,
        home=home_of(work.actor.roles),
        begin=BEGIN_WORDS.get(after),
        after=after if after in BEGIN_WORDS else "",
        shared=shared,
    )


@router.post("/{project_id}/changes")
@endpoint(Permission.WORK, form=True, session=False)
def confirm_changes(
    work: Work, project_id: UUID, version: Annotated[int, Form()] = 0, after: Field = "", shared: Field = ""
) -> Response:
    """The reader has seen what changed, and goes on to the next task: of the project, or as it was drawn (`shared`)."""
    annotator_of(work.actor)
    with work.installation.database.write() as session:
        project_for(session, work.actor, project_id, Permission.READ_GUIDE)
        try:
            confirm(session, work.person_id, project_id, version, work.now)
        except GuideMovedOn:
            return RedirectResponse(f"/guides/{project_id}/changes", status_code=303)
    # Confirmed for good before a task is asked for.
    with work.installation.database.write() as session:
        return go_on(work, session, None if shared else project_id, after)


@router.get("/pictures/{picture_id}")
@endpoint(Permission.READ_GUIDE)
def picture(work: Work, picture_id: UUID) -> Response:
    """A picture of a guide, for those who may read the guide. Pictures never change."""
    found = work.session.get(GuidePicture, picture_id)
    if found is None:
        raise PictureMissing
    project_for(work.session, work.actor, found.project_id, Permission.READ_GUIDE)
    objects = work.installation.objects
    try:
        size = objects.stat(found.key).size
    except ObjectMissing:
        raise PictureMissing from None
    headers = {"Content-Length": str(size), "Cache-Control": f"private, max-age={KEPT_SECONDS}, immutable"}
    return StreamingResponse(objects.read(found.key), headers=headers, media_type=found.media_type)
