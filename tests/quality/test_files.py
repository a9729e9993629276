"""Consensus and replay on files: what comes in, what comes out, what is refused."""

import csv
import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from leye_quality.agreement import alpha_interval, krippendorff_alpha, percent_agreement, wilson
from leye_quality.answer_files import AnswerFileRefused, score_class
from leye_quality.file_commands import (
    KINDS,
    ConfidenceOutOfRange,
    KindNotBuilt,
    MethodUnknown,
    consensus_on_file,
    replay_on_file,
)

SHARED = Path(__file__).parents[3] / "shared" / "data" / "consensus"
KNOWN = {"rte": 0.9275, "dog": 0.8426}


def simulated(folder: Path) -> tuple[Path, Path]:
    """600 items, 10 people between .6 and .95, 6 answers each."""
    draw = np.random.default_rng(7)
    accuracies = np.linspace(0.6, 0.95, 10)
    answers, truth = folder / "answers.csv", folder / "truth.csv"
    with answers.open("w", newline="") as a, truth.open("w", newline="") as t:
        a.write("\ufeffitem,worker,label\n")
        t.write("item,label\n")
        for item in range(600):
            true = int(draw.integers(0, 3))
            t.write(f"i{item},c{true}\n")
            for person in draw.choice(10, 6, replace=False):
                right = draw.random() < accuracies[person]
                a.write(f"i{item},p{person},c{true if right else (true + 1 + int(draw.integers(0, 2))) % 3}\n")
    return answers, truth


def test_every_method_writes_one_label_an_item_and_the_fit_is_best(tmp_path: Path) -> None:
    answers, truth = simulated(tmp_path)
    scores = {}
    for method in KINDS["class"].methods:
        out = tmp_path / f"{method}.csv"
        scores[method] = consensus_on_file(answers, out, method=method, truth=truth)
        rows = list(csv.DictReader(out.open()))
        assert len(rows) == 600
        assert all(0 <= float(row["confidence"]) <= 1 for row in rows)
    assert scores["auto"]["accuracy"] > scores["majority"]["accuracy"] > 0.85


def test_the_known_sets_reach_the_known_figures_where_they_are_at_hand(tmp_path: Path) -> None:
    sets = {name: figure for name, figure in KNOWN.items() if (SHARED / name).is_dir()}
    reached = {
        name: consensus_on_file(SHARED / name / "answers.csv", tmp_path / "l.csv", truth=SHARED / name / "truth.csv")
        for name in sets
    }
    assert all(round(reached[name]["accuracy"], 4) >= figure for name, figure in sets.items()), reached


def test_a_replay_uses_fewer_answers_for_nearly_the_same_accuracy(tmp_path: Path) -> None:
    answers, truth = simulated(tmp_path)
    everything = consensus_on_file(answers, tmp_path / "l.csv", truth=truth)["accuracy"]
    replayed = replay_on_file(answers, truth, confidence=0.95, seed=3)
    assert replayed["answers_used"] < 0.8 * replayed["answers_available"]
    assert replayed["accuracy"] > everything - 0.02
    assert replayed == replay_on_file(answers, truth, confidence=0.95, seed=3)


