"""A person's preferences as JSON."""

from typing import Annotated, Any

from fastapi import APIRouter, Body
from starlette.responses import JSONResponse

from leye_platform.endpoint import Work, endpoint
from leye_platform.matching.display_cookie import display_from, keep_display
from leye_platform.matching.rules import Preferences
from leye_platform.matching.service import change_preferences, read_preferences
from leye_platform.permissions import Permission

router = APIRouter(prefix="/api/v1/me", tags=["me"])

_BODY = {"requestBody": {"content": {"application/json": {"schema": Preferences.model_json_schema()}}}}


@router.get("/preferences", response_model=Preferences)
@endpoint(Permission.OWN_ACCOUNT)
def get_preferences(work: Work) -> Preferences:
    """One's own preferences; nobody else can read them."""
    return read_preferences(work.session, work.installation.key_ring, work.person_id)


@router.patch("/preferences", response_model=Preferences, openapi_extra=_BODY)
@endpoint(Permission.OWN_ACCOUNT)
def patch_preferences(work: Work, body: Annotated[dict[str, Any], Body()]) -> JSONResponse:
    """Change some of one's preferences; null goes back to the default."""
    preferences = change_preferences(work.session, work.installation.key_ring, work.person_id, body, work.now)
    answer = JSONResponse(preferences.model_dump(mode="json"))
    keep_display(answer, display_from(preferences), secure=work.installation.settings.base_url.startswith("https:"))
    return answer
