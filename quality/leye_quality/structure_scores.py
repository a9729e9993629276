"""Scores of combined boxes, segments, spans, texts and ratings against a truth, rounded as outside checks print them.

An item of the truth without a label counts as an empty answer; an item without truth is left out.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from leye_quality.answer_files import AnswerFileRefused, ScoredLabels
from leye_quality.boxes import BoxesRefused, matched, read_boxes
from leye_quality.segments import SegmentsRefused, matched_segments, read_segments
from leye_quality.spans import Span, SpansRefused, read_spans
from leye_quality.texts import edits

TOLERANCES = (0.5, 0.75)

Mark = TypeVar("Mark")


def score_boxes(labels: ScoredLabels, truth: Mapping[str, str]) -> dict[str, float]:
    """Precision, recall and F1 at an intersection over union of .5 and .75; the mean over the true boxes.

    Raises AnswerFileRefused where the truth holds no boxes.
    """
    return _score_places(labels, truth, read_boxes, matched)


def score_segments(labels: ScoredLabels, truth: Mapping[str, str]) -> dict[str, float]:
    """The same for segments, their overlap being in time.

    Raises AnswerFileRefused where the truth holds no segments.
    """
    return _score_places(labels, truth, read_segments, matched_segments)


def _score_places(
    labels: ScoredLabels,
    truth: Mapping[str, str],
    read: Callable[[str], Sequence[Mark]],
    match: Callable[[Sequence[Mark], Sequence[Mark]], list[tuple[int, int, float]]],
) -> dict[str, float]:
    hits, drawn, true, total = dict.fromkeys(TOLERANCES, 0), 0, 0, 0.0
    for item, text in truth.items():
        try:
            wanted, given = read(text), read(labels[item][0] if item in labels else "[]")
        except (BoxesRefused, SegmentsRefused) as refused:
            raise AnswerFileRefused(f"truth of item {item}: {refused}") from None
        true += len(wanted)
        drawn += len(given)
        for _, _, share in match(given, wanted):
            total += share
            for tolerance in TOLERANCES:
                hits[tolerance] += share >= tolerance
    scores = {}
    for tolerance, hit in hits.items():
        precision, recall = hit / max(drawn, 1), hit / max(true, 1)
        scores[f"P@{tolerance}"] = round(precision, 4)
        scores[f"R@{tolerance}"] = round(recall, 4)
        scores[f"F1@{tolerance}"] = round(2 * precision * recall / max(precision + recall, 1e-9), 4)
    return scores | {"mean_iou": round(total / max(true, 1), 4)}


def score_spans(labels: ScoredLabels, truth: Mapping[str, str]) -> dict[str, float]:
    """Precision, recall and F1 of spans that are right exactly; F1 of typed positions.

    Raises AnswerFileRefused where the truth holds no spans.
    """
    right = given = true = right_at = given_at = true_at = 0
    for item, text in truth.items():
        try:
            wanted, found = read_spans(text), read_spans(labels[item][0] if item in labels else "[]")
        except SpansRefused as refused:
            raise AnswerFileRefused(f"truth of item {item}: {refused}") from None
        right += len(set(wanted) & set(found))
        given, true = given + len(found), true + len(wanted)
        here, there = _positions(found), _positions(wanted)
        right_at += len(here & there)
        given_at, true_at = given_at + len(here), true_at + len(there)
    return {
        "items": len(truth),
        "missing": sum(item not in labels for item in truth),
        "precision": round(right / max(given, 1), 5),
        "recall": round(right / max(true, 1), 5),
        "f1": _f1(right, given, true),
        "f1_per_position": _f1(right_at, given_at, true_at),
    }


def _positions(spans: Sequence[Span]) -> set[tuple[int, str]]:
    return {(place, span.type) for span in spans for place in range(span.start, span.end)}


def _f1(right: int, given: int, true: int) -> float:
    return round(2 * right / (given + true), 5) if right else 0.0


def score_texts(labels: ScoredLabels, truth: Mapping[str, str]) -> dict[str, float]:
    """Word errors in per cent of the truth's words, and the share of texts that have all words right."""
    wrong = words = exact = 0
    for item, text in truth.items():
        wanted, given = text.split(), (labels[item][0] if item in labels else "").split()
        wrong += edits(given, wanted)
        words += len(wanted)
        exact += wanted == given
    return {
        "items": len(truth),
        "missing": sum(item not in labels for item in truth),
        "wer_percent": round(100 * wrong / max(words, 1), 5),
        "exact": round(exact / len(truth), 5),
    }


def score_ratings(labels: ScoredLabels, truth: Mapping[str, str]) -> dict[str, float]:
    """Accuracy, and the mean distance from the true rating, over the items that have a label.

    Raises AnswerFileRefused where a rating of the truth is no number.
    """
    given = {item: labels[item][0] for item in truth if item in labels}
    try:
        off = [abs(float(label) - float(truth[item])) for item, label in given.items()]
    except ValueError:
        raise AnswerFileRefused("a rating of the truth is not a number") from None
    return {
        "items": len(truth),
        "missing": len(truth) - len(given),
        "accuracy": round(sum(distance == 0 for distance in off) / len(truth), 5),
        "mean_distance": round(sum(off) / max(len(off), 1), 5),
    }
