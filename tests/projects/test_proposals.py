"""Predictions that come with rows: which are taken, which cost a row nothing but themselves, and what is told."""

import json
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from leye_platform.accounts.rules import Role
from leye_platform.installation import Installation
from leye_platform.projects.ingest.proposals import (
    PROPOSAL_WORDS,
    ProposalProblem,
    ProposalRefused,
    propose,
    refused_proposals,
    with_refusals,
)
from leye_platform.projects.ingest.rows import NotANumber, plain_row
from leye_platform.projects.models import Item, MicroTask, Project
from leye_platform.projects.task_type import TaskType, task_type
from leye_task_templates.template import ResultProblemCode
from support.at_work import words
from support.boxes import BOXES, PictureBatches, box, photos
from support.clock import MovableClock
from support.factories import ENTITIES, SENTIMENT, TOPICS, chosen, make_project
from support.pictures import packed
from support.shipping import Shipping

CLASSES = task_type("text_classification", SENTIMENT)
SPANS = task_type("named_entities", ENTITIES)
RECTANGLES = task_type("image_boxes", BOXES)
SHORT = {"review": "味道不错"}
EMOJI = {"review": "👩‍🔧李娜在上海"}
PICTURE = {"photo": {"width": 400, "height": 300}}


def prediction(result: object, **more: Any) -> dict[str, Any]:
    return {"result": result, **more}


def span(start: int, end: int, label: str = "地名", control: str = "label") -> dict[str, Any]:
    value = {"start": start, "end": end, "text": "不看这里", "labels": [label]}
    return {"id": "a", "from_name": control, "to_name": "text", "type": "labels", "value": value}


def refusal(kind: TaskType, content: dict[str, Any], predictions: object) -> str:
    with pytest.raises(ProposalRefused) as refused:
        propose(kind, [content], predictions)
    return refused.value.code


@pytest.mark.parametrize("nothing", [None, [], "", "  "])
def test_a_row_without_predictions_has_no_proposal(nothing: object) -> None:
    assert propose(CLASSES, [SHORT], nothing) is None


def test_a_prediction_becomes_a_canonical_answer_with_its_version_and_score() -> None:
    given = [prediction(chosen("负面"), model_version="bert-3", score=0.8, id=9)]
    [proposal] = propose(CLASSES, [SHORT], given) or []
    assert proposal["result"] == CLASSES.template.result_from_form(CLASSES.config, SHORT, ["负面"])
    assert (proposal["model_version"], proposal["score"]) == ("bert-3", 0.8)


@pytest.mark.parametrize("score", [None, "0.8", True, float("nan"), 10**400])
def test_a_score_that_is_no_number_is_left_out(score: object) -> None:
    [proposal] = propose(CLASSES, [SHORT], [prediction(chosen("负面"), score=score, model_version=3)]) or []
    assert (proposal["model_version"], proposal["score"]) == (None, None)


def test_the_first_prediction_that_fits_is_taken_and_the_newest_of_dated_ones() -> None:
    two = [prediction(chosen("中性")), prediction(chosen("负面"), model_version="b"), prediction(chosen("正面"))]
    [proposal] = propose(CLASSES, [SHORT], two) or []
    assert proposal["model_version"] == "b"
    dated = [
        prediction(chosen("负面"), created_at="2026-01-02T08:00:00Z", model_version="old"),
        prediction(chosen("正面"), created_at="2026-03-02T08:00:00Z", model_version="new"),
    ]
    [proposal] = propose(CLASSES, [SHORT], dated) or []
    assert proposal["model_version"] == "new"


def test_positions_of_spans_count_code_points_so_that_an_emoji_counts_as_its_parts() -> None:
    [proposal] = propose(SPANS, [EMOJI], [prediction([span(6, 8)])]) or []
    assert proposal["result"][0]["value"]["text"] == "上海"
    assert refusal(SPANS, EMOJI, [prediction([span(7, 9)])]) == ResultProblemCode.SPAN_OUTSIDE


def test_no_span_and_no_box_are_proposals_too() -> None:
    for kind, content in ((SPANS, EMOJI), (RECTANGLES, PICTURE)):
        [proposal] = propose(kind, [content], [prediction([])]) or []
        assert proposal["result"] == []


def test_a_box_is_kept_in_per_cent_with_the_size_of_the_picture_itself() -> None:
    [proposal] = propose(RECTANGLES, [PICTURE], [prediction([box(10, 20, 30, 40, "狗")])]) or []
    [region] = proposal["result"]
    assert (region["original_width"], region["value"]["width"]) == (400, 30)


