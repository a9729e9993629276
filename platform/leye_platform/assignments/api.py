"""The API of work: claim, draft, response, skip, release, heartbeat."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header
from starlette.responses import JSONResponse, Response

from leye_platform.accounts.rules import PARTNER_ROLES
from leye_platform.actor import Actor
from leye_platform.assignments import drafts, leases
from leye_platform.assignments.claim import Nothing, claim
from leye_platform.assignments.correct import Correction, correct
from leye_platform.assignments.errors import (
    IdempotencyKeyMissing,
    PartnersDoNotAnnotate,
    TaskGivenBack,
    TaskSkipped,
)
from leye_platform.assignments.lanes import Claimant
from leye_platform.assignments.own import Annotator
from leye_platform.assignments.queries import TaskSeen, project_id_of, task_seen
from leye_platform.assignments.rules import AssignmentState
from leye_platform.assignments.schemas import (
    AssignmentOut,
    BatchOut,
    ClaimIn,
    CorrectionIn,
    CorrectionOut,
    DraftIn,
    DraftOut,
    DraftSaved,
    EndedOut,
    GuideOut,
    HeartbeatIn,
    LeaseOut,
    ProjectOut,
    ProposalOut,
    ReleasedOut,
    ReleaseIn,
    ResponseIn,
    ResponseOut,
    SkipIn,
    TaskOut,
)
from leye_platform.assignments.several import claim_several, release_all
from leye_platform.assignments.submit import Submission, submit
from leye_platform.endpoint import Work, endpoint
from leye_platform.errors import N_
from leye_platform.permissions import Permission
from leye_platform.projects.errors import ProjectMissing
from leye_platform.projects.pictures.links import PictureLinks
from leye_platform.projects.pictures_api import picture_links
from leye_platform.web.error_pages import problem
from leye_platform.web.pages import sentence_for, translator_for

router = APIRouter(prefix="/api/v1", tags=["work"])

LEASE_ENDED = N_("这条任务的保留时间已过，也可能由别人做；写好的答案仍可提交，照样计酬。")
LONGEST_KEY = 200
IdempotencyKey = Annotated[str | None, Header(alias="Idempotency-Key")]


def annotator_of(actor: Actor) -> Annotator:
    """The person as the services of work know them.

    Raises PartnersDoNotAnnotate.
    """
    if actor.roles & PARTNER_ROLES:
        raise PartnersDoNotAnnotate
    return Annotator(actor.person_id, actor.number)


@router.post(
    "/claims",
    response_model=AssignmentOut | list[AssignmentOut],
    status_code=201,
    responses={
        200: {"model": AssignmentOut | list[AssignmentOut]},
        204: {"description": "No task just now; X-Leye-Reason says why"},
    },
)
@endpoint(Permission.WORK)
def claim_task(work: Work, body: ClaimIn | None = None) -> Response:
    """The next task under a lease: 201, or 200 for the lease that the person already holds; 204 where there is none.

    With `count` a list of all that the person then holds: 201 where any of it is new.
    """
    who = _claimant(work, None if body is None else body.project)
    if body is not None and body.count is not None:
        return _claim_several(work, who, body.count)
    claimed = claim(work.session, who, work.installation.key_ring)
    if isinstance(claimed, Nothing):
        return _nothing(claimed)
    seen = task_seen(work.session, claimed.assignment_id, who.person_id)
    return _json(assignment_out(seen, picture_links(work)), 201 if claimed.new else 200)


def _claimant(work: Work, project: UUID | int | None) -> Claimant:
    person_id, project_id = annotator_of(work.actor).person_id, None
    if project is not None:
        project_id = project_id_of(work.session, project)
        if project_id is None:
            raise ProjectMissing
    return Claimant(person_id, work.now, project_id)


def _nothing(claimed: Nothing) -> Response:
    headers = {"Retry-After": str(claimed.retry_after), "X-Leye-Reason": claimed.reason.value}
    return Response(status_code=204, headers=headers)


def _claim_several(work: Work, who: Claimant, count: int) -> Response:
    claimed = claim_several(work.session, who, work.installation.key_ring, count)
    if isinstance(claimed, Nothing):
        return _nothing(claimed)
    links = picture_links(work)
    shown = [
        assignment_out(task_seen(work.session, one, who.person_id), links).model_dump(mode="json")
        for one in claimed.assignment_ids
    ]
    return JSONResponse(shown, status_code=201 if claimed.new else 200)


@router.post("/claims/release", response_model=ReleasedOut)
@endpoint(Permission.WORK)
def release_claims(work: Work, body: ReleaseIn | None = None) -> ReleasedOut:
    """Give back every task that one holds, or every one of a project; drafts stay."""
    who = _claimant(work, None if body is None else body.project)
    return ReleasedOut(released=release_all(work.session, who))


def assignment_out(seen: TaskSeen, links: PictureLinks) -> AssignmentOut:
    """The API's form of an assignment. The author of a gold item's task sees nothing different."""
    draft = None
    if seen.draft is not None and seen.draft_saved_at is not None:
        draft = DraftOut(result=seen.draft, saved_at=seen.draft_saved_at)
    return AssignmentOut(
        assignment_id=seen.assignment_id,
        state=seen.state,
        round=seen.round,
        lease_expires_at=seen.lease_expires_at,
        task=TaskOut(
            id=seen.microtask_id, type=seen.task_type, data=links.linked(seen.content), label_config=seen.label_config
        ),
        proposal=None if seen.proposal is None else ProposalOut(**seen.proposal),
        project=ProjectOut(id=seen.project_id, number=seen.project_number, title=seen.project_title),
        batch=BatchOut(id=seen.batch_id, number=seen.batch_number, name=seen.batch_name),
        guide=GuideOut(id=seen.guide_id, version=seen.guide_version),
        draft=draft,
        result=seen.result,
    )


@router.get("/assignments/{assignment_id}", response_model=AssignmentOut)
@endpoint(Permission.WORK)
def read_assignment(work: Work, assignment_id: UUID) -> AssignmentOut:
    """One's own assignment, whatever its state."""
    return assignment_out(task_seen(work.session, assignment_id, work.person_id), picture_links(work))


