"""Benchmarks run, and say what they measured. How fast they are is for `leye bench` to tell, not for a test."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from leye_platform.accounts.rules import Role
from leye_workers.bench import BENCHMARKS
from leye_workers.bench.capacity import BUSY, Habits, Measured, reckon
from leye_workers.bench.certainty import reliability
from leye_workers.bench.consensus import consensus
from leye_workers.bench.dispatch import dispatch
from leye_workers.bench.exporting import export
from leye_workers.bench.figures import Extent, figure
from leye_workers.bench.ingest import ingest
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


MEASURED = Measured(
    cycle_ms=5.0,
    draft_ms=1.0,
    page_ms=3.0,
    database_cycle_ms=4.0,
    item_in_ms=0.1,
    item_out_ms=0.05,
    item_bytes=1_000,
    answer_bytes=2_000,
    rss_mb=200,
)


def test_capacity_is_reckoned_from_what_was_measured_and_from_habits_that_are_told() -> None:
    habits = Habits(seconds=10, hours=5, at_once=0.5, drafts=2, answers=2)
    found = reckon(MEASURED, people=1_000, items=1_000_000, habits=habits)
    assert found["answers_a_second"] == 50
    assert found["commits_a_second"] == 200
    assert found["web_cores"] == round(50 * 10 / 1000 / BUSY, 1)
    assert found["database_cores"] == round(50 * 4 / 1000 / BUSY, 1)
    assert found["people_at_once_on_a_web_core"] == 600
    assert found["database_gb"] == 5.0
    assert found["days"] == round(2_000_000 / (1_000 * 1_800), 1)


def test_twice_the_people_want_twice_the_cores_and_half_the_days() -> None:
    one, two = (reckon(MEASURED, people=people, items=1_000_000_000) for people in (100_000, 200_000))
    assert two["web_cores"] == pytest.approx(2 * one["web_cores"], rel=0.01)
    assert two["days"] == pytest.approx(one["days"] / 2, abs=0.1)
    assert two["database_gb"] == one["database_gb"]


def test_an_export_is_measured_in_every_format_that_fits() -> None:
    figures = export(rows=300)
    assert figures["rows"] == 300
    costs = {name for name in figures if name.endswith(" cpu_ms")}
    assert costs == {f"{name} cpu_ms" for name in ("JSON", "JSON_MIN", "JSONL", "CSV", "TSV", "PARQUET")}
    assert all(figures[name] > 0 for name in costs)


def test_long_lists_cost_the_same_number_of_queries_at_any_length() -> None:
    short, long = lists(rows=120, requests=1), lists(rows=1_200, requests=1)
    queries = [name for name in long if name.endswith(" queries")]
    assert len(queries) > 8
    assert {name: long[name] for name in queries} == {name: short[name] for name in queries}
    assert all(long[name.replace("queries", "cpu_ms")] >= 0 for name in queries)


def test_ingest_measures_rows_and_pictures_each_beside_the_least_they_can_cost() -> None:
    figures = ingest(rows=2_000, pictures=1)
    row, picture = figures["cpu_ms_a_row"], figures["pictures_a_cpu_second"]
    assert row["value"] > row["yardstick"] > 0
    assert row["times_the_yardstick"] > 1
    assert picture["yardstick"] > picture["value"] > 0
    assert figures["memory_mb"]["value"] > 0


@pytest.mark.audit
def test_pages_are_measured_on_a_thin_line() -> None:
    figures = pages(roles=(Role.ANNOTATOR,))
    for page in ("sign-in", "annotator home", "text task", "boxes task"):
        assert 1 < figures[f"{page} kb"] <= figures["target_kb"], figures  # the boxes' small picture too
        assert 0 < figures[f"{page} usable_s"] <= figures["worst_usable_s"], figures
    assert figures["text task kb"] <= figures["target_text_task_kb"]


SMALL = Extent(seeds=1, orders=1, pictures=20, texts=20, items=2_000, posteriors=50)


def recorded_sets(folder: Path) -> Path:
    """Small sets in the layout of recorded answers: people who are right four times in five."""
    draw = np.random.default_rng(2)
    for name, labels in {"rte": ("0", "1"), "dog": ("0", "1", "2", "3"), "conll_ner": ('[[0,2,"PER"]]', "[]")}.items():
        (folder / name).mkdir()
        answers, truth = ["item,worker,label"], ["item,label"]
        for item in range(60):
            true = labels[item % len(labels)]
            truth.append(f"{item},{quoted(true)}")
            for person in draw.choice(12, 10, replace=False).tolist():
                answers.append(f"{item},p{person},{quoted(true if draw.random() < 0.8 else str(draw.choice(labels)))}")
        (folder / name / "answers.csv").write_text("\n".join(answers))
        (folder / name / "truth.csv").write_text("\n".join(truth))
    return folder


def quoted(label: str) -> str:
    return '"' + label.replace('"', '""') + '"'


def test_consensus_is_measured_on_simulated_crowds_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("consensus", "structures"):
        monkeypatch.setattr(sys.modules[f"leye_workers.bench.{module}"], "is_installed", lambda: False)
    found = consensus(None, SMALL)
    assert "simulated crowds only" in found["recorded answers"]
    assert "pip install" in found["crowd-kit"]
    assert not any(name.startswith(("rte", "dog", "conll")) for name in found)
    assert found["imbalanced: accuracy"]["value"] > 0.8
    for name in (
        "simulation: right where said .94–.96",
        "boxes, mixed, 3 people: F1@0.75",
        "simulated transcripts of 7: word errors, per cent",
        "spammers flagged by 50 answers, 2 classes",
        "honest people flagged by 50 answers, 2 classes",
        "2000 items × 3: MB above the input",
        "a posterior of five answers, µs",
    ):
        assert found[name]["value"] >= 0, name


def test_consensus_is_measured_on_recorded_answers_beside_its_limits(tmp_path: Path) -> None:
    found = consensus(recorded_sets(tmp_path), SMALL)
    assert found["recorded answers"] == "rte, dog, conll_ner"
    accuracy = found["rte: accuracy"]
    assert accuracy["must"] == pytest.approx(0.9275 - 1 / 60, abs=1e-4)
    assert accuracy["met"] in {"aim", "must", "missed"}
    assert 0 < found["dog: share of a majority-of-5's answers"]["value"] <= 2
    assert found["conll_ner: exact F1 of spans"]["must"] == 0.8
    assert "rte and 50% colluders: accuracy" in found
    json.dumps(found)


def test_a_figure_says_whether_its_limits_are_reached() -> None:
    assert figure(0.93, must=0.92, aim=0.94)["met"] == "must"
    assert figure(0.95, must=0.92, aim=0.94)["met"] == "aim"
    assert figure(0.91, must=0.92)["met"] == "missed"
    assert figure(0.02, must=0.03, aim=0.01, at_most=True)["met"] == "must"
    assert str(figure(0.5, must=0.4, beside={"majority": 0.3})) == "0.5 (must ≥ 0.4; majority 0.3): must"
    assert str(figure(2.0)) == "2"


def test_a_reliability_diagram_counts_every_item_once() -> None:
    bins = reliability(SMALL, (0.0, 0.5, 0.9, 1.0))
    assert sum(one.items for one in bins) == 6_000
    assert all(one.low <= one.said <= one.high for one in bins)
    assert bins[-1].right > bins[0].right


def test_a_folder_is_for_consensus_only(tmp_path: Path) -> None:
    for arguments in (["dispatch", "--data", str(tmp_path)], ["consensus", "--data", str(tmp_path / "none")]):
        run = subprocess.run(
            [sys.executable, "-m", "leye_workers.cli", "bench", *arguments], capture_output=True, text=True, check=False
        )
        assert run.returncode == 2, run.stderr


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
