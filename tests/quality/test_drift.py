"""Drift against one's own past: seen when it lasts, not where somebody is merely mediocre or has a bad hour."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leye_quality.drift import FIRST, drift


def likely(seed: int, right: np.ndarray, *, gold: bool = False) -> list[float]:
    """How probable others make the answers of somebody who is right so often, answer by answer; calibrated."""
    draw = np.random.default_rng(seed)
    answers_right = draw.random(len(right)) < right
    if gold:
        return [float(one) for one in answers_right]
    sure = draw.choice([0.8, 0.9, 0.97], len(right))
    truth_found = draw.random(len(right)) < sure
    return [float(one) for one in np.where(answers_right == truth_found, sure, 1.0 - sure)]


@pytest.mark.parametrize("gold", [False, True])
@pytest.mark.parametrize(("right", "most"), [(0.7, 0.08), (0.85, 0.03), (0.95, 0.01)])
def test_who_stays_as_they_are_is_hardly_ever_taken_for_changed(right: float, most: float, *, gold: bool) -> None:
    """In five hundred answers; the mediocre are compared with themselves only."""
    found = [drift(likely(seed, np.full(500, right), gold=gold)).worth_a_look for seed in range(150)]
    assert np.mean(found) <= most


@pytest.mark.parametrize(("before", "after", "within"), [(0.9, 0.6, 140), (0.9, 0.5, 90), (0.8, 0.5, 160)])
def test_a_lasting_fall_is_seen_and_dated(before: float, after: float, within: int) -> None:
    found = [drift(likely(seed, np.repeat([before, after], [200, 300]))) for seed in range(60)]
    seen = [one for one in found if one.at is not None and one.at > 200]
    assert len(seen) >= 0.9 * len(found)
    assert np.median([one.at - 200 for one in seen if one.at]) <= within
    assert abs(np.median([one.since for one in seen if one.since]) - 200) <= 40
    assert all(one.after < one.before for one in seen)


def test_a_bad_hour_passes() -> None:
    right = np.full(400, 0.9)
    right[200:212] = 0.5
    assert np.mean([drift(likely(seed, right)).worth_a_look for seed in range(60)]) <= 0.05


def test_who_gets_better_is_left_in_peace() -> None:
    found = [drift(likely(seed, np.repeat([0.7, 0.95], [200, 200]))).worth_a_look for seed in range(40)]
    assert np.mean(found) <= 0.05


def test_a_beginner_has_no_past_to_differ_from() -> None:
    assert drift([]).at is None
    assert not drift([0.0] * FIRST).worth_a_look
    assert not drift([1.0] * 500).worth_a_look


def test_what_is_no_probability_is_refused() -> None:
    for wrong in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match="between 0 and 1"):
            drift([0.5, wrong])


@given(st.lists(st.floats(0, 1), max_size=150))
def test_any_past_gives_shares_and_a_date_within_it(shares: list[float]) -> None:
    found = drift(shares)
    assert 0 <= found.before <= 1 + 1e-9
    assert 0 <= found.after <= 1 + 1e-9
    assert found.evidence >= 0
    if found.at is not None:
        assert FIRST < found.at <= len(shares)
        assert found.since is not None
        assert found.since <= found.at
