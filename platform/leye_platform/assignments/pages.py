"""The annotator's workbench for people: claim, one task, and what its bar does, as plain forms.

With JavaScript the page's modules speak to the API instead, and post here only what leaves the page.
"""

from dataclasses import dataclass, replace
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Form
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from leye_platform.assignments.api import LONGEST_KEY, annotator_of
from leye_platform.assignments.bench import Bench, bench_of
from leye_platform.assignments.claim import Nothing, claim
from leye_platform.assignments.correct import is_correctable
from leye_platform.assignments.drafts import save_draft
from leye_platform.assignments.errors import AlreadyDecided, TaskGivenBack, TaskSkipped
from leye_platform.assignments.lanes import Claimant
from leye_platform.assignments.rules import AssignmentState
from leye_platform.assignments.submit import Submission, submit
from leye_platform.endpoint import Work, endpoint
from leye_platform.errors import N_
from leye_platform.guides.errors import GuideNotConfirmed
from leye_platform.guides.shown import guide_html
from leye_platform.ids import new_id
from leye_platform.permissions import Permission
from leye_platform.projects.errors import ProjectMissing
from leye_platform.projects.pictures_api import picture_links
from leye_platform.projects.rules import storable_text
from leye_platform.web.workbench import tool_commands
from leye_task_templates.template import ResultRefused

router = APIRouter(include_in_schema=False)

Field = Annotated[str, Form()]
ANSWERABLE = frozenset({AssignmentState.LEASED, AssignmentState.EXPIRED})
BEGIN_WORDS = {"submitted": N_("上一条已提交"), "skipped": N_("上一条已跳过"), "corrected": N_("刚才那条已更正")}
CORRECTING, AS_IT_STANDS = N_("更正答案"), N_("已选好原来的答案")
IN_HAND = frozenset({"skip", "help"})
IN_CORRECTION = {"leave": N_("不改了"), "submit": N_("提交更正")}
"""What two commands of the bar are called where an answer is put right: nothing is kept of a correction not sent."""
"""Commands of the bar that are for a task in hand."""
ENDED_WORDS: dict[AssignmentState, tuple[str, str]] = {
    AssignmentState.SUBMITTED: (N_("这条已经提交"), N_("答案存好了，只算一次。")),
    AssignmentState.SKIPPED: (N_("这条你跳过了"), N_("已经交给别人，不影响收入。写过的答案存成了草稿。")),
    AssignmentState.RELEASED: (N_("这条你退还了"), N_("已经交给别人，不影响收入。写过的答案存成了草稿。")),
}


@dataclass(frozen=True)
class Posted:
    """The workbench's form: what is chosen, the active time so far (milliseconds), the key of this page."""

    choices: list[str]
    active_ms: int | None
    idempotency_key: str


@router.post("/work/next")
@endpoint(Permission.WORK, form=True)
def take_next(work: Work, *, project: Field = "", after: Field = "", last: Field = "") -> Response:
    """Claim the next task, in one project where `project` names it. after: what the person has just done, to the task
    of the assignment `last`.
    """
    try:
        project_id = UUID(project) if project else None
    except ValueError:
        raise ProjectMissing from None
    return go_on(work, work.session, project_id, after, _id_in(last))


