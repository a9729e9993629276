"""The quality report that goes with a lot."""

import pytest
from sqlalchemy import select

from leye_platform.accounts.rules import Role
from leye_platform.assignments.models import Assignment, Response
from leye_platform.assignments.submit import Submission, submit
from leye_platform.delivery.quality_figures import ClassFigures
from leye_platform.delivery.quality_kept import reckon_lot
from leye_platform.delivery.quality_report import Report, in_brief, render_quality_html
from leye_platform.delivery.queries import view_lot
from leye_platform.installation import Installation
from leye_platform.projects.models import Item, MicroTask
from leye_platform.projects.rules import Pipeline, PipelineKind
from leye_platform.review.models import Review
from leye_platform.review.rules import Reason, Verdict
from leye_quality.estimate import Basis
from support.clock import MovableClock
from support.crowd import OpenBatch
from support.factories import ENTITIES, chosen
from support.reviewing import Reviewing
from support.shipping import Shipping


@pytest.fixture
def shipping(installation: Installation, clock: MovableClock) -> Shipping:
    return Shipping(installation, clock)


def one_disagreement(shipping: Shipping) -> OpenBatch:
    """Three items: two people agree on two; on the third they differ, and a third person settles it."""
    batch = shipping.batch(3, gold=1)
    people = [shipping.person() for _ in range(5)]
    for number in range(3):
        for who, label in zip(people, ("正面", "正面" if number else "负面", "正面", "正面", "正面"), strict=True):
            claimed = shipping.claim(who, batch.project_id)
            if hasattr(claimed, "assignment_id"):
                shipping.answers(who, claimed.assignment_id, label)
    return batch


def test_the_figures_tell_of_what_stands_in_the_lot(shipping: Shipping) -> None:
    batch = one_disagreement(shipping)
    lot_id = shipping.cut(batch.batch_id)
    with shipping.database.read() as session:
        shown = view_lot(session, shipping.lot(lot_id))
        quality = reckon_lot(session, shown.lot, shipping.clock.now()).quality
    assert quality.items == shown.included == sum(quality.bands.values())
    assert {word: one.delivered for word, one in quality.classes.items() if one.delivered} == {"正面": quality.items}
    assert quality.answers == quality.agreeing + 1
    assert 0 < quality.agreement < 1
    assert 0.5 < quality.mean_confidence <= 1
    assert quality.guides == {1}
    assert quality.reviewed == 0
    assert quality.confusion == {("正面", "正面"): quality.answers - 1, ("正面", "负面"): 1}
    assert quality.mistaken == [("正面", "负面", 1)]
    assert quality.classes["正面"].delivered == quality.classes["正面"].items == quality.items
    assert quality.classes["负面"].answers == 1
    assert quality.classes["负面"].agreement == 0
    assert quality.answers_at_limit == quality.items * 5
    assert quality.answers_saved == pytest.approx(1 - quality.answers / (5 * quality.items))
    assert quality.likeness is not None
    assert quality.accuracy is not None
    assert quality.accuracy.basis is Basis.CONFIDENCE
    assert quality.accuracy.share.low < quality.mean_confidence < quality.accuracy.share.high
    assert quality.accuracy.share.value == pytest.approx(quality.mean_confidence)


def test_the_main_figures_are_those_of_the_whole_report(shipping: Shipping) -> None:
    lots = [shipping.cut(one_disagreement(shipping).batch_id), shipping.shipped(2).lot_id]
    with shipping.database.read() as session:
        brief = in_brief(session, lots)
        whole = {lot_id: reckon_lot(session, shipping.lot(lot_id), shipping.clock.now()).quality for lot_id in lots}
        assert in_brief(session, []) == {}
    for lot_id in lots:
        assert (brief[lot_id].items, brief[lot_id].reviewed) == (whole[lot_id].items, whole[lot_id].reviewed)
        assert brief[lot_id].mean_confidence == pytest.approx(whole[lot_id].mean_confidence)


def test_a_partner_reads_how_good_a_lot_is_where_it_is_accepted(shipping: Shipping) -> None:
    shipped = shipping.shipped(2)
    browser = shipping.browser(shipping.actor(Role.PARTNER_ADMIN, shipped.organisation_id).person_id)
    pages = ("/partner", f"/partner/batches/{shipped.batch.batch_id}", f"/partner/lots/{shipped.lot_id}")
    for page in [browser.get(path).text for path in pages]:
        assert "2 条，每条只有一个人标，没有比对。" in page
        assert "的把握" not in page, "a figure of one answer's confidence tells nothing of the item"
    assert "交付批 L-01 有 2 条" in browser.get("/partner").text
    assert f"/batches/{shipped.batch.batch_id}/quality" in browser.get(pages[1]).text
    assert f"/lots/{shipped.lot_id}/quality" in browser.get(pages[2]).text
    assert "这一批全部 2 条" in browser.get(pages[2]).text


