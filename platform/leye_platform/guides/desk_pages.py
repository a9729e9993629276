"""A guide as its writers see it, coordinators and the partner: how it stands, draft, publishing, questions."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, File, Form, UploadFile
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from leye_platform.accounts.models import Person
from leye_platform.endpoint import Work, endpoint
from leye_platform.errors import N_, FieldsRefused, Unavailable
from leye_platform.guides.draft_form import DraftForm
from leye_platform.guides.drafts import draft_of, save_draft, throw_draft_away
from leye_platform.guides.errors import AnswerEmpty, TooManyPictures
from leye_platform.guides.gold import old_gold
from leye_platform.guides.models import GuideDraft
from leye_platform.guides.pictures import add_picture, store_picture
from leye_platform.guides.publish import newest_version, publish_draft, text_of
from leye_platform.guides.queries import draft_line, pictures_of, questions_of, readers_of, versions_of
from leye_platform.guides.questions import answer
from leye_platform.guides.rules import Example, GuideText, difference, problems_of_text
from leye_platform.guides.shown import guide_html
from leye_platform.holdings.contents import ContentKeeper
from leye_platform.permissions import Permission
from leye_platform.projects.models import Project
from leye_platform.projects.pictures.keeping import KeptPicture
from leye_platform.projects.pictures.refusals import PictureRefused
from leye_platform.projects.service import project_for
from leye_platform.projects.upload_limit import UploadRoute
from leye_platform.web.pages import sentence_for

router = APIRouter(prefix="/projects/{project_id}/guide", include_in_schema=False, route_class=UploadRoute)

Field = Annotated[str, Form()]
EMPTY_EXAMPLE = Example("", "", True, "")
PICTURE_MISSING = N_("请选一张图片。")
DESCRIPTION_MISSING = N_("请写图 {number} 的说明：图里有什么、要看什么。看不见图的人靠它做事。")


@router.get("")
@endpoint(Permission.VIEW_BATCH)
def desk(work: Work, project_id: UUID, done: str = "") -> Response:
    """The versions, the draft, the questions, and gold made under older versions."""
    return _desk(work, project_id, done=done)


def _desk(work: Work, project_id: UUID, *, done: str = "", problem: tuple[UUID, str, str] | None = None) -> Response:
    """problem: the question, what was typed, and the sentence about it."""
    session = work.session
    project = project_for(session, work.actor, project_id, Permission.VIEW_BATCH)
    versions = versions_of(session, project_id)
    return work.page(
        "guides/desk.html",
        status=422 if problem else 200,
        project=project,
        versions=versions,
        draft=draft_line(session, project_id),
        questions=questions_of(session, project_id),
        gold=old_gold(session, project_id, limit=0),
        readers=readers_of(session, project_id, versions[0].version) if versions else None,
        may_write=work.actor.may(Permission.WRITE_GUIDE),
        staff=work.actor.may(Permission.VIEW_PROJECTS),
        done=done,
        problem=problem,
    )


@router.get("/draft")
@endpoint(Permission.WRITE_GUIDE)
def draft_page(work: Work, project_id: UUID, saved: bool = False) -> Response:
    """What is being written; what is in force where nothing was saved yet."""
    project = project_for(work.session, work.actor, project_id, Permission.WRITE_GUIDE)
    text, revision = draft_of(work.session, project_id)
    return _draft_page(work, work.session, project, text, revision, saved=saved)


def _draft_page(
    work: Work,
    session: Session,
    project: Project,
    text: GuideText,
    revision: int,
    *,
    saved: bool = False,
    problems: dict[str, str] | None = None,
    saved_by_another: str = "",
    one_more: bool = False,
) -> Response:
    examples = [*text.examples, EMPTY_EXAMPLE] if one_more or not text.examples else text.examples
    return work.page(
        "guides/draft.html",
        status=422 if problems else 409 if saved_by_another else 200,
        project=project,
        staff=work.actor.may(Permission.VIEW_PROJECTS),
        text=text,
        examples=examples,
        stored=pictures_of(session, text.pictures),
        revision=revision,
        saved=saved,
        problems=problems or {},
        saved_by_another=saved_by_another,
    )


@router.post("/draft")
@endpoint(Permission.WRITE_GUIDE, form=True, session=False)
def write_draft(
    work: Work,
    project_id: UUID,
    form: Annotated[DraftForm, Depends()],
    description: Field = "",
    picture: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """Keep what was typed, and do what the button says: one more example, a picture, on to publishing."""
    kept, problems = _picture(work, form, picture)
    with work.installation.database.write() as session:
        project = project_for(session, work.actor, project_id, Permission.WRITE_GUIDE)
        text, (_, revision), saved = form.text(), draft_of(session, project_id), False
        if revision != form.seen_revision:
            return _draft_page(work, session, project, text, revision, saved_by_another=_saver(session, project_id))
        try:
            if kept is not None:
                text = add_picture(
                    session, work.actor, project_id, kept, text=text, description=description, now=work.now
                )
            revision, saved = save_draft(session, work.actor, project, text, work.now), True
        except TooManyPictures as refused:
            problems = {"picture": sentence_for(work.request, refused)}
        except FieldsRefused as refused:
            problems = {name: work.gettext(sentence) for name, sentence in refused.problems.items()}
        if not saved:
            return _draft_page(work, session, project, text, revision, problems=problems)
        return _after_saving(work, session, project, form, text=text.tidy(), revision=revision, problems=problems)


def _after_saving(
    work: Work,
    session: Session,
    project: Project,
    form: DraftForm,
    *,
    text: GuideText,
    revision: int,
    problems: dict[str, str],
) -> Response:
    """On to the page that the button led to; here again where something is lacking for it."""
    name, _ = form.button
    here = f"/projects/{project.id}/guide/draft"
    if name == "add-picture" and not problems:
        last = text.pictures[-1]
        if not last.description:
            sentence = work.gettext(DESCRIPTION_MISSING).format(number=last.number)
            problems = {f"picture-{last.number}": sentence}
    if name == "publish" and not problems:
        problems = problems_of_text(text, work.gettext)
        if not problems:
            return RedirectResponse(f"/projects/{project.id}/guide/publish", status_code=303)
    if problems or name == "add-example":
        return _draft_page(
            work, session, project, text, revision, problems=problems, one_more=name == "add-example", saved=True
        )
    anchor = {"add-picture": "#pictures", "remove-picture": "#pictures", "remove-example": "#examples"}.get(name, "")
    return RedirectResponse(f"{here}?saved=1{anchor}", status_code=303)


def _picture(work: Work, form: DraftForm, file: UploadFile | None) -> tuple[KeptPicture | None, dict[str, str]]:
    """The picture that was handed in, looked at and stored; or what is wrong with it."""
    if form.button[0] != "add-picture" and (file is None or not file.filename):
        return None, {}
    if file is None or not file.filename:
        return None, {"picture": work.gettext(PICTURE_MISSING)}
    keeper = ContentKeeper(work.installation.database, work.installation.clock)
    try:
        return store_picture(work.installation.objects, file.file, keeper), {}
    except PictureRefused as refused:
        return None, {"picture": work.gettext(str(refused))}
    except OSError:
        raise Unavailable from None


def _saver(session: Session, project_id: UUID) -> str:
    draft = session.get(GuideDraft, project_id)
    return session.get_one(Person, draft.saved_by).name if draft else "—"


@router.post("/draft/discard")
@endpoint(Permission.WRITE_GUIDE, form=True)
def discard_draft(work: Work, project_id: UUID) -> Response:
    """Throw the draft away."""
    project_for(work.session, work.actor, project_id, Permission.WRITE_GUIDE)
    throw_draft_away(work.session, project_id)
    return RedirectResponse(f"/projects/{project_id}/guide?done=discarded", status_code=303)


@router.get("/publish")
@endpoint(Permission.WRITE_GUIDE)
def publish_page(work: Work, project_id: UUID) -> Response:
    """The draft as annotators will see it, what changes for them, and the line that says so."""
    return _publish_page(work, project_id, "", {})


def _publish_page(work: Work, project_id: UUID, change: str, problems: dict[str, str]) -> Response:
    session = work.session
    project = project_for(session, work.actor, project_id, Permission.WRITE_GUIDE)
    text, revision = draft_of(session, project_id)
    if not revision:
        return RedirectResponse(f"/projects/{project_id}/guide", status_code=303)
    newest = newest_version(session, project_id)
    return work.page(
        "guides/publish.html",
        status=422 if problems else 200,
        project=project,
        staff=work.actor.may(Permission.VIEW_PROJECTS),
        newest=newest,
        passages=difference(text_of(newest), text) if newest else [],
        html=guide_html(session, text, work.gettext, top=3),
        readers=readers_of(session, project_id, newest.version) if newest else None,
        change=change,
        problems=problems,
        lacking=problems_of_text(text, work.gettext),
    )


@router.post("/publish")
@endpoint(Permission.WRITE_GUIDE, form=True)
def publish(work: Work, project_id: UUID, over: Annotated[int, Form()] = 0, change: Field = "") -> Response:
    """Make the draft the version in force."""
    project = project_for(work.session, work.actor, project_id, Permission.WRITE_GUIDE)
    try:
        publish_draft(work.session, work.actor, project, change, work.now, over=over, translate=work.gettext)
    except FieldsRefused as refused:
        return _publish_page(work, project_id, change, refused.problems)
    return RedirectResponse(f"/projects/{project_id}/guide?done=published", status_code=303)


@router.post("/questions/{question_id}")
@endpoint(Permission.WRITE_GUIDE, form=True)
def answer_question(
    work: Work, project_id: UUID, question_id: UUID, words: Field = "", shared: Annotated[bool, Form()] = False
) -> Response:
    """Answer a question, for all or for who asked."""
    project_for(work.session, work.actor, project_id, Permission.WRITE_GUIDE)
    try:
        answer(work.session, work.actor, project_id, question_id, words, shared=shared, now=work.now)
    except AnswerEmpty as empty:
        return _desk(work, project_id, problem=(question_id, words, sentence_for(work.request, empty)))
    return RedirectResponse(f"/projects/{project_id}/guide?done=answered#questions", status_code=303)
