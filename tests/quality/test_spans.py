"""Spans of several people: what is refused, and what crowds that differ in edges, types or care give."""

import json
from collections import Counter
from collections.abc import Mapping
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leye_quality.span_consensus import SpanCrowd, SpanSkill, combine_spans, stranger, unknown_crowd
from leye_quality.span_skills import fit_spans
from leye_quality.spans import Span, SpansRefused, read_spans, regions, span_likeness, write_spans

TYPES = ("LOC", "ORG", "PER")
Texts = dict[int, dict[str, tuple[Span, ...]]]


def crowd(
    seed: int, *, texts: int = 300, each: int = 5, missed: float = 0.1, edges: float = 0.1, invents: float = 0.05
) -> tuple[dict[int, set[Span]], Texts]:
    """Twenty people, p0 the best, each with up to twice the given rates; one in ten marks next to nothing."""
    draw = np.random.default_rng(seed)
    truths: dict[int, set[Span]] = {}
    answers: Texts = {}
    for text in range(texts):
        truths[text] = {
            Span(15 * n + 3, 15 * n + 3 + int(draw.integers(1, 7)), TYPES[draw.integers(3)])
            for n in range(draw.integers(0, 4))
        }
        answers[text] = {}
        for person in draw.choice(20, each, replace=False).tolist():
            care = person / 10
            marked = []
            for span in sorted(truths[text]):
                if draw.random() < (0.9 if person in {7, 14} else missed * care):
                    continue
                start, end, kind = span.start, span.end, span.type
                if draw.random() < edges * care:
                    start, end = start - int(draw.integers(0, 3)), end + int(draw.integers(0, 3))
                if draw.random() < 0.1 * care:
                    kind = TYPES[draw.integers(3)]
                marked.append(Span(start, end, kind))
            if draw.random() < invents * care:
                marked.append(Span(60, 60 + int(draw.integers(1, 4)), TYPES[draw.integers(3)]))
            answers[text][f"p{person}"] = tuple(marked)
    return truths, answers


def f1(found: Mapping[int, set[Span]], truths: Mapping[int, set[Span]]) -> float:
    right = sum(len(found[n] & true) for n, true in truths.items())
    return 2 * right / (sum(map(len, found.values())) + sum(map(len, truths.values())))


def by_vote(answers: Texts, share: float) -> dict[int, set[Span]]:
    votes = {n: Counter(span for spans in given.values() for span in spans) for n, given in answers.items()}
    return {n: {span for span, count in votes[n].items() if count > share * len(answers[n])} for n in answers}


def by_fit(answers: Texts) -> dict[int, set[Span]]:
    return {n: set(combined.spans) for n, combined in fit_spans(answers).combined.items()}


def test_a_label_is_read_as_it_is_written_each_span_once() -> None:
    text = '[[0,2,"人名"],[3,5,"LOC"]]'
    assert write_spans(read_spans(text)) == text
    assert read_spans('[[3,5,"a"],[0,1,"a"],[3,5,"a"]]') == (Span(0, 1, "a"), Span(3, 5, "a"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nonsense", "written as JSON"),
        ("7", "written as JSON"),
        ("[" * 100_000, "written as JSON"),
        ("[[1,2]]", "span 1 is not"),
        ("[[1,2,null]]", "span 1 is not"),
        ('[[0,1,"a"],[1,2.5,"a"]]', "span 2 .*whole number"),
        ('[[NaN,2,"a"]]', "whole number"),
        ('[[2,2,"a"]]', "forwards"),
        ('[[-1,2,"a"]]', "forwards"),
        (f'[[1,1{"0" * 30},"a"]]', "forwards"),
        (json.dumps([[1, 2, "a"]] * 5001), "5001 spans"),
    ],
)
def test_a_label_that_is_not_spans_is_refused_by_a_sentence(text: str, words: str) -> None:
    with pytest.raises(SpansRefused, match=words):
        read_spans(text)


def test_overlapping_spans_make_one_region_and_touching_ones_two() -> None:
    found = regions([[Span(0, 2, "a"), Span(2, 4, "a")], [Span(3, 6, "a"), Span(8, 9, "b")]])
    assert [region.places for region in found] == [((0, 2),), ((2, 4), (3, 6)), ((8, 9),)]
    assert found[1].marked == ((Span(2, 4, "a"),), (Span(3, 6, "a"),))


@pytest.mark.parametrize(
    "habits",
    [
        {},
        {"edges": 0.5, "missed": 0.02},
        {"missed": 0.4, "edges": 0.3, "invents": 0.3, "each": 3},
        {"each": 2, "missed": 0.4, "invents": 0.4},
    ],
)
def test_the_fit_leads_voting_whatever_people_err_in(habits: Mapping[str, Any]) -> None:
    gains = []
    for seed in (1, 2, 3):
        truths, answers = crowd(seed, **habits)
        gains.append(
            f1(by_fit(answers), truths) - max(f1(by_vote(answers, share), truths) for share in (0.3, 0.4, 0.5))
        )
    assert np.mean(gains) > 0.003


def test_nothing_is_found_that_nobody_marked_and_nothing_overlaps() -> None:
    answers = crowd(4, edges=0.5)[1]
    for n, combined in fit_spans(answers).combined.items():
        assert set(combined.spans) <= {
            Span(a.start, a.end, kind) for spans in answers[n].values() for a in spans for kind in TYPES
        }
        assert all(a.end <= b.start for a, b in zip(combined.spans, combined.spans[1:], strict=False))