@pytest.mark.parametrize(
    ("kind", "content", "result", "code"),
    [
        (CLASSES, SHORT, chosen("中性"), ResultProblemCode.UNKNOWN_CHOICE),
        (CLASSES, SHORT, chosen("正面", control="topic"), ResultProblemCode.UNKNOWN_CONTROL),
        (CLASSES, SHORT, chosen("正面", "负面"), ResultProblemCode.ONE_ONLY),
        (CLASSES, SHORT, [], ResultProblemCode.NOTHING_CHOSEN),
        (CLASSES, SHORT, ["正面"], ResultProblemCode.NOT_REGIONS),
        (SPANS, EMOJI, [span(0, 1, "公司")], ResultProblemCode.UNKNOWN_CHOICE),
        (SPANS, EMOJI, [span(3, 3)], ResultProblemCode.SPAN_OUTSIDE),
        (SPANS, EMOJI, [span(0, 1, control="sentiment")], ResultProblemCode.UNKNOWN_CONTROL),
        (SPANS, EMOJI, [span(0, 1) | {"value": None}], ResultProblemCode.NOT_REGIONS),
        (RECTANGLES, PICTURE, [box(90, 10, 20, 10)], ResultProblemCode.BOX_OUTSIDE),
        (RECTANGLES, PICTURE, [box(1, 1, 2, 2, "马")], ResultProblemCode.UNKNOWN_CHOICE),
        (CLASSES, SHORT, None, ProposalProblem.NO_RESULT),
        (CLASSES, SHORT, {}, ProposalProblem.NO_RESULT),
        (RECTANGLES, PICTURE, [box(NotANumber(), 1, 2, 2)], ProposalProblem.NOT_STORABLE),  # type: ignore[arg-type]
        (CLASSES, SHORT, chosen("正面\x00"), ProposalProblem.NOT_STORABLE),
    ],
)
def test_what_does_not_fit_is_named_by_its_reason(
    kind: TaskType, content: dict[str, Any], result: object, code: str
) -> None:
    assert refusal(kind, content, [prediction(result)]) == code
    assert code in PROPOSAL_WORDS


@pytest.mark.parametrize("shape", [{}, 7, "没有", '{"result": []}', True])
def test_predictions_that_are_no_list_are_said_to_be_none(shape: object) -> None:
    assert refusal(CLASSES, SHORT, shape) == ProposalProblem.NOT_A_LIST


@pytest.mark.parametrize("shape", [[None], ["正面"], [[]], [{}]])
def test_a_prediction_without_a_result_is_told(shape: object) -> None:
    assert refusal(CLASSES, SHORT, shape) == ProposalProblem.NO_RESULT


def test_of_several_that_do_not_fit_the_first_reason_is_told() -> None:
    two = [prediction(chosen("中性")), prediction(None)]
    assert refusal(CLASSES, SHORT, two) == ResultProblemCode.UNKNOWN_CHOICE


def test_predictions_stand_beside_a_task_or_in_a_column_that_no_variable_has() -> None:
    given = [prediction(chosen("正面"))]
    assert plain_row({"data": {"review": "好", "predictions": "文字"}, "predictions": given}).predictions == given
    assert plain_row({"data": {"review": "好", "predictions": "文字"}}).data["predictions"] == "文字"
    row = plain_row({"review": "好", "predictions": json.dumps(given)})
    assert row.data == {"review": "好"}
    assert propose(CLASSES, [row.data], row.predictions)
    asked = plain_row({"predictions": "明天有雨"}, ["predictions"])
    assert (asked.data, asked.predictions) == ({"predictions": "明天有雨"}, None)


def test_reasons_are_counted_with_the_first_row_of_each() -> None:
    code = ResultProblemCode.SPAN_OUTSIDE
    kept = with_refusals(with_refusals({}, [(code, 7), (ProposalProblem.NOT_A_LIST, 8)]), [(code, 502)])
    assert [(one.count, one.row) for one in refused_proposals(kept)] == [(2, 7), (1, 8)]
    assert refused_proposals({"of a later version": {"count": 1, "row": 1}})[0].words


class Batches(PictureBatches):
    """The same with a project of texts."""

    def __init__(self, shipping: Shipping, label_config: str = SENTIMENT) -> None:
        super().__init__(shipping)
        with shipping.database.write() as session:
            self.project_id = make_project(session, label_config=label_config).id

    def proposals(self, batch_id: UUID) -> list[Any]:
        with self.shipping.database.read() as session:
            query = select(MicroTask.proposal).join(Item, Item.id == MicroTask.item_id)
            return list(session.scalars(query.where(Item.batch_id == batch_id).order_by(Item.row)))


@pytest.fixture
def shipping(installation: Installation, clock: MovableClock) -> Shipping:
    return Shipping(installation, clock)


