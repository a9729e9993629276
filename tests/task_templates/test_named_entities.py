"""Named entities: which configs, rows and answers they take, where a text is cut, and how answers combine."""

import pytest

from leye_task_templates.label_config import LabelConfig, parse_label_config
from leye_task_templates.named_entities.segment import pieces, visible
from leye_task_templates.named_entities.template import LONGEST, MOST_SPANS, ConfigProblemCode
from leye_task_templates.registry import template_named
from leye_task_templates.span_consensus import SpanConsensus
from leye_task_templates.template import ResultProblemCode, ResultRefused, RowProblemCode

TEMPLATE = template_named("named_entities")
LABELS = '<Label value="人名" alias="PER"/><Label value="地名"/>'


def config_of(labels: str = LABELS, more: str = "") -> LabelConfig:
    return parse_label_config(
        f'<View><Text name="t" value="$x"/>{more}<Labels name="l" toName="t">{labels}</Labels></View>'
    )


CONFIG = config_of()
CONTENT = {"x": "李娜在上海。"}


def region(start: object, end: object, *labels: object, **change: object) -> dict[str, object]:
    value = {"start": start, "end": end, "labels": list(labels)}
    return {"from_name": "l", "to_name": "t", "type": "labels", "value": value} | change


def refusal(result: object) -> ResultProblemCode:
    with pytest.raises(ResultRefused) as refused:
        TEMPLATE.validate_result(CONFIG, CONTENT, result)
    str(refused.value).encode()
    return refused.value.code


def test_one_text_and_one_labels_are_taken_and_nothing_else() -> None:
    assert TEMPLATE.check_config(CONFIG) == []
    choices = '<Choices name="c" toName="t"><Choice value="a"/><Choice value="b"/></Choices>'
    other = config_of(more=choices + '<Text name="u" value="$gold_answer"/>')
    assert [problem.code for problem in TEMPLATE.check_config(other)] == list(ConfigProblemCode)
    assert all(str(problem) for problem in TEMPLATE.check_config(other))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({}, RowProblemCode.MISSING),
        ({"x": 5}, RowProblemCode.NOT_TEXT),
        ({"x": " "}, RowProblemCode.EMPTY),
        ({"x": "a\x00"}, RowProblemCode.NUL),
        ({"x": "\ud83d"}, RowProblemCode.NOT_UNICODE),
        ({"x": "长" * (LONGEST + 1)}, RowProblemCode.TOO_LONG_TO_MARK),
    ],
)
def test_a_row_that_cannot_be_marked_is_refused(data: dict[str, object], code: RowProblemCode) -> None:
    (problem,) = TEMPLATE.validate_row(CONFIG, data)
    assert problem.code is code
    assert "x" in str(problem)
    assert TEMPLATE.validate_row(CONFIG, {"x": "长" * LONGEST}) == []


@pytest.mark.parametrize(
    ("result", "code"),
    [
        (None, ResultProblemCode.NOT_REGIONS),
        ([1], ResultProblemCode.NOT_REGIONS),
        ([region(0, 2, "PER", value=None)], ResultProblemCode.NOT_REGIONS),
        ([region(0, 2, "PER", type="choices")], ResultProblemCode.UNKNOWN_CONTROL),
        ([{"value": {"start": 0, "end": 2, "labels": ["PER"]}}], ResultProblemCode.UNKNOWN_CONTROL),
        ([region(0, 2)], ResultProblemCode.SPAN_LABEL),
        ([region(0, 2, "PER", "地名")], ResultProblemCode.SPAN_LABEL),
        ([region(0, 2, 1)], ResultProblemCode.SPAN_LABEL),
        ([region(0, 2, "人名")], ResultProblemCode.UNKNOWN_CHOICE),
        ([region(2, 2, "PER")], ResultProblemCode.SPAN_OUTSIDE),
        ([region(-1, 2, "PER")], ResultProblemCode.SPAN_OUTSIDE),
        ([region(0, 7, "PER")], ResultProblemCode.SPAN_OUTSIDE),
        ([region(0.0, 2, "PER")], ResultProblemCode.SPAN_OUTSIDE),
        ([region(False, True, "PER")], ResultProblemCode.SPAN_OUTSIDE),
        ([region("0", "2", "PER")], ResultProblemCode.SPAN_OUTSIDE),
        ([region(None, None, "PER")], ResultProblemCode.SPAN_OUTSIDE),
    ],
)
def test_an_answer_that_does_not_fit_is_refused(result: object, code: ResultProblemCode) -> None:
    assert refusal(result) is code


