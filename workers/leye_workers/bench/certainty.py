"""Whether confidence is honest: of what is said to be so sure, is so much right?"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from leye_workers.bench.crowds import RECIPES, Recorded, class_crowd, combined
from leye_workers.bench.figures import Extent, Figure, Rows, figure

Real = NDArray[np.float64]


def certainty(recorded: Mapping[str, Recorded], extent: Extent) -> Rows:
    """Whether confidence is honest."""
    sure, right = _simulated_certainty(extent.seeds)
    near = (sure >= 0.94) & (sure <= 0.96)
    share = float(right[near].mean()) if near.any() else float("nan")
    yield (
        "simulation: right where said .94–.96",
        figure(abs(share - 0.95), must=0.02, at_most=True, beside={"right": round(share, 4), "items": int(near.sum())}),
    )
    yield "simulation: said ≥ .95, confidence minus accuracy", _over(sure, right, 0.03)
    for name, one in recorded.items():
        found = combined(one.crowd)
        hits = found.chosen == one.crowd.truths
        limit = 0.10 if name == "dog" else 0.03
        yield f"{name}: said ≥ .95, confidence minus accuracy", _over(found.sure, hits, limit)


@cache
def _simulated_certainty(seeds: int) -> tuple[Real, NDArray[np.bool_]]:
    crowds = [class_crowd(recipe, 100 + seed) for recipe in RECIPES.values() for seed in range(seeds)]
    found = [combined(crowd) for crowd in crowds]
    hits = [one.chosen == crowd.truths for one, crowd in zip(found, crowds, strict=True)]
    return np.concatenate([one.sure for one in found]), np.concatenate(hits)


def _over(sure: Real, right: NDArray[np.bool_], must: float) -> Figure:
    said = sure >= 0.95
    over = float(sure[said].mean() - right[said].mean()) if said.any() else 0.0
    return figure(over, must=must, aim=0.03, at_most=True, beside={"items": int(said.sum())})


@dataclass(frozen=True)
class Bin:
    """Items whose confidence lies from `low` to below `high`; its mean, and the share that is right."""

    low: float
    high: float
    said: float
    right: float
    items: int


def reliability(extent: Extent, edges: tuple[float, ...]) -> list[Bin]:
    """A reliability diagram on simulated crowds; bins without items are left out."""
    sure, right = _simulated_certainty(extent.seeds)
    bin_of = np.minimum(np.searchsorted(edges, sure, side="right") - 1, len(edges) - 2)
    found = []
    for n in np.unique(bin_of).tolist():
        inside = bin_of == n
        said, share = float(sure[inside].mean()), float(right[inside].mean())
        found.append(Bin(edges[n], edges[n + 1], said, share, int(inside.sum())))
    return found
