"""What no crowd should send, and some does: a refusal by a sentence or a sane result of low confidence, no crash."""

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leye_quality.answer_files import AnswerFileRefused
from leye_quality.box_consensus import combine_boxes
from leye_quality.boxes import Box, BoxesRefused, read_boxes
from leye_quality.choice import Combined, combine_by_choice
from leye_quality.consensus import combine
from leye_quality.file_commands import KINDS, consensus_on_file
from leye_quality.ratings import combine_ratings
from leye_quality.segment_consensus import combine_segments
from leye_quality.segments import Segment
from leye_quality.skills import fit_skills
from leye_quality.span_consensus import combine_spans
from leye_quality.spans import Span
from leye_quality.texts import combine_texts

Answers = Sequence[tuple[int, int, int]]
"""item, person, label"""


def combined(answers: Answers, *, items: int, people: int, classes: int) -> Combined:
    item_of, person_of, label_of = np.array(sorted(answers), dtype=np.intp).reshape(-1, 3).T
    return combine_by_choice(item_of, person_of, label_of, n_items=items, n_people=people, classes=classes)


def crowd(
    seed: int, *, items: int = 200, people: int = 10, each: int = 4, classes: int = 3
) -> list[tuple[int, int, int]]:
    """People who are right four times in five; the truth of item n is n modulo the classes."""
    draw = np.random.default_rng(seed)
    return [
        (item, person, item % classes if draw.random() < 0.8 else int(draw.integers(classes)))
        for item in range(items)
        for person in draw.choice(people, each, replace=False).tolist()
    ]


def file_of(folder: Path, rows: Sequence[tuple[str, str, str]]) -> Path:
    path = folder / "answers.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("item", "worker", "label"), *rows])
    return path


def labels_of(path: Path) -> dict[str, tuple[str, float]]:
    return {
        row["item"]: (row["label"], float(row["confidence"])) for row in csv.DictReader(path.open(encoding="utf-8"))
    }


def test_somebody_with_one_answer_changes_others_labels_little_and_is_believed_little() -> None:
    answers = crowd(1)
    alone = combined(answers, items=200, people=11, classes=3)
    joined = combined([*answers, (0, 10, 1)], items=200, people=11, classes=3)
    tossed = alone.sure[1:] < 0.55
    assert ((alone.chosen[1:] == joined.chosen[1:]) | tossed).all()
    assert np.abs(alone.sure[1:] - joined.sure[1:]).max() < 0.02
    skill = fit_skills([(item, person, label) for item, person, label in [*answers, (0, 10, 1)]], 3).skills[10]
    assert 1.0 - skill.error_rate(1) == pytest.approx(0.75, abs=0.03)


def test_an_item_without_answers_gets_a_class_of_low_confidence() -> None:
    found = combined(crowd(2), items=201, people=10, classes=3)
    assert found.sure[200] < 0.5
    assert combine("single", [], [], 3).confidence == pytest.approx(1 / 3)


def test_no_answers_at_all_are_no_accident() -> None:
    found = combined([], items=3, people=0, classes=2)
    assert found.sure == pytest.approx([0.5] * 3)


@pytest.mark.parametrize("each", [2, 3, 5])
def test_all_answers_alike_are_taken_and_no_item_is_certain(each: int) -> None:
    found = combined([(n, m, 0) for n in range(40) for m in range(each)], items=40, people=each, classes=2)
    assert (found.chosen == 0).all()
    assert np.isfinite(found.sure).all()
    assert found.sure.max() < 1.0


def test_a_class_that_nobody_ever_chose_is_never_chosen_and_harms_nothing() -> None:
    answers = crowd(3)
    with_it = combined(answers, items=200, people=10, classes=5)
    assert set(with_it.chosen.tolist()) == {0, 1, 2}
    assert (with_it.chosen == combined(answers, items=200, people=10, classes=3).chosen).mean() > 0.98


