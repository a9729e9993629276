"""The way back to one's own answer: the workbench once more, with the answer in it, to put it right."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from leye_platform.assignments.api import LONGEST_KEY, annotator_of
from leye_platform.assignments.bench import Bench, bench_of
from leye_platform.assignments.correct import Correction, check_correctable, correct
from leye_platform.assignments.pages import go_on, task_page
from leye_platform.assignments.rules import AssignmentState
from leye_platform.endpoint import Work, endpoint
from leye_platform.permissions import Permission
from leye_platform.projects.rules import storable_text
from leye_task_templates.template import ResultRefused

router = APIRouter(include_in_schema=False)

Field = Annotated[str, Form()]


@router.get("/work/tasks/{assignment_id}/correct")
@endpoint(Permission.WORK)
def correct_page(work: Work, assignment_id: UUID) -> Response:
    """One's answer, to be put right, or why it can no longer be."""
    bench = bench_of(work.session, assignment_id, work.person_id, work.now)
    if bench.seen.state is not AssignmentState.SUBMITTED:
        return _to_task(bench)
    check_correctable(work.session, work.person_id, assignment_id)
    return _page(work, work.session, bench, bench.chosen)


@router.post("/work/tasks/{assignment_id}/correct")
@endpoint(Permission.WORK, form=True, session=False)
def correct_by_form(
    work: Work,
    assignment_id: UUID,
    *,
    do: Field = "submit",
    choice: Annotated[list[str] | None, Form()] = None,
    idempotency_key: Field = "",
) -> Response:
    """What the bar's commands do (`do`: submit, undo, leave); other commands show the page as it is posted."""
    database, key = work.installation.database, storable_text(idempotency_key).strip()[:LONGEST_KEY]
    with database.write() as session:
        bench = bench_of(session, assignment_id, work.person_id, work.now)
        if bench.seen.state is not AssignmentState.SUBMITTED or do == "leave":
            return _to_task(bench)
        if do == "undo":
            return RedirectResponse(f"/work/tasks/{assignment_id}/correct", status_code=303)
        try:
            result = bench.kind.template.result_from_form(bench.kind.config, bench.seen.content, choice or [])
        except ResultRefused as refused:
            problem = work.gettext(refused.template).format(**refused.arguments)
            return _page(work, session, bench, choice or [], problem=problem)
        if do != "submit":
            return _page(work, session, bench, choice or [])
        person = annotator_of(work.actor).person_id
        correct(session, person, assignment_id, Correction(result, key or None), work.now)
    # The answer is corrected before the next task is asked for: whatever happens there, it stands.
    with database.write() as session:
        return go_on(work, session, bench.seen.stays_in, "corrected")


def _to_task(bench: Bench) -> Response:
    return RedirectResponse(f"/work/tasks/{bench.seen.assignment_id}", status_code=303)


def _page(work: Work, session: Session, bench: Bench, chosen: list[str], *, problem: str = "") -> Response:
    return task_page(work, session, bench, chosen, problem=problem, status=422 if problem else 200, corrects=True)
