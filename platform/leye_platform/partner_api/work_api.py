"""Label Studio's work: `next`, annotations, drafts."""

from fastapi import APIRouter
from starlette.responses import Response

from leye_platform.assignments.claim import Nothing
from leye_platform.assignments.drafts import drop_draft, save_draft
from leye_platform.assignments.errors import TaskGivenBack, TaskSkipped
from leye_platform.assignments.queries import task_seen
from leye_platform.assignments.rules import NO_TASK_WORDS
from leye_platform.endpoint import Work, endpoint
from leye_platform.partner_api.annotations import annotation_numbered, annotations_of_tasks
from leye_platform.partner_api.bodies import TAKES_OBJECT, Number, Object, answer, at
from leye_platform.partner_api.errors import AnnotationStays, DraftNotThere, NotClaimed, NotYours
from leye_platform.partner_api.reach import held_by, item_numbered, oversees, project_to_label
from leye_platform.partner_api.work import (
    answer_task,
    correct_annotation,
    next_task,
    result_of,
    task_in_hand_answer,
)
from leye_platform.permissions import Permission
from leye_platform.projects.pictures_api import picture_links
from leye_platform.web.label_studio_problem import label_studio_problem
from leye_platform.web.pages import sentence_for

router = APIRouter(prefix="/api", tags=["label-studio"])


@router.get("/projects/{project_number}/next", responses={404: {"description": "No task just now; `detail` says why"}})
@endpoint(Permission.LABEL, writes=True)
def give_next(work: Work, project_number: Number) -> Response:
    """The next task under a lease; the same one while it is held."""
    project = project_to_label(work.session, work.actor, project_number)
    found = next_task(work.session, work.actor, project, work.installation.key_ring, work.now)
    if isinstance(found, Nothing):
        work.keep_despite_refusal()  # cursors moved, leases that ended were settled
        sentence = work.gettext(NO_TASK_WORDS[found.reason])
        refused = label_studio_problem(404, sentence)
        refused.headers["Retry-After"] = str(found.retry_after)
        return refused
    return answer(task_in_hand_answer(found, project.number, picture_links(work)))


@router.post("/tasks/{task_number}/annotations", status_code=201, openapi_extra=TAKES_OBJECT)
@endpoint(Permission.LABEL)
def annotate(work: Work, task_number: Number, body: Object) -> Response:
    """Answer a task: one's own lease of it; without one, only where one oversees the project. Accepted once."""
    try:
        stored = answer_task(
            work.session, work.actor, task_number, body, key_ring=work.installation.key_ring, now=work.now
        )
    except (TaskGivenBack, TaskSkipped) as error:
        work.keep_despite_refusal()  # the answer was kept as a draft
        return label_studio_problem(400, sentence_for(work.request, error))
    if stored is None:
        skipped = {
            "id": 0,
            "task": task_number,
            "result": [],
            "was_cancelled": True,
            "completed_by": work.actor.number,
        }
        return answer(skipped, 201)
    if stored.new:
        return answer(
            {
                "id": stored.number,
                "result": body["result"],
                "completed_by": work.actor.number,
                "task": task_number,
                "lead_time": body.get("lead_time"),
                "created_at": at(stored.submitted_at),
                "updated_at": at(stored.submitted_at),
                "was_cancelled": False,
                "ground_truth": False,
                "created_username": str(work.actor.number),
                "created_ago": "0 minutes",
                "draft_created_at": None,
                "result_count": len(body["result"]),
                "unique_id": None,
                "parent_prediction": None,
                "parent_annotation": None,
                "last_action": None,
                "last_created_by": None,
                "updated_by": work.actor.number,
                "bulk_created": False,
                "import_id": None,
            },
            201,
        )
    return answer(annotation_numbered(work.session, work.actor, stored.number).answer(), 201)


@router.get("/tasks/{task_number}/annotations")
@endpoint(Permission.LABEL)
def list_annotations(work: Work, task_number: Number) -> Response:
    """The answers to a task; for those who only label, their own."""
    item_numbered(work.session, work.actor, task_number)
    found = annotations_of_tasks(work.session, work.actor, [task_number])
    return answer([annotation.answer() for annotation in found.get(task_number, ())])


