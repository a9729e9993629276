"""Multiple choice: every class is a yes/no question of its own."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leye_quality.consensus import ConsensusKind, Outcome, combine
from leye_quality.posterior import Skill, default_confusion
from leye_quality.skills import fit_skills


def test_classes_are_combined_one_by_one() -> None:
    outcome = combine(ConsensusKind.MULTIPLE, [{0, 2}, {0, 2}, {0}], [None] * 3, 3)
    assert outcome.labels == {0, 2}
    assert outcome.posterior[1] < 0.1
    assert outcome.probability_of({0, 2}) == pytest.approx(outcome.confidence)


def test_a_class_as_likely_in_as_out_stays_out_and_an_empty_set_is_an_answer() -> None:
    assert combine("multiple", [{0}, {1}], [None] * 2, 2).labels == frozenset()
    nothing = combine("multiple", [set(), set(), set()], [None] * 3, 2)
    assert nothing.labels == frozenset()
    assert nothing.confidence > 0.9


def test_no_answer_leaves_the_prior() -> None:
    assert combine("multiple", [], [], 3, [0.2, 0.5, 0.9]).posterior == pytest.approx((0.2, 0.5, 0.9))


sets = st.frozensets(st.integers(0, 2))


@given(st.lists(st.tuples(sets, st.sampled_from([None, 0.6, 0.9])), max_size=5))
def test_the_order_of_answers_changes_no_bit(answers: list[tuple[frozenset[int], float | None]]) -> None:
    def combined(order: tuple[tuple[frozenset[int], float | None], ...]) -> Outcome:
        skills = [None if accuracy is None else Skill(default_confusion(2, accuracy), 40) for _, accuracy in order]
        return combine("multiple", [answer for answer, _ in order], skills, 3, [0.3, 0.5, 0.1])

    assert len({combined(order) for order in itertools.permutations(answers)}) == 1


@given(sets, st.lists(sets, min_size=1, max_size=4))
def test_the_probabilities_of_all_sets_sum_to_one_and_the_decided_one_is_likeliest(
    first: frozenset[int], others: list[frozenset[int]]
) -> None:
    outcome = combine("multiple", [first, *others], [None] * (1 + len(others)), 3)
    every = [outcome.probability_of(chosen) for n in range(4) for chosen in itertools.combinations(range(3), n)]
    assert sum(every) == pytest.approx(1)
    assert outcome.confidence == pytest.approx(max(every))


def test_who_forgets_classes_but_never_invents_any_is_believed_when_they_name_one() -> None:
    forgetful = Skill(((0.99, 0.01), (0.5, 0.5)), answers=2000)
    outcome = combine("multiple", [{0}, set()], [forgetful] * 2, 2)
    assert outcome.labels == {0}


def test_a_skill_for_the_classes_counts_by_how_often_it_is_right() -> None:
    able = Skill(default_confusion(4, 0.98), answers=2000)
    assert combine("multiple", [{0}, {1}, {1}], [able, None, None], 4).labels == {0}
    with pytest.raises(ValueError, match="a skill for 3 classes"):
        combine("multiple", [{0}], [Skill(default_confusion(3), 5)], 4)


def test_fitted_skills_decide_more_sets_rightly_than_counting_heads() -> None:
    draw = np.random.default_rng(9)
    truths = draw.random((300, 3)) < 0.4
    keeps = [0.95, 0.5, 0.5, 0.5, 0.5]  # all but one forget half of what is there; nobody invents much
    answers = {
        (item, person): frozenset(k for k in range(3) if draw.random() < (keeps[person] if truths[item, k] else 0.05))
        for item in range(300)
        for person in range(5)
    }
    questions = [((item, k), person, int(k in given)) for (item, person), given in answers.items() for k in range(3)]
    fitted = fit_skills(questions, 2)
    skills = [fitted.skills[person] for person in range(5)]
    rightly = by_heads = 0
    for item in range(300):
        given_sets = [answers[item, person] for person in range(5)]
        true = {k for k in range(3) if truths[item, k]}
        rightly += combine("multiple", given_sets, skills, 3, [fitted.prior[1]] * 3).labels == true
        by_heads += {k for k in range(3) if sum(k in one for one in given_sets) >= 3} == true
    assert rightly > by_heads + 30
