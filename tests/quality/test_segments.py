"""Segments of several people: what is refused, and what a crowd of known skill gives."""

import itertools
import json
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leye_quality.segment_consensus import Recordings, SegmentSkill, combine_segments, fit_segments
from leye_quality.segments import (
    Segment,
    SegmentsRefused,
    matched_segments,
    read_segments,
    segment_likeness,
    write_segments,
)

CLASSES = ("speech", "music", "dog")
Marks = tuple[Segment, ...]
Answers = dict[int, dict[str, Marks]]


def crowd(seed: int, recordings: int = 120, each: int = 4) -> tuple[dict[int, Marks], Answers]:
    """Ten people: p0 to p6 steady, some of them late; p7 half a second late at both edges, p8 careless, p9 idle."""
    draw = np.random.default_rng(seed)
    error = [*np.linspace(0.05, 0.3, 7), 0.1, 0.8, 0.2]
    missed, ghosts = [0.05] * 8 + [0.3, 0.7], [0.1] * 8 + [1.0, 0.0]
    late = [0.0] * 7 + [0.5, 0.0, 0.0]
    truths: dict[int, Marks] = {}
    answers: Answers = {}
    for item in range(recordings):
        starts = 10.0 * np.arange(draw.integers(1, 7)) + draw.uniform(0, 3)
        true = [(start, start + draw.uniform(1, 6), CLASSES[draw.integers(3)]) for start in starts.tolist()]
        truths[item] = tuple(Segment(*one) for one in true)
        answers[item] = {}
        for person in draw.choice(10, each, replace=False).tolist():
            marks = []
            for one in truths[item]:
                if draw.random() >= missed[person]:
                    start, end = np.array([one.start, one.end]) + draw.normal(0, error[person], 2) + late[person]
                    start = max(float(start), 0.0)
                    marks.append(Segment(start, max(float(end), start + 0.1), one.label))
            for _ in range(draw.poisson(ghosts[person])):
                start = draw.uniform(0, 60)
                marks.append(Segment(start, start + draw.uniform(0.5, 4), CLASSES[draw.integers(3)]))
            answers[item][f"p{person}"] = tuple(sorted(marks))
    return truths, answers


def f1(found: Mapping[int, Marks], truths: Mapping[int, Marks], tolerance: float = 0.75) -> float:
    hits = sum(share >= tolerance for n, true in truths.items() for *_, share in matched_segments(found[n], true))
    return 2 * hits / (sum(map(len, found.values())) + sum(map(len, truths.values())))


def test_a_label_is_read_as_it_is_written() -> None:
    text = '[[0.0,1.25,"车"],[0.5,3.125,"a"]]'
    assert write_segments(read_segments(text)) == text
    assert read_segments("[]") == ()
    assert read_segments('[[1,9,"a"]]', length=4.0) == (Segment(1.0, 4.0, "a"),)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nonsense", "written as JSON"),
        ("{}", "written as JSON"),
        ("[" * 100_000, "written as JSON"),
        ("[[1,2]]", "segment 1 is not"),
        ("[[1,2,3]]", "segment 1 is not"),
        ('[[0,1,"a"],["1",2,"a"]]', "segment 2 .*not a number"),
        ('[[NaN,2,"a"]]', "not a finite number"),
        ('[[0,Infinity,"a"]]', "not a finite number"),
        ('[[-1,2,"a"]]', "below 0"),
        ('[[2,2,"a"]]', "forwards"),
        ('[[7,8,"a"]]', "behind the end"),
        (json.dumps([[1, 2, "a"]] * 2001), "2001 segments"),
    ],
)
def test_a_label_that_is_not_segments_is_refused_by_a_sentence(text: str, words: str) -> None:
    with pytest.raises(SegmentsRefused, match=words):
        read_segments(text, length=6.0)


def test_a_fit_finds_events_that_single_people_and_strangers_do_not() -> None:
    for seed in (1, 2):
        truths, answers = crowd(seed)
        fitted = {n: one.segments for n, one in fit_segments(answers).combined.items()}
        alike = {
            n: combine_segments(list(given.values()), [None] * len(given)).segments for n, given in answers.items()
        }
        first = {n: next(iter(given.values())) for n, given in answers.items()}
        assert f1(fitted, truths) > max(f1(alike, truths), f1(first, truths) + 0.1)


