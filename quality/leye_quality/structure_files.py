"""Boxes, spans and texts of answer files: every label read, all combined at once, written as they were given."""

from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

from leye_quality.answer_files import AnswerFile, AnswerFileRefused, ScoredLabels
from leye_quality.box_skills import fit_boxes
from leye_quality.boxes import BoxesRefused, read_boxes, write_boxes
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
            except (BoxesRefused, SpansRefused, TextRefused) as refused:
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
