"""`leye bench consensus`: how right, how sure, how sparing and how fast the consensus is, each figure beside its limit.

Recorded answers come from a folder with `rte`, `dog` and `conll_ner`, each holding `answers.csv` and `truth.csv` as
`leye consensus` reads them; without one, only simulated crowds are measured, and the table says so.
"""

import os
import time
from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import version
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leye_quality.clicking import suspicions
from leye_quality.consensus import combine
from leye_quality.dawid_skene import fit
from leye_quality.majority import Labels, majority, vote_shares
from leye_quality.posterior import Skill, default_confusion
from leye_quality.replay import replay
from leye_workers.bench.certainty import certainty
from leye_workers.bench.crowd_kit import BINARY, HOW_TO_GET_IT, crowd_kit_labels, is_installed, methods_that_run
from leye_workers.bench.crowds import (
    RECIPES,
    ClassCrowd,
    Recipe,
    Recorded,
    class_crowd,
    combined,
    joined_by,
    read_recorded,
)
from leye_workers.bench.figures import Extent, Rows, figure, mean
from leye_workers.bench.million import measured_million
from leye_workers.bench.structures import structures
from leye_workers.bench.unlike_crowds import KINDS, unlike_crowd

ACCURACY = {"rte": (0.9275, 0.935), "dog": (0.8426, 0.850)}
"""Limits: the best of crowd-kit, from which one item may be missing, and what is aimed at."""

ENOUGH = {5: 0.71, 10: 0.95}
"""The confidence that a replay waits for where it should be as right as a majority of five, or of ten: one setting for
all sets."""

SHARES = {5: (0.55, 0.45), 10: (0.45, 0.30)}


def consensus(data: Path | None = None, extent: Extent | None = None) -> Mapping[str, Any]:
    """The whole table by the names of its figures. data: the folder of recorded answers."""
    extent = extent or Extent()
    recorded = {name: read_recorded(data / name) for name in ACCURACY if data and (data / name).is_dir()}
    spans = data / "conll_ner" if data and (data / "conll_ner").is_dir() else None
    rows: dict[str, Any] = {"recorded answers": ", ".join([*recorded, *(["conll_ner"] if spans else [])]) or NO_DATA}
    rows["crowd-kit"] = f"in the same run: {', '.join(methods_that_run())}" if is_installed() else HOW_TO_GET_IT
    for part in (
        _classes(recorded, extent),
        _replays(recorded, extent),
        certainty(recorded, extent),
        _bad_company(recorded, extent),
        structures(spans, extent),
        _flags(extent),
        _speed(extent),
    ):
        rows.update(part)
    return rows


NO_DATA = "none given: simulated crowds only (--data FOLDER names recorded ones)"


def _majority(crowd: ClassCrowd) -> Labels:
    return majority(crowd.items, crowd.labels, crowd.n_items, crowd.classes)


def _macro_f1(chosen: Labels, truths: Labels) -> float:
    return float(np.mean(list(_f1_by_class(chosen, truths).values())))


def _f1_by_class(chosen: Labels, truths: Labels) -> dict[int, float]:
    return {
        label: 2
        * float(((chosen == label) & (truths == label)).sum())
        / float((chosen == label).sum() + (truths == label).sum())
        for label in np.unique(truths).tolist()
    }


def _rare_f1(chosen: Labels, truths: Labels) -> float:
    return _f1_by_class(chosen, truths)[int(np.unique(truths, return_counts=True)[1].argmin())]


