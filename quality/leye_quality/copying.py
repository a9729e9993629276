"""Finding people whose answers are copies of one key, so that they count as one.

Dawid–Skene believes whoever agrees, and nobody agrees like copies. Given the truth, answers of two people who work on
their own agree as often as their accuracies make them: above chance by the product of how far each of them is above
chance. That factor is the median of a person's agreement with everybody else, so that copies, as long as they meet
more other people than copies, do not vouch for one another. Pairs who agree far more often are linked, and linked
groups in which nearly every pair agrees nearly always count as one person: the expectation-maximisation then sees
one vote, and what it is worth.

L. Dong, L. Berti-Equille, D. Srivastava: Integrating conflicting data: the role of source dependence. VLDB 2009:
copying shows in shared errors, not in shared truth.
"""

from dataclasses import dataclass

import numpy as np
import scipy  # its parts load where they are used: a web process combines answers and fits nothing
from numpy.typing import NDArray
from scipy.special import bdtrc

from leye_quality.majority import Labels

LEAST_SHARED = 5  # items two people both answered, before their agreement says anything
LEAST_AGREEMENT = 0.95
RARELY = 1e-3  # how seldom a pair of independent people may look so alike
LEAST_GROUP = 3
MOST_PEOPLE = 20_000  # pairs of more are not compared
ONE_ALIKE = float(1 << 26)
"""Two counts in one number, both below this and so exact: sparse sums are the dear part."""

PAIRS_AT_A_TIME = 2_000_000
MOST_ANSWERS, STRETCHES = 1_000_000, 50  # of more answers, evenly spread stretches are looked at
MOST_COUNTED = 1024  # people, all pairs of whom are counted at once


@dataclass(frozen=True)
class Copies:
    """group_of: per person the one who stands for them, themselves where they copy nobody."""

    group_of: Labels

    @property
    def people(self) -> int:
        """How many people copy another one."""
        return int((self.group_of != np.arange(len(self.group_of))).sum())


def find_copies(items: Labels, people: Labels, labels: Labels, *, n_items: int, n_people: int, classes: int) -> Copies:
    """Groups of people whose answers are copies of each other."""
    alone = Copies(np.arange(n_people))
    if classes < 2 or not LEAST_GROUP <= n_people <= MOST_PEOPLE:
        return alone
    if len(items) > MOST_ANSWERS:
        kept = _stretches(items)
        items, people, labels = items[kept], people[kept], labels[kept]
    pairs = _pairs(items, people, labels, n_people)
    first, second, together = pairs.row, pairs.col, pairs.data % ONE_ALIKE
    alike = pairs.data // ONE_ALIKE
    chance = float(((np.bincount(labels, minlength=classes) / len(labels)) ** 2).sum())
    above = _above_chance(first, alike / together, together, chance, n_people)
    expected = np.clip(chance + (1.0 - chance) * above[first] * above[second], chance, 1.0)
    close = (together >= LEAST_SHARED) & (alike >= LEAST_AGREEMENT * together)
    linked = close & (bdtrc(alike - 1, together.astype(np.intp), expected) < RARELY)
    return Copies(_groups(first[linked], second[linked], n_people, pairs))


