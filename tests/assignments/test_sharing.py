"""How people are shared out between projects: the arithmetic, without a database."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leye_platform.assignments.rules import MOST_HELD, may_take
from leye_platform.assignments.sharing import (
    RUN_ANSWERS,
    RUN_TIME,
    Claim,
    Run,
    RunOrigin,
    chances,
    drawn_order,
    shares,
)

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
BIG, SMALL, THIRD = UUID(int=1), UUID(int=2), UUID(int=3)


def claim(
    project: UUID, *, weight: int = 2, priority: int = 0, due_in: timedelta | None = None, seconds: float = 10
) -> Claim:
    return Claim(project, weight, priority, None if due_in is None else NOW + due_in, seconds)


def test_projects_of_equal_weight_share_alike_however_many_batches_they_have() -> None:
    assert shares([claim(BIG), claim(BIG), claim(BIG), claim(SMALL)], NOW) == {BIG: 0.5, SMALL: 0.5}


@pytest.mark.parametrize(
    ("urgent", "share"),
    [
        (claim(SMALL, weight=4), 2 / 3),
        (claim(SMALL, priority=1), 2 / 3),
        (claim(SMALL, priority=2), 4 / 5),
        (claim(SMALL, priority=-1), 1 / 3),
        (claim(SMALL, due_in=timedelta(days=2)), 2 / 3),
        (claim(SMALL, due_in=timedelta(days=-1)), 2 / 3),
        (claim(SMALL, due_in=timedelta(days=9)), 1 / 2),
        (claim(SMALL, priority=50), 8 / 9),
    ],
)
def test_weight_priority_and_a_near_deadline_raise_a_share(urgent: Claim, share: float) -> None:
    assert shares([claim(BIG), urgent], NOW)[SMALL] == pytest.approx(share)


def test_a_share_is_of_time_so_slow_tasks_are_drawn_less_often() -> None:
    claims = [claim(BIG, seconds=60), claim(SMALL, seconds=10)]
    chance = chances(claims, NOW)
    assert chance[SMALL] == pytest.approx(6 * chance[BIG])
    assert shares(claims, NOW) == {BIG: 0.5, SMALL: 0.5}


WEIGHTS = st.lists(st.integers(1, 16), min_size=2, max_size=6)


@given(weights=WEIGHTS, person=st.uuids())
def test_the_runs_of_one_person_follow_the_weights_closely(weights: list[int], person: UUID) -> None:
    projects = {UUID(int=n + 1): weight / sum(weights) for n, weight in enumerate(weights)}
    drawn = Counter(drawn_order(person, number, projects)[0] for number in range(500))
    for project, chance in projects.items():
        assert abs(drawn[project] - 500 * chance) <= 8  # a lottery's spread would be three times that


@given(weights=WEIGHTS, person=st.uuids())
def test_no_project_waits_long_for_its_turn(weights: list[int], person: UUID) -> None:
    projects = {UUID(int=n + 1): weight / sum(weights) for n, weight in enumerate(weights)}
    turns = [drawn_order(person, number, projects)[0] for number in range(300)]
    for project, chance in projects.items():
        at = [number for number, drawn in enumerate(turns) if drawn == project]
        assert at[0] <= 3 / chance
        assert max(after - before for before, after in pairwise(at)) <= 3 / chance + 1


def test_a_crowd_that_signs_in_at_once_is_spread_over_the_projects() -> None:
    chance = {BIG: 0.5, SMALL: 0.25, THIRD: 0.25}
    first = Counter(drawn_order(UUID(int=n), 0, chance)[0] for n in range(1000))
    assert abs(first[BIG] - 500) < 60
    assert abs(first[SMALL] - 250) < 60


@given(person=st.uuids(), number=st.integers(0, 10_000))
def test_a_draw_names_every_project_once_and_is_the_same_each_time(person: UUID, number: int) -> None:
    chance = {BIG: 0.9, SMALL: 0.07, THIRD: 0.03}
    order = drawn_order(person, number, chance)
    assert sorted(order) == sorted(chance)
    assert order == drawn_order(person, number, chance)


def test_a_run_ends_after_some_answers_or_hours() -> None:
    def run(answers: int) -> Run:
        return Run(BIG, RunOrigin.SHARED, 1, NOW, answers)

    assert not run(RUN_ANSWERS - 1).is_over(NOW + timedelta(minutes=50))
    assert run(RUN_ANSWERS).is_over(NOW)
    assert run(0).is_over(NOW + RUN_TIME)


@given(wanted=st.integers(1, 30), held=st.integers(0, 20), left=st.integers(0, 300))
def test_nobody_takes_more_than_a_fair_part_of_what_is_left(wanted: int, held: int, left: int) -> None:
    more = may_take(wanted, held=held, left=left)
    assert more >= 0
    assert held + more <= max(held, min(wanted, MOST_HELD))
    assert more == 0 or held + more <= max(1, (left + held) // 10)
    assert held or more >= 1
