"""Days that people type into forms."""

import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime, time

from leye_platform.errors import N_
from leye_platform.web.formats import ZONE, local

END_OF_WORK = time(18, 0)
"""A deadline is a day; it means this hour of it, in the zone that pages show."""
_DAY = re.compile(r"(?:(\d{4})\s*[-/.年]\s*)?(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*[日号]?")
_DIGITS = re.compile(r"(\d{4})(\d{2})(\d{2})")


def day_typed(text: str, today: date) -> date | None:
    """The day that is meant by 2026-12-01, 2026/12/1, 2026 年 12 月 1 日, 20261201 or 12-1; None for what is no day.

    Without a year it is the next such day, today included. Full-width digits are digits.
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    found = _DAY.fullmatch(plain) or _DIGITS.fullmatch(plain)
    if found is None:
        return None
    year, month, day = found[1], int(found[2]), int(found[3])
    if year:
        return _day_or_none(int(year), month, day)
    years = range(today.year, today.year + 9)  # 29 February may be eight years away
    meant = (_day_or_none(one, month, day) for one in years)
    return next((one for one in meant if one is not None and one >= today), None)


def _day_or_none(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def read_day(text: str, now: datetime, translate: Callable[[str], str]) -> tuple[date | None, str | None]:
    """The day, or what to change; nothing typed is no day."""
    if not text.strip():
        return None, None
    day = day_typed(text, local(now).date())
    return (day, None) if day else (None, translate(N_("这不是日期。请写成 2026-12-01 这样，或者不填。")))


def read_deadline(text: str, now: datetime, translate: Callable[[str], str]) -> tuple[datetime | None, str | None]:
    """The moment at which that day's work ends, or what to change; nothing typed is no deadline."""
    day, problem = read_day(text, now, translate)
    if day is None:
        return None, problem
    moment = datetime.combine(day, END_OF_WORK, ZONE)
    if moment <= now:
        return None, translate(N_("这一天 18:00 已经过去。请写以后的日期，或者不填。"))
    return moment, None
