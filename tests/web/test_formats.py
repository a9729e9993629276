"""Numbers, money and times, as people read them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leye_platform.web import formats

NOW = datetime(2026, 11, 24, 2, 20, tzinfo=UTC)  # Tuesday 10:20 in Shanghai


@pytest.mark.parametrize(
    ("moment", "chinese", "english"),
    [
        (NOW, "今天 10:20", "today 10:20"),
        (NOW + timedelta(days=1), "明天 10:20", "tomorrow 10:20"),
        (NOW - timedelta(days=1), "昨天 10:20", "yesterday 10:20"),
        (datetime(2026, 11, 26, 10, 0, tzinfo=UTC), "周四 18:00", "Thursday 18:00"),
        (datetime(2026, 11, 29, 10, 0, tzinfo=UTC), "周日 18:00", "Sunday 18:00"),
        (datetime(2026, 11, 30, 10, 0, tzinfo=UTC), "下周一 18:00", "30 November 18:00"),
        (datetime(2026, 11, 30, 16, 5, tzinfo=UTC), "12 月 1 日 0:05", "1 December 0:05"),
        (datetime(2025, 11, 20, 1, 0, tzinfo=UTC), "2025 年 11 月 20 日 9:00", "20 November 2025 9:00"),
        (None, "—", "—"),
    ],
)
def test_a_moment_is_said_as_people_say_it(moment: datetime | None, chinese: str, english: str) -> None:
    assert formats.when("zh", NOW)(moment).replace(formats.NBSP, " ") == chinese
    assert formats.when("en", NOW)(moment).replace(formats.NBSP, " ") == english


def test_a_deadline_says_before() -> None:
    thursday = datetime(2026, 11, 26, 10, 0, tzinfo=UTC)
    assert formats.before("zh", NOW)(thursday).replace(formats.NBSP, " ") == "周四 18:00 前"
    assert formats.before("en", NOW)(thursday).replace(formats.NBSP, " ") == "before Thursday 18:00"
    assert formats.before("zh", NOW)(None) == "—"


def test_the_day_turns_at_midnight_in_shanghai() -> None:
    late = datetime(2026, 11, 24, 15, 59, tzinfo=UTC)
    assert formats.when("zh", late)(late + timedelta(minutes=1)).startswith("明天")
    assert formats.day_began(late) == datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
    assert formats.month_began(late) == datetime(2026, 10, 31, 16, 0, tzinfo=UTC)


def test_money_joins_its_unit_by_a_no_break_space() -> None:
    assert formats.money("zh")(1_386_720_000) == "1,386.72\u00a0元"
    assert formats.billed("zh")(42_000) == "420.00\u00a0元"
    assert formats.money("en")(12_840_000) == "12.84\u00a0yuan"


def test_micros_round_half_to_even() -> None:
    assert [formats.yuan_from_micros(micros) for micros in (5_000, 15_000, 15_001)] == ["0.00", "0.02", "0.02"]


@given(st.integers(min_value=-(10**17), max_value=10**17))
def test_no_fen_is_lost_however_large_the_sum(minor: int) -> None:
    assert Decimal(formats.yuan_from_minor(minor).replace(",", "")) * 100 == minor
    assert formats.yuan_from_micros(minor * 10_000) == formats.yuan_from_minor(minor)


def test_rates_keep_all_their_decimals_and_at_least_two() -> None:
    assert [formats.rate(Decimal(text)) for text in ("0.06", "0.012500", "1", "1E+3")] == [
        "0.06",
        "0.0125",
        "1.00",
        "1,000.00",
    ]


def test_counts_shares_and_spans() -> None:
    assert formats.count(12345) == "12,345"
    assert formats.percent(0.9714) == "97.1%"
    spans = [timedelta(seconds=5), timedelta(minutes=59), timedelta(hours=3), timedelta(days=3)]
    assert [formats.duration("zh")(span).replace(formats.NBSP, " ") for span in spans] == [
        "1 分钟",
        "59 分钟",
        "3 小时",
        "3 天",
    ]


def test_a_month_is_said_by_its_name() -> None:
    assert formats.month("zh")(2026, 11).replace(formats.NBSP, " ") == "2026 年 11 月"
    assert formats.month("zh")(2026, 3, with_year=False).replace(formats.NBSP, " ") == "3 月"
    assert [formats.month("en")(2026, 3), formats.month("en")(2026, 3, with_year=False)] == ["March 2026", "March"]


@pytest.mark.parametrize(("language", "words"), [("zh", ["周一", "今天"]), ("en", ["Mon", "today"])])
def test_a_day_of_the_week_that_ends_now_is_told_shortly(language: str, words: list[str]) -> None:
    say = formats.weekday(language, NOW)
    assert [say(NOW - timedelta(days=1)), say(NOW)] == words
