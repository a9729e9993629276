"""Long sound is cut in its pauses, and what was written of overlapping segments is put together as it was said."""

from itertools import pairwise
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from leye_quality import overlaps
from leye_quality.silences import Lengths, Segment, segments

RATE = 1000
LENGTHS = Lengths(longest=8, shortest=2, silence=0.3, overlap=1.0)
Words = list[tuple[str, float, float]]
SIGNS = [chr(0x4E00 + n) for n in range(3000)]


def spoken(seed: int, seconds: float, *, pause_every: float | None) -> tuple[NDArray[np.int16], Words]:
    """Words of two different characters as bursts of noise over a quiet hum, with short gaps, and some pauses."""
    draw, noise = Random(seed), np.random.default_rng(seed)
    signs = draw.sample(SIGNS, len(SIGNS))
    samples = noise.normal(0, 30, round(seconds * RATE))
    words: Words = []
    at, since = 0.2, 0.0
    while at + 0.6 < seconds:
        length = draw.uniform(0.2, 0.5)
        begin, end = round(at * RATE), round((at + length) * RATE)
        samples[begin:end] += noise.normal(0, 6000, end - begin)
        words.append((signs.pop() + signs.pop(), at, at + length))
        gap = draw.uniform(0.02, 0.08)
        since += length + gap
        if pause_every is not None and since > pause_every:
            gap, since = draw.uniform(0.4, 0.7), 0.0
        at += length + gap
    return np.clip(samples, -32768, 32767).astype(np.int16), words


def written(words: Words, part: Segment) -> str:
    """What somebody writes who hears one segment: the words that are whole in it."""
    return "".join(word for word, begin, end in words if part.start / RATE <= begin and end <= part.end / RATE)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.floats(1, 40), st.sampled_from([None, 1.5, 6.0]))
def test_segments_are_the_recording_and_none_is_too_long(seed: int, seconds: float, pause: float | None) -> None:
    samples, _ = spoken(seed, seconds, pause_every=pause)
    found = segments(samples, RATE, LENGTHS)
    assert (found[0].start, found[-1].end) == (0, len(samples))
    assert all(part.end - part.start <= LENGTHS.longest * RATE for part in found)
    for one, other in pairwise(found):
        assert one.start < other.start <= one.end < other.end
        assert one.end - other.start in {0, LENGTHS.overlap * RATE}


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([None, 1.5, 6.0]))
def test_what_is_written_of_the_segments_joins_to_what_was_said(seed: int, pause: float | None) -> None:
    samples, words = spoken(seed, 30, pause_every=pause)
    texts = [written(words, part) for part in segments(samples, RATE, LENGTHS)]
    assert overlaps.join(texts, longest_shared=12) == "".join(word for word, _, _ in words)


def test_pauses_are_where_cuts_fall_while_there_are_any() -> None:
    samples, words = spoken(3, 40, pause_every=1.5)
    found = segments(samples, RATE, LENGTHS)
    assert len(found) >= 5
    for one, other in pairwise(found):
        assert one.end == other.start
        assert not any(begin * RATE < one.end < end * RATE for _, begin, end in words)


def test_running_speech_is_cut_in_its_quietest_place_with_an_overlap() -> None:
    loud = np.random.default_rng(1).normal(0, 5000, 12 * RATE)
    loud[5 * RATE : round(5.15 * RATE)] *= 0.05
    [one, other] = segments(loud, RATE, LENGTHS)
    assert one.end - other.start == LENGTHS.overlap * RATE
    assert abs((one.end + other.start) / 2 / RATE - 5.075) < 0.1


@pytest.mark.parametrize("samples", [np.zeros(30 * RATE), np.full(30 * RATE, 900.0), np.zeros(0)])
def test_sound_in_which_nothing_can_be_told_apart_is_cut_all_the_same(samples: NDArray[np.float64]) -> None:
    found = segments(samples, RATE, LENGTHS)
    assert (found[0].start, found[-1].end) == (0, len(samples))
    assert all(part.end - part.start <= LENGTHS.longest * RATE for part in found)


def test_lengths_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="overlap < shortest"):
        Lengths(longest=5, shortest=4, overlap=2)


def test_ends_that_were_misheard_are_taken_from_the_other_text() -> None:
    joined = overlaps.join(["今天上午我们去了银行取前", "去了银行取钱，然后回家"], 8)
    assert joined == "今天上午我们去了银行取钱，然后回家"
    assert overlaps.join(["we went to the bank to", "the bank to fetch it"], 20) == "we went to the bank to fetch it"


def test_texts_that_share_nothing_follow_each_other() -> None:
    assert overlaps.join(["第一句。", "另外一句。"], 0) == "第一句。另外一句。"
    assert overlaps.join(["one two", "three"], 5) == "one two three"
    assert overlaps.join(["", "甲", ""], 5) == "甲"
    assert overlaps.join([], 5) == ""
