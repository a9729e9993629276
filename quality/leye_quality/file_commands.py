"""Consensus and replay on files, as the command line offers them.

A kind of label is one entry of `KINDS`: how answers become labels, by each method it has, and how labels are scored.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypedDict

import numpy as np

from leye_quality.answer_files import (
    AnswerFile,
    AnswerFileRefused,
    LabelColumns,
    ScoredLabels,
    read_answers,
    read_truth,
    score_class,
    write_labels,
)
from leye_quality.as_it_comes import Manner, as_it_comes
from leye_quality.choice import best_class, combine_by_choice, too_many_cells
from leye_quality.dawid_skene import fit
from leye_quality.majority import agreeing_share, majority
from leye_quality.one_coin import fit_one_coin
from leye_quality.replay import replay
from leye_quality.structure_files import (
    by_fitted_boxes,
    by_fitted_ratings,
    by_fitted_segments,
    by_fitted_spans,
    by_fitted_texts,
)
from leye_quality.structure_scores import score_boxes, score_ratings, score_segments, score_spans, score_texts

Combine = Callable[[AnswerFile], ScoredLabels]
"""Answers to one label an item. Raises AnswerFileRefused where a label is not of the kind."""


@dataclass(frozen=True)
class LabelKind:
    """methods: by their names on the command line, with `auto` among them. score: labels against a truth, figures.
    empty: whether nothing is a label too."""

    methods: Mapping[str, Combine]
    score: Callable[[ScoredLabels, Mapping[str, str]], dict[str, float]]
    empty: bool = False


class KindNotBuilt(ValueError):
    """Consensus on this kind of label is not there yet."""


class MethodUnknown(ValueError):
    """No method of that name; the text lists those there are."""


class ConfidenceOutOfRange(ValueError):
    """A replay can neither stop below a coin toss nor wait for certainty."""


def by_choice(file: AnswerFile) -> ScoredLabels:
    """By the method that suits the answers."""
    combined = combine_by_choice(file.item_of, file.person_of, file.label_of, **_sizes(file))
    return LabelColumns(file.items, file.labels, combined.chosen, combined.sure, combined.because)


def by_majority(file: AnswerFile) -> ScoredLabels:
    """The class most often given; its share of the votes as confidence."""
    classes = len(file.labels)
    chosen = majority(file.item_of, file.label_of, len(file.items), classes)
    return LabelColumns(file.items, file.labels, chosen, agreeing_share(file.item_of, file.label_of, chosen, classes))


def by_one_coin(file: AnswerFile) -> ScoredLabels:
    """The likeliest class, people judged by one accuracy each."""
    fitted = fit_one_coin(file.item_of, file.person_of, file.label_of, **_sizes(file))
    return LabelColumns(file.items, file.labels, fitted.chosen, fitted.sure)


def by_dawid_skene(file: AnswerFile) -> ScoredLabels:
    """The likeliest class, answers taken as independent."""
    sizes = _sizes(file)
    if too_many_cells(**sizes):
        raise AnswerFileRefused(f"{len(file.labels)} classes are too many for dawid-skene; choose one-coin or auto")
    fitted = fit(file.item_of, file.person_of, file.label_of, **sizes)
    chosen = best_class(fitted)
    return LabelColumns(file.items, file.labels, chosen, fitted.posteriors[np.arange(len(chosen)), chosen])


class _Sizes(TypedDict):
    n_items: int
    n_people: int
    classes: int


def _sizes(file: AnswerFile) -> _Sizes:
    return {"n_items": len(file.items), "n_people": len(file.people), "classes": len(file.labels)}


KINDS: Mapping[str, LabelKind] = {
    "class": LabelKind(
        {"auto": by_choice, "dawid-skene": by_dawid_skene, "one-coin": by_one_coin, "majority": by_majority},
        score_class,
    ),
    "spans": LabelKind({"auto": by_fitted_spans}, score_spans),
    "text": LabelKind({"auto": by_fitted_texts}, score_texts, empty=True),
    "boxes": LabelKind({"auto": by_fitted_boxes}, score_boxes),
    "segments": LabelKind({"auto": by_fitted_segments}, score_segments),
    "ratings": LabelKind({"auto": by_fitted_ratings}, score_ratings),
}


def consensus_on_file(
    answers: Path, out: Path, *, kind: str = "class", method: str = "auto", truth: Path | None = None
) -> dict[str, Any]:
    """Combine the answers of a file into one label an item; with a truth, the scores, else `items` and `answers`.

    Where the data chose the method, `because` says which and why. All files are read before anything is written.
    Raises KindNotBuilt, MethodUnknown, AnswerFileRefused, OSError.
    """
    if kind not in KINDS:
        raise KindNotBuilt(f"consensus on labels of kind {kind} is not there yet; built are {', '.join(KINDS)}")
    label_kind = KINDS[kind]
    if method not in label_kind.methods:
        raise MethodUnknown(f"there is no method {method}; choose one of {', '.join(sorted(label_kind.methods))}")
    file = read_answers(answers, empty_labels=label_kind.empty)
    known = read_truth(truth) if truth else None
    labels = label_kind.methods[method](file)
    write_labels(out, labels)
    report: dict[str, Any] = {"items": len(labels), "answers": len(file)}
    if known:
        report = {**label_kind.score(labels, known)}
    if isinstance(labels, LabelColumns) and labels.because:
        report["because"] = labels.because
    return report


def replay_on_file(answers: Path, truth: Path, *, confidence: float = 0.95, seed: int = 1) -> dict[str, float]:
    """Dynamic overlap replayed on a file of recorded answers: items, answers_available, answers_used, accuracy.

    Raises ConfidenceOutOfRange, AnswerFileRefused, OSError.
    """
    _check_confidence(confidence)
    return asdict(replay(read_answers(answers), read_truth(truth), confidence, seed))


def replay_live_on_file(
    answers: Path, truth: Path, *, confidence: float = 0.95, seed: int = 1, known: int = 0, limit: int = 10
) -> dict[str, float]:
    """The same as a live project would go: each answer weighed as it comes, by the skills known by then.

    known: items that serve as gold and are not scored; from thirty on the project learns how long to ask. Gives answers
    an item, accuracy, the shares decided and of those right, and how sure of them one was. Raises ConfidenceOutOfRange,
    AnswerFileRefused, OSError.
    """
    _check_confidence(confidence)
    manner = Manner(confidence, limit=max(limit, 2), known=max(known, 0), learns=True)
    return asdict(as_it_comes(read_answers(answers), read_truth(truth), manner, seed))


def _check_confidence(confidence: float) -> None:
    if not 0.5 <= confidence < 1.0:
        raise ConfidenceOutOfRange(f"a confidence of {confidence} cannot be asked for; from 0.5 to below 1 it can")