def test_labels_outside_the_config_are_refused() -> None:
    with pytest.raises(ValueError, match=r"outside 0\.\.2"):
        combine("single", [{0}, {7}], [None, None], 3)
    with pytest.raises(ValueError, match=r"outside 0\.\.2"):
        combine("multiple", [{0, -1}], [None], 3)


def test_ten_thousand_classes_are_combined() -> None:
    draw = np.random.default_rng(4)
    truths = draw.integers(0, 10_000, 300)
    answers = [
        (item, person, int(truths[item]) if draw.random() < 0.8 else int(draw.integers(10_000)))
        for item in range(300)
        for person in draw.choice(20, 3, replace=False).tolist()
    ]
    found = combined(answers, items=300, people=20, classes=10_000)
    assert (found.chosen == truths).mean() > 0.88
    assert found.sure.max() < 1.0
    one = combine("single", [{9_999}, {9_999}, {4}], [None] * 3, 10_000)
    assert one.labels == {9_999}


@pytest.mark.parametrize("text", ['[[NaN,1,2,2,"a"]]', '[[120,1,2,2,"a"]]', '[[1,1,-2,2,"a"]]'])
def test_boxes_that_are_no_places_in_the_picture_are_refused(text: str) -> None:
    with pytest.raises(BoxesRefused, match="box 1"):
        read_boxes(text)


@pytest.mark.parametrize("each", [5, 9])
def test_an_adversary_majority_is_not_believed_for_certain(each: int) -> None:
    """Seven people of ten contradict the truth on purpose. Nobody can tell which camp lies; so nobody is sure."""
    draw = np.random.default_rng(5)
    answers = [
        (item, person, item % 2 if (person < 3) == (draw.random() < 0.95) else 1 - item % 2)
        for item in range(300)
        for person in draw.choice(10, each, replace=False).tolist()
    ]
    found = combined(answers, items=300, people=10, classes=2)
    assert found.sure.max() < 0.9
    assert "contradict" in found.because


CAR, TALK, NAME = Box(10, 10, 20, 20, "car"), Segment(1, 4, "speech"), Span(2, 5, "name")
STRANGERS = {
    "one class of two": lambda n: combine("single", [{1}] * n, [None] * n, 2).confidence,
    "one class of ten": lambda n: combine("single", [{1}] * n, [None] * n, 10).confidence,
    "one class of ten thousand": lambda n: combine("single", [{1}] * n, [None] * n, 10_000).confidence,
    "a set": lambda n: combine("multiple", [{0, 2}] * n, [None] * n, 3).confidence,
    "a rating": lambda n: combine_ratings([2] * n, [None] * n, 5).confidence,
    "a box": lambda n: combine_boxes([[CAR]] * n, [None] * n).confidence,
    "no box": lambda n: combine_boxes([[]] * n, [None] * n).confidence,
    "a segment": lambda n: combine_segments([[TALK]] * n, [None] * n).confidence,
    "a span": lambda n: combine_spans([[NAME]] * n, [None] * n).confidence,
    "no span": lambda n: combine_spans([[]] * n, [None] * n).confidence,
    "a text": lambda n: combine_texts(["今天好"] * n, [None] * n).confidence,
    "silence": lambda n: combine_texts([""] * n, [None] * n).confidence,
}


@pytest.mark.parametrize("what", STRANGERS)
def test_three_agreeing_strangers_never_make_certain(what: str) -> None:
    assert STRANGERS[what](1) < STRANGERS[what](3) < 0.9995


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_file_of_three_strangers_who_agree_on_one_item_is_not_certain(tmp_path: Path, kind: str) -> None:
    label = {
        "boxes": '[[10,10,20,20,"a"]]',
        "ratings": "3",
        "segments": '[[1,4,"a"]]',
        "spans": '[[1,4,"a"]]',
        "text": "今天好",
    }.get(kind, "a")
    answers = file_of(tmp_path, [("1", who, label) for who in "abc"] + [("2", who, label) for who in "ab"])
    consensus_on_file(answers, tmp_path / "out.csv", kind=kind)
    for _, confidence in labels_of(tmp_path / "out.csv").values():
        assert 0 < confidence <= 1
        if kind not in {"class", "ratings"}:  # with one class, or one level, there is nothing to be wrong about
            assert confidence < 0.9995


