"""Boxes of several people: what is refused, what means one object, and what a crowd of known skill gives."""

import json
from collections.abc import Mapping
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leye_quality.box_consensus import BoxScene, BoxSkill, combine_boxes
from leye_quality.box_skills import FittedBoxes, fit_boxes
from leye_quality.boxes import (
    Box,
    BoxesRefused,
    box_likeness,
    corners,
    matched,
    overlaps,
    read_boxes,
    same_object,
    write_boxes,
)

CLASSES = ("car", "person", "sign")
Pictures = dict[int, dict[str, tuple[Box, ...]]]


def some_box(
    draw: np.random.Generator,
    left: float,
    x: tuple[float, float],
    y: tuple[float, float],
    side: tuple[float, float],
) -> Box:
    width, height = draw.uniform(*side), draw.uniform(*side)
    return Box(left + draw.uniform(*x), draw.uniform(*y), width, height, CLASSES[draw.integers(3)])


def crowd(seed: int, pictures: int = 150, each: int = 4) -> tuple[dict[int, tuple[Box, ...]], Pictures]:
    """Eight steady people, p0 to p7; p8 shaky and inventive, p9 blind to most and 8 % too loose."""
    draw = np.random.default_rng(seed)
    steadiness = [*np.linspace(0.02, 0.05, 8), 0.15, 0.04]
    missed, ghosts, loose = [0.05] * 8 + [0.2, 0.7], [0.1] * 8 + [0.8, 0.0], [0.0] * 9 + [0.08]
    truths: dict[int, tuple[Box, ...]] = {}
    answers: Pictures = {}
    for picture in range(pictures):
        truths[picture] = tuple(some_box(draw, 20.0 * n, (0, 6), (0, 80), (6, 14)) for n in range(draw.integers(1, 5)))
        answers[picture] = {}
        for person in draw.choice(10, each, replace=False).tolist():
            boxes = []
            for box in truths[picture]:
                if draw.random() < missed[person]:
                    continue
                side = np.array([box.width, box.height] * 2)
                shift = draw.normal(0, steadiness[person], 4) + loose[person] * np.array([-1, -1, 1, 1])
                left, top, right, bottom = np.clip(corners([box])[0] + shift * side, 0, 100).tolist()
                boxes.append(Box(left, top, right - left, bottom - top, box.label))
            for _ in range(draw.poisson(ghosts[person])):
                boxes.append(some_box(draw, 0.0, (0, 85), (0, 85), (5, 12)))
            answers[picture][f"p{person}"] = tuple(boxes)
    return truths, answers


def f1(found: Mapping[int, tuple[Box, ...]], truths: Mapping[int, tuple[Box, ...]], tolerance: float = 0.75) -> float:
    hits = sum(share >= tolerance for n, true in truths.items() for *_, share in matched(found[n], true))
    return 2 * hits / (sum(map(len, found.values())) + sum(map(len, truths.values())))


def boxes_of(fitted: FittedBoxes[int, str]) -> dict[int, tuple[Box, ...]]:
    return {picture: combined.boxes for picture, combined in fitted.combined.items()}


def test_a_label_is_read_as_it_is_written() -> None:
    text = '[[1.5,2.0,10.0,20.25,"车"],[0.0,0.0,100.0,100.0,"a"]]'
    assert write_boxes(read_boxes(text)) == text
    assert read_boxes("[]") == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nonsense", "written as JSON"),
        ('{"x":1}', "written as JSON"),
        ("[" * 100_000, "written as JSON"),
        ('[[1,2,3,"a"]]', "box 1 is not"),
        ("[[1,2,3,4,5]]", "box 1 is not"),
        ('[[1,2,3,4,"a"],[1,"2",3,4,"a"]]', "box 2 .*not a number"),
        ('[[NaN,2,3,4,"a"]]', "not a finite number"),
        ('[[1,2,Infinity,4,"a"]]', "not a finite number"),
        ('[[1,2,0,4,"a"]]', "no size"),
        ('[[1,2,3,-4,"a"]]', "no size"),
        ('[[101,2,3,4,"a"]]', "outside the picture"),
        (json.dumps([[1, 2, 3, 4, "a"]] * 1001), "1001 boxes"),
        ('[[1e999,2,3,4,"a"]]', "not a finite number"),
        (f'[[1{"0" * 400},2,3,4,"a"]]', "not a finite number"),
    ],
)
def test_a_label_that_is_not_boxes_is_refused_by_a_sentence(text: str, words: str) -> None:
    with pytest.raises(BoxesRefused, match=words):
        read_boxes(text)


def test_what_hangs_over_the_edge_is_cut_off_there() -> None:
    assert read_boxes('[[-5,90,20,20,"a"]]') == (Box(0, 90, 15, 10, "a"),)