def lines(*rows: dict[str, Any]) -> bytes:
    return "\n".join(json.dumps(row) for row in rows).encode()


ROWS = lines(
    {"data": {"review": "好吃"}, "predictions": [prediction(chosen("正面"), model_version="m", score=0.9)]},
    {"data": {"review": "太咸"}, "predictions": [prediction(chosen("中性"))]},
    {"data": {"review": "还行"}, "predictions": {"result": []}},
    {"data": {"review": "难吃"}},
    {"data": {"review": "标准"}, "gold_answer": "正面", "predictions": [prediction(chosen("正面"))]},
    {"data": {"review": "一般"}, "predictions": [prediction(chosen("随便"))]},
    {"data": {}},
)


def test_rows_come_in_whatever_their_predictions_are_and_a_gold_item_has_none(shipping: Shipping) -> None:
    batches = Batches(shipping)
    batch_id = batches.read(ROWS, "任务.jsonl")
    batch = batches.batch(batch_id)
    assert (batch.rows_in, batch.rows_refused, batch.proposals_in) == (6, 1, 1)
    assert batch.proposals_refused == {
        ResultProblemCode.UNKNOWN_CHOICE: {"count": 2, "row": 2},
        ProposalProblem.NOT_A_LIST: {"count": 1, "row": 3},
    }
    [first, *others] = batches.proposals(batch_id)
    assert (first["model_version"], first["score"]) == ("m", 0.9)
    assert first["result"][0]["value"] == {"choices": ["正面"]}
    assert others == [None] * 5
    assert batches.items(batch_id)[0][2] == {"review": "好吃"}


def test_a_manifest_brings_proposals_for_pictures(shipping: Shipping) -> None:
    batches = PictureBatches(shipping)
    cell = json.dumps([prediction([box(10, 10, 20, 20)])], ensure_ascii=False).replace('"', '""')
    manifest = f'photo,predictions\np001.jpg,"{cell}"\np002.jpg,\n'
    batch_id = batches.read(packed({"manifest.csv": manifest.encode(), **photos(2)}))
    assert (batches.batch(batch_id).proposals_in, batches.batch(batch_id).proposals_refused) == (1, {})
    assert [data for _, _, data in batches.items(batch_id)] == [{"photo": "p001.jpg"}, {"photo": "p002.jpg"}]


def test_the_batch_page_says_what_became_of_them_on_both_sides(shipping: Shipping) -> None:
    batches = Batches(shipping)
    batch_id = batches.read(ROWS, "任务.jsonl")
    coordinator = shipping.browser(shipping.actor(Role.COORDINATOR).person_id)
    page = words(coordinator.get(f"/batches/{batch_id}").text)
    assert "1 条带着可以用的结果。标注员现在看不到" in page
    assert "还有 3 条的结果不能用，条目照样收下了：" in page
    assert "有标签配置里没有的标签：2 条，第一条在第 2 行。" in page
    assert "predictions 不是列表：1 条，第一条在第 3 行。" in page
    with shipping.database.read() as session:
        firm = session.get_one(Project, batches.project_id).organisation_id
    partner = shipping.browser(shipping.actor(Role.PARTNER_ADMIN, firm).person_id)
    theirs = words(partner.get(f"/partner/batches/{batch_id}").text)
    assert "1 条带着可以用的结果。" in theirs
    assert "看不到" not in theirs
    report = coordinator.get(f"/api/v1/batches/{batch_id}/report").text
    assert "太咸" not in report
    told = coordinator.get(f"/api/v1/batches/{batch_id}").json()
    assert (told["proposals_in"], told["proposals_refused"]) == (1, 3)


def test_a_batch_without_predictions_says_nothing_of_them(shipping: Shipping) -> None:
    batches = Batches(shipping, TOPICS)
    batch_id = batches.read("review\n好吃\n".encode(), "评论.csv")
    coordinator = shipping.browser(shipping.actor(Role.COORDINATOR).person_id)
    assert "机器先标的结果" not in coordinator.get(f"/batches/{batch_id}").text


def test_a_project_shows_nothing_until_its_coordinator_says_so(shipping: Shipping) -> None:
    project_id = Batches(shipping).project_id
    coordinator = shipping.browser(shipping.actor(Role.COORDINATOR).person_id)
    path = f"/projects/{project_id}"
    assert "标注员看不到" in coordinator.get(path).text
    for given, said in (({"show_proposals": "yes"}, "标注员看得到"), ({}, "标注员看不到")):
        answer = coordinator.post(f"{path}/proposals", **given)
        assert answer.headers["location"] == f"{path}#proposals-title"
        assert said in coordinator.get(path).text
        assert shipping.project(project_id).show_proposals == bool(given)
