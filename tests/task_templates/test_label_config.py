"""Label configs: what is read, and what is refused with every problem named."""

from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leye_task_templates.label_config import (
    LARGEST_CONFIG,
    LabelConfig,
    LabelConfigRefused,
    ProblemCode,
    parse_label_config,
)
from leye_task_templates.problems import SENTENCES

GOOD = (
    '<View><Text name="t" value="$text"/><Header value="态度？"/><Choices name="c" toName="t" choice="multiple">'
    '<Choice value="好" hint="满意"/><Choice value="坏" alias="bad"/></Choices></View>'
)


def codes(source: str) -> set[StrEnum]:
    with pytest.raises(LabelConfigRefused) as refused:
        parse_label_config(source)
    assert all(str(problem) for problem in refused.value.problems)
    return {problem.code for problem in refused.value.problems}


def test_a_good_config_is_read_with_its_question_hints_and_aliases() -> None:
    config = parse_label_config(GOOD)
    assert config.variables == ("text",)
    control = config.controls[0]
    assert (control.multiple, control.question) == (True, "态度？")
    assert [(choice.value, choice.label, choice.hint) for choice in control.choices] == [
        ("好", "好", "满意"),
        ("bad", "坏", ""),
    ]


def test_an_encoding_declaration_and_unknown_attributes_are_tolerated() -> None:
    assert parse_label_config('<?xml version="1.0" encoding="GBK"?>' + GOOD.replace("<View>", '<View odd="1">'))


def test_pictures_and_labels_are_read() -> None:
    config = parse_label_config(
        '<View><Header value="画出猫狗"/><Image name="i" value="$photo"/><RectangleLabels name="b" toName="i">'
        '<Label value="猫" alias="cat"/><Label value="狗" hint="不画影子"/></RectangleLabels></View>'
    )
    assert (config.variables, config.texts, config.controls) == (("photo",), (), ())
    assert config.images[0].name == "i"
    labelling = config.labellings[0]
    assert (labelling.tag, labelling.to_name, labelling.question) == ("RectangleLabels", "i", "画出猫狗")
    assert [(label.value, label.label, label.hint) for label in labelling.labels] == [
        ("cat", "猫", ""),
        ("狗", "狗", "不画影子"),
    ]


def labels(tag: str, to: str = "t", inner: str = '<Label value="a"/>') -> str:
    return f'<{tag} name="l" toName="{to}">{inner}</{tag}>'


def text(name: str = "t", value: str = "$text") -> str:
    return f'<Text name="{name}" value="{value}"/>'


def choices(name: str = "c", to: str = "t", inner: str = '<Choice value="a"/><Choice value="b"/>') -> str:
    return f'<Choices name="{name}" toName="{to}">{inner}</Choices>'


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (text() + choices(to="elsewhere"), ProblemCode.POINTS_NOWHERE),
        (text() + choices(name="t"), ProblemCode.DUPLICATE_NAME),
        (text() + labels("RectangleLabels"), ProblemCode.POINTS_NOWHERE),
        ('<Image name="i" value="$i"/>' + labels("Labels", "i"), ProblemCode.POINTS_NOWHERE),
        (text() + labels("Labels", inner=""), ProblemCode.NO_LABELS),
        (text() + labels("Labels", inner='<Label value="a"/><Label value="a"/>'), ProblemCode.DUPLICATE_CHOICE),
        (text() + choices() + '<Label value="a"/>', ProblemCode.MISPLACED),
        ('<Image name="i" value="photo.jpg"/>' + choices(to="i"), ProblemCode.NOT_VARIABLE),
        (text() + text() + choices(), ProblemCode.DUPLICATE_NAME),
        (text() + choices() + "<script>alert(1)</script>", ProblemCode.UNKNOWN_TAG),
        (text() + choices(inner="<b/>" + '<Choice value="a"/><Choice value="b"/>'), ProblemCode.UNKNOWN_TAG),
        (text(), ProblemCode.NO_CONTROL),
        (choices(), ProblemCode.NO_OBJECT),
        (text(value="text") + choices(), ProblemCode.NOT_VARIABLE),
        (text(name="") + choices(), ProblemCode.MISSING),
        (text() + choices(inner='<Choice value="a"/>'), ProblemCode.NO_CHOICES),
        (text() + choices(inner='<Choice value="a"/>' * 2), ProblemCode.DUPLICATE_CHOICE),
        (text() + choices() + '<Choice value="x"/>', ProblemCode.MISPLACED),
        (
            text() + choices(inner='<Choice value="a"><Choice value="z"/></Choice><Choice value="b"/>'),
            ProblemCode.MISPLACED,
        ),
        ('<Text name="t" value="$x"><Header value="h"/></Text>' + choices(), ProblemCode.MISPLACED),
        ('<Text name="t" value="$x"><script/></Text>' + choices(), ProblemCode.UNKNOWN_TAG),
        ("<Style>" + text() + choices() + "</Style>", ProblemCode.UNKNOWN_TAG),
        ('<Header value="$title"/>' + text() + choices(), ProblemCode.VARIABLE_HERE),
        (text() + choices().replace("toName", 'value="$options" toName'), ProblemCode.VARIABLE_HERE),
        ("<Header/>" + text() + choices(), ProblemCode.MISSING),
        (
            text() + choices(inner='<Choice value="a" alias="1"/><Choice value="a" alias="2"/>'),
            ProblemCode.DUPLICATE_CHOICE,
        ),
        (
            text() + choices(inner='<Choice value="a" alias="1"/><Choice value="b" alias="1"/>'),
            ProblemCode.DUPLICATE_CHOICE,
        ),
        (text() + choices().replace("toName", 'choice="many" toName'), ProblemCode.CHOICE_KIND),
        (
            text() + choices(inner="".join(f'<Choice value="{n}"/>' for n in range(1001))),
            ProblemCode.TOO_MANY_LABELS,
        ),
    ],
)
def test_a_config_with_a_flaw_is_refused_by_name(body: str, code: ProblemCode) -> None:
    assert code in codes(f"<View>{body}</View>")


