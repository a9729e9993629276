"""Sessions for scripts, and who one is."""

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from leye_platform.accounts.devices import device_of
from leye_platform.accounts.errors import NotSignedInBySession
from leye_platform.accounts.queries import standings_of
from leye_platform.accounts.schemas import MeOut, SessionIn, SessionOut, StandingOut
from leye_platform.accounts.service.people import load_person
from leye_platform.accounts.service.sign_ins import end_session
from leye_platform.accounts.session_cookie import drop_session_cookie, set_session_cookie
from leye_platform.accounts.sign_in import sign_in
from leye_platform.endpoint import Work, endpoint
from leye_platform.permissions import Permission

router = APIRouter(prefix="/api/v1", tags=["accounts"])


@router.post("/sessions", response_model=SessionOut, status_code=201)
@endpoint(Permission.PUBLIC, session=False)
def open_session(work: Work, body: SessionIn) -> JSONResponse:
    """Sign in by password: a token, and a cookie for those who keep one. 401 refused, 429 throttled."""
    device = device_of(work.request.headers.get("user-agent", ""))
    opened = sign_in(work.installation.database, body.email, body.password, work.now, stay=body.stay, device=device)
    out = SessionOut(
        token=opened.token,
        csrf_token=opened.csrf_token,
        person=opened.number,
        roles=sorted(opened.roles),
        expires_at=opened.expires_at,
        must_change_password=opened.must_change_password,
    )
    answer = JSONResponse(out.model_dump(mode="json"), status_code=201)
    set_session_cookie(answer, work.installation.settings, opened, stay=body.stay)
    return answer


@router.delete("/sessions/current", status_code=204)
@endpoint(Permission.OWN_ACCOUNT)
def close_session(work: Work) -> Response:
    """Sign out of this session."""
    if work.actor.session_id is None:
        raise NotSignedInBySession
    end_session(work.session, work.person_id, work.actor.session_id, work.now)
    answer = Response(status_code=204)
    drop_session_cookie(answer)
    return answer


@router.get("/me", response_model=MeOut)
@endpoint(Permission.OWN_ACCOUNT)
def me(work: Work) -> MeOut:
    """Who is signed in, with which roles."""
    person = load_person(work.session, work.person_id)
    return MeOut(
        person=person.number,
        name=person.name,
        email=person.email,
        staff_number=person.staff_number,
        roles=sorted(work.actor.roles),
        standings=[
            StandingOut(
                role=seen.role,
                organisation=seen.organisation_number,
                organisation_name=seen.organisation_name,
                organisation_kind=seen.organisation_kind,
            )
            for seen in standings_of(work.session, person.id)
        ],
        must_change_password=work.actor.must_change_password,
    )