def one_vote_a_group(items: Labels, people: Labels, labels: Labels, copies: Copies) -> tuple[Labels, Labels, Labels]:
    """The answers with each group's to one item made one: the label most of the group gave, of equals the first."""
    classes = np.intp(labels.max(initial=0) + 1)
    persons = np.intp(len(copies.group_of))
    votes, counts = np.unique((items * persons + copies.group_of[people]) * classes + labels, return_counts=True)
    order = np.lexsort((votes, -counts, votes // classes))
    kept = votes[order[np.flatnonzero(np.diff(votes[order] // classes, prepend=-1))]]
    return kept // classes // persons, kept // classes % persons, kept % classes


def _stretches(items: Labels) -> Labels:
    """Where the answers stand that are looked at: evenly spread stretches of whole items. items: sorted."""
    starts = np.linspace(0, len(items), STRETCHES, endpoint=False).astype(np.intp)
    first = np.searchsorted(items, items[starts])
    last = np.searchsorted(items, items[np.minimum(starts + MOST_ANSWERS // STRETCHES, len(items) - 1)])
    return np.concatenate([np.arange(*pair) for pair in zip(first.tolist(), last.tolist(), strict=True)])


def _pairs(items: Labels, people: Labels, labels: Labels, n_people: int) -> "scipy.sparse.coo_matrix":
    """What two people have in common, by person, then other person: items answered alike count `ONE_ALIKE`, all 1.

    items: sorted. Nobody is paired with themselves.
    """
    shape = (n_people, n_people)
    common = scipy.sparse.csr_matrix(shape)
    waiting: list[tuple[Labels, Labels, NDArray[np.float64]]] = []
    at, lag, held = np.arange(len(items)), 0, 0
    while len(at):
        lag += 1
        at = at[: np.searchsorted(at, len(items) - lag)]
        at = at[items[at + lag] == items[at]]
        alike = np.where(labels[at] == labels[at + lag], 1.0 + ONE_ALIKE, 1.0)
        waiting.append((people[at], people[at + lag], alike))
        held += len(at)
        if held >= PAIRS_AT_A_TIME or not len(at):
            rows, columns, counted = (np.concatenate(part) for part in zip(*waiting, strict=True))
            common = common + _summed(rows, columns, counted, n_people)
            waiting, held = [], 0
    common = (common + common.T).tocsr()
    common.sort_indices()
    pairs = common.tocoo()
    apart = pairs.row != pairs.col
    return scipy.sparse.coo_matrix((pairs.data[apart], (pairs.row[apart], pairs.col[apart])), shape=shape)


def _summed(first: Labels, second: Labels, counted: NDArray[np.float64], n_people: int) -> "scipy.sparse.csr_matrix":
    """The counts of each pair together. Of not too many people, by counting into all pairs there could be."""
    shape = (n_people, n_people)
    if n_people > MOST_COUNTED:
        return scipy.sparse.coo_matrix((counted, (first, second)), shape=shape).tocsr()
    sums = np.bincount(first.astype(np.intp) * n_people + second, counted, n_people * n_people)
    return scipy.sparse.csr_matrix(sums.reshape(shape))


def _above_chance(
    first: Labels, agreement: NDArray[np.float64], together: NDArray[np.float64], chance: float, n_people: int
) -> NDArray[np.float64]:
    """Per person how far above chance they agree with the truth, 0 to 1: the square-root law of pairs, by medians."""
    gains = (agreement - chance) / max(1.0 - chance, 1e-12)
    usual = np.zeros(n_people)
    order = np.lexsort((gains, first))
    starts = np.searchsorted(first[order], np.arange(n_people + 1))
    for person in range(n_people):
        mine = order[starts[person] : starts[person + 1]]
        if len(mine):
            weight = np.cumsum(together[mine])
            usual[person] = gains[mine[np.searchsorted(weight, weight[-1] / 2)]]
    crowd = np.sqrt(max(float(np.median(usual[usual != 0])) if usual.any() else 0.0, 1e-6))
    above: NDArray[np.float64] = np.clip(usual / crowd, 0.0, 1.0)
    return above


def _groups(first: Labels, second: Labels, n_people: int, pairs: "scipy.sparse.coo_matrix") -> Labels:
    group_of = np.arange(n_people)
    links = scipy.sparse.csr_matrix((np.ones(len(first)), (first, second)), shape=(n_people, n_people))
    count, component = scipy.sparse.csgraph.connected_components(links, directed=False)
    sizes = np.bincount(component, minlength=count)
    for number in np.flatnonzero(sizes >= LEAST_GROUP):
        members = component == number
        inside = pairs.data[members[pairs.row] & members[pairs.col]]
        if (inside // ONE_ALIKE).sum() >= LEAST_AGREEMENT * (inside % ONE_ALIKE).sum():
            group_of[members] = np.flatnonzero(members)[0]
    return group_of
