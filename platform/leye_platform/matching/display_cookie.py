"""The part of the preferences that a browser keeps in the clear, for pages before sign-in; never the input mode."""

from starlette.responses import Response

from leye_platform.matching.rules import Contrast, Preferences
from leye_platform.web.display import COOKIE, YEAR_SECONDS, Display, nearest_scale


def display_from(preferences: Preferences) -> Display:
    """How pages are shown to somebody with these preferences; high contrast is a theme of its own."""
    high = preferences.contrast is Contrast.HIGH
    return Display(
        scale=nearest_scale(preferences.text_scale),
        theme="contrast" if high else preferences.theme.value,
        motion=preferences.motion.value,
        language=preferences.language.value,
    )


def keep_display(response: Response, display: Display, *, secure: bool) -> None:
    """Let the browser keep the display settings for a year."""
    response.set_cookie(COOKIE, display.as_cookie(), max_age=YEAR_SECONDS, httponly=True, secure=secure, samesite="lax")