def test_skills_are_recovered() -> None:
    skills = fit_segments(crowd(3, recordings=300)[1]).skills
    assert skills["p0"].edge_error < skills["p6"].edge_error < skills["p8"].edge_error
    assert skills["p7"].late_start - skills["p0"].late_start == pytest.approx(0.5, abs=0.12)
    assert skills["p7"].late_end - skills["p0"].late_end == pytest.approx(0.5, abs=0.12)
    assert skills["p9"].missed == pytest.approx(0.7, abs=0.1)
    assert skills["p8"].ghosts == pytest.approx(1.0, abs=0.3)
    assert SegmentSkill(**json.loads(json.dumps(skills["p1"].to_json()))) == skills["p1"]


def test_confidence_is_honest() -> None:
    truths, answers = crowd(4, recordings=400, each=3)
    said, right = [], []
    for item, combined in fit_segments(answers).combined.items():
        hits = {i for i, _, share in matched_segments(combined.segments, truths[item]) if share >= 0.5}
        said += [one.confidence * one.fits for one in combined.found]
        right += [n in hits for n in range(len(combined.found))]
    assert np.mean(said) == pytest.approx(np.mean(right), abs=0.04)


def test_a_segment_of_one_among_five_is_no_event_and_one_missed_by_one_is() -> None:
    talk, ghost = Segment(1, 4, "speech"), Segment(20, 22, "dog")
    found = combine_segments([[talk], [talk], [talk, ghost], [talk], []], [None] * 5)
    assert [(one.label, round(one.start, 6), round(one.end, 6)) for one in found.segments] == [("speech", 1, 4)]


def test_one_event_after_another_is_not_made_one() -> None:
    given_marks = [(Segment(0, 5, "speech"), Segment(5, 10, "speech"))] * 3
    assert len(combine_segments(given_marks, [None] * 3).segments) == 2


def test_agreeing_strangers_are_not_certain_and_without_answers_there_is_nothing() -> None:
    talk = Segment(1, 4, "speech")
    sure = [combine_segments([[talk]] * n, [None] * n).confidence for n in (1, 2, 3, 6)]
    assert sure == sorted(sure)
    assert sure[2] < 0.995
    assert combine_segments([], []).segments == ()
    assert combine_segments([], []).confidence < 0.1
    assert fit_segments({}).combined == {}
    with pytest.raises(ValueError, match="argument 2 is shorter"):
        combine_segments([[]], [])


def test_what_recordings_hold_goes_to_plain_json_and_back() -> None:
    held = fit_segments(crowd(6, recordings=20)[1]).recordings
    assert Recordings(**json.loads(json.dumps(held.to_json()))) == held


TIMES = st.integers(0, 12).map(float)
SEGMENTS = st.lists(
    st.builds(lambda at, label: Segment(at, at + 2.5, label), TIMES, st.sampled_from(CLASSES)), max_size=4
)


@settings(max_examples=40, deadline=None)
@given(st.lists(SEGMENTS, max_size=4))
def test_the_order_of_people_and_segments_changes_no_bit(answers: list[list[Segment]]) -> None:
    skills = [SegmentSkill(missed=0.1 + 0.1 * n) for n in range(len(answers))]
    orders = itertools.islice(itertools.permutations(zip(answers, skills, strict=True)), 12)
    found = {combine_segments([marks[::-1] for marks, _ in order], [one for _, one in order]) for order in orders}
    assert len(found) == 1


@settings(max_examples=20, deadline=None)
@given(st.permutations([f"p{n}" for n in range(10)]))
def test_other_names_for_people_give_the_same_events(names: list[str]) -> None:
    answers = crowd(8, recordings=10)[1]
    renamed = {n: {names[int(who[1:])]: marks for who, marks in given.items()} for n, given in answers.items()}
    first, second = fit_segments(answers).combined, fit_segments(renamed).combined
    assert all(segment_likeness(first[n].segments, second[n].segments) > 0.999 for n in answers)


def test_recordings_taken_twice_give_the_same_events_twice() -> None:
    answers = crowd(9, recordings=40)[1]
    doubled = fit_segments(answers | {n + 1000: given for n, given in answers.items()}).combined
    assert all(doubled[n] == doubled[n + 1000] for n in answers)


@settings(max_examples=40, deadline=None)
@given(SEGMENTS, SEGMENTS)
def test_likeness_is_symmetric_from_none_to_the_same(first: list[Segment], second: list[Segment]) -> None:
    assert segment_likeness(first, first) == pytest.approx(1)
    assert segment_likeness(first, second) == pytest.approx(segment_likeness(second, first))
    assert 0 <= segment_likeness(first, second) <= 1
