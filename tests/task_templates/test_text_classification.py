"""Text classification: which configs, rows and answers it takes, and what it shows."""

import pytest

from leye_task_templates.consensus import GivenAnswer
from leye_task_templates.label_config import LabelConfig, parse_label_config
from leye_task_templates.registry import template_named
from leye_task_templates.template import ResultProblemCode, ResultRefused, RowProblemCode
from leye_task_templates.text_classification.template import ConfigProblemCode

TEMPLATE = template_named("text_classification")


def config_of(*values: str, multiple: bool = False, more: str = "", attributes: str = "") -> LabelConfig:
    choices = "".join(f'<Choice value="{value}"/>' for value in values or ("a", "b", "c"))
    kind = "multiple" if multiple else "single"
    return parse_label_config(
        f'<View><Text name="t" value="$x"/>{more}'
        f'<Choices name="c" toName="t" choice="{kind}"{attributes}>{choices}</Choices></View>'
    )


SINGLE, MULTIPLE = config_of(), config_of(multiple=True)
CONTENT = {"x": "文"}


def region(choices: object, **change: object) -> dict[str, object]:
    return {"from_name": "c", "to_name": "t", "type": "choices", "value": {"choices": choices}} | change


def refusal(config: LabelConfig, result: object) -> ResultProblemCode:
    with pytest.raises(ResultRefused) as refused:
        TEMPLATE.validate_result(config, CONTENT, result)
    str(refused.value).encode()
    return refused.value.code


def test_one_choices_and_any_number_of_texts_are_taken() -> None:
    config = config_of(more='<Text name="u" value="$y"/>')
    assert TEMPLATE.check_config(config) == []
    (content,) = TEMPLATE.split(config, {"y": "二", "x": "一", "z": "别的"})
    assert content == {"x": "一", "y": "二"}
    assert [text["value"] for text in TEMPLATE.view(config, content)["texts"]] == ["一", "二"]


def test_a_second_choices_and_a_reserved_variable_are_refused_together() -> None:
    second = '<Choices name="d" toName="t"><Choice value="1"/><Choice value="2"/></Choices>'
    config = config_of(more=second + '<Text name="u" value="$external_id"/>')
    problems = TEMPLATE.check_config(config)
    assert [problem.code for problem in problems] == [
        ConfigProblemCode.ONE_CONTROL_ONLY,
        ConfigProblemCode.RESERVED_VARIABLE,
    ]
    assert "2" in str(problems[0])
    assert "external_id" in str(problems[1])


def test_the_first_ten_choices_have_keys_and_further_ones_none() -> None:
    config = config_of(*(f"c{n}" for n in range(12)))
    keys = [choice["key"] for choice in TEMPLATE.view(config, {"x": "文"})["choices"]]
    assert keys == [*"1234567890", "", ""]


def test_the_view_says_how_to_answer() -> None:
    config = parse_label_config(
        '<View><Text name="t" value="$x"/><Header value="态度？"/><Choices name="c" toName="t">'
        '<Choice value="好" alias="good" hint="满意"/><Choice value="坏"/></Choices></View>'
    )
    assert TEMPLATE.view(config, {"x": "文"}) == {
        "texts": [{"name": "t", "value": "文", "heading": ""}],
        "question": "态度？",
        "choices": [
            {"value": "good", "label": "好", "hint": "满意", "key": "1"},
            {"value": "坏", "label": "坏", "hint": "", "key": "2"},
        ],
        "multiple": False,
        "required": True,
        "control": "c",
        "object": "t",
    }


def test_the_canonical_answer_forgets_what_a_client_made_up_and_the_order_of_clicks() -> None:
    given = [region(["c", "a", "c"], id="whatever", score=0.3)]
    canonical = TEMPLATE.validate_result(MULTIPLE, CONTENT, given)
    assert canonical == [region(["a", "c"], id="c")]
    assert canonical == TEMPLATE.validate_result(MULTIPLE, CONTENT, [region(["a"]), region(["c"])])
    assert TEMPLATE.labels_of(MULTIPLE, canonical) == [0, 2]
    assert TEMPLATE.consensus(MULTIPLE).combine([[0, 2]], [None], None).labels == [0, 2]


def test_nothing_chosen_is_an_answer_only_where_the_config_says_so() -> None:
    optional = config_of(multiple=True, attributes=' required="false"')
    assert TEMPLATE.result_from_form(optional, CONTENT, []) == []
    assert TEMPLATE.view(optional, {"x": "文"})["required"] is False
    assert TEMPLATE.describe(optional, []) == "—"
    assert refusal(MULTIPLE, []) is ResultProblemCode.NOTHING_CHOSEN
    single = config_of(attributes=' required="false"')
    assert refusal(single, []) is ResultProblemCode.NOTHING_CHOSEN


