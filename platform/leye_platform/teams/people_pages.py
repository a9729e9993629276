"""People of the crowd, one by one: a new password, another team."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from leye_platform.accounts.rules import search_of
from leye_platform.accounts.service.passwords import person_to_reset
from leye_platform.accounts.service.people import load_person
from leye_platform.accounts.temporary_password import give_temporary_password
from leye_platform.endpoint import Work, endpoint
from leye_platform.permissions import Permission
from leye_platform.teams.queries import at_work, crowd_page, team_of, teams_for
from leye_platform.teams.service import join_team, leave_team

router = APIRouter(prefix="/teams/people", include_in_schema=False)


@router.get("")
@endpoint(Permission.MANAGE_TEAMS)
def people(work: Work, q: str = "", page: int = 1) -> Response:
    """Annotators, leaders and reviewers, to be found by name or number."""
    q = search_of(q)
    return work.page("teams/people.html", shown=crowd_page(work.session, q, page), search=q)


@router.get("/{person_id}")
@endpoint(Permission.RESET_PASSWORD)
def person_page(work: Work, person_id: UUID, done: str = "") -> Response:
    """One person whose password the reader may reset."""
    person_to_reset(work.session, work.actor, person_id)
    return _person(work, work.session, person_id, done=done)


@router.post("/{person_id}/password")
@endpoint(Permission.RESET_PASSWORD, form=True, session=False)
def reset(work: Work, person_id: UUID) -> Response:
    """Give the person a new password, and show it this once."""
    database = work.installation.database
    password = give_temporary_password(database, work.actor, person_id, work.now)
    with database.read() as session:
        return _person(work, session, person_id, password=password)


def _person(work: Work, session: Session, person_id: UUID, *, done: str = "", password: str = "") -> Response:
    person = load_person(session, person_id)
    manages = work.actor.may(Permission.MANAGE_TEAMS)
    return work.page(
        "teams/person.html",
        person=person,
        at_work=at_work(session, person_id),
        team=team_of(session, person_id),
        teams=teams_for(session, person_id) if manages else [],
        manages=manages,
        done=done,
        password=password,
    )


@router.post("/{person_id}/team")
@endpoint(Permission.MANAGE_TEAMS, form=True)
def change_team(work: Work, person_id: UUID, team: Annotated[UUID | None, Form()] = None) -> Response:
    """Put the person into another team, or into none."""
    if team is None:
        leave_team(work.session, person_id, work.person_id, work.now)
    else:
        join_team(work.session, work.actor, team, person_id, work.now)
    return RedirectResponse(f"/teams/people/{person_id}?done=team", status_code=303)