def test_all_problems_are_told_at_once() -> None:
    assert codes('<View><Text name="t"/><Choices name="t" toName="x"/><Video/></View>') >= {
        ProblemCode.MISSING,
        ProblemCode.DUPLICATE_NAME,
        ProblemCode.POINTS_NOWHERE,
        ProblemCode.UNKNOWN_TAG,
        ProblemCode.NO_CHOICES,
    }


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ('<!DOCTYPE View [<!ENTITY a "aaaa">]>' + GOOD, ProblemCode.DOCTYPE),
        ("<!doctype html><View/>", ProblemCode.DOCTYPE),
        ('< !ENTITY x "y">' + GOOD, ProblemCode.NOT_XML),
        ("<View>&undefined;</View>", ProblemCode.NOT_XML),
        ("not xml", ProblemCode.NOT_XML),
        ("", ProblemCode.NOT_XML),
        ("<View>", ProblemCode.NOT_XML),
        ("<Body/>", ProblemCode.ROOT),
        ("<View>" + " " * LARGEST_CONFIG + "</View>", ProblemCode.TOO_LARGE),
    ],
)
def test_what_is_not_a_plain_config_is_refused_before_its_content_is_read(source: str, code: ProblemCode) -> None:
    assert codes(source) == {code}


def test_a_mistake_repeated_thousands_of_times_is_told_once() -> None:
    with pytest.raises(LabelConfigRefused) as refused:
        parse_label_config("<View>" + text() + choices() + "<b/>" * 30_000 + "</View>")
    assert [problem.code for problem in refused.value.problems] == [ProblemCode.UNKNOWN_TAG]


def test_views_nested_beyond_any_recursion_are_read() -> None:
    depth = 9_000
    config = parse_label_config("<View>" * depth + text() + choices() + "</View>" * depth)
    assert config.variables == ("text",)


def test_broken_xml_is_told_by_the_line_and_column_of_the_source() -> None:
    source = '<?xml version="1.0"\n encoding="GBK"?>\n<View>\n  <Text></View>'
    with pytest.raises(LabelConfigRefused) as refused:
        parse_label_config(source)
    problem = refused.value.problems[0]
    assert (problem.code, problem.arguments["line"]) == (ProblemCode.NOT_XML, 4)
    assert source.splitlines()[3][problem.arguments["column"] - 1 :] == "View>"


def test_the_last_header_before_choices_is_their_question_and_earlier_ones_head_their_texts() -> None:
    header = '<Header value="{}"/>'.format
    config = parse_label_config(
        "<View>"
        + header("商品")
        + text("a")
        + header("评论")
        + text("b")
        + header("态度？")
        + choices(to="b")
        + "</View>"
    )
    assert [shown.heading for shown in config.objects] == ["商品", "评论"]
    assert config.controls[0].question == "态度？"
    assert config.headers == ("商品", "评论", "态度？")


def test_a_header_above_the_only_text_is_the_question_and_is_not_shown_twice() -> None:
    config = parse_label_config(f'<View><Header value="态度？"/>{text()}{choices()}</View>')
    assert (config.objects[0].heading, config.controls[0].question) == ("", "态度？")


def test_every_code_has_a_sentence_of_its_own() -> None:
    assert set(SENTENCES) == set(ProblemCode)
    assert len(set(SENTENCES.values())) == len(ProblemCode)


def read_or_refuse(source: str) -> LabelConfig | None:
    """What the parser promises for any text: a config that holds together, or a refusal that says why."""
    try:
        config = parse_label_config(source)
    except LabelConfigRefused as refused:
        if not refused.problems:
            raise
        str(refused).encode()
        return None
    names = [shown.name for shown in config.objects]
    for control in config.controls:
        assert control.to_name in names
        values = [choice.value for choice in control.choices]
        assert len(set(values)) == len(values) >= 2
        assert all(values)
    assert config.objects
    assert config.controls
    assert all(config.variables)
    return config


@given(st.one_of(st.text(), st.binary().map(lambda noise: noise.decode(errors="surrogateescape"))))
def test_noise_is_refused_by_name_and_nothing_else_ever_comes_out(noise: str) -> None:
    assert read_or_refuse(noise) is None
    assert read_or_refuse(f"<View>{noise}</View>") is None


WORDS = st.sampled_from(["", "t", "c", "x", "$t", "$x", "single", "multiple", "false", "\ud800", "&#0;", "<", "好"])
ATTRIBUTES = st.dictionaries(st.sampled_from(["name", "toName", "value", "choice", "alias", "required"]), WORDS)
TAGS = st.sampled_from(["View", "Text", "Choices", "Choice", "Header", "Image", "script"])


@st.composite
def elements(draw: st.DrawFn, inside: st.SearchStrategy[str] = st.just("")) -> str:  # noqa: B008 -- a strategy is a value
    tag, attributes = draw(TAGS), draw(ATTRIBUTES)
    written = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f"<{tag}{written}>{draw(inside)}</{tag}>"


TREES = st.recursive(elements(), lambda inner: elements(st.lists(inner, max_size=4).map("".join)), max_leaves=12)


@given(st.lists(TREES, max_size=4).map("".join))
def test_trees_of_known_and_unknown_tags_are_read_or_refused_by_name(body: str) -> None:
    read_or_refuse(f"<View>{body}</View>")
    # Beside a good pair the other mistakes decide alone.
    read_or_refuse(f"<View>{text('good')}{choices('fine', 'good')}{body}</View>")
