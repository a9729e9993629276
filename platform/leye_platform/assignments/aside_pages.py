"""Beside the workbench: why a task is skipped, and whom to ask about it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse, Response

from leye_platform.assignments import leases
from leye_platform.assignments.bench import Bench, bench_of
from leye_platform.assignments.errors import SkipReasonMissing
from leye_platform.assignments.pages import ANSWERABLE, go_on
from leye_platform.assignments.queries import leader_of
from leye_platform.assignments.rules import SKIP_WORDS, AssignmentState, SkipReason
from leye_platform.endpoint import Work, endpoint
from leye_platform.errors import N_
from leye_platform.guides.shown import guide_html
from leye_platform.permissions import Permission
from leye_platform.teams.help_requests import open_request

router = APIRouter(include_in_schema=False)

Field = Annotated[str, Form()]
LONGEST_COMMENT = 500


@router.get("/work/tasks/{assignment_id}/skip")
@endpoint(Permission.WORK)
def skip_page(work: Work, assignment_id: UUID) -> Response:
    """The reasons for which a task may be passed on."""
    bench = bench_of(work.session, assignment_id, work.person_id, work.now)
    if bench.seen.state is not AssignmentState.LEASED:
        return _nothing_to_skip(bench)
    return _skip_page(work, bench)


@router.post("/work/tasks/{assignment_id}/skip")
@endpoint(Permission.WORK, form=True, session=False)
def skip(work: Work, assignment_id: UUID, *, reason: Field = "", comment: Field = "") -> Response:
    """Pass the task on, for a reason, and go on to the next one."""
    why = SkipReason(reason) if reason in set(SkipReason) else None
    database, words = work.installation.database, comment[:LONGEST_COMMENT]
    with database.write() as session:
        bench = bench_of(session, assignment_id, work.person_id, work.now)
        if bench.seen.state not in {AssignmentState.LEASED, AssignmentState.SKIPPED}:
            return _nothing_to_skip(bench)
        try:
            leases.skip(session, work.person_id, assignment_id, why, now=work.now, comment=words)
        except SkipReasonMissing as missing:
            return _skip_page(work, bench, comment=words, problem=work.gettext(missing.sentence))
    # Skipped for good before the next task is asked for.
    with database.write() as session:
        return go_on(work, session, bench.seen.stays_in, "skipped")


@router.post("/work/tasks/{assignment_id}/release")
@endpoint(Permission.WORK, form=True)
def release(work: Work, assignment_id: UUID) -> Response:
    """Give the task back without a reason, and go home; sent twice, nothing more happens."""
    bench = bench_of(work.session, assignment_id, work.person_id, work.now)
    if bench.seen.state not in {AssignmentState.LEASED, AssignmentState.RELEASED}:
        return _nothing_to_skip(bench)
    leases.release(work.session, work.person_id, assignment_id, work.now)
    return RedirectResponse("/work?after=released", status_code=303)


def _nothing_to_skip(bench: Bench) -> Response:
    """To the task's own page, which says how it stands; home where the lease ran out and others may be asked."""
    run_out = bench.seen.state is AssignmentState.EXPIRED
    address = "/work?after=passed" if run_out else f"/work/tasks/{bench.seen.assignment_id}"
    return RedirectResponse(address, status_code=303)


def _skip_page(work: Work, bench: Bench, *, comment: str = "", problem: str = "") -> Response:
    options = [
        {
            "value": reason.value,
            "label": work.gettext(words),
            "key": str(number),
            "command": f"choose {number}",
        }
        for number, (reason, words) in enumerate(SKIP_WORDS.items(), start=1)
    ]
    return work.page(
        "work/skip.html",
        status=422 if problem else 200,
        bench=bench,
        options=options,
        comment=comment,
        problem=problem,
        commands=[{"command": one["command"], "label": one["label"], "key": one["key"]} for one in options]
        + [{"command": "submit", "label": work.gettext(N_("跳过这条")), "key": "Enter"}],
    )


@router.get("/work/tasks/{assignment_id}/help")
@endpoint(Permission.WORK)
def help_page(work: Work, assignment_id: UUID) -> Response:
    """Whom to ask about this task, in writing, and the guide once more."""
    bench = bench_of(work.session, assignment_id, work.person_id, work.now)
    if bench.seen.state not in ANSWERABLE:
        return RedirectResponse(f"/work/tasks/{assignment_id}", status_code=303)
    asked = open_request(work.session, work.person_id, assignment_id)
    guide = guide_html(work.session, bench.guide.text, work.gettext, top=3, answers_of=bench.seen.project_id)
    return work.page(
        "work/help.html", bench=bench, guide=guide, leader=leader_of(work.session, work.person_id), asked=asked
    )