def test_overlap_is_intersection_over_union() -> None:
    a, b = corners([Box(0, 0, 10, 10, "a")]), corners([Box(5, 0, 10, 10, "a"), Box(50, 50, 1, 1, "a")])
    assert overlaps(a, b)[0] == pytest.approx([50 / 150, 0])


def test_boxes_of_one_person_never_mean_one_object() -> None:
    places = corners([Box(10, 10, 20, 20, "a"), Box(11, 10, 20, 20, "a"), Box(12, 10, 20, 20, "a")])
    groups = same_object(places, np.zeros(3, dtype=np.intp), np.array([0, 0, 1]))
    assert groups[0] != groups[1]
    assert groups[2] == groups[1]


def test_a_fit_finds_objects_that_single_people_and_strangers_do_not() -> None:
    for seed in (1, 2):
        truths, answers = crowd(seed)
        fitted = f1(boxes_of(fit_boxes(answers)), truths)
        strangers = {n: combine_boxes(list(given.values()), [None] * len(given)).boxes for n, given in answers.items()}
        first = {n: next(iter(given.values())) for n, given in answers.items()}
        assert fitted > 0.96
        assert fitted >= f1(strangers, truths)
        assert fitted > f1(first, truths) + 0.1


def test_skills_are_recovered() -> None:
    skills = fit_boxes(crowd(3, pictures=300)[1]).skills
    assert skills["p0"].edge_error < skills["p7"].edge_error < skills["p8"].edge_error
    assert skills["p8"].edge_error == pytest.approx(0.15, abs=0.03)
    assert skills["p8"].ghosts == pytest.approx(0.8, abs=0.2)
    assert skills["p9"].missed == pytest.approx(0.7, abs=0.1)
    assert skills["p9"].looseness == pytest.approx(0.08, abs=0.02)
    assert skills["p0"].missed < 0.1


def test_confidence_is_honest() -> None:
    truths, answers = crowd(4, pictures=400, each=3)
    said, right = [], []
    for picture, combined in fit_boxes(answers).combined.items():
        hits = {i for i, _, share in matched(combined.boxes, truths[picture]) if share >= 0.5}
        for n, found in enumerate(combined.objects):
            said.append(found.confidence * found.fits)
            right.append(n in hits)
    assert np.mean(said) == pytest.approx(np.mean(right), abs=0.02)
    unsure = np.array(said) < 0.9
    assert np.array(right)[unsure].mean() < np.array(right)[~unsure].mean()


def test_confidence_of_a_whole_answer_is_honest() -> None:
    truths, answers = crowd(5, pictures=400, each=3)
    combined = fit_boxes(answers).combined
    right = [
        len(combined[n].boxes) == len(true) == sum(share >= 0.5 for *_, share in matched(combined[n].boxes, true))
        for n, true in truths.items()
    ]
    assert np.mean([one.confidence for one in combined.values()]) == pytest.approx(np.mean(right), abs=0.05)


def test_a_box_of_one_person_among_five_is_no_object_and_one_missed_by_one_is() -> None:
    car = Box(10, 10, 20, 20, "car")
    ghost = Box(60, 60, 20, 20, "car")
    found = combine_boxes([[car], [car], [car, ghost], [car], []], [None] * 5)
    assert len(found.boxes) == 1
    assert corners(found.boxes)[0] == pytest.approx([10, 10, 30, 30])
    assert found.objects[0].people == (0, 1, 2, 3)


def test_three_agreeing_strangers_are_not_certain_and_more_people_are_surer() -> None:
    car = Box(10, 10, 20, 20, "car")
    sure = [combine_boxes([[car]] * n, [None] * n).confidence for n in (1, 2, 3, 6)]
    assert sure == sorted(sure)
    assert sure[2] < 0.995


def test_without_answers_there_is_nothing_and_little_confidence() -> None:
    assert combine_boxes([], []).objects == ()
    assert combine_boxes([], []).confidence == pytest.approx(np.exp(-3))
    assert combine_boxes([[], []], [None, None]).objects == ()
    with pytest.raises(ValueError, match="argument 2 is shorter"):
        combine_boxes([[]], [])


def test_a_skilled_person_is_believed_against_two_careless_ones() -> None:
    careless = BoxSkill(missed=0.6, ghosts=2.0, edge_error=0.2, right_class=0.5, answers=500)
    skilled = BoxSkill(missed=0.01, ghosts=0.02, edge_error=0.02, right_class=0.99, answers=500)
    car, ghost = Box(10, 10, 20, 20, "car"), Box(60, 60, 20, 20, "car")
    found = combine_boxes([[ghost], [], [car]], [careless, careless, skilled], BoxScene(2.0, {"car": 1.0}))
    assert len(found.boxes) == 1
    assert corners(found.boxes)[0] == pytest.approx([10, 10, 30, 30])


