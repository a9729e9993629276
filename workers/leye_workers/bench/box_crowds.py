"""Simulated people who draw boxes, and the plain rules that Leye's boxes are held against in `leye bench consensus`.

Each person has a steadiness, a bias, and rates of misses, of boxes for nothing and of wrong classes; one in five is
careless, one in ten marks almost nothing. A crowded picture has boxes that overlap their neighbours.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

from leye_quality.boxes import Box, BoxesRefused, clipped, corners, matched, overlaps

Real = NDArray[np.float64]
Drawn = Mapping[int, Mapping[int, Sequence[Box]]]
"""picture → person → boxes"""

CLASSES, SHARES = ("car", "person", "sign", "animal"), (0.5, 0.3, 0.15, 0.05)
CREW, BOXES = 30, 6.0
TOUCHING = 0.4
"""Intersection over union from which the plain rules take two boxes for one object."""


def box_crowd(
    seed: int, pictures: int, people: int, *, crowded: bool
) -> tuple[dict[int, tuple[Box, ...]], dict[int, dict[int, tuple[Box, ...]]]]:
    """True boxes, and those that people drew."""
    draw = np.random.default_rng(seed)
    crew = [_person(draw) for _ in range(CREW)]
    truths, answers = {}, {}
    for picture in range(pictures):
        truths[picture] = _scene(draw, crowded=crowded)
        who = draw.choice(CREW, people, replace=False).tolist()
        answers[picture] = {person: _answer(draw, truths[picture], crew[person]) for person in who}
    return truths, answers


def _person(draw: np.random.Generator) -> tuple[float, ...]:
    """steadiness, bias, missed, ghosts, wrong class"""
    bias, kind = float(draw.normal(0, 0.03)), draw.random()
    if kind < 0.72:
        ranges = ((0.02, 0.06), (0.01, 0.1), (0.0, 0.15), (0.0, 0.04))
    elif kind < 0.92:
        ranges = ((0.1, 0.2), (0.15, 0.35), (0.3, 1.0), (0.05, 0.3))
    else:
        ranges = ((0.05, 0.15), (0.7, 0.95), (0.05, 0.05), (0.1, 0.1))
    steadiness, missed, ghosts, wrong = (float(draw.uniform(*span)) for span in ranges)
    return steadiness, bias, missed, ghosts, wrong


def _scene(draw: np.random.Generator, *, crowded: bool) -> tuple[Box, ...]:
    wanted, boxes = int(draw.poisson(BOXES)), list[Box]()
    for _ in range(500):
        if len(boxes) == wanted:
            break
        width, height = np.minimum(np.exp(draw.normal(2.3, 0.6) + draw.normal(0, 0.3, 2)), 60).tolist()
        x, y = draw.uniform(0, [100 - width, 100 - height]).tolist()
        if crowded and boxes and draw.random() < 0.5:
            near = boxes[-1]
            x = float(np.clip(near.x + draw.normal(0, 0.5 * near.width), 0, 100 - width))
            y = float(np.clip(near.y + draw.normal(0, 0.5 * near.height), 0, 100 - height))
        box = Box(x, y, width, height, str(draw.choice(CLASSES, p=SHARES)))
        if overlaps(corners([box]), corners(boxes)).max(initial=0.0) <= (0.45 if crowded else 0.25):
            boxes.append(box)
    return tuple(boxes)


def _answer(draw: np.random.Generator, true: Sequence[Box], person: tuple[float, ...]) -> tuple[Box, ...]:
    steadiness, bias, missed, ghosts, wrong = person
    boxes = []
    for box in true:
        if draw.random() < min(0.97, missed * (1 + 6 / max(box.width * box.height, 6) ** 0.5)):
            continue
        side = np.array([box.width, box.height] * 2)
        error = draw.normal(0, 1, 4) * np.maximum(steadiness * side, 0.25) * (4 if draw.random() < 0.02 else 1)
        left, top, right, bottom = (corners([box])[0] + error + bias * side * np.array([-1, -1, 1, 1])).tolist()
        label = (
            box.label if draw.random() > wrong else str(draw.choice([name for name in CLASSES if name != box.label]))
        )
        boxes.append(Box(left, top, right - left, bottom - top, label))
    for _ in range(draw.poisson(ghosts)):
        width, height = np.exp(draw.normal(2.2, 0.6, 2)).clip(1, 50).tolist()
        x, y = draw.uniform(0, [100 - width, 100 - height]).tolist()
        boxes.append(Box(x, y, width, height, str(draw.choice(CLASSES))))
    return tuple(kept for box in boxes if (kept := _inside(box)))


def _inside(box: Box) -> Box | None:
    try:
        return clipped(box)
    except BoxesRefused:
        return None


def box_f1(found: Mapping[int, Sequence[Box]], truths: Mapping[int, Sequence[Box]], tolerance: float = 0.75) -> float:
    """F1 of boxes at an intersection over union."""
    hits = sum(share >= tolerance for n, true in truths.items() for *_, share in matched(found[n], true))
    return 2 * hits / max(sum(map(len, found.values())) + sum(map(len, truths.values())), 1)


def best_plain_rule(truths: Mapping[int, Sequence[Box]], answers: Drawn) -> float:
    """F1@0.75 of the rule that did best here: means or medians of clusters that enough people drew, with the people
    weighed by their agreement or not."""
    weights = _weights(answers)
    alike = dict.fromkeys(weights, 1.0)
    rules = [(alike, 0.5, False), (alike, 0.5, True)]
    rules += [(weights, share, median) for share, median in product((0.5, 0.4, 0.3), (False, True))]
    return max(box_f1({n: _fused(given, *rule) for n, given in answers.items()}, truths) for rule in rules)


def _clusters(given: Mapping[int, Sequence[Box]]) -> list[list[tuple[int, Box]]]:
    """Greedy: from the box that agrees with most others, the best box of everybody that touches it."""
    boxes = [(person, box) for person, drawn in given.items() for box in drawn]
    at = corners([box for _, box in boxes])
    shares, free, found = overlaps(at, at), np.ones(len(boxes), dtype=bool), []
    while free.any():
        left = np.flatnonzero(free)
        inside = shares[np.ix_(left, left)]
        seed = left[np.where(inside >= TOUCHING, inside, 0.0).sum(axis=1).argmax()]
        best: dict[int, int] = {}
        for n in left[shares[seed, left] >= TOUCHING].tolist():
            person = boxes[n][0]
            if person not in best or shares[seed, n] > shares[seed, best[person]]:
                best[person] = n
        free[list(best.values())] = False
        found.append([boxes[n] for n in best.values()])
    return found


def _fused(
    given: Mapping[int, Sequence[Box]], weights: Mapping[int, float], share: float, median: bool
) -> tuple[Box, ...]:
    total, fused = sum(weights[person] for person in given), []
    for cluster in _clusters(given):
        weight = np.array([weights[person] for person, _ in cluster])
        if weight.sum() < share * total:
            continue
        at, votes = corners([box for _, box in cluster]), Counter[str]()
        for (_, box), one in zip(cluster, weight.tolist(), strict=True):
            votes[box.label] += one
        edges = [_median(column, weight) for column in at.T] if median else np.average(at, 0, weight).tolist()
        left, top, right, bottom = edges
        fused.append(Box(left, top, right - left, bottom - top, votes.most_common(1)[0][0]))
    return tuple(fused)


def _median(values: Real, weights: Real) -> float:
    order = np.argsort(values)
    grown = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(grown, grown[-1] / 2)])


def _weights(answers: Drawn) -> dict[int, float]:
    """By each person's agreement with the fused boxes, thrice over; cubed, to damp the careless."""
    people = {person for given in answers.values() for person in given}
    weights = dict.fromkeys(people, 1.0)
    for _ in range(3):
        hits, boxes, shares = Counter[int](), Counter[int](), dict.fromkeys(people, 0.0)
        for given in answers.values():
            fused = _fused(given, weights, 0.5, median=True)
            for person, drawn in given.items():
                close = [share for *_, share in matched(drawn, fused) if share > TOUCHING]
                hits[person] += len(close)
                boxes[person] += len(drawn) + len(fused)
                shares[person] += sum(close)
        weights = {
            who: max(0.02, (2 * hits[who] + 1) / (boxes[who] + 2) * (shares[who] + 0.7) / (hits[who] + 1)) ** 3
            for who in people
        }
    return weights
