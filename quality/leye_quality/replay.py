"""Dynamic overlap replayed on recorded answers: how many were needed, and how right the result is.

Every item gets two recorded answers (in a seeded order) and every open one its next; after each round skills are fitted
again and posteriors reckoned as the platform does it live: with matrices drawn towards a stranger's by how little they
rest on, because a fit to two answers an item believes itself, and with answers to one item counted as the dependent
ones that they are. An item is open while its confidence is below the threshold, and opens again when later knowledge
lowers it, as long as recorded answers remain.
"""

from dataclasses import dataclass

import numpy as np

from leye_quality.answer_files import AnswerFile
from leye_quality.dawid_skene import fit, normalised
from leye_quality.dependence import foretell
from leye_quality.majority import Labels, Shares
from leye_quality.posterior import TRUST_AFTER, default_confusion, evidence_share

LEAST_ANSWERS = 2
"""Without a second opinion nothing is known of anybody; projects start with two unless they are told otherwise."""


@dataclass(frozen=True)
class Replay:
    """What a replay used and reached. accuracy: over the items that have a truth."""

    items: int
    answers_available: int
    answers_used: int
    accuracy: float


def replay(file: AnswerFile, truth: dict[str, str], confidence: float, seed: int) -> Replay:
    """Replay until every item is sure enough or has no answer left."""
    n_items = len(file.items)
    order = np.lexsort((np.random.default_rng(seed).permutation(len(file)), file.item_of))
    turn = np.empty(len(file), dtype=np.intp)
    turn[order] = np.arange(len(file)) - np.searchsorted(file.item_of, file.item_of)
    available = np.bincount(file.item_of, minlength=n_items)
    used = np.minimum(available, LEAST_ANSWERS)
    while True:
        posteriors = _live(file, order[turn[order] < used[file.item_of[order]]], used)
        open_items = (posteriors.max(axis=1) < confidence) & (used < available)
        if not open_items.any():
            break
        used = used + open_items
    best = posteriors.argmax(axis=1)
    known = [(file.labels[best[n]], truth[item]) for n, item in enumerate(file.items) if item in truth]
    accuracy = sum(label == true for label, true in known) / max(len(known), 1)
    return Replay(n_items, len(file), int(used.sum()), accuracy)


def _live(file: AnswerFile, asked: Labels, used: Labels) -> Shares:
    """Posteriors after the answers asked for, in their order and under shrunk matrices, shape (items, classes)."""
    items, people, labels = file.item_of[asked], file.person_of[asked], file.label_of[asked]
    n_people, classes = len(file.people), len(file.labels)
    fitted = fit(items, people, labels, n_items=len(file.items), n_people=n_people, classes=classes)
    dependence = foretell(items, people, labels, fitted, one_by_one=True).dependence
    given = np.bincount(people, minlength=n_people)[:, None, None]
    weight = given / (given + TRUST_AFTER)
    shrunk = weight * fitted.confusions + (1 - weight) * np.array(default_confusion(classes))
    scores = np.zeros((len(file.items), classes))
    np.add.at(scores, items, np.log(shrunk)[people, :, labels])
    scores *= evidence_share(np.maximum(used, 1.0), dependence)[:, None]
    return normalised(scores + np.log(fitted.prior))
