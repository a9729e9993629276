"""How a page is shown: letters, colours, language. Kept in the browser's own cookie, also before signing in."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request

COOKIE = "leye_display"
SCALES = (100, 125, 150, 200, 250)
THEMES = ("system", "light", "dark", "contrast")
MOTIONS = ("full", "reduced")
LANGUAGES = ("zh", "en")
YEAR_SECONDS = 365 * 24 * 3600


@dataclass(frozen=True)
class Display:
    """Display settings; nothing here tells how a person gives input."""

    scale: int = 100
    theme: str = "system"
    motion: str = "full"
    language: str = "zh"

    def as_cookie(self) -> str:
        return urlencode({"scale": self.scale, "theme": self.theme, "motion": self.motion, "language": self.language})


def display_from_form(before: Display, given: Mapping[str, str]) -> Display:
    """The settings with what was given; a wrong or missing value leaves what was before."""
    scale = given.get("scale", "")
    return Display(
        scale=int(scale) if scale in map(str, SCALES) else before.scale,
        theme=_one_of(THEMES, given.get("theme"), before.theme),
        motion=_one_of(MOTIONS, given.get("motion"), before.motion),
        language=_one_of(LANGUAGES, given.get("language"), before.language),
    )


def _one_of(known: tuple[str, ...], given: str | None, before: str) -> str:
    return given if given in known else before


def display_of(request: Request) -> Display:
    """The settings of a request; wrong values count as not set. `?lang=en` shows one page in English."""
    kept = display_from_form(Display(), dict(parse_qsl(request.cookies.get(COOKIE, ""))))
    return display_from_form(kept, {"language": request.query_params.get("lang", "")})


def nearest_scale(percent: int) -> int:
    """The step of large print that is nearest to a wanted percentage."""
    return min(SCALES, key=lambda step: abs(step - percent))
