"""Pipelines, dated rates, and the estimate before a batch opens."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from leye_platform.projects.errors import AdditionRefused
from leye_platform.projects.estimate import Case, estimate, expected_answers
from leye_platform.projects.rules import (
    ADDITION_MOVES,
    APPENDABLE,
    AdditionState,
    BatchState,
    Pipeline,
    check_appendable,
    rate_on,
)

DAY = datetime(2026, 3, 2, tzinfo=UTC)


@dataclass(frozen=True)
class Price:
    valid_from: datetime
    unit_price: Decimal


def test_the_price_in_force_is_the_latest_that_has_begun() -> None:
    old, new = Price(DAY, Decimal("0.30")), Price(DAY + timedelta(days=10), Decimal("0.42"))
    assert rate_on([new, old], DAY - timedelta(seconds=1)) is None
    assert rate_on([new, old], DAY) is old
    assert rate_on([new, old], DAY + timedelta(days=9)) is old
    assert rate_on([new, old], new.valid_from) is new


def test_a_batch_takes_further_files_from_when_it_was_read_until_it_ends() -> None:
    sentences = set()
    for state in BatchState:
        if state in {BatchState.READY, BatchState.OPEN, BatchState.PAUSED}:
            check_appendable(state)
            continue
        assert state not in APPENDABLE
        with pytest.raises(AdditionRefused) as refused:
            check_appendable(state)
        sentences.add(str(refused.value))
    assert len(sentences) == 5, "each state has a sentence of its own"


def test_an_addition_ends_read_or_failed_and_is_never_read_again() -> None:
    assert set(ADDITION_MOVES) == set(AdditionState)
    assert [state for state, moves in ADDITION_MOVES.items() if not moves] == ["read", "failed"]
    assert {state for moves in ADDITION_MOVES.values() for state in moves} == set(AdditionState) - {"uploading"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"overlap_start": 3},
        {"overlap_start": 0},
        {"overlap_start": 2, "overlap_limit": 1},
        {"overlap_limit": 16},
        {"confidence": 0.4},
        {"confidence": 1},
        {"kind": "single_check", "check_share": 1.1},
        {"gold_share": 0.6},
        {"kind": "vote"},
        {"overlap": 3},
    ],
)
def test_a_pipeline_out_of_bounds_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Pipeline.model_validate(wrong)


def test_a_pipeline_keeps_only_what_its_kind_uses_and_reads_back() -> None:
    single = Pipeline.model_validate({"kind": "single_check", "check_share": 0.2})
    assert single.stored() == {"kind": "single_check", "check_share": 0.2, "gold_share": 0.05}
    assert (single.overlap_start(), single.overlap_limit()) == (1, 1)
    consensus = Pipeline.model_validate({"overlap_start": 1, "overlap_limit": 4})
    assert Pipeline.model_validate(consensus.stored()) == consensus
    assert (consensus.overlap_start(), consensus.overlap_limit()) == (1, 4)


def test_answers_grow_until_sure_as_reckoned_by_hand() -> None:
    pipeline = Pipeline.model_validate({"overlap_start": 2, "overlap_limit": 3, "confidence": 0.9})
    accuracy = Fraction(4, 5)
    expected = expected_answers(pipeline, accuracy)
    # Two that agree are sure (16/17); two that differ ask for a third, which leaves a lead of one (4/5): review.
    differ = 2 * accuracy * (1 - accuracy)
    assert expected.answers == 2 + differ
    assert expected.reviewed == differ


def test_a_single_answer_with_checks_needs_one_answer_and_the_share_of_reviews() -> None:
    pipeline = Pipeline.model_validate({"kind": "single_check", "check_share": 0.25, "gold_share": 0})
    likely = estimate(
        pipeline, 400, unit_price=Decimal("0.5"), answer_pay=Decimal("0.2"), review_pay=Decimal("0.1")
    ).likely
    assert (likely.answers, likely.reviews) == (400, 100)
    assert (likely.pay_micros, likely.review_pay_micros) == (80_000_000, 10_000_000)
    assert (likely.margin_micros, likely.margin_percent) == (110_000_000, Decimal("55.0"))


def test_gold_answers_are_paid_and_never_billed() -> None:
    pipeline = Pipeline.model_validate({"kind": "single_check", "check_share": 0, "gold_share": 0.2})
    likely = estimate(pipeline, 100, unit_price=Decimal(1), answer_pay=Decimal("0.1"), review_pay=Decimal(0)).likely
    assert likely.pay_micros == 12_500_000
    assert likely.revenue_micros == 100_000_000


def test_without_a_price_there_is_no_percentage() -> None:
    pipeline = Pipeline.model_validate({})
    likely = estimate(pipeline, 10, unit_price=Decimal(0), answer_pay=Decimal("0.1"), review_pay=Decimal(0)).likely
    assert likely.margin_percent is None
    assert likely.margin_micros < 0


@given(
    start=st.sampled_from([1, 2]),
    limit=st.integers(2, 15),
    confidence=st.integers(500, 999),
    items=st.integers(0, 10_000),
)
def test_a_practised_crowd_needs_no_more_than_an_ordinary_one(
    start: int, limit: int, confidence: int, items: int
) -> None:
    pipeline = Pipeline.model_validate(
        {"overlap_start": start, "overlap_limit": limit, "confidence": confidence / 1000}
    )
    found = estimate(pipeline, items, unit_price=Decimal("0.3"), answer_pay=Decimal("0.07"), review_pay=Decimal("0.1"))

    def in_bounds(case: Case) -> bool:
        return start * items <= case.answers <= limit * items and 0 <= case.reviews <= items

    assert all(in_bounds(case) for case in (found.low, found.likely, found.high))
    assert found.low.answers <= found.likely.answers <= found.high.answers
    assert found.low.revenue_micros == items * 300_000
