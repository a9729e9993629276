"""Boxes, spans and texts as answer files: what comes in, what comes out, and the scores that outside checks print."""

import csv
import importlib.util
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from leye_quality.answer_files import AnswerFileRefused
from leye_quality.file_commands import consensus_on_file
from leye_quality.structure_scores import score_boxes, score_spans, score_texts

SHARED = Path(__file__).parents[3] / "shared"


def outside(name: str) -> ModuleType | None:
    """A script of outside checks, where it is at hand."""
    path = SHARED / "bench" / f"{name}.py"
    if not path.exists():
        return None
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def write(path: Path, rows: Sequence[Sequence[str]]) -> Path:
    columns = ("item", "worker", "label") if len(rows[0]) == 3 else ("item", "label")
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([columns, *rows])
    return path


def labels(path: Path) -> dict[str, tuple[str, float]]:
    return {
        row["item"]: (row["label"], float(row["confidence"])) for row in csv.DictReader(path.open(encoding="utf-8"))
    }


BOX = '[[10,10,20,20,"猫"]]'
SPAN = '[[2,5,"人名"]]'


@pytest.mark.parametrize(
    ("kind", "label", "scores"),
    [
        ("boxes", BOX, {"F1@0.75": 1.0, "mean_iou": 1.0}),
        ("spans", SPAN, {"f1": 1.0, "f1_per_position": 1.0, "missing": 0}),
        ("text", "今天天气很好", {"wer_percent": 0.0, "exact": 1.0}),
    ],
)
def test_what_all_agree_on_comes_out_as_it_went_in(
    tmp_path: Path, kind: str, label: str, scores: dict[str, float]
) -> None:
    answers = write(tmp_path / "a.csv", [(f"i{n}", person, label) for n in range(4) for person in "abc"])
    truth = write(tmp_path / "t.csv", [(f"i{n}", label) for n in range(4)])
    found = consensus_on_file(answers, tmp_path / "l.csv", kind=kind, truth=truth)
    assert {name: found[name] for name in scores} == scores
    written = labels(tmp_path / "l.csv")
    assert set(written) == {"i0", "i1", "i2", "i3"}
    for text, confidence in written.values():
        assert (text == label) if kind == "text" else (json.loads(text) == json.loads(label))
        assert 0.5 < confidence < 1


@pytest.mark.parametrize(
    ("kind", "label", "words"),
    [
        ("boxes", '[[NaN,1,2,2,"a"]]', "item 2, worker b: box 1 has a coordinate that is not a finite number"),
        ("boxes", "", "row 3"),
        ("spans", '[[5,2,"a"]]', "item 2, worker b: span 1 does not run forwards"),
        ("text", "字" * 2001, "item 2, worker b: the text has more than 2000"),
    ],
)
def test_a_bad_label_refuses_the_file_and_is_named(tmp_path: Path, kind: str, label: str, words: str) -> None:
    good = {"boxes": BOX, "spans": SPAN, "text": "好"}[kind]
    answers = write(tmp_path / "a.csv", [("1", "a", good), ("2", "a", good), ("2", "b", label)])
    with pytest.raises(AnswerFileRefused, match=words):
        consensus_on_file(answers, tmp_path / "l.csv", kind=kind)
    assert not (tmp_path / "l.csv").exists()


@pytest.mark.parametrize("score", [score_boxes, score_spans])
def test_a_truth_of_another_kind_is_refused(score: Callable[..., dict[str, float]]) -> None:
    with pytest.raises(AnswerFileRefused, match="truth of item x"):
        score({"x": ("[]", 0.5)}, {"x": "cat"})


def test_scores_of_boxes_by_hand() -> None:
    truth = {"a": '[[0,0,10,10,"c"],[50,50,10,10,"c"]]', "b": '[[0,0,10,10,"c"]]'}
    given = {"a": ('[[0,0,10,6,"c"],[50,50,10,10,"d"]]', 0.5), "extra": (BOX, 0.5)}
    expected = {"P@0.5": 0.5, "R@0.5": 0.3333, "F1@0.5": 0.4, "P@0.75": 0, "R@0.75": 0, "F1@0.75": 0, "mean_iou": 0.2}
    assert score_boxes(given, truth) == expected


def test_scores_of_spans_and_texts_by_hand() -> None:
    spans = score_spans({"a": ('[[0,2,"x"],[5,8,"y"]]', 0.5)}, {"a": '[[0,2,"x"],[5,7,"y"]]', "b": "[]"})
    assert spans == {"items": 2, "missing": 1, "precision": 0.5, "recall": 0.5, "f1": 0.5, "f1_per_position": 0.88889}
    texts = score_texts({"a": ("so it went", 0.5)}, {"a": "so it goes on", "b": "well"})
    assert texts == {"items": 2, "missing": 1, "wer_percent": 60.0, "exact": 0.0}


def test_scores_are_those_that_outside_checks_print(tmp_path: Path) -> None:
    boxes, texts = outside("box_sim"), outside("consensus_score")
    mine: list[Any] = []
    theirs: list[Any] = []
    if boxes:
        boxes.make(tmp_path, 3, 40, 4, 5, "mixed")
        truth = tmp_path / "truth.csv"
        mine.append(consensus_on_file(tmp_path / "answers.csv", tmp_path / "l.csv", kind="boxes", truth=truth))
        theirs.append(boxes.score(dict(boxes.read(tmp_path / "l.csv")), dict(boxes.read(truth))))
    if texts:
        draw = np.random.default_rng(1)
        words = [[" ".join(draw.choice(list("abcd"), draw.integers(0, 6))) for _ in range(2)] for _ in range(30)]
        given, true = ({str(n): pair[side] for n, pair in enumerate(words)} for side in (0, 1))
        mine.append(score_texts({item: (text, 1.0) for item, text in given.items()}, true))
        theirs.append({name: round(value, 5) for name, value in texts.score_text(given, true).items()})
    assert mine == theirs


def test_recorded_spans_reach_the_wanted_figure_where_they_are_at_hand(tmp_path: Path) -> None:
    folder = SHARED / "data" / "consensus" / "conll_ner"
    if folder.is_dir():
        scores = consensus_on_file(folder / "answers.csv", tmp_path / "l.csv", kind="spans", truth=folder / "truth.csv")
        assert scores["f1"] >= 0.82
        script = outside("consensus_score")
        assert script is not None
        printed = script.main([str(tmp_path / "l.csv"), str(folder / "truth.csv"), "--kind", "spans"])
        assert printed == scores


@pytest.mark.parametrize(("profile", "people"), [("mixed", 3), ("mixed", 5), ("hard", 5)])
def test_simulated_boxes_lead_the_best_baseline(tmp_path: Path, profile: str, people: int) -> None:
    script = outside("box_sim")
    if script:
        script.make(tmp_path, 4, 150, people, 6, profile)
        best = max(scores["F1@0.75"] for scores in script.baselines(tmp_path).values())
        scores = consensus_on_file(
            tmp_path / "answers.csv", tmp_path / "l.csv", kind="boxes", truth=tmp_path / "truth.csv"
        )
        assert scores["F1@0.75"] > best