def test_gzip_is_read_and_the_last_answer_of_a_person_counts(tmp_path: Path) -> None:
    path = tmp_path / "answers.csv.gz"
    with gzip.open(path, "wt") as file:
        file.write("item,worker,label\ni,a,x\ni,a,y\n")
    consensus_on_file(path, tmp_path / "l.csv")
    assert next(csv.DictReader((tmp_path / "l.csv").open()))["label"] == "y"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("item,label\n1,a\n", "worker"),
        ("item,worker,label\n", "no answers"),
        ("item,worker,label\n1,,a\n", "row 1"),
        ("", "missing"),
    ],
)
def test_a_file_that_is_not_answers_is_refused_by_a_sentence(tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(content)
    with pytest.raises(AnswerFileRefused, match=words):
        consensus_on_file(path, tmp_path / "l.csv")


@pytest.mark.parametrize("damage", [lambda whole: whole[:-9], lambda whole: whole[:15] + b"\xff" * 9, lambda _: b"no"])
def test_a_damaged_gzip_file_is_refused_by_a_sentence(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_bytes(damage(gzip.compress(b"item,worker,label\n" + b"i,a,x\n" * 50)))
    with pytest.raises(AnswerFileRefused, match="not a readable"):
        consensus_on_file(path, tmp_path / "l.csv")


def test_what_is_not_built_or_cannot_be_is_refused_by_name(tmp_path: Path) -> None:
    answers, truth = simulated(tmp_path)
    with pytest.raises(KindNotBuilt, match=r"smells.*built are class"):
        consensus_on_file(answers, tmp_path / "l.csv", kind="smells")
    with pytest.raises(MethodUnknown, match=r"magic.*majority"):
        consensus_on_file(answers, tmp_path / "l.csv", method="magic")
    with pytest.raises(ConfidenceOutOfRange, match="1"):
        replay_on_file(answers, truth, confidence=1.0)


def test_a_bad_truth_is_refused_before_labels_are_written(tmp_path: Path) -> None:
    answers, truth = simulated(tmp_path)
    truth.write_text("item,label\ni1,a\ni1,b\n")
    with pytest.raises(AnswerFileRefused, match="i1 stands there twice"):
        consensus_on_file(answers, tmp_path / "l.csv", truth=truth)
    assert not (tmp_path / "l.csv").exists()


def test_scores_count_a_missing_label_as_wrong_and_leave_out_an_item_without_truth() -> None:
    labels = {"a": ("x", 0.9), "b": ("y", 0.8), "c": ("y", 0.75), "extra": ("x", 0.2)}
    truth = {"a": "x", "b": "y", "c": "x", "d": "x"}
    scores = score_class(labels, truth)
    assert scores == pytest.approx(
        {
            "items": 4,
            "missing": 1,
            "accuracy": 2 / 4,
            "macro_f1": (1 / 2 + 2 / 3) / 2,  # x: 1 right, 2 missed; y: 1 right, 1 too many
            "f1[y]": 2 / 3,  # y is the rarer
            "mean_confidence": (0.9 + 0.8 + 0.75) / 3,
            "calibration_error": ((1 - 0.9) + (1 - 0.8) + 0.75) / 3,  # three bins: .9, .8, .7
            "brier": (0.1**2 + 0.2**2 + 0.75**2) / 3,
        }
    )


def test_one_answer_each_is_taken_as_it_stands_but_not_for_certain(tmp_path: Path) -> None:
    path, out = tmp_path / "a.csv", tmp_path / "l.csv"
    path.write_text("item,worker,label\n1,a,x\n2,b,y\n3,c,y\n")
    consensus_on_file(path, out)
    rows = list(csv.DictReader(out.open()))
    assert [row["label"] for row in rows] == ["x", "y", "y"]
    assert all(float(row["confidence"]) == pytest.approx(0.75) for row in rows)


def test_a_file_where_everybody_says_the_same_gives_that(tmp_path: Path) -> None:
    path, out = tmp_path / "a.csv", tmp_path / "l.csv"
    path.write_text("item,worker,label\n" + "".join(f"{n},{person},x\n" for n in range(5) for person in "ab"))
    consensus_on_file(path, out)
    assert {row["label"] for row in csv.DictReader(out.open())} == {"x"}


def test_a_replay_asks_half_the_items_twice_at_least_and_never_for_what_was_not_recorded(tmp_path: Path) -> None:
    answers, truth = simulated(tmp_path)
    used = [replay_on_file(answers, truth, confidence=c, seed=5)["answers_used"] for c in (0.5, 0.9, 0.999)]
    assert used == sorted(used)
    assert 900 <= used[0] < 1800
    assert used[-1] <= 3600


def test_agreement_in_per_cent_counts_pairs() -> None:
    assert percent_agreement({1: "aab", 2: "bb", 3: "a"}) == pytest.approx((1 + 1) / (3 + 1))
    assert percent_agreement({1: "a", 2: ""}) is None


def test_alpha_is_one_for_agreement_near_zero_for_chance_and_matches_a_worked_example() -> None:
    assert krippendorff_alpha({1: "aa", 2: "bb", 3: "ab"[:1] * 2}) == pytest.approx(1)
    draw = np.random.default_rng(5)
    chance = {n: list(draw.integers(0, 2, 3)) for n in range(2000)}
    assert krippendorff_alpha(chance) == pytest.approx(0, abs=0.05)
    # Krippendorff 2013, nominal, two observers, ten units: 0.095
    first, second = "0100000000", "1110010100"
    pairs = dict(enumerate(zip(first, second, strict=True)))
    assert krippendorff_alpha(pairs) == pytest.approx(0.095, abs=0.001)
    assert krippendorff_alpha({1: "a"}) is None


def test_intervals_hold_their_estimate() -> None:
    interval = wilson(97, 100)
    assert interval is not None
    assert interval.low < 0.97 < interval.high < 1
    assert wilson(0, 0) is None
    drawn = alpha_interval({n: "aa" if n % 4 else "ab" for n in range(80)}, np.random.default_rng(1))
    assert drawn is not None
    assert drawn.low <= drawn.value <= drawn.high
