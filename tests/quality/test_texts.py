"""Texts of several people: tokens, alignment, and what a crowd of transcribers of known skill gives."""

from collections.abc import Mapping
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leye_quality.texts import (
    TextRefused,
    TextSkill,
    combine_texts,
    edits,
    fit_texts,
    joined,
    read_text,
    text_likeness,
    tokens,
)

Texts = dict[int, dict[str, str]]


def crowd(
    seed: int, *, items: int = 80, each: int = 7, chinese: bool = False, hasty: bool = True
) -> tuple[dict[int, str], Texts]:
    """Fifteen people with 3 to 40 % errors; some words are hard, with one wrong hearing that many share. p13 and p14
    stop halfway where hasty."""
    draw = np.random.default_rng(seed)
    words = [chr(0x4E00 + n) if chinese else f"w{n}" for n in range(800)]
    skill = np.linspace(0.03, 0.4, 15)
    truths: dict[int, str] = {}
    answers: Texts = {}
    for item in range(items):
        true = draw.integers(0, 800, draw.integers(4, 16))
        misheard, hard = draw.integers(0, 800, len(true)), draw.random(len(true)) < 0.2
        truths[item] = ("" if chinese else " ").join(words[n] for n in true)
        answers[item] = {}
        for person in draw.choice(15, each, replace=False).tolist():
            heard: list[int] = []
            for n, word in enumerate(true.tolist()):
                if hasty and person >= 13 and n > len(true) / 2:
                    break
                errs = skill[person] * (2 if hard[n] else 0.8)
                fate = draw.random()
                if fate < errs / 2:
                    heard.append(int(misheard[n]) if draw.random() < 0.5 else int(draw.integers(800)))
                elif fate > errs * 0.8:
                    heard.append(word)
                if draw.random() < errs / 5:
                    heard.append(int(draw.integers(800)))
            answers[item][f"p{person}"] = ("" if chinese else " ").join(words[n] for n in heard)
    return truths, answers


def word_errors(found: Mapping[int, str], truths: Mapping[int, str]) -> float:
    wrong = sum(edits(tokens(found[n]), tokens(true)) for n, true in truths.items())
    return 100 * wrong / sum(len(tokens(true)) for true in truths.values())


def by_fit(answers: Texts) -> dict[int, str]:
    return {n: combined.text for n, combined in fit_texts(answers).combined.items()}


def by_rover(answers: Texts) -> dict[int, str]:
    return {n: combine_texts(list(given.values()), [None] * len(given)).text for n, given in answers.items()}


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("so  it goes", [" so", " it", " goes"]),
        ("用 Python 写", ["用", " Python", "写"]),
        ("我有3个iPad。", ["我", "有", "3", "个", "iPad", "。"]),
        ("  \t\n", []),
    ],
)
def test_tokens_are_words_or_characters(text: str, pieces: list[str]) -> None:
    assert tokens(text) == pieces


@given(st.text(alphabet="ab 中文，。é", max_size=30))
def test_joining_tokens_gives_the_text_but_for_blanks(text: str) -> None:
    assert joined(tokens(text)).replace(" ", "") == "".join(text.split())


def test_edits_count_replacements_omissions_and_additions() -> None:
    assert edits("kitten", "sitting") == 3
    assert edits("", "abc") == edits("abc", "") == 3
    assert edits("", "") == 0


def test_a_text_too_long_to_align_is_refused_by_a_sentence() -> None:
    with pytest.raises(TextRefused, match="more than 2000"):
        read_text("字" * 2001)
    assert read_text("e\u0301") == "é"


@pytest.mark.parametrize("chinese", [False, True])
@pytest.mark.parametrize("each", [3, 7])
def test_weighing_people_by_skill_beats_counting_them(each: int, chinese: bool) -> None:
    counted, weighed = [], []
    for seed in (1, 2):
        truths, answers = crowd(seed, each=each, chinese=chinese)
        counted.append(word_errors(by_rover(answers), truths))
        weighed.append(word_errors(by_fit(answers), truths))
    assert np.mean(weighed) < 0.87 * np.mean(counted)  # the aim on recorded transcripts: 10.0 where ROVER has 11.55


