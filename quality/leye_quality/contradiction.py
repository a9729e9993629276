"""Whether the answers differ more than the people's skills explain.

Independent errors are an assumption (Dawid and Skene, 1979). On an ambiguous item able people fall into two camps, and
the larger camp's posterior can still look sure. So the dissenters are counted: under the leading class their number
is a sum of unequal coin tosses, each person's by their own error rate. Where so many dissent less often than
`RARELY`, somebody should look.
"""

import math
from collections.abc import Sequence

RARELY = 0.05
"""Share of honest disagreements that this sends to review at most."""


def chance_of_dissent(error_rates: Sequence[float], dissenters: int) -> float:
    """The probability of at least so many errors, each person erring independently at their own rate.

    The exact Poisson-binomial tail; the order of the rates does not matter, to the last bit.
    """
    exactly = [1.0]
    for rate in sorted(error_rates):
        right = 1.0 - rate
        exactly = [a * right + b * rate for a, b in zip([*exactly, 0.0], [0.0, *exactly], strict=True)]
    return math.fsum(exactly[dissenters:])


def contradict(error_rates: Sequence[float], dissenters: int, questions: int = 1) -> bool:
    """Whether so many dissenters are too many. questions: asked at once, each with its part of `RARELY`."""
    return dissenters > 0 and chance_of_dissent(error_rates, dissenters) < RARELY / questions
