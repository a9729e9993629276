"""The quality report that goes with a lot."""

import pytest

from leye_platform.accounts.rules import Role
from leye_platform.delivery.quality_report import in_brief, quality_of, render_quality_html
from leye_platform.delivery.queries import view_lot
from leye_platform.installation import Installation
from support.clock import MovableClock
from support.crowd import OpenBatch
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
        quality = quality_of(session, shown)
    assert quality.items == shown.included == sum(quality.bands.values())
    assert quality.labels == {"正面": quality.items}
    assert quality.answers == quality.agreeing + 1
    assert 0 < quality.agreement < 1
    assert 0.5 < quality.mean_confidence <= 1
    assert quality.guides == {1}
    assert quality.reviewed == 0


def test_the_main_figures_are_those_of_the_whole_report(shipping: Shipping) -> None:
    lots = [shipping.cut(one_disagreement(shipping).batch_id), shipping.shipped(2).lot_id]
    with shipping.database.read() as session:
        brief = in_brief(session, lots)
        whole = {lot_id: quality_of(session, view_lot(session, shipping.lot(lot_id))) for lot_id in lots}
        assert in_brief(session, []) == {}
    for lot_id in lots:
        assert (brief[lot_id].items, brief[lot_id].reviewed) == (whole[lot_id].items, whole[lot_id].reviewed)
        assert brief[lot_id].mean_confidence == pytest.approx(whole[lot_id].mean_confidence)


def test_a_partner_reads_how_good_a_lot_is_where_it_is_accepted(shipping: Shipping) -> None:
    shipped = shipping.shipped(2)
    browser = shipping.browser(shipping.actor(Role.PARTNER_ADMIN, shipped.organisation_id).person_id)
    pages = ("/partner", f"/partner/batches/{shipped.batch.batch_id}", f"/partner/lots/{shipped.lot_id}")
    for page in [browser.get(path).text for path in pages]:
        assert "2 条都是一个人标的，没有比对。" in page
        assert "的把握" not in page, "a figure of one answer's confidence tells nothing of the item"
    assert "待验收 2 条" in browser.get("/partner").text
    assert f"/api/v1/lots/{shipped.lot_id}/quality.html" in browser.get(pages[2]).text
    assert "这一批全部 2 条" in browser.get(pages[2]).text


@pytest.mark.parametrize(("language", "title"), [("zh", "质量报告 L-01"), ("en", "L-01")])
def test_the_report_is_one_page_without_parts_from_elsewhere(shipping: Shipping, language: str, title: str) -> None:
    shipped = shipping.shipped(3)
    with shipping.database.read() as session:
        html = render_quality_html(session, view_lot(session, shipping.lot(shipped.lot_id)), language)
    assert html.count("<h1>") == 1
    assert title in html
    assert "100.0%" in html
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
