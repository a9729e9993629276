"""What a batch will probably cost and leave, before it opens. Pure; exact fractions, never floats.

The number of answers is not known beforehand: it depends on how sure the crowd is. Three crowds are
reckoned through: a practised one, an ordinary one, one that is still learning.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

from leye_platform.billing.rules import MICROS
from leye_platform.projects.rules import Pipeline, PipelineKind

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
    each = Fraction(1) if tasks is None or items == 0 else Fraction(tasks, items)

    def case(accuracy: Fraction) -> Case:
        of_a_task = expected_answers(pipeline, accuracy)
        expected = Expected(of_a_task.answers * each, of_a_task.reviewed * each)
        gold = _exact(pipeline.gold_share)
        # Gold answers are paid like all others and come on top.
        paid = expected.answers / (1 - gold)
        return Case(
            answers_per_item=_decimal(expected.answers),
            answers=round(expected.answers * items),
            reviews=round(expected.reviewed * items),
            pay_micros=_micros(paid * items, answer_pay),
            review_pay_micros=_micros(expected.reviewed * items, review_pay),
            revenue_micros=_micros(Fraction(items), unit_price),
        )

    return Estimate(items, case(PRACTISED), case(ORDINARY), case(LEARNING))


def _sureness(lead: int, accuracy: Fraction) -> Fraction:
    right, wrong = accuracy**lead, (1 - accuracy) ** lead
    return right / (right + wrong)


def _exact(share: float) -> Fraction:
    return Fraction(str(share))


def _decimal(value: Fraction) -> Decimal:
    return (Decimal(value.numerator) / value.denominator).quantize(Decimal("0.01"), ROUND_HALF_EVEN)


def _micros(count: Fraction, rate: Decimal) -> int:
    return round(count * Fraction(rate) * MICROS)
