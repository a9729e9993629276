"""How much the next answer to an item is expected to tell, and how little is not worth asking for.

The measure is the mutual information, in nats, between an item's class and the answer of somebody from the crowd
(D. V. Lindley, On a measure of the information provided by an experiment, Annals of Mathematical Statistics 27, 1956;
for repeated labels V. S. Sheng, F. Provost, P. G. Ipeirotis, Get another label?, KDD 2008; for hiring until an answer
is not worth its cost E. Kamar, S. Hacker, E. Horvitz, AAMAS 2012). A threshold on confidence asks the same everywhere,
and most where people can tell least; this one asks where asking helps.
"""

import math

import numpy as np
from numpy.typing import NDArray

from leye_quality.majority import Shares
from leye_quality.posterior import STRANGER_ACCURACY

NEAR_ENOUGH = 0.9
VOTES = 4000  # drawn, always the same ones


def told(posteriors: Shares, confusion: NDArray[np.float64]) -> NDArray[np.float64]:
    """What one more answer tells of each item. posteriors: (items, classes). confusion: of the crowd, true by given."""
    noise = -(confusion * np.log(confusion)).sum(axis=1)
    given = np.maximum(posteriors @ confusion, 1e-12)
    gained: NDArray[np.float64] = -(given * np.log(given)).sum(axis=1) - posteriors @ noise
    return np.maximum(gained, 0.0)


def two_way(sure: float, accuracy: float) -> float:
    """What somebody of this accuracy tells of a question with two answers, one of them probable by `sure`."""
    return _entropy(sure * accuracy + (1.0 - sure) * (1.0 - accuracy)) - _entropy(accuracy)


def least_worth(wanted: float, confusion: NDArray[np.float64], prior: NDArray[np.float64]) -> float:
    """What an answer has to tell where an accuracy is wanted.

    As much as a stranger tells of a two-way question that is as sure as wanted. A crowd that knows little may never
    tell so much; it is worth asking until an item is `NEAR_ENOUGH` as far from a coin toss as wanted.
    """
    classes = len(prior)
    right = float(prior @ np.diag(confusion))
    other = (1.0 - right) / max(classes - 1, 1)
    by_crowd = (right + other) * two_way(0.5 + NEAR_ENOUGH * (wanted - 0.5), right / (right + other))
    return min(two_way(wanted, STRANGER_ACCURACY), by_crowd)


def right_by_vote(confusion: NDArray[np.float64], prior: NDArray[np.float64], answers: int) -> float:
    """How often a majority of so many answers by such people is right, a tie settled by chance: drawn, not computed.

    The more the crowd errs alike, the less its vote is worth; so the matrix is taken as it is, true by given.
    """
    draw = np.random.default_rng(VOTES)
    truths = draw.choice(len(prior), VOTES, p=prior / prior.sum())
    chances = confusion.cumsum(axis=1)[truths]
    given = np.stack([(draw.random(VOTES)[:, None] > chances).sum(axis=1) for _ in range(answers)], axis=1)
    votes = (given[:, :, None] == given[:, None, :]).sum(axis=2)
    most = votes.max(axis=1, keepdims=True)
    leading = (votes == most).sum(axis=1) / most[:, 0]  # classes that lead: each is counted once an answer
    right = ((given == truths[:, None]) & (votes == most)).any(axis=1)
    return float((right / leading).mean())


def _entropy(share: float) -> float:
    if share <= 0.0 or share >= 1.0:
        return 0.0
    return -share * math.log(share) - (1.0 - share) * math.log(1.0 - share)