def test_skills_are_recovered_in_order() -> None:
    skills = fit_texts(crowd(3, items=150)[1]).skills
    errors = [skills[f"p{n}"].errors for n in range(13)]
    assert np.corrcoef(errors, np.arange(13))[0, 1] > 0.95
    assert skills["p14"].errors > skills["p12"].errors


def test_confidence_is_honest() -> None:
    truths, answers = crowd(4, items=300, each=5)
    combined = fit_texts(answers).combined
    right = [combined[n].text == true for n, true in truths.items()]
    assert np.mean([one.confidence for one in combined.values()]) == pytest.approx(np.mean(right), abs=0.08)


def test_a_word_that_one_left_out_or_put_in_is_outvoted() -> None:
    said = ["the cat sat down", "the cat sat down", "the sat down", "the big cat sat down"]
    combined = combine_texts(said, [None] * 4)
    assert combined.text == "the cat sat down"
    assert combined.doubtful == 0


def test_the_skilled_are_believed_against_more_careless_ones() -> None:
    skills = [TextSkill(0.02, 900), TextSkill(0.7, 900), TextSkill(0.7, 900)]
    assert combine_texts(["今天下雨", "今天夏雨", "今天夏雨"], skills).text == "今天下雨"


def test_three_agreeing_strangers_are_not_certain_and_more_people_are_surer() -> None:
    sure = [combine_texts(["你好"] * n, [None] * n).confidence for n in (1, 2, 3, 6)]
    assert sure == sorted(sure)
    assert sure[2] < 0.999


def test_without_answers_or_words_the_text_is_empty() -> None:
    assert combine_texts([], []).confidence == 0
    assert combine_texts(["", " "], [None, None]).text == ""
    assert fit_texts({1: {"a": ""}, 2: {}}).combined[1].text == ""


WORDS = st.lists(st.sampled_from(["yes", "no", "well", "好"]), max_size=6).map(" ".join)


@settings(max_examples=60, deadline=None)
@given(st.lists(WORDS, max_size=5), st.randoms(use_true_random=False))
def test_order_of_people_does_not_matter(answers: list[str], random: Random) -> None:
    skills = [TextSkill(0.1 * (n % 3 + 1)) for n in range(len(answers))]
    mixed = list(zip(answers, skills, strict=True))
    random.shuffle(mixed)
    turned = combine_texts([text for text, _ in mixed], [skill for _, skill in mixed])
    assert turned == combine_texts(answers, skills)


@given(WORDS, WORDS)
def test_likeness_is_symmetric_from_none_to_the_same(first: str, second: str) -> None:
    assert text_likeness(first, first) == 1
    assert text_likeness(first, second) == pytest.approx(text_likeness(second, first))
    assert 0 <= text_likeness(first, second) <= 1


@settings(max_examples=10, deadline=None)
@given(st.permutations([f"p{n}" for n in range(15)]))
def test_other_names_for_people_give_the_same_texts(names: list[str]) -> None:
    answers = crowd(5, items=8)[1]
    renamed = {n: {names[int(who[1:])]: text for who, text in given.items()} for n, given in answers.items()}
    assert by_fit(answers) == by_fit(renamed)


def test_items_taken_twice_give_the_same_texts_twice() -> None:
    truths, answers = crowd(6)
    doubled = by_fit(answers | {n + 1000: given for n, given in answers.items()})
    assert all(doubled[n] == doubled[n + 1000] for n in answers)
    assert word_errors({n: doubled[n] for n in answers}, truths) == pytest.approx(
        word_errors(by_fit(answers), truths), abs=0.5
    )
