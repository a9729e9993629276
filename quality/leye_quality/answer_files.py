"""Answers and labels as CSV files, and the scores of labels against a truth."""

import csv
import gzip
import zlib
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from leye_quality.majority import Labels
from leye_quality.name_coding import NameColumn, let_go

ScoredLabels = Mapping[str, tuple[str, float]]
"""Per item its combined label, as a file writes it, and the confidence from 0 to 1."""


UNREADABLE = (UnicodeDecodeError, gzip.BadGzipFile, zlib.error, EOFError, csv.Error)
ROWS_AT_A_TIME = 50_000
AT_ONCE = 1 << 18  # answers put in order together


class AnswerFileRefused(ValueError):
    """The file cannot be read as answers or labels; the text says what is wrong."""


@dataclass(frozen=True)
class AnswerFile:
    """The answers of a file, coded.

    items, people, labels: the distinct names, sorted. item_of, person_of, label_of: one entry an answer, positions in
    those names; sorted by item, then person, so that a file's lines in any order give the same arrays.
    """

    items: Sequence[str]
    people: Sequence[str]
    labels: Sequence[str]
    item_of: Labels
    person_of: Labels
    label_of: Labels

    def __len__(self) -> int:
        return len(self.item_of)

    def by_item(self) -> Iterator[tuple[str, list[tuple[str, str]]]]:
        """Each item with its answers (person, label)."""
        people, labels = tuple(self.people), tuple(self.labels)
        ends = np.cumsum(np.bincount(self.item_of, minlength=len(self.items)))
        for item, start, end in zip(self.items, [0, *ends[:-1]], ends, strict=True):
            given = zip(self.person_of[start:end].tolist(), self.label_of[start:end].tolist(), strict=True)
            yield item, [(people[person], labels[label]) for person, label in given]


class Coding:
    """Codes columns of names as they come, and sorts them at the end."""

    def __init__(self) -> None:
        self._columns = [NameColumn() for _ in range(3)]
        self._answers = 0

    def __len__(self) -> int:
        return self._answers

    def add(self, items: Sequence[str], people: Sequence[str], labels: Sequence[str]) -> None:
        """Three columns of equal length, one answer a row; Arrow's arrays of strings are taken too."""
        for column, names in zip(self._columns, (items, people, labels), strict=True):
            column.add(names)
        self._answers += len(items)

    def file(self) -> AnswerFile:
        """All answers; of several of one person to one item the last. What was added is let go as it is used."""
        (items, item_of), (people, person_of), (labels, label_of) = (column.coded() for column in self._columns)
        let_go()
        answers = _one_each(item_of, person_of, label_of, len(people))
        used = np.flatnonzero(np.bincount(answers[2], minlength=len(labels)))
        if len(used) == len(labels):
            return AnswerFile(items, people, labels, *answers)
        position = np.zeros(len(labels), dtype=np.int32)
        position[used] = np.arange(len(used))
        return AnswerFile(items, people, tuple(labels[n] for n in used.tolist()), *answers[:2], position[answers[2]])


def _one_each(items: Labels, people: Labels, labels: Labels, n_people: int) -> tuple[Labels, Labels, Labels]:
    """The answers by item, then person; of several of one person to one item the last. In parts, to spare memory."""
    if (items[1:] < items[:-1]).any():
        order = np.argsort(items, kind="stable")
        items, people, labels = items[order], people[order], labels[order]
        del order
    parts, start = [], 0
    while start < len(items):
        end = int(np.searchsorted(items, items[min(start + AT_ONCE, len(items)) - 1], side="right"))
        some = [column[start:end] for column in (items, people, labels)]
        keys = some[0] * np.int64(n_people) + some[1]
        if (keys[1:] <= keys[:-1]).any():
            order = np.argsort(keys, kind="stable")
            last = np.concatenate([np.diff(keys[order]) != 0, [True]])
            some = [column[order[last]] for column in some]
        parts.append(some)
        start = end
    items, people, labels = (np.concatenate(column) for column in zip(*parts, strict=True))
    return items, people, labels


class LabelColumns(Mapping[str, tuple[str, float]]):
    """One label and confidence an item, kept as arrays: a million labels need no million objects.

    items: sorted. chosen: positions in `names`. because: how the labels came about, a sentence, or empty.
    """

    def __init__(
        self,
        items: Sequence[str],
        names: Sequence[str],
        chosen: Labels,
        sure: NDArray[np.float64],
        because: str = "",
    ) -> None:
        self.items_in_order, self.names, self.chosen, self.sure, self.because = items, names, chosen, sure, because

    def __getitem__(self, item: str) -> tuple[str, float]:
        at = bisect_left(self.items_in_order, item)
        if at == len(self.items_in_order) or self.items_in_order[at] != item:
            raise KeyError(item)
        return self.names[self.chosen[at]], float(self.sure[at])

    def __iter__(self) -> Iterator[str]:
        return iter(self.items_in_order)

    def __len__(self) -> int:
        return len(self.items_in_order)


