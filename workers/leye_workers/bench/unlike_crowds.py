"""Simulated crowds that are unlike one another, against which a default is held: what suits one must not harm another.

Beside the plain kinds of `crowds`: people of whom a few do most of the work, classes that everybody takes for one
another, errors that people share, levels on a scale, colluders, contrary people, many answers to few items.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from leye_quality.majority import Labels
from leye_workers.bench.crowds import ClassCrowd

Real = NDArray[np.float64]


@dataclass(frozen=True)
class Kind:
    """How such a crowd is made.

    shares: of the classes. accuracy: the range people come from; by_class: how often people are right on each class
    instead, scattered by so many answers (`firmness`). tail: whether a few people do most. biased, pull: share of
    people who say the first class, and how often. alike: how much likelier the neighbouring class is taken for the true
    one than others. scale: how much likelier near levels are than far ones. constant, random, colluding, contrary:
    share of people who press one key, any key, copy one key, or always say something else than the truth.
    """

    items: int = 1000
    people: int = 60
    each: int = 5
    classes: int = 2
    shares: tuple[float, ...] = ()
    accuracy: tuple[float, float] = (0.6, 0.95)
    by_class: tuple[float, ...] = ()
    firmness: float = 10.0
    tail: bool = False
    biased: float = 0.0
    pull: float = 0.4
    alike: float = 0.0
    scale: float = 0.0
    constant: float = 0.0
    random: float = 0.0
    colluding: float = 0.0
    contrary: float = 0.0


KINDS: Mapping[str, Kind] = {
    "two classes, three answers": Kind(each=3),
    "ten classes": Kind(classes=10, people=40),
    "rare class, three answers, few do most": Kind(
        items=2500, people=120, each=3, shares=(0.88, 0.12), tail=True, by_class=(0.95, 0.7), firmness=12
    ),
    "five uneven classes": Kind(classes=5, shares=(0.6, 0.2, 0.1, 0.07, 0.03), each=4),
    "60 % random": Kind(classes=3, each=8, random=0.6),
    "60 % constant": Kind(classes=3, each=8, constant=0.6),
    "30 % colluders": Kind(classes=3, each=8, colluding=0.3),
    "shared bias, three answers": Kind(classes=5, each=3, biased=0.6),
    "shared bias, two answers": Kind(classes=5, each=2, biased=0.6),
    "strong shared bias": Kind(classes=3, each=4, biased=0.9, pull=0.5),
    "one class overlooked": Kind(by_class=(0.93, 0.55), firmness=8),
    "39 answers to few items": Kind(items=108, people=39, each=39, by_class=(0.85, 0.5), firmness=5),
    "classes taken for one another": Kind(classes=4, each=6, alike=3.0),
    "levels on a scale": Kind(items=1500, people=120, classes=5, each=6, scale=1.2, accuracy=(0.35, 0.85), tail=True),
    "weak people": Kind(each=10, accuracy=(0.52, 0.75)),
    "20 % contrary": Kind(each=7, contrary=0.2),
}


def unlike_crowd(kind: Kind, seed: int) -> ClassCrowd:
    """One crowd of its kind."""
    draw = np.random.default_rng(seed)
    classes, people = kind.classes, kind.people
    truths = draw.choice(classes, kind.items, p=kind.shares or None)
    busy = np.log(1.0 / np.arange(1, people + 1) ** 0.8) if kind.tail else np.zeros(people)
    keys = draw.permutation(busy) + draw.gumbel(size=(kind.items, people))  # the largest are drawn without replacement
    who = np.sort(np.argpartition(-keys, kind.each - 1, axis=1)[:, : kind.each], axis=1).ravel()
    items = np.repeat(np.arange(kind.items), kind.each)
    chances = _matrices(kind, draw)[who, truths[items]].cumsum(axis=1)
    labels = (draw.random(len(items))[:, None] > chances).sum(axis=1).clip(0, classes - 1)
    crowd = ClassCrowd(items, who, labels, truths, people, classes)
    return replace(crowd, labels=_spoiled(kind, crowd, draw))


def _matrices(kind: Kind, draw: np.random.Generator) -> Real:
    """Of each person, true by given."""
    classes, people = kind.classes, kind.people
    able = draw.uniform(*kind.accuracy, people)[:, None].repeat(classes, axis=1)
    if kind.by_class:
        usual = np.array(kind.by_class)
        able = draw.beta(usual * kind.firmness, (1.0 - usual) * kind.firmness, (people, classes)).clip(0.02, 0.98)
    apart = np.abs(np.subtract.outer(np.arange(classes), np.arange(classes)))
    errors = np.exp(-kind.scale * apart)
    errors[np.arange(classes), np.minimum(np.arange(classes) ^ 1, classes - 1)] += kind.alike * classes
    np.fill_diagonal(errors, 0.0)
    errors /= errors.sum(axis=1, keepdims=True)
    matrices: Real = (1.0 - able)[:, :, None] * errors
    matrices[:, np.arange(classes), np.arange(classes)] = able
    pulled = draw.random(people) < kind.biased
    matrices[pulled] *= 1.0 - kind.pull
    matrices[pulled, :, 0] += kind.pull
    return matrices


def _spoiled(kind: Kind, crowd: ClassCrowd, draw: np.random.Generator) -> Labels:
    """The labels with those of people who do not look."""
    classes, n = kind.classes, len(crowd.labels)
    shares = (kind.constant, kind.random, kind.colluding, kind.contrary)
    fate = np.searchsorted(np.cumsum(shares), draw.random(kind.people), side="right")[crowd.people]
    instead = (
        draw.integers(0, classes, kind.people)[crowd.people],
        draw.integers(0, classes, n),
        draw.integers(0, classes, kind.items)[crowd.items],
        (crowd.truths[crowd.items] + draw.integers(1, classes, n)) % classes,
    )
    labels: Labels = np.choose(np.minimum(fate, len(instead)), [*instead, crowd.labels])
    return labels
