"""What a batch will probably cost and leave, before it opens. Pure; money in exact fractions, never floats.

The number of answers is not known beforehand: it depends on how sure the crowd is. Where people are known, a forecast
from their measured skills says it (quality/leye_quality/forecast.py). Where nothing is, three crowds are reckoned
through: a practised one, an ordinary one, one that is still learning.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from fractions import Fraction

from leye_platform.billing.rules import MICROS
from leye_platform.projects.rules import Pipeline, PipelineKind
from leye_quality.agreement import Interval
from leye_quality.forecast import Forecasts

# The share of right answers of the three crowds, on a question with two choices.
PRACTISED, ORDINARY, LEARNING = Fraction(95, 100), Fraction(85, 100), Fraction(70, 100)


@dataclass(frozen=True, slots=True)
class Expected:
    """What an item needs on average: answers, and the share that a reviewer settles."""

    answers: Fraction
    reviewed: Fraction


@dataclass(frozen=True, slots=True)
class Case:
    """One of the three crowds. Money in micros; `margin_percent` of the revenue, None without revenue."""

    answers_per_item: Decimal
    answers: int
    reviews: int
    pay_micros: int
    review_pay_micros: int
    revenue_micros: int

    @property
    def cost_micros(self) -> int:
        return self.pay_micros + self.review_pay_micros

    @property
    def margin_micros(self) -> int:
        return self.revenue_micros - self.cost_micros

    @property
    def margin_percent(self) -> Decimal | None:
        if self.revenue_micros == 0:
            return None
        share = Decimal(self.margin_micros) * 100 / Decimal(self.revenue_micros)
        return share.quantize(Decimal("0.1"), ROUND_HALF_EVEN)


@dataclass(frozen=True, slots=True)
class Estimate:
    """The three cases, from the fewest answers to the most."""

    items: int
    low: Case
    likely: Case
    high: Case


def expected_answers(pipeline: Pipeline, accuracy: Fraction) -> Expected:
    """What an item needs under `pipeline` when each answer is right with probability `accuracy`.

    For consensus this walks the lead of one choice over the other: after the first answers the item
    is decided once the posterior of the leading choice, a^lead / (a^lead + (1-a)^lead), reaches the
    wanted confidence (two choices, equal priors: Dawid and Skene 1979 with known skills).
    """
    if pipeline.kind is PipelineKind.SINGLE_CHECK:
        return Expected(Fraction(1), _exact(pipeline.check_share))
    confidence = _exact(pipeline.confidence)
    undecided = {0: Fraction(1)}
    answers = Fraction(0)
    for given in range(1, pipeline.overlap_limit() + 1):
        answers += sum(undecided.values())
        leads: dict[int, Fraction] = {}
        for lead, chance in undecided.items():
            for step, share in ((1, accuracy), (-1, 1 - accuracy)):
                leads[lead + step] = leads.get(lead + step, Fraction(0)) + chance * share
        undecided = leads
        if given >= pipeline.overlap_start():
            undecided = {lead: c for lead, c in leads.items() if _sureness(abs(lead), accuracy) < confidence}
    return Expected(answers, sum(undecided.values(), Fraction(0)))


class Way(StrEnum):
    """How items may become decisions: the pipelines there are, and one that is only reckoned with so far."""

    CONSENSUS = "consensus"
    SINGLE_CHECK = "single_check"
    PROPOSE_VERIFY = "propose_verify"


@dataclass(frozen=True, slots=True)
class WayForecast:
    """What a way takes and gives. accuracy: share of right items; `expected` and `case` as for an assumed crowd."""

    way: Way
    expected: Expected
    accuracy: Interval
    case: Case


@dataclass(frozen=True, slots=True)
class Rates:
    """In the currency unit: per item, per answer, per review."""

    unit_price: Decimal
    answer_pay: Decimal
    review_pay: Decimal


@dataclass(frozen=True, slots=True)
class Quantity:
    """How many items, and how many micro-tasks they have."""

    items: int
    tasks: int

    @property
    def tasks_an_item(self) -> Fraction:
        return Fraction(self.tasks, self.items) if self.items else Fraction(1)


def costed(of_a_task: Expected, gold_share: float, quantity: Quantity, rates: Rates) -> Case:
    """What it comes to in answers, reviews and money. Gold answers are paid like all others and come on top."""
    each, items = quantity.tasks_an_item, quantity.items
    answers, reviewed = of_a_task.answers * each, of_a_task.reviewed * each
    paid = answers / (1 - _exact(gold_share))
    return Case(
        answers_per_item=_decimal(answers),
        answers=round(answers * items),
        reviews=round(reviewed * items),
        pay_micros=_micros(paid * items, rates.answer_pay),
        review_pay_micros=_micros(reviewed * items, rates.review_pay),
        revenue_micros=_micros(Fraction(items), rates.unit_price),
    )


def estimate(
    pipeline: Pipeline,
    items: int,
    *,
    unit_price: Decimal,
    answer_pay: Decimal,
    review_pay: Decimal,
    tasks: int | None = None,
) -> Estimate:
    """Cost and margin of `items` items; rates are in the currency unit, per item, answer and review.

    tasks: how many micro-tasks they have, where that is not one each.
    """
    quantity, rates = Quantity(items, items if tasks is None else tasks), Rates(unit_price, answer_pay, review_pay)

    def case(accuracy: Fraction) -> Case:
        return costed(expected_answers(pipeline, accuracy), pipeline.gold_share, quantity, rates)

    return Estimate(items, case(PRACTISED), case(ORDINARY), case(LEARNING))


def ways(told: Forecasts, gold_share: float, quantity: Quantity, rates: Rates) -> tuple[WayForecast, ...]:
    """The three ways with what they cost. Somebody who verifies is paid as somebody who answers."""
    by_way = {
        Way.CONSENSUS: told.consensus,
        Way.SINGLE_CHECK: told.single_check,
        Way.PROPOSE_VERIFY: told.propose_verify,
    }
    return tuple(
        WayForecast(way, expected, one.accuracy, costed(expected, gold_share, quantity, rates))
        for way, one in by_way.items()
        for expected in [Expected(one.answers, one.reviewed)]
    )


def _sureness(lead: int, accuracy: Fraction) -> Fraction:
    right, wrong = accuracy**lead, (1 - accuracy) ** lead
    return right / (right + wrong)


def _exact(share: float) -> Fraction:
    return Fraction(str(share))


def _decimal(value: Fraction) -> Decimal:
    return (Decimal(value.numerator) / value.denominator).quantize(Decimal("0.01"), ROUND_HALF_EVEN)


def _micros(count: Fraction, rate: Decimal) -> int:
    return round(count * Fraction(rate) * MICROS)