def _classes(recorded: Mapping[str, Recorded], extent: Extent) -> Rows:
    """Accuracy, macro-F1 and F1 of the rare class."""
    for name, one in recorded.items():
        must, aim = ACCURACY[name]
        yield from _scored(name, [one.crowd], must - 1 / one.crowd.n_items, aim)
    for name, recipe in RECIPES.items():
        yield from _scored(name, [class_crowd(recipe, seed) for seed in range(max(extent.seeds // 3, 1))])
    for name, kind in KINDS.items():
        yield from _ranked(name, [unlike_crowd(kind, seed) for seed in range(max(extent.seeds // 4, 1))])


def _scored(name: str, crowds: list[ClassCrowd], must: float | None = None, aim: float | None = None) -> Rows:
    ours = [combined(crowd).chosen for crowd in crowds]
    accuracy = mean(crowd.accuracy(chosen) for crowd, chosen in zip(crowds, ours, strict=True))
    beside: dict[str, Any] = {"majority": round(mean(crowd.accuracy(_majority(crowd)) for crowd in crowds), 4)}
    rivals = _rivals(crowds)
    best = {name: mean(map(ClassCrowd.accuracy, crowds, found)) for name, found in rivals.items()}
    if best:
        winner = max(best, key=lambda method: best[method])
        beside |= {"crowd-kit's best": f"{best[winner]:.4f} by {winner}"}
        must = best[winner] - 1 / crowds[0].n_items if must is None else must
        aim = best[winner] if aim is None else aim
    yield f"{name}: accuracy", figure(accuracy, must=must, aim=aim, beside=beside)
    for what, score in {"macro-F1": _macro_f1, "F1 of the rare class": _rare_f1}.items():
        value = mean(score(chosen, crowd.truths) for crowd, chosen in zip(crowds, ours, strict=True))
        by_kit = None
        if "DawidSkene" in rivals:
            by_kit = mean(score(found, crowd.truths) for crowd, found in zip(crowds, rivals["DawidSkene"], strict=True))
        yield f"{name}: {what}", figure(value, must=by_kit)


def _ranked(name: str, crowds: list[ClassCrowd]) -> Rows:
    """Accuracy beside the best of crowd-kit's methods, chosen by the truth: one item may be missing."""
    ours = mean(crowd.accuracy(combined(crowd).chosen) for crowd in crowds)
    best = {method: mean(map(ClassCrowd.accuracy, crowds, found)) for method, found in _rivals(crowds).items()}
    beside: dict[str, Any] = {"majority": round(mean(crowd.accuracy(_majority(crowd)) for crowd in crowds), 4)}
    if not best:
        yield f"{name}: accuracy", figure(ours, beside=beside)
        return
    winner = max(best, key=lambda method: best[method])
    beside |= {"crowd-kit's best": f"{best[winner]:.4f} by {winner}"}
    yield (
        f"{name}: accuracy",
        figure(ours, must=best[winner] - 1 / crowds[0].n_items, aim=best[winner], beside=beside),
    )


def _rivals(crowds: list[ClassCrowd]) -> dict[str, list[Labels]]:
    if not is_installed():
        return {}
    methods = [method for method in methods_that_run() if crowds[0].classes == 2 or method not in BINARY]
    return {method: [crowd_kit_labels(crowd, method) for crowd in crowds] for method in methods}


def _replays(recorded: Mapping[str, Recorded], extent: Extent) -> Rows:
    """The share of a fixed majority's answers that dynamic overlap needs to be as right."""
    for name, one in recorded.items():
        for votes, confidence in ENOUGH.items():
            wanted = mean(_majority_of(one.crowd, votes, seed) for seed in range(20))
            runs = [replay(one.file, one.truth, confidence, seed) for seed in range(4 * extent.orders)]
            share = mean(run.answers_used / (votes * run.items) for run in runs)
            reached = mean(run.accuracy for run in runs)
            beside = {"at confidence": confidence, "accuracy": round(reached, 4), "majority": round(wanted, 4)}
            must, aim = SHARES[votes]
            found = figure(share, must=must, aim=aim, at_most=True, beside=beside)
            if reached < wanted:
                found["met"] = "missed"  # few answers that are less right save nothing
            yield f"{name}: share of a majority-of-{votes}'s answers", found


def _majority_of(crowd: ClassCrowd, votes: int, seed: int) -> float:
    """Its accuracy where a tie is settled by chance."""
    order = np.lexsort((np.random.default_rng(seed).permutation(len(crowd.items)), crowd.items))
    kept = order[np.arange(len(order)) - np.searchsorted(crowd.items, crowd.items) < votes]
    shares = vote_shares(crowd.items[kept], crowd.labels[kept], crowd.n_items, crowd.classes)
    leading = shares >= shares.max(axis=1, keepdims=True) - 1e-9
    return float((leading[np.arange(crowd.n_items), crowd.truths] / leading.sum(axis=1)).mean())


def _bad_company(recorded: Mapping[str, Recorded], extent: Extent) -> Rows:
    """Spammers and colluders added: never below the majority, and what they cost."""
    name, crowd = (
        ("rte", recorded["rte"].crowd) if "rte" in recorded else ("simulation", class_crowd(Recipe(each=10), 7))
    )
    alone = crowd.accuracy(combined(crowd).chosen)
    for kind, share, limit in (("constant", 0.6, 0.01), ("random", 0.6, None), ("colluders", 0.5, 0.03)):
        crowds = [joined_by(crowd, share, kind, seed) for seed in range(extent.orders)]
        reached = mean(one.accuracy(combined(one).chosen) for one in crowds)
        by_vote = mean(one.accuracy(_majority(one)) for one in crowds)
        yield f"{name} and {share:.0%} {kind}: accuracy", figure(reached, must=by_vote)
        if limit is not None:
            must, aim = (limit, None) if kind == "constant" else (None, limit)
            yield f"{name} and {share:.0%} {kind}: cost", figure(alone - reached, must=must, aim=aim, at_most=True)


def _flags(extent: Extent) -> Rows:
    """Who is flagged in a crowd of two hundred, of whom a tenth spams, after 30 and after 50 answers. Speed is no
    evidence, so those who are honest and slow are as likely to be flagged as the other honest ones: no more."""
    for (answers, must, aim), classes in product(((50, 0.90, None), (30, None, 0.95)), (2, 4)):
        recipe = Recipe(items=200 * answers // 4, people=200, each=4, classes=classes, accuracy=(0.7, 0.97))
        found, false = [], []
        for seed in range(extent.seeds):
            crowd, spams = _spammed(class_crowd(recipe, 200 + seed), seed)
            fitted = fit(crowd.items, crowd.people, crowd.labels, **crowd.sizes)
            flagged = np.array(
                [one.worth_a_look for one in suspicions(crowd.items, crowd.people, crowd.labels, fitted)]
            )
            found.append(float(flagged[spams].mean()))
            false.append(float(flagged[~spams].mean()))
        yield f"spammers flagged by {answers} answers, {classes} classes", figure(mean(found), must=must, aim=aim)
        yield (
            f"honest people flagged by {answers} answers, {classes} classes",
            figure(mean(false), must=0.01, at_most=True),
        )


def _spammed(crowd: ClassCrowd, seed: int) -> tuple[ClassCrowd, NDArray[np.bool_]]:
    """Every tenth person spams, by turns one key and any key."""
    draw = np.random.default_rng(300 + seed)
    number = np.arange(crowd.n_people)
    spams, clicks = number % 10 == 0, number % 20 == 0
    labels = np.where(spams[crowd.people], number[crowd.people] // 20 % crowd.classes, crowd.labels)
    labels = np.where(clicks[crowd.people], draw.integers(0, crowd.classes, len(labels)), labels)
    return replace(crowd, labels=labels), spams


def _speed(extent: Extent) -> Rows:
    """CPU and memory of a large run, and of one answer."""
    size = f"{extent.items} items × 3"
    environment = dict(os.environ)
    ours = measured_million("leye", extent.items, environment)
    yield f"{size}: CPU seconds", figure(ours["cpu_s"], beside={"accuracy": ours["accuracy"]})
    yield f"{size}: MB above the input", figure(ours["mb_above_input"], must=200, at_most=True)
    if is_installed():
        theirs = measured_million("crowd-kit", extent.items, environment)
        beside = {f"crowd-kit {name}": value for name, value in theirs.items()}
        beside["pandas"] = version("pandas")  # its own string columns make crowd-kit twice as fast as Python's
        faster = theirs["cpu_s"] / max(ours["cpu_s"], 0.01)
        yield f"{size}: times faster than crowd-kit's Dawid–Skene", figure(faster, must=15, aim=25, beside=beside)
    skills = [Skill(default_confusion(3, accuracy), 50) for accuracy in (0.7, 0.8, 0.9, 0.75, 0.85)]
    answers = [{0}, {0}, {1}, {0}, {0}]
    began = time.process_time()
    for _ in range(extent.posteriors):
        combine("single", answers, skills, 3)
    spent = 1e6 * (time.process_time() - began) / extent.posteriors
    yield "a posterior of five answers, µs", figure(spent, must=50, aim=10, at_most=True)
