"""Every component in every state, in any size and look, with when to use it: for those who make pages."""

from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.responses import Response

from leye_platform.endpoint import Work, endpoint
from leye_platform.errors import N_
from leye_platform.permissions import Permission
from leye_platform.web.display import SCALES, Display, display_from_form, display_of

router = APIRouter(include_in_schema=False)

LOOKS: tuple[tuple[str, str], ...] = (
    ("light", N_("浅色")),
    ("dark", N_("深色")),
    ("contrast", N_("高对比度")),
    ("forced", N_("强制颜色")),
)


@router.get("/styleguide")
@endpoint(Permission.STYLEGUIDE)
def styleguide(work: Work, theme: str = "light", scale: str = "", errors: bool = False) -> Response:
    """The components. theme, scale: how this page is shown, whatever its reader has set. errors: a refused form."""
    shown = display_from_form(display_of(work.request), {"scale": scale})
    shown = replace(shown, theme=theme if theme in dict(LOOKS) else "light")
    return work.page(
        "styleguide.html",
        display=shown,
        current=_address(shown),
        looks=[(_address(replace(shown, theme=name)), work.gettext(words)) for name, words in LOOKS],
        sizes=[(_address(replace(shown, scale=scale)), f"{scale}%") for scale in SCALES],
        errors=errors,
        soon=work.now + timedelta(days=2),
    )


def _address(shown: Display) -> str:
    return f"/styleguide?{urlencode({'theme': shown.theme, 'scale': shown.scale})}"
