"""What a guide lacks, and how two versions differ: sentences, never marks of Markdown."""

from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leye_platform.guides.rules import (
    LONGEST_PART,
    Example,
    GuideText,
    Passage,
    PlacedPicture,
    Standing,
    difference,
    problem_of_change,
    problems_of_text,
    sentences_of,
)

GOOD = Example("送得很快", "正面", True, "夸了快递。")


def test_a_text_comes_to_plain_sentences() -> None:
    text = GuideText(
        "# 怎么选\n\n按**整条**评论选。只说“快。”也算！\n- 看[这里](http://x.example)\n\n```\n原样 <b>\n```"
    )
    assert list(sentences_of(text)) == ["怎么选", "按整条评论选。", "只说“快。”", "也算！", "看这里", "原样 <b>"]


def test_examples_and_pictures_are_said_in_words() -> None:
    text = GuideText(
        "选。", (GOOD, Example("一般", "", False, "看不出态度。")), (PlacedPicture(uuid4(), 2, "一只杯子"),)
    )
    assert list(sentences_of(text))[1:] == [
        "对的例子：“送得很快”，答案“正面”。夸了快递。",
        "错的例子：“一般”。看不出态度。",
        "图 2：一只杯子",
    ]


def test_what_is_removed_stands_before_what_is_added() -> None:
    old, new = GuideText("先看整条。说快递不算。拿不准选中性。"), GuideText("先看整条。说快递也算负面。拿不准选中性。")
    assert difference(old, new) == [
        Passage(Standing.KEPT, ("先看整条。",)),
        Passage(Standing.REMOVED, ("说快递不算。",)),
        Passage(Standing.ADDED, ("说快递也算负面。",)),
        Passage(Standing.KEPT, ("拿不准选中性。",)),
    ]


def test_what_is_added_follows_what_it_replaces_and_what_stands_for_nothing_goes_first() -> None:
    old = GuideText("每一样画一个框，再选标签。跳过不扣钱。框贴着东西的上、下、左、右。")
    new = GuideText("每一样都画一个框。框贴着东西的边。挡住一半的也要算进去。")
    assert difference(old, new) == [
        Passage(Standing.REMOVED, ("每一样画一个框，再选标签。",)),
        Passage(Standing.ADDED, ("每一样都画一个框。",)),
        Passage(Standing.REMOVED, ("跳过不扣钱。",)),
        Passage(Standing.REMOVED, ("框贴着东西的上、下、左、右。",)),
        Passage(Standing.ADDED, ("框贴着东西的边。",)),
        Passage(Standing.ADDED, ("挡住一半的也要算进去。",)),
    ]


def test_another_layout_of_the_same_words_is_no_difference() -> None:
    passages = difference(GuideText("# 怎么选\n\n看整条。"), GuideText("## 怎么选\n\n**看**整条。"))
    assert [passage.standing for passage in passages] == [Standing.KEPT]


LINES = st.lists(st.sampled_from(["看整条。", "说快递不算。", "拿不准选中性。", "# 标题", "- 一条"]), max_size=12)


@given(LINES, LINES)
def test_the_difference_holds_both_versions_whole(before: list[str], after: list[str]) -> None:
    old, new = GuideText("\n\n".join(before)), GuideText("\n\n".join(after))
    passages = difference(old, new)
    for text, other in ((old, Standing.ADDED), (new, Standing.REMOVED)):
        told = [sentence for one in passages if one.standing is not other for sentence in one.sentences]
        assert told == list(sentences_of(text))


def test_each_lack_is_told_at_its_field() -> None:
    picture = PlacedPicture(uuid4(), 3, "")
    text = GuideText(" ", (GOOD, Example("一般", "", True, ""), Example("", "正面", True, "好。")), (picture,))
    problems = problems_of_text(text)
    assert list(problems) == ["body", "example-2-why", "example-3-content", "picture-3"]
    assert problems["picture-3"] == "请写图 3 的说明：图里有什么、要看什么。看不见图的人靠它做事。"
    assert "example-1-content" in problems_of_text(
        GuideText("选。", (Example("长" * (LONGEST_PART + 1), "", True, "。"),))
    )
    assert problems_of_text(GuideText("选。", (GOOD,))) == {}


@pytest.mark.parametrize("change", ["", " \n", "长" * 201])
def test_what_changed_is_one_line(change: str) -> None:
    assert problem_of_change(change) is not None
    assert problem_of_change("只说快递不好的，也算负面") is None


def test_what_is_kept_has_no_empty_example_and_nothing_that_no_database_keeps() -> None:
    text = GuideText(
        "一\x00二\r\n三", (Example(" ", "", True, "\n"), Example("甲\r\n乙", " 正 面 ", False, "丙\ud800"))
    )
    assert text.tidy() == GuideText("一二\n三", (Example("甲\n乙", "正 面", False, "丙"),))


def test_a_number_is_never_given_twice() -> None:
    pictures = (PlacedPicture(uuid4(), 1, "一"), PlacedPicture(uuid4(), 4, "四"))
    assert GuideText("选。", (), pictures).next_number == 5
    assert GuideText("选。").next_number == 1


def test_stored_and_read_again_it_is_the_same() -> None:
    text = GuideText("选。", (GOOD,), (PlacedPicture(uuid4(), 1, "杯子"),))
    assert GuideText.stored(text.body, text.stored_examples, text.stored_pictures) == text