@router.get("/annotations/{annotation_number}")
@endpoint(Permission.LABEL)
def read_annotation(work: Work, annotation_number: Number) -> Response:
    """One answer."""
    return answer(annotation_numbered(work.session, work.actor, annotation_number).answer())


@router.patch("/annotations/{annotation_number}", openapi_extra=TAKES_OBJECT)
@endpoint(Permission.LABEL)
def change_annotation(work: Work, annotation_number: Number, body: Object) -> Response:
    """Correct one's own answer: another `result` replaces it under the same id while the task can still change."""
    standing = annotation_numbered(work.session, work.actor, annotation_number)
    correct_annotation(work.session, work.actor, standing, body, work.now)
    return answer(annotation_numbered(work.session, work.actor, annotation_number).answer())


@router.delete("/annotations/{annotation_number}")
@endpoint(Permission.LABEL)
def delete_annotation(work: Work, annotation_number: Number) -> Response:
    """Answers are records, and are not deleted."""
    annotation_numbered(work.session, work.actor, annotation_number)
    raise AnnotationStays


@router.get("/tasks/{task_number}/drafts")
@endpoint(Permission.LABEL)
def list_drafts(work: Work, task_number: Number) -> Response:
    """One's own draft of a task, if there is one; its id is the task's."""
    item_numbered(work.session, work.actor, task_number)
    held = held_by(work.session, work.person_id, task_number)
    seen = None if held is None else task_seen(work.session, held.id, work.person_id)
    if seen is None or seen.draft is None:
        return answer([])
    return answer([_draft(work, task_number, seen.draft, at(seen.draft_saved_at))])


@router.post("/tasks/{task_number}/drafts", status_code=201, openapi_extra=TAKES_OBJECT)
@endpoint(Permission.LABEL)
def put_draft(work: Work, task_number: Number, body: Object) -> Response:
    """Keep the answer so far, of a task that one holds."""
    return answer(_saved(work, task_number, body), 201)


@router.get("/drafts/{draft_number}")
@endpoint(Permission.LABEL)
def read_draft(work: Work, draft_number: Number) -> Response:
    """One's own draft of the task with this draft_number."""
    held = held_by(work.session, work.person_id, draft_number)
    seen = None if held is None else task_seen(work.session, held.id, work.person_id)
    if seen is None or seen.draft is None:
        raise DraftNotThere
    return answer(_draft(work, draft_number, seen.draft, at(seen.draft_saved_at)))


@router.patch("/drafts/{draft_number}", openapi_extra=TAKES_OBJECT)
@endpoint(Permission.LABEL)
def change_draft(work: Work, draft_number: Number, body: Object) -> Response:
    """Keep the answer so far."""
    if held_by(work.session, work.person_id, draft_number) is None:
        raise DraftNotThere
    return answer(_saved(work, draft_number, body))


@router.delete("/drafts/{draft_number}", status_code=204)
@endpoint(Permission.LABEL)
def delete_draft(work: Work, draft_number: Number) -> Response:
    """Forget the draft."""
    held = held_by(work.session, work.person_id, draft_number)
    if held is None:
        raise DraftNotThere
    drop_draft(work.session, held.id)
    return Response(status_code=204)


def _saved(work: Work, number: int, body: Object) -> dict[str, object]:
    held = held_by(work.session, work.person_id, number)
    if held is None:
        if not oversees(work.actor):
            raise NotYours
        item_numbered(work.session, work.actor, number)
        raise NotClaimed
    result = result_of(body)
    save_draft(work.session, work.person_id, held.id, result, work.now)
    return _draft(work, number, result, at(work.now))


def _draft(work: Work, number: int, result: list[object], moment: str | None) -> dict[str, object]:
    return {
        "id": number,
        "task": number,
        "result": result,
        "user": str(work.actor.number),
        "annotation": None,
        "lead_time": None,
        "was_postponed": False,
        "created_at": moment,
        "updated_at": moment,
    }
