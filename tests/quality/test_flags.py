"""Whom a human is asked to look at: seldom for nothing however often one looks, with figures that can be checked."""

import random

import numpy as np
import pytest

from leye_quality.comparing import Compared, Comparing
from leye_quality.flags import Flag, FlagKind, class_flags, compared_flags, fits_in_memory, lasted
from leye_quality.skills import fit_skills

Given = list[tuple[int, int, int]]


def classes_crowd(seed: int, *, people: int, clicking: int, answers: int, each: int = 4, classes: int = 2) -> Given:
    """(item, person, label) in the order of the items; the first `clicking` people give any label, or one of their
    own."""
    draw = np.random.default_rng(seed)
    accuracy = draw.uniform(0.7, 0.97, people)
    given: Given = []
    for item in range(people * answers // each):
        true = int(draw.integers(classes))
        for person in draw.choice(people, each, replace=False).tolist():
            if person >= clicking:
                wrong = (true + int(draw.integers(1, classes))) % classes
                label = true if draw.random() < accuracy[person] else wrong
            else:
                label = person % classes if person % 2 else int(draw.integers(classes))
            given.append((item, person, label))
    return given


def flagged(given: Given, classes: int = 2, fresh: list[bool] | None = None) -> dict[int, list[Flag]]:
    crowd = fit_skills(given, classes).crowd
    assert crowd is not None
    found = class_flags(crowd, np.array(fresh or [True] * len(given)))
    return {int(str(person)): flags for person, flags in found.items() if flags}


def kinds(flags: dict[int, list[Flag]], kind: FlagKind) -> set[int]:
    return {person for person, found in flags.items() if any(flag.kind is kind for flag in found)}


def ever_shown(given: Given, classes: int) -> dict[int, int]:
    """Who is shown at any of many looks, each when a twentieth more answers have come: person, answers by then."""
    first: dict[int, int] = {}
    shown: dict[int, int] = {}
    look = len(given) // 8
    while look <= len(given):
        found = flagged(given[:look], classes)
        first = {person: number for person, number in first.items() if person in found}
        for person, flags in found.items():
            for flag in flags:
                if flag.kind is FlagKind.CLICKING:
                    first.setdefault(person, flag.given)
                    if lasted(first[person], flag.given):
                        shown.setdefault(person, flag.answers)
        look += look // 20 + 1
    return shown


@pytest.mark.parametrize("classes", [2, 4])
def test_however_often_one_looks_hardly_anybody_honest_is_ever_shown(classes: int) -> None:
    honest, clicking = [], []
    for seed in range(2):
        shown = ever_shown(classes_crowd(seed, people=200, clicking=20, answers=80, classes=classes), classes)
        honest += [person in shown for person in range(20, 200)]
        clicking += [shown.get(person, 99) <= 60 for person in range(20)]
    assert np.mean(honest) <= 0.012
    assert np.mean(clicking) >= 0.85


def test_a_flag_carries_figures_that_can_be_checked() -> None:
    found = flagged(classes_crowd(3, people=60, clicking=4, answers=80))
    assert kinds(found, FlagKind.CLICKING) == {0, 1, 2, 3}
    for person in range(4):
        (flag,) = found[person]
        assert 60 <= flag.answers <= 100
        assert abs(flag.agreed - flag.held_against) < 0.15


def test_what_a_human_has_looked_at_flags_nobody_again() -> None:
    given = classes_crowd(3, people=60, clicking=4, answers=80)
    settled = [person != 0 for _, person, _ in given]
    found = flagged(given, fresh=settled)
    assert kinds(found, FlagKind.CLICKING) == {1, 2, 3}
    more = classes_crowd(5, people=60, clicking=4, answers=60)
    later = given + [(item + 10_000, person, label) for item, person, label in more]
    found = flagged(later, fresh=settled + [True] * len(more))
    assert 0 in kinds(found, FlagKind.CLICKING), "who goes on so is found again, by the new answers"
    assert next(flag for flag in found[0] if flag.kind is FlagKind.CLICKING).answers <= 90


def test_whose_answers_have_become_worse_is_told_from_their_own_past() -> None:
    draw = np.random.default_rng(4)
    given: Given = []
    for item in range(1600):
        true = int(draw.integers(3))
        for person in [0, *draw.choice(np.arange(1, 30), 3, replace=False).tolist()] if item % 4 == 0 else []:
            right = (0.9 if item < 900 else 0.45) if person == 0 else 0.88
            given.append((item, person, true if draw.random() < right else (true + int(draw.integers(1, 3))) % 3))
    found = flagged(given, 3)
    assert kinds(found, FlagKind.DRIFT) == {0}
    (flag,) = found[0]
    assert flag.held_against > 0.75
    assert flag.agreed < flag.held_against - 0.15
    assert 100 <= flag.answers <= 260


def test_who_has_recovered_is_left_in_peace() -> None:
    draw = np.random.default_rng(4)
    given: Given = []
    for item in range(500):
        true = int(draw.integers(3))
        for person in [0, *draw.choice(np.arange(1, 30), 3, replace=False).tolist()]:
            right = (0.4 if 200 <= item < 270 else 0.92) if person == 0 else 0.88
            given.append((item, person, true if draw.random() < right else (true + int(draw.integers(1, 3))) % 3))
    assert not kinds(flagged(given, 3), FlagKind.DRIFT)


def test_copies_are_flagged_each_with_how_alike_they_are() -> None:
    draw = np.random.default_rng(6)
    given: Given = []
    key = draw.integers(0, 4, 400)
    for item in range(400):
        true = int(draw.integers(4))
        given += [(item, person, int(key[item])) for person in range(3) if item % 2]
        for person in draw.choice(np.arange(3, 40), 5, replace=False).tolist():
            given.append((item, person, true if draw.random() < 0.85 else int(draw.integers(4))))
    found = flagged(given, 4)
    assert kinds(found, FlagKind.COPIES) == {0, 1, 2}
    for person in range(3):
        flag = next(flag for flag in found[person] if flag.kind is FlagKind.COPIES)
        assert flag.agreed == 1.0
        assert flag.held_against < 0.5
        assert flag.answers == 200
    none_fresh = [person > 2 for _, person, _ in given]
    assert not kinds(flagged(given, 4, none_fresh), FlagKind.COPIES)


def spans_crowd(seed: int, *, people: int, clicking: int, answers: int) -> list[Compared]:
    """Sets of words of a text of twenty; who clicks marks any two words, or none ever."""
    draw = random.Random(seed)
    given = []
    for item in range(people * answers // 3):
        true = frozenset(draw.sample(range(20), draw.choice([0, 1, 2, 3])))
        for person in draw.sample(range(people), 3):
            if person >= clicking:
                marked = frozenset(word for word in true if draw.random() < 0.85)
                marked |= {draw.randrange(20)} if draw.random() < 0.15 else frozenset()
            else:
                marked = frozenset() if person % 2 else frozenset(draw.sample(range(20), 2))
            given.append(Compared(item, person, marked, None, fresh=True))
    return given


def likeness(one: frozenset[int], other: frozenset[int]) -> float:
    return 2 * len(one & other) / (len(one) + len(other)) if one or other else 1.0


def test_answers_of_any_shape_are_compared_with_what_would_agree_by_chance() -> None:
    false, found = [], []
    for seed in range(4):
        flags = compared_flags(Comparing(spans_crowd(seed, people=60, clicking=6, answers=50), likeness))
        found += [any(flag.kind is FlagKind.CLICKING for flag in flags[person]) for person in range(6)]
        false += [bool(flags[person]) for person in range(6, 60)]
    assert np.mean(found) >= 0.9
    assert np.mean(false) <= 0.02


def test_gold_is_held_against_alone() -> None:
    draw = random.Random(1)
    given = []
    for item in range(60):
        gold = frozenset([item % 20])
        for person in range(8):
            marked = frozenset([draw.randrange(20)]) if person == 0 else gold
            given.append(Compared(item, person, marked, gold if item % 2 else None, fresh=True))
    flags = compared_flags(Comparing(given, likeness))
    assert [person for person, some in flags.items() if some] == [0]
    assert flags[0][0].answers == 60


@pytest.mark.parametrize("people", [1, 2, 4])
def test_where_nobody_is_usual_nothing_is_said(people: int) -> None:
    given = [Compared(item, person, frozenset([person]), None, True) for item in range(40) for person in range(people)]
    assert not any(compared_flags(Comparing(given, likeness)).values())
    assert compared_flags(Comparing([], likeness)) == {}


def test_a_flag_lasts_once_a_quarter_more_answers_have_come() -> None:
    assert not lasted(20, 24)
    assert lasted(20, 25)


def test_who_got_items_of_one_class_is_rightly_always_alike() -> None:
    """A file sorted by class, worked by whoever came that day."""
    for seed in range(4):
        draw = np.random.default_rng(seed)
        given: Given = []
        for item in range(660):
            sorted_part = item >= 540
            true = 0 if sorted_part else int(draw.integers(3))
            others = draw.choice(np.arange(1, 20), 2, replace=False).tolist()
            for person in [0, *others[:1]] if sorted_part else others:
                right = 0.97 if person == 0 else 0.9
                given.append((item, person, true if draw.random() < right else (true + int(draw.integers(1, 3))) % 3))
        assert 0 not in flagged(given, 3)


@pytest.mark.parametrize("classes", [2, 4])
def test_in_a_crowd_that_is_unsure_itself_nothing_is_said(classes: int) -> None:
    draw = np.random.default_rng(1)
    accuracy = draw.uniform(0.55, 0.72, 30)
    given: Given = []
    for item in range(1000):
        true = int(draw.integers(classes))
        for person in draw.choice(30, 3, replace=False).tolist():
            wrong = (true + int(draw.integers(1, classes))) % classes
            given.append((item, person, true if draw.random() < accuracy[person] else wrong))
    assert not kinds(flagged(given, classes), FlagKind.CLICKING)


def test_of_copies_nothing_else_is_said_and_honest_work_after_the_talk_flags_nobody() -> None:
    draw = np.random.default_rng(6)
    given: Given = []
    key = draw.integers(0, 4, 400)
    for item in range(800):
        true = int(draw.integers(4))
        if item < 400:
            given += [(item, person, int(key[item])) for person in range(3) if item % 2]
        else:  # one of them clicks on; the others work honestly
            given += [(item, 1, int(draw.integers(4)))]
            given += [(item, person, true if draw.random() < 0.85 else int(draw.integers(4))) for person in (0, 2)]
        for person in draw.choice(np.arange(3, 40), 5, replace=False).tolist():
            given.append((item, person, true if draw.random() < 0.85 else int(draw.integers(4))))
    found = flagged([one for one in given if one[0] < 400], 4)
    assert all({flag.kind for flag in found[person]} == {FlagKind.COPIES} for person in range(3))
    later = flagged(given, 4, [item >= 400 for item, _, _ in given])
    assert not kinds(later, FlagKind.COPIES)
    assert not {0, 2} & set(later)


def test_a_harder_batch_makes_nobody_worse() -> None:
    draw = np.random.default_rng(2)
    given: Given = []
    for item in range(1200):
        true = int(draw.integers(3))
        right = 0.72 if item >= 600 else 0.93
        for person in draw.choice(30, 4, replace=False).tolist():
            given.append((item, person, true if draw.random() < right else (true + int(draw.integers(1, 3))) % 3))
    crowd = fit_skills(given, 3).crowd
    assert crowd is not None
    for batches in (None, [item >= 600 for item, _, _ in given]):
        found = class_flags(crowd, np.array([True] * len(given)), batches)
        assert not [person for person, flags in found.items() if flags]


def test_a_harder_batch_of_any_shape_makes_nobody_worse_nor_clicking() -> None:
    draw = random.Random(1)
    given = []
    for item in range(1600):
        hard = item >= 800
        true = frozenset(draw.sample(range(20), draw.choice([1, 2, 3])))
        only_hard = range(24, 30)
        for person in draw.sample(only_hard if hard and item % 2 else range(24), 3):
            marked = frozenset(word for word in true if draw.random() < (0.6 if hard else 0.95))
            marked |= {draw.randrange(20)} if draw.random() < (0.4 if hard else 0.05) else frozenset()
            given.append(Compared(item, person, marked, None, True, hard))
    assert not any(compared_flags(Comparing(given, likeness)).values())


def test_of_many_people_some_are_looked_at_each_time_with_answers_enough() -> None:
    given = spans_crowd(1, people=700, clicking=70, answers=70)
    looks = [compared_flags(Comparing(given[: len(given) - 3 * n], likeness)) for n in range(4)]
    assert all(len(flags) == 20_000 // 60 for flags in looks)
    assert len(set().union(*looks)) > 550, "others come at another look"
    found = [bool(flags[person]) for flags in looks for person in range(70) if person in flags]
    assert np.mean(found) >= 0.85
    flag = next(flags[person][0] for flags in looks for person in range(70) if flags.get(person))
    assert flag.given > flag.answers == 60


def test_what_is_too_much_for_memory_is_not_held_there() -> None:
    assert fits_in_memory(200_000, 100)
    assert not fits_in_memory(200_000, 10_000)
