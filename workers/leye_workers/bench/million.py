"""A million items and three million answers, names as strings, in a process of its own whose memory can be read.

Run as `python -m leye_workers.bench.million leye|crowd-kit ITEMS`; it prints one JSON object: CPU seconds from the
columns of strings to a label for each item, and the peak of memory above that of building the columns.
"""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from leye_workers.refusals import CommandRefused

EACH, PEOPLE, CLASSES = 3, 500, 5
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
ROWS_AT_A_TIME = 150_000

Columns = tuple[list[str], list[str], list[str]]


def measured_million(program: str, items: int, environment: Mapping[str, str]) -> Mapping[str, Any]:
    """The figures of one program, `leye` or `crowd-kit`. Raises CommandRefused where it ends badly."""
    command = [sys.executable, "-m", "leye_workers.bench.million", program, str(items)]
    done = subprocess.run(command, env={**environment, **ONE_THREAD}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CommandRefused(f"the measure of {program} ended badly: {done.stderr[-500:]}")
    figures: Mapping[str, Any] = json.loads(done.stdout)
    return figures


def _columns(items: int) -> tuple[Columns, list[str]]:
    """Items, workers and labels, one entry an answer, and the true label of each item. Three in ten are careless."""
    draw = np.random.default_rng(1)
    careless = draw.random(PEOPLE) < 0.3
    accuracy = np.where(careless, draw.uniform(0.15, 0.5, PEOPLE), draw.uniform(0.8, 0.98, PEOPLE))
    truths = draw.integers(0, CLASSES, items)
    people = draw.integers(0, PEOPLE, (items, EACH))
    people[:, 1:] = (people[:, :1] + np.cumsum(draw.integers(1, PEOPLE // EACH, (items, EACH - 1)), axis=1)) % PEOPLE
    right = draw.random((items, EACH)) < accuracy[people]
    labels = np.where(right, truths[:, None], (truths[:, None] + draw.integers(1, CLASSES, (items, EACH))) % CLASSES)
    names = [f"item-{n:08d}" for n in range(items)]
    columns = (
        [name for name in names for _ in range(EACH)],
        [f"worker-{n:04d}" for n in people.ravel().tolist()],
        [f"class-{n}" for n in labels.ravel().tolist()],
    )
    return columns, [f"class-{n}" for n in truths.tolist()]


def _by_leye(columns: Columns) -> Callable[[], list[str]]:
    import pyarrow  # noqa: PLC0415 -- likewise
    import pyarrow.compute  # noqa: PLC0415 -- likewise
    import scipy.sparse.csgraph  # noqa: F401, PLC0415 -- likewise

    from leye_quality.answer_files import Coding  # noqa: PLC0415 -- each program loads its own only
    from leye_quality.choice import combine_by_choice  # noqa: PLC0415 -- likewise

    pyarrow.array(
        [""]
    )  # loads pandas, where it is installed: crowd-kit has loaded its libraries too before it is timed

    def run() -> list[str]:
        coding = Coding()
        for start in range(0, len(columns[0]), ROWS_AT_A_TIME):
            coding.add(*(column[start : start + ROWS_AT_A_TIME] for column in columns))
        file = coding.file()
        sizes = {"n_items": len(file.items), "n_people": len(file.people), "classes": len(file.labels)}
        chosen = combine_by_choice(file.item_of, file.person_of, file.label_of, **sizes).chosen
        labels: list[str] = np.array(file.labels, dtype=object)[chosen].tolist()
        return labels

    return run


def _by_crowd_kit(columns: Columns) -> Callable[[], list[str]]:
    import crowdkit.aggregation  # noqa: PLC0415 -- likewise
    import pandas  # noqa: PLC0415 -- likewise

    frame = pandas.DataFrame(dict(zip(("task", "worker", "label"), columns, strict=True)))
    return lambda: list(crowdkit.aggregation.DawidSkene(n_iter=100).fit_predict(frame).sort_index())


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(program: str, items: int) -> None:
    """Build the columns, run, print the figures."""
    columns, truths = _columns(items)
    run = _by_leye(columns) if program == "leye" else _by_crowd_kit(columns)
    before, began = _peak_mb(), time.process_time()
    labels = run()
    figures = {
        "cpu_s": round(time.process_time() - began, 2),
        "mb_above_input": round(_peak_mb() - before),
        "accuracy": round(sum(map(str.__eq__, labels, truths)) / items, 4),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
