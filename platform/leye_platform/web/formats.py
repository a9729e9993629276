"""Numbers, money and times as people read them. Exact: no float touches money."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from zoneinfo import ZoneInfo

NBSP = "\u00a0"
MINUS = "\u2212"
CURRENCY = {"zh": "元", "en": "yuan"}
ZONE = ZoneInfo("Asia/Shanghai")
WEEKDAYS = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
ENGLISH_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def yuan_from_micros(micros: int, places: int = 2) -> str:
    """Millionths of a yuan as "1,386.72" (rounded half-even for reading only; the books keep micros)."""
    value = (Decimal(micros) / 1_000_000).quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)
    return f"{value:,.{places}f}"


def yuan_from_minor(minor: int) -> str:
    """Fen as "540.00"."""
    return f"{Decimal(minor) / 100:,.2f}"


def money(language: str) -> Callable[[int], str]:
    """Millionths of a yuan with the unit: "12.84 元"."""
    unit = CURRENCY[language]

    def say(micros: int) -> str:
        return f"{yuan_from_micros(micros)}{NBSP}{unit}"

    return say


def billed(language: str) -> Callable[[int], str]:
    """Fen with the unit: "540.00 元"."""
    unit = CURRENCY[language]

    def say(minor: int) -> str:
        return f"{yuan_from_minor(minor)}{NBSP}{unit}"

    return say


def rate(value: Decimal) -> str:
    """An exact rate without needless zeros, with two places at least: "0.06", "0.0125"."""
    plain = value.normalize()
    exponent = plain.as_tuple().exponent
    places = max(2, -exponent if isinstance(exponent, int) else 2)
    return f"{plain:,.{places}f}"


def exact(micros: int) -> str:
    """Millionths of a yuan, nothing rounded and without needless zeros: "0.06", "-0.0125"."""
    return rate(Decimal(micros) / 1_000_000)


def exact_money(language: str) -> Callable[..., str]:
    """Millionths of a yuan with the unit and nothing rounded, with so many places at least: "93.145 元"."""
    unit = CURRENCY[language]

    def say(micros: int, places: int = 2) -> str:
        return f"{yuan_from_micros(micros, max(places, places_of([micros])))}{NBSP}{unit}".replace("-", MINUS)

    return say


def places_of(amounts: Iterable[int]) -> int:
    """The places that these amounts in millionths of a yuan need, so that all of them are told alike and exactly."""
    return max((len(exact(amount).partition(".")[2]) for amount in amounts), default=2)


def count(value: int) -> str:
    """A whole number with its thousands set apart."""
    return f"{value:,}"


def percent(share: float, places: int = 1) -> str:
    """A share between 0 and 1 as "97.1%"; none and all are "0%" and "100%"."""
    return f"{100 * share:.{0 if share in {0, 1} else places}f}%"


def local(moment: datetime) -> datetime:
    """A moment in the zone that pages show."""
    return moment.astimezone(ZONE)


def day_began(now: datetime) -> datetime:
    """Midnight of the operator's present day."""
    return local(now).replace(hour=0, minute=0, second=0, microsecond=0)


def month_began(now: datetime) -> datetime:
    """Midnight of the first of the operator's present month."""
    return day_began(now).replace(day=1)


def when(language: str, now: datetime) -> Callable[[datetime | None], str]:
    """How a moment is said on a page that is read `now`: 今天 10:20, 周四 18:00, 下周四 18:00, 12 月 20 日 9:00."""
    say_day = day(language, now)

    def say(moment: datetime | None) -> str:
        if moment is None:
            return "—"
        at = local(moment)
        return f"{say_day(moment)}{NBSP}{at.hour}:{at.minute:02}"

    return say


def day(language: str, now: datetime) -> Callable[[datetime | None], str]:
    """How a day is said on a page that is read `now`: 今天, 周四, 下周四, 12 月 20 日.

    A weekday alone is one of this week, which ends on Sunday.
    """

    def say(moment: datetime | None) -> str:
        if moment is None:
            return "—"
        at, today = local(moment), local(now)
        days = (at.date() - today.date()).days
        english = language == "en"
        near = {0: ("今天", "today"), 1: ("明天", "tomorrow"), -1: ("昨天", "yesterday")}
        if days in near:
            return near[days][english]
        weeks = (days + today.weekday()) // 7
        if days > 1 and weeks == 0:
            return (ENGLISH_WEEKDAYS if english else WEEKDAYS)[at.weekday()]
        if 1 < days < 7 and not english:
            return f"下{WEEKDAYS[at.weekday()]}"
        return _date(at, english=english, with_year=at.year != today.year)

    return say


def weekday(language: str, now: datetime) -> Callable[[datetime], str]:
    """A day of the week that ends now, as short as can be: 今天, 周四; today, Thu."""

    def say(moment: datetime) -> str:
        if local(moment).date() == local(now).date():
            return "today" if language == "en" else "今天"
        return ENGLISH_WEEKDAYS[local(moment).weekday()][:3] if language == "en" else WEEKDAYS[local(moment).weekday()]

    return say


def before(language: str, now: datetime) -> Callable[[datetime | None], str]:
    """A deadline: 周四 18:00 前, before Thursday 18:00."""
    say_when = when(language, now)

    def say(moment: datetime | None) -> str:
        if moment is None:
            return "—"
        return f"before {say_when(moment)}" if language == "en" else f"{say_when(moment)}{NBSP}前"

    return say


def date(language: str) -> Callable[[datetime | None], str]:
    """A day with its year."""

    def say(moment: datetime | None) -> str:
        return "—" if moment is None else _date(local(moment), english=language == "en", with_year=True)

    return say


def month(language: str) -> Callable[..., str]:
    """A month of a year: 2026 年 11 月, November 2026; without its year: 11 月, November."""

    def say(year: int, number: int, *, with_year: bool = True) -> str:
        if language == "en":
            return f"{datetime(year, number, 1, tzinfo=ZONE):%B}{f' {year}' if with_year else ''}"
        return f"{f'{year}{NBSP}年{NBSP}' if with_year else ''}{number}{NBSP}月"

    return say


def _date(at: datetime, *, english: bool, with_year: bool) -> str:
    if english:
        return f"{at.day}{NBSP}{at:%B}{f' {at.year}' if with_year else ''}"
    year = f"{at.year}{NBSP}年{NBSP}" if with_year else ""
    return f"{year}{at.month}{NBSP}月{NBSP}{at.day}{NBSP}日"


def duration(language: str) -> Callable[[timedelta], str]:
    """A span in the largest fitting unit: 3 小时, 20 分钟."""

    def say(span: timedelta) -> str:
        minutes = max(1, round(span.total_seconds() / 60))
        if minutes < 60:
            return f"{minutes}{NBSP}{'min' if language == 'en' else '分钟'}"
        if minutes < 48 * 60:
            return f"{minutes // 60}{NBSP}{'h' if language == 'en' else '小时'}"
        return f"{minutes // 1440}{NBSP}{'days' if language == 'en' else '天'}"

    return say
