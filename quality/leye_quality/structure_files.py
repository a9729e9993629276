"""Boxes, segments, spans, texts and ratings of answer files: every label read, all combined at once, and written."""

import math
from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

from leye_quality.answer_files import AnswerFile, AnswerFileRefused, ScoredLabels
from leye_quality.box_skills import fit_boxes
from leye_quality.boxes import BoxesRefused, read_boxes, write_boxes
from leye_quality.ratings import MOST_LEVELS, fit_ratings
from leye_quality.segment_consensus import fit_segments
from leye_quality.segments import SegmentsRefused, read_segments, write_segments
from leye_quality.span_skills import fit_spans
from leye_quality.spans import SpansRefused, read_spans, write_spans
from leye_quality.texts import TextRefused, fit_texts, read_text

Label = TypeVar("Label")


def _read(file: AnswerFile, read: Callable[[str], Label]) -> dict[str, dict[str, Label]]:
    """Item → person → the label read; a bad one refuses the file, and is named."""
    once = lru_cache(maxsize=None)(read)
    found: dict[str, dict[str, Label]] = {}
    for item, answers in file.by_item():
        found[item] = {}
        for person, text in answers:
            try:
                found[item][person] = once(text)
            except (BoxesRefused, SegmentsRefused, SpansRefused, TextRefused) as refused:
                raise AnswerFileRefused(f"item {item}, worker {person}: {refused}") from None
    return found


def by_fitted_boxes(file: AnswerFile) -> ScoredLabels:
    """Objects from everybody's boxes."""
    combined = fit_boxes(_read(file, read_boxes)).combined
    return {item: (write_boxes(combined[item].boxes), combined[item].confidence) for item in file.items}


def by_fitted_spans(file: AnswerFile) -> ScoredLabels:
    """Spans from everybody's."""
    combined = fit_spans(_read(file, read_spans)).combined
    return {item: (write_spans(combined[item].spans), combined[item].confidence) for item in file.items}


def by_fitted_texts(file: AnswerFile) -> ScoredLabels:
    """One text from everybody's."""
    combined = fit_texts(_read(file, read_text)).combined
    return {item: (combined[item].text, combined[item].confidence) for item in file.items}


def by_fitted_segments(file: AnswerFile) -> ScoredLabels:
    """Events from everybody's segments."""
    combined = fit_segments(_read(file, read_segments)).combined
    return {item: (write_segments(combined[item].segments), combined[item].confidence) for item in file.items}


def by_fitted_ratings(file: AnswerFile) -> ScoredLabels:
    """One level from everybody's. The scale is the numbers that somebody gave, in their order."""
    number = {label: _number(label) for label in file.labels}
    scale = sorted(set(number.values()))
    if len(scale) > MOST_LEVELS:
        raise AnswerFileRefused(f"{len(scale)} different ratings; at most {MOST_LEVELS} levels are taken")
    written = [min(label for label in file.labels if number[label] == value) for value in scale]
    level = {label: scale.index(value) for label, value in number.items()}
    answers = {item: {who: level[label] for who, label in given} for item, given in file.by_item()}
    combined = fit_ratings(answers, len(scale)).combined
    return {item: (written[combined[item].level], combined[item].confidence) for item in file.items}


def _number(label: str) -> float:
    try:
        value = float(label)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise AnswerFileRefused(f"a rating is a number, which {label} is not")
    return value