@router.put("/assignments/{assignment_id}/draft", response_model=DraftSaved)
@endpoint(Permission.WORK)
def put_draft(work: Work, assignment_id: UUID, body: DraftIn) -> DraftSaved:
    """Save the answer so far; the last one to arrive stands."""
    own = drafts.save_draft(
        work.session, work.person_id, assignment_id, body.result, work.now, active_ms=body.active_ms
    )
    return DraftSaved(assignment_id=own.id, saved_at=work.now, state=own.state)


@router.post(
    "/assignments/{assignment_id}/response",
    response_model=ResponseOut,
    status_code=201,
    responses={200: {"model": ResponseOut, "description": "It was stored before"}},
)
@endpoint(Permission.WORK)
def respond(work: Work, assignment_id: UUID, body: ResponseIn, idempotency_key: IdempotencyKey = None) -> Response:
    """Submit the answer. Accepted once: sent again, what is stored is given back with 200."""
    given = Submission(body.result, _key_of(idempotency_key), body.active_ms, body.input_mode)
    try:
        person, keys = annotator_of(work.actor), work.installation.key_ring
        stored = submit(work.session, person, assignment_id, given, key_ring=keys, now=work.now)
    except (TaskGivenBack, TaskSkipped) as error:
        work.keep_despite_refusal()  # the answer was kept as a draft
        return problem(error.status, error.code, sentence_for(work.request, error))
    out = ResponseOut(
        response_id=stored.response_id,
        assignment_id=stored.assignment_id,
        state=AssignmentState.SUBMITTED,
        late=stored.late,
        pay_micros=stored.pay_micros,
        currency=stored.currency,
        submitted_at=stored.submitted_at,
    )
    return _json(out, 201 if stored.new else 200)


def _key_of(given: str | None) -> str:
    if given is None or not 1 <= len(given.strip()) <= LONGEST_KEY:
        raise IdempotencyKeyMissing
    return given.strip()


@router.post(
    "/assignments/{assignment_id}/correction",
    response_model=CorrectionOut,
    status_code=201,
    responses={200: {"model": CorrectionOut, "description": "It stood so before"}},
)
@endpoint(Permission.WORK)
def correct_answer(
    work: Work, assignment_id: UUID, body: CorrectionIn, idempotency_key: IdempotencyKey = None
) -> Response:
    """Put one's own answer right while its item can still change. A request sent again corrects nothing more."""
    person = annotator_of(work.actor)
    given = Correction(body.result, _key_of(idempotency_key))
    corrected = correct(work.session, person.person_id, assignment_id, given, work.now)
    out = CorrectionOut(
        response_id=corrected.response_id,
        assignment_id=corrected.assignment_id,
        submitted_at=corrected.submitted_at,
        corrected_at=corrected.corrected_at,
    )
    return _json(out, 201 if corrected.new else 200)


@router.post("/assignments/{assignment_id}/skip", response_model=EndedOut)
@endpoint(Permission.WORK)
def skip(work: Work, assignment_id: UUID, body: SkipIn) -> EndedOut:
    """Pass the task on, with a reason. It costs nothing."""
    leases.skip(work.session, work.person_id, assignment_id, body.reason, now=work.now, comment=body.comment)
    return EndedOut(assignment_id=assignment_id, state=AssignmentState.SKIPPED)


@router.post("/assignments/{assignment_id}/release", response_model=EndedOut)
@endpoint(Permission.WORK)
def release(work: Work, assignment_id: UUID) -> EndedOut:
    """Give the task back."""
    leases.release(work.session, work.person_id, assignment_id, work.now)
    return EndedOut(assignment_id=assignment_id, state=AssignmentState.RELEASED)


@router.post("/assignments/{assignment_id}/heartbeat", response_model=LeaseOut)
@endpoint(Permission.WORK)
def heartbeat(work: Work, assignment_id: UUID, body: HeartbeatIn | None = None) -> LeaseOut:
    """A sign of life: renews a lease that still runs, and tells how it stands."""
    lease = leases.heartbeat(
        work.session,
        work.person_id,
        assignment_id,
        work.installation.key_ring,
        work.now,
        active_ms=None if body is None else body.active_ms,
    )
    ended = lease.state is AssignmentState.EXPIRED
    return LeaseOut(
        assignment_id=assignment_id,
        state=lease.state,
        lease_expires_at=lease.lease_expires_at,
        sentence=translator_for(work.request).gettext(LEASE_ENDED) if ended else "",
    )


def _json(out: AssignmentOut | ResponseOut | CorrectionOut, status: int) -> JSONResponse:
    return JSONResponse(out.model_dump(mode="json"), status_code=status)
