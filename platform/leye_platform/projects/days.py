"""Days that people type into forms."""

from collections.abc import Callable
from datetime import date, datetime, time

from leye_platform.errors import N_
from leye_platform.web.formats import ZONE

END_OF_WORK = time(18, 0)
"""A deadline is a day; it means this hour of it, in the zone that pages show."""


def read_day(text: str, translate: Callable[[str], str]) -> tuple[date | None, str | None]:
    """The day, or what to change; nothing typed is no day."""
    if not text.strip():
        return None, None
    try:
        return date.fromisoformat(text.strip()), None
    except ValueError:
        return None, translate(N_("这不是日期。请写成 2026-12-01 这样，或者不填。"))


def read_deadline(text: str, now: datetime, translate: Callable[[str], str]) -> tuple[datetime | None, str | None]:
    """The moment at which that day's work ends, or what to change; nothing typed is no deadline."""
    day, problem = read_day(text, translate)
    if day is None:
        return None, problem
    moment = datetime.combine(day, END_OF_WORK, ZONE)
    if moment <= now:
        return None, translate(N_("这一天 18:00 已经过去。请选以后的日期，或者不填。"))
    return moment, None
