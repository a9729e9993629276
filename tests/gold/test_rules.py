"""Which decided items come into use as gold, and when they go."""

from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leye_platform.gold.rules import WANTED, WORN_AFTER, chosen_for, days_left, doubted, vouches, worn

PEOPLE = tuple(UUID(int=n) for n in range(1, 7))
A, B, C, *_ = PEOPLE


@pytest.mark.parametrize(
    ("answers", "right", "counts"), [(0, 0, False), (9, 9, False), (10, 8, True), (10, 7, False), (100, 80, True)]
)
def test_a_persons_word_counts_by_gold_of_their_own(answers: int, right: int, counts: bool) -> None:
    assert vouches(answers, right) is counts


@pytest.mark.parametrize(
    ("right", "vouchers", "is_doubted"),
    [
        ((False, False), (A, B), False),  # two are few
        ((False, False, False), (A, B, C), True),
        ((False, False, True), (A, B, C), True),
        ((False, True, True), (A, B, C), False),
        ((False, False, False), (), False),  # nobody whose word counts, and few
        ((False,) * 5 + (True,), (), True),
        ((False,) * 4 + (True,) * 2, (), False),
    ],
)
def test_a_truth_is_doubted_where_most_say_otherwise(
    right: tuple[bool, ...], vouchers: tuple[UUID, ...], is_doubted: bool
) -> None:
    assert doubted(dict(zip(PEOPLE, right, strict=False)), vouchers) is is_doubted


def test_an_item_that_many_have_had_is_worn() -> None:
    assert [worn(count) for count in (0, WORN_AFTER - 1, WORN_AFTER)] == [False, False, True]


def test_no_more_is_taken_into_use_than_somebody_needs() -> None:
    candidates: dict[UUID, set[UUID]] = {uuid4(): set() for _ in range(100)}
    assert len(chosen_for({A: 0, B: 10}, candidates, 100)) == WANTED
    assert len(chosen_for({A: WANTED - 2, B: WANTED}, candidates, 100)) == 2
    assert chosen_for({A: WANTED, B: WANTED + 9}, candidates, 100) == []
    assert chosen_for({}, candidates, 100) == []
    assert len(chosen_for({A: 0}, candidates, 7)) == 7


def test_items_come_first_that_serve_most_of_those_in_need_and_never_one_that_serves_nobody() -> None:
    to_both, to_one, to_none = uuid4(), uuid4(), uuid4()
    known_by = {to_none: {A, B}, to_one: {A}, to_both: {C}}
    assert chosen_for({A: 0, B: 0, C: WANTED}, known_by, 10) == [to_both, to_one]


@given(
    st.dictionaries(st.sampled_from(PEOPLE), st.integers(0, 60)),
    st.dictionaries(st.uuids(), st.sets(st.sampled_from(PEOPLE)), max_size=60),
    st.integers(0, 50),
)
def test_everything_taken_serves_somebody_who_does_not_know_it(
    unseen: dict[UUID, int], known_by: dict[UUID, set[UUID]], at_most: int
) -> None:
    taken = chosen_for(unseen, known_by, at_most)
    short = {person for person, count in unseen.items() if count < WANTED}
    assert len(taken) == len(set(taken)) <= at_most
    assert all(short - known_by[task] for task in taken)
    gained = {person: unseen[person] + sum(person not in known_by[task] for task in taken) for person in short}
    if len(taken) < at_most:
        for person, count in gained.items():
            assert count >= WANTED or all(person in known_by[task] for task in set(known_by) - set(taken))


def test_the_stock_lasts_as_long_as_for_the_first_who_has_seen_all() -> None:
    assert days_left({A: 30, B: 8}, {A: 1.0, B: 2.0}) == 4
    assert days_left({A: 30, B: 8}, {A: 1.0}) == 30
    assert days_left({A: 30}, {}) is None