def _id_in(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def go_on(work: Work, session: Session, project_id: UUID | None, after: str, last: UUID | None = None) -> Response:
    """To the next task, to what has changed in its guide, or home where there is none. last: the task just answered.

    project_id: where the person stays by their own choice; else they are in a run, or begin one.
    """
    person = annotator_of(work.actor)
    said = {"after": after} if after in BEGIN_WORDS else {}
    answered = {"last": str(last)} if last and said else {}
    try:
        claimed = claim(session, Claimant(person.person_id, work.now, project_id), work.installation.key_ring)
    except GuideNotConfirmed as changed:
        query = urlencode(said if project_id else said | {"shared": "1"})
        return _go_to(changed.arguments["page"] + (f"?{query}" if query else ""))
    if isinstance(claimed, Nothing):
        return _go_to(f"/work?{urlencode({'none': claimed.reason.value} | said)}")
    query = urlencode(said | answered)
    return _go_to(f"/work/tasks/{claimed.assignment_id}" + (f"?{query}" if query else ""))


@router.get("/work/tasks/{assignment_id}")
@endpoint(Permission.WORK)
def show_task(work: Work, assignment_id: UUID, after: str = "", last: str = "") -> Response:
    """One task to work on, or what became of it. Never claims. after: what became of the one before, `last`."""
    bench = bench_of(work.session, assignment_id, work.person_id, work.now)
    if bench.seen.state in ANSWERABLE:
        return task_page(work, work.session, bench, bench.chosen, after=after, last=_id_in(last))
    title, text = ENDED_WORDS[bench.seen.state]
    return work.page(
        "work/ended.html",
        bench=bench,
        ended=title,
        text=text,
        correctable=is_correctable(work.session, work.person_id, assignment_id),
        pictures=picture_links(work).pictures(bench.seen.content),
    )


@router.post("/work/tasks/{assignment_id}")
@endpoint(Permission.WORK, form=True, session=False)
def act(
    work: Work,
    assignment_id: UUID,
    *,
    do: Field = "submit",
    choice: Annotated[list[str] | None, Form()] = None,
    active_ms: Annotated[int | None, Form()] = None,
    idempotency_key: Field = "",
) -> Response:
    """What the bar's commands do without JavaScript (`do`: submit, undo, clear, mark, skip, help, leave)."""
    posted = Posted(choice or [], active_ms, storable_text(idempotency_key).strip()[:LONGEST_KEY] or str(assignment_id))
    database = work.installation.database
    with database.write() as session:
        bench = bench_of(session, assignment_id, work.person_id, work.now)
        if do != "submit":
            return _step_aside(work, session, bench, posted, do)
        answer = _submit(work, session, bench, posted)
    if answer is not None:
        return answer
    # The answer is stored before the next task is asked for: whatever happens there, it stands.
    with database.write() as session:
        return go_on(work, session, bench.seen.stays_in, "submitted", assignment_id)


def _submit(work: Work, session: Session, bench: Bench, posted: Posted) -> Response | None:
    """Store the answer; None where the person goes on to the next task. Sent again, it goes on as well."""
    here = _go_to(f"/work/tasks/{bench.seen.assignment_id}")
    if bench.seen.state is AssignmentState.SUBMITTED:
        return None if sorted(posted.choices) in ([], sorted(bench.chosen)) else here
    try:
        result = bench.kind.template.result_from_form(bench.kind.config, bench.seen.content, posted.choices)
    except ResultRefused as refused:
        return _refused(work, session, bench, posted, refused)
    given = Submission(result, posted.idempotency_key, posted.active_ms)
    person, keys = annotator_of(work.actor), work.installation.key_ring
    try:
        submit(session, person, bench.seen.assignment_id, given, key_ring=keys, now=work.now)
    except (TaskGivenBack, TaskSkipped):
        return here  # the answer was kept as a draft, which is committed
    return None


def _step_aside(work: Work, session: Session, bench: Bench, posted: Posted, do: str) -> Response:
    """Undo, clear, mark, skip, help or leave. What is chosen so far is kept; undo goes back to what was kept, then to
    nothing.

    clear: begin with nothing. mark: take what is ticked into the answer, and go on with it.
    """
    here = f"/work/tasks/{bench.seen.assignment_id}"
    if bench.seen.state not in ANSWERABLE:
        return _go_to(here)
    if do == "mark":
        try:
            bench.kind.template.result_from_form(bench.kind.config, bench.seen.content, posted.choices)
        except ResultRefused as refused:
            return _refused(work, session, bench, posted, refused)
    if do == "clear":
        _keep(work, session, bench, replace(posted, choices=[]))
    elif do != "undo":
        _keep(work, session, bench, posted)
    elif sorted(posted.choices) == sorted(bench.chosen):
        _keep(work, session, bench, replace(posted, choices=[]))
    return _go_to({"skip": f"{here}/skip", "help": f"{here}/help", "leave": "/work?after=kept"}.get(do, here))


def _refused(work: Work, session: Session, bench: Bench, posted: Posted, refused: ResultRefused) -> Response:
    problem = work.gettext(refused.template).format(**refused.arguments)
    return task_page(work, session, bench, posted.choices, problem=problem, status=422)


def _keep(work: Work, session: Session, bench: Bench, posted: Posted) -> None:
    if not posted.choices and bench.seen.draft is None and bench.seen.proposal is None:
        return
    try:
        template, config = bench.kind.template, bench.kind.config
        result = template.result_from_form(config, bench.seen.content, posted.choices) if posted.choices else []
        save_draft(session, work.person_id, bench.seen.assignment_id, result, work.now, active_ms=posted.active_ms)
    except (ResultRefused, AlreadyDecided):
        return  # nothing that could be a draft, or nothing that a draft is kept for any more


def task_page(
    work: Work,
    session: Session,
    bench: Bench,
    chosen: list[str],
    *,
    after: str = "",
    last: UUID | None = None,
    problem: str = "",
    status: int = 200,
    corrects: bool = False,
) -> Response:
    """The workbench. corrects: with the person's own answer in it, to put it right."""
    seen, guide, view = bench.seen, bench.guide, picture_links(work).linked(bench.view)
    html = guide_html(session, guide.text, work.gettext, top=3, answers_of=seen.project_id)
    proposed = seen.proposal is not None and not corrects
    return work.page(
        "work/task.html",
        status=status,
        project_title=seen.project_title,
        stays_in=seen.stays_in,
        guide={"version": guide.version, "html": html, "open": not guide.worked},
        view=view,
        part=picture_links(work).linked(bench.part),
        task_type=seen.task_type,
        assignment_id=seen.assignment_id,
        idempotency_key=str(new_id()),
        chosen=chosen,
        position=work.gettext(CORRECTING if corrects else N_("今天第 {number} 条")).format(number=bench.number),
        commands=tool_commands(
            bench.kind.template,
            view,
            work.gettext,
            clear=proposed,
            without=IN_HAND if corrects else frozenset(),
            said=IN_CORRECTION if corrects else {},
        ),
        proposed=proposed,
        untouched=bench.begins_from_proposal,
        problem=problem,
        late=bench.late and not corrects,
        corrects=corrects,
        last=last,
        active_ms=seen.active_ms,
        begin=work.gettext(AS_IT_STANDS if corrects else BEGIN_WORDS.get(after, N_("可以开始"))),
    )


def _go_to(address: str) -> Response:
    return RedirectResponse(address, status_code=303)
