"""Boxes in pictures: answers in per cent and in pixels, what is refused, and how answers combine."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leye_task_templates.consensus import GivenAnswer, Labels
from leye_task_templates.image_boxes.geometry import read_number
from leye_task_templates.image_boxes.template import MOST_BOXES, TEMPLATE
from leye_task_templates.label_config import parse_label_config
from leye_task_templates.template import ResultProblemCode, ResultRefused

CONFIG = parse_label_config(
    '<View><Image name="i" value="$photo"/><RectangleLabels name="b" toName="i"><Label value="猫" alias="cat"/>'
    '<Label value="狗"/></RectangleLabels></View>'
)
CONTENT = {"photo": {"file": "a.jpg", "sha256": "0" * 64, "width": 720, "height": 510}}


def region(x: float = 10, y: float = 10, width: float = 20, height: float = 20, **other: Any) -> dict[str, Any]:
    value = {"x": x, "y": y, "width": width, "height": height, "rotation": 0, "rectanglelabels": ["cat"]}
    value |= other.pop("value", {})
    return {"id": "x", "from_name": "b", "to_name": "i", "type": "rectanglelabels", "value": value} | other


def test_an_answer_carries_the_picture_s_size_and_comes_in_reading_order() -> None:
    given_regions = [region(50, 50), region(5, 50), region(0, 0, 100, 100, value={"rectanglelabels": ["狗"]})]
    result = TEMPLATE.validate_result(CONFIG, CONTENT, json.loads(json.dumps(given_regions)))
    assert [(one["value"]["x"], one["value"]["y"]) for one in result] == [(0, 0), (5, 50), (50, 50)]
    assert {(one["original_width"], one["original_height"], one["image_rotation"]) for one in result} == {(720, 510, 0)}
    assert [one["id"] for one in result] == ["b-1", "b-2", "b-3"]
    assert TEMPLATE.describe(CONFIG, result) == "猫 ×2、狗 ×1"
    assert (TEMPLATE.quantity("item", result), TEMPLATE.quantity("object", result)) == (1, 3)
    assert TEMPLATE.describe(CONFIG, []) == "—"


@pytest.mark.parametrize(
    ("result", "code"),
    [
        ("boxes", ResultProblemCode.NOT_REGIONS),
        ([1], ResultProblemCode.NOT_REGIONS),
        ([{}], ResultProblemCode.UNKNOWN_CONTROL),
        ([region(from_name="other")], ResultProblemCode.UNKNOWN_CONTROL),
        ([region(type="choices")], ResultProblemCode.UNKNOWN_CONTROL),
        ([region(value={"x": "10"})], ResultProblemCode.NOT_REGIONS),
        ([region(value={"x": True})], ResultProblemCode.NOT_REGIONS),
        ([region(value={"x": float("nan")})], ResultProblemCode.NOT_REGIONS),
        ([region(value={"width": None})], ResultProblemCode.NOT_REGIONS),
        ([region(-1)], ResultProblemCode.BOX_OUTSIDE),
        ([region(90, width=10.1)], ResultProblemCode.BOX_OUTSIDE),
        ([region(width=0)], ResultProblemCode.BOX_OUTSIDE),
        ([region(height=-5)], ResultProblemCode.BOX_OUTSIDE),
        ([region(value={"rotation": 30})], ResultProblemCode.BOX_TURNED),
        ([region(value={"rectanglelabels": []})], ResultProblemCode.BOX_LABEL),
        ([region(value={"rectanglelabels": ["cat", "狗"]})], ResultProblemCode.BOX_LABEL),
        ([region(value={"rectanglelabels": ["猫"]})], ResultProblemCode.UNKNOWN_CHOICE),
        ([region(n / 10) for n in range(MOST_BOXES + 1)], ResultProblemCode.TOO_MANY_BOXES),
    ],
)
def test_an_answer_that_is_none_is_refused(result: object, code: ResultProblemCode) -> None:
    with pytest.raises(ResultRefused) as refused:
        TEMPLATE.validate_result(CONFIG, CONTENT, result)
    assert refused.value.code is code
    assert str(refused.value)


@pytest.mark.parametrize(
    ("entries", "code"),
    [
        ([], ResultProblemCode.NO_BOX),
        (["", "", "", "", "cat"], ResultProblemCode.NO_BOX),
        (["1", "2", "3", "", "cat"], ResultProblemCode.BOX_NUMBERS),
        (["1", "2", "3", "four", "cat"], ResultProblemCode.BOX_NUMBERS),
        (["1", "2", "3", "4"], ResultProblemCode.BOX_NUMBERS),
        (["1", "2", "3", "4", ""], ResultProblemCode.BOX_UNNAMED),
        (["1", "2", "3", "4", "bird"], ResultProblemCode.UNKNOWN_CHOICE),
        (["700", "2", "30", "4", "cat"], ResultProblemCode.BOX_OUTSIDE),
        (["1", "2", "inf", "4", "cat"], ResultProblemCode.BOX_NUMBERS),
    ],
)
def test_a_form_that_is_not_filled_in_says_what_is_missing(entries: list[str], code: ResultProblemCode) -> None:
    with pytest.raises(ResultRefused) as refused:
        TEMPLATE.result_from_form(CONFIG, CONTENT, entries)
    assert refused.value.code is code


def test_a_form_s_empty_rows_are_passed_over_and_nothing_to_mark_is_an_answer() -> None:
    entries = ["", "", "", "", "cat", "10", "２０", "30.5", "40", "狗", "", "", "", "", ""]
    [one] = TEMPLATE.result_from_form(CONFIG, CONTENT, entries)
    assert one["value"]["rectanglelabels"] == ["狗"]
    assert TEMPLATE.form_entries(CONFIG, [one]) == ["10", "20", "30.5", "40", "狗"]
    assert TEMPLATE.cell(CONFIG, [one]) == "10 20 30.5 40 狗"
    assert TEMPLATE.result_from_form(CONFIG, CONTENT, ["none"]) == []
    assert TEMPLATE.form_entries(CONFIG, []) == ["none"]


@given(
    st.integers(0, 700), st.integers(0, 500), st.integers(1, 720), st.integers(1, 510), st.sampled_from(["cat", "狗"])
)
def test_pixels_come_back_as_they_were_typed(x: int, y: int, width: int, height: int, label: str) -> None:
    entries = [str(x), str(y), str(min(width, 720 - x)), str(min(height, 510 - y)), label]
    result = TEMPLATE.result_from_form(CONFIG, CONTENT, entries)
    assert TEMPLATE.form_entries(CONFIG, result) == entries
    assert TEMPLATE.result_of(CONFIG, CONTENT, TEMPLATE.labels_of(CONFIG, result)) == result


@pytest.mark.parametrize(
    ("text", "number"), [("１２．５", 12.5), (" 7 ", 7.0), ("1e9", None), ("", None), ("nan", None)]
)
def test_numbers_are_read_as_people_type_them(text: str, number: float | None) -> None:
    assert read_number(text) == number


def test_a_gold_answer_may_be_short_or_label_studio_s() -> None:
    short = TEMPLATE.gold_result(CONFIG, CONTENT, [[10, 10, 20, 20, "cat"]])
    assert short == TEMPLATE.gold_result(CONFIG, CONTENT, [region()])
    for wrong in ([[10, 10, 20, 20]], [[10, 10, 20, "20", "cat"]], ["cat"], [[90, 90, 20, 20, "cat"]]):
        with pytest.raises(ResultRefused):
            TEMPLATE.gold_result(CONFIG, CONTENT, wrong)


TEXT, PICTURE = '<Text name="t" value="$t"/>', '<Image name="i" value="$i"/>'
ONE_LABEL = '<Label value="a"/>'


@pytest.mark.parametrize(
    "inside",
    [
        f'{TEXT}<Choices name="c" toName="t"><Choice value="a"/><Choice value="b"/></Choices>',
        f'{PICTURE}<Image name="j" value="$j"/><RectangleLabels name="b" toName="i">{ONE_LABEL}</RectangleLabels>',
        f'{TEXT}{PICTURE}<RectangleLabels name="b" toName="i">{ONE_LABEL}</RectangleLabels>',
        f'{TEXT}<Labels name="b" toName="t">{ONE_LABEL}</Labels>',
    ],
)
def test_a_config_of_another_kind_is_refused(inside: str) -> None:
    assert [str(problem) for problem in TEMPLATE.check_config(parse_label_config(f"<View>{inside}</View>"))]


def test_a_picture_is_wanted_where_text_stands() -> None:
    assert [str(problem) for problem in TEMPLATE.validate_row(CONFIG, {"photo": "http://example.org/a.jpg"})]
    assert [str(problem) for problem in TEMPLATE.validate_row(CONFIG, {})] == ["缺少 photo"]
    assert TEMPLATE.validate_row(CONFIG, CONTENT) == []


ONE, TWO = [10.0, 10.0, 20.0, 20.0, 0], [60.0, 60.0, 20.0, 20.0, 1]


def moved(box: list[Any], by: float) -> list[Any]:
    return [box[0] + by, box[1] + by, *box[2:]]


def combined(*answers: Labels) -> Any:
    return TEMPLATE.consensus(CONFIG).combine(list(answers), [None] * len(answers), None)


def test_what_most_drew_is_held_and_a_stray_box_is_not() -> None:
    outcome = combined([ONE, TWO], [moved(ONE, 0.5), moved(TWO, -0.5)], [ONE, TWO, [80.0, 5.0, 9.0, 9.0, 0]])
    assert [box[4] for box in outcome.labels] == [0, 1]
    assert outcome.labels[0][:4] == pytest.approx(ONE[:4], abs=0.5)
    assert outcome.probability_of(outcome.labels) == outcome.confidence
    assert outcome.probability_of([ONE]) < outcome.confidence


def test_more_people_who_agree_are_surer() -> None:
    two, three = combined([ONE], [ONE]), combined([ONE], [ONE], [ONE])
    assert two.confidence < three.confidence <= 1
    assert combined([ONE], []).confidence < two.confidence


def test_nothing_drawn_by_all_is_an_answer_of_nothing() -> None:
    outcome = combined([], [])
    assert outcome.labels == []
    assert outcome.confidence > 0.9


def test_whoever_misses_much_counts_less() -> None:
    consensus = TEMPLATE.consensus(CONFIG)
    tasks = [GivenAnswer(n, person, [ONE, TWO], None) for n in range(8) for person in ("careful", "steady")]
    tasks += [GivenAnswer(n, "idle", [ONE], None) for n in range(8)]
    skills = consensus.fit(tasks).skills
    heard = consensus.combine([[ONE, TWO], [ONE]], [skills["careful"], skills["idle"]], None)
    doubted = consensus.combine([[ONE, TWO], [ONE]], [skills["idle"], skills["careful"]], None)
    assert heard.labels == [ONE, TWO]
    assert doubted.probability_of([ONE, TWO]) < heard.confidence


def test_a_known_answer_shows_who_misses_what_is_there() -> None:
    consensus = TEMPLATE.consensus(CONFIG)
    # Alone with each picture: without the known answer nothing would tell them apart.
    tasks = [GivenAnswer(("a", n), "careful", [ONE, TWO], [ONE, TWO]) for n in range(8)]
    tasks += [GivenAnswer(("b", n), "idle", [ONE], [ONE, TWO]) for n in range(8)]
    skills = consensus.fit(tasks).skills
    assert skills.keys() == {"careful", "idle"}
    assert skills["careful"]["missed"] < skills["idle"]["missed"]


def test_boxes_say_the_same_when_they_cover_the_same_under_one_label() -> None:
    consensus = TEMPLATE.consensus(CONFIG)
    assert consensus.same([ONE, TWO], [moved(TWO, 0.5), moved(ONE, 0.5)])
    assert not consensus.same([ONE], [moved(ONE, 6)])
    assert not consensus.same([ONE], [[*ONE[:4], 1]])
    assert not consensus.same([ONE], [ONE, TWO])
    assert consensus.agreement([], []) == 1.0
    assert 0 < consensus.agreement([ONE], [ONE, TWO]) < 1


def test_answers_to_a_picture_that_serves_as_gold_leave_the_scene_as_it_is() -> None:
    def answers(item: Any, boxes: int, *, again: bool = False) -> list[GivenAnswer]:
        labels = [[10.0 * n, 10.0, 8.0, 8.0, 0] for n in range(boxes)]
        return [GivenAnswer(item, f"p{n}", labels, labels if again else None, again=again) for n in range(3)]

    work = [*answers("a", 1), *answers("b", 2), *answers("c", 6)]
    consensus = TEMPLATE.consensus(CONFIG)
    [scene] = consensus.fit(work).prior
    [also] = consensus.fit([*work, *answers(("c", "review"), 6, again=True)]).prior
    assert also["objects"] == pytest.approx(scene["objects"], rel=0.01)
