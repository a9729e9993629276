"""Simulated crowds with known truth, for `leye bench consensus`: plain ones, and ways in which crowds go bad.

On a hard item people err together, as on recorded ones: there the same wrong class attracts them all.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypedDict

import numpy as np

from leye_quality.answer_files import AnswerFile, read_answers, read_truth
from leye_quality.choice import Combined, combine_by_choice
from leye_quality.majority import Labels


class Sizes(TypedDict):
    """The keyword arguments of `leye_quality`'s fits."""

    n_items: int
    n_people: int
    classes: int


@dataclass(frozen=True)
class ClassCrowd:
    """Answers sorted by item, one a person and item, and the true class of every item."""

    items: Labels
    people: Labels
    labels: Labels
    truths: Labels
    n_people: int
    classes: int

    @property
    def n_items(self) -> int:
        return len(self.truths)

    @property
    def sizes(self) -> Sizes:
        return {"n_items": self.n_items, "n_people": self.n_people, "classes": self.classes}

    def accuracy(self, chosen: Labels) -> float:
        return float((chosen == self.truths).mean())


@dataclass(frozen=True)
class Recipe:
    """How a crowd is made. shares: of the classes, all alike where empty. accuracy: the range people come from, evenly.
    biased: share of people who take every other class for the first, four times in ten. hard: share of items on which
    all are led astray half the time. constant, random: share of people who always press one key, or any."""

    items: int = 1000
    people: int = 60
    each: int = 5
    classes: int = 2
    shares: tuple[float, ...] = ()
    accuracy: tuple[float, float] = (0.6, 0.95)
    biased: float = 0.0
    hard: float = 0.0
    constant: float = 0.0
    random: float = 0.0


RECIPES: Mapping[str, Recipe] = {
    "plain": Recipe(classes=3),
    "imbalanced": Recipe(shares=(0.88, 0.12)),
    "spammers": Recipe(classes=4, each=6, constant=0.25, random=0.25),
    "shared bias": Recipe(classes=5, each=6, biased=0.6),
    "few answers": Recipe(classes=3, each=3),
    "hard items": Recipe(classes=4, each=8, hard=0.15),
}


def class_crowd(recipe: Recipe, seed: int) -> ClassCrowd:
    """One crowd by the recipe."""
    draw = np.random.default_rng(seed)
    shares = recipe.shares or (1.0 / recipe.classes,) * recipe.classes
    truths = draw.choice(recipe.classes, recipe.items, p=shares)
    lures = (truths + draw.integers(1, recipe.classes, recipe.items)) % recipe.classes
    luring = draw.random(recipe.items) < recipe.hard
    items = np.repeat(np.arange(recipe.items), recipe.each)
    people = np.concatenate(
        [np.sort(draw.choice(recipe.people, recipe.each, replace=False)) for _ in range(recipe.items)]
    )
    true, n = truths[items], len(items)
    accuracy = draw.uniform(*recipe.accuracy, recipe.people)
    wrong = (true + draw.integers(1, recipe.classes, n)) % recipe.classes
    labels = np.where(draw.random(n) < accuracy[people], true, wrong)
    labels = np.where((draw.random(recipe.people) < recipe.biased)[people] & (draw.random(n) < 0.4), 0, labels)
    labels = np.where(luring[items] & (draw.random(n) < 0.5), lures[items], labels)
    fate, key = draw.random(recipe.people), draw.integers(0, recipe.classes, recipe.people)
    labels = np.where((fate < recipe.constant)[people], key[people], labels)
    clicking = (fate >= recipe.constant) & (fate < recipe.constant + recipe.random)
    labels = np.where(clicking[people], draw.integers(0, recipe.classes, n), labels)
    return ClassCrowd(items, people, labels, truths, recipe.people, recipe.classes)


def combined(crowd: ClassCrowd) -> Combined:
    """The class of each item as `leye consensus` finds it."""
    return combine_by_choice(crowd.items, crowd.people, crowd.labels, **crowd.sizes)


@dataclass(frozen=True)
class Recorded:
    """Recorded answers as they stand in files, and as a crowd."""

    file: AnswerFile
    truth: dict[str, str]
    crowd: ClassCrowd


def read_recorded(folder: Path) -> Recorded:
    """From `answers.csv` and `truth.csv`. Raises AnswerFileRefused, OSError."""
    file, truth = read_answers(folder / "answers.csv"), read_truth(folder / "truth.csv")
    return Recorded(file, truth, _coded(file, truth))


def _coded(file: AnswerFile, truth: Mapping[str, str]) -> ClassCrowd:
    """Only the items whose truth is known."""
    known = np.array([item in truth for item in file.items])
    place = np.cumsum(known) - 1
    kept = known[file.item_of]
    names = [*file.labels, *sorted(set(truth.values()) - set(file.labels))]
    truths = np.array([names.index(truth[item]) for item in file.items if item in truth], dtype=np.intp)
    return ClassCrowd(
        place[file.item_of[kept]], file.person_of[kept], file.label_of[kept], truths, len(file.people), len(names)
    )


def joined_by(crowd: ClassCrowd, share: float, kind: str, seed: int) -> ClassCrowd:
    """The crowd and people who add so many answers for each one there is. kind: `constant` presses one key, `random`
    any, `colluders` copy one key that is right by chance. Each of them answers a tenth of the items."""
    draw = np.random.default_rng(seed)
    n, per_item = crowd.n_items, share * len(crowd.items) / crowd.n_items
    newcomers = round(per_item * 10)
    answered = [np.sort(draw.choice(n, max(n // 10, 1), replace=False)) for _ in range(newcomers)]
    items = np.concatenate(answered)
    people = np.repeat(np.arange(newcomers), [len(some) for some in answered])
    if kind == "constant":
        labels = draw.integers(0, crowd.classes, newcomers)[people]
    elif kind == "colluders":
        labels = draw.integers(0, crowd.classes, n)[items]
    else:
        labels = draw.integers(0, crowd.classes, len(items))
    items = np.concatenate([crowd.items, items])
    people = np.concatenate([crowd.people, people + crowd.n_people])
    labels = np.concatenate([crowd.labels, labels])
    order = np.lexsort((people, items))
    return replace(
        crowd, items=items[order], people=people[order], labels=labels[order], n_people=crowd.n_people + newcomers
    )


def transcribers(seed: int, texts: int, each: int = 7) -> tuple[dict[int, str], dict[int, dict[str, str]]]:
    """Texts, and what fifteen people heard. Some words are hard, with a wrong hearing that many share."""
    draw = np.random.default_rng(seed)
    errors = np.linspace(0.08, 0.5, 15)
    truths: dict[int, str] = {}
    answers: dict[int, dict[str, str]] = {}
    for text in range(texts):
        words = draw.integers(0, 800, draw.integers(5, 16)).tolist()
        misheard, hard = draw.integers(0, 800, len(words)).tolist(), draw.random(len(words)) < 0.2
        truths[text] = " ".join(f"w{word}" for word in words)
        answers[text] = {}
        for person in draw.choice(15, each, replace=False).tolist():
            heard = []
            for word, lure, is_hard in zip(words, misheard, hard, strict=True):
                fate = draw.random() / (errors[person] * (1.8 if is_hard else 0.7))
                if fate > 0.8:
                    heard.append(word)
                elif fate > 0.25:
                    heard.append(lure if draw.random() < 0.6 else int(draw.integers(800)))
                if draw.random() < errors[person] / 6:
                    heard.append(int(draw.integers(800)))
            answers[text][f"p{person}"] = " ".join(f"w{word}" for word in heard)
    return truths, answers