def test_skill_and_scene_are_plain_json() -> None:
    fitted = fit_boxes(crowd(6, pictures=20)[1])
    skill = fitted.skills["p1"]
    assert BoxSkill(**json.loads(json.dumps(skill.to_json()))) == skill
    assert BoxScene(**json.loads(json.dumps(fitted.scene.to_json()))) == fitted.scene


def test_pictures_that_stand_among_the_answers_once_more_tell_of_people_and_not_of_the_scene() -> None:
    answers = crowd(8, pictures=40)[1]
    crowded = max(answers, key=lambda n: sum(map(len, answers[n].values())))
    again = {1000 + n: answers[crowded] for n in range(20)}
    once, twice = fit_boxes(answers), fit_boxes(answers | again)
    told = fit_boxes(answers | again, counted_already=again)
    assert twice.scene.objects > 1.2 * once.scene.objects
    assert told.scene.objects == pytest.approx(once.scene.objects, rel=0.02)
    assert told.scene.classes == pytest.approx(once.scene.classes, abs=0.02)
    assert {who: skill.answers for who, skill in told.skills.items()} == {
        who: skill.answers for who, skill in twice.skills.items()
    }
    assert fit_boxes(answers, counted_already=answers).scene == once.scene, "where there is nothing else"


def test_skills_fitted_once_combine_a_picture_as_the_fit_does() -> None:
    answers = crowd(7)[1]
    fitted = fit_boxes(answers)
    alone = {
        n: combine_boxes(list(given.values()), [fitted.skills[who] for who in given], fitted.scene).boxes
        for n, given in answers.items()
    }
    assert np.mean([box_likeness(alone[n], fitted.combined[n].boxes) for n in answers]) > 0.99


PLACES = st.integers(0, 8).map(lambda n: 10.0 * n)
BOXES = st.lists(st.builds(Box, PLACES, PLACES, st.just(12.0), st.just(15.0), st.sampled_from(CLASSES)), max_size=4)


@settings(max_examples=40, deadline=None)
@given(st.lists(BOXES, max_size=5), st.randoms(use_true_random=False))
def test_order_of_people_and_boxes_does_not_matter(answers: list[list[Box]], random: Random) -> None:
    skills = [BoxSkill(missed=0.1 + 0.1 * n) for n in range(len(answers))]
    mixed = list(zip(answers, skills, strict=True))
    random.shuffle(mixed)
    turned = combine_boxes([boxes[::-1] for boxes, _ in mixed], [skill for _, skill in mixed])
    straight = combine_boxes(answers, skills)
    assert turned.boxes == straight.boxes
    assert turned.confidence == straight.confidence


@settings(max_examples=40, deadline=None)
@given(BOXES, BOXES)
def test_likeness_is_symmetric_from_none_to_the_same(first: list[Box], second: list[Box]) -> None:
    assert box_likeness(first, first) == pytest.approx(1)
    assert box_likeness(first, second) == pytest.approx(box_likeness(second, first))
    assert 0 <= box_likeness(first, second) <= 1


@settings(max_examples=20, deadline=None)
@given(st.permutations([f"p{n}" for n in range(10)]))
def test_other_names_for_people_give_the_same_objects(names: list[str]) -> None:
    answers = crowd(8, pictures=12)[1]
    renamed = {n: {names[int(who[1:])]: boxes for who, boxes in given.items()} for n, given in answers.items()}
    first, second = boxes_of(fit_boxes(answers)), boxes_of(fit_boxes(renamed))
    assert all(box_likeness(first[n], second[n]) > 0.999 for n in answers)


def test_pictures_taken_twice_give_the_same_objects_twice() -> None:
    answers = crowd(9, pictures=60)[1]
    twice = answers | {n + 1000: given for n, given in answers.items()}
    once, doubled = boxes_of(fit_boxes(answers)), boxes_of(fit_boxes(twice))
    assert all(doubled[n] == doubled[n + 1000] for n in answers)
    assert np.mean([box_likeness(once[n], doubled[n]) for n in answers]) > 0.99


def test_many_boxes_on_one_spot_are_combined_all_the_same() -> None:
    heap = tuple(Box(10 + 0.001 * n, 10, 20, 20, "car") for n in range(200))
    assert len(combine_boxes([heap, heap, heap], [None] * 3).objects) == 200


drawn_boxes = st.lists(
    st.builds(
        Box, st.floats(0, 50), st.floats(0, 50), st.floats(0.5, 50), st.floats(0.5, 50), st.sampled_from(CLASSES)
    ),
    max_size=6,
)


@given(drawn_boxes, drawn_boxes)
def test_few_boxes_are_matched_as_many_are(first: list[Box], second: list[Box]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("leye_quality.boxes.FEW_PAIRS", -1)
        in_arrays = matched(first, second)
    assert matched(first, second) == in_arrays
