"""The page of a project's files: plain words, a choice of what fits, a download, and what was lost."""

import re
from uuid import UUID

import pytest
from sqlalchemy import select

from leye_platform.accounts.rules import Role
from leye_platform.exports.writing import write_export_file
from leye_platform.installation import Installation
from leye_platform.outbox import JobName, OutboxRow
from leye_platform.projects.models import Project
from support.clock import MovableClock
from support.shipping import Shipping


@pytest.fixture
def shipping(installation: Installation, clock: MovableClock) -> Shipping:
    return Shipping(installation, clock)


def write_all(shipping: Shipping) -> None:
    with shipping.database.read() as session:
        jobs = session.scalars(select(OutboxRow).where(OutboxRow.job == JobName.WRITE_EXPORT)).all()
    for job in jobs:
        write_export_file(shipping.installation, job.id, UUID(job.arguments["export_id"]))


def test_a_partner_chooses_a_format_waits_and_takes_the_file(shipping: Shipping) -> None:
    shipped = shipping.shipped(2)
    browser = shipping.browser(shipping.actor(Role.PARTNER_ADMIN, shipped.organisation_id).person_id)
    path = f"/partner/projects/{shipped.batch.project_id}/exports"
    assert f'href="{path}"' in browser.get(f"/partner/projects/{shipped.batch.project_id}").text
    page = browser.get(path).text
    assert "用 Excel、WPS 打开" in page
    assert "COCO" not in page, "only what fits is offered"
    assert "L-01 以后新交的、改过的" in page
    assert "标签用配置里原来的名字" not in page
    assert browser.post(path, format="CSV").headers["location"] == path
    assert "排队中" in browser.get(path).text
    write_all(shipping)
    page = browser.get(path).text
    assert "可以下载" in page
    assert "2 条" in page
    assert "标注都在里面，原样没有改。" in page
    [link] = re.findall(r'href="http://[^/]+(/objects/[^"]+)"', page)
    assert browser.get(link.replace("&amp;", "&")).content.startswith(b"\xef\xbb\xbfid,review")


def test_what_a_file_could_not_hold_stands_beside_it(shipping: Shipping) -> None:
    shipped = shipping.shipped(1)
    with shipping.database.write() as session:
        project = session.get_one(Project, shipped.batch.project_id)
        project.class_names = {"正面": "=1+1"}
    coordinator = shipping.browser(shipping.actor(Role.COORDINATOR).person_id)
    path = f"/partner/projects/{shipped.batch.project_id}/exports"
    assert f'href="{path}"' in coordinator.get(f"/projects/{shipped.batch.project_id}").text
    assert "标签用配置里原来的名字" in coordinator.get(path).text
    coordinator.post(path, format="CSV", since="", original="")
    coordinator.post(path, format="CSV", original="1")
    write_all(shipping)
    page = coordinator.get(path).text
    assert page.count("会被表格软件当成公式") == 1
    assert "（2 处）" in page
    assert "，原来的标签名" in page


def test_a_form_that_asks_for_nothing_or_too_much_keeps_what_was_chosen(shipping: Shipping) -> None:
    shipped = shipping.shipped(1)
    browser = shipping.browser(shipping.actor(Role.PARTNER_QA, shipped.organisation_id).person_id)
    path = f"/partner/projects/{shipped.batch.project_id}/exports"
    for fields, sentence in (
        ({}, "请先选一种格式。"),
        ({"format": "YOLO"}, "格式 YOLO 放不下这个项目的标注"),
        ({"format": "CSV", "since": "L-09"}, "没有已交付的“L-09”"),
    ):
        answer = browser.post(path, **fields)
        assert answer.status_code == 422
        assert sentence in answer.text
    assert re.search(r'value="CSV" checked', answer.text)
    finance = shipping.browser(shipping.actor(Role.PARTNER_FINANCE, shipped.organisation_id).person_id)
    assert finance.get(path).status_code == 403
    assert path not in finance.get(f"/partner/projects/{shipped.batch.project_id}").text


def test_before_the_first_lot_there_is_nothing_to_choose(shipping: Shipping) -> None:
    batch = shipping.batch(1)
    browser = shipping.browser(shipping.actor(Role.COORDINATOR).person_id)
    page = browser.get(f"/partner/projects/{batch.project_id}/exports").text
    assert "还没有可以导出的条目" in page
    assert "<form" not in page.partition("<main")[2].partition("</main")[0]
