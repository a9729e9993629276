"""Pages that belong to no feature: help, the accessibility statement, display settings, the language."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Form
from sqlalchemy import select
from starlette.responses import RedirectResponse, Response

from leye_platform.accounts.models import Person
from leye_platform.accounts.rules import safe_next
from leye_platform.endpoint import Work, endpoint
from leye_platform.errors import NotFound
from leye_platform.matching.display_cookie import keep_display
from leye_platform.permissions import Permission
from leye_platform.teams.models import Team, TeamMember
from leye_platform.web.display import Display, display_from_form, display_of
from leye_platform.web.workbench import key_rows
from leye_task_templates.registry import templates

router = APIRouter(include_in_schema=False)

Field = Annotated[str, Form()]


@router.get("/help")
@endpoint(Permission.PUBLIC)
def help_page(work: Work) -> Response:
    """Whom to ask, in writing."""
    keys = [(work.gettext(one.title), key_rows(one, work.gettext)) for one in templates().values()]
    return work.page("help.html", leader=_leader(work), contact=work.installation.settings.help_contact, keys=keys)


def _leader(work: Work) -> str | None:
    if work.actor_or_none is None:
        return None
    leaders = (
        select(Person.name)
        .join(Team, Team.leader_id == Person.id)
        .join(TeamMember, TeamMember.team_id == Team.id)
        .where(TeamMember.person_id == work.person_id, Person.id != work.person_id)
    )
    return work.session.scalar(leaders)


@router.get("/accessibility")
@endpoint(Permission.PUBLIC)
def accessibility(work: Work) -> Response:
    """The accessibility statement."""
    return work.page("accessibility.html", contact=work.installation.settings.help_contact)


@router.get("/display")
@endpoint(Permission.PUBLIC)
def display_page(work: Work, saved: bool = False, back: str = "") -> Response:
    """How pages are shown on this device; open to everybody. `back`: where the person came from."""
    return work.page("display.html", saved=saved, back=safe_next(back) or "")


@router.post("/display")
@endpoint(Permission.PUBLIC, form=True, writes=False)
def save_display(
    work: Work,
    *,
    scale: Field = "",
    theme: Field = "",
    motion: Field = "",
    language: Field = "",
    next: Field = "",
) -> Response:
    """Save what the form carries in the browser's own cookie; a field left out stays as it was. Then `next`."""
    given = {"scale": scale, "theme": theme, "motion": motion, "language": language}
    chosen = display_from_form(display_of(work.request), given)
    return _keep(work, chosen, safe_next(next) or "/display?saved=1")


@router.get("/language/{language}")
@endpoint(Permission.PUBLIC)
def choose_language(work: Work, language: str, next: str = "") -> Response:
    """Show pages in another language from now on."""
    if language not in {"zh", "en"}:
        raise NotFound
    return _keep(work, replace(display_of(work.request), language=language), safe_next(next) or "/")


def _keep(work: Work, display: Display, address: str) -> Response:
    answer = RedirectResponse(address, status_code=303)
    keep_display(answer, display, secure=work.installation.settings.base_url.startswith("https:"))
    return answer