def test_confidence_is_not_above_what_is_right() -> None:
    said, right = [], []
    for seed in range(4):
        truths, answers = crowd(seed, each=4, missed=0.2, edges=0.3)
        for n, combined in fit_spans(answers).combined.items():
            said += [found.confidence for found in combined.found]
            right += [found.span in truths[n] for found in combined.found]
    assert np.mean(said) - np.mean(right) < 0.03
    sure = np.array(said) > 0.9
    assert np.array(right)[sure].mean() > np.array(right)[~sure].mean() + 0.1


def test_skills_tell_the_careful_from_those_who_mark_nothing() -> None:
    skills = fit_spans(crowd(5, texts=400)[1]).skills
    missed = {person: np.mean([row[0] for row in skill.responds]) for person, skill in skills.items()}
    assert missed["p0"] < 0.1
    assert missed["p7"] > 0.6


def test_a_span_of_three_among_five_is_there_and_that_of_one_is_not() -> None:
    name, slip = Span(2, 5, "PER"), Span(9, 12, "PER")
    combined = combine_spans([[name], [name, slip], [name], [Span(2, 6, "PER")], []], [None] * 5)
    assert combined.spans == (name,)
    assert 0.5 < combined.found[0].confidence < 0.99


def test_three_agreeing_strangers_are_not_certain_and_more_people_are_surer() -> None:
    sure = [combine_spans([[Span(2, 5, "PER")]] * n, [None] * n).confidence for n in (1, 2, 3, 6)]
    assert sure == sorted(sure)
    assert sure[2] < 0.95


def test_without_answers_or_spans_there_is_nothing() -> None:
    assert combine_spans([], []).spans == ()
    empty = combine_spans([[], [], []], [None] * 3, unknown_crowd(TYPES))
    assert empty.spans == ()
    assert combine_spans([], []).confidence < empty.confidence < 1


def test_a_span_beyond_the_text_an_unknown_type_and_a_foreign_skill_are_refused() -> None:
    with pytest.raises(SpansRefused, match="behind the text's 4 positions"):
        combine_spans([[Span(2, 5, "PER")]], [None], length=4)
    with pytest.raises(ValueError, match="PER"):
        combine_spans([[Span(2, 5, "PER")]], [None], unknown_crowd(["LOC"]))
    with pytest.raises(ValueError, match="other types"):
        combine_spans([[Span(2, 5, "LOC")]], [stranger(3)], unknown_crowd(["LOC"]))


def test_skill_and_crowd_are_plain_json() -> None:
    fitted = fit_spans(crowd(6, texts=30)[1])
    skill = fitted.skills["p1"]
    assert SpanSkill.from_json(json.loads(json.dumps(skill.to_json()))) == skill
    assert SpanCrowd.from_json(json.loads(json.dumps(fitted.crowd.to_json()))) == fitted.crowd


def test_skills_fitted_once_combine_a_text_as_the_fit_does() -> None:
    answers = crowd(7)[1]
    fitted = fit_spans(answers)
    for n, said in answers.items():
        alone = combine_spans(list(said.values()), [fitted.skills[who] for who in said], fitted.crowd)
        assert alone.spans == fitted.combined[n].spans
        assert alone.confidence == pytest.approx(fitted.combined[n].confidence)


def test_a_file_without_any_span_gives_none() -> None:
    assert by_fit({1: {"a": (), "b": ()}, 2: {"a": ()}}) == {1: set(), 2: set()}


SPANS = st.lists(
    st.builds(
        lambda start, length, kind: Span(start, start + length, kind),
        st.integers(0, 20),
        st.integers(1, 6),
        st.sampled_from(TYPES),
    ),
    max_size=5,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(SPANS, max_size=5), st.randoms(use_true_random=False))
def test_order_of_people_does_not_matter(answers: list[list[Span]], random: Random) -> None:
    known = unknown_crowd(TYPES)
    skills = [stranger(3) if n % 2 else None for n in range(len(answers))]
    mixed = list(zip(answers, skills, strict=True))
    random.shuffle(mixed)
    turned = combine_spans([spans[::-1] for spans, _ in mixed], [skill for _, skill in mixed], known)
    straight = combine_spans(answers, skills, known)
    assert turned == straight
    assert 0 <= straight.confidence <= 1


@settings(max_examples=60, deadline=None)
@given(SPANS, SPANS)
def test_likeness_is_symmetric_from_none_to_the_same(first: list[Span], second: list[Span]) -> None:
    assert span_likeness(first, first) == 1
    assert span_likeness(first, second) == span_likeness(second, first)
    assert 0 <= span_likeness(first, second) <= 1


@settings(max_examples=10, deadline=None)
@given(st.permutations([f"p{n}" for n in range(20)]))
def test_other_names_for_people_give_the_same_spans(names: list[str]) -> None:
    answers = crowd(8, texts=20)[1]
    renamed = {n: {names[int(who[1:])]: spans for who, spans in given.items()} for n, given in answers.items()}
    assert by_fit(answers) == by_fit(renamed)


def test_texts_taken_twice_give_the_same_spans_twice() -> None:
    truths, answers = crowd(9)
    doubled = by_fit(answers | {n + 1000: given for n, given in answers.items()})
    assert all(doubled[n] == doubled[n + 1000] for n in answers)
    assert f1({n: doubled[n] for n in answers}, truths) == pytest.approx(f1(by_fit(answers), truths), abs=0.01)
