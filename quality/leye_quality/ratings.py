"""Ratings on an ordered scale: four beside a three is nearly agreement, which a model of plain classes cannot know.

What a person gives is the true level, moved by their leniency and blurred by their unsteadiness, rounded to a level of
the scale; now and then it is any level at all. Levels, leniencies and unsteadiness are found in turn, by
expectation-maximisation, each person drawn to a stranger by how little they gave.

B. Lakshminarayanan, Y. W. Teh: Inferring ground truth from multi-annotator ordinal data: a probabilistic approach.
arXiv:1305.0015, 2013. V. C. Raykar et al.: Learning from crowds. JMLR 11, 2010, section 4 (ordinal answers).
The median is the level that costs least where errors count by their distance: J. O. Berger, Statistical decision theory
and Bayesian analysis, 1985, section 2.4.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from leye_quality.dawid_skene import normalised
from leye_quality.majority import vote_shares

Real = NDArray[np.float64]
Item = TypeVar("Item", bound=Hashable)
Person = TypeVar("Person", bound=Hashable)

MOST_LEVELS = 101
"""A scale from 0 to 100; finer ones are measurements."""

CARELESS = 0.03
"""Share of ratings that are any level at all: a slip costs less than a normal distribution would make it cost."""

STRANGER_RATINGS = 8.0  # ratings that the assumption about strangers counts as
LEAST_BLUR = 0.25
MOST_ROUNDS = 50
TOLERANCE = 1e-4


class RatingRefused(ValueError):
    """The answers cannot be combined as ratings; the message says why."""


@dataclass(frozen=True)
class RatingSkill:
    """lenient: by how many levels the person rates too high. blur: standard deviation about that, in levels.
    answers: ratings that this rests on."""

    lenient: float = 0.0
    blur: float = 0.8
    answers: int = 0

    def to_json(self) -> dict[str, float]:
        """As plain JSON; `RatingSkill(**data)` reads it."""
        return asdict(self)


STRANGER = RatingSkill()


@dataclass(frozen=True)
class CombinedRating:
    """level: the median of the posterior. confidence: that exactly this level is right. mean: of the posterior."""

    level: int
    confidence: float
    mean: float
    posterior: tuple[float, ...]


@dataclass(frozen=True)
class FittedRatings(Generic[Item, Person]):
    """A skill for each annotator seen, the share of each level, and the combined rating of each item."""

    skills: dict[Person, RatingSkill]
    prior: tuple[float, ...]
    combined: dict[Item, CombinedRating]


def combine_ratings(
    answers: Sequence[int], skills: Sequence[RatingSkill | None], levels: int, prior: Sequence[float] | None = None
) -> CombinedRating:
    """Combine the ratings of one item, 0 to levels - 1; `skills[i]` is of who gave `answers[i]`, None a stranger's.

    The order of the answers does not matter. Without answers the prior decides, all levels alike where None. Raises
    RatingRefused for a level outside the scale.
    """
    _check(answers, levels)
    people = [skill or STRANGER for skill in skills]
    given = sorted((level, who.lenient, who.blur) for level, who in zip(answers, people, strict=True))
    columns = np.array(given, dtype=np.float64).reshape(-1, 3).T
    start = np.full(levels, 1.0 / levels) if prior is None else np.maximum(np.array(prior, dtype=np.float64), 1e-6)
    scores = np.log(start) + _log_likelihoods(columns[0].astype(np.intp), columns[1], columns[2], levels).sum(axis=0)
    return _combined(normalised(scores[None])[0])


def fit_ratings(answers: Mapping[Item, Mapping[Person, int]], levels: int) -> FittedRatings[Item, Person]:
    """Fit all items at once. answers: item → person → level, from 0. Raises RatingRefused."""
    items = sorted(answers, key=str)
    people = sorted({person for given in answers.values() for person in given}, key=str)
    position = {person: n for n, person in enumerate(people)}
    rows = [
        (n, position[who], answers[item][who]) for n, item in enumerate(items) for who in sorted(answers[item], key=str)
    ]
    _check([level for *_, level in rows], levels)
    item_of, person_of, level_of = np.array(rows, dtype=np.intp).reshape(-1, 3).T
    given = np.bincount(person_of, minlength=len(people))
    overlapping = np.bincount(item_of, minlength=len(items)) >= 2
    posteriors = vote_shares(item_of, level_of, len(items), levels)
    lenient, blur = np.zeros(len(people)), np.full(len(people), STRANGER.blur)
    prior = np.full(levels, 1.0 / levels)
    for _ in range(MOST_ROUNDS):
        lenient, blur = _learn(item_of, person_of, level_of, posteriors * overlapping[:, None], len(people))
        counts = posteriors[overlapping].sum(axis=0) + 1.0
        prior = counts / counts.sum()
        scores = np.zeros((len(items), levels))
        np.add.at(scores, item_of, _log_likelihoods(level_of, lenient[person_of], blur[person_of], levels))
        updated = normalised(scores + np.log(prior))
        moved = float(np.abs(updated - posteriors).mean()) if updated.size else 0.0
        posteriors = updated
        if moved < TOLERANCE:
            break
    skills = {who: RatingSkill(float(lenient[n]), float(blur[n]), int(given[n])) for who, n in position.items()}
    combined = {item: _combined(posteriors[n]) for n, item in enumerate(items)}
    return FittedRatings(skills, tuple(prior.tolist()), combined)


def _check(answers: Sequence[int], levels: int) -> None:
    if not 1 <= levels <= MOST_LEVELS:
        raise RatingRefused(f"a scale of {levels} levels; from 1 to {MOST_LEVELS} are taken")
    if any(not 0 <= level < levels for level in answers):
        raise RatingRefused(f"a level outside 0..{levels - 1}: {sorted(set(answers))}")


def _log_likelihoods(given: NDArray[np.intp], lenient: Real, blur: Real, levels: int) -> Real:
    """Of each rating under each true level, shape (ratings, levels): a normal cut into levels, open at both ends."""
    true = np.arange(levels) + lenient[:, None]
    above = np.where(given == levels - 1, np.inf, given + 0.5)[:, None]
    below = np.where(given == 0, -np.inf, given - 0.5)[:, None]
    share = ndtr((above - true) / blur[:, None]) - ndtr((below - true) / blur[:, None])
    logs: Real = np.log((1.0 - CARELESS) * share + CARELESS / levels)
    return logs


def _learn(
    item_of: NDArray[np.intp], person_of: NDArray[np.intp], level_of: NDArray[np.intp], posteriors: Real, people: int
) -> tuple[Real, Real]:
    """Leniency and blur of each person, by how far their ratings lie from the levels believed in.

    Answers alone cannot tell a lenient crowd from high levels, so the middle one of the people counts as just.
    """
    belief = posteriors[item_of]
    off = level_of[:, None] - np.arange(posteriors.shape[1])
    taught = np.bincount(person_of, belief.sum(axis=1), people).astype(np.float64)
    drift = np.bincount(person_of, (belief * off).sum(axis=1), people)
    lenient = drift / (taught + STRANGER_RATINGS)
    lenient = lenient - _middle(lenient, taught)
    squares = np.bincount(person_of, (belief * (off - lenient[person_of, None]) ** 2).sum(axis=1), people)
    usual = (squares.sum() + STRANGER_RATINGS * STRANGER.blur**2) / (taught.sum() + STRANGER_RATINGS)
    blur = np.sqrt((squares + STRANGER_RATINGS * usual) / (taught + STRANGER_RATINGS))
    return lenient, np.maximum(blur, LEAST_BLUR)


def _middle(values: Real, weights: Real) -> float:
    """The weighted median; halfway between the two where the weights fall apart evenly."""
    if not weights.sum():
        return 0.0
    order = np.argsort(values)
    grown = np.cumsum(weights[order]) / weights.sum()
    low, high = (int(np.searchsorted(grown, half)) for half in (0.5 - 1e-9, 0.5 + 1e-9))
    return float(values[order][[low, min(high, len(values) - 1)]].mean())


def _combined(posterior: Real) -> CombinedRating:
    level = int(np.searchsorted(np.cumsum(posterior), 0.5 - 1e-9))
    mean = float(posterior @ np.arange(len(posterior)))
    return CombinedRating(level, float(posterior[level]), mean, tuple(posterior.tolist()))