def test_more_spans_than_anybody_marks_are_refused() -> None:
    text = {"x": "字" * 40}
    many = [region(a, b, "PER") for a in range(40) for b in range(a + 1, 41)][: MOST_SPANS + 1]
    with pytest.raises(ResultRefused) as refused:
        TEMPLATE.validate_result(CONFIG, text, many)
    assert refused.value.code is ResultProblemCode.TOO_MANY_SPANS


def test_the_canonical_answer_has_the_text_the_order_of_the_text_and_each_span_once() -> None:
    given = [region(3, 5, "地名", id="zz"), region(0, 2, "PER", score=1), region(3, 5, "地名")]
    canonical = TEMPLATE.validate_result(CONFIG, CONTENT, given)
    assert [(one["id"], one["value"]) for one in canonical] == [
        ("l-1", {"start": 0, "end": 2, "text": "李娜", "labels": ["PER"]}),
        ("l-2", {"start": 3, "end": 5, "text": "上海", "labels": ["地名"]}),
    ]
    assert TEMPLATE.labels_of(CONFIG, canonical) == [[0, 2, 0], [3, 5, 1]]
    assert {name: len(part) for name, part in TEMPLATE.by_class(CONFIG, canonical).items()} == {"人名": 1, "地名": 1}
    assert TEMPLATE.cell(CONFIG, canonical) == "0-2 PER 李娜|3-5 地名 上海"
    assert (TEMPLATE.quantity("item", canonical), TEMPLATE.quantity("object", canonical)) == (1, 2)


def test_spans_may_overlap_and_lie_in_one_another() -> None:
    nested = TEMPLATE.validate_result(
        CONFIG, CONTENT, [region(0, 5, "地名"), region(3, 5, "地名"), region(1, 4, "PER")]
    )
    assert TEMPLATE.labels_of(CONFIG, nested) == [[0, 5, 1], [1, 4, 0], [3, 5, 1]]


def test_positions_are_those_of_label_studio_code_points() -> None:
    content = {"x": "👩‍🔧e\u0301李娜"}
    [one] = TEMPLATE.validate_result(CONFIG, content, [region(5, 7, "PER")])
    assert one["value"]["text"] == "李娜"
    [emoji] = TEMPLATE.validate_result(CONFIG, content, [region(0, 3, "PER")])
    assert emoji["value"]["text"] == "👩‍🔧"


def test_a_form_without_script_marks_words_at_one_of_their_places() -> None:
    content = {"x": "上海人在上海"}
    entries = ["span 0 2 地名", "quote", " 上海 ", "2", "PER", "quote", "", "1", ""]
    result = TEMPLATE.result_from_form(CONFIG, content, entries)
    assert TEMPLATE.form_entries(CONFIG, result) == ["span 0 2 地名", "span 4 6 PER"]
    assert TEMPLATE.result_from_form(CONFIG, content, ["quote", "", "", "", "none"]) == []
    assert TEMPLATE.form_entries(CONFIG, []) == ["none"]


@pytest.mark.parametrize(
    ("entries", "code"),
    [
        ([], ResultProblemCode.NO_SPAN),
        (["quote", "", "1", "PER"], ResultProblemCode.NO_SPAN),
        (["quote", "上海", "1", ""], ResultProblemCode.SPAN_UNNAMED),
        (["quote", "上海", "1"], ResultProblemCode.SPAN_UNNAMED),
        (["quote", "上海", "1", "没有"], ResultProblemCode.UNKNOWN_CHOICE),
        (["quote", "上海", "2", "PER"], ResultProblemCode.SPAN_NOT_FOUND),
        (["quote", "\ud800", "1", "PER"], ResultProblemCode.SPAN_NOT_FOUND),
        (["quote", "上海", "两", "PER"], ResultProblemCode.NOT_REGIONS),
        (["span ٣ 4 PER"], ResultProblemCode.NOT_REGIONS),
        (["span 0"], ResultProblemCode.NOT_REGIONS),
        (["span 0 99 PER"], ResultProblemCode.SPAN_OUTSIDE),
        (["whatever"], ResultProblemCode.NOT_REGIONS),
    ],
)
def test_a_form_that_makes_no_answer_says_what_is_missing(entries: list[str], code: ResultProblemCode) -> None:
    with pytest.raises(ResultRefused) as refused:
        TEMPLATE.result_from_form(CONFIG, CONTENT, entries)
    str(refused.value).encode()
    assert refused.value.code is code


