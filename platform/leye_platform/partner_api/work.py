"""`next`, and answers: claim and submit in Label Studio's words."""

from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, case, select
from sqlalchemy.orm import Session

from leye_platform.actor import Actor
from leye_platform.assignments import leases
from leye_platform.assignments.claim import Nothing, claim
from leye_platform.assignments.core_tables import (
    assignments,
    drafts,
    items,
    micro_tasks,
    responses,
)
from leye_platform.assignments.correct import Correction, correct
from leye_platform.assignments.lanes import Claimant
from leye_platform.assignments.own import load_standing
from leye_platform.assignments.rules import AssignmentState, SkipReason
from leye_platform.assignments.submit import Submission, Submitted, submit, submit_loaded
from leye_platform.assignments.unasked import take_unasked
from leye_platform.matching.sealing import KeyRing
from leye_platform.partner_api.annotations import Annotation
from leye_platform.partner_api.bodies import at
from leye_platform.partner_api.errors import AnnotationOfAnother, NotYours, ResultMissing, ResultNotKept
from leye_platform.partner_api.pictures import with_plain_pictures
from leye_platform.partner_api.reach import (
    LEASES_ELSEWHERE,
    Held,
    ProjectAtHand,
    annotator_of,
    held_by,
    item_numbered,
    oversees,
)
from leye_platform.prepared import Prepared
from leye_platform.projects.ingest.brought_along import active_ms_of
from leye_platform.projects.ingest.rows import RowRefused, check_value
from leye_platform.projects.pictures.links import PictureLinks


class TaskInHand(NamedTuple):
    """A task as its holder sees it."""

    number: int
    row: int
    data: dict[str, Any]
    created_at: datetime
    overlap: int
    proposal: dict[str, Any] | None
    draft: list[Any] | None
    draft_at: datetime | None


IN_HAND = Prepared(
    select(
        items.c.number,
        items.c.row,
        items.c.data,
        items.c.created_at,
        micro_tasks.c.overlap_wanted,
        case((assignments.c.proposal_shown, micro_tasks.c.proposal)),
        drafts.c.result,
        drafts.c.saved_at,
    )
    .select_from(assignments)
    .join(items, items.c.id == assignments.c.item_id)
    .join(micro_tasks, micro_tasks.c.id == assignments.c.microtask_id)
    .outerjoin(drafts, drafts.c.assignment_id == assignments.c.id)
    .where(assignments.c.id == bindparam("assignment"))
)


def next_task(
    session: Session, actor: Actor, project: ProjectAtHand, key_ring: KeyRing, now: datetime
) -> TaskInHand | Nothing:
    """The actor's next task of the project, of one part; the one they hold in it, where they hold one.

    A lease in another project, or of a part, is given back: a client of Label Studio knows of one lock for each
    project, and an answer to what was given back is kept as a draft.
    """
    if project.lease_elsewhere is not None:
        elsewhere = {"person": actor.person_id, "project": project.id}
        for (lease,) in LEASES_ELSEWHERE.all(session, elsewhere):
            leases.release(session, actor.person_id, lease, now)
    claimed = claim(session, Claimant(actor.person_id, now, project.id, whole=True), key_ring)
    if isinstance(claimed, Nothing):
        return claimed
    return TaskInHand(*IN_HAND.one(session, {"assignment": claimed.assignment_id}))


def task_in_hand_answer(task: TaskInHand, project: int, links: PictureLinks) -> dict[str, Any]:
    """The task in Label Studio's form: without anybody else's answers."""
    proposals = []
    if task.proposal is not None:
        proposals = [
            {
                "id": task.number * 2,
                "result": task.proposal["result"],
                "score": task.proposal.get("score"),
                "model_version": task.proposal.get("model_version") or "",
                "task": task.number,
                "project": project,
                "created_at": at(task.created_at),
                "updated_at": at(task.created_at),
            }
        ]
    own = []
    if task.draft is not None:
        own = [{"id": task.number, "result": task.draft, "created_at": at(task.draft_at), "task": task.number}]
    return {
        "id": task.number,
        "data": with_plain_pictures(task.data, links),
        "project": project,
        "created_at": at(task.created_at),
        "updated_at": at(task.created_at),
        "inner_id": task.row,
        "overlap": task.overlap,
        "is_labeled": False,
        "annotations": [],
        "predictions": proposals,
        "total_predictions": len(proposals),
        "drafts": own,
        "meta": {},
        "cancelled_annotations": 0,
        "file_upload": None,
        "comment_count": 0,
        "unresolved_comment_count": 0,
        "last_comment_updated_at": None,
        "comment_authors": [],
        "updated_by": [],
        "queue": "",
    }


def answer_task(
    session: Session, actor: Actor, number: int, given: dict[str, Any], *, key_ring: KeyRing, now: datetime
) -> Submitted | None:
    """Store an answer to a task: under the actor's lease, or unasked where they oversee the project.

    None where the body cancels instead (`was_cancelled`): then the task was skipped. Raises TaskNotThere, NotYours,
    ResultMissing, ItemInParts, AnswerRefused, TaskGivenBack, TaskSkipped.
    """
    standing = load_standing(session, actor.person_id, number)
    other = None if standing is not None else held_by(session, actor.person_id, number)
    held = standing or other
    unasked = standing is None and (other is None or (oversees(actor) and _is_given_up(other)))
    if unasked and not oversees(actor):
        raise NotYours
    item_id = item_numbered(session, actor, number)[0].id if unasked else None
    if given.get("was_cancelled"):
        if held is None:
            raise NotYours
        leases.skip(session, actor.person_id, held.id, SkipReason.OTHER, now=now)
        return None
    result = result_of(given)
    if item_id is not None:
        assignment_id = take_unasked(session, actor.person_id, item_id, now)
    else:
        assert held is not None  # noqa: S101 -- or it were unasked
        assignment_id = held.id
    submission = Submission(
        result=result,
        idempotency_key=f"label-studio:{assignment_id}",
        active_ms=active_ms_of(given.get("lead_time")) or None,
        keep_as_sent=True,
        unasked=unasked,
    )
    # Whoever oversees a project could else pay themselves for as many answers as it has tasks.
    who = replace(annotator_of(actor), paid=False) if unasked else annotator_of(actor)
    if standing is not None:
        return submit_loaded(session, who, standing, submission, key_ring=key_ring, now=now)
    return submit(session, who, assignment_id, submission, key_ring=key_ring, now=now)


def _is_given_up(held: Held) -> bool:
    return held.past or held.state in {AssignmentState.RELEASED, AssignmentState.SKIPPED}


def correct_annotation(
    session: Session, actor: Actor, standing: Annotation, given: dict[str, Any], now: datetime
) -> None:
    """Let the actor's own annotation say what the body's `result` says; nothing where the body has none.

    Raises AnnotationOfAnother, ResultMissing, ResultNotKept, and what `correct` raises.
    """
    if "result" not in given or given["result"] == standing.result:
        return
    if standing.author != actor.number:
        raise AnnotationOfAnother
    correction = Correction(result_of(given), keep_as_sent=True)
    assignment_id = session.scalars(
        select(responses.c.assignment_id).where(responses.c.number == standing.number)
    ).one()
    correct(session, actor.person_id, assignment_id, correction, now)


def result_of(given: dict[str, Any]) -> list[Any]:
    """The `result` of a body, as it can be stored. Raises ResultMissing, ResultNotKept."""
    result = given.get("result")
    if not isinstance(result, list):
        raise ResultMissing
    try:
        check_value(result, "result")
    except RowRefused as refused:
        raise ResultNotKept(problem=str(refused)) from None
    return result
