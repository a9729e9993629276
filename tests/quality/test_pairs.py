"""Pairwise comparisons: a ranking from a crowd of known reliability."""

import itertools
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kendalltau

from leye_quality.pairs import PairsRefused, Ranking, rank_pairs

Comparisons = list[tuple[str, int, int]]


def crowd(seed: int, things: int = 40, comparisons: int = 1500) -> tuple[np.ndarray, Comparisons]:
    """Ten people: five reliable, three tossing coins, two who misread the question and answer the other way round."""
    draw = np.random.default_rng(seed)
    reliable = [0.98] * 5 + [0.5] * 3 + [0.05] * 2
    scores = draw.normal(0, 2, things)
    found: Comparisons = []
    for _ in range(comparisons):
        person = int(draw.integers(10))
        first, second = draw.choice(things, 2, replace=False).tolist()
        better = draw.random() < 1 / (1 + np.exp(scores[second] - scores[first]))
        seen = better if draw.random() < reliable[person] else not better
        found.append((f"p{person}", first, second) if seen else (f"p{person}", second, first))
    return scores, found


def likeness(scores: np.ndarray, found: dict[int, float]) -> float:
    return float(kendalltau(scores, [found[n] for n in range(len(scores))]).statistic)


def test_a_ranking_that_weighs_people_is_nearer_the_truth_than_counted_wins() -> None:
    for seed in (1, 2, 3):
        scores, comparisons = crowd(seed)
        wins = {
            n: float(np.mean([float(won == n) for _, won, lost in comparisons if n in {won, lost}] or [0.5]))
            for n in range(len(scores))
        }
        ranked = rank_pairs(comparisons)
        assert likeness(scores, ranked.scores) > max(0.75, likeness(scores, wins) + 0.05)


def test_reliabilities_are_recovered_and_who_answers_the_other_way_round_is_told_from_a_coin() -> None:
    reliable = rank_pairs(crowd(4, comparisons=3000)[1]).reliabilities
    assert reliable["p0"] > 0.9
    assert reliable["p6"] == pytest.approx(0.5, abs=0.15)
    assert reliable["p9"] < 0.2


def test_the_probability_of_a_comparison_is_honest() -> None:
    scores, comparisons = crowd(5, things=60, comparisons=900)
    ranked = rank_pairs(comparisons)
    said, right = [], []
    for first, second in itertools.combinations(range(60), 2):
        chance = ranked.better(first, second)
        said.append(max(chance, 1 - chance))
        right.append((chance > 0.5) == (scores[first] > scores[second]))
    assert np.mean(said) <= np.mean(right) + 0.05


def test_one_comparison_by_a_stranger_persuades_a_little() -> None:
    ranked = rank_pairs([("a", "x", "y")])
    assert ranked.order == ["x", "y"]
    assert 0.5 < ranked.better("x", "y") < 0.75
    assert ranked.better("x", "y") + ranked.better("y", "x") == pytest.approx(1)


def test_three_agreeing_strangers_are_not_certain() -> None:
    assert rank_pairs([(who, "x", "y") for who in "abc"]).better("x", "y") < 0.9


def test_nothing_compared_ranks_nothing_and_a_thing_beside_itself_is_refused() -> None:
    assert rank_pairs([]).order == []
    with pytest.raises(PairsRefused, match="x is compared with itself"):
        rank_pairs([("a", "x", "x")])
    with pytest.raises(PairsRefused, match="3001 things"):
        rank_pairs([("a", 0, n) for n in range(1, 3001)])


def test_contradictions_leave_things_equal_and_stay_finite() -> None:
    ranked = rank_pairs([("a", "x", "y"), ("b", "y", "x")])
    assert ranked.scores["x"] == pytest.approx(ranked.scores["y"])
    ring = rank_pairs([("a", "x", "y"), ("a", "y", "z"), ("a", "z", "x")])
    assert all(np.isfinite(score) for score in ring.scores.values())


compared = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 4), st.integers(0, 4)).filter(lambda row: row[1] != row[2]),
    max_size=12,
)


@settings(deadline=None)
@given(compared, st.randoms(use_true_random=False))
def test_the_order_of_comparisons_changes_no_bit(rows: Comparisons, random: Random) -> None:
    mixed = list(rows)
    random.shuffle(mixed)
    assert rank_pairs(mixed) == rank_pairs(rows)


@settings(deadline=None)
@given(compared, st.permutations(range(5)))
def test_other_names_for_things_give_the_same_scores(rows: Comparisons, names: list[int]) -> None:
    ranked = rank_pairs(rows)
    renamed: Ranking[int, str] = rank_pairs([(who, names[won], names[lost]) for who, won, lost in rows])
    assert all(renamed.scores[names[n]] == pytest.approx(score, abs=1e-3) for n, score in ranked.scores.items())
