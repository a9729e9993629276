"""Exact arithmetic: nothing is lost between micros and minor units."""

from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leye_platform.billing.errors import MonthMissing
from leye_platform.billing.months import Month, months_between
from leye_platform.billing.rules import (
    MICROS_A_MINOR,
    RateTooFine,
    amount_in_micros,
    amount_in_minor,
    rate_in_micros,
    rounding_in_micros,
)

prices = st.integers(1, 10**9).map(lambda micros: Decimal(micros) / 1_000_000)
quantities = st.integers(0, 10**6).map(Decimal)
lines = st.lists(st.tuples(quantities, prices), min_size=1, max_size=30)


@given(lines)
def test_the_lines_and_the_rounding_add_up_to_the_exact_amount(lines: list[tuple[Decimal, Decimal]]) -> None:
    exact = sum(amount_in_micros(quantity, price) for quantity, price in lines)
    total = sum(amount_in_minor(quantity, price) for quantity, price in lines)
    assert total * MICROS_A_MINOR - rounding_in_micros(exact, total) == exact


@given(quantities, prices)
def test_a_line_is_off_by_half_a_minor_unit_at_most(quantity: Decimal, price: Decimal) -> None:
    off = rounding_in_micros(amount_in_micros(quantity, price), amount_in_minor(quantity, price))
    assert abs(off) <= MICROS_A_MINOR // 2


@given(quantities, prices)
def test_a_lines_amount_does_not_depend_on_how_its_items_are_counted(quantity: Decimal, price: Decimal) -> None:
    one_by_one = int(quantity) % 100
    exact = sum(amount_in_micros(Decimal(1), price) for _ in range(one_by_one))
    assert exact == amount_in_micros(Decimal(one_by_one), price)


@given(quantities, prices)
def test_amounts_are_quantity_times_price_rounded_half_even(quantity: Decimal, price: Decimal) -> None:
    assert amount_in_minor(quantity, price) == int((quantity * price * 100).quantize(Decimal(1), ROUND_HALF_EVEN))


@pytest.mark.parametrize(
    ("quantity", "price", "minor"),
    [("1", "0.005", 0), ("1", "0.015", 2), ("3", "0.005", 2), ("1", "0.025", 2), ("2000", "0.42", 84_000)],
)
def test_a_half_goes_to_the_even_minor_unit(quantity: str, price: str, minor: int) -> None:
    assert amount_in_minor(Decimal(quantity), Decimal(price)) == minor


def test_a_rate_finer_than_a_millionth_is_refused() -> None:
    assert rate_in_micros(Decimal("0.000001")) == 1
    with pytest.raises(RateTooFine):
        rate_in_micros(Decimal("0.0000001"))


@given(st.datetimes(datetime(2020, 1, 1), datetime(2099, 1, 1)))  # noqa: DTZ001 -- Hypothesis wants them naive
def test_a_moment_lies_in_its_month_and_in_one_of_its_days(naive: datetime) -> None:
    moment = naive.replace(tzinfo=UTC)
    month = Month.of(moment)
    days = list(month.days())
    assert month.began <= moment < month.ended
    assert days[0] == month.began
    assert len(days) in {28, 29, 30, 31}
    assert Month.named(month.name) == month


def test_months_are_cut_in_the_operators_zone() -> None:
    assert Month.of(datetime(2026, 2, 28, 16, 0, tzinfo=UTC)) == Month(2026, 3)
    assert Month.of(datetime(2026, 2, 28, 15, 59, tzinfo=UTC)) == Month(2026, 2)
    assert [month.name for month in months_between(Month(2025, 11), Month(2026, 2))] == [
        "2025-11",
        "2025-12",
        "2026-01",
        "2026-02",
    ]


@pytest.mark.parametrize("name", ["2026-13", "2026-00", "26-01", "2026-1", "2026-03-01", "now", ""])
def test_what_is_no_month_is_not_found(name: str) -> None:
    with pytest.raises(MonthMissing):
        Month.named(name)