@pytest.mark.parametrize(("language", "title"), [("zh", "质量报告 L-01"), ("en", "L-01")])
def test_the_report_is_one_page_without_parts_from_elsewhere(shipping: Shipping, language: str, title: str) -> None:
    shipped = shipping.shipped(3)
    with shipping.database.read() as session:
        html = render_quality_html(
            Report.of_lot(session, view_lot(session, shipping.lot(shipped.lot_id)), shipping.clock.now()), language
        )
    assert html.count("<h1>") == 1
    assert title in html
    assert "100%" in html
    assert not any(mark in html for mark in ("<script", "<link", "<img", "src="))


def test_the_partner_fetches_it_and_another_firm_does_not(shipping: Shipping) -> None:
    shipped = shipping.shipped(2)
    path = f"/api/v1/lots/{shipped.lot_id}/quality.html"
    own = shipping.script(shipping.actor(Role.PARTNER_QA, shipped.organisation_id).person_id).get(path)
    assert own.status_code == 200
    assert own.headers["content-type"].startswith("text/html")
    assert own.headers["content-disposition"].startswith("attachment")
    assert shipping.script(shipping.actor(Role.PARTNER_QA, shipping.firm()).person_id).get(path).status_code == 404
    assert shipping.script(shipping.actor(Role.ANNOTATOR).person_id).get(path).status_code == 403


def test_answers_that_were_looked_over_by_the_draw_say_how_right_the_rest_is(shipping: Shipping) -> None:
    reviewing = Reviewing(shipping.installation, shipping.clock)
    batch = reviewing.batch(4, pipeline=Pipeline(kind=PipelineKind.SINGLE_CHECK, check_share=1.0))
    author = reviewing.person()
    for _ in range(4):
        reviewing.answers(author, reviewing.claims(author, batch.project_id), "正面")
    for number in range(4):
        review_id = reviewing.must_take()
        with shipping.database.read() as session:
            task = session.get_one(Review, review_id).microtask_id
            answer = session.scalars(select(Response.id).where(Response.microtask_id == task)).one()
        if number == 2:
            reviewing.settles(review_id, Verdict.FIX, Reason.WRONG_LABEL, result=chosen("负面"))
        else:
            reviewing.settles(review_id, Verdict.ACCEPT, Reason.FITS_GUIDE, chosen=answer)
    lot_id = shipping.cut(batch.batch_id)
    with shipping.database.read() as session:
        quality = reckon_lot(session, shipping.lot(lot_id), shipping.clock.now()).quality
    assert (quality.items, quality.reviewed, quality.checked, quality.found_right) == (4, 4, 4, 3)
    assert quality.accuracy is not None
    assert quality.answers_saved is None


def test_a_batchs_report_is_that_of_all_its_lots(shipping: Shipping) -> None:
    batch = one_disagreement(shipping)
    lot_id = shipping.cut(batch.batch_id)
    firm = shipping.project(batch.project_id).organisation_id
    script = shipping.script(shipping.actor(Role.PARTNER_QA, firm).person_id)
    lot = script.get(f"/api/v1/lots/{lot_id}/quality").json()
    assert lot == script.get(f"/api/v1/batches/{batch.batch_id}/quality").json()
    assert (lot["basis"], lot["checked"]) == ("confidence", 0)
    assert 0 < lot["accuracy"]["low"] <= lot["accuracy"]["value"] <= lot["accuracy"]["high"] <= 1
    assert {one["name"]: one["delivered"] for one in lot["classes"]} == {"正面": lot["items"], "负面": 0}
    assert {"delivered": "正面", "answered": "负面", "answers": 1} in lot["confusion"]


def test_of_single_answers_that_nobody_checked_no_accuracy_is_said(shipping: Shipping) -> None:
    shipped = shipping.shipped(3)
    script = shipping.script(shipping.actor(Role.PARTNER_QA, shipped.organisation_id).person_id)
    told = script.get(f"/api/v1/lots/{shipped.lot_id}/quality").json()
    assert (told["items"], told["accuracy"], told["basis"]) == (3, None, None)
    document = script.get(f"/api/v1/lots/{shipped.lot_id}/quality.html").text
    assert "还没有随机抽查过的答案" in document
    assert "置信度" not in document
    assert "一致率" not in document


