"""Answers and labels as CSV files, and the scores of labels against a truth."""

import csv
import gzip
import zlib
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, islice
from operator import itemgetter
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from leye_quality.majority import Labels

ScoredLabels = Mapping[str, tuple[str, float]]
"""Per item its combined label, as a file writes it, and the confidence from 0 to 1."""


UNREADABLE = (UnicodeDecodeError, gzip.BadGzipFile, zlib.error, EOFError, csv.Error)
ROWS_AT_A_TIME = 50_000


class AnswerFileRefused(ValueError):
    """The file cannot be read as answers or labels; the text says what is wrong."""


@dataclass(frozen=True)
class AnswerFile:
    """The answers of a file, coded.

    items, people, labels: the distinct names, sorted. item_of, person_of, label_of: one entry an answer, positions in
    those names; sorted by item, then person, so that a file's lines in any order give the same arrays.
    """

    items: tuple[str, ...]
    people: tuple[str, ...]
    labels: tuple[str, ...]
    item_of: Labels
    person_of: Labels
    label_of: Labels

    def __len__(self) -> int:
        return len(self.item_of)

    def by_item(self) -> Iterator[tuple[str, list[tuple[str, str]]]]:
        """Each item with its answers (person, label)."""
        ends = np.cumsum(np.bincount(self.item_of, minlength=len(self.items)))
        for item, start, end in zip(self.items, [0, *ends[:-1]], ends, strict=True):
            given = zip(self.person_of[start:end].tolist(), self.label_of[start:end].tolist(), strict=True)
            yield item, [(self.people[person], self.labels[label]) for person, label in given]


class Coding:
    """Codes columns of names as they come, and sorts them at the end."""

    def __init__(self) -> None:
        self._codes: list[defaultdict[str, int]] = [defaultdict(count().__next__) for _ in range(3)]
        self._parts: list[NDArray[np.int32]] = []

    def __len__(self) -> int:
        return sum(part.shape[1] for part in self._parts)

    def add(self, items: Sequence[str], people: Sequence[str], labels: Sequence[str]) -> None:
        """Three columns of equal length, one answer a row."""
        part = np.empty((3, len(items)), dtype=np.int32)
        for row, codes, names in zip(part, self._codes, (items, people, labels), strict=True):
            row[:] = np.fromiter(map(codes.__getitem__, names), dtype=np.int32, count=len(names))
        self._parts.append(part)

    def file(self) -> AnswerFile:
        """All answers; of several of one person to one item the last. What was added is let go as it is used."""
        items, people, labels = names = [tuple(sorted(codes)) for codes in self._codes]
        coded = np.concatenate(self._parts, axis=1)
        self._parts.clear()
        for row, codes, ordered in zip(coded, self._codes, names, strict=True):
            position = np.empty(len(codes), dtype=np.int32)
            position[np.fromiter(map(codes.__getitem__, ordered), dtype=np.int32)] = np.arange(len(codes))
            codes.clear()
            np.take(position, row, out=row)
        keys = coded[0] * np.int64(len(people)) + coded[1]
        if (np.diff(keys) <= 0).any():
            order = np.argsort(keys, kind="stable")
            coded = coded[:, order[np.diff(keys[order], append=-1) != 0]]
        used = np.flatnonzero(np.bincount(coded[2], minlength=len(labels)))
        position = np.zeros(len(labels), dtype=np.int32)
        position[used] = np.arange(len(used))
        return AnswerFile(items, people, tuple(labels[n] for n in used), coded[0], coded[1], position[coded[2]])


class LabelColumns(Mapping[str, tuple[str, float]]):
    """One label and confidence an item, kept as arrays: a million labels need no million objects.

    items: sorted. chosen: positions in `names`. because: how the labels came about, a sentence, or empty.
    """

    def __init__(
        self,
        items: tuple[str, ...],
        names: tuple[str, ...],
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
