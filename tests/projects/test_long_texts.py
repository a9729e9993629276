"""Long texts are cut where paragraphs end, marked part by part, and delivered as one with every span in its place."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from leye_platform.accounts.rules import Role
from leye_platform.assignments.claim import Nothing
from leye_platform.assignments.expiry import expire_leases
from leye_platform.assignments.models import Assignment, Response
from leye_platform.assignments.own import Annotator
from leye_platform.billing.books import check_books
from leye_platform.billing.models import InvoiceLine
from leye_platform.delivery.models import LotItem
from leye_platform.exports.rows import decided_rows
from leye_platform.installation import Installation
from leye_platform.projects.models import MicroTask
from leye_platform.projects.rules import ItemState, Pipeline, item_state_of
from leye_platform.projects.splitting import cut_result, joined_result, parts_of
from leye_platform.projects.task_type import task_type
from leye_platform.review.models import Decision
from leye_platform.review.rules import Reason, ReviewCause, Verdict
from leye_task_templates.splitting import PART, SplitRule
from leye_task_templates.template import ResultRefused
from support.clock import MovableClock
from support.factories import ENTITIES
from support.parts import LONG, PARAGRAPHS, SHORT, LongTexts, marked, spans_of
from support.reviewing import IN_DOUBT, Reviewing
from support.shipping import ONE

KIND = task_type("named_entities", ENTITIES)
_S = ItemState


@pytest.fixture
def people(installation: Installation, clock: MovableClock) -> Reviewing:
    return Reviewing(installation, clock)


@given(
    st.lists(st.sampled_from(["李娜去了。", "敦煌，", "很远", "\n\n", "上海 ", "e\u0301😀"]), max_size=80).map("".join),
    st.integers(5, 60),
)
def test_what_is_marked_in_the_parts_joins_to_what_is_marked_in_the_whole(text: str, above: int) -> None:
    problems, contents = parts_of(KIND, {"review": text}, SplitRule(texts_above=above))
    if problems:
        assert not text.strip()
        return
    parts = [KIND.template.validate_result(KIND.config, part, marked(part["review"])) for part in contents]
    joined = joined_result(KIND, contents, parts)
    assert all(text[start:end] == words for start, end, _, words in spans_of(joined))
    assert KIND.template.validate_result(KIND.config, {"review": text}, joined) == joined
    assert cut_result(KIND, contents, joined) == parts
    if len(contents) > 1:
        assert [text[part[PART]["start"] : part[PART]["end"]] for part in contents] == [p["review"] for p in contents]


def test_a_span_across_two_parts_is_refused_before_it_is_made() -> None:
    _, contents = parts_of(KIND, {"review": LONG}, SplitRule(texts_above=100))
    border = contents[0][PART]["end"]
    value = {"start": border - 2, "end": border + 2, "text": LONG[border - 2 : border + 2], "labels": ["人名"]}
    with pytest.raises(ResultRefused, match="跨了两段"):
        cut_result(KIND, contents, [{"value": value}])


@given(st.lists(st.sampled_from(list(ItemState)), min_size=1, max_size=6))
def test_an_item_is_with_the_reviewers_while_a_part_is_and_decided_when_all_are(parts: list[ItemState]) -> None:
    state = item_state_of(parts)
    assert (state is _S.REVIEW) == (_S.REVIEW in parts)
    assert (state is _S.DECIDED) == (set(parts) == {_S.DECIDED})
    assert item_state_of([parts[0]]) is parts[0]


def test_a_long_text_is_delivered_and_billed_as_one(people: Reviewing) -> None:
    texts = LongTexts(people, ONE)
    texts.change(unit="object")
    batch_id, who = texts.uploaded(LONG, SHORT), people.person()
    assert [(row, task.part) for row, task in texts.tasks(batch_id)] == [(1, 1), (1, 2), (1, 3), (1, 4), (2, 1)]
    assert [task.content["review"].strip() for row, task in texts.tasks(batch_id) if row == 1] == PARAGRAPHS
    texts.works(who, batch_id, 3)
    assert texts.states(batch_id) == (_S.WORKING, [_S.DECIDED] * 3 + [_S.WAITING])
    assert texts.joined(batch_id) == []
    texts.works(who, batch_id, 2)
    [joined] = texts.joined(batch_id)
    assert spans_of(joined.result) == spans_of(marked(LONG))
    with people.database.read() as session:
        sure = session.scalars(select(Decision.confidence).where(Decision.item_id == joined.item_id)).all()
        exported = {row.data["review"]: row for row in decided_rows(session, texts.project_id, {})}
    assert joined.confidence == pytest.approx(sure[0] * sure[1] * sure[2] * sure[3])
    assert texts.item(batch_id).state is texts.item(batch_id, 2).state is _S.DECIDED
    assert (exported[LONG].result, exported[LONG].confidence) == (joined.result, joined.confidence)
    assert spans_of(exported[SHORT].result) == spans_of(marked(SHORT))
    lot_id = people.cut(batch_id)
    with people.database.read() as session:
        held = {one.item_id: one for one in session.scalars(select(LotItem).where(LotItem.lot_id == lot_id))}
    assert held[joined.item_id].result == joined.result
    assert held[joined.item_id].quantity == len(marked(LONG))
    people.accept(lot_id)
    people.invoice(people.lot(lot_id).organisation_id)
    with people.database.read() as session:
        assert session.scalars(select(InvoiceLine.quantity)).one() == len(marked(LONG)) + len(marked(SHORT))
        assert check_books(session) == []


def test_who_differ_on_a_part_have_it_settled_and_the_others_go_on(people: Reviewing) -> None:
    texts = LongTexts(people, IN_DOUBT)
    batch_id = texts.uploaded(LONG)
    one, other = people.person(), people.person()
    texts.works(one, batch_id, 2)
    texts.works(other, batch_id, 1, wrong=True)
    assert texts.states(batch_id) == (_S.REVIEW, [_S.REVIEW, _S.WORKING, _S.WAITING, _S.WAITING])
    review_id = people.must_take()
    first = texts.tasks(batch_id)[0][1]
    people.settles(review_id, Verdict.FIX, Reason.WRONG_LABEL, result=texts.right(batch_id, first.id))
    assert texts.states(batch_id) == (_S.WORKING, [_S.DECIDED, _S.WORKING, _S.WAITING, _S.WAITING])
    texts.works(other, batch_id, 3, wrong=True)
    texts.works(one, batch_id, 2)
    for _ in range(3):
        review_id = people.must_take()
        task = people.review(review_id).microtask_id
        people.settles(review_id, Verdict.FIX, Reason.WRONG_LABEL, result=texts.right(batch_id, task))
    assert texts.item(batch_id).state is _S.DECIDED
    [joined] = texts.joined(batch_id)
    assert spans_of(joined.result) == spans_of(marked(LONG))


def test_nobody_is_in_two_functions_on_one_item_whichever_the_part(people: Reviewing) -> None:
    texts = LongTexts(people, IN_DOUBT)
    batch_id = texts.uploaded(LONG)
    one, other = people.person(), people.person()
    texts.works(one, batch_id, 3)
    texts.works(other, batch_id, 1, wrong=True)
    assert people.takes(people.also_reviewer(one.person_id)) is None
    outsider = people.person()
    also = people.also_reviewer(outsider.person_id)
    assert people.takes(also) is not None
    assert isinstance(people.claim(outsider, texts.project_id), Nothing)
    texts.works(other, batch_id, 3, wrong=True)  # who answers one part may answer the others


def skipped_part(people: Reviewing) -> tuple[LongTexts, Any, Annotator]:
    """Three parts are marked, one was called unusable by a reviewer."""
    texts = LongTexts(people, IN_DOUBT)
    batch_id, one, other = texts.uploaded(LONG), people.person(), people.person()
    texts.works(one, batch_id, 4)
    texts.works(other, batch_id, 1, wrong=True)
    people.settles(people.must_take(), Verdict.UNUSABLE, Reason.UNREADABLE)
    return texts, batch_id, other


def test_an_unusable_part_brings_the_item_to_review_and_can_be_made_good(people: Reviewing) -> None:
    texts, batch_id, other = skipped_part(people)
    assert texts.states(batch_id) == (_S.REVIEW, [_S.REVIEW, _S.WORKING, _S.WORKING, _S.WORKING])
    [again] = texts.open_reviews()
    assert again.cause is ReviewCause.PART_UNUSABLE
    texts.works(other, batch_id, 3, wrong=True)
    fresh = people.actor(Role.REVIEWER)
    seen = []
    for _ in range(4):
        review_id = people.must_take(fresh)
        seen.append(people.review(review_id).cause)
        task = people.review(review_id).microtask_id
        result = [] if seen[-1] is ReviewCause.PART_UNUSABLE else texts.right(batch_id, task)
        people.settles(review_id, Verdict.FIX, Reason.OTHER, fresh, comment="这一段没有", result=result)
    assert ReviewCause.PART_UNUSABLE in seen
    [joined] = texts.joined(batch_id)
    first = len(texts.tasks(batch_id)[0][1].content["review"])
    assert spans_of(joined.result) == [span for span in spans_of(marked(LONG)) if span[0] >= first]


def test_a_second_verdict_takes_the_whole_item_out_and_what_was_done_is_paid(people: Reviewing) -> None:
    texts, batch_id, other = skipped_part(people)
    held, task = texts.takes(other)
    people.settles(people.must_take(), Verdict.UNUSABLE, Reason.UNREADABLE)
    assert texts.states(batch_id) == (_S.UNUSABLE, [_S.UNUSABLE] + [_S.WITHDRAWN] * 3)
    texts.gives(other, held, texts.right(batch_id, task.id))
    assert isinstance(people.claim(people.person(), texts.project_id), Nothing)
    with people.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Response)) == 6
        assert check_books(session) == []
    assert texts.joined(batch_id) == []


def test_a_part_sent_back_by_a_reviewer_is_done_anew_beside_the_others(people: Reviewing) -> None:
    texts = LongTexts(people, IN_DOUBT)
    batch_id, one, other = texts.uploaded(LONG), people.person(), people.person()
    texts.works(one, batch_id, 2)
    texts.works(other, batch_id, 2, wrong=True)
    people.settles(people.must_take(), Verdict.SEND_BACK, Reason.MISREAD_GUIDE)
    assert texts.states(batch_id) == (_S.REVIEW, [_S.REWORK, _S.REVIEW, _S.WAITING, _S.WAITING])
    people.settles(people.must_take(), Verdict.SEND_BACK, Reason.MISREAD_GUIDE)
    assert texts.states(batch_id) == (_S.WORKING, [_S.REWORK, _S.REWORK, _S.WAITING, _S.WAITING])
    for who in (one, other):
        texts.works(who, batch_id, 4)
    assert texts.item(batch_id).state in {_S.DECIDED, _S.REVIEW}
    while (review_id := people.takes()) is not None:
        task = people.review(review_id).microtask_id
        people.settles(review_id, Verdict.FIX, Reason.WRONG_LABEL, result=texts.right(batch_id, task))
    [joined] = texts.joined(batch_id)
    assert spans_of(joined.result) == spans_of(marked(LONG))


def test_an_item_sent_back_goes_to_all_its_parts_and_comes_in_a_later_lot(people: Reviewing) -> None:
    texts = LongTexts(people, ONE)
    batch_id, who = texts.uploaded(LONG, SHORT), people.person()
    texts.works(who, batch_id, 5, wrong=True)
    lot_id = people.cut(batch_id)
    partner = people.actor(Role.PARTNER_QA, people.lot(lot_id).organisation_id)
    people.send_back(partner, lot_id, [texts.item(batch_id).id])
    assert texts.states(batch_id) == (_S.REWORK, [_S.REWORK] * 4)
    texts.works(who, batch_id, 4)
    empty, joined = texts.joined(batch_id)
    assert (empty.result, spans_of(joined.result)) == ([], spans_of(marked(LONG)))
    with people.database.read() as session:
        later = session.scalars(select(LotItem).where(LotItem.lot_id == people.cut(batch_id))).one()
    assert (later.item_id, later.result) == (joined.item_id, joined.result)


def test_a_late_answer_that_changes_a_part_changes_the_item(people: Reviewing) -> None:
    texts = LongTexts(people, Pipeline(overlap_start=2, overlap_limit=5, confidence=0.6, gold_share=0))
    batch_id = texts.uploaded("\n".join(PARAGRAPHS[::2]))
    late: list[tuple[Annotator, UUID, MicroTask]] = []
    for _ in range(2):
        late += [(who, *texts.takes(who)) for who in (people.person() for _ in range(4))]
        people.clock.move(hours=30)
        with people.database.write() as session:
            assert expire_leases(session, people.clock.now()) == 4
    for who in (people.person(), people.person()):
        texts.works(who, batch_id, 1, wrong=True)
        texts.works(who, batch_id, 1)
    [before] = texts.joined(batch_id)
    assert {span[3] for span in spans_of(before.result)} == {"李娜", "敦煌"}
    for who, assignment, task in late:
        if task.part == 1:
            texts.gives(who, assignment, texts.right(batch_id, task.id))
    last = texts.joined(batch_id)[-1]
    assert last.version > before.version
    assert spans_of(last.result) == spans_of(texts.truth[1])


def test_the_last_parts_decided_at_once_give_one_annotation(people: Reviewing) -> None:
    texts = LongTexts(people, ONE)
    batch_id = texts.uploaded(LONG)
    held = [(who, *texts.takes(who)) for who in (people.person() for _ in range(4))]
    answers = [(who, assignment, texts.right(batch_id, task.id)) for who, assignment, task in held]
    with ThreadPoolExecutor(max_workers=4) as pool:
        list(pool.map(lambda one: texts.gives(*one), answers))
    assert texts.states(batch_id) == (_S.DECIDED, [_S.DECIDED] * 4)
    [joined] = texts.joined(batch_id)
    assert spans_of(joined.result) == spans_of(marked(LONG))


def test_gold_and_proposals_are_cut_as_their_item_is(people: Reviewing) -> None:
    texts = LongTexts(people, Pipeline(overlap_start=1, gold_share=0.5))
    known = [[start, end, label] for start, end, label, _ in spans_of(marked(LONG))]
    batch_id = texts.uploaded(
        {"review": LONG, "gold_answer": known, "external_id": "g"},
        {"review": LONG, "external_id": "p", "predictions": [{"result": marked(LONG), "score": 0.5}]},
        {"review": LONG, "external_id": "x", "gold_answer": [[len(PARAGRAPHS[0]) - 1, len(PARAGRAPHS[0]) + 3, "人名"]]},
    )
    tasks = texts.tasks(batch_id)
    gold = [task for row, task in tasks if row == 1]
    proposed = [task for row, task in tasks if row == 2]
    assert [task.gold_labels for task in gold] == [
        KIND.template.labels_of(KIND.config, marked(part.content["review"])) for part in gold
    ]
    assert [spans_of(task.proposal["result"]) for task in proposed if task.proposal] == [
        spans_of(marked(part.content["review"])) for part in proposed
    ]
    assert spans_of(texts.item(batch_id).gold_result or []) == spans_of(marked(LONG))
    assert "跨了两段" in texts.refused(batch_id)[3]


def test_texts_too_long_to_mark_come_in_where_they_are_cut_and_are_refused_where_not(people: Reviewing) -> None:
    texts = LongTexts(people, ONE, above=1000)
    book = LONG * 30
    batch_id = texts.read(orjson.dumps({"review": book}), "a.jsonl")
    tasks = [task for _, task in texts.tasks(batch_id)]
    assert "".join(task.content["review"] for task in tasks) == book
    assert max(len(task.content["review"]) for task in tasks) <= 1000
    texts.change(splitting={})
    whole = texts.batch(texts.read(orjson.dumps({"review": book}), "a.jsonl"))
    assert "3000" in texts.refused(whole.id)[1]


def test_a_row_that_comes_again_is_known_however_it_was_cut(people: Reviewing) -> None:
    texts = LongTexts(people, ONE)
    row = orjson.dumps({"review": LONG, "external_id": "a"})
    batch_id = texts.read(row, "a.jsonl")
    texts.change(splitting={"texts_above": 150})
    other = row.replace("第三天".encode(), "第四天".encode()).replace(b'"a"', b'"a"')
    counted = [texts.added(batch_id, content) for content in (row, other)]
    assert counted == [(1, 0, 0), (0, 1, 0)]
    assert len(texts.tasks(batch_id)) == 4


def test_the_label_studio_face_hands_out_whole_items_only(people: Reviewing) -> None:
    texts = LongTexts(people, ONE)
    batch_id, who = texts.uploaded(LONG, SHORT), people.person()
    number = people.project(texts.project_id).number
    script = people.script(who.person_id)
    part, _ = texts.takes(who)
    given = script.get(f"/api/projects/{number}/next")
    assert given.json()["data"] == {"review": SHORT}
    with people.database.read() as session:
        assert session.get_one(Assignment, part).state == "released"
    answered = script.post(f"/api/tasks/{given.json()['id']}/annotations", json={"result": marked(SHORT)})
    assert answered.status_code == 201
    assert script.get(f"/api/projects/{number}/next").status_code == 404
    overseer = people.script(people.actor(Role.ADMIN).person_id)
    task = texts.item(batch_id).number
    refused = overseer.post(f"/api/tasks/{task}/annotations", json={"result": []})
    assert (refused.status_code, "分成几部分" in refused.text) == (400, True)
    texts.works(people.person(), batch_id, 4)
    shown = overseer.get(f"/api/tasks/{task}").json()
    assert shown["annotations"] == []
    assert spans_of(shown["predictions"][0]["result"]) == spans_of(marked(LONG))
    [exported] = [
        one for one in overseer.get(f"/api/projects/{number}/export?exportType=JSON").json() if one["id"] == task
    ]
    assert exported["annotations"] == []
    assert spans_of(exported["predictions"][0]["result"]) == spans_of(marked(LONG))


def test_the_workbench_and_the_reviewer_see_which_part_it_is(people: Reviewing) -> None:
    texts = LongTexts(people, IN_DOUBT)
    batch_id, one, other = texts.uploaded(LONG), people.person(), people.person()
    texts.works(one, batch_id, 1)
    assignment, _ = texts.takes(one)
    page = people.browser(one.person_id).get(f"/work/tasks/{assignment}")
    assert "这是一篇长文的第 2 段，共 4 段。" in page.text
    told = people.script(one.person_id).get(f"/api/v1/assignments/{assignment}").json()["task"]["data"]
    assert told[PART]["number"] == 2
    assert LONG[told[PART]["start"] : told[PART]["end"]] == told["review"]
    texts.works(other, batch_id, 1, wrong=True)
    review = people.must_take()
    page = people.browser(people.reviewer.person_id).get(f"/review/{review}")
    assert "这是一篇长文的第 1 段，共 4 段。" in page.text
    assert "这一部分不可用" in page.text
