"""Figures of a benchmark beside their limits, and how much is measured for them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

Rows = Iterator[tuple[str, Any]]
"""Names and figures."""


@dataclass(frozen=True)
class Extent:
    """How much is measured: seeds of each kind of crowd, orders of each replay, pictures and texts of each crowd, items
    of the large run (three answers each), repetitions of one posterior."""

    seeds: int = 10
    orders: int = 5
    pictures: int = 400
    texts: int = 300
    items: int = 1_000_000
    posteriors: int = 20_000


class Figure(dict[str, Any]):
    """JSON as it is; as text, one line. Keys: value; must and aim, its limits; met (`aim`, `must`, `missed`); whatever
    stands beside it for comparison."""

    def __str__(self) -> str:
        limits = [f"{name} {self['sign']} {_said(self[name])}" for name in ("must", "aim") if name in self]
        own = {"value", "must", "aim", "met", "sign"}
        beside = [f"{name} {_said(value)}" for name, value in self.items() if name not in own]
        told = f" ({'; '.join([*limits, *beside])})" if limits or beside else ""
        return f"{_said(self['value'])}{told}{': ' + self['met'] if 'met' in self else ''}"


def figure(
    value: float,
    *,
    must: float | None = None,
    aim: float | None = None,
    at_most: bool = False,
    beside: dict[str, Any] | None = None,
) -> Figure:
    """A figure, rounded to four places. at_most: whether the limits are upper ones."""
    found = Figure(value=round(value, 4), **(beside or {}))
    limits = {"must": must, "aim": aim}
    known = {name: round(limit, 4) for name, limit in limits.items() if limit is not None}
    if known:
        reached = [
            name for name, limit in known.items() if (value <= limit + 1e-9 if at_most else value >= limit - 1e-9)
        ]
        found |= known | {"sign": "≤" if at_most else "≥", "met": reached[-1] if reached else "missed"}
    return found


def mean(values: Iterable[float]) -> float:
    """The mean of some figures."""
    return float(np.mean(list(values)))


def _said(value: Any) -> str:
    return f"{value:.4f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
