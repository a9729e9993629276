"""CONLL2003 and ASR_MANIFEST: every span found again, and what has no place refused or told."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leye_platform.exports.conll import Span, tagged
from leye_platform.exports.format import FormatUnfit
from leye_platform.exports.formats import FORMATS, format_named, formats_for
from leye_platform.exports.losses import LOSS_SENTENCES, Loss
from leye_platform.projects.task_type import TaskType, task_type
from leye_task_templates.label_config import LabelConfig, LabelsControl, TextObject
from support.boxes import BOXES
from support.exporting import export_rows, framed, photo, span, write
from support.factories import ENTITIES, SENTIMENT

NER = "named_entities"


def test_words_carry_their_tags_as_label_studio_writes_them() -> None:
    text = "John Smith lives in New York."
    written = write(
        "CONLL2003",
        ENTITIES,
        NER,
        [({"review": text}, [span(text, "John Smith", "人名"), span(text, "New York", "地名")])],
    )
    assert written.text == (
        "-DOCSTART- -X- O\nJohn -X- _ B-人名\nSmith -X- _ I-人名\nlives -X- _ O\nin -X- _ O\n"
        "New -X- _ B-地名\nYork -X- _ I-地名\n. -X- _ O\n\n"
    )
    assert written.lost == dict.fromkeys(("confidence", "guide_version", "names_of_items", "text_spaces"))


def test_chinese_is_parted_by_characters_so_that_no_span_is_moved() -> None:
    text = "李娜在上海说OK3次"
    written = write(
        "CONLL2003",
        ENTITIES,
        NER,
        [({"review": text}, [span(text, "李娜", "人名"), span(text, "上海", "地名"), span(text, "K", "人名")])],
    )
    lines = [line.split(" -X- _ ") for line in written.text.splitlines()[1:-1]]
    assert lines[0] == ["李", "B-人名"]
    assert lines[3:5] == [["上", "B-地名"], ["海", "I-地名"]]
    assert lines[6:] == [["O", "O"], ["K", "B-人名"], ["3", "O"], ["次", "O"]]


def test_of_two_spans_that_overlap_the_earlier_stays_and_the_other_is_told() -> None:
    text = "New York City"
    spans = [span(text, "York City", "人名"), span(text, "New York", "地名"), span(text, "New", "人名")]
    written = write("CONLL2003", ENTITIES, NER, [({"review": text}, spans)])
    assert written.lost["overlap"] == 2
    assert [line.rpartition(" ")[2] for line in written.text.splitlines()[1:4]] == ["B-地名", "I-地名", "O"]


def test_blanks_signs_and_names_with_blanks_never_break_a_line() -> None:
    config = ENTITIES.replace("人名", "full name")
    text = "甲\u2028乙\x00\u202e丙\x85丁 \u3000e\u0301"
    written = write("CONLL2003", config, NER, [({"review": text}, [span(text, "甲", "full name")])])
    lines = written.text.split("\n")
    assert lines[1] == "甲 -X- _ B-full_name"
    assert all(len(line.split()) == 4 for line in lines[1:-2])
    assert "\x00" not in written.text


@given(st.text(min_size=1, max_size=40), st.data())
def test_spans_are_read_back_whole(text: str, data: st.DataObject) -> None:
    at, spans = 0, []
    while at < len(text) and data.draw(st.booleans()):
        start = data.draw(st.integers(at, len(text) - 1))
        end = data.draw(st.integers(start + 1, len(text)))
        spans.append(Span(start, end, "A"))
        at = end
    found: list[str] = []
    words = list(tagged(text, spans))
    for word, tag in words:
        if tag.startswith("B-"):
            found.append(word)
        elif tag.startswith("I-"):
            found[-1] += word
    for span_ in spans:
        inside = "".join(word for word, _ in tagged(text[span_.start : span_.end], []))
        if inside:
            assert found.pop(0) == inside
    assert found == []
    kept = "".join(sign for sign in text if not sign.isspace()).replace("\x00", "\ufffd")
    assert "".join(word for word, _ in words) == kept


CLASSES = task_type("text_classification", SENTIMENT)
SPEECH = TaskType(
    template=CLASSES.template,
    consensus=CLASSES.consensus,
    config=LabelConfig(
        objects=(TextObject("audio", "url", ""),),
        controls=(),
        headers=(),
        labellings=(LabelsControl("TextArea", "said", "audio", "", ()),),
    ),
)


def said(text: Any, **more: Any) -> dict[str, Any]:
    return {"from_name": "said", "to_name": "audio", "type": "textarea", "value": {"text": text}, **more}


def test_a_manifest_has_a_line_for_each_recording_with_a_text() -> None:
    form = format_named("ASR_MANIFEST")
    losses = form.losses()
    items: list[tuple[dict[str, Any], list[Any]]] = [
        ({"url": "a.wav"}, [said(["你好", "世界"], original_length=3.5)]),
        ({"url": {"file": "b.wav"}}, [said("再见"), {"type": "choices", "value": {}}]),
        ({"url": "c.wav"}, []),
    ]
    lines = b"".join(form.write(export_rows(SPEECH, items), losses)).splitlines()
    first, second = (orjson.loads(line) for line in lines)
    assert (first["audio_filepath"], first["duration"], first["text"]) == ("a.wav", 3.5, "你好 世界")
    assert (first["confidence"], first["guide_version"], first["external_id"]) == (0.987654, 3, "x-1")
    assert (second["audio_filepath"], second["text"], "duration" in second) == ("b.wav", "再见", False)
    assert {line.loss: line.times for line in losses.lines()} == {Loss.SEVERAL_TEXTS: 1, Loss.OTHER_REGION: 1}


@pytest.mark.parametrize(
    ("name", "kind", "config"),
    [
        ("COCO", NER, ENTITIES),
        ("VOC", "text_classification", SENTIMENT),
        ("YOLO", NER, ENTITIES),
        ("CONLL2003", "image_boxes", BOXES),
        ("ASR_MANIFEST", "image_boxes", BOXES),
    ],
)
def test_a_format_without_a_place_for_the_annotations_is_refused_at_once(name: str, kind: str, config: str) -> None:
    with pytest.raises(FormatUnfit) as refused:
        format_named(name).write(export_rows(task_type(kind, config), []))
    assert name in str(refused.value)
    assert "JSON" in str(refused.value)


def test_each_task_type_is_offered_what_fits_it() -> None:
    everything = {"JSON", "JSON_MIN", "JSONL", "CSV", "TSV", "PARQUET"}
    fitting = {
        kind: {form.name for form in formats_for(task_type(kind, config).config)}
        for kind, config in (("text_classification", SENTIMENT), (NER, ENTITIES), ("image_boxes", BOXES))
    }
    assert fitting["text_classification"] == everything
    assert fitting[NER] == everything | {"CONLL2003"}
    assert {"COCO", "YOLO", "YOLO_OBB", "VOC", *everything} < fitting["image_boxes"]
    assert {form.name for form in formats_for(SPEECH.config)} == everything | {"ASR_MANIFEST"}


def test_what_is_no_span_is_told() -> None:
    written = write(
        "CONLL2003",
        ENTITIES,
        NER,
        [({"review": "好"}, [framed(0, 0, 1, 1, "人名")]), (photo("a") | {"review": ""}, [])],
    )
    assert written.lost["other_region"] == 1


def test_every_loss_has_its_sentence_and_every_format_a_title() -> None:
    assert set(LOSS_SENTENCES) == set(Loss)
    assert all(form.title and form.name == name for name, form in FORMATS.items())
