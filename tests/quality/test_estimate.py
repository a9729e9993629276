"""Estimates of a delivery's accuracy hold the truth as often as they say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leye_quality.estimate import Basis, Certainty, estimated_accuracy


def certainty(values: list[float]) -> Certainty:
    found = Certainty()
    for value in values:
        found.add(value)
    return found


def test_nothing_is_said_of_nothing() -> None:
    assert estimated_accuracy(Certainty(), Certainty()) is None


@pytest.mark.parametrize("off", [-0.09, -0.03, 0.0, 0.025])
def test_by_confidence_the_interval_holds_the_truth_as_far_as_calibration_may_be_off(off: float) -> None:
    draw, held = np.random.default_rng(7), 0
    for _ in range(200):
        sure = np.clip(draw.beta(18, 2, 400), 0.5, 0.999)
        right = draw.random(400) < np.clip(sure + off, 0, 1)
        found = estimated_accuracy(Certainty(), certainty(sure.tolist()))
        assert found is not None
        assert (found.basis, found.checks) == (Basis.CONFIDENCE, 0)
        held += found.share.low <= right.mean() <= found.share.high
    assert held >= 190  # of 200, whatever it is off by


def test_by_checks_the_interval_holds_the_truth_whatever_confidence_says() -> None:
    draw, held = np.random.default_rng(8), 0
    for _ in range(200):
        right = draw.random(2000) < 0.86
        looked = draw.random(2000) < 0.1
        found = estimated_accuracy(
            certainty([0.97] * int(looked.sum())),
            certainty([0.99] * int((~looked).sum())),
            checked=int(looked.sum()),
            found_right=int(right[looked].sum()),
        )
        assert found is not None
        assert found.basis is Basis.CHECKS
        truth = (0.97 * looked.sum() + right[~looked].sum()) / 2000
        held += found.share.low <= truth <= found.share.high
    assert held >= 187


def test_a_handful_of_checks_is_not_taken_for_more_than_it_is() -> None:
    found = estimated_accuracy(Certainty(), certainty([0.9] * 100), checked=8, found_right=8)
    assert found is not None
    assert (found.basis, found.checks, round(found.share.value, 6)) == (Basis.CONFIDENCE, 0, 0.9)


def test_where_confidence_may_not_stand_in_checks_alone_tell() -> None:
    others = certainty([0.3] * 100)
    assert estimated_accuracy(Certainty(), others, confident=False) is None
    found = estimated_accuracy(Certainty(), others, checked=4, found_right=4, confident=False)
    assert found is not None
    assert (found.basis, found.checks, found.share.value) == (Basis.CHECKS, 4, 1.0)
    assert found.share.low < 0.55
    all_settled = estimated_accuracy(certainty([0.97] * 5), Certainty(), confident=False)
    assert all_settled is not None
    assert all_settled.share.value == pytest.approx(0.97)


@given(
    st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=40),
    st.lists(st.floats(0, 1), max_size=40),
    st.integers(0, 60),
    st.integers(0, 60),
)
def test_bounds_are_in_order_and_shares(settled: list[float], others: list[float], one: int, other: int) -> None:
    found = estimated_accuracy(
        certainty(settled), certainty(others), checked=max(one, other), found_right=min(one, other)
    )
    if found is None:
        assert not settled
        assert not others
    else:
        assert 0 <= found.share.low <= found.share.value <= found.share.high <= 1
        assert found.share.cases == len(settled) + len(others)


def test_more_right_than_checked_is_refused() -> None:
    with pytest.raises(ValueError, match="2 right of 1"):
        estimated_accuracy(Certainty(), certainty([0.9]), checked=1, found_right=2)
