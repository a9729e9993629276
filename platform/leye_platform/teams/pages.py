"""Teams: who is in them and who may be stuck; the coordinator makes them and gives them a leader."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse, Response

from leye_platform.accounts.service.sign_ins import find_person
from leye_platform.assignments.reservations import kept_for
from leye_platform.endpoint import Work, endpoint
from leye_platform.errors import LeyeError
from leye_platform.permissions import Permission
from leye_platform.projects.pictures_api import picture_links
from leye_platform.teams.errors import NoSuchPerson, NotALeader, NotOfThisBase, TeamNameNeeded, TeamNameTaken
from leye_platform.teams.flags import OUTCOME_WORDS, flags_in_reach
from leye_platform.teams.help_queries import waiting_for_help
from leye_platform.teams.queries import bases, leaders_in, members_of, resettable, see_team, teams_in_reach
from leye_platform.teams.service import create_team, join_team, name_leader, team_for
from leye_platform.web.pages import sentence_for

router = APIRouter(prefix="/teams", include_in_schema=False)

Field = Annotated[str, Form()]


@router.get("")
@endpoint(Permission.VIEW_TEAM)
def home(work: Work, done: str = "") -> Response:
    """Who waits for help, and the teams in reach; a leader of one team goes straight to it."""
    teams = teams_in_reach(work.session, work.actor)
    if len(teams) == 1 and not work.actor.may(Permission.MANAGE_TEAMS):
        return RedirectResponse(f"/teams/{teams[0].id}", status_code=303)
    return _home(work, done=done)


def _home(
    work: Work, *, done: str = "", name: str = "", base: str = "", problems: dict[str, str] | None = None
) -> Response:
    manages = work.actor.may(Permission.MANAGE_TEAMS)
    return work.page(
        "teams/home.html",
        status=422 if problems else 200,
        waiting=waiting_for_help(work.session, work.actor, picture_links(work)),
        flags=flags_in_reach(work.session, work.actor),
        outcome_words=OUTCOME_WORDS,
        done=done,
        teams=teams_in_reach(work.session, work.actor),
        manages=manages,
        bases=bases(work.session) if manages else [],
        name=name,
        base=base,
        problems=problems or {},
    )


@router.post("")
@endpoint(Permission.MANAGE_TEAMS, form=True)
def new_team(work: Work, name: Field = "", base: Annotated[UUID | None, Form()] = None) -> Response:
    """Make a team."""
    try:
        team = create_team(work.session, base, name, work.person_id, work.now)
    except LeyeError as refused:
        field = "name" if isinstance(refused, TeamNameNeeded | TeamNameTaken) else "base"
        return _home(work, name=name, base=str(base or ""), problems={field: sentence_for(work.request, refused)})
    return RedirectResponse(f"/teams/{team.id}", status_code=303)


@router.get("/{team_id}")
@endpoint(Permission.VIEW_TEAM)
def team_page(work: Work, team_id: UUID, done: str = "") -> Response:
    """One team: its people, what they hold, when they last answered."""
    return _team(work, team_id, done=done)


def _team(
    work: Work, team_id: UUID, *, done: str = "", person: str = "", problems: dict[str, str] | None = None
) -> Response:
    team = see_team(work.session, team_for(work.session, work.actor, team_id).id)
    manages = work.actor.may(Permission.MANAGE_TEAMS)
    return work.page(
        "teams/team.html",
        status=422 if problems else 200,
        team=team,
        waiting=waiting_for_help(work.session, work.actor, picture_links(work), team.id),
        flags=flags_in_reach(work.session, work.actor, team.id),
        outcome_words=OUTCOME_WORDS,
        members=members_of(work.session, team.id),
        resettable=resettable(work.session, work.actor, team),
        kept=kept_for(work.session, team.id, work.now),
        manages=manages,
        leaders=leaders_in(work.session, team.organisation_id) if manages else [],
        done=done,
        person=person,
        problems=problems or {},
    )


@router.post("/{team_id}/leader")
@endpoint(Permission.MANAGE_TEAMS, form=True)
def set_leader(work: Work, team_id: UUID, leader: Annotated[UUID | None, Form()] = None) -> Response:
    """Give the team to a leader, or to nobody."""
    try:
        name_leader(work.session, work.actor, team_id, leader, work.now)
    except NotALeader as refused:
        return _team(work, team_id, problems={"leader": sentence_for(work.request, refused)})
    return RedirectResponse(f"/teams/{team_id}?done=leader", status_code=303)


@router.post("/{team_id}/members")
@endpoint(Permission.MANAGE_TEAMS, form=True)
def add_member(work: Work, team_id: UUID, person: Field = "") -> Response:
    """Put somebody into the team, by staff number, phone or e-mail; from another team they move here."""
    try:
        found = find_person(work.session, person)
        if found is None:
            raise NoSuchPerson(typed=person[:80])
        left = join_team(work.session, work.actor, team_id, found.id, work.now)
    except (NoSuchPerson, NotOfThisBase) as refused:
        return _team(work, team_id, person=person, problems={"person": sentence_for(work.request, refused)})
    return RedirectResponse(f"/teams/{team_id}?done={'moved' if left else 'joined'}", status_code=303)
