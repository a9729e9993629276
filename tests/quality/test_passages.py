"""Passages are the text, end where people expect it, and never part what belongs together."""

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from leye_quality.passages import Passage, passage_of, passages

SIGNS = st.text(alphabet="字词。！？，. abc\n\n\u3000”😀e\u0301", max_size=400)


@given(SIGNS, st.integers(1, 60))
@example("", 5)
@example("\n" * 50, 7)
def test_passages_lie_end_to_end_and_hold_at_most_the_limit(text: str, limit: int) -> None:
    found = passages(text, limit)
    assert "".join(text[part.start : part.end] for part in found) == text
    assert all(0 < part.end - part.start <= limit for part in found)
    assert all(one.end == other.start for one, other in pairwise(found))


@given(SIGNS, st.integers(4, 60))
def test_a_cut_stands_only_where_it_may_while_there_is_such_a_place(text: str, limit: int) -> None:
    def may_cut(at: int) -> bool:
        return text[at] != "\u0301"

    for part in passages(text, limit, may_cut)[1:]:
        assert may_cut(part.start) or not any(may_cut(at) for at in range(max(1, part.start - limit + 1), part.start))


@given(SIGNS, st.integers(1, 60), st.integers(0, 400), st.integers(1, 30))
def test_a_span_is_of_the_one_passage_that_holds_it_whole_or_of_none(
    text: str, limit: int, start: int, length: int
) -> None:
    found = passages(text, limit)
    end = start + length
    holding: list[int | None] = [n for n, part in enumerate(found) if part.start <= start and end <= part.end]
    assert [passage_of(found, start, end)] == (holding or [None])


def test_a_paragraph_is_preferred_to_a_sentence_and_a_sentence_to_a_clause() -> None:
    text = "甲乙丙。丁戊己，庚辛。\n" + "子丑寅卯，辰巳。午未申酉戌亥"
    assert passages(text, 18)[0] == Passage(0, 12)
    one_paragraph = text.replace("\n", "")
    assert one_paragraph[: passages(one_paragraph, 18)[0].end].endswith("。")
    clauses = one_paragraph.replace("。", "，")
    assert clauses[: passages(clauses, 18)[0].end].endswith("，")
    assert [part.end for part in passages("a" * 30, 10)] == [10, 20, 30]


def test_the_blank_behind_an_end_and_a_closing_mark_stay_with_it() -> None:
    text = "他说：“今天去。”\n\n  第二段在这里，很长很长。"
    assert text[passages(text, 14)[1].start :].startswith("第二段")
    quoted = "“" + "他说今天去。" + "”" + "然后又回来了又去了"
    assert quoted[: passages(quoted, 12)[0].end].endswith("。”")
    assert passages("3.14 is a number. Next one here.", 20)[0] == Passage(0, 18)


def test_a_text_within_the_limit_is_one_passage() -> None:
    assert passages("一句话。", 4) == [Passage(0, 4)]
    with pytest.raises(ValueError, match="one character"):
        passages("字", 0)
