"""What deliveries may call classes: what is kept of a map, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leye_platform.class_names.rules import LONGEST_NAME, kept_names, names_in_force, problems_of_names
from leye_task_templates.class_names import classes_of, renamed
from leye_task_templates.label_config import parse_label_config
from support.boxes import BOXES, box
from support.factories import TOPICS, chosen

CLASSES = ("正面", "负面", "中性")
NAMES = st.text(max_size=4)


def test_only_what_changes_a_name_is_kept_without_blanks_around_it() -> None:
    given_map = {"正面": " positive ", "负面": "负面", "中性": "  "}
    assert kept_names(CLASSES, given_map) == {"正面": "positive"}
    assert names_in_force(CLASSES, {"正面": "positive"}) == {"正面": "positive", "负面": "负面", "中性": "中性"}


def test_two_classes_of_one_name_are_refused_with_both_of_them() -> None:
    problems = problems_of_names(CLASSES, {"正面": "pos", "中性": "pos"})
    assert problems.keys() == {"中性"}
    assert "“正面”和“中性”" in problems["中性"]
    assert "“pos”" in problems["中性"]


@pytest.mark.parametrize(
    "given_map", [{"正面": "负面"}, {"正面": "负面", "负面": ""}, {"正面": "负面", "负面": "负面"}]
)
def test_the_name_of_a_class_that_keeps_its_own_is_taken(given_map: dict[str, str]) -> None:
    problems = problems_of_names(CLASSES, given_map)
    assert problems.keys() == {"正面"}
    assert "“负面”和“正面”" in problems["正面"]


def test_classes_may_change_names_with_each_other() -> None:
    assert problems_of_names(CLASSES, {"正面": "负面", "负面": "正面"}) == {}


@pytest.mark.parametrize("name", ["a\nb", "a\x00b", "a\tb", "a\u2028b", "a\x7fb", "a\ud800b"])
def test_a_name_with_signs_that_nobody_sees_is_refused(name: str) -> None:
    assert "控制符" in problems_of_names(CLASSES, {"正面": name})["正面"]


@pytest.mark.parametrize("name", ["a|b", "a;b"])
def test_a_name_with_a_sign_that_parts_labels_in_a_cell_is_refused(name: str) -> None:
    assert "隔开几个标签" in problems_of_names(["甲", "乙"], {"甲": name})["甲"]


def test_a_name_has_at_most_two_hundred_characters() -> None:
    assert problems_of_names(CLASSES, {"正面": "名" * LONGEST_NAME}) == {}
    assert "200" in problems_of_names(CLASSES, {"正面": "名" * (LONGEST_NAME + 1)})["正面"]


def test_a_class_that_the_project_does_not_have_is_named() -> None:
    problems = problems_of_names(CLASSES, {"正面": "positive", "好评": "good"})
    assert problems.keys() == {"好评"}
    assert "“好评”" in problems["好评"]


@given(st.lists(NAMES, unique=True, min_size=1, max_size=5), st.dictionaries(NAMES, NAMES, max_size=5))
def test_a_map_without_problems_never_merges_classes(classes: list[str], given_map: dict[str, str]) -> None:
    if problems_of_names(classes, given_map):
        return
    names = names_in_force(classes, kept_names(classes, given_map))
    assert len(set(names.values())) == len(classes)


def test_classes_are_listed_once_by_what_results_call_them() -> None:
    config = parse_label_config(
        '<View><Text name="t" value="$t"/><Labels name="l" toName="t"><Label value="人名" alias="PER"/>'
        '<Label value="地名"/></Labels></View>'
    )
    assert [(known.value, known.label) for known in classes_of(config)] == [("PER", "人名"), ("地名", "地名")]
    assert [known.value for known in classes_of(parse_label_config(BOXES))] == ["猫", "狗"]
    assert [known.value for known in classes_of(parse_label_config(TOPICS))] == ["价格", "味道", "服务"]


def test_a_result_is_renamed_in_a_copy_and_only_where_there_is_a_class() -> None:
    several = chosen("价格", "味道", control="topic")
    text = {"id": "x", "from_name": "words", "to_name": "t", "type": "textarea", "value": {"text": ["价格"]}}
    result = [*several, box(1, 2, 3, 4, "猫"), text]
    told = renamed(result, {"价格": "price", "猫": "cat"})
    assert [region["value"].get(region["type"]) for region in told] == [["price", "味道"], ["cat"], None]
    assert told[2] == text
    assert told[1]["value"]["x"] == 1
    assert result[0]["value"]["choices"] == ["价格", "味道"]
