"""Reliability diagrams: counting how often what was said to be so sure was right."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leye_quality.agreement import wilson
from leye_quality.reliability import EDGES, ENOUGH, reliability

CASES = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=ENOUGH, max_size=200)


def test_confidence_that_keeps_its_word_fits_and_one_that_boasts_does_not() -> None:
    draw = np.random.default_rng(11)
    said = draw.uniform(0.6, 1, 4000)
    honest = reliability(zip(said.tolist(), (draw.random(4000) < said).tolist(), strict=True))
    boasting = reliability(zip(said.tolist(), (draw.random(4000) < said - 0.1).tolist(), strict=True))
    modest = reliability(zip((said - 0.1).tolist(), (draw.random(4000) < said).tolist(), strict=True))
    assert honest is not None
    assert boasting is not None
    assert modest is not None
    assert (honest.fits, honest.too_sure) == (True, False)
    assert (boasting.fits, boasting.too_sure) == (False, True)
    assert (modest.fits, modest.too_sure) == (False, False)
    assert sum(band.right.low <= band.said <= band.right.high for band in honest.bands) >= len(honest.bands) - 1


def test_too_few_cases_tell_nothing() -> None:
    assert reliability([]) is None
    assert reliability([], enough=0) is None
    assert reliability([(0.9, True)] * (ENOUGH - 1)) is None
    assert reliability([(0.9, True)] * ENOUGH) is not None


def test_a_band_has_its_mean_its_share_and_wilsons_interval() -> None:
    found = reliability([(0.96, True)] * 27 + [(0.98, False)] * 3 + [(0.5, False)] * 10)
    assert found is not None
    low, high = found.bands
    assert (low.low, low.high, low.cases, low.right.value) == (0.0, EDGES[0], 10, 0.0)
    assert (high.low, high.high, high.cases) == (0.95, 0.99, 30)
    assert high.said == pytest.approx((27 * 0.96 + 3 * 0.98) / 30)
    assert high.right == wilson(27, 30)
    assert (found.whole.cases, found.whole.right.value) == (40, 27 / 40)


def test_an_edge_is_in_the_upper_band_and_what_is_no_confidence_counts_as_none() -> None:
    found = reliability([(0.95, True)] * 30 + [(1.0, True), (7.0, True), (-1.0, False), (math.nan, False)])
    assert found is not None
    assert [(band.low, band.cases) for band in found.bands] == [(0.0, 2), (0.95, 30), (0.99, 2)]


@given(CASES)
def test_the_order_of_cases_does_not_matter_and_none_is_lost(cases: list[tuple[float, bool]]) -> None:
    found, turned = reliability(cases), reliability(cases[::-1])
    assert found is not None
    assert turned is not None
    assert sum(band.cases for band in found.bands) == found.whole.cases == len(cases)
    for one, other in zip(found.bands, turned.bands, strict=True):
        assert (one.low, one.high, one.right) == (other.low, other.high, other.right)
        assert one.said == pytest.approx(other.said)
        assert one.low <= one.said + 1e-9
        assert one.said <= one.high + 1e-9


@given(CASES)
def test_every_case_twice_changes_no_share_and_narrows_the_intervals(cases: list[tuple[float, bool]]) -> None:
    found, twice = reliability(cases), reliability(cases * 2)
    assert found is not None
    assert twice is not None
    for one, other in zip(found.bands, twice.bands, strict=True):
        assert other.right.value == pytest.approx(one.right.value)
        assert other.right.high - other.right.low < one.right.high - one.right.low
