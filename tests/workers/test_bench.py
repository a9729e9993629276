"""Benchmarks run, and say what they measured. How fast they are is for `leye bench` to tell, not for a test."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from leye_platform.accounts.rules import Role
from leye_workers.bench import BENCHMARKS
from leye_workers.bench.dispatch import dispatch
from leye_workers.bench.lists import lists
from leye_workers.bench.pages import pages


@pytest.mark.audit
def test_dispatch_measures_claim_and_answer_against_a_yardstick_and_its_own_growth() -> None:
    figures = dispatch(small=60, large=120, cycles=80)
    assert (figures["items"], figures["cycles"]) == (120, 80)
    for name in ("cpu_ms", "wall_ms", "yardstick_cpu_ms", "cpu_ms_at_60_items", "growth"):
        assert figures[name] > 0, figures
    assert figures["cpu_ms"] > figures["yardstick_cpu_ms"], "the yardstick is the least that it can cost"
    assert figures["times_the_yardstick"] > 1


def test_long_lists_cost_the_same_number_of_queries_at_any_length() -> None:
    short, long = lists(rows=120, requests=1), lists(rows=1_200, requests=1)
    queries = [name for name in long if name.endswith(" queries")]
    assert len(queries) > 8
    assert {name: long[name] for name in queries} == {name: short[name] for name in queries}
    assert all(long[name.replace("queries", "cpu_ms")] >= 0 for name in queries)


@pytest.mark.audit
def test_pages_are_measured_on_a_thin_line() -> None:
    figures = pages(roles=(Role.ANNOTATOR,))
    for page in ("sign-in", "annotator home", "text task"):
        assert 1 < figures[f"{page} kb"] <= figures["target_kb"], figures
        assert 0 < figures[f"{page} usable_s"] <= figures["worst_usable_s"], figures
    assert figures["text task kb"] <= figures["target_work_kb"]


def test_an_unknown_benchmark_is_wrong_usage_and_names_those_there_are(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "leye_workers.cli", "bench", "nonsense"],
        env=os.environ | {"LEYE_DATA_DIR": str(tmp_path / "data")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 2
    for name in BENCHMARKS:
        assert name in run.stderr
    assert not (tmp_path / "data").exists()
