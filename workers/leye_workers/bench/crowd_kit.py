"""crowd-kit beside Leye, where it is installed: a library of consensus methods to be measured against, never run with.

D. Ustalov, N. Pavlichenko, B. Tseitlin: Learning from crowds with Crowd-Kit. JOSS 9, 2024.
"""

import importlib
import importlib.util
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

from leye_quality.majority import Labels
from leye_workers.bench.crowds import ClassCrowd, Recipe, class_crowd

METHODS = (
    "MajorityVote",
    "Wawa",
    "ZeroBasedSkill",
    "DawidSkene",
    "OneCoinDawidSkene",
    "GLAD",
    "MACE",
    "MMSR",
    "KOS",
)
BINARY = {"KOS"}
"""Methods for two classes only."""

ROUNDS = 100
HOW_TO_GET_IT = (
    'crowd-kit is not installed, so its column is missing; .venv/bin/python -m pip install ".[bench]" brings it.'
)


def is_installed() -> bool:
    """Whether crowd-kit can be imported."""
    return importlib.util.find_spec("crowdkit") is not None


@cache
def methods_that_run() -> tuple[str, ...]:
    """Those of its methods that work with the libraries installed: a newer scikit-learn breaks some."""
    tiny = class_crowd(Recipe(items=20, people=6, each=3), 1)
    found = []
    for method in METHODS:
        try:
            crowd_kit_labels(tiny, method)
        except (AttributeError, TypeError, ValueError, KeyError):
            continue
        found.append(method)
    return tuple(found)


def crowd_kit_labels(crowd: ClassCrowd, method: str) -> Labels:
    """The class of each item by one of its methods."""
    frame = _frame({"task": crowd.items, "worker": crowd.people, "label": crowd.labels})
    kind = getattr(importlib.import_module("crowdkit.aggregation"), method)
    options = {"n_iter": ROUNDS} if method in {"DawidSkene", "OneCoinDawidSkene", "GLAD"} else {}
    found = kind(**options).fit_predict(frame)
    chosen = np.zeros(crowd.n_items, dtype=np.intp)
    chosen[found.index.to_numpy()] = found.to_numpy()
    return chosen


def crowd_kit_texts(answers: Mapping[int, Mapping[str, str]]) -> dict[int, str]:
    """Texts by its ROVER."""
    rows = [(text, who, said) for text, given in answers.items() for who, said in given.items()]
    texts, people, said = zip(*rows, strict=True)
    frame = _frame({"task": texts, "worker": people, "text": said})
    rover = importlib.import_module("crowdkit.aggregation").ROVER(str.split, " ".join)
    return dict(rover.fit_predict(frame).items())


def _frame(columns: Mapping[str, Any]) -> Any:
    return importlib.import_module("pandas").DataFrame(columns)
