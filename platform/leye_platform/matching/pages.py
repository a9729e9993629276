"""The page of one's preferences."""

from typing import Annotated, Any

from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse, Response

from leye_platform.endpoint import Work, endpoint
from leye_platform.errors import FieldsRefused
from leye_platform.matching.display_cookie import display_from, keep_display
from leye_platform.matching.service import change_preferences, read_preferences
from leye_platform.permissions import Permission

router = APIRouter(include_in_schema=False)

Text = Annotated[str | None, Form()]


@router.get("/me/preferences")
@endpoint(Permission.OWN_ACCOUNT)
def preferences_page(work: Work, saved: bool = False) -> Response:
    """What I can and want to do."""
    preferences = read_preferences(work.session, work.installation.key_ring, work.person_id)
    return _page(work, preferences.model_dump(mode="json"), saved=saved)


@router.post("/me/preferences")
@endpoint(Permission.OWN_ACCOUNT, form=True)
def save_preferences(
    work: Work,
    *,
    input_mode: Annotated[str | None, Form(alias="input")] = None,
    scan_ms: Text = None,
    switch_key: Text = None,
    text_scale: Text = None,
    contrast: Text = None,
    motion: Text = None,
    language: Text = None,
    theme: Text = None,
    rest_minutes: Text = None,
) -> Response:
    """Save what the form carries; a field left out stays as it was."""
    form = {
        "input": input_mode,
        "scan_ms": scan_ms,
        "switch_key": switch_key,
        "text_scale": text_scale,
        "contrast": contrast,
        "motion": motion,
        "language": language,
        "theme": theme,
        "rest_minutes": rest_minutes,
    }
    wanted = _with_contrast({name: value for name, value in form.items() if value is not None})
    keys = work.installation.key_ring
    try:
        preferences = change_preferences(work.session, keys, work.person_id, wanted, work.now)
    except FieldsRefused as refused:
        stored = read_preferences(work.session, keys, work.person_id).model_dump(mode="json")
        problems = {name: work.gettext(sentence) for name, sentence in refused.problems.items()}
        return _page(work, stored | wanted, problems=problems)
    answer = RedirectResponse("/me/preferences?saved=1", status_code=303)
    keep_display(answer, display_from(preferences), secure=work.installation.settings.base_url.startswith("https:"))
    return answer


def _with_contrast(wanted: dict[str, str]) -> dict[str, str]:
    """The form's colours as they are kept: high contrast is one of four to choose, and a preference of its own."""
    if "theme" not in wanted or "contrast" in wanted:
        return wanted
    if wanted["theme"] != "contrast":
        return wanted | {"contrast": "normal"}
    return {name: value for name, value in wanted.items() if name != "theme"} | {"contrast": "high"}


def _page(
    work: Work, values: dict[str, Any], *, saved: bool = False, problems: dict[str, str] | None = None
) -> Response:
    return work.page(
        "me/preferences.html", status=422 if problems else 200, values=values, saved=saved, problems=problems or {}
    )