def test_a_gold_answer_is_regions_or_three_values_for_each_span() -> None:
    wanted = [[0, 2, 0]]
    assert TEMPLATE.labels_of(CONFIG, TEMPLATE.gold_result(CONFIG, CONTENT, [[0, 2, "PER"]])) == wanted
    assert TEMPLATE.labels_of(CONFIG, TEMPLATE.gold_result(CONFIG, CONTENT, [region(0, 2, "PER")])) == wanted
    for wrong in ([[0, 2]], ["PER"], [[0, 2, None]], [[0, 99, "PER"]]):
        with pytest.raises(ResultRefused):
            TEMPLATE.gold_result(CONFIG, CONTENT, wrong)


def cut(text: str) -> list[str]:
    return [piece.shown or text[piece.start : piece.end] for piece in pieces(text)]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("李娜 and Bob2", ["李", "娜", " ", "and", " ", "Bob2"]),
        ("e\u0301té", ["e\u0301té"]),
        ("１９９８年", ["１９９８", "年"]),
        ("👩‍🔧👍🏽🇨🇳🇨🇭", ["👩‍🔧", "👍🏽", "🇨🇳", "🇨🇭"]),
        ("❤️☎", ["❤️", "☎"]),
        ("한국\u1100\u1161", ["한", "국", "\u1100\u1161"]),
        ("a\r\nb\n\nc", ["a", "\r\n", "b", "\n", "\n", "c"]),
        ("x\u202ey\u2066z", ["x", "U+202E", "y", "U+2066", "z"]),
        ("\u0301甲", ["\u0301", "甲"]),
        ("क्षि", ["क्", "षि"]),
        ("\u200b\ufeff\x07", ["U+200B", "U+FEFF", "U+0007"]),
    ],
)
def test_a_text_is_never_cut_inside_what_people_see_as_one(text: str, wanted: list[str]) -> None:
    assert cut(text) == wanted
    found = pieces(text)
    assert [piece.start for piece in found[1:]] == [piece.end for piece in found[:-1]]
    assert (found[0].start, found[-1].end) == (0, len(text))


def test_what_turns_a_text_around_is_named_and_never_runs_in_a_sentence() -> None:
    config, content = config_of(), {"x": "李\u202e娜"}
    result = TEMPLATE.validate_result(config, content, [region(0, 3, "PER")])
    assert TEMPLATE.describe(config, result) == "李[U+202E]娜（人名）"
    assert result[0]["value"]["text"] == "李\u202e娜"
    assert visible("👩‍🔧") == "👩‍🔧"


def test_a_long_answer_is_described_shortly() -> None:
    text = {"x": "上海" * 40}
    many = TEMPLATE.validate_result(CONFIG, text, [region(n, n + 30, "地名") for n in range(9)])
    words = TEMPLATE.describe(CONFIG, many)
    assert len(words) < 150
    assert "9" in words
    assert TEMPLATE.describe(CONFIG, []) == "—"


def test_two_hundred_labels_of_eighty_characters_are_taken() -> None:
    names = [f"{n:03}" + "名" * 77 for n in range(200)]
    config = config_of("".join(f'<Label value="{name}"/>' for name in names))
    assert TEMPLATE.check_config(config) == []
    view = TEMPLATE.view(config, CONTENT)
    assert [label["key"] for label in view["labels"]][8:12] == ["9", "0", "", ""]
    result = TEMPLATE.result_from_form(config, CONTENT, ["quote", "李", "1", names[199]])
    assert TEMPLATE.labels_of(config, result) == [[0, 1, 199]]


def test_equal_spans_of_able_people_outweigh_a_careless_one() -> None:
    consensus = SpanConsensus()
    right, wrong = [[0, 2, 0], [3, 5, 1]], [[0, 5, 0]]
    outcome = consensus.combine([right, wrong], [consensus.able(0.95, 500), consensus.able(0.6, 500)], None)
    assert outcome.labels == right
    assert consensus.combine([wrong, right], [None, None], None).labels == []
    agreed = consensus.combine([right, right, right], [None] * 3, None)
    assert agreed.labels == right
    assert agreed.confidence > 0.9
    assert agreed.probability_of([[0, 1, 0]]) == 0.0


def test_answers_of_nothing_agree_on_nothing() -> None:
    consensus = SpanConsensus()
    one, two = (consensus.combine([[]] * people, [None] * people, None) for people in (1, 2))
    assert one.labels == two.labels == []
    assert 0.5 < one.confidence < two.confidence < 1.0
    assert consensus.agreement([], []) == 1.0
    assert consensus.agreement([[0, 2, 0]], [[0, 2, 0], [3, 5, 1]]) == pytest.approx(2 / 3)