def test_an_answer_is_described_by_what_annotators_read() -> None:
    config = parse_label_config(
        '<View><Text name="t" value="$x"/><Choices name="c" toName="t" choice="multiple">'
        '<Choice value="价格" alias="price"/><Choice value="味道" alias="taste"/></Choices></View>'
    )
    assert TEMPLATE.describe(config, TEMPLATE.result_from_form(config, CONTENT, ["taste", "price"])) == "价格、味道"


@pytest.mark.parametrize(
    ("result", "code"),
    [
        (None, ResultProblemCode.NOT_REGIONS),
        ("a", ResultProblemCode.NOT_REGIONS),
        ([1], ResultProblemCode.NOT_REGIONS),
        ([region("a")], ResultProblemCode.NOT_REGIONS),
        ([region([1])], ResultProblemCode.NOT_REGIONS),
        ([region([["a"]])], ResultProblemCode.NOT_REGIONS),
        ([region(["a"], value=None)], ResultProblemCode.NOT_REGIONS),
        ([{"from_name": "c"}], ResultProblemCode.NOT_REGIONS),
        ([], ResultProblemCode.NOTHING_CHOSEN),
        ([region([])], ResultProblemCode.NOTHING_CHOSEN),
        ([region(["a", "b"])], ResultProblemCode.ONE_ONLY),
        ([region(["a"]), region(["b"])], ResultProblemCode.ONE_ONLY),
        ([region(["z"])], ResultProblemCode.UNKNOWN_CHOICE),
        ([region(["\ud800"])], ResultProblemCode.UNKNOWN_CHOICE),
        ([region(["a"], from_name="other")], ResultProblemCode.UNKNOWN_CONTROL),
        ([region(["a"], to_name="other")], ResultProblemCode.UNKNOWN_CONTROL),
        ([region(["a"], type="labels")], ResultProblemCode.UNKNOWN_CONTROL),
        ([{"value": {"choices": ["a"]}}], ResultProblemCode.UNKNOWN_CONTROL),
    ],
)
def test_an_answer_that_the_config_does_not_allow_is_refused(result: object, code: ResultProblemCode) -> None:
    assert refusal(SINGLE, result) is code


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({}, RowProblemCode.MISSING),
        ({"x": None}, RowProblemCode.MISSING),
        ({"x": 5}, RowProblemCode.NOT_TEXT),
        ({"x": float("nan")}, RowProblemCode.NOT_TEXT),
        ({"x": ["a"]}, RowProblemCode.NOT_TEXT),
        ({"x": "  \n"}, RowProblemCode.EMPTY),
        ({"x": "a\x00b"}, RowProblemCode.NUL),
        ({"x": "a\ud800b"}, RowProblemCode.NOT_UNICODE),
        ({"x": "长" * 100_001}, RowProblemCode.TOO_LONG),
    ],
)
def test_a_row_that_cannot_be_shown_is_refused(data: dict[str, object], code: RowProblemCode) -> None:
    (problem,) = TEMPLATE.validate_row(SINGLE, data)
    assert problem.code is code
    assert "x" in str(problem)


def test_a_row_at_the_limit_and_one_with_unused_columns_are_taken() -> None:
    assert TEMPLATE.validate_row(SINGLE, {"x": "长" * 100_000, "note": None}) == []


def test_each_missing_variable_of_a_row_is_told() -> None:
    config = config_of(more='<Text name="u" value="$y"/>')
    assert [problem.name for problem in TEMPLATE.validate_row(config, {})] == ["x", "y"]


def test_of_several_choices_the_prior_is_what_drawn_items_hold_and_not_gold() -> None:
    consensus = TEMPLATE.consensus(MULTIPLE)
    work = [GivenAnswer(f"i{n}", f"p{person}", [0], None) for n in range(9) for person in range(2)]
    gold = [GivenAnswer(f"g{n}", f"p{person}", [1, 2], [1, 2]) for n in range(9) for person in range(2)]
    assert consensus.fit([*work, *gold]).prior == consensus.fit(work).prior == [19 / 20, 1 / 20, 1 / 20]
    assert consensus.fit(gold).prior == [1 / 20, 19 / 20, 19 / 20], "where there is nothing else"
