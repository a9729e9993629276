"""What a client of Label Studio asks first: which version this is, who it is, a token."""

from importlib.metadata import version
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from leye_platform.accounts.errors import TokenNotValid
from leye_platform.accounts.queries import standings_of
from leye_platform.accounts.refresh import access_for, new_refresh_token, revoke_refresh_token
from leye_platform.accounts.service.api_tokens import new_api_token
from leye_platform.accounts.service.people import load_person
from leye_platform.endpoint import Work, endpoint
from leye_platform.partner_api.bodies import TAKES_OBJECT, Object, answer, at
from leye_platform.permissions import Permission
from leye_platform.web.label_studio_problem import SPOKEN

router = APIRouter(tags=["label-studio"])

TOKEN_NAME = "Label Studio API"  # noqa: S105 -- what the token is called


@router.get("/health")
@endpoint(Permission.PUBLIC, session=False)
def health(work: Work) -> Response:
    """Whether the server answers."""
    return answer({"status": "UP"})


@router.get("/api/version")
@endpoint(Permission.PUBLIC, session=False)
def read_version(work: Work) -> Response:
    """The release of Label Studio that this speaks like; edition Community has clients export at once."""
    return answer(
        {
            "release": SPOKEN,
            "label-studio-os-package": {"version": SPOKEN, "short_version": "1.23"},
            "leye": {"version": version("leye")},
            "edition": "Community",
            "lsf": {},
            "backend": {},
        }
    )


@router.get("/api/current-user/whoami")
@endpoint(Permission.OWN_ACCOUNT)
def whoami(work: Work) -> Response:
    """Who is signed in. The organisation is the first that one belongs to."""
    return answer(_person(work))


def _person(work: Work) -> dict[str, Any]:
    person = load_person(work.session, work.person_id)
    organisation = next(iter(standings_of(work.session, person.id)), None)
    number = organisation.organisation_number if organisation else None
    return {
        "id": person.number,
        "first_name": person.name,
        "last_name": "",
        "username": person.email or str(person.number),
        "email": person.email or "",
        "last_activity": at(work.now),
        "avatar": None,
        "initials": person.name[:2],
        "phone": person.phone or "",
        "active_organization": number,
        "active_organization_meta": {"title": organisation.organisation_name if organisation else "", "email": ""},
        "allow_newsletters": False,
        "date_joined": at(person.created_at),
    }


@router.post("/api/current-user/reset-token", status_code=201)
@endpoint(Permission.OWN_ACCOUNT)
def make_token(work: Work) -> Response:
    """A new token of the older kind, shown this once; others stay until they are revoked on the account's page."""
    return answer({"token": new_api_token(work.session, work.person_id, TOKEN_NAME, work.now)}, 201)


@router.post("/api/token", status_code=201)
@endpoint(Permission.OWN_ACCOUNT)
def make_refresh_token(work: Work) -> Response:
    """A personal access token (a JWT to be exchanged for short ones), shown this once."""
    secret = work.installation.secret
    return answer({"token": new_refresh_token(work.session, secret, work.person_id, TOKEN_NAME, work.now)}, 201)


@router.post("/api/token/refresh", openapi_extra=TAKES_OBJECT)
@endpoint(Permission.PUBLIC)
def refresh(work: Work, body: Object) -> Response:
    """A Bearer token for five minutes, for a personal access token."""
    given = body.get("refresh")
    access = access_for(work.session, work.installation.secret, given if isinstance(given, str) else "", work.now)
    if access is None:
        raise TokenNotValid
    return answer({"access": access})


@router.post("/api/token/blacklist", status_code=204, openapi_extra=TAKES_OBJECT)
@endpoint(Permission.OWN_ACCOUNT)
def blacklist(work: Work, body: Object) -> Response:
    """End a personal access token of one's own."""
    given = body.get("refresh")
    revoke_refresh_token(work.session, work.person_id, given if isinstance(given, str) else "", work.now)
    return Response(status_code=204)


@router.post("/api/token/rotate", openapi_extra=TAKES_OBJECT)
@endpoint(Permission.OWN_ACCOUNT)
def rotate(work: Work, body: Object) -> Response:
    """End a personal access token of one's own, and give another."""
    given = body.get("refresh")
    revoke_refresh_token(work.session, work.person_id, given if isinstance(given, str) else "", work.now)
    secret = work.installation.secret
    return answer({"refresh": new_refresh_token(work.session, secret, work.person_id, TOKEN_NAME, work.now)})
