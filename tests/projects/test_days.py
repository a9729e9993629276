"""A day that somebody types is understood as people write days."""

from datetime import UTC, date, datetime

import pytest

from leye_platform.projects.days import day_typed, read_deadline

TODAY = date(2026, 11, 27)


@pytest.mark.parametrize(
    "text",
    [
        *("2026-12-01", "2026-12-1", "2026/12/01", "2026.12.1", "20261201", " 2026-12-01 "),
        *("2026 年 12 月 1 日", "2026年12月1日", "2026\u00a0年\u00a012\u00a0月\u00a01\u00a0日", "２０２６－１２－０１"),
        *("12-1", "12/01", "12.1", "12月1日", "12 月 1 号"),
    ],
)
def test_a_day_is_understood_as_people_write_it(text: str) -> None:
    assert day_typed(text, TODAY) == date(2026, 12, 1)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("11-27", TODAY),
        ("11-26", date(2027, 11, 26)),
        ("1 月 5 日", date(2027, 1, 5)),
        ("2-29", date(2028, 2, 29)),
        ("2020-01-01", date(2020, 1, 1)),
    ],
)
def test_a_day_without_its_year_is_the_next_one(text: str, meant: date) -> None:
    assert day_typed(text, TODAY) == meant


@pytest.mark.parametrize(
    "text", ["明天", "soon", "2026", "12", "2026-13-01", "2-30", "26-12-01", "0000-01-01", "2026-12-01 18:00", ""]
)
def test_what_is_no_day_is_none(text: str) -> None:
    assert day_typed(text, TODAY) is None


def test_a_deadline_ends_at_six_in_shanghai() -> None:
    now = datetime(2026, 11, 27, 9, 59, tzinfo=UTC)
    assert read_deadline("11-27", now, str) == (datetime(2026, 11, 27, 10, 0, tzinfo=UTC), None)
    late = datetime(2026, 11, 27, 10, 0, tzinfo=UTC)
    moment, problem = read_deadline("11-27", late, str)
    assert moment is None
    assert "已经过去" in str(problem)
