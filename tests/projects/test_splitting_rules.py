"""What a project may cut, what an item in parts costs, and how sure it is."""

from decimal import Decimal
from fractions import Fraction
from functools import partial

from hypothesis import given
from hypothesis import strategies as st

from leye_platform.projects.estimate import estimate
from leye_platform.projects.rules import Pipeline
from leye_platform.projects.splitting import Splitting, joined_confidence, problems_of_splitting
from leye_platform.projects.splitting_form import SplittingForm


def test_an_estimate_of_items_in_parts_multiplies_answers_and_reviews_alone() -> None:
    pipeline = Pipeline.model_validate({"kind": "single_check", "check_share": 0.25, "gold_share": 0})
    costs = partial(estimate, pipeline, 100, unit_price=Decimal(1), answer_pay=Decimal("0.1"), review_pay=Decimal(0))
    likely = costs(tasks=1200).likely
    assert (likely.answers, likely.reviews, likely.revenue_micros) == (1200, 300, 100_000_000)
    assert likely.answers_per_item == 12
    assert costs() == costs(tasks=100)


def test_the_confidence_of_an_item_is_that_all_its_parts_are_right() -> None:
    assert joined_confidence([0.9]) == 0.9
    assert joined_confidence([0.5, 0.5]) == float(Fraction(1, 4))


@given(st.builds(Splitting, pictures_above=st.none() | st.integers(1_000_000, 64_000_000)))
def test_a_setting_comes_back_from_its_form(splitting: Splitting) -> None:
    given = SplittingForm.of(splitting).meant()
    assert not problems_of_splitting(given)
    assert Splitting.model_validate(given).stored() == splitting.stored()
