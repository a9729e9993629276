"""Benchmarks by name, as `leye bench NAME` runs them."""

from collections.abc import Callable, Mapping
from typing import Any

from leye_workers.bench.capacity import capacity
from leye_workers.bench.consensus import consensus
from leye_workers.bench.dispatch import dispatch
from leye_workers.bench.exporting import export
from leye_workers.bench.ingest import ingest
from leye_workers.bench.lists import lists
from leye_workers.bench.pages import pages

BENCHMARKS: dict[str, Callable[..., Mapping[str, Any]]] = {
    "capacity": capacity,
    "consensus": consensus,
    "dispatch": dispatch,
    "export": export,
    "ingest": ingest,
    "lists": lists,
    "pages": pages,
}
"""Each returns its figures by name, units in the names. `consensus` takes a folder of recorded answers too, `ingest` a
number of rows, `capacity` how many people and items to reckon with, and a database."""