def test_entities_are_told_class_by_class_and_a_text_without_any_agrees(shipping: Shipping) -> None:
    pipeline = Pipeline(overlap_start=2, overlap_limit=3, confidence=0.5)
    batch = shipping.batch(2, pipeline=pipeline, label_config=ENTITIES, task_type="named_entities")
    [first, second] = [shipping.person() for _ in range(2)]
    for person in (first, second):
        for number in range(2):
            claimed = shipping.claims(person, batch.project_id)
            with shipping.database.read() as session:
                own = session.get_one(Assignment, claimed)
                row = session.get_one(Item, own.item_id).row
                text = session.get_one(MicroTask, own.microtask_id).content["review"]
            spans = [] if row == 1 else [{"start": 0, "end": 1, "text": text[:1], "labels": ["人名"]}]
            marked = [{"from_name": "label", "to_name": "text", "type": "labels", "value": span} for span in spans]
            given = Submission(marked, f"{person.person_id}-{number}")
            with shipping.database.write() as session:
                submit(session, person, claimed, given, key_ring=shipping.keys, now=shipping.clock.now())
    lot_id = shipping.cut(batch.batch_id)
    with shipping.database.read() as session:
        report = Report.of_lot(session, view_lot(session, shipping.lot(lot_id)), shipping.clock.now())
        assert "人名" in render_quality_html(report)
    quality = report.quality
    assert (quality.items, quality.answers, quality.compared_answers, quality.agreement) == (2, 4, 4, 1.0)
    assert (report.matrix, dict(quality.confusion)) == ([], {})
    assert quality.classes["人名"] == ClassFigures(1, 1, quality.classes["人名"].confidence_sum, 2, 2.0)
    assert quality.likeness is not None
    assert quality.likeness.value == 1.0


def test_of_answers_to_a_reworked_item_the_last_round_is_held_against_the_delivery(shipping: Shipping) -> None:
    shipped = shipping.shipped(2)
    qa = shipping.actor(Role.PARTNER_QA, shipped.organisation_id)
    shipping.send_back(qa, shipped.lot_id, [shipping.items_of(shipped.lot_id)[0]])
    author = shipped.author
    claimed = shipping.claims(author, shipped.batch.project_id)
    shipping.answers(author, claimed, "负面")
    again = shipping.cut(shipped.batch.batch_id)
    with shipping.database.read() as session:
        quality = reckon_lot(session, shipping.lot(again), shipping.clock.now()).quality
    assert (quality.items, quality.answers, quality.compared_answers) == (1, 2, 1)
    assert quality.confusion == {("负面", "负面"): 1}


def test_a_batch_that_delivered_nothing_yet_says_so(shipping: Shipping) -> None:
    batch = shipping.batch(2)
    firm = shipping.project(batch.project_id).organisation_id
    person = shipping.actor(Role.PARTNER_QA, firm).person_id
    assert "还没有交付的条目" in shipping.browser(person).get(f"/batches/{batch.batch_id}/quality").text
    told = shipping.script(person).get(f"/api/v1/batches/{batch.batch_id}/quality").json()
    assert (told["items"], told["accuracy"], told["classes"]) == (0, None, [])


@pytest.mark.parametrize("path", ["lots", "batches"])
def test_the_page_leads_back_and_to_its_files(shipping: Shipping, path: str) -> None:
    shipped = shipping.shipped(2)
    subject = {"lots": shipped.lot_id, "batches": shipped.batch.batch_id}[path]
    for role, root in ((Role.PARTNER_QA, "/partner"), (Role.COORDINATOR, "")):
        who = shipping.actor(role, shipped.organisation_id) if root else shipping.actor(role)
        page = shipping.browser(who.person_id).get(f"/{path}/{subject}/quality").text
        assert "估计正确率" in page
        assert f'href="{root}/batches/{shipped.batch.batch_id}"' in page
        for name in ("quality.html", "quality"):
            assert f'href="/api/v1/{path}/{subject}/{name}"' in page
    stranger = shipping.browser(shipping.actor(Role.PARTNER_QA, shipping.firm()).person_id)
    assert stranger.get(f"/{path}/{subject}/quality").status_code == 404


@pytest.mark.parametrize("path", ["lots", "batches"])
def test_who_may_accept_goes_on_to_the_lot_that_waits(shipping: Shipping, path: str) -> None:
    shipped = shipping.shipped(2)
    subject = {"lots": shipped.lot_id, "batches": shipped.batch.batch_id}[path]
    address, link = f"/{path}/{subject}/quality", f'href="/partner/lots/{shipped.lot_id}">抽检并验收'
    inspector = shipping.actor(Role.PARTNER_QA, shipped.organisation_id)
    assert link in shipping.browser(inspector.person_id).get(address).text
    assert link not in shipping.browser(shipping.actor(Role.COORDINATOR).person_id).get(address).text
    shipping.accept(shipped.lot_id)
    assert link not in shipping.browser(inspector.person_id).get(address).text