def test_silence_is_a_transcript(tmp_path: Path) -> None:
    rows = [("1", "a", ""), ("1", "b", ""), ("1", "c", "你好"), ("2", "a", "早上好"), ("2", "b", "早上好")]
    truth = tmp_path / "truth.csv"
    truth.write_text("item,label\n1,\n2,早上好\n", encoding="utf-8")
    scores = consensus_on_file(file_of(tmp_path, rows), tmp_path / "out.csv", kind="text", truth=truth)
    found = labels_of(tmp_path / "out.csv")
    assert found["1"][0] == ""
    assert 0.3 < found["1"][1] < 0.99
    assert scores["exact"] == 1.0
    with pytest.raises(AnswerFileRefused, match="row 1 lacks an item or a worker"):
        consensus_on_file(file_of(tmp_path, [("", "a", "x")]), tmp_path / "out.csv", kind="text")


def test_a_rating_that_is_no_number_is_refused(tmp_path: Path) -> None:
    for wrong in ("good", "nan", "inf"):
        with pytest.raises(AnswerFileRefused, match=f"which {wrong} is not"):
            consensus_on_file(file_of(tmp_path, [("1", "a", "3"), ("1", "b", wrong)]), tmp_path / "o", kind="ratings")


def test_ratings_keep_their_names_and_order_by_number(tmp_path: Path) -> None:
    rows = [("1", "a", "10"), ("1", "b", "9"), ("1", "c", "10"), ("2", "a", "2"), ("2", "b", "2.0"), ("2", "c", "9")]
    consensus_on_file(file_of(tmp_path, rows), tmp_path / "out.csv", kind="ratings")
    found = labels_of(tmp_path / "out.csv")
    assert (found["1"][0], found["2"][0]) == ("10", "2")


answers_of_a_few = st.dictionaries(
    st.tuples(st.integers(0, 5), st.integers(0, 4)), st.integers(0, 2), min_size=1, max_size=20
)


@settings(max_examples=60, deadline=None)
@given(answers_of_a_few, st.permutations(range(5)))
def test_other_names_for_people_change_no_label(given_answers: dict[tuple[int, int], int], names: list[int]) -> None:
    rows = [(item, person, label) for (item, person), label in given_answers.items()]
    first = combined(rows, items=6, people=5, classes=3)
    second = combined([(item, names[person], label) for item, person, label in rows], items=6, people=5, classes=3)
    assert (first.chosen == second.chosen).all()
    assert first.sure == pytest.approx(second.sure, abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(answers_of_a_few, st.permutations(range(6)))
def test_other_names_for_items_change_no_label(given_answers: dict[tuple[int, int], int], names: list[int]) -> None:
    rows = [(item, person, label) for (item, person), label in given_answers.items()]
    first = combined(rows, items=6, people=5, classes=3)
    second = combined([(names[item], person, label) for item, person, label in rows], items=6, people=5, classes=3)
    assert (first.chosen == second.chosen[list(names)]).all()
    assert first.sure == pytest.approx(second.sure[list(names)], abs=1e-6)


def test_other_names_for_classes_give_the_classes_renamed() -> None:
    answers = crowd(8)
    first = combined(answers, items=200, people=10, classes=3)
    second = combined([(n, m, 2 - label) for n, m, label in answers], items=200, people=10, classes=3)
    assert (first.chosen == 2 - second.chosen).all()
    assert first.sure == pytest.approx(second.sure, abs=1e-6)


def test_a_set_of_items_taken_twice_gives_the_labels_twice() -> None:
    answers = crowd(9)
    once = combined(answers, items=200, people=10, classes=3)
    twice = combined([*answers, *((n + 200, m, label) for n, m, label in answers)], items=400, people=10, classes=3)
    assert (twice.chosen[:200] == twice.chosen[200:]).all()
    assert (once.chosen == twice.chosen[:200]).mean() > 0.97