def _open(path: Path) -> IO[str]:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def _rows(path: Path, columns: tuple[str, ...]) -> Iterable[dict[str, str]]:
    try:
        with _open(path) as file:
            reader = csv.DictReader(file)
            _all_there(path, reader.fieldnames or [], columns)
            yield from reader
    except UNREADABLE as error:
        raise AnswerFileRefused(f"{path}: not a readable UTF-8 CSV file ({error})") from None


def _all_there(path: Path, header: Sequence[str], columns: tuple[str, ...]) -> tuple[str, ...]:
    missing = [name for name in columns if name not in header]
    if missing:
        raise AnswerFileRefused(f"{path}: column {', '.join(missing)} is missing; wanted {','.join(columns)}")
    return columns


def read_answers(path: Path, *, empty_labels: bool = False) -> AnswerFile:
    """Columns item, worker, label. Of several answers of one person to one item the last is kept.

    empty_labels: whether a label may be empty, as the transcript of silence is. Raises AnswerFileRefused, OSError.
    """
    coding = Coding()
    for columns in _columns(path, ("item", "worker", "label"), 2 if empty_labels else 3):
        coding.add(*columns)
    if not len(coding):
        raise AnswerFileRefused(f"{path}: no answers")
    return coding.file()


def _columns(path: Path, names: tuple[str, ...], filled: int) -> Iterator[list[tuple[str, ...]]]:
    """The named columns of a CSV file, some rows at a time; in the first `filled` no cell is empty."""
    done = 0
    for rows in _row_lists(path, names):
        needed = rows if filled == len(names) else [row[:filled] for row in rows]
        if not all(map(all, needed)):
            number = done + next(n for n, row in enumerate(needed, start=1) if not all(row))
            lacking = "an item, a worker or a label" if filled == len(names) else "an item or a worker"
            raise AnswerFileRefused(f"{path}: row {number} lacks {lacking}")
        yield list(zip(*rows, strict=True))
        done += len(rows)


def _row_lists(path: Path, names: tuple[str, ...]) -> Iterator[list[tuple[str, ...]]]:
    try:
        with _open(path) as file:
            reader = filter(None, csv.reader(file))
            header = next(reader, [])
            pick = itemgetter(*(header.index(name) for name in _all_there(path, header, names)))
            while rows := list(islice(reader, ROWS_AT_A_TIME)):
                yield [pick(row) if len(row) >= len(header) else pick([*row, *[""] * len(header)]) for row in rows]
    except UNREADABLE as error:
        raise AnswerFileRefused(f"{path}: not a readable UTF-8 CSV file ({error})") from None


def read_truth(path: Path) -> dict[str, str]:
    """Columns item, label; each item once.

    Raises AnswerFileRefused, OSError.
    """
    truth: dict[str, str] = {}
    for row in _rows(path, ("item", "label")):
        if row["item"] in truth:
            raise AnswerFileRefused(f"{path}: item {row['item']} stands there twice")
        truth[row["item"]] = row["label"] or ""
    if not truth:
        raise AnswerFileRefused(f"{path}: no truth")
    return truth


def write_labels(path: Path, labels: ScoredLabels) -> None:
    """Columns item, label, confidence; confidences unrounded, so that scoring the file gives the same figures."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("item", "label", "confidence"))
        writer.writerows((item, label, confidence) for item, (label, confidence) in labels.items())


def _f1(right: int, wrong: int, missed: int) -> float:
    return 2 * right / (2 * right + wrong + missed) if right else 0.0


def score_class(labels: ScoredLabels, truth: Mapping[str, str]) -> dict[str, float]:
    """Accuracy, macro-F1 over the truth's classes, F1 of the rarer of two, and calibration.

    An item of the truth without a label counts as wrong; an item without truth is left out.
    """
    classes = Counter(truth.values())
    given = {item: labels[item][0] if item in labels else None for item in truth}
    per_class = {
        name: _f1(
            right := sum(given[item] == name for item, true in truth.items() if true == name),
            sum(label == name for label in given.values()) - right,
            classes[name] - right,
        )
        for name in sorted(classes)
    }
    correct = {item: given[item] == true for item, true in truth.items()}
    scores = {
        "items": len(truth),
        "missing": sum(label is None for label in given.values()),
        "accuracy": sum(correct.values()) / len(truth),
        "macro_f1": sum(per_class.values()) / len(per_class),
    }
    if len(per_class) == 2:
        rare = min(per_class, key=lambda name: (classes[name], name))
        scores[f"f1[{rare}]"] = per_class[rare]
    return scores | _calibration({item: labels[item][1] for item in truth if item in labels}, correct)


def _calibration(confidences: Mapping[str, float], correct: Mapping[str, bool]) -> dict[str, float]:
    if not confidences:
        return {}
    bins: dict[int, list[str]] = {}
    for item, confidence in confidences.items():
        bins.setdefault(min(int(confidence * 10), 9), []).append(item)
    n = len(confidences)
    gaps = (abs(sum(confidences[item] - correct[item] for item in members)) for members in bins.values())
    return {
        "mean_confidence": sum(confidences.values()) / n,
        "calibration_error": sum(gaps) / n,
        "brier": sum((confidence - correct[item]) ** 2 for item, confidence in confidences.items()) / n,
    }
