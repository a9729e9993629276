"""The leader's buttons that say what came of a look at somebody's answers."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse, Response

from leye_platform.accounts.rules import safe_next
from leye_platform.endpoint import Work, endpoint
from leye_platform.permissions import Permission
from leye_platform.projects.rules import storable_text
from leye_platform.review.rules import FlagOutcome
from leye_platform.teams.flags import settle_flag

router = APIRouter(include_in_schema=False)

Field = Annotated[str, Form()]


@router.post("/teams/flags/{flag_id}")
@endpoint(Permission.VIEW_TEAM, form=True)
def settle(work: Work, flag_id: UUID, *, outcome: Field = "", words: Field = "", next: Field = "") -> Response:
    """Say what came of it, in a choice and if wanted in words that the person reads."""
    chosen = FlagOutcome(outcome) if outcome in set(FlagOutcome) else None
    settle_flag(work.session, work.actor, flag_id, chosen, words=storable_text(words), now=work.now)
    return RedirectResponse(f"{safe_next(next) or '/teams'}?done=looked", status_code=303)
